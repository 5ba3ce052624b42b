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

/// The end of time stands for "not armed": a deadline of [`Span::MAX`](crate::Span::MAX) from now needs no special case.
const OFF: Time = Time::from_micros(u64::MAX);

/// The deadlines, indexed by [`Timer`].
#[derive(Clone, Debug)]
pub(super) struct Timers([Time; ALL.len()]);

impl Timers {
    pub(super) const fn new() -> Self {
        Self([OFF; ALL.len()])
    }

    pub(super) fn arm(&mut self, timer: Timer, deadline: Time) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = deadline;
        }
    }

    pub(super) fn disarm(&mut self, timer: Timer) {
        self.arm(timer, OFF);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn deadline(&self, timer: Timer) -> Option<Time> {
        self.0
            .get(timer as usize)
            .copied()
            .filter(|&deadline| deadline != OFF)
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.0
            .iter()
            .copied()
            .min()
            .filter(|&deadline| deadline != OFF)
    }

    /// Takes the earliest deadline that has come.
    pub(super) fn expire(&mut self, now: Time) -> Option<(Timer, Time)> {
        let deadline = self.next().filter(|&deadline| deadline <= now)?;
        let timer = ALL
            .into_iter()
            .find(|&timer| self.deadline(timer) == Some(deadline))?;
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
        assert_eq!(timers.next(), Some(Time::from_micros(10)));
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
        assert_eq!(timers.next(), Some(Time::from_micros(30)));
        timers.clear();
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn an_endless_deadline_is_no_deadline() {
        let mut timers = Timers::new();
        timers.arm(Timer::Close, Time::ZERO + crate::Span::MAX);
        assert_eq!(timers.next(), None);
        assert_eq!(timers.expire(OFF), None);
    }
}
