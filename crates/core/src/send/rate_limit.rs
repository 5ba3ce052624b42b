//! Token bucket in exact integer arithmetic.
//!
//! The state is one instant, at which the bucket would be full again (the generic cell rate algorithm). Credit cannot
//! exceed the burst, whatever time passes offline or in a suspended tab, and there is no rounding to accumulate.

use super::RateLimit;
use crate::{Span, Time};

#[derive(Clone, Copy)]
pub(super) struct Bucket {
    pub(super) limit: RateLimit,
    full_at: Time,
}

impl Bucket {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            full_at: Time::ZERO,
        }
    }

    /// When the bucket holds `tokens` tokens, if it can.
    pub(super) fn ready_at(&self, tokens: usize) -> Option<Time> {
        let missing = u64::from(self.limit.burst).checked_sub(tokens as u64)?;
        Some(self.full_at - self.limit.per_token.times(missing))
    }

    pub(super) fn has(&self, tokens: usize, now: Time) -> bool {
        self.ready_at(tokens).is_some_and(|at| at <= now)
    }

    pub(super) fn take(&mut self, now: Time) {
        self.full_at = self.full_at.max(now) + self.limit.per_token;
    }

    /// Whether the limit can ever let anything through and can ever stop anything.
    pub(super) fn is_valid(limit: &RateLimit) -> bool {
        limit.burst > 0 && !limit.per_token.is_zero() && limit.per_token != Span::MAX
    }
}
