//! The one source of randomness of a run.

use everwire_core::Span;

/// SplitMix64, as in the core but with a life of its own: the world's draws must not shift the clients'.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that repeats itself for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `0..end`; zero if `end` is.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.bits() % end }
    }

    /// True once in `n` draws on average.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Uniform between nothing and `span`.
    pub fn within(&mut self, span: Span) -> Span {
        Span::from_micros(self.below(span.as_micros().saturating_add(1)))
    }
}

/// The seeds of a test loop: `0..count`, or only the one in the environment variable `EVERWIRE_SEED`, or as many as
/// `EVERWIRE_SEEDS` says for a longer search.
pub fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let variable = |name| std::env::var(name).ok()?.parse().ok();
    match variable("EVERWIRE_SEED") {
        Some(seed) => seed..=seed,
        None => {
            0..=variable("EVERWIRE_SEEDS")
                .unwrap_or(count)
                .saturating_sub(1)
        }
    }
}
