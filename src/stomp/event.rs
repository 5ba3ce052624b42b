//! What the server says beside messages, and how connections are lost.

use std::{
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use everwire_core::{
    link::Cause,
    protocol::stomp::{CloseReason, FrameBuf, Version, client::About},
};
use futures_core::Stream;

use super::backlog::Backlog;

/// What the server says beside messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `CONNECTED`. The connection is open when the subscriptions are back.
    Connected {
        /// The agreed version.
        version: Version,
        /// The frame, for `session` and `server`.
        frame: FrameBuf,
    },
    /// `ERROR`: this connection is over.
    ServerError {
        /// What it refuses.
        about: About,
        /// The frame.
        frame: FrameBuf,
    },
    /// The client gave the connection up: malformed input, silence, or after [`ServerError`](Self::ServerError).
    Fault(CloseReason),
    /// A message that nobody listens to, or a frame that clients do not get.
    Unhandled(FrameBuf),
}

/// Stream of [`Event`]s from [`Client::events`](super::Client::events). It remembers up to 64 for a slow reader and then
/// forgets the oldest.
#[must_use = "a stream does nothing unless it is read"]
pub struct Events {
    pub(super) backlog: Rc<Backlog<Event>>,
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.backlog.poll_next(context)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("unread", &self.backlog.len())
            .finish()
    }
}

/// A lost connection or a failed dial, for [`Builder::retry_on`](super::Builder::retry_on).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Loss<'a> {
    /// What happened.
    pub cause: Cause,
    /// The close reason of the peer, or what a provider, the browser or the protocol said.
    pub reason: &'a str,
    /// The `ERROR` that came over this connection, if one did.
    pub error: Option<&'a FrameBuf>,
    /// Consecutive failures before this one.
    pub attempt: u32,
}
