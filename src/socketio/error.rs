//! What can go wrong, as values.

use everwire_core::{
    codec::EncodeError,
    protocol::socket_io::client::{AckError, EmitError, NamespaceError},
    send::{ConfigError, Status},
};

/// An error of a Socket.IO client.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A URL that no server can be reached with.
    #[error("cannot connect to `{url}`: {reason}")]
    BadUrl {
        /// The URL as given.
        url: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// An option of the manager is out of range.
    #[error("bad option: {0}")]
    Options(String),
    /// A namespace that cannot be joined.
    #[error("bad namespace: {0}")]
    Namespace(#[from] NamespaceError),
    /// An option of a topic is out of range.
    #[error("bad topic option: {0}")]
    Topic(#[from] ConfigError),
    /// The event's name belongs to the client itself.
    #[error("\"{0}\" is a reserved event name: choose another one")]
    ReservedName(String),
    /// Arguments that JSON cannot hold. Nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A batch topic or a reliable emit cannot do this.
    #[error("attachments cannot be part of a batch: send them one by one")]
    BinaryBatch,
    /// Arguments arrived that are not of the type that was asked for. The connection stays up.
    #[error("cannot read the arguments of `{event}`: {reason}")]
    Decode {
        /// The event, or the one that was answered.
        event: String,
        /// What the JSON parser says.
        reason: String,
        /// The JSON array as it arrived.
        payload: String,
    },
    /// An event or answer was not accepted. Nothing was queued.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The server did not acknowledge.
    #[error(transparent)]
    Ack(#[from] AckError),
    /// An accepted event did not reach the state that was waited for.
    #[error("event was not delivered: {0:?}")]
    NotDelivered(Status),
    /// Events arrived faster than the stream was read.
    #[error(
        "inbound queue was full, {dropped} events are missing: read faster or raise its bounds"
    )]
    InboundOverflow {
        /// How many are missing at this point of the stream.
        dropped: u64,
    },
    /// The namespace is over.
    #[error("the socket is closed: open another one")]
    Closed,
}
