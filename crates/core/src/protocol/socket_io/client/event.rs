//! What goes into a client and what comes out.

use alloc::{string::String, vec::Vec};

use crate::link::{Cause, EndReason, NetworkEvent, PageEvent, State};
use crate::protocol::engine_io::{CloseReason, Outgoing, PacketType, TransportKind};
use crate::protocol::socket_io::HeaderError;
use crate::send::{Payload, SendError, SlotId, Status, Ticket};
use crate::{Span, Time};

/// An event or an answer on its way out: the JSON array with its placeholders, and the binary values behind it.
pub trait Message: Payload {
    /// Bytes of the JSON array.
    fn text_len(&self) -> usize;
    /// How many attachments there are.
    fn attachments(&self) -> usize;
    /// Bytes of one of them.
    fn attachment_len(&self, index: usize) -> usize;
}

/// A namespace of a client, in the order of [`Client::add`](super::Client::add).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId(pub u32);

/// One accepted emit. Never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmitId(pub u64);

/// One transport of one connection; reports about others than the current ones are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransportId {
    /// Number of the connection.
    pub generation: u32,
    /// Number of the transport within it.
    pub transport: u32,
}

/// What happened, apart from packets and calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// The WebSocket to upgrade to is open.
    Opened(TransportId),
    /// The latest [`Action::Write`] left the host: the POST was answered, or the WebSocket took the frames.
    Sent(TransportId),
    /// No request is in flight on the paused transport any more. Report its last packets first.
    Paused(TransportId),
    /// A transport is gone, or what arrived on it is undecodable.
    Lost {
        /// Which one.
        id: TransportId,
        /// Whether it failed; false for an orderly close by the other side.
        failed: bool,
    },
    /// A page lifecycle event.
    Page(PageEvent),
    /// A network event.
    Network(NetworkEvent),
    /// The server asks that no redial start for this long.
    RetryHint(Span),
    /// Dial now, whatever the state.
    Reconnect,
    /// Say goodbye to the server and end.
    Close,
    /// End at once.
    Terminate,
    /// [`Client::next_wake`](super::Client::next_wake) has come.
    Tick,
}

/// What the host shall do or tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<P> {
    /// Open a transport, with the session's id (see [`Client::handshake`](super::Client::handshake)) in its URL if it is an
    /// upgrade. `attempt` counts the connections that failed in a row.
    Open {
        /// Which one.
        id: TransportId,
        /// What to open.
        kind: TransportKind,
        /// Whether it joins the session instead of beginning it.
        upgrade: bool,
        /// Consecutive failed attempts before this one.
        attempt: u32,
        /// Index into the list of endpoints.
        endpoint: u32,
    },
    /// Write this packet at once, outside of batches.
    Control {
        /// On which transport.
        id: TransportId,
        /// The packet's type.
        kind: PacketType,
        /// The packet's text.
        data: &'static str,
    },
    /// Write these packets: one POST body, or one WebSocket frame each. Then report [`Input::Sent`].
    Write {
        /// On which transport.
        id: TransportId,
        /// The packets, at least one.
        packets: Vec<Outgoing<Part<P>>>,
    },
    /// Start no further poll, and report [`Input::Paused`] when the requests in flight are answered.
    Pause(TransportId),
    /// Poll again.
    Resume(TransportId),
    /// Close the transport if it is still there, and report nothing more about it.
    Detach(TransportId),
    /// Abandon all transports of a connection, as [`Detach`](Self::Detach) does for one.
    Abandon {
        /// Number of the connection.
        generation: u32,
    },
    /// Find out the auth data of a namespace and answer with [`Client::authenticate`](super::Client::authenticate).
    Authenticate {
        /// Which one.
        namespace: NamespaceId,
        /// Number of this attempt to join; answers to older ones are ignored.
        epoch: u32,
    },
    /// Something to tell.
    Event(Event),
}

/// One Engine.IO message of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<P> {
    /// A whole Socket.IO packet.
    Text(String),
    /// A header, and the payload to append.
    Packet {
        /// The header.
        header: String,
        /// The payload.
        payload: P,
    },
    /// A header, and several payloads of one topic to be joined to one event and appended.
    Batch {
        /// The header.
        header: String,
        /// The payloads, at least one.
        payloads: Vec<P>,
    },
    /// One attachment.
    Attachment {
        /// The payload that it belongs to.
        payload: P,
        /// Which one.
        index: usize,
    },
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The state of the connection changed.
    State {
        /// The state that was left.
        from: State,
        /// The state that was entered.
        to: State,
        /// Why.
        cause: Cause,
    },
    /// The next dial starts after `delay`; follows the change to [`State::Waiting`].
    Retry {
        /// The attempt that the wait leads to, counted from 1.
        attempt: u32,
        /// How long the wait is.
        delay: Span,
    },
    /// There will be no further dial; follows the change to [`State::Closed`].
    Ended(EndReason),
    /// Messages go over another transport from now on.
    Upgraded(TransportKind),
    /// The upgrade failed and is not tried again; the connection goes on.
    UpgradeFailed,
    /// A namespace is joined.
    Connected {
        /// Which one.
        namespace: NamespaceId,
        /// Whether the server restored the session and sent what was missed.
        recovered: bool,
    },
    /// The server refused a namespace; nothing more is tried unless `retry_at` says so.
    Refused {
        /// Which one.
        namespace: NamespaceId,
        /// Why.
        refusal: Refusal,
        /// When it is asked again.
        retry_at: Option<Time>,
    },
    /// The connection could not be made, or was lost before the namespace was joined; it is tried again as the state says.
    Unreachable {
        /// A namespace that waits for it.
        namespace: NamespaceId,
        /// Why.
        cause: Cause,
    },
    /// A joined namespace is left, or the server left one before it was joined.
    Disconnected {
        /// Which one.
        namespace: NamespaceId,
        /// Why.
        reason: DisconnectReason,
        /// Whether it joins again by itself.
        rejoins: bool,
    },
    /// An event arrived.
    Received(Received),
    /// The server acknowledged an emit.
    Acked {
        /// Its namespace.
        namespace: NamespaceId,
        /// Which emit.
        emit: EmitId,
        /// The answer's JSON array.
        payload: String,
        /// Its attachments.
        attachments: Vec<Vec<u8>>,
    },
    /// An emit will not be acknowledged.
    Unanswered {
        /// Its namespace.
        namespace: NamespaceId,
        /// Which emit.
        emit: EmitId,
        /// Why.
        error: AckError,
    },
    /// An emit changed its status.
    Status {
        /// Its namespace.
        namespace: NamespaceId,
        /// Which emit.
        emit: EmitId,
        /// Its new status.
        status: Status,
        /// Whether it is the last one.
        terminal: bool,
    },
    /// A keyed slot is quiet and its id free; see [`OutboxEvent::SlotIdle`](crate::send::OutboxEvent::SlotIdle).
    SlotIdle {
        /// The namespace.
        namespace: NamespaceId,
        /// The slot.
        slot: SlotId,
    },
}

/// An event that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// `["name", ...arguments]`, as it was sent.
    pub payload: String,
    /// Its attachments in the order of their placeholders.
    pub attachments: Vec<Vec<u8>>,
    /// How to answer, if the server asks for an ack.
    pub reply: Option<ReplyTo>,
}

/// Names the event that an answer belongs to. Worth nothing after a disconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    pub(super) namespace: NamespaceId,
    pub(super) epoch: u32,
    pub(super) id: u64,
}

/// Why a namespace was not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// CONNECT_ERROR of the server: its JSON, `{"message":..,"data":..}` or a string, empty if there was none.
    Server(String),
    /// CONNECT without a session id: the server speaks protocol v2 (Socket.IO 2.x).
    OldProtocol,
    /// The auth provider failed, with what it said.
    Auth(String),
}

/// Why a namespace was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server left.
    ServerDisconnect,
    /// The application left.
    ClientDisconnect,
    /// The server did not ping in time.
    PingTimeout,
    /// The transport was closed.
    TransportClose,
    /// The transport failed, or an Engine.IO packet was undecodable.
    TransportError,
    /// A Socket.IO packet was undecodable.
    ParseError,
    /// The connection was closed or replaced at the application's wish.
    ForcedClose,
}

impl DisconnectReason {
    /// The reason as socket.io-client spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerDisconnect => "io server disconnect",
            Self::ClientDisconnect => "io client disconnect",
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
        }
    }
}

impl From<CloseReason> for DisconnectReason {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::PingTimeout => Self::PingTimeout,
            CloseReason::TransportClose => Self::TransportClose,
            CloseReason::TransportError => Self::TransportError,
            CloseReason::ForcedClose => Self::ForcedClose,
        }
    }
}

/// Why an emit was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// No ack in time. The server may or may not have handled the event, unless it was never written.
    #[error("operation has timed out")]
    TimedOut,
    /// The connection was lost after the write. The server may or may not have handled the event.
    #[error("socket has been disconnected")]
    Disconnected,
    /// It was never written, or taken back; the status says why.
    #[error("event was not sent: {0:?}")]
    NotSent(Status),
}

/// Why an emit was refused. Nothing was queued, and the connection is not harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The outbox did not take it.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Longer than the server's `maxPayload`; sending it would cost the connection.
    #[error("event of {len} bytes exceeds the server's limit of {max}: send it in parts")]
    TooLong {
        /// Length of its longest message in bytes.
        len: usize,
        /// The handshake's `maxPayload`.
        max: u64,
    },
    /// More attachments than [`Limits::max_attachments`](crate::protocol::socket_io::Limits::max_attachments).
    #[error("too many attachments: raise the limit on both sides or send fewer at once")]
    TooManyAttachments,
    /// As many acks are awaited as [`NamespaceConfig::max_pending_acks`](super::NamespaceConfig) allows.
    #[error("too many acks are awaited: wait for some of them or raise the limit")]
    TooManyAcks,
    /// There is no such namespace.
    #[error("unknown namespace")]
    UnknownNamespace,
    /// The event to be answered came over an earlier connection, or was answered already.
    #[error("the event cannot be answered any more: its connection is gone")]
    StaleReply,
}

/// Why a namespace was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamespaceError {
    /// The name does not begin with a slash, has a comma or a query, or is too long.
    #[error(transparent)]
    Name(#[from] HeaderError),
    /// The client has it already.
    #[error("namespace is there already: share its socket")]
    Duplicate,
    /// As many as [`ClientConfig::max_namespaces`](super::ClientConfig::max_namespaces).
    #[error("too many namespaces: raise the limit or leave some")]
    TooMany,
    /// An option of the outbox is out of range.
    #[error(transparent)]
    Outbox(#[from] crate::send::ConfigError),
    /// `ack_timeout` or `window` is zero.
    #[error("ack timeout and window must be positive")]
    Retry,
}

/// How an event is emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmitOptions {
    /// Pace, lane, offline rule, time to live.
    pub send: crate::send::SendOptions,
    /// Whether the server shall acknowledge it.
    pub ack: bool,
    /// How long the ack is awaited, from the call on; an event still unwritten then is taken back. `None` for no limit.
    pub timeout: Option<Span>,
    /// Drop it unless it can be written now.
    pub volatile: bool,
}

/// An entry of a namespace's outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<P> {
    pub(super) payload: P,
    pub(super) kind: ItemKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemKind {
    Event { ack: bool },
    Reply { epoch: u32, id: u64 },
}

impl<P> Item<P> {
    /// What the host gave.
    pub const fn payload(&self) -> &P {
        &self.payload
    }
}

impl<P: Message> Payload for Item<P> {
    fn size(&self) -> usize {
        self.payload.size()
    }
}

/// The ticket of an entry, by number.
pub(super) const fn index(ticket: Ticket) -> usize {
    ticket.0 as usize
}
