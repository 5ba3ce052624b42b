//! Tasks that wait for something the engine does, and the alarms of requests.

use std::{cell::RefCell, collections::BTreeMap, task::Waker};

use everwire_core::{Time, send::Scope};

use super::Engine;

#[derive(Default)]
pub(crate) struct Waiting {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    /// To be woken as soon as no borrow is held.
    due: Vec<Waker>,
    /// Until the sink has room.
    room: Vec<Waker>,
    /// Until anything happens.
    changes: Vec<Waker>,
    /// Until nothing of the scope is pending.
    flushes: Vec<(Scope, Waker)>,
    /// Until the connection is closed.
    closes: Vec<Waker>,
    alarms: BTreeMap<(Time, u64), Waker>,
    next_alarm: u64,
}

impl Waiting {
    /// Wakes these at the end of the pump.
    pub(super) fn with_wakers(&self, add: impl FnOnce(&mut Vec<Waker>)) {
        add(&mut self.inner.borrow_mut().due);
    }

    pub(crate) fn wait_for_room(&self, waker: &Waker) {
        add(&mut self.inner.borrow_mut().room, waker);
    }

    pub(crate) fn wait_for_change(&self, waker: &Waker) {
        add(&mut self.inner.borrow_mut().changes, waker);
    }

    pub(crate) fn wait_for_flush(&self, scope: Scope, waker: &Waker) {
        let flushes = &mut self.inner.borrow_mut().flushes;
        let same = |(other, task): &(Scope, Waker)| *other == scope && task.will_wake(waker);
        if !flushes.iter().any(same) {
            flushes.push((scope, waker.clone()));
        }
    }

    pub(crate) fn wait_for_close(&self, waker: &Waker) {
        add(&mut self.inner.borrow_mut().closes, waker);
    }

    pub(super) fn for_room(&self) -> bool {
        !self.inner.borrow().room.is_empty()
    }

    pub(super) fn closed(&self) {
        let mut inner = self.inner.borrow_mut();
        let closes = std::mem::take(&mut inner.closes);
        inner.due.extend(closes);
    }

    /// Wakes `waker` at `time`, unless the alarm is [cancelled](Self::cancel_alarm) before.
    pub(crate) fn set_alarm(&self, time: Time, waker: &Waker) -> (Time, u64) {
        let mut inner = self.inner.borrow_mut();
        inner.next_alarm += 1;
        let alarm = (time, inner.next_alarm);
        inner.alarms.insert(alarm, waker.clone());
        alarm
    }

    pub(crate) fn cancel_alarm(&self, alarm: (Time, u64)) {
        self.inner.borrow_mut().alarms.remove(&alarm);
    }

    pub(super) fn next_alarm(&self) -> Option<Time> {
        let inner = self.inner.borrow();
        inner.alarms.first_key_value().map(|((time, _), _)| *time)
    }

    /// Takes out everyone whose condition is true.
    pub(super) fn due(&self, engine: &Engine) -> Vec<Waker> {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut due = std::mem::take(&mut inner.due);
        due.append(&mut inner.changes);
        if !inner.room.is_empty() && engine.has_room() {
            due.append(&mut inner.room);
        }
        inner.flushes.retain(|(scope, waker)| {
            let pending = engine.core(|core| core.outbox().pending(*scope));
            if !pending {
                due.push(waker.clone());
            }
            pending
        });
        let now = engine.time.get();
        while let Some(alarm) = inner
            .alarms
            .first_entry()
            .filter(|alarm| alarm.key().0 <= now)
        {
            due.push(alarm.remove());
        }
        due
    }
}

/// A task may ask again before it was woken.
fn add(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|other| other.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}
