//! Questions and commands about what is pending: per send, slot, topic or outbox.

use alloc::vec::Vec;

use super::entry::{AGE, Entry, FLIGHT, NIL, RESEND};
use super::{
    DropReason, Outbox, Payload, Policy, Scope, SendOptions, SlotId, Status, Ticket, TopicId,
};
use crate::Time;

impl<P: Payload> Outbox<P> {
    /// Admits now what waits for a timer, in the order of the calls. This may shorten a throttle's interval and restarts
    /// it; it never overrides a rate limit.
    pub fn flush(&mut self, now: Time, scope: Scope) {
        self.tick(now);
        for id in self.unwritten(scope) {
            self.leave_pace(id);
        }
    }

    /// Takes a send back. `false` once it is written or ended.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let found = self
            .entries
            .get(ticket.0)
            .is_some_and(|entry| entry.unwritten);
        if found {
            self.finish(ticket.0, Status::Cancelled);
        }
        found
    }

    /// Stops waiting for the confirmation of a written message and does not write it again: it ends as
    /// [`Status::Unknown`], for it may have arrived. `false` if none of that ticket awaits a confirmation; what is not
    /// written yet is taken back with [`cancel`](Self::cancel).
    pub fn abandon(&mut self, ticket: Ticket) -> bool {
        let awaited = self.awaits(ticket);
        if awaited {
            self.finish(ticket.0, Status::Unknown);
        }
        awaited
    }

    /// The peer refused a written message: it ends as [`DropReason::Refused`] and is not written again. `false` if none
    /// of that ticket awaits a confirmation.
    pub fn refuse(&mut self, ticket: Ticket) -> bool {
        let awaited = self.awaits(ticket);
        if awaited {
            self.finish(ticket.0, Status::Dropped(DropReason::Refused));
        }
        awaited
    }

    /// Whether a message is written, for now, and not confirmed.
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.entries
            .get(ticket.0)
            .is_some_and(|entry| matches!(entry.queue, FLIGHT | RESEND))
    }

    /// Takes back everything unwritten in `scope`. The next call finds each slot as if it were new, except that a
    /// throttle keeps its distance from what was really written.
    pub fn cancel_all(&mut self, scope: Scope) {
        for id in self.unwritten(scope) {
            self.finish(id, Status::Cancelled);
        }
        let slot_in_scope = match scope {
            Scope::Slot(topic, slot) => self.find_slot(topic, slot).unwrap_or(NIL),
            _ => NIL,
        };
        for id in 0..self.slots.len() {
            let Some(slot) = self.slots.get_mut(id) else {
                return;
            };
            let hit = match scope {
                Scope::All => true,
                Scope::Topic(topic) => slot.topic == topic.0,
                Scope::Slot(..) => id == slot_in_scope,
            };
            let policy = self.topics.get(slot.topic).map(|topic| topic.config.policy);
            if let Some(policy @ Policy::Debounce { .. }) = policy.filter(|_| hit) {
                slot.pace.withdrawn(&policy, false);
            }
        }
    }

    /// Whether anything in `scope` would still be written by a later tick, writable socket or reconnect.
    pub fn pending(&self, scope: Scope) -> bool {
        [AGE, RESEND]
            .into_iter()
            .any(|queue| !self.select(queue, scope, 1).is_empty())
    }

    /// How many messages in `scope` would still be written: unwritten ones, and those that wait to be written again.
    pub fn pending_count(&self, scope: Scope) -> usize {
        match scope {
            Scope::All => self.entries.len(AGE) + self.entries.len(RESEND),
            _ => {
                let count = |queue| self.select(queue, scope, usize::MAX).len();
                count(AGE) + count(RESEND)
            }
        }
    }

    /// The value that the slot's next send at the topic's pace would replace, for a merge. An immediate message is none:
    /// it is sent beside the values, not in their place. No side effects.
    pub fn peek(&self, topic: TopicId, slot: Option<SlotId>) -> Option<(Ticket, &P)> {
        let config = self.topics.alive(topic)?.config;
        let (slotted, offline) = config.slot_rules(SendOptions::default());
        let id = self.replaceable(self.find_slot(topic, slot)?, slotted, offline);
        Some((Ticket(id), self.entries.get(id)?.payload.as_ref()?))
    }

    /// The payload of a send, while the outbox holds it: until the write, or until the acknowledgement if it is kept for a
    /// resend.
    pub fn payload(&self, ticket: Ticket) -> Option<&P> {
        self.entries.get(ticket.0)?.payload.as_ref()
    }

    /// The status of a send; `None` after its terminal status was polled.
    pub fn status(&self, ticket: Ticket) -> Option<Status> {
        self.entries.get(ticket.0)?.status
    }

    /// The unwritten entries in `scope`, oldest call first.
    pub(super) fn unwritten(&self, scope: Scope) -> Vec<u32> {
        self.select(AGE, scope, usize::MAX)
    }

    /// The first `limit` entries of `queue` that are in `scope`.
    #[inline(never)]
    fn select(&self, queue: u32, scope: Scope, limit: usize) -> Vec<u32> {
        let slot = match scope {
            Scope::Slot(topic, slot) => self.find_slot(topic, slot).unwrap_or(NIL),
            _ => NIL,
        };
        let in_scope = |entry: &Entry<P>| match scope {
            Scope::All => true,
            Scope::Topic(topic) => entry.topic == topic.0,
            Scope::Slot(..) => entry.slot == slot,
        };
        let mut found = Vec::new();
        let mut id = self.entries.head(queue);
        while let Some(entry) = self.entries.get(id)
            && found.len() < limit
        {
            if in_scope(entry) {
                found.push(id);
            }
            id = entry.next(queue);
        }
        found
    }
}
