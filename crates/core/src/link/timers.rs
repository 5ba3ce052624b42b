//! Everything a link ever waits for, in one table with one next deadline.
//!
//! A shell then needs a single timer, and "no timer survives a close" is one assignment.

use crate::Time;

/// What a deadline means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The handshake takes too long.
    Connect,
    /// The wait before the next dial is over.
    Redial,
    /// The connection counts as stable.
    Uptime,
    /// Nothing was received for a heartbeat interval.
    Ping,
    /// The answer to a ping is overdue.
    Pong,
    /// The closing handshake takes too long.
    Close,
}

const ALL: [Timer; 6] = [
    Timer::Connect,
    Timer::Redial,
    Timer::Uptime,
    Timer::Ping,
    Timer::Pong,
    Timer::Close,
];

/// The deadlines, indexed by [`Timer`].
#[derive(Clone, Debug)]
pub(super) struct Timers([Time; ALL.len()]);

impl Timers {
    pub(super) const fn new() -> Self {
        Self([Time::NEVER; ALL.len()])
    }

    pub(super) fn arm(&mut self, timer: Timer, deadline: Time) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = deadline;
        }
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        self.arm(timer, Time::NEVER);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn deadline(&self, timer: Timer) -> Option<Time> {
        self.0.get(timer as usize)?.if_ever()
    }

    /// The earliest deadline, [`Time::NEVER`] if none is armed.
    pub(super) fn next(&self) -> Time {
        let mut next = Time::NEVER;
        for deadline in &self.0 {
            next = next.min(*deadline);
        }
        next
    }

    /// Takes the earliest deadline that has come.
    pub(super) fn expire(&mut self, now: Time) -> Option<(Timer, Time)> {
        let deadline = self.next().if_ever().filter(|&next| next <= now)?;
        let slot = self.0.iter().position(|&armed| armed == deadline)?;
        let timer = *ALL.get(slot)?;
        self.disarm(timer);
        Some((timer, deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_expire_in_order_and_only_once() {
        let mut timers = Timers::new();
        timers.arm(Timer::Connect, Time::from_micros(30));
        timers.arm(Timer::Close, Time::from_micros(10));
        timers.arm(Timer::Ping, Time::from_micros(20));
        assert_eq!(timers.next(), Time::from_micros(10));
        assert_eq!(timers.expire(Time::from_micros(9)), None);
        let due = Time::from_micros(25);
        assert_eq!(
            timers.expire(due),
            Some((Timer::Close, Time::from_micros(10)))
        );
        assert_eq!(
            timers.expire(due),
            Some((Timer::Ping, Time::from_micros(20)))
        );
        assert_eq!(timers.expire(due), None);
        assert_eq!(timers.next(), Time::from_micros(30));
        timers.clear();
        assert_eq!(timers.next(), Time::NEVER);
    }

    #[test]
    fn an_endless_deadline_is_no_deadline() {
        let mut timers = Timers::new();
        timers.arm(Timer::Close, Time::ZERO + crate::Span::MAX);
        assert_eq!(timers.next(), Time::NEVER);
        assert_eq!(timers.expire(Time::NEVER), None);
    }
}
