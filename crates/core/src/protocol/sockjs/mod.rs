//! SockJS 0.3.3: messages over WebSocket, or over HTTP where WebSocket does not get through.
//!
//! Source: the [SockJS protocol](https://sockjs.github.io/sockjs-protocol/sockjs-protocol-0.3.3.html), and where it is
//! silent sockjs-node 0.3.24 and sockjs-client 1.6.1. A client asks `/info`, then tries one [`Transport`] after the other,
//! each with a new session id, until a server answers with the open frame. Messages arrive as [`Frame`]s and leave as
//! JSON arrays of strings; over HTTP one request receives, and another one sends.
//!
//! [`Session`] decides what is asked, tried, sent, waited for and given up when. It sees kinds and lengths of frames only,
//! so a host may keep the payloads to itself. The other modules are the framing of both sides: a client uses
//! [`Frame::parse`] and [`write_messages`], a server [`Frame::write`] and [`read_messages`].

mod event;
mod event_stream;
mod frame;
mod heartbeat;
mod info;
mod lines;
mod session;
mod text;
mod timing;
mod transport;

pub use event::{Arrival, Cause, Input, Loss, Output, Received, SessionConfig};
pub use event_stream::{event_data, write_event};
pub use frame::{Frame, FrameError, read_messages, write_messages};
pub use heartbeat::HeartbeatCheck;
pub use info::{Info, InfoError};
pub use lines::{LineTooLong, Lines, MAX_LINE};
pub use session::{MAX_HELD_FRAMES, MAX_HELD_LEN, NotOpen, Session};
pub use timing::{attempt_limit, retransmission_timeout};
pub use transport::{Transport, Transports};
