//! STOMP through its public interface: what comes in, what goes out, and that the two agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod activation;
mod heads;
mod malformed;
mod negotiation;
mod parsing;
mod peer_bugs;
mod properties;
mod read;
mod sessions;
mod writing;
