//! The connection's life: dialling, opening, losing, closing, and what time brings.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::{CallError, CloseReason, Session, WriteError};
use super::{Action, Client, Completes, Loss, Ready, RequestEnd, Subscribed};
use crate::link::{Input, NetworkEvent, Output, PageEvent, State, Verdict};
use crate::{Span, Time};

/// Close code of a connection that fell silent, as in the peer.
const SILENT: u16 = 4_001;
/// Close code after malformed input.
const MALFORMED: u16 = 4_002;
/// Close code after an `ERROR`.
const REFUSED: u16 = 4_003;

impl Client {
    /// Dials now if idle or closed; otherwise nothing.
    pub fn start(&mut self, now: Time) {
        self.handle(now, Input::Start);
    }

    /// Dials now, whatever the state.
    pub fn reconnect(&mut self, now: Time) {
        self.handle(now, Input::Reconnect);
    }

    /// Ends at once: what is queued is dropped, the socket abandoned.
    pub fn terminate(&mut self, now: Time) {
        self.handle(now, Input::Terminate);
    }

    /// A page lifecycle event.
    pub fn page(&mut self, now: Time, event: PageEvent) {
        self.handle(now, Input::Page(event));
    }

    /// A network event.
    pub fn network(&mut self, now: Time, event: NetworkEvent) {
        self.handle(now, Input::Network(event));
    }

    /// The server asks for patience; see [`Input::RetryHint`].
    pub fn retry_hint(&mut self, now: Time, span: Span) {
        self.handle(now, Input::RetryHint(span));
    }

    /// Says goodbye: no more is accepted; with `flush` what is queued is written and receipts are awaited, at most until
    /// `deadline` from now; then `DISCONNECT`, at most `disconnect_timeout`; then the closing handshake, at most the
    /// link's close timeout.
    pub fn disconnect(&mut self, now: Time, flush: bool, deadline: Span) {
        self.connection.close(now, flush, deadline);
        self.follow();
    }

    /// The socket is open: `CONNECT` goes out with these headers (`host`, `login`, `passcode`, a token).
    ///
    /// # Errors
    ///
    /// When a header cannot be written: report the socket as [lost](Self::lost).
    pub fn opened(
        &mut self,
        now: Time,
        generation: u32,
        headers: &[(String, String)],
    ) -> Result<(), WriteError> {
        let link = self.connection.link();
        if generation != link.generation() {
            return Ok(());
        }
        match link.state() {
            State::Connecting => {}
            // Closed while the handshake ran: the link has the shell close it.
            State::Closing => {
                self.handle(now, Input::Opened { generation });
                return Ok(());
            }
            _ => return Ok(()),
        }
        let fields: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut bytes = Vec::new();
        let session = Session::connect(self.config.session.clone(), now, &fields, &mut bytes)?;
        self.forget_session();
        self.session = Some(session);
        self.generation = generation;
        self.stop = false;
        self.fault = None;
        self.push(bytes, true);
        Ok(())
    }

    /// The socket or the dial of this generation is over. `verdict` is the user's override; without one, a refused login
    /// ends the client if it is [configured](super::ClientConfig::stop_on_refused_login) so.
    pub fn lost(&mut self, now: Time, generation: u32, loss: Loss, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Default if self.stop && generation == self.generation => Verdict::Stop,
            verdict => verdict,
        };
        let code = match loss {
            Loss::Socket { code, .. } => Some(code),
            Loss::Fault if self.link().state() == State::Open => Some(self.fault_code()),
            Loss::Fault | Loss::Dial => None,
        };
        self.handle(
            now,
            match code {
                Some(code) => Input::SocketClosed {
                    generation,
                    code,
                    clean: matches!(loss, Loss::Socket { clean: true, .. }),
                    verdict,
                },
                None => Input::DialFailed {
                    generation,
                    verdict,
                },
            },
        );
    }

    /// The deadline of [`next_wake`](Self::next_wake) has come. Harmless at any time.
    pub fn tick(&mut self, now: Time) {
        self.handle(now, Input::Tick);
        let mut bytes = Vec::new();
        if let Some(session) = self.session.as_mut().filter(|_| !self.faulted) {
            let ticked = session.tick(now, &mut bytes);
            if !bytes.is_empty() {
                self.push(bytes, true);
            }
            match ticked {
                Ok(()) => {}
                Err(CloseReason::DisconnectTimeout) => self.duties.close = true,
                Err(reason) => {
                    self.fault = Some(reason);
                    self.duties.over = true;
                    let generation = self.generation;
                    self.actions.push_back(Action::Fault { generation, reason });
                }
            }
        }
        while let Some((request, ticket)) = self.requests.overdue(now) {
            if let Some(ticket) = ticket {
                self.connection.outbox().cancel(ticket);
            }
            let end = RequestEnd::Timeout;
            self.actions.push_back(Action::Request { request, end });
        }
        while let Some(number) = self.subscriptions.overdue(now) {
            self.no_receipts |= !self.opened;
            let listeners = self.subscriptions.confirmed(number).to_vec();
            self.tell(&listeners, Subscribed::Unconfirmed);
        }
    }

    /// When [`tick`](Self::tick) is due. Changes with every call.
    pub fn next_wake(&self) -> Option<Time> {
        let session = self.session.as_ref().and_then(Session::next_wake);
        let session = session.filter(|_| !self.faulted).unwrap_or(Time::NEVER);
        self.connection
            .next_wake()
            .unwrap_or(Time::NEVER)
            .min(session)
            .min(self.requests.wake())
            .min(self.subscriptions.wake())
            .if_ever()
    }

    fn handle(&mut self, now: Time, input: Input) {
        self.connection.handle(now, input);
        self.follow();
    }

    const fn fault_code(&self) -> u16 {
        match self.fault {
            Some(CloseReason::Silent) => SILENT,
            Some(CloseReason::ServerError) => REFUSED,
            _ => MALFORMED,
        }
    }

    /// `CONNECTED` came: the subscriptions first.
    pub(super) fn restore(&mut self, now: Time) {
        let numbers: Vec<u32> = self
            .subscriptions
            .all
            .iter()
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            self.write_subscription(now, number);
        }
    }

    /// Opens the link once the subscriptions are back, or need not be waited for.
    pub(super) fn open_when_ready(&mut self, now: Time) {
        let waits = !self.no_receipts && self.subscriptions.waits();
        if self.opened || !self.is_connected() || waits {
            return;
        }
        self.opened = true;
        let generation = self.generation;
        self.handle(now, Input::Opened { generation });
    }

    /// What the link wants: the shell's business, except where the protocol has a word to say first.
    pub(super) fn obey(&mut self, now: Time, output: Output) -> Option<Action> {
        Some(match output {
            Output::Dial {
                generation,
                attempt,
                endpoint,
            } => Action::Dial {
                generation,
                attempt,
                endpoint,
            },
            Output::CloseSocket { generation } => {
                if generation == self.generation && self.is_connected() {
                    let said = self.write(|session, out| session.disconnect(now, &[], out));
                    if said.is_ok() {
                        return None;
                    }
                }
                Action::CloseSocket { generation }
            }
            Output::Detach { generation } => Action::Detach { generation },
            Output::State { from, to, cause } => Action::State { from, to, cause },
            Output::Retry { attempt, delay } => Action::Retry { attempt, delay },
            Output::Ended(reason) => Action::Ended(reason),
            // There is no heartbeat of the link.
            Output::Ping { .. } => return None,
        })
    }

    /// Has the session write a frame.
    pub(super) fn write(
        &mut self,
        call: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let session = self.session.as_mut().ok_or(CallError::NotConnected)?;
        let mut bytes = Vec::new();
        call(session, &mut bytes)?;
        self.push(bytes, true);
        Ok(())
    }

    pub(super) fn push(&mut self, bytes: Vec<u8>, text: bool) {
        self.frames.push_back(Ready {
            bytes,
            text,
            completes: Completes::Nothing,
        });
    }
}
