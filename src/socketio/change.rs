//! What happens to a namespace, as a stream.

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use everwire_core::{link::Cause, protocol::socket_io::client::DisconnectReason};
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::hub::Backlog;

/// A change of a socket's state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The namespace is joined: events go both ways.
    Connected {
        /// The server's name for this session.
        id: Rc<str>,
        /// Whether the server restored the former session and sent what was missed. Otherwise fetch the state anew.
        recovered: bool,
    },
    /// The connection could not be made, or was lost before the namespace was joined; it is tried again after the backoff
    /// unless the state of the manager says otherwise.
    Unreachable {
        /// Why.
        cause: Cause,
        /// What the server or the browser said, if anything.
        detail: Rc<str>,
    },
    /// The server refused the namespace, or the auth provider failed.
    Refused {
        /// Why.
        error: ConnectError,
        /// When it is tried again; `None` if only [`Socket::connect`](super::Socket::connect) does that.
        retry_in: Option<Duration>,
    },
    /// The namespace was left.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// What the server or the browser said, if anything.
        detail: Rc<str>,
        /// Whether it is joined again without doing anything.
        reconnects: bool,
    },
}

/// Why a namespace was not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// The server's message, or what the auth provider said.
    pub message: String,
    /// The JSON of the server's `data`, if there is any.
    data: Option<String>,
}

impl ConnectError {
    /// The server's further data (`err.data` of a middleware), `None` if there is none or it is of another type.
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.data.as_deref()?).ok()
    }

    pub(super) fn local(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// Reads the payload of CONNECT_ERROR: an object with a message, a text, or nothing.
    pub(super) fn read(payload: &str) -> Self {
        let value = serde_json::from_str(payload).unwrap_or(serde_json::Value::Null);
        let message = value.get("message").unwrap_or(&value);
        Self {
            message: message.as_str().unwrap_or_default().to_owned(),
            data: value.get("data").map(ToString::to_string),
        }
    }
}

/// Stream of [`Change`]s from [`Socket::changes`](super::Socket::changes).
///
/// It remembers up to 64 changes for a slow reader, then forgets the oldest, and ends with the socket.
#[must_use = "a stream does nothing unless it is read"]
pub struct Changes(pub(super) Rc<RefCell<Backlog>>);

impl Stream for Changes {
    type Item = Change;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Change>> {
        let mut backlog = self.0.borrow_mut();
        match backlog.changes.pop_front() {
            Some(change) => Poll::Ready(Some(change)),
            None if backlog.finished => Poll::Ready(None),
            None => {
                backlog.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("unread", &self.0.borrow().changes.len())
            .finish()
    }
}
