//! The STOMP client over several connections, on a virtual clock, with a scripted server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod closing;
mod errors;
mod fuzzed;
mod publishing;
mod requests;
mod rig;
mod subscribing;
mod transactions;
