//! What a client tells and asks for, and why it refuses a call.

use thiserror::Error;

use super::super::{CallError, CloseReason, Frame, Version, WriteError};
use super::{Delivery, ListenerId, RequestId};
use crate::Span;
use crate::link::{Cause, EndReason, State};
use crate::send::{ConfigError, OutboxEvent, SendError, Status, Ticket};

/// What the shell must do or tell, from [`Client::poll`](super::Client::poll).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Resolve the providers and open a socket; when it is open, [`Client::opened`](super::Client::opened) with the
    /// `CONNECT` headers of this attempt, else [`Client::lost`](super::Client::lost).
    Dial {
        /// Number of this socket; what is reported for another one is ignored.
        generation: u32,
        /// Consecutive attempt, from 0.
        attempt: u32,
        /// Index into the list of endpoints.
        endpoint: u32,
    },
    /// Write the buffer as one WebSocket message, then [`Client::wrote`](super::Client::wrote) before the next poll.
    Write {
        /// The socket.
        generation: u32,
        /// As a text message; otherwise binary.
        text: bool,
    },
    /// Start the closing handshake, or cancel the provider and report a lost dial.
    CloseSocket {
        /// The socket.
        generation: u32,
    },
    /// Take the handlers off the socket and close it in the background.
    Detach {
        /// The socket.
        generation: u32,
    },
    /// The session on this socket is over: take the handlers off, close it in the background, then call
    /// [`Client::lost`](super::Client::lost) with [`Loss::Fault`].
    Fault {
        /// The socket.
        generation: u32,
        /// Why. `ServerError` follows an [`Incoming::Error`].
        reason: CloseReason,
    },
    /// The state changed.
    State {
        /// The state that was left.
        from: State,
        /// The state that was entered.
        to: State,
        /// Why.
        cause: Cause,
    },
    /// The next dial starts after `delay`.
    Retry {
        /// Its number, from 1.
        attempt: u32,
        /// How long the wait is.
        delay: Span,
    },
    /// There will be no further dial.
    Ended(EndReason),
    /// A message changed its status, or a slot fell idle.
    Outbox(OutboxEvent),
    /// A listener's subscription got on.
    Subscription {
        /// The listener.
        listener: ListenerId,
        /// How far it is.
        state: Subscribed,
    },
    /// A request ended without an answer. (An answer is [`Incoming::Reply`].)
    Request {
        /// The request.
        request: RequestId,
        /// Why.
        end: RequestEnd,
    },
    /// A message that was accepted cannot be written; its status follows.
    Unwritable {
        /// The message.
        ticket: Ticket,
        /// Why.
        fault: CallFault,
    },
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subscribed {
    /// The server has it.
    Confirmed,
    /// It was written, and no receipt came in time: the server sends none, or is slow. Messages may come all the same.
    Unconfirmed,
    /// The server refused it with an `ERROR`. The listener is gone, and the subscription is not restored.
    Refused,
    /// It cannot be written in the agreed version. The listener is gone.
    Unwritable,
}

/// Why a request ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEnd {
    /// No answer in time.
    Timeout,
    /// It was not written: the status says why.
    NotSent(Status),
    /// The connection was lost after it was written: the server may or may not have handled it.
    Unknown,
}

/// What came in, from [`Client::receive`](super::Client::receive).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Incoming<'a> {
    /// `CONNECTED`. The client opens when its subscriptions are back.
    Connected {
        /// The agreed version.
        version: Version,
        /// The frame.
        frame: Frame<'a>,
    },
    /// A message for these listeners.
    Message {
        /// At least one.
        listeners: &'a [ListenerId],
        /// The frame.
        frame: Frame<'a>,
        /// What to acknowledge it with; `None` where that is automatic.
        delivery: Option<Delivery>,
    },
    /// The answer to a request.
    Reply {
        /// The request, which is over.
        request: RequestId,
        /// The frame.
        frame: Frame<'a>,
    },
    /// `ERROR`: the connection is over.
    Error {
        /// What it refuses, if it says so.
        about: About,
        /// The frame.
        frame: Frame<'a>,
    },
    /// A message that nobody listens to, a receipt that nobody waits for, or a command that clients do not get.
    Unhandled(Frame<'a>),
    /// Dealt with: a heart-beat or a receipt.
    Handled,
}

/// What an `ERROR` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// `CONNECT`: the login, the version, the server's own state.
    Connect,
    /// A subscription; its listeners are told with [`Subscribed::Refused`].
    Subscription,
    /// A message; its status becomes `Dropped(Refused)`.
    Message(Ticket),
    /// It does not say.
    Connection,
}

/// How a socket or a dial ended, for [`Client::lost`](super::Client::lost).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A provider failed, or there is no socket.
    Dial,
    /// The socket closed.
    Socket {
        /// The close code, 1006 if there was none.
        code: u16,
        /// `wasClean` of the close event.
        clean: bool,
    },
    /// Answer to [`Action::Fault`].
    Fault,
}

/// Why a frame was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum CallFault {
    /// The session refused it.
    #[error(transparent)]
    Call(#[from] CallError),
    /// An acknowledgement in a transaction is for a message of an earlier connection.
    #[error(transparent)]
    Ack(#[from] AckError),
}

/// Why an acknowledgement was refused. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AckError {
    /// The connection that delivered the message is gone; the broker delivers it again on the next one.
    #[error("message came over a connection that is gone: the broker delivers it again")]
    Late,
    /// The message was delivered with automatic acknowledgement.
    #[error("message needs no acknowledgement: subscribe with client or client-individual")]
    Automatic,
    /// The frame does not exist in the agreed version (`NACK` in 1.0), or cannot be written.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Why a message or a request was not accepted. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// There is no destination.
    #[error("destination is empty: say where the message goes")]
    NoDestination,
    /// The queue says no.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A header or the body cannot be written in any version.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Too many messages wait for a receipt.
    #[error(
        "too many messages wait for a receipt: await some, raise the bound, or publish without receipt"
    )]
    TooManyReceipts,
    /// Too many requests wait for an answer.
    #[error("too many requests wait for an answer: await some or raise the bound")]
    TooManyRequests,
    /// The subscription to the reply destination was refused.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A transaction has no frames.
    #[error("transaction is empty: publish or acknowledge something in it")]
    EmptyTransaction,
}

/// Why a subscription was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// There is no destination.
    #[error("destination is empty: say what to subscribe to")]
    NoDestination,
    /// Too many subscriptions.
    #[error("too many subscriptions: end some or raise the bound")]
    TooMany,
    /// The `id` header is in use by another subscription.
    #[error("subscription id is in use: choose another one or unsubscribe first")]
    DuplicateId,
    /// A header cannot be written in any version.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The client was closed.
    #[error("connection is closed: connect again before subscribing")]
    Closed,
}

/// Why a topic was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// An option is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// STOMP has no container for several messages.
    #[error("stomp cannot carry a batch: use a transaction, or another policy")]
    Batch,
}
