//! What carries a connection: a WebSocket, or another protocol that looks like one.

#[cfg(feature = "sockjs")]
use std::rc::Rc;

use everwire_core::codec::Frame;

use super::{Event, WebSocket};

/// How connections are carried.
#[derive(Clone, Default)]
pub(crate) enum Via {
    /// By a WebSocket.
    #[default]
    WebSocket,
    /// By SockJS.
    #[cfg(feature = "sockjs")]
    SockJs(Rc<crate::sockjs::Options>),
}

/// One connection, from construction to the grave. Dropping it detaches first and closes then.
pub(crate) enum Carrier {
    WebSocket(WebSocket),
    #[cfg(feature = "sockjs")]
    SockJs(crate::sockjs::SockJs),
}

impl Carrier {
    /// Starts to connect.
    ///
    /// # Errors
    /// What the browser says against it.
    pub(crate) fn open(
        via: &Via,
        url: &str,
        protocols: &[String],
        listener: impl Fn(Event) + 'static,
    ) -> Result<Self, String> {
        match via {
            Via::WebSocket => WebSocket::open(url, protocols, listener).map(Self::WebSocket),
            #[cfg(feature = "sockjs")]
            Via::SockJs(options) => {
                crate::sockjs::SockJs::open(url, options, listener).map(Self::SockJs)
            }
        }
    }

    /// As [`WebSocket::send`].
    pub(crate) fn send(&self, frame: &Frame) -> bool {
        match self {
            Self::WebSocket(socket) => socket.send(frame),
            #[cfg(feature = "sockjs")]
            Self::SockJs(session) => session.send(frame),
        }
    }

    /// As [`WebSocket::send_open`].
    pub(crate) fn send_open(&self, frame: &Frame) -> bool {
        match self {
            Self::WebSocket(socket) => socket.send_open(frame),
            #[cfg(feature = "sockjs")]
            Self::SockJs(session) => session.send(frame),
        }
    }

    /// Bytes by which [`buffered`](Self::buffered) grows at most when a frame is sent, if that is known.
    pub(crate) fn cost(&self, frame: &Frame) -> Option<usize> {
        match self {
            Self::WebSocket(_) => Some(frame.len()),
            #[cfg(feature = "sockjs")]
            Self::SockJs(_) => None,
        }
    }

    /// As [`WebSocket::close`].
    pub(crate) fn close(&self, code: Option<u16>, reason: &str) {
        match self {
            Self::WebSocket(socket) => socket.close(code, reason),
            #[cfg(feature = "sockjs")]
            Self::SockJs(session) => session.close(code, reason),
        }
    }

    /// As [`WebSocket::buffered`].
    pub(crate) fn buffered(&self) -> usize {
        match self {
            Self::WebSocket(socket) => socket.buffered(),
            #[cfg(feature = "sockjs")]
            Self::SockJs(session) => session.buffered(),
        }
    }

    /// As [`WebSocket::is_open`].
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::WebSocket(socket) => socket.is_open(),
            #[cfg(feature = "sockjs")]
            Self::SockJs(session) => session.is_open(),
        }
    }
}
