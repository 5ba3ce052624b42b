//! What can go wrong, as values.

use everwire_core::{
    codec::EncodeError,
    link::{Cause, EndReason},
    protocol::stomp::client::{AckError, PublishError, SubscribeError},
    send::{SendError, Status},
};

/// An error of the STOMP client. Nothing here panics on bad input, neither the application's nor the network's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A URL or an option is wrong.
    #[error(transparent)]
    Options(#[from] crate::Error),
    /// A message or request was not accepted. Nothing was queued.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A subscription was not accepted.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// An acknowledgement was refused. Nothing was written.
    #[error(transparent)]
    Ack(#[from] AckError),
    /// A value could not be written in the format. Nothing was queued.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// An accepted message did not reach the state that was waited for; the status says what became of it.
    #[error("message was not delivered: {0:?}")]
    NotDelivered(Status),
    /// No receipt was asked for, so there is nothing to wait for after the write.
    #[error("no receipt was asked for: publish with `receipt` or `id`")]
    NoReceipt,
    /// The server refused the subscription with an `ERROR`.
    #[error("the server refused the subscription{}{message}", if message.is_empty() { "" } else { ": " })]
    Refused {
        /// The `message` header of the `ERROR`.
        message: String,
    },
    /// No receipt for the subscription came in time. Messages may come all the same: some servers send no receipts.
    #[error("the server did not confirm the subscription in time: it may be active all the same")]
    Unconfirmed,
    /// No answer within the request's timeout.
    #[error("no answer in time: the server may or may not have handled the request")]
    Timeout,
    /// Messages arrived faster than the subscription was read.
    #[error(
        "subscription was read too slowly, {dropped} messages are missing: read faster or raise its bounds"
    )]
    InboundOverflow {
        /// How many messages are missing at this point of the stream.
        dropped: u64,
    },
    /// The connection ended and does not dial again by itself.
    #[error("connection ended ({reason:?} after {cause:?}): call reconnect to dial again")]
    Ended {
        /// Why it will not dial again.
        reason: EndReason,
        /// What happened last.
        cause: Cause,
    },
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Publish(error.into())
    }
}
