//! A Socket.IO client without a socket: one connection, many namespaces.
//!
//! [`Client`] puts the pieces together: the [`Link`] decides when is dialled, an Engine.IO [`Session`] per connection decides
//! about transports, heartbeat and upgrade, and each namespace has an [`Outbox`] of its own, so that pacing, bounds and
//! offline rules are the same as everywhere in this crate. What the client adds is the rule between them:
//!
//! | Event | What follows |
//! |---|---|
//! | a namespace is asked for | the first one dials; each asks for its auth data and sends CONNECT once the connection is open |
//! | CONNECT is answered | its outbox is up: first what waited, in order; reliable emits follow within their window |
//! | the connection is lost | joined namespaces are `Disconnected` with a reason, their outboxes down; the link dials again |
//! | the server refuses or leaves a namespace | that one is idle, unless its options say to ask again; the others go on |
//! | the last namespace is left | the connection is closed, after the queue was written |
//! | a Socket.IO packet is undecodable | `parse error`: the connection is abandoned and dialled again |
//!
//! Values are taken out of the outboxes as late as possible, when the transport can take a write: on polling a newer value
//! replaces an older one while a POST is under way.
//!
//! Source: Socket.IO protocol v5 and socket.io-client 4.8.4. Differences that are meant: everything is bounded, reliable emits
//! have a window instead of one at a time, a lost connection does not use up one of their tries, and messages over the
//! server's `maxPayload` are refused instead of costing the connection.

mod calls;
mod config;
mod connection;
mod event;
mod inbound;
mod namespace;
mod recovery;
mod write;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use config::{ClientConfig, NamespaceConfig, RetryConfig};
pub use event::*;
pub use namespace::Phase;

use inbound::Pending;
use namespace::Namespace;

use crate::link::random::Random;
use crate::link::{self, Link, LinkConfigError, PageEvent, State};
use crate::protocol::engine_io::{Handshake, Session, TransportKind};
use crate::protocol::socket_io::{Assembler, Header, HeaderError, PacketType};
use crate::send::{DropReason, Outbox, Scope, SlotId, Status, Ticket, TopicId};
use crate::{Span, Time};

/// A Socket.IO client. `P` stands for an encoded event or answer.
///
/// After each call, [`poll`](Self::poll) until `None`, then arm the one timer for [`next_wake`](Self::next_wake).
pub struct Client<P: Message> {
    config: ClientConfig,
    link: Link,
    random: Random,
    session: Option<Session<Part<P>>>,
    /// Which of the endpoints the session goes to.
    endpoint: u32,
    /// Whether a write is under way, and how much waits in the session for the next one.
    in_flight: bool,
    queued: usize,
    queued_bytes: usize,
    /// What the host's socket holds, as told by the latest poll.
    buffered: usize,
    /// Why the session ended, until the link has told.
    reason: Option<DisconnectReason>,
    /// Whether the last connection had a good WebSocket.
    remembered: bool,
    transport_deadline: Time,
    assembler: Assembler<Pending, Vec<u8>>,
    namespaces: BTreeMap<NamespaceId, Namespace<P>>,
    next_namespace: u32,
    next_emit: u64,
    /// Where the next round of writes begins, so that no namespace starves.
    turn: u32,
    frame: Vec<(Ticket, Item<P>)>,
    actions: VecDeque<Action<P>>,
}

impl<P: Message> Client<P> {
    /// A client that does nothing before the first [`connect`](Self::connect). For `seed` see [`Link::new`].
    ///
    /// # Errors
    /// The option of the link that is out of range.
    pub fn new(config: ClientConfig, seed: u64) -> Result<Self, LinkConfigError> {
        Ok(Self {
            link: Link::new(config.link, seed)?,
            random: Random::new(!seed),
            assembler: Assembler::new(config.assembler),
            config,
            session: None,
            endpoint: 0,
            in_flight: false,
            queued: 0,
            queued_bytes: 0,
            buffered: 0,
            reason: None,
            remembered: false,
            transport_deadline: Time::NEVER,
            namespaces: BTreeMap::new(),
            next_namespace: 0,
            next_emit: 0,
            turn: 0,
            frame: Vec::new(),
            actions: VecDeque::new(),
        })
    }

    /// Adds a namespace. Nothing happens before [`connect`](Self::connect), but events can be queued.
    ///
    /// # Errors
    /// A name that cannot be one or is taken, too many, or an option out of range.
    pub fn add(
        &mut self,
        name: &str,
        config: NamespaceConfig,
    ) -> Result<NamespaceId, NamespaceError> {
        // What a header takes is a name, except for the query that only older servers know.
        let mut header = String::new();
        Header::new(PacketType::Connect, name).encode(self.config.limits, &mut header)?;
        if name.contains('?') {
            return Err(HeaderError::Namespace.into());
        }
        if self.namespaces.values().any(|other| other.name == name) {
            return Err(NamespaceError::Duplicate);
        }
        if self.namespaces.len() >= self.config.max_namespaces {
            return Err(NamespaceError::TooMany);
        }
        let id = NamespaceId(self.next_namespace);
        let namespace = Namespace::new(id, String::from(name), config)?;
        self.next_namespace = self.next_namespace.wrapping_add(1);
        self.namespaces.insert(id, namespace);
        Ok(id)
    }

    /// Joins a namespace: now, or as soon as the connection is open. Dials if there is none.
    pub fn connect(&mut self, now: Time, namespace: NamespaceId) {
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        match it.phase {
            Phase::Idle => it.attempt = 0,
            // A planned wait is cut short.
            Phase::Waiting => {}
            // It leaves now and joins anew, over the same connection; what was not written waits for that.
            Phase::Leaving => self.part(now, namespace, Phase::Waiting),
            _ => return,
        }
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        it.phase = Phase::Waiting;
        it.retry_at = Time::NEVER;
        it.outbox.reopen(now);
        match self.link.state() {
            State::Open => self.ask(namespace),
            State::Idle | State::Closed => self.link.handle(now, link::Input::Start),
            // The connection says goodbye because nobody needed it any more.
            State::Closing => self.link.handle(now, link::Input::Reconnect),
            State::Connecting | State::Waiting => {}
        }
    }

    /// Leaves a namespace. With `flush` what is queued may still be written for so long; what is not stays in the outbox.
    pub fn disconnect(&mut self, now: Time, namespace: NamespaceId, flush: Option<Span>) {
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        if let (Some(deadline), Phase::Joined) = (flush, it.phase) {
            it.start_leaving(now, deadline);
            if !it.has_left(now) {
                return;
            }
        }
        self.leave(now, namespace);
    }

    /// Leaves a namespace and forgets it: what it had to send is dropped, and its events are told.
    pub fn remove(&mut self, now: Time, namespace: NamespaceId) {
        self.leave(now, namespace);
        if let Some(mut it) = self.namespaces.remove(&namespace) {
            it.terminate(&mut self.actions);
        }
    }

    /// Answers [`Action::Authenticate`]: a JSON object or nothing, or what the provider said when it failed. Answers to older
    /// attempts are ignored.
    pub fn authenticate(
        &mut self,
        now: Time,
        namespace: NamespaceId,
        epoch: u32,
        auth: Result<Option<&str>, &str>,
    ) {
        let asked = self
            .namespaces
            .get(&namespace)
            .is_some_and(|it| it.phase == Phase::Authenticating && it.epoch == epoch);
        if asked {
            self.join(now, namespace, auth);
        }
    }

    /// Emits an event: queues it, at the pace of its topic.
    ///
    /// # Errors
    /// What the outbox refuses, and what no server would take. Nothing was queued then.
    pub fn emit(
        &mut self,
        now: Time,
        namespace: NamespaceId,
        topic: TopicId,
        slot: Option<SlotId>,
        payload: P,
        options: EmitOptions,
    ) -> Result<EmitId, EmitError> {
        self.check(now, &payload)?;
        let writable = self.is_writable(namespace);
        let emit = EmitId(self.next_emit);
        let it = self
            .namespaces
            .get_mut(&namespace)
            .ok_or(EmitError::UnknownNamespace)?;
        if options.volatile && !writable {
            it.ended(
                emit,
                Status::Dropped(DropReason::Offline),
                &mut self.actions,
            );
        } else {
            it.emit(now, emit, topic, slot, payload, options)?;
        }
        self.next_emit += 1;
        Ok(emit)
    }

    /// Emits an event until the server acknowledges it (see [`RetryConfig`]): over lost acks and lost connections. Events with
    /// the same `key` are acknowledged one after the other.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_reliable(
        &mut self,
        now: Time,
        namespace: NamespaceId,
        payload: P,
        key: Option<u64>,
    ) -> Result<EmitId, EmitError> {
        self.check(now, &payload)?;
        let emit = EmitId(self.next_emit);
        let it = self
            .namespaces
            .get_mut(&namespace)
            .ok_or(EmitError::UnknownNamespace)?;
        it.calls.check_room(&it.config)?;
        it.calls.add_reliable(emit, payload, key, &it.config)?;
        self.next_emit += 1;
        Ok(emit)
    }

    /// Answers an event. Once only, and only while its connection lasts.
    ///
    /// # Errors
    /// [`EmitError::StaleReply`] and those of [`emit`](Self::emit).
    pub fn reply(&mut self, now: Time, to: ReplyTo, payload: P) -> Result<(), EmitError> {
        self.check(now, &payload)?;
        let it = self.namespaces.get_mut(&to.namespace);
        it.ok_or(EmitError::StaleReply)?.reply(now, to, payload)
    }

    /// Changes how long the ack of an emit is awaited, from now on; `None` for no limit. Nothing for emits without an ack, and
    /// for reliable ones, whose times are an option of the namespace.
    pub fn set_timeout(
        &mut self,
        now: Time,
        namespace: NamespaceId,
        emit: EmitId,
        timeout: Option<Span>,
    ) {
        if let Some(it) = self.namespaces.get_mut(&namespace) {
            let deadline = timeout.map_or(Time::NEVER, |span| now + span);
            it.calls.set_deadline(emit, deadline);
        }
    }

    /// Takes an emit back, or stops waiting for its ack. `true` if it was not written.
    pub fn cancel(&mut self, namespace: NamespaceId, emit: EmitId) -> bool {
        let it = self.namespaces.get_mut(&namespace);
        it.is_some_and(|it| it.cancel(emit, &mut self.actions))
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, now: Time, input: Input) {
        // Browsers delay timers of hidden pages: whoever is overdue shall not take what comes next.
        self.tick_session(now);
        match input {
            Input::Opened(id) | Input::Sent(id) | Input::Paused(id) | Input::Lost { id, .. } => {
                self.transport(now, id, input);
            }
            Input::Page(event) => {
                if matches!(event, PageEvent::Hidden | PageEvent::Frozen) {
                    for it in self.namespaces.values_mut().filter(|it| it.is_joined()) {
                        it.outbox.flush(now, Scope::All);
                    }
                }
                self.link.handle(now, link::Input::Page(event));
            }
            Input::Network(event) => self.link.handle(now, link::Input::Network(event)),
            Input::RetryHint(span) => self.link.handle(now, link::Input::RetryHint(span)),
            Input::Reconnect => {
                self.reason = Some(DisconnectReason::ForcedClose);
                self.link.handle(now, link::Input::Reconnect);
            }
            Input::Close => {
                self.forget_all();
                self.link.handle(now, link::Input::Close);
            }
            Input::Terminate => {
                self.forget_all();
                self.link.handle(now, link::Input::Terminate);
            }
            Input::Tick => self.tick(now),
        }
    }

    /// The next thing to do or to tell. Poll until `None`. `buffered` is the `bufferedAmount` of the WebSocket, 0 for polling.
    pub fn poll(&mut self, now: Time, buffered: usize) -> Option<Action<P>> {
        self.buffered = buffered;
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if self.follow_link(now) || self.follow_session(now) || self.collect(now) {
                continue;
            }
            return self.write(now);
        }
    }

    /// When [`Input::Tick`] is due.
    pub fn next_wake(&self) -> Option<Time> {
        let session = self.session.as_ref().and_then(Session::next_wake);
        let mut wake = self
            .link
            .next_wake()
            .unwrap_or(Time::NEVER)
            .min(session.unwrap_or(Time::NEVER))
            .min(self.transport_deadline);
        for it in self.namespaces.values() {
            wake = wake.min(it.wake());
        }
        wake.if_ever()
    }

    /// The outbox of a namespace: for its topics, verbs and counters. Poll afterwards.
    pub fn outbox(&mut self, namespace: NamespaceId) -> Option<&mut Outbox<Item<P>>> {
        self.namespaces.get_mut(&namespace).map(|it| &mut it.outbox)
    }

    /// Where a namespace is.
    pub fn phase(&self, namespace: NamespaceId) -> Option<Phase> {
        self.namespaces.get(&namespace).map(|it| it.phase)
    }

    /// The session id of a joined namespace.
    pub fn sid(&self, namespace: NamespaceId) -> Option<&str> {
        let it = self.namespaces.get(&namespace)?;
        it.is_joined().then_some(it.sid.as_str())
    }

    /// Emits of a namespace that wait for an ack, or for their turn.
    pub fn pending_acks(&self, namespace: NamespaceId) -> usize {
        self.namespaces
            .get(&namespace)
            .map_or(0, |it| it.calls.len())
    }

    /// The lifecycle of the connection, for its readable values.
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// What the server said at the beginning of the connection, `None` before.
    pub fn handshake(&self) -> Option<&Handshake> {
        self.session.as_ref().and_then(Session::handshake)
    }

    /// The transport that takes messages, `None` without a connection.
    pub fn transport_kind(&self) -> Option<TransportKind> {
        self.session.as_ref().map(|session| session.transport().1)
    }

    /// Nobody wants to join any more.
    fn forget_all(&mut self) {
        self.reason = Some(DisconnectReason::ForcedClose);
        for it in self.namespaces.values_mut().filter(|it| !it.is_joined()) {
            it.phase = Phase::Idle;
            it.retry_at = Time::NEVER;
        }
    }

    /// Refuses what no server would take.
    fn check(&mut self, now: Time, payload: &P) -> Result<(), EmitError> {
        self.tick_session(now);
        if payload.attachments() > self.config.limits.max_attachments as usize {
            return Err(EmitError::TooManyAttachments);
        }
        match self.handshake().and_then(|handshake| handshake.max_payload) {
            Some(max) => self.fits(payload, 0, max),
            None => Ok(()),
        }
    }
}

impl<P: Message> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.link.state())
            .field("generation", &self.link.generation())
            .field("namespaces", &self.namespaces.len())
            .finish_non_exhaustive()
    }
}
