//! The Socket.IO client through its public surface, against a scripted server on a simulated clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod connecting;
mod emitting;
mod fuzzed;
mod hostile;
mod outages;
mod recovery;
mod reliable;
mod rig;
mod turnarounds;
