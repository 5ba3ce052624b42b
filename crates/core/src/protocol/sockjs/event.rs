//! What goes into a session and what comes out.

use super::heartbeat::HeartbeatCheck;
use super::transport::{Transport, Transports};
use crate::Span;

/// Options of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// `transports`: what may be tried. Default all; leave out what the host cannot do.
    pub transports: Transports,
    /// `timeout`: the shortest patience with an attempt. Default `None`: see [`attempt_limit`](super::attempt_limit).
    pub timeout: Option<Span>,
    /// How long `/info` may take. Default 8 s, as in sockjs-client, where it is fixed.
    pub info_timeout: Span,
    /// When silence means that the connection is dead. Default [`HeartbeatCheck::Learned`].
    pub heartbeat: HeartbeatCheck,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            transports: Transports::ALL,
            timeout: None,
            info_timeout: Span::from_millis(8_000),
            heartbeat: HeartbeatCheck::default(),
        }
    }
}

/// What happened to a session, apart from frames (see [`Session::receive`](super::Session::receive)). Events of an
/// attempt that does not count any more are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Begins. Once only.
    Start,
    /// `/info` was answered with 200.
    Info {
        /// Whether the server offers WebSocket.
        websocket: bool,
    },
    /// `/info` was not answered, or with another status.
    InfoFailed,
    /// The request that receives was answered with 200, and all its frames were given.
    Answered {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The latest batch was answered with 200 or 204.
    Sent {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The transport is gone.
    Lost {
        /// The number of the attempt.
        attempt: u32,
        /// How.
        loss: Loss,
    },
    /// The user wants to close: what waits is sent first.
    Close,
    /// [`Session::next_wake`](super::Session::next_wake) has come.
    Tick,
}

/// How a transport was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The WebSocket closed, with this code.
    Socket {
        /// Close code of RFC 6455 section 7.4; 1006 if it never opened.
        code: u16,
    },
    /// The request that receives failed, broke off, or was answered with another status than 200.
    Receiver,
    /// A batch failed, or was answered with another status than 200 and 204.
    Sender,
}

/// What kind of frame came, as far as the session must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// `o`.
    Open,
    /// `h`.
    Heartbeat,
    /// The 2,048 `h` at the beginning of xhr-streaming. They prove nothing but that the request was taken.
    Prelude,
    /// `a` or `m`.
    Messages {
        /// Length of the frame, in a unit of the host's choice.
        len: usize,
    },
    /// `c`.
    Close {
        /// The code in it.
        code: u16,
    },
    /// A frame that cannot be read.
    Malformed,
    /// A frame above [`MAX_LINE`](super::MAX_LINE).
    TooLong,
    /// A frame of another type.
    Unknown,
}

/// What to do with a received frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Received {
    /// Nothing: it was for the session, or it does not count.
    Done,
    /// Hand its messages to the user.
    Deliver,
    /// Keep its messages, and hand them to the user after [`Output::Opened`], or drop them with [`Output::Detach`].
    Hold,
    /// Tell the user, if he wants to know.
    Heartbeat,
}

/// What the host shall do or tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask `GET base/info`.
    Ask,
    /// Open this transport with a new session id. Over HTTP that is the first request that receives.
    Dial {
        /// The number of the attempt, 1 for the first.
        attempt: u32,
        /// What to open.
        transport: Transport,
    },
    /// Start the next request that receives.
    Receive {
        /// The number of the attempt.
        attempt: u32,
    },
    /// Send the next `count` messages: over HTTP together by one `xhr_send`, to be followed by [`Input::Sent`], on
    /// WebSocket one by one.
    Write {
        /// The number of the attempt.
        attempt: u32,
        /// How many, at least 1.
        count: u32,
    },
    /// Abort the requests or close the WebSocket, and report nothing more about it.
    Detach {
        /// The number of the attempt.
        attempt: u32,
    },
    /// The session is open.
    Opened {
        /// What carries it.
        transport: Transport,
    },
    /// The session is over: abort `/info` if it is still asked. Messages that were not written are lost, and of those in a
    /// batch without an answer nobody knows.
    Closed {
        /// The close code to tell.
        code: u16,
        /// Why.
        cause: Cause,
        /// Whether this was an orderly end.
        clean: bool,
    },
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// [`Input::Close`]. The host knows code and reason.
    User,
    /// The server closed the session. The host knows the reason.
    Server,
    /// `/info` failed: 1002.
    Info,
    /// No transport is left to try: 2000.
    AllFailed,
    /// The server began a new session in place of this one: 1006.
    SessionLost,
    /// The WebSocket closed without a close frame of the session: the code is its own. The host knows the reason.
    Socket,
    /// The request that receives failed: 1006.
    Receiver,
    /// A batch failed: 1006. The host knows how.
    Sender,
    /// The request that receives was answered again and again with nothing: 1006.
    Empty,
    /// No frame for too long: 1006.
    Silence,
    /// A frame could not be read: 1002.
    Malformed,
    /// A frame was too long: 1009.
    TooLong,
}
