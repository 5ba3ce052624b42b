//! What becomes of a client's messages before the hub sees them, whichever transport brings them: lost on purpose, over
//! the rate, refused too often.

use everwire_messages::session::Reason;

use crate::{chaos::Settings, outbound::End, rate::RateBound, seat::Seat, stats::Stats};

/// Refusals in a row after which the client is taken for broken.
const MAX_REFUSALS: u32 = 50;

/// Intake of one connection.
#[derive(Debug)]
pub struct Intake {
    drops: OneIn,
    rate: RateBound,
    refusals: u32,
}

impl Intake {
    /// The intake of a connection that begins now, ms.
    pub fn new(now: u64) -> Self {
        Self {
            drops: OneIn::default(),
            rate: RateBound::new(now),
            refusals: 0,
        }
    }

    /// Takes one message, `None` for one that is not text; gives the end if the client has to go.
    pub fn take(
        &mut self,
        text: Option<&str>,
        seat: &Seat,
        settings: Settings,
        stats: &Stats,
        now: u64,
    ) -> Option<End> {
        stats.messages_in.one();
        if self.drops.hits(settings.drop_inbound) {
            stats.dropped_in.one();
            return None;
        }
        if !self.rate.allows(now) {
            let limit = "too many messages; at most 100 per second, send it again later";
            seat.refuse_unread(text.unwrap_or_default(), Reason::RateLimited, limit);
            return None;
        }
        let taken = match text {
            Some(text) => seat.take(text, now),
            None => {
                let hint = "binary messages are not understood; send json as text";
                seat.refuse_unread("", Reason::Malformed, hint);
                false
            }
        };
        self.refusals = if taken { 0 } else { self.refusals + 1 };
        (self.refusals >= MAX_REFUSALS).then(|| End {
            code: 1008,
            reason: "too many messages were refused".into(),
        })
    }
}

/// Counts messages and hits every Nth.
#[derive(Debug, Default)]
pub struct OneIn {
    count: u32,
}

impl OneIn {
    /// Counts one and tells whether it is an Nth; never with `n` 0.
    pub fn hits(&mut self, n: u32) -> bool {
        self.count = if n == 0 { 0 } else { self.count + 1 };
        let hit = n > 0 && self.count >= n;
        if hit {
            self.count = 0;
        }
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_is_hit_and_none_when_off() {
        let mut drops = OneIn::default();
        let hits: Vec<bool> = (0..7).map(|_| drops.hits(3)).collect();
        assert_eq!(hits, [false, false, true, false, false, true, false]);
        assert!((0..9).all(|_| !drops.hits(0)));
        assert!(drops.hits(1));
    }
}
