//! What goes into a session and what comes out.

use alloc::{string::String, vec::Vec};

use super::packet::PacketType;

/// A way to exchange packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportKind {
    /// The name in URLs and in the handshake's `upgrades`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Options of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// `transports`: what may be used, the first one first. Default polling, then WebSocket.
    pub transports: Vec<TransportKind>,
    /// `upgrade`: whether to move from polling to WebSocket. Default true.
    pub upgrade: bool,
    /// `tryAllTransports`: whether a transport that fails while opening is followed by the next one of the list. A hang
    /// is not a failure. Default false.
    pub try_all_transports: bool,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            transports: [TransportKind::Polling, TransportKind::WebSocket].into(),
            upgrade: true,
            try_all_transports: false,
        }
    }
}

/// What happened to a session, apart from packets (see [`Session::receive`](super::Session::receive)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Opens the first transport. Once only.
    Start,
    /// The WebSocket to upgrade to is open.
    Opened {
        /// Its number.
        transport: u32,
    },
    /// The latest batch left the host: the POST was answered, or the WebSocket took the frames.
    Sent {
        /// The transport that it was for.
        transport: u32,
    },
    /// No request is in flight on the paused transport any more. Report its last packets first.
    Paused {
        /// Its number.
        transport: u32,
    },
    /// A transport is gone, or what arrived on it is undecodable.
    Lost {
        /// Its number.
        transport: u32,
        /// Whether it failed; false for an orderly close by the other side.
        failed: bool,
    },
    /// The user wants to close: what is queued is written first.
    Close,
    /// [`Session::next_wake`](super::Session::next_wake) has come.
    Tick,
}

/// What the host shall do or tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a transport. With the session's id in its URL if it is an upgrade.
    Open {
        /// Its number.
        transport: u32,
        /// What to open.
        kind: TransportKind,
        /// Whether it joins the session instead of beginning it.
        upgrade: bool,
    },
    /// The session is open: [`Session::handshake`](super::Session::handshake) is known.
    Opened,
    /// Write this packet at once on the transport, outside of batches.
    Control {
        /// Its number.
        transport: u32,
        /// The packet's type.
        kind: PacketType,
        /// The packet's text.
        data: &'static str,
    },
    /// Start no further poll, and report [`Input::Paused`] when the requests in flight are answered.
    Pause {
        /// The transport's number.
        transport: u32,
    },
    /// Poll again: the upgrade failed after the pause began.
    Resume {
        /// The transport's number.
        transport: u32,
    },
    /// Messages go over this transport from now on.
    Upgraded {
        /// Its number.
        transport: u32,
    },
    /// The upgrade failed and is not tried again; the session goes on.
    UpgradeFailed,
    /// Close the transport if it is still there, and report nothing more about it.
    Detach {
        /// Its number.
        transport: u32,
    },
    /// The session is over. Messages that were not taken are dropped.
    Closed(CloseReason),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// `ping timeout`: the server did not ping in time.
    PingTimeout,
    /// `transport close`: the server closed the transport or the session.
    TransportClose,
    /// `transport error`: the transport failed, or the server sent something undecodable or no handshake.
    TransportError,
    /// `forced close`: [`Input::Close`].
    ForcedClose,
}

impl CloseReason {
    /// The reason as socket.io-client spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::ForcedClose => "forced close",
        }
    }
}

/// A packet to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing<M> {
    /// `3`, with the text of the ping that it answers.
    Pong(String),
    /// `1`: polling only, the last packet.
    Close,
    /// A message, by the host's handle.
    Message(M),
}

/// Packets to be written together: one POST body, or one WebSocket frame each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<M> {
    /// The transport's number.
    pub transport: u32,
    /// The packets, at least one.
    pub packets: Vec<Outgoing<M>>,
}

/// What to do with a received packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Received {
    /// It is a message: hand it to the layer above.
    Deliver,
    /// Nothing: it was for the session, or it came from a transport that does not count.
    Done,
}

/// Why a message was refused. It was not queued, and the connection is not harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It is longer than the server's `maxPayload`; sending it would cost the connection.
    #[error("message of {len} bytes exceeds the server's limit of {max}: send it in parts")]
    TooLong {
        /// Length of the encoded packet in bytes.
        len: usize,
        /// The handshake's `maxPayload`.
        max: u64,
    },
    /// The session is closing or closed.
    #[error("the session is closed: open another one")]
    Closed,
}
