//! The core of everwire: everything that decides, and nothing that touches the outside.
//!
//! This crate opens no socket, reads no clock, draws no random number and knows no JavaScript. It is a set of state
//! machines in the sans-IO shape: events go in together with the current [`Time`], actions come out, and one deadline
//! says when to call again. A shell (the browser crate, the npm host, the simulator) owns the socket and the timer.
//!
//! - [`link`]: one connection's life: dialling, backoff, liveness, closing.
//! - [`send`]: what is written when: keyed policies, lanes, bounds, a status for every message.
//! - [`connection`]: the two together, which is what most shells drive.
//! - [`protocol`]: STOMP, Engine.IO, Socket.IO and SockJS as pure parsers and sessions, behind features.
//! - [`codec`]: typed messages to bytes and back, behind features.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod codec;
pub mod connection;
pub mod link;
pub mod protocol;
mod queue;
pub mod send;
mod time;

pub use time::{Span, Time};
