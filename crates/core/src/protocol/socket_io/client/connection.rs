//! Between the link, the session and the namespaces: dialling, joining, losing, leaving.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::event::{Action, DisconnectReason, Event, Input, Part, Refusal, TransportId};
use super::{Client, Message, NamespaceId, Phase};
use crate::Time;
use crate::link::{self, Cause, State, Verdict};
use crate::protocol::engine_io::{
    self, CloseReason, Output, SendError, Session, SessionConfig, TransportKind,
};
use crate::protocol::socket_io::{Header, PacketType};

/// The code of a socket that was lost without one (RFC 6455 section 7.4.1): Engine.IO has no codes.
const NO_CODE: u16 = 1_006;

impl<P: Message> Client<P> {
    /// Something happened to a transport.
    pub(super) fn transport(&mut self, now: Time, id: TransportId, input: Input) {
        let Some(session) = self.session.as_mut() else {
            return;
        };
        if id.generation != self.link.generation() {
            return;
        }
        let transport = id.transport;
        let input = match input {
            Input::Opened(_) => engine_io::Input::Opened { transport },
            Input::Sent(_) => {
                if session.transport().0 == transport {
                    self.in_flight = false;
                }
                engine_io::Input::Sent { transport }
            }
            Input::Paused(_) => engine_io::Input::Paused { transport },
            Input::Lost { failed, .. } => engine_io::Input::Lost { transport, failed },
            _ => return,
        };
        session.handle(now, input);
    }

    /// Ends a session that is overdue.
    pub(super) fn tick_session(&mut self, now: Time) {
        if let Some(session) = &mut self.session {
            session.handle(now, engine_io::Input::Tick);
            if self.transport_deadline <= now {
                self.transport_deadline = Time::NEVER;
                let (transport, _) = session.transport();
                let failed = true;
                session.handle(now, engine_io::Input::Lost { transport, failed });
            }
        }
    }

    pub(super) fn tick(&mut self, now: Time) {
        self.link.handle(now, link::Input::Tick);
        let open = self.link.state() == State::Open;
        let mut due = Vec::new();
        for it in self.namespaces.values_mut() {
            it.tick(now);
            if it.retry_at <= now {
                it.retry_at = Time::NEVER;
                if it.phase == Phase::Waiting && open {
                    due.push(it.id);
                }
            }
        }
        for namespace in due {
            self.ask(namespace);
        }
    }

    /// Obeys the link. Returns whether it said something.
    pub(super) fn follow_link(&mut self, now: Time) -> bool {
        let Some(output) = self.link.poll() else {
            return false;
        };
        match output {
            link::Output::Dial { endpoint, .. } => {
                self.endpoint = endpoint;
                self.dial(now);
            }
            link::Output::CloseSocket { .. } => {
                if let Some(session) = &mut self.session {
                    session.handle(now, engine_io::Input::Close);
                }
            }
            link::Output::Detach { generation } => {
                self.drop_session();
                self.actions.push_back(Action::Abandon { generation });
            }
            link::Output::State { from, to, cause } => {
                self.tell(Event::State { from, to, cause });
                self.moved(now, from, to, cause);
            }
            link::Output::Retry { attempt, delay } => self.tell(Event::Retry { attempt, delay }),
            link::Output::Ended(reason) => {
                self.tell(Event::Ended(reason));
                // Nobody shall wait for ever for what nobody dials for.
                if reason != link::EndReason::User {
                    for it in self.namespaces.values_mut() {
                        it.terminate(&mut self.actions);
                    }
                }
            }
            // There is no heartbeat of the link's own.
            link::Output::Ping { .. } => {}
        }
        true
    }

    /// Obeys the session. Returns whether it said something.
    pub(super) fn follow_session(&mut self, now: Time) -> bool {
        let Some(output) = self.session.as_mut().and_then(Session::poll) else {
            return false;
        };
        let generation = self.link.generation();
        let id = |transport| TransportId {
            generation,
            transport,
        };
        let action = match output {
            Output::Open {
                transport,
                kind,
                upgrade,
            } => {
                if !upgrade {
                    let timeout = self.config.transport_timeout;
                    self.transport_deadline = timeout.map_or(Time::NEVER, |span| now + span);
                }
                Action::Open {
                    id: id(transport),
                    kind,
                    upgrade,
                    attempt: self.link.attempt(),
                    endpoint: self.endpoint,
                }
            }
            Output::Opened => {
                self.transport_deadline = Time::NEVER;
                self.remembered |= self.transport_kind() == Some(TransportKind::WebSocket);
                self.link.handle(now, link::Input::Opened { generation });
                return true;
            }
            Output::Control {
                transport,
                kind,
                data,
            } => Action::Control {
                id: id(transport),
                kind,
                data,
            },
            Output::Pause { transport } => Action::Pause(id(transport)),
            Output::Resume { transport } => Action::Resume(id(transport)),
            Output::Detach { transport } => Action::Detach(id(transport)),
            Output::Upgraded { .. } => {
                self.remembered = true;
                Action::Event(Event::Upgraded(TransportKind::WebSocket))
            }
            Output::UpgradeFailed => {
                self.remembered = false;
                Action::Event(Event::UpgradeFailed)
            }
            Output::Closed(reason) => {
                self.lost(now, reason.into());
                return true;
            }
        };
        self.actions.push_back(action);
        true
    }

    /// The session is over.
    pub(super) fn lost(&mut self, now: Time, reason: DisconnectReason) {
        self.drop_session();
        if reason == DisconnectReason::TransportError {
            self.remembered = false;
        }
        // What the application did, and a parse error, comes first.
        self.reason.get_or_insert(reason);
        self.link.handle(
            now,
            link::Input::SocketClosed {
                generation: self.link.generation(),
                code: NO_CODE,
                clean: false,
                verdict: Verdict::Default,
            },
        );
    }

    /// What arrived is no Socket.IO packet: nothing behind it can be trusted.
    pub(super) fn unreadable(&mut self, now: Time) {
        let generation = self.link.generation();
        self.reason = Some(DisconnectReason::ParseError);
        self.actions.push_back(Action::Abandon { generation });
        self.lost(now, DisconnectReason::ParseError);
    }

    /// Asks for the auth data of a namespace.
    pub(super) fn ask(&mut self, namespace: NamespaceId) {
        if let Some(it) = self.namespaces.get_mut(&namespace) {
            it.epoch = it.epoch.wrapping_add(1);
            it.phase = Phase::Authenticating;
            self.actions.push_back(Action::Authenticate {
                namespace,
                epoch: it.epoch,
            });
        }
    }

    /// Sends CONNECT.
    pub(super) fn join(
        &mut self,
        now: Time,
        namespace: NamespaceId,
        auth: Result<Option<&str>, &str>,
    ) {
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        let auth = match auth {
            Ok(auth) => auth.unwrap_or_default().trim(),
            Err(reason) => return self.refused(now, namespace, Refusal::Auth(reason.into())),
        };
        let is_object = auth.starts_with('{') && auth.ends_with('}');
        if !(is_object || auth.is_empty()) {
            let reason = "auth data must be a json object";
            return self.refused(now, namespace, Refusal::Auth(reason.into()));
        }
        let mut text = String::new();
        let header = Header::new(PacketType::Connect, &it.name);
        // The name was checked when it was added.
        let _ = header.encode(self.config.limits, &mut text);
        it.recovery.connect(auth, &mut text);
        it.phase = Phase::Joining;
        if let Err(error @ SendError::TooLong { .. }) = self.send_text(text) {
            self.refused(now, namespace, Refusal::Auth(error.to_string()));
        }
    }

    /// A namespace was not joined.
    pub(super) fn refused(&mut self, now: Time, namespace: NamespaceId, refusal: Refusal) {
        let Some(it) = self.namespaces.get(&namespace) else {
            return;
        };
        let again = match refusal {
            Refusal::Auth(_) => true,
            Refusal::Server(_) | Refusal::OldProtocol => it.config.retry_refused,
        };
        let retry_at = again.then(|| self.plan(now, namespace));
        if let Some(it) = self.namespaces.get_mut(&namespace)
            && !again
        {
            it.left(now, Phase::Idle);
        }
        self.tell(Event::Refused {
            namespace,
            refusal,
            retry_at,
        });
        self.close_unless_wanted(now);
    }

    /// Plans another attempt to join.
    pub(super) fn plan(&mut self, now: Time, namespace: NamespaceId) -> Time {
        let random = self.random.next();
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return Time::NEVER;
        };
        if it.is_joined() && now.since(it.joined_at) >= self.config.link.min_uptime {
            it.attempt = 0;
        }
        it.left(now, Phase::Waiting);
        it.attempt = it.attempt.saturating_add(1);
        it.retry_at = now + self.config.link.backoff.delay(it.attempt, random);
        it.retry_at
    }

    /// Leaves a namespace at the application's wish.
    pub(super) fn leave(&mut self, now: Time, namespace: NamespaceId) {
        self.part(now, namespace, Phase::Idle);
        self.close_unless_wanted(now);
    }

    /// Says goodbye to the server's side of a namespace, which goes on in `phase`.
    pub(super) fn part(&mut self, now: Time, namespace: NamespaceId, phase: Phase) {
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        let was_known = it.is_joined() || it.phase == Phase::Joining;
        let joined = it.left(now, phase);
        let event = it.disconnected(DisconnectReason::ClientDisconnect, phase != Phase::Idle);
        if was_known {
            let mut text = String::new();
            let header = Header::new(PacketType::Disconnect, &it.name);
            let _ = header.encode(self.config.limits, &mut text);
            // Without a session the server has noticed already.
            let _ = self.send_text(text);
        }
        if joined {
            self.tell(event);
        }
    }

    pub(super) fn close_unless_wanted(&mut self, now: Time) {
        if self.namespaces.values().all(|it| it.phase == Phase::Idle) {
            self.link.handle(now, link::Input::Close);
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.actions.push_back(Action::Event(event));
    }

    fn send_text(&mut self, text: String) -> Result<(), SendError> {
        let len = text.len() + 1;
        let session = self.session.as_mut().ok_or(SendError::Closed)?;
        session.send(Part::Text(text), len)?;
        self.queued += 1;
        self.queued_bytes += len;
        Ok(())
    }

    fn dial(&mut self, now: Time) {
        self.drop_session();
        self.reason = None;
        let mut session = Session::new(self.session_config());
        session.handle(now, engine_io::Input::Start);
        self.session = Some(session);
    }

    fn session_config(&self) -> SessionConfig {
        let mut config = self.config.engine.clone();
        if self.config.remember_upgrade && self.remembered {
            // A stable sort: the rest keeps its order.
            config
                .transports
                .sort_by_key(|kind| *kind != TransportKind::WebSocket);
        }
        config
    }

    fn drop_session(&mut self) {
        self.session = None;
        self.in_flight = false;
        (self.queued, self.queued_bytes) = (0, 0);
        self.transport_deadline = Time::NEVER;
        self.assembler.reset();
    }

    /// The link went from one state to another.
    fn moved(&mut self, now: Time, from: State, to: State, cause: Cause) {
        if to == State::Open {
            let waiting = |it: &&super::Namespace<P>| {
                it.phase == Phase::Waiting && it.retry_at == Time::NEVER
            };
            let ready: Vec<_> = self
                .namespaces
                .values()
                .filter(waiting)
                .map(|it| it.id)
                .collect();
            ready.into_iter().for_each(|namespace| self.ask(namespace));
            return;
        }
        let reason = match (self.reason.take(), cause) {
            (Some(reason), _) => reason,
            (None, Cause::User) => DisconnectReason::ForcedClose,
            (None, Cause::Dead | Cause::Resumed) => CloseReason::PingTimeout.into(),
            (None, _) => CloseReason::TransportClose.into(),
        };
        if to == State::Closing {
            // The session still says goodbye; its end shall not be told twice.
            self.reason = Some(reason);
        }
        let goes_on = matches!(to, State::Waiting | State::Connecting);
        for it in self.namespaces.values_mut() {
            if it.phase == Phase::Idle {
                continue;
            }
            let leaving = it.phase == Phase::Leaving;
            let joining = matches!(it.phase, Phase::Authenticating | Phase::Joining);
            let rejoins = goes_on && !leaving;
            let retry_at = it.retry_at;
            let was_joined = it.left(now, if rejoins { Phase::Waiting } else { Phase::Idle });
            let event = if was_joined {
                let own = DisconnectReason::ClientDisconnect;
                it.disconnected(if leaving { own } else { reason }, rejoins)
            } else if (joining || from == State::Connecting) && cause != Cause::User {
                Event::Unreachable {
                    namespace: it.id,
                    cause,
                }
            } else {
                if rejoins {
                    it.retry_at = retry_at;
                }
                continue;
            };
            self.actions.push_back(Action::Event(event));
        }
    }
}
