//! Option types of the builder and of calls.

use std::time::Duration;

use everwire_core::{
    link::Cause,
    send::{Lane, Offline, SendOptions},
};

use crate::{error::Error, id::Id};

/// A lost connection or a failed dial, for [`Builder::retry_on`](crate::Builder::retry_on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss<'a> {
    /// What happened: [`Cause::SocketClosed`] with code and cleanness, or [`Cause::DialFailed`].
    pub cause: Cause,
    /// The close reason of the peer, or what the provider, the handshake or the browser said.
    pub reason: &'a str,
    /// Consecutive failures before this one.
    pub attempt: u32,
}

impl Loss<'_> {
    /// The close code, if a socket closed.
    pub fn code(&self) -> Option<u16> {
        match self.cause {
            Cause::SocketClosed { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// How a socket is closed.
///
/// ```
/// # use std::time::Duration;
/// # use everwire::CloseOptions;
/// let options = CloseOptions::new().code(4001).reason("bye").deadline(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseOptions {
    pub(crate) code: Option<u16>,
    pub(crate) reason: String,
    pub(crate) flush: bool,
    pub(crate) deadline: Duration,
}

impl Default for CloseOptions {
    fn default() -> Self {
        Self {
            code: Some(1_000),
            reason: String::new(),
            flush: true,
            deadline: Duration::from_secs(1),
        }
    }
}

impl CloseOptions {
    /// Code 1000, no reason, flush for at most one second.
    pub fn new() -> Self {
        Self::default()
    }

    /// The close code: 1000 or one of 3000 to 4999, as the browser allows. Default 1000.
    pub fn code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    /// The close reason, at most 123 bytes of UTF-8. Default empty.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Whether what is queued is still written. Default true; without it, it is dropped.
    pub fn flush(mut self, flush: bool) -> Self {
        self.flush = flush;
        self
    }

    /// How long the flush may take; the rest is dropped. Default 1 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(code) = self.code
            && !matches!(code, 1_000 | 3_000..=4_999)
        {
            return Err(Error::BadCloseCode { code });
        }
        match self.reason.len() {
            0..=123 => Ok(()),
            bytes => Err(Error::CloseReasonTooLong { bytes }),
        }
    }
}

/// Bounds of what has arrived and was not read from the stream yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundLimits {
    /// Messages. Default 1,000.
    pub max_messages: usize,
    /// Bytes on the wire. Default 16 MiB. A single larger message is accepted when nothing else waits.
    pub max_bytes: usize,
    /// What happens to the excess.
    pub overflow: InboundOverflow,
}

impl Default for InboundLimits {
    fn default() -> Self {
        Self {
            max_messages: 1_000,
            max_bytes: 16 * 1024 * 1024,
            overflow: InboundOverflow::DropOldest,
        }
    }
}

/// What a full inbound queue does. The stream always says so: an [`Error::InboundOverflow`] stands where messages are
/// missing. (A browser's WebSocket cannot be told to read slower.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InboundOverflow {
    /// The oldest unread messages go. Right for state such as positions.
    #[default]
    DropOldest,
    /// The new message goes.
    DropNewest,
    /// The new message goes and the connection is closed with code 4008: for streams that are worthless with a gap.
    Disconnect,
}

/// Options of one message, over those of its topic.
///
/// ```
/// # use std::time::Duration;
/// # use everwire::{Lane, MessageOptions, Offline};
/// let options = MessageOptions::new().lane(Lane::Bulk).ttl(Duration::from_secs(5)).offline(Offline::Drop);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageOptions {
    pub(crate) options: SendOptions,
    pub(crate) id: Option<Id>,
}

impl MessageOptions {
    /// Those of the topic.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends past the topic's pace; what is pending in the topic goes first, unless its `order` says otherwise.
    pub fn immediate(mut self) -> Self {
        self.options.immediate = true;
        self
    }

    /// Priority class.
    pub fn lane(mut self, lane: Lane) -> Self {
        self.options.lane = Some(lane);
        self
    }

    /// What happens while the connection is down.
    pub fn offline(mut self, offline: Offline) -> Self {
        self.options.offline = Some(offline);
        self
    }

    /// How long the message may wait to be written; it is [`Expired`](crate::Status::Expired) afterwards.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(ttl.into());
        self
    }

    /// The id that the peer acknowledges (see [`Builder::acks`](crate::Builder::acks)). A message with an id is kept
    /// until then and written again after a reconnect, so the peer must ignore ids that it has seen.
    pub fn id(mut self, id: impl Into<Id>) -> Self {
        self.id = Some(id.into());
        self.options.resend = true;
        self.options.expect_ack = true;
        self
    }
}
