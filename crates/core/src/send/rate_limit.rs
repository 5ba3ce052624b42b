//! Token bucket in exact integer arithmetic.
//!
//! The state is one instant, at which the bucket would be full again (the generic cell rate algorithm). Credit cannot
//! exceed the burst, whatever time passes offline or in a suspended tab, and there is no rounding to accumulate.

use super::{ConfigError, OutboxConfig, RateLimit};
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

    /// When the bucket holds `tokens` tokens, [`Time::NEVER`] if it is too small.
    pub(super) fn ready_at(&self, tokens: usize) -> Time {
        match u64::from(self.limit.burst).checked_sub(tokens as u64) {
            Some(missing) => self.full_at - self.limit.per_token.times(missing),
            None => Time::NEVER,
        }
    }

    pub(super) fn take(&mut self, now: Time) {
        self.full_at = self.full_at.max(now) + self.limit.per_token;
    }

    /// A limit must be able to let something through and to stop something.
    pub(super) fn check(limit: Option<RateLimit>) -> Result<(), ConfigError> {
        match limit {
            Some(limit)
                if limit.burst == 0
                    || limit.per_token.is_zero()
                    || limit.per_token == Span::MAX =>
            {
                Err(ConfigError::BadRate)
            }
            _ => Ok(()),
        }
    }
}

impl OutboxConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.max_messages == 0 || self.max_bytes == 0 {
            return Err(ConfigError::EmptyQueue);
        }
        Bucket::check(self.rate)?;
        Bucket::check(self.ramp)
    }
}
