//! The outbox against its contract, through its public interface and on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bypass;
mod configuration;
mod corners;
mod limits;
mod meetings;
mod offline;
mod ordering;
mod peer_bugs;
mod properties;
mod rig;
mod schedules;
mod slots;
mod statuses;
mod timelines;
mod verbs;
