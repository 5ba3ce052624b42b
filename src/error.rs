//! What can go wrong, as values.

use everwire_core::{
    codec::{DecodeError, EncodeError},
    link::{Cause, EndReason},
    send::{ConfigError, SendError, Status},
};

/// An error of a socket. Nothing in this crate panics on bad input, neither the application's nor the network's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A URL that no WebSocket can be opened with (WHATWG WebSockets, "obtain a url record").
    #[error("cannot connect to `{url}`: {reason}")]
    BadUrl {
        /// The URL as given.
        url: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// No URL at all.
    #[error("the list of urls is empty: give at least one")]
    NoUrl,
    /// A subprotocol that is not a token (RFC 6455 section 4.1), or is listed twice.
    #[error("subprotocol `{protocol}` {reason}")]
    BadProtocol {
        /// The subprotocol as given.
        protocol: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A close code that an application must not send.
    #[error("close code {code} is reserved: use 1000 or one of 3000 to 4999")]
    BadCloseCode {
        /// The code as given.
        code: u16,
    },
    /// A close reason over 123 bytes of UTF-8 (RFC 6455 section 5.5.1).
    #[error("close reason has {bytes} bytes of utf-8: at most 123 are allowed")]
    CloseReasonTooLong {
        /// Its length.
        bytes: usize,
    },
    /// An option of the connection is out of range.
    #[error("bad option: {0}")]
    Options(String),
    /// An option of a topic is out of range.
    #[error("bad topic option: {0}")]
    Topic(#[from] ConfigError),
    /// The codec has no container, so it cannot carry a batch policy.
    #[error("this codec cannot join messages: choose json, postcard or msgpack for a batch topic")]
    NoContainer,
    /// A value could not be written in the socket's format. Nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A message arrived that the codec could not read; the frame is in the error, the connection stays up.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A message was not accepted. Nothing was queued.
    #[error(transparent)]
    Send(#[from] SendError),
    /// An accepted message did not reach the state that was waited for; the status says what became of it.
    #[error("message was not delivered: {0:?}")]
    NotDelivered(Status),
    /// Acknowledgements are not set up for this message, so there is nothing to wait for after the write.
    #[error("no acknowledgement is expected: give the message an id and set `acks` on the builder")]
    NoAck,
    /// Messages arrived faster than the stream was read.
    #[error(
        "inbound queue was full, {dropped} messages are missing: read faster or raise its bounds"
    )]
    InboundOverflow {
        /// How many messages are missing at this point of the stream.
        dropped: u64,
    },
    /// The handshake has ended, by its own doing or because its connection was lost.
    #[error("the handshake is over: use the socket, or the link of the next handshake")]
    HandshakeOver,
    /// `request` needs to know how requests and replies are matched.
    #[error("requests are not set up: call `correlate` on the builder")]
    NoCorrelation,
    /// No reply within the request's timeout.
    #[error("no reply in time: the peer may or may not have handled the request")]
    Timeout,
    /// The connection ended and does not dial again by itself.
    #[error("connection ended ({reason:?} after {cause:?}): call reconnect to dial again")]
    Ended {
        /// Why it will not dial again.
        reason: EndReason,
        /// What happened last.
        cause: Cause,
    },
}
