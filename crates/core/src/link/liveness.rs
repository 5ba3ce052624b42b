//! Is the peer still there? Heartbeat, round-trip time, suspicion.
//!
//! A browser reports a half-open connection after a minute at best, so silence has to be measured here. Three ideas:
//! the next ping counts from the last receive (throttled timers delay it but never falsify it, and busy links need no
//! pings); the time allowed for an answer follows the measured round trips (RFC 6298); page and network signals are
//! suspicions that a probe confirms or clears.

use crate::{Span, Time};

use super::random::Random;

/// Shortest adaptive timeout of a regular ping: absorbs a garbage collection, a throttled tab, a radio waking up.
const TIMEOUT_FLOOR: Span = Span::from_millis(2_000);
/// Shortest adaptive timeout of a probe: the user is looking at the page now.
const PROBE_FLOOR: Span = Span::from_millis(1_000);
/// Longest adaptive timeout.
const TIMEOUT_CAP: Span = Span::from_millis(20_000);
/// A page that becomes visible right after something was received needs no probe.
const FRESH: Span = Span::from_millis(1_000);

/// A heartbeat: what keeps an idle connection alive and notices a dead one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// A ping follows 80-100 % of this time without any receive (random, so that clients of one broadcast do not ping in
    /// step). At least 10 ms; 15-25 s suits most proxies.
    pub interval: Span,
    /// How long to wait for a sign of life after a ping; any receive counts.
    pub timeout: PongTimeout,
    /// Whether the peer answers pings. If not, pings only keep middleboxes from cutting an idle link and silence proves
    /// nothing: no timeout, no probes.
    pub answered: bool,
}

/// How long a ping may stay without a sign of life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PongTimeout {
    /// Smoothed round trip plus four deviations, within 2 s to 20 s. Doubles with each death until an answer is measured,
    /// so that a link slower than the estimate cannot die for ever.
    #[default]
    Adaptive,
    /// Exactly this long. At least 10 ms.
    Fixed(Span),
}

/// Round-trip times measured with the heartbeat, smoothed as in RFC 6298 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtt {
    /// Smoothed round trip.
    pub smoothed: Span,
    /// Smoothed mean deviation.
    pub variance: Span,
    /// Latest sample.
    pub last: Span,
    /// Shortest sample.
    pub min: Span,
}

impl Rtt {
    const fn first(sample: Span) -> Self {
        Self {
            smoothed: sample,
            variance: Span::from_micros(sample.as_micros() / 2),
            last: sample,
            min: sample,
        }
    }

    fn add(&mut self, sample: Span) {
        let deviation = self.smoothed.max(sample) - self.smoothed.min(sample);
        self.variance = blend(self.variance, deviation, 4);
        self.smoothed = blend(self.smoothed, sample, 8);
        self.last = sample;
        self.min = self.min.min(sample);
    }
}

/// `old + (new - old) / weight`.
const fn blend(old: Span, new: Span, weight: u64) -> Span {
    let old = old.as_micros();
    Span::from_micros(old - old / weight + new.as_micros() / weight)
}

/// How much the open socket is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nothing speaks against it.
    Trusted,
    /// A signal speaks against it.
    Suspect,
    /// A probe is out; silence ends the socket.
    Probing,
}

/// What is known about the peer's life.
#[derive(Clone, Debug)]
pub(super) struct Liveness {
    heartbeat: Option<Heartbeat>,
    pub(super) trust: Trust,
    pub(super) rtt: Option<Rtt>,
    pub(super) last_received: Option<Time>,
    /// When the one ping that may give a sample was sent.
    ping_sent: Option<Time>,
    /// Silence after which the next ping is due.
    quiet: Span,
    /// Deaths since the last sample.
    deaths: u32,
}

impl Liveness {
    pub(super) const fn new(heartbeat: Option<Heartbeat>) -> Self {
        Self {
            heartbeat,
            trust: Trust::Trusted,
            rtt: None,
            last_received: None,
            ping_sent: None,
            quiet: Span::MAX,
            deaths: 0,
        }
    }

    /// Whether silence after a ping proves anything.
    pub(super) fn can_probe(&self) -> bool {
        self.heartbeat.is_some_and(|heartbeat| heartbeat.answered)
    }

    /// A socket opened: the handshake itself is a sign of life.
    pub(super) fn opened(&mut self, now: Time) {
        self.trust = Trust::Trusted;
        self.ping_sent = None;
        self.last_received = Some(now);
    }

    pub(super) fn died(&mut self) {
        self.deaths = self.deaths.saturating_add(1);
    }

    pub(super) fn received(&mut self, now: Time, pong: bool) {
        self.last_received = Some(now);
        self.trust = Trust::Trusted;
        if let Some(sent) = self.ping_sent.filter(|_| pong) {
            let sample = now.since(sent).min(TIMEOUT_CAP);
            match &mut self.rtt {
                Some(rtt) => rtt.add(sample),
                None => self.rtt = Some(Rtt::first(sample)),
            }
            self.ping_sent = None;
            self.deaths = 0;
        }
    }

    /// Draws the silence after which the next ping is due, and says when that is if nothing more arrives.
    pub(super) fn schedule_ping(&mut self, now: Time, random: &mut Random) -> Option<Time> {
        let interval = self.heartbeat?.interval;
        self.quiet = interval - random.within(Span::from_micros(interval.as_micros() / 5));
        Some(now + self.quiet)
    }

    /// The ping timer is re-armed lazily, not at each receive: when a later receive moved the ping, this says whereto.
    pub(super) fn ping_moved(&self, now: Time) -> Option<Time> {
        self.last_received
            .map(|received| received + self.quiet)
            .filter(|&due| due > now)
    }

    /// A ping goes out; says how long to wait for a sign of life, if silence means anything.
    pub(super) fn pinged(&mut self, now: Time) -> Option<Span> {
        let heartbeat = self.heartbeat.filter(|heartbeat| heartbeat.answered)?;
        // With two pings out it is unknown which of them an answer belongs to (Karn's algorithm).
        self.ping_sent = if self.ping_sent.is_some() {
            None
        } else {
            Some(now)
        };
        let (floor, cap) = match (heartbeat.timeout, self.trust == Trust::Probing) {
            (PongTimeout::Adaptive, false) => (TIMEOUT_FLOOR, TIMEOUT_CAP),
            (PongTimeout::Adaptive, true) => (PROBE_FLOOR, TIMEOUT_CAP),
            (PongTimeout::Fixed(timeout), false) => (timeout, timeout),
            (PongTimeout::Fixed(timeout), true) => (PROBE_FLOOR.min(timeout), timeout),
        };
        let usual = self
            .rtt
            .map_or(floor, |rtt| rtt.smoothed + rtt.variance.times(4))
            .max(floor);
        Some(usual.times(1 << self.deaths.min(4)).min(cap))
    }

    /// Whether something arrived so recently that a page turning visible is no reason to ask.
    pub(super) fn is_fresh(&self, now: Time) -> bool {
        self.trust == Trust::Trusted
            && self
                .last_received
                .is_some_and(|received| now.since(received) < FRESH)
    }
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

    fn liveness(timeout: PongTimeout) -> Liveness {
        Liveness::new(Some(Heartbeat {
            interval: Span::from_millis(10_000),
            timeout,
            answered: true,
        }))
    }

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    fn round_trip(liveness: &mut Liveness, start: u64, rtt: u64) {
        liveness.pinged(at(start)).unwrap();
        liveness.received(at(start + rtt), true);
    }

    #[test]
    fn round_trips_are_smoothed_as_in_rfc_6298() {
        let mut liveness = liveness(PongTimeout::Adaptive);
        round_trip(&mut liveness, 0, 100);
        let first = liveness.rtt.unwrap();
        assert_eq!(
            (first.smoothed, first.variance),
            (Span::from_millis(100), Span::from_millis(50))
        );
        round_trip(&mut liveness, 1_000, 180);
        let second = liveness.rtt.unwrap();
        assert_eq!(
            (second.smoothed, second.variance),
            (Span::from_millis(110), Span::from_micros(57_500))
        );
        assert_eq!(
            (second.last, second.min),
            (Span::from_millis(180), Span::from_millis(100))
        );
        round_trip(&mut liveness, 2_000, 40);
        let third = liveness.rtt.unwrap();
        assert_eq!(
            (third.last, third.min),
            (Span::from_millis(40), Span::from_millis(40))
        );
    }

    #[test]
    fn a_fast_link_gets_two_seconds_and_a_slow_one_three_round_trips() {
        let mut fast = liveness(PongTimeout::Adaptive);
        round_trip(&mut fast, 0, 20);
        assert_eq!(fast.pinged(at(1_000)), Some(Span::from_millis(2_000)));
        let mut slow = liveness(PongTimeout::Adaptive);
        round_trip(&mut slow, 0, 1_500);
        assert_eq!(slow.pinged(at(2_000)), Some(Span::from_millis(4_500)));
    }

    #[test]
    fn a_link_slower_than_the_floor_does_not_die_for_ever() {
        let mut liveness = liveness(PongTimeout::Adaptive);
        let mut timeouts = std::vec::Vec::new();
        for _ in 0..6 {
            liveness.opened(at(0));
            timeouts.push(liveness.pinged(at(0)).unwrap().as_micros() / 1_000_000);
            liveness.died();
        }
        assert_eq!(timeouts, [2, 4, 8, 16, 20, 20]);
    }

    #[test]
    fn a_fixed_timeout_is_exact_and_bounds_the_probe() {
        let mut liveness = liveness(PongTimeout::Fixed(Span::from_millis(5_000)));
        liveness.died();
        assert_eq!(liveness.pinged(at(0)), Some(Span::from_millis(5_000)));
        liveness.deaths = 0;
        liveness.trust = Trust::Probing;
        assert_eq!(liveness.pinged(at(0)), Some(Span::from_millis(1_000)));
        let mut short = self::liveness(PongTimeout::Fixed(Span::from_millis(300)));
        short.trust = Trust::Probing;
        assert_eq!(short.pinged(at(0)), Some(Span::from_millis(300)));
    }

    #[test]
    fn an_answer_that_could_belong_to_either_of_two_pings_is_no_sample() {
        let mut liveness = liveness(PongTimeout::Adaptive);
        liveness.pinged(at(0));
        liveness.pinged(at(1_000));
        liveness.received(at(1_010), true);
        assert_eq!(liveness.rtt, None);
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_an_empty_sample() {
        let mut liveness = liveness(PongTimeout::Adaptive);
        liveness.pinged(at(3_600_000));
        liveness.received(at(0), true);
        assert_eq!(liveness.rtt.unwrap().last, Span::ZERO);
    }
}
