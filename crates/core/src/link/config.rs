//! Options of a link and what is wrong with them.

use crate::Span;

use super::{Backoff, Heartbeat, PongTimeout};

/// Shortest heartbeat interval and fixed answer timeout.
const MIN_HEARTBEAT: Span = Span::from_millis(10);
const FACTOR_RANGE: core::ops::RangeInclusive<u32> = 1_000..=1_000_000;

/// Options of a [`Link`](super::Link). The defaults are the ones of everwire's own API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// Delays between attempts.
    pub backoff: Backoff,
    /// Whether a loss is followed by another dial. Default true; false ends the link at the first loss.
    pub reconnect: bool,
    /// Consecutive failed attempts after which the link gives up, not counting the first dial. Default `None`, no limit.
    /// With 0 the first loss ends the link. A connection that lasts `min_uptime` starts the count anew.
    pub max_retries: Option<u32>,
    /// How long a connection must last before the attempts are counted from zero again, so that a server that accepts
    /// and then closes does not reset the backoff. Default 5 s.
    pub min_uptime: Span,
    /// Longest time for provider and handshake together. Default 10 s; `None` for no limit but the browser's.
    /// Must be positive.
    pub connect_timeout: Option<Span>,
    /// Longest time for the closing handshake; the socket is abandoned afterwards. Default 1 s (a browser waits 60 s on a
    /// half-open connection). [`Span::MAX`] leaves it to the browser.
    pub close_timeout: Span,
    /// Number of endpoints to choose from. Default 1, at least 1. A failure moves on to the next one, a connection that
    /// lasted `min_uptime` stays on its own.
    pub endpoints: u32,
    /// Whether the built-in close-code policy applies: 1002, 1003, 1007-1010 end the link, 1012 and 1013 add a spread.
    /// Default true; false retries every code alike (as reconnecting-websocket does).
    pub fatal_codes: bool,
    /// Heartbeat. Default `None`: a half-open connection is then noticed only when the browser does.
    pub heartbeat: Option<Heartbeat>,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            reconnect: true,
            max_retries: None,
            min_uptime: Span::from_millis(5_000),
            connect_timeout: Some(Span::from_millis(10_000)),
            close_timeout: Span::from_millis(1_000),
            endpoints: 1,
            fatal_codes: true,
            heartbeat: None,
        }
    }
}

impl LinkConfig {
    pub(crate) fn check(&self) -> Result<(), LinkConfigError> {
        if self.backoff.min > self.backoff.max {
            return Err(LinkConfigError::MinAboveMax);
        }
        if !FACTOR_RANGE.contains(&self.backoff.factor_milli) {
            return Err(LinkConfigError::Factor);
        }
        if self.connect_timeout.is_some_and(Span::is_zero) {
            return Err(LinkConfigError::ConnectTimeout);
        }
        if self.endpoints == 0 {
            return Err(LinkConfigError::NoEndpoint);
        }
        if let Some(heartbeat) = self.heartbeat {
            if heartbeat.interval < MIN_HEARTBEAT {
                return Err(LinkConfigError::HeartbeatInterval);
            }
            if matches!(heartbeat.timeout, PongTimeout::Fixed(timeout) if timeout < MIN_HEARTBEAT) {
                return Err(LinkConfigError::HeartbeatTimeout);
            }
        }
        Ok(())
    }
}

/// Which option of a link is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkConfigError {
    /// `backoff.min` is longer than `backoff.max`.
    #[error("minDelay must be at most maxDelay: lower minDelay or raise maxDelay")]
    MinAboveMax,
    /// `backoff.factor_milli` is out of range.
    #[error("factor must be between 1 and 1000")]
    Factor,
    /// `connect_timeout` is zero.
    #[error("connectTimeout must be positive: leave it out for no limit")]
    ConnectTimeout,
    /// `endpoints` is zero.
    #[error("at least one url is needed")]
    NoEndpoint,
    /// `heartbeat.interval` is too short.
    #[error("heartbeat interval must be at least 10 ms")]
    HeartbeatInterval,
    /// A fixed `heartbeat.timeout` is too short.
    #[error("heartbeat timeout must be at least 10 ms, or adaptive")]
    HeartbeatTimeout,
}
