//! What the link's ups and downs and its end do to the outbox.

use super::entry::{FLIGHT, NIL, RESEND};
use super::rate_limit::Bucket;
use super::{DropReason, Offline, Outbox, Payload, Phase, Scope, Status, Ticket};
use crate::Time;

impl<P: Payload> Outbox<P> {
    /// The link is open, and whatever must come first (authentication, subscriptions confirmed) is done. Written next,
    /// from the second time on through the ramp: messages to be written again, then the lanes, then slot values from the time without a link.
    pub fn up(&mut self, now: Time) {
        self.clock.advance(now);
        if self.clock.running() || self.phase == Phase::Closed {
            return;
        }
        self.clock.resume();
        // A first connection meets no server that many come back to at once.
        let again = core::mem::replace(&mut self.was_up, true);
        self.ramp = self.config.ramp.filter(|_| again).map(Bucket::new);
        self.ramp_left = self.pending_count(Scope::All);
        self.tick(now);
    }

    /// The link is lost. Written messages without an acknowledgement become [`Status::Unknown`]; those with an id stay to
    /// be written again. Pacing timers stand still, and the offline rules apply to what is unwritten.
    pub fn down(&mut self, now: Time) {
        self.tick(now);
        if !self.clock.running() {
            return;
        }
        self.clock.pause();
        self.retry_at = Time::NEVER;
        self.settle(false);
        self.recall();
        let unwritten = self.unwritten(Scope::All);
        for id in &unwritten {
            if let Some(slot) = self.entries.get(*id).map(|entry| entry.slot)
                && let Some(slot) = self.slots.get_mut(slot)
            {
                slot.latest = NIL;
            }
        }
        for id in unwritten {
            match self.entries.get(id).map(|entry| entry.offline) {
                Some(Offline::Drop | Offline::Reject) => {
                    self.finish(id, Status::Dropped(DropReason::Offline));
                }
                Some(Offline::Latest) => self.keep_latest(id),
                _ => {}
            }
        }
    }

    /// Accepts nothing more. With `flush` what is paced is admitted and everything unwritten may still be written;
    /// without it everything unwritten is [`DropReason::Close`]. [`is_drained`](Self::is_drained) tells when to go on.
    pub fn start_closing(&mut self, now: Time, flush: bool) {
        self.tick(now);
        if self.phase != Phase::Accepting {
            return;
        }
        self.phase = Phase::Closing;
        if flush {
            self.flush(now, Scope::All);
        } else {
            self.drop_all();
        }
    }

    /// The end: what is unwritten is [`DropReason::Close`], what is written and not acknowledged [`Status::Unknown`]. No
    /// timer is left, and sends fail until [`reopen`](Self::reopen).
    pub fn terminate(&mut self) {
        self.phase = Phase::Closed;
        if self.clock.running() {
            self.clock.pause();
        }
        self.retry_at = Time::NEVER;
        self.settle(false);
        self.recall();
        self.drop_all();
    }

    /// Accepts sends again after a close. The link counts as down until [`up`](Self::up).
    pub fn reopen(&mut self, now: Time) {
        self.tick(now);
        self.phase = Phase::Accepting;
    }

    /// Takes back what is in flight: with an id it will be written again, before what was already waiting for that.
    fn recall(&mut self) {
        for (from, to) in [(RESEND, FLIGHT), (FLIGHT, RESEND)] {
            loop {
                let id = self.entries.head(from);
                let Some(entry) = self.entries.get(id) else {
                    break;
                };
                if entry.resend {
                    self.tell(id, Status::Unknown);
                    self.entries.place(id, to);
                } else {
                    self.finish(id, Status::Unknown);
                }
            }
        }
    }

    fn drop_all(&mut self) {
        for id in self.unwritten(Scope::All) {
            self.finish(id, Status::Dropped(DropReason::Close));
        }
        while self.entries.head(RESEND) != NIL {
            self.finish(self.entries.head(RESEND), Status::Unknown);
        }
    }

    /// Makes `id` the one value that its slot keeps while the link is down.
    pub(super) fn keep_latest(&mut self, id: u32) {
        let Some(entry) = self.entries.get(id).filter(|entry| !entry.batched) else {
            return;
        };
        let Some(slot) = self.slots.get_mut(entry.slot) else {
            return;
        };
        let old = core::mem::replace(&mut slot.latest, id);
        let merges = self
            .topics
            .get(entry.topic)
            .is_some_and(|topic| topic.config.merges);
        if old != NIL && old != id && !merges {
            let by = Ticket(id);
            self.finish(old, Status::Superseded { by, merged: false });
        }
    }
}
