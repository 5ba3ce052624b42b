//! A small seeded generator: the fleet and the jitter need repeatable numbers, not secrets.

/// SplitMix64 by Steele, Lea and Flood: a 64-bit counter with a strong finisher.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator whose sequence is decided by `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 (included) to 1 (excluded).
    pub fn unit(&mut self) -> f64 {
        // 53 bits fill the mantissa of an f64 exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number from `min` (included) to `max` (excluded).
    pub fn between(&mut self, min: f64, max: f64) -> f64 {
        min + (max - min) * self.unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_within_bounds() {
        let (mut a, mut b, mut c) = (Random::new(7), Random::new(7), Random::new(8));
        let numbers: Vec<f64> = (0..1000).map(|_| a.between(-2.0, 3.0)).collect();
        assert!(numbers.iter().all(|n| (-2.0..3.0).contains(n)));
        assert_eq!(
            numbers,
            (0..1000).map(|_| b.between(-2.0, 3.0)).collect::<Vec<_>>()
        );
        assert_ne!(
            numbers,
            (0..1000).map(|_| c.between(-2.0, 3.0)).collect::<Vec<_>>()
        );
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!(
            (0.2..0.8).contains(&mean),
            "mean {mean} is far from the middle"
        );
    }
}
