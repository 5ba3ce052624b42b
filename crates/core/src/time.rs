//! Time as the core sees it: a monotonic instant and a length, both in whole microseconds.
//!
//! The core never reads a clock. Integers keep the arithmetic exact and totally ordered, and saturating operations make
//! every clock jump harmless.

use core::ops::{Add, Sub};
use core::time::Duration;

const MICROS_PER_MILLI: u64 = 1_000;
/// What an instant in milliseconds is multiplied by: more than a thousand by as much as arithmetic with `f64` loses on the
/// way of a deadline to the platform's timer and back. 32,300 µs are 32.3 ms, and a thousand times 32.3 is less than
/// 32,300; a timer that rang exactly at its deadline would be a microsecond early and ask for another one of no delay.
const MILLIS_TO_MICROS: f64 = MICROS_PER_MILLI as f64 * (1.0 + 4.0 * f64::EPSILON);

/// An instant on the caller's monotonic clock, in microseconds since an origin of the caller's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Time {
    /// The origin of the caller's clock.
    pub const ZERO: Self = Self(0);
    /// The end of time stands for "no deadline": nothing needs a special case for a wait of [`Span::MAX`].
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// A deadline that will come, or `None`.
    pub(crate) fn if_ever(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }

    /// An instant `micros` microseconds after the origin.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// An instant in the milliseconds of `performance.now()`, cut off after whole microseconds. Negative and NaN values
    /// become the origin.
    pub fn from_millis_f64(millis: f64) -> Self {
        Self((millis * MILLIS_TO_MICROS) as u64)
    }

    /// Microseconds since the origin.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Milliseconds since the origin, in the unit of `performance.now()`.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_MILLI as f64
    }

    /// The time that passed since `earlier`, zero if `earlier` lies in the future.
    pub const fn since(self, earlier: Self) -> Span {
        Span(minus(self.0, earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span; adding it to any instant gives the end of time.
    pub const MAX: Self = Self(u64::MAX);

    /// A span of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A span of `millis` milliseconds, saturating.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(MICROS_PER_MILLI))
    }

    /// A span of `millis` milliseconds, cut off after whole microseconds. Negative and NaN values become zero, infinite
    /// ones [`Span::MAX`].
    pub fn from_millis_f64(millis: f64) -> Self {
        Self((millis * MICROS_PER_MILLI as f64) as u64)
    }

    /// Length in microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Length in milliseconds.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_MILLI as f64
    }

    /// Whether the span has no length.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The span `factor` times as long, saturating.
    #[inline(never)]
    pub const fn times(self, factor: u64) -> Self {
        // `saturating_mul` needs a product of 128 bits, which WebAssembly has only in software.
        match u64::MAX.checked_div(factor) {
            Some(most) if self.0 > most => Self::MAX,
            _ => Self(self.0.wrapping_mul(factor)),
        }
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Self::from_micros(span.0)
    }
}

impl Add<Span> for Time {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(plus(self.0, span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(minus(self.0, span.0))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(plus(self.0, other.0))
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(minus(self.0, other.0))
    }
}

// Out of line: these few instructions are wanted in a hundred places, and the code's size counts.
#[inline(never)]
const fn plus(a: u64, b: u64) -> u64 {
    a.saturating_add(b)
}

#[inline(never)]
const fn minus(a: u64, b: u64) -> u64 {
    a.saturating_sub(b)
}
