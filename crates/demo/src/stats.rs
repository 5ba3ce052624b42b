//! Counters for `/stats`, since the start of the process.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Counts several.
    pub fn add(&self, count: u64) {
        // Nothing is ordered by these numbers, they are only shown.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The number.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub struct Stats {
    /// Handshakes answered with an error.
    pub refused_handshakes: Counter,
    /// Posts stored.
    pub posts: Counter,
    /// Like messages stored.
    pub likes: Counter,
    /// Posts and likes that came again and had no effect.
    pub duplicates: Counter,
    /// Messages refused.
    pub rejected: Counter,
    /// Messages that reached the server.
    pub messages_in: Counter,
    /// Messages written.
    pub messages_out: Counter,
    /// Positions replaced by newer ones before they were written.
    pub superseded: Counter,
    /// Inbound messages lost on purpose.
    pub dropped_in: Counter,
    /// Outbound messages lost on purpose.
    pub dropped_out: Counter,
    /// Clients cut off for reading too slowly.
    pub slow_closed: Counter,
}
