//! What follows the end of a socket: end, dial, or wait how long.

use crate::{Span, Time};

use super::close_code::{self, Class};
use super::timers::Timer;
use super::{Cause, EndReason, Link, Output, State, Verdict};

/// Shortest wait after the second consecutive failure, whatever the user's override says.
const RETRY_FLOOR: Span = Span::from_millis(10);
/// Least additional spread after a close that reached all clients at once.
const GOODBYE_SPREAD: Span = Span::from_millis(2_000);

impl Link {
    pub(super) fn gone(&mut self, now: Time, generation: u32, cause: Cause, verdict: Verdict) {
        if generation != self.generation {
            return;
        }
        match self.state {
            State::Connecting | State::Open => self.lose(now, cause, verdict),
            State::Closing => self.end(cause, EndReason::User),
            State::Idle | State::Waiting | State::Closed => {}
        }
    }

    /// Gives up on a socket that will not tell by itself.
    pub(super) fn abandon(&mut self, now: Time, cause: Cause) {
        // Without a redial the browser's own report, however late, is worth more than this guess.
        if cause == Cause::Resumed && (!self.config.reconnect || self.is_exhausted()) {
            return;
        }
        self.detach();
        self.lose(now, cause, Verdict::Default);
    }

    fn is_exhausted(&self) -> bool {
        self.config
            .max_retries
            .is_some_and(|limit| self.attempt >= limit)
    }

    /// What follows the end of a socket.
    pub(super) fn lose(&mut self, now: Time, cause: Cause, verdict: Verdict) {
        let stable = self.state == State::Open && self.timers.deadline(Timer::Uptime).is_none();
        let class = match cause {
            Cause::SocketClosed { code, .. } if self.config.fatal_codes => close_code::class(code),
            _ => Class::Retry,
        };
        if !self.config.reconnect {
            return self.end(cause, EndReason::ReconnectOff);
        }
        if verdict == Verdict::Stop || (verdict == Verdict::Default && class == Class::Fatal) {
            return self.end(cause, EndReason::Fatal);
        }
        if self.is_exhausted() {
            return self.end(cause, EndReason::RetriesExhausted);
        }
        self.attempt = self.attempt.saturating_add(1);
        if !stable {
            self.endpoint += 1;
            if self.endpoint >= self.config.endpoints {
                self.endpoint = 0;
            }
        }
        let delay = self.delay(now, cause, class, verdict);
        if delay.is_zero() {
            return self.dial(now, cause);
        }
        self.timers.clear();
        self.enter(State::Waiting, cause);
        self.wait(now, delay);
    }

    fn delay(&mut self, now: Time, cause: Cause, class: Class, verdict: Verdict) -> Span {
        let mut delay = match verdict {
            Verdict::RetryAfter(span) => {
                self.not_before = now + span;
                span
            }
            // Each client notices a dead link by itself, so nobody dials in step and the user has waited long enough.
            _ if self.attempt == 1 && matches!(cause, Cause::Dead | Cause::Resumed) => {
                self.spread_hint(now, Span::ZERO)
            }
            _ => {
                let delay = self.config.backoff.delay(self.attempt, self.random.next());
                let spread = match class {
                    Class::Spread => self
                        .random
                        .within(self.config.backoff.first_spread.max(GOODBYE_SPREAD)),
                    Class::Fatal | Class::Retry => Span::ZERO,
                };
                self.spread_hint(now, delay + spread)
            }
        };
        if self.attempt > 1 {
            delay = delay.max(RETRY_FLOOR);
        }
        delay
    }

    /// At least what is left of the server's hint, and then not all at once.
    fn spread_hint(&mut self, now: Time, delay: Span) -> Span {
        let left = self.not_before.since(now);
        if left.is_zero() {
            return delay;
        }
        let spread = self
            .config
            .backoff
            .first_spread
            .max(Span::from_micros(left.as_micros() / 4));
        delay.max(left + self.random.within(spread))
    }

    pub(super) fn wait(&mut self, now: Time, delay: Span) {
        self.timers.arm(Timer::Redial, now + delay);
        self.outputs.push(Output::Retry {
            attempt: self.attempt,
            delay,
        });
    }

    pub(super) fn hint(&mut self, now: Time, span: Span) {
        if !matches!(self.state, State::Connecting | State::Open | State::Waiting) {
            return;
        }
        self.not_before = now + span;
        if self.state == State::Waiting {
            let delay = self.spread_hint(now, Span::ZERO);
            self.wait(now, delay);
        }
    }
}
