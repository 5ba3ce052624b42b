//! How long to wait before the next dial.
//!
//! A pure function of the attempt and one random number, in integers: the same arithmetic natively and in WebAssembly,
//! and no floating-point code in the smallest artifact.

use crate::Span;

use super::random::fraction;

/// Shortest base delay. A zero `min` would otherwise turn a refusing server into a busy loop.
const FLOOR: Span = Span::from_millis(10);

/// Backoff between consecutive failed attempts.
///
/// The first redial after a loss falls anywhere in `0..first_spread`, so that clients which were cut off together do not
/// return together. The next ones wait `first_spread` plus `min`, `min * factor`, `min * factor^2` .. up to `max`, each with
/// jitter: without the addition the second round would begin long before the first is over, and the two would pile up.
/// With a zero `first_spread` the row starts with `min` at the first redial (as in reconnecting-websocket).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// First delay of the row. Default 1 s; below 10 ms counts as 10 ms. At most `max`.
    pub min: Span,
    /// Longest delay. Default 10 s.
    pub max: Span,
    /// Growth per attempt in thousandths. Default 2000 (x 2), from 1000 (constant) to 1,000,000.
    pub factor_milli: u32,
    /// Randomness of each delay. Default [`Jitter::Equal`].
    pub jitter: Jitter,
    /// Spread of the first redial after a loss. Default 2 s; zero for none.
    pub first_spread: Span,
}

/// How a delay `d` of the row is made random. Drawn anew for every attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Exactly `d`.
    None,
    /// Between nothing and `d`.
    Full,
    /// Between `d / 2` and `d`.
    #[default]
    Equal,
    /// Between `d` and `1.25 * d`, never below `min` or above `max`; at the cap between `0.8 * max` and `max`, so that
    /// long outages stay spread. For callers that promise their users a shortest delay.
    Above,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            min: Span::from_millis(1_000),
            max: Span::from_millis(10_000),
            factor_milli: 2_000,
            jitter: Jitter::Equal,
            first_spread: Span::from_millis(2_000),
        }
    }
}

impl Backoff {
    /// The wait before consecutive attempt `attempt` (1 is the first redial; 0 never waits), for one uniform `random`.
    pub fn delay(&self, attempt: u32, random: u32) -> Span {
        let step = match attempt {
            0 => return Span::ZERO,
            1 if !self.first_spread.is_zero() => return fraction(self.first_spread, random),
            _ if self.first_spread.is_zero() => attempt - 1,
            _ => attempt - 2,
        };
        let max = self.max.max(FLOOR);
        let delay = (self.first_spread + self.base(step)).min(max);
        let (low, high) = match self.jitter {
            Jitter::None => (delay, delay),
            Jitter::Full => (Span::ZERO, delay),
            Jitter::Equal => (part(delay, 2), delay),
            Jitter::Above => {
                let low = delay.min(max - part(max, 5)).max(self.min);
                (low, (low + part(low, 4)).min(max))
            }
        };
        low + fraction(high - low, random)
    }

    /// `min * factor^step`, not grown further once it passes `max`.
    fn base(&self, step: u32) -> Span {
        let mut delay = self.min.max(FLOOR).as_micros();
        for _ in 0..step {
            // Two divisions instead of one keep huge spans from overflowing before the cap is compared.
            let factor = u64::from(self.factor_milli);
            let grown = Span::from_micros(delay / 1_000).times(factor).as_micros()
                + delay % 1_000 * factor / 1_000;
            if grown <= delay || delay >= self.max.as_micros() {
                break;
            }
            delay = grown;
        }
        Span::from_micros(delay)
    }
}

fn part(span: Span, divisor: u64) -> Span {
    Span::from_micros(span.as_micros() / divisor)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use proptest::prelude::*;

    use super::*;

    const LOW: u32 = 0;
    const HIGH: u32 = u32::MAX;

    fn millis(span: Span) -> u64 {
        // Drawing just below the end of a range must read as its end.
        (span.as_micros() + 500) / 1_000
    }

    fn drop_in(jitter: Jitter) -> Backoff {
        Backoff {
            factor_milli: 1_300,
            jitter,
            first_spread: Span::ZERO,
            ..Backoff::default()
        }
    }

    #[test]
    fn defaults_spread_the_first_redial_and_then_grow_from_three_seconds_to_ten() {
        let backoff = Backoff::default();
        let ranges: [(u64, u64); 7] = [
            (0, 0),
            (0, 2_000),
            (1_500, 3_000),
            (2_000, 4_000),
            (3_000, 6_000),
            (5_000, 10_000),
            (5_000, 10_000),
        ];
        for (attempt, (low, high)) in ranges.into_iter().enumerate() {
            assert_eq!(
                millis(backoff.delay(attempt as u32, LOW)),
                low,
                "attempt {attempt}"
            );
            assert_eq!(
                millis(backoff.delay(attempt as u32, HIGH)),
                high,
                "attempt {attempt}"
            );
        }
        assert_eq!(millis(backoff.delay(u32::MAX, HIGH)), 10_000);
    }

    #[test]
    fn without_a_first_spread_the_row_starts_with_min_as_in_reconnecting_websocket() {
        let backoff = drop_in(Jitter::None);
        let delays: std::vec::Vec<_> = (0..5)
            .map(|attempt| backoff.delay(attempt, 7).as_micros())
            .collect();
        assert_eq!(delays, [0, 1_000_000, 1_300_000, 1_690_000, 2_197_000]);
    }

    #[test]
    fn jitter_above_never_goes_below_min_and_still_spreads_at_the_cap() {
        let backoff = drop_in(Jitter::Above);
        assert_eq!(millis(backoff.delay(1, LOW)), 1_000);
        assert_eq!(millis(backoff.delay(1, HIGH)), 1_250);
        assert_eq!(millis(backoff.delay(40, LOW)), 8_000);
        assert_eq!(millis(backoff.delay(40, HIGH)), 10_000);
        let flat = Backoff {
            max: backoff.min,
            ..backoff
        };
        assert_eq!(millis(flat.delay(9, LOW)), 1_000);
        assert_eq!(millis(flat.delay(9, HIGH)), 1_000);
    }

    #[test]
    fn a_zero_minimum_does_not_spin() {
        let backoff = Backoff {
            min: Span::ZERO,
            max: Span::ZERO,
            factor_milli: 1_000,
            jitter: Jitter::None,
            first_spread: Span::ZERO,
        };
        assert_eq!(millis(backoff.delay(1, HIGH)), 10);
        assert_eq!(millis(backoff.delay(1_000, HIGH)), 10);
    }

    proptest! {
        #[test]
        fn delays_stay_within_their_bounds(
            min in 10_000_u64..100_000_000,
            room in 0_u64..1_000_000_000,
            factor_milli in 1_000_u32..=1_000_000,
            attempt in 1_u32..100_000,
            random: u32,
            kind in 0..4,
        ) {
            let jitter = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Above][kind as usize];
            let backoff = Backoff {
                min: Span::from_micros(min),
                max: Span::from_micros(min + room),
                factor_milli,
                jitter,
                first_spread: Span::ZERO,
            };
            let delay = backoff.delay(attempt, random).as_micros();
            let lowest = match jitter {
                Jitter::None | Jitter::Above => min,
                Jitter::Full => 0,
                Jitter::Equal => min / 2,
            };
            prop_assert!((lowest..=min + room).contains(&delay));
        }
    }
}
