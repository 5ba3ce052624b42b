//! A small seeded generator: jitter needs independence between clients, not secrecy.

use crate::Span;

/// SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, every seed is good.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline(never)]
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// Uniform in `0..span`.
    pub(super) fn within(&mut self, span: Span) -> Span {
        fraction(span, self.next())
    }
}

/// `span * random / 2^32` without a 128-bit product.
#[inline(never)]
pub(super) const fn fraction(span: Span, random: u32) -> Span {
    let (micros, random) = (span.as_micros(), random as u64);
    Span::from_micros((micros >> 32) * random + (((micros & 0xffff_ffff) * random) >> 32))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn a_fraction_covers_its_span_for_short_and_for_endless_ones() {
        assert_eq!(fraction(Span::MAX, 0), Span::ZERO);
        assert!(fraction(Span::MAX, u32::MAX) < Span::MAX);
        assert!(fraction(Span::MAX, u32::MAX).as_micros() > u64::MAX / 4 * 3);
        assert_eq!(
            fraction(Span::from_micros(1_000), 1 << 31),
            Span::from_micros(500)
        );
    }

    #[test]
    fn neighbouring_seeds_share_no_schedule() {
        let draws: std::collections::BTreeSet<_> =
            (0..1_000).map(|seed| Random::new(seed).next()).collect();
        assert_eq!(draws.len(), 1_000);
    }

    #[test]
    fn draws_are_spread_evenly() {
        let mut random = Random::new(1);
        let mut buckets = [0_u32; 10];
        for _ in 0..100_000 {
            let bucket = fraction(Span::from_micros(10), random.next()).as_micros();
            buckets[usize::try_from(bucket).unwrap_or(usize::MAX)] += 1;
        }
        assert!(
            buckets.iter().all(|count| (9_600..10_400).contains(count)),
            "{buckets:?}"
        );
    }
}
