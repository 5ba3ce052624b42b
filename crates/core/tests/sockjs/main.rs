//! SockJS through its public interface: framing of both sides, and sessions on a simulated clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod fallback;
mod framing;
mod fuzzed;
mod heartbeats;
mod properties;
mod receiving;
mod rig;
mod sending;
mod simulation;
mod streams;
