//! Whether silence proves anything.
//!
//! A server tells nobody how often it sends its heartbeat, and sockjs-node sends none that a page could see on a
//! WebSocket. So the rhythm is learnt: from the distances of heartbeats that came.

use crate::{Span, Time};

/// Distances that must have been seen before they count as a rhythm. Three, because that many heartbeats together may
/// come out of one stall of the network.
const DISTANCES: usize = 3;
/// Shortest patience that is derived from a rhythm.
const MIN_LIMIT: Span = Span::from_millis(10_000);

/// What to do about silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeartbeatCheck {
    /// The connection is dead after two and a half times the longest of the last three distances of heartbeats, at least
    /// 10 s. With sockjs-node and Spring, which beat every 25 s, that is after 62.5 s. Until four heartbeats came
    /// silence proves nothing.
    #[default]
    Learned,
    /// The connection is dead after this long without a frame, over HTTP from the open frame on, on WebSocket once a
    /// heartbeat came.
    After(Span),
    /// Silence proves nothing.
    Never,
}

/// What is known about the server's rhythm.
#[derive(Clone, Debug)]
pub(super) struct Rhythm {
    check: HeartbeatCheck,
    last: Option<Time>,
    distances: [Span; DISTANCES],
    known: usize,
}

impl Rhythm {
    pub(super) const fn new(check: HeartbeatCheck) -> Self {
        Self {
            check,
            last: None,
            distances: [Span::ZERO; DISTANCES],
            known: 0,
        }
    }

    /// A heartbeat came.
    pub(super) fn beat(&mut self, now: Time) {
        if let Some(last) = self.last {
            self.distances.rotate_left(1);
            if let Some(newest) = self.distances.last_mut() {
                *newest = now.since(last);
            }
            self.known += 1;
        }
        self.last = Some(now);
    }

    /// How long silence may last now.
    pub(super) fn limit(&self, is_http: bool) -> Span {
        match self.check {
            HeartbeatCheck::After(limit) if is_http || self.last.is_some() => limit,
            HeartbeatCheck::Learned if self.known >= DISTANCES => {
                let longest = self.distances.into_iter().max().unwrap_or_default();
                let micros = longest.times(5).as_micros() / 2;
                Span::from_micros(micros).max(MIN_LIMIT)
            }
            _ => Span::MAX,
        }
    }
}
