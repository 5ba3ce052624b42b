//! From the pace stage through the token bucket into a lane, and every end of a send.

use super::entry::{NIL, is_lane, paced, waiting};
use super::{DropReason, Lane, Outbox, OutboxEvent, Payload, Policy, RateOverflow, Status, Ticket};
use core::mem::discriminant;

use crate::{Span, Time};

/// How long a keyed slot without sends is kept at least, so that a busy key is not forgotten after every write.
pub const SLOT_GRACE: Span = Span::from_millis(1_000);

impl<P: Payload> Outbox<P> {
    /// Lets time pass: times to live, policy timers, tokens. Harmless at any time and with any clock: a step backwards
    /// counts as no time.
    pub fn tick(&mut self, now: Time) {
        self.clock.advance(now);
        let now = self.clock.now();
        while let Some(id) = self.ttl_timers.pop_due(now) {
            self.finish(id, Status::Expired);
        }
        let pace_now = self.clock.pace_now();
        while self.clock.running()
            && let Some(slot) = self.pace_timers.pop_due(pace_now)
        {
            let Some(slot_state) = self.slots.get(slot) else {
                continue;
            };
            let (topic, pending) = (slot_state.topic, slot_state.pending);
            let batch = self
                .topics
                .get(topic)
                .is_some_and(|topic| matches!(topic.config.policy, Policy::Batch { .. }));
            self.leave_pace(if batch {
                self.entries.head(paced(topic))
            } else {
                pending
            });
        }
        while let Some(topic) = self.token_timers.pop_due(now) {
            self.release(topic);
        }
    }

    /// Admits a paced entry, with its batch if it is in one.
    pub(super) fn leave_pace(&mut self, id: u32) {
        match self.entries.get(id) {
            Some(entry) if entry.queue != paced(entry.topic) => {}
            Some(entry) if entry.batched => self.seal(entry.topic),
            Some(_) => self.admit(id),
            None => {}
        }
    }

    /// Admits one entry.
    pub(super) fn admit(&mut self, id: u32) {
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        let (topic, slot, lane, slotted) = (entry.topic, entry.slot, entry.lane, entry.slotted);
        if !self.make_token(topic, lane) {
            self.finish(id, Status::Dropped(DropReason::Rate));
            return;
        }
        let now = self.clock.pace_now();
        if slotted
            && let (Some(slot_state), Some(topic)) =
                (self.slots.get_mut(slot), self.topics.get(topic))
        {
            slot_state.pace.admitted(&topic.config.policy, now);
            self.pace_timers.remove(slot);
        }
        self.entries.place(id, waiting(topic));
        self.release(topic);
        if self
            .entries
            .get(id)
            .is_some_and(|entry| !is_lane(entry.queue))
        {
            self.tell(id, Status::Paced);
        }
    }

    /// Adds an entry to its topic's batch, and seals the batch when a limit is reached.
    pub(super) fn collect(&mut self, id: u32, topic: u32) {
        let Some(size) = self.entries.get(id).map(|entry| entry.size) else {
            return;
        };
        let Some(state) = self.topics.get(topic) else {
            return;
        };
        let Policy::Batch {
            max_items,
            max_bytes,
            max_wait,
        } = state.config.policy
        else {
            return;
        };
        let keyless = state.keyless;
        if state.batch_bytes.saturating_add(size) > max_bytes {
            self.seal(topic);
        }
        self.entries.place(id, paced(topic));
        self.tell(id, Status::Paced);
        let Some(state) = self.topics.get_mut(topic) else {
            return;
        };
        state.batch_bytes += size;
        let items = self.entries.len(paced(topic));
        if items >= max_items as usize || state.batch_bytes >= max_bytes {
            self.seal(topic);
        } else if items == 1 && max_wait != Span::MAX {
            self.pace_timers
                .set(keyless, self.clock.pace_now() + max_wait);
        }
    }

    /// Admits the batch of a topic as one frame.
    fn seal(&mut self, topic: u32) {
        let Some(state) = self.topics.get_mut(topic) else {
            return;
        };
        state.batch_bytes = 0;
        let lane = state.config.lane;
        self.pace_timers.remove(state.keyless);
        self.group = self.group.wrapping_add(1).max(1);
        let group = self.group;
        let admitted = self.make_token(topic, lane);
        loop {
            let head = self.entries.head(paced(topic));
            let Some(entry) = self.entries.get_mut(head) else {
                break;
            };
            entry.group = group;
            if admitted {
                self.entries.place(head, waiting(topic));
            } else {
                self.finish(head, Status::Dropped(DropReason::Rate));
            }
        }
        self.release(topic);
    }

    /// Moves waiting frames of a topic into their lanes, as far as there are tokens. A token is set aside for every frame
    /// in a lane and taken when the frame is written.
    pub(super) fn release(&mut self, topic: u32) {
        let now = self.clock.now();
        loop {
            let head = self.entries.head(waiting(topic));
            let Some(state) = self.topics.get_mut(topic) else {
                return;
            };
            let ready = match &state.bucket {
                _ if head == NIL => Time::NEVER,
                Some(bucket) => bucket.ready_at(state.reserved + 1),
                None => now,
            };
            if ready > now {
                if ready == Time::NEVER {
                    self.token_timers.remove(topic);
                } else {
                    self.token_timers.set(topic, ready);
                }
                return;
            }
            state.reserved += 1;
            let mut frame = None;
            while let Some((id, lane)) = self.next_of_frame(waiting(topic), &mut frame) {
                self.entries.place(id, lane);
                self.tell(id, Status::Queued);
            }
        }
    }

    /// Goes through the first entry of `queue` and its batch, with their lanes. The caller takes each of them out of the
    /// queue before the next one. `frame` keeps the batch in between and is `None` at first.
    pub(super) fn next_of_frame(&self, queue: u32, frame: &mut Option<u32>) -> Option<(u32, u32)> {
        let id = self.entries.head(queue);
        let entry = self.entries.get(id)?;
        let goes_with = |first: u32| first != 0 && first == entry.group;
        frame
            .replace(entry.group)
            .is_none_or(goes_with)
            .then_some((id, entry.lane as u32))
    }

    /// The limit, if any, that has no token for one more message, with the queue that holds what waits for it. No limit
    /// is regarded as exceeded while the link is down.
    pub(super) fn shortage(&self, topic: u32, lane: Lane) -> Option<(u32, RateOverflow)> {
        if !self.clock.running() {
            return None;
        }
        let now = self.clock.now();
        let state = self.topics.get(topic)?;
        let short = |bucket: &super::Bucket, ahead: usize| bucket.ready_at(ahead + 1) > now;
        // Frames, not messages: a batch takes one token. They are counted only where it matters, because there may be many.
        let short_of_own = |bucket| {
            let reserved = state.reserved;
            short(bucket, reserved) || short(bucket, reserved + self.entries.frames(waiting(topic)))
        };
        match (&state.bucket, &self.rate) {
            (Some(bucket), _) if short_of_own(bucket) => {
                Some((waiting(topic), bucket.limit.overflow))
            }
            (_, Some(bucket)) if short(bucket, 0) || short(bucket, self.topics.reserved()) => {
                Some((lane as u32, bucket.limit.overflow))
            }
            _ => None,
        }
    }

    /// Applies the rate limits' overflow rules to a frame about to be admitted; whether it may be.
    fn make_token(&mut self, topic: u32, lane: Lane) -> bool {
        match self.shortage(topic, lane) {
            None | Some((_, RateOverflow::Queue | RateOverflow::Conflate)) => true,
            Some((queue, RateOverflow::DropOldest)) => {
                let mut frame = None;
                while let Some((id, _)) = self.next_of_frame(queue, &mut frame) {
                    self.finish(id, Status::Dropped(DropReason::Rate));
                }
                true
            }
            Some((_, RateOverflow::DropNewest | RateOverflow::Reject)) => false,
        }
    }

    /// Ends a send: takes it out of everything and tells its terminal status.
    pub(super) fn finish(&mut self, id: u32, status: Status) {
        self.detach(id, false);
        self.entries.displace(id);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let (size, slot) = (entry.size, entry.slot);
        let was_kept = entry.resend && entry.kept;
        if entry.payload.take().is_some() {
            self.counters.queued_messages -= 1;
            self.counters.queued_bytes -= size;
            if was_kept {
                self.kept_bytes -= size;
            }
        }
        self.conclude(id, status);
        if let Some(state) = self.slots.get_mut(slot) {
            state.live -= 1;
            self.expect_idle(slot);
        }
    }

    /// Sees to it that a slot without sends is forgotten some day: at once if its topic was removed, else when it is quiet.
    pub(super) fn expect_idle(&mut self, id: u32) {
        let Some(slot) = self.slots.get(id).filter(|slot| slot.live == 0) else {
            return;
        };
        if self
            .topics
            .get(slot.topic)
            .is_some_and(|topic| !topic.alive)
        {
            self.free_slot(id);
        } else if slot.keyed {
            self.idle_timers.set(id, self.clock.now() + SLOT_GRACE);
        }
    }

    /// Takes an unwritten entry out of its queues and timers, because it is being written or because it ended.
    pub(super) fn detach(&mut self, id: u32, written: bool) {
        let Some(entry) = self.entries.get(id).filter(|entry| entry.unwritten) else {
            return;
        };
        let (topic, slot, queue, size) = (entry.topic, entry.slot, entry.queue, entry.size);
        let (slotted, batched) = (entry.slotted, entry.batched);
        let now = self.clock.pace_now();
        let in_lane = is_lane(queue);
        let last_of_frame = in_lane && !self.entries.has_companion(id);
        self.entries.leave_age(id);
        self.entries.displace(id);
        self.ttl_timers.remove(id);
        let Some(topic_state) = self.topics.get_mut(topic) else {
            return;
        };
        topic_state.reserved -= usize::from(last_of_frame);
        if let Some(slot_state) = self.slots.get_mut(slot) {
            let policy = &topic_state.config.policy;
            if slot_state.latest == id {
                slot_state.latest = NIL;
            }
            // Also a value that an immediate message forced out counts for the distance to the next.
            if slotted && written {
                slot_state.pace.written(policy, now);
            }
            if slot_state.pending == id {
                slot_state.pending = NIL;
                if slotted {
                    if !written {
                        slot_state
                            .pace
                            .withdrawn(policy, in_lane || queue == waiting(topic));
                    }
                    self.pace_timers.remove(slot);
                }
            }
        }
        if batched && queue == paced(topic) {
            topic_state.batch_bytes = topic_state.batch_bytes.saturating_sub(size);
            if self.entries.len(queue) == 0 {
                self.pace_timers.remove(topic_state.keyless);
            }
        }
        if last_of_frame || queue == waiting(topic) {
            self.release(topic);
        }
    }

    /// Tells the terminal status of an entry that is in no queue any more.
    pub(super) fn conclude(&mut self, id: u32, status: Status) {
        let counters = &mut self.counters;
        match status {
            Status::Acked => counters.acked += 1,
            Status::Superseded { .. } => counters.superseded += 1,
            Status::Dropped(_) => counters.dropped += 1,
            Status::Expired => counters.expired += 1,
            Status::Cancelled => counters.cancelled += 1,
            Status::Unknown => counters.unknown += 1,
            Status::Paced | Status::Queued | Status::Written => {}
        }
        self.set_status(id, status, true);
    }

    /// Tells a status that is not the last one, if it is a new one.
    pub(super) fn tell(&mut self, id: u32, status: Status) {
        // Compared by kind: what a status that is not the last one carries never differs.
        let is_new = self.entries.get(id).is_some_and(|entry| {
            entry
                .status
                .is_none_or(|old| discriminant(&old) != discriminant(&status))
        });
        if is_new {
            self.set_status(id, status, false);
        }
    }

    fn set_status(&mut self, id: u32, status: Status, terminal: bool) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.status = Some(status);
            self.events.push(OutboxEvent::Status {
                ticket: Ticket(id),
                status,
                terminal,
            });
        }
    }
}
