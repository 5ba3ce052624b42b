//! The two clocks of an outbox: one that always runs and one that stands still while the link is down.
//!
//! Times to live and token buckets follow the first, pacing timers the second. Keeping pacing deadlines on a clock of
//! their own means that a loss of the link freezes ten thousand timers without touching one of them.

use crate::{Span, Time};

#[derive(Default)]
pub(super) struct Clock {
    /// The caller's time at the last call.
    last: Time,
    /// How far the caller's clock has been set back in total.
    skew: Span,
    /// Time that passed in the caller's forward steps.
    now: Time,
    /// Whether the pacing clock runs.
    running: bool,
    /// Distance between the two clocks while the pacing clock runs.
    paused: Span,
    /// The pacing clock's reading while it stands.
    frozen: Time,
}

impl Clock {
    /// Takes over the caller's time. A step backwards counts as no time at all: deadlines neither fire early nor are
    /// put off by the length of the step.
    pub(super) fn advance(&mut self, time: Time) {
        self.skew = self.skew + self.last.since(time);
        self.last = time;
        self.now = time + self.skew;
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    pub(super) fn running(&self) -> bool {
        self.running
    }

    pub(super) fn pace_now(&self) -> Time {
        if self.running {
            self.now - self.paused
        } else {
            self.frozen
        }
    }

    pub(super) fn pause(&mut self) {
        self.frozen = self.pace_now();
        self.running = false;
    }

    pub(super) fn resume(&mut self) {
        if !self.running {
            self.paused = self.now.since(self.frozen);
            self.running = true;
        }
    }

    /// An instant of the steady clock on the caller's clock.
    pub(super) fn outside(&self, at: Time) -> Time {
        if at == Time::NEVER {
            at
        } else {
            at - self.skew
        }
    }

    /// An instant of the pacing clock on the steady clock; only meaningful while it runs.
    pub(super) fn steady(&self, at: Time) -> Time {
        at + self.paused
    }
}
