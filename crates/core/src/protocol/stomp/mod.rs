//! STOMP 1.0, 1.1 and 1.2 over WebSocket messages, for clients and for servers.
//!
//! No socket and no clock here. Bytes of messages go into a [`Parser`], which hands out one [`Event`] after the other;
//! a [`Writer`] appends frames to a buffer in the header order that brokers and tools know. What a frame says is decoded
//! when it is asked for: a subscriber that reads one header and the body pays for one header and the body. [`Session`] is
//! a client's side of a whole connection. A shell whose bodies stay in JavaScript reads only heads, with [`read_head`], and
//! lives as `@stomp/stompjs` does by an [`Activation`].
//!
//! | Phase | Client | Server |
//! |---|---|---|
//! | opening | [`Writer::connect`], then [`Version::accepted`] on `CONNECTED` | [`Version::negotiate`], [`Writer::connected`] |
//! | both agree | [`Parser::set_escapes`] and a new [`Writer`] with [`Version::escapes`] | the same |
//! | heart-beats | [`HeartBeat::agree`] of its own offer and the server's | the same, the other way round |
//!
//! Specifications: <https://stomp.github.io/stomp-specification-1.0.html>, `-1.1.html`, `-1.2.html`.

mod activation;
pub mod client;
mod error;
mod escape;
mod frame;
mod head;
mod heart_beat;
mod outcome;
mod parser;
mod pulse;
mod session;
mod table;
mod version;
mod write;

pub use activation::{Action, Activation, Growth};
pub use error::{ParseError, WriteError};
pub use escape::Escapes;
pub use frame::{Frame, FrameBuf, Header, Headers};
pub use head::{Head, read_head};
pub use heart_beat::{Beats, HeartBeat};
pub use outcome::{CallError, CloseReason, Received, SessionConfig};
pub use parser::{Event, Limits, Parser};
pub use pulse::{Due, Pulse};
pub use session::Session;
pub use version::{Version, accept_version};
pub use write::{Acknowledge, Body, Fields, Writer};
