//! Heart-beats as `@stomp/stompjs` keeps them: a beat in every interval, also when other frames went out, and a check for
//! silence once per interval.
//!
//! [`Session`](super::Session) does both by the letter of the specification instead: a beat only when otherwise idle, and
//! silence noticed at once.

use super::Beats;
use crate::{Span, Time};

/// A check that comes this late did not measure silence: the page slept or its timers were throttled, and what came in
/// meanwhile may still wait to be delivered. The check is made again after as long; late twice in a row, it counts, for a
/// hidden page's timers are late each time.
const LATE: Span = Span::from_millis(1_000);

/// What is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Send a beat.
    pub beat: bool,
    /// Nothing came in for this long, more than is tolerated. Reported by each check until the connection ends.
    pub silence: Option<Span>,
}

/// The beats of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    beats: Beats,
    tolerated: Span,
    heard: Time,
    beat_at: Time,
    check_at: Time,
    /// Whether the check was put off.
    put_off: bool,
}

impl Pulse {
    /// Starts both intervals at `now`, when the last thing came in. `tolerance` is the number of intervals that the server
    /// may be silent for (2 in the peer).
    pub fn new(now: Time, beats: Beats, tolerance: f64) -> Self {
        let tolerated = beats.expect.map_or(Span::MAX, |every| {
            Span::from_millis_f64(every.as_millis_f64() * tolerance)
        });
        Self {
            beats,
            tolerated,
            heard: now,
            beat_at: now + beats.send.unwrap_or(Span::MAX),
            check_at: now + beats.expect.unwrap_or(Span::MAX),
            put_off: false,
        }
    }

    /// Something came in at `at`.
    pub fn heard(&mut self, at: Time) {
        self.heard = self.heard.max(at);
    }

    /// When [`tick`](Self::tick) is due; [`Time::NEVER`] without beats.
    pub(super) fn next_wake(&self) -> Time {
        self.beat_at.min(self.check_at)
    }

    /// What is due at `now`. A call that comes early does no harm.
    pub fn tick(&mut self, now: Time) -> Due {
        let mut due = Due::default();
        if self.beat_at <= now {
            due.beat = true;
            self.beat_at = next(self.beat_at, self.beats.send, now);
        }
        if self.check_at <= now {
            self.put_off = !self.put_off && now.since(self.check_at) >= LATE;
            if self.put_off {
                self.check_at = now + LATE;
            } else {
                let silence = now.since(self.heard);
                due.silence = (silence > self.tolerated).then_some(silence);
                self.check_at = next(self.check_at, self.beats.expect, now);
            }
        }
        due
    }
}

/// The next time of an interval; what was slept through is left out.
fn next(at: Time, every: Option<Span>, now: Time) -> Time {
    let every = every.unwrap_or(Span::MAX);
    let planned = at + every;
    if planned > now { planned } else { now + every }
}
