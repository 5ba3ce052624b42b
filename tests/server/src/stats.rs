//! What the server saw, per key, for tests that must know it from the other side.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

/// Texts kept per key.
const MAX_TEXTS: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Stats {
    keys: Mutex<HashMap<String, Counters>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Handshakes asked for, refused ones included.
    pub(crate) attempts: u64,
    /// Handshakes completed.
    pub(crate) connections: u64,
    /// Connections open now.
    pub(crate) open: u64,
    /// Data messages received.
    pub(crate) messages: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Code of the last close frame received, 1005 for an empty one.
    pub(crate) close_code: Option<u16>,
    /// Its reason.
    pub(crate) close_reason: String,
    /// Texts received, in order.
    pub(crate) texts: Vec<String>,
    /// Ages that `/meter` saw, in milliseconds.
    pub(crate) ages: Vec<f64>,
}

impl Counters {
    pub(crate) fn text(&mut self, text: &str) {
        if self.texts.len() < MAX_TEXTS {
            self.texts.push(text.to_owned());
        }
    }
}

impl Counters {
    /// Median and 95th percentile of the ages, null before the first.
    fn ages(&mut self) -> Value {
        self.ages.sort_by(f64::total_cmp);
        let at = |share: f64| self.ages.get((self.ages.len() as f64 * share) as usize);
        json!({ "p50": at(0.5), "p95": at(0.95) })
    }
}

impl Stats {
    /// Changes the counters of a key.
    pub(crate) fn update<T>(&self, key: &str, change: impl FnOnce(&mut Counters) -> T) -> T {
        change(self.lock().entry(key.to_owned()).or_default())
    }

    /// Counters as JSON.
    pub(crate) fn report(&self, key: &str) -> Value {
        self.update(key, |counters| {
            json!({
                "attempts": counters.attempts,
                "connections": counters.connections,
                "open": counters.open,
                "messages": counters.messages,
                "bytes": counters.bytes,
                "closeCode": counters.close_code,
                "closeReason": counters.close_reason,
                "ageMs": counters.ages(),
            })
        })
    }

    /// Texts as a JSON array.
    pub(crate) fn texts(&self, key: &str) -> Value {
        self.update(key, |counters| json!(counters.texts))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Counters>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
