//! Protocols of servers that speak more than plain messages, one folder and one cargo feature each.
//!
//! Each is a pure state machine or codec in the style of the crate: no socket, no clock, and hostile input bounded.

#[cfg(feature = "socketio")]
pub mod engine_io;
#[cfg(any(feature = "socketio", feature = "sockjs"))]
mod json;
#[cfg(feature = "socketio")]
pub mod socket_io;
#[cfg(feature = "sockjs")]
pub mod sockjs;
#[cfg(feature = "stomp")]
pub mod stomp;
