//! Bound on how many messages a client may send.

/// Lasting rate, messages per second.
pub const PER_SECOND: f64 = 100.0;
/// How many may come at once after a pause, such as an outbox after a reconnect.
pub const BURST: f64 = 200.0;

/// Token bucket; time comes in, in ms.
#[derive(Debug, Clone)]
pub struct RateBound {
    tokens: f64,
    at_ms: u64,
}

impl RateBound {
    /// A full bucket.
    pub fn new(now_ms: u64) -> Self {
        Self {
            tokens: BURST,
            at_ms: now_ms,
        }
    }

    /// Whether one more message is within the bound now.
    pub fn allows(&mut self, now_ms: u64) -> bool {
        // A clock that is set back gives no tokens, and takes none.
        let elapsed = now_ms.saturating_sub(self.at_ms) as f64 / 1000.0;
        self.at_ms = now_ms;
        self.tokens = (self.tokens + elapsed * PER_SECOND).min(BURST);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_lasting_rate() {
        let mut bound = RateBound::new(1000);
        assert_eq!((0..300).filter(|_| bound.allows(1000)).count(), 200);
        assert_eq!((0..300).filter(|_| bound.allows(1500)).count(), 50);
        assert!(!bound.allows(500), "a clock set back gives nothing");
        assert_eq!((0..300).filter(|_| bound.allows(60_000)).count(), 200);
    }
}
