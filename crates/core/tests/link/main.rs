//! The link's behaviour through its public surface, one rule per test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bounds;
mod closing;
mod harness;
mod liveness;
mod retry;
mod signals;
mod stability;
mod states;
