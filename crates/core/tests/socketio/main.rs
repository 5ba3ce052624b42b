//! Engine.IO and Socket.IO packets through their public surface, one rule per test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod assembler;
mod engine_packets;
mod handshake;
mod payloads;
mod properties;
mod reconnection;
mod session;
mod socket_packets;
