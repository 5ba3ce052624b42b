//! Options of a session and what it tells: frames, reasons to close, refused calls.

use alloc::vec::Vec;

use thiserror::Error;

use super::{Frame, HeartBeat, Limits, ParseError, Version, WriteError};
use crate::Span;

/// Options of a [`Session`](super::Session). The defaults are those of `@stomp/stompjs` but for the bounded waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// Versions to offer, in the order of `accept-version`. Default all, the newest first.
    pub versions: Vec<Version>,
    /// Heart-beats to offer. Default 10 s in both directions.
    pub heart_beat: HeartBeat,
    /// After how much silence the connection counts as dead, in thousandths of the agreed interval. Default 2,000;
    /// less than 1,000 counts as 1,000.
    pub tolerance_milli: u32,
    /// Longest wait for `CONNECTED`. Default 10 s; [`Span::MAX`] for no limit.
    pub connect_timeout: Span,
    /// Longest wait for the receipt of `DISCONNECT`; RabbitMQ never sends it. Default 1 s.
    pub disconnect_timeout: Span,
    /// How long the server may take to close after its `ERROR`; RabbitMQ never does after some. Default 100 ms.
    pub error_timeout: Span,
    /// Bounds of received frames.
    pub limits: Limits,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            versions: Vec::from(Version::ALL),
            heart_beat: HeartBeat {
                send: 10_000,
                expect: 10_000,
            },
            tolerance_milli: 2_000,
            connect_timeout: Span::from_millis(10_000),
            disconnect_timeout: Span::from_millis(1_000),
            error_timeout: Span::from_millis(100),
            limits: Limits::default(),
        }
    }
}

/// What came in. Tokens are the numbers that the caller gave to a subscription or a receipt.
#[derive(Clone, Copy, Debug)]
pub enum Received<'a> {
    /// `CONNECTED`: calls are possible from now on.
    Connected {
        /// The agreed version.
        version: Version,
        /// The frame, for `session` and `server`.
        frame: Frame<'a>,
    },
    /// `MESSAGE`.
    Message {
        /// The subscription it is for; `None` if there is none of this id (any more).
        subscription: Option<u32>,
        /// The frame.
        frame: Frame<'a>,
    },
    /// `RECEIPT`.
    Receipt {
        /// The receipt that was waited for; `None` if nobody did.
        receipt: Option<u32>,
        /// The frame.
        frame: Frame<'a>,
    },
    /// The receipt of `DISCONNECT`: close the socket, the server has all that was sent.
    Disconnected,
    /// `ERROR`: the session is over. The server should close now; [`Session::tick`](super::Session::tick) says when to do
    /// it instead.
    Error {
        /// The waiting receipt that the error answers.
        receipt: Option<u32>,
        /// The frame.
        frame: Frame<'a>,
    },
    /// A frame with a command that clients do not get.
    Unknown(Frame<'a>),
    /// A line feed between frames.
    HeartBeat,
}

/// Why the socket is to be closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// What came in is not STOMP.
    #[error("received bytes are not STOMP: check the endpoint and the limits")]
    Malformed(#[source] ParseError),
    /// The first frame is neither `CONNECTED` nor `ERROR`.
    #[error("the first frame is neither CONNECTED nor ERROR: check the endpoint")]
    FirstFrame,
    /// `CONNECTED` names a version that was not offered.
    #[error("the server chose a version that was not offered: offer it or change the endpoint")]
    Version,
    /// No `CONNECTED` within [`SessionConfig::connect_timeout`].
    #[error("no CONNECTED in time: retry, or raise the connection timeout")]
    ConnectTimeout,
    /// Nothing came for longer than the agreed heart-beats and the tolerance allow.
    #[error("the server fell silent: reconnect")]
    Silent,
    /// The server sent `ERROR` and did not close.
    #[error("the server reported an error: see the ERROR frame")]
    ServerError,
    /// No receipt for `DISCONNECT` within [`SessionConfig::disconnect_timeout`].
    #[error("no receipt for DISCONNECT in time: what was sent last may be lost")]
    DisconnectTimeout,
}

/// Why a call did nothing. Nothing was appended to the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CallError {
    /// Before `CONNECTED`, after `ERROR`, or after `disconnect`.
    #[error("there is no underlying STOMP connection: wait until it is connected")]
    NotConnected,
    /// There is a subscription of this id; brokers close the connection over a second one.
    #[error("subscription id is in use: choose another one or unsubscribe first")]
    DuplicateSubscription,
    /// There is no subscription of this id.
    #[error("no subscription has this id: pass the one that subscribe returned")]
    UnknownSubscription,
    /// The frame does not exist in the agreed version (`NACK` in 1.0).
    #[error("the agreed STOMP version has no such frame: offer 1.1 or 1.2")]
    NotInVersion,
    /// The frame cannot be written.
    #[error("frame cannot be written: see its cause")]
    Write(#[from] WriteError),
}
