//! Waits between attempts as socket.io-client computes them, without its defect at the cap.
//!
//! Source: `contrib/backo2.js` of socket.io-client 4.8. There the cap comes after the jitter, so that from about the
//! fourth attempt on every client waits exactly the maximum and all of them return together. Here the wait is capped first:
//! below the cap the two agree, at the cap clients stay spread over the lower part of the range.

use crate::Span;

/// The wait doubles this often at most; beyond it any delay has passed any maximum.
const MAX_DOUBLINGS: u32 = 52;
/// Thousandths in a whole.
const MILLI: u64 = 1_000;

/// Options of the waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnection {
    /// `reconnectionDelay`: the first wait. Default 1 s.
    pub min: Span,
    /// `reconnectionDelayMax`: the longest wait. Default 5 s.
    pub max: Span,
    /// `randomizationFactor` in thousandths: how far a wait strays from the row. Default 500; as in the reference client
    /// anything above 1,000 counts as 0.
    pub factor_milli: u32,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self {
            min: Span::from_millis(1_000),
            max: Span::from_millis(5_000),
            factor_milli: 500,
        }
    }
}

impl Reconnection {
    /// The wait before the attempt that follows `attempts` failed ones, for one uniform `random`: `min * 2^attempts`, give
    /// or take `factor` of it, at most `max`.
    pub fn delay(&self, attempts: u32, random: u32) -> Span {
        let factor = match u64::from(self.factor_milli) {
            factor if factor > MILLI => 0,
            factor => factor,
        };
        let base = self
            .min
            .times(1 << attempts.min(MAX_DOUBLINGS))
            .min(self.max);
        let deviation = part(base, factor);
        let highest = (base + deviation).min(self.max);
        let lowest = base - deviation;
        lowest + fraction(highest - lowest, random)
    }
}

/// `factor` thousandths of `span`. Divides first where the product would not fit.
fn part(span: Span, factor: u64) -> Span {
    let micros = span.as_micros();
    let scaled = micros.checked_mul(factor).map(|product| product / MILLI);
    Span::from_micros(scaled.unwrap_or(micros / MILLI * factor))
}

/// `span * random / 2^32`.
const fn fraction(span: Span, random: u32) -> Span {
    let (micros, random) = (span.as_micros(), random as u64);
    Span::from_micros((micros >> 32) * random + (((micros & 0xffff_ffff) * random) >> 32))
}
