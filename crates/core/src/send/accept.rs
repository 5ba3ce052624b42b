//! The accept stage: everything that can refuse a send is checked before anything changes.

use super::entry::{AGE, Entry, NIL, is_lane, paced, waiting};
use super::pacing::{Decision, Held};
use super::{
    DropReason, Lane, Offline, Order, Outbox, Overflow, Payload, Phase, Policy, RateOverflow,
    Scope, SendError, SendOptions, SlotId, Status, Ticket, TopicConfig, TopicId,
};
use crate::{Span, Time};

impl<P: Payload> Outbox<P> {
    /// Accepts a message, or says why not. What becomes of it is told by events under the returned ticket.
    ///
    /// `slot` is the key's slot, `None` for the topic's slot without a key.
    ///
    /// # Errors
    /// A [`SendError`]. Nothing has changed then: a pending value of the slot is still pending.
    pub fn send(
        &mut self,
        now: Time,
        topic: TopicId,
        slot: Option<SlotId>,
        payload: P,
        options: SendOptions,
    ) -> Result<Ticket, SendError> {
        self.tick(now);
        let slot = self.find_slot(topic, slot).ok_or(SendError::Unknown)?;
        let (topic, config) = (
            topic.0,
            self.topics.alive(topic).ok_or(SendError::Unknown)?.config,
        );
        // First, so that a key used only by refused sends is forgotten as well.
        self.expect_idle(slot);
        if self.phase != Phase::Accepting {
            return Err(SendError::Closed);
        }
        let size = payload.size();
        if size > self.config.max_bytes {
            return Err(SendError::TooLarge);
        }

        let immediate = options.immediate || config.policy == Policy::Immediate;
        let batched = !immediate && matches!(config.policy, Policy::Batch { .. });
        let (slotted, offline) = config.slot_rules(options);
        let up = self.clock.running();
        if !up && offline == Offline::Reject {
            return Err(SendError::Offline);
        }

        let old = self.replaceable(slot, slotted, offline);
        let now = self.clock.pace_now();
        let mut pace = self.slots.get(slot).ok_or(SendError::Unknown)?.pace;
        let mut decision = match self.held(old) {
            held if slotted => pace.call(&config.policy, held, now),
            Held::Admitted => Decision::Replace,
            _ => Decision::Admit,
        };
        let mut lane = options.lane.filter(|_| !batched).unwrap_or(config.lane);
        if slotted {
            lane = self.lane_in_turn(slot, old, lane);
        }
        let shortage = self
            .shortage(topic, lane)
            .filter(|_| decision == Decision::Admit && !batched);
        let mut refused = None;
        if decision == Decision::Refuse {
            refused = Some(DropReason::Policy);
        } else if !up && offline == Offline::Drop {
            refused = Some(DropReason::Offline);
        } else {
            match shortage {
                Some((_, RateOverflow::Reject)) => return Err(SendError::RateLimited),
                Some((_, RateOverflow::DropNewest)) => refused = Some(DropReason::Rate),
                _ => {
                    match self.make_room(size, old, config.overflow.unwrap_or(self.config.overflow))
                    {
                        Room::Made => {}
                        Room::None => refused = Some(DropReason::Overflow),
                        Room::Refused => return Err(SendError::QueueFull),
                    }
                }
            }
        }

        self.counters.accepted += 1;
        // What is dropped for want of a link leaves no trace: its wait would not end before the link is back.
        if slotted
            && refused != Some(DropReason::Offline)
            && let Some(slot) = self.slots.get_mut(slot)
        {
            slot.pace = pace;
        }
        let mut entry = Entry::new(payload, size, topic, slot, lane, offline);
        (entry.slotted, entry.batched) = (slotted, batched);
        (entry.resend, entry.expect_ack) = (options.resend, options.expect_ack);
        if refused.is_some() {
            entry.payload = None;
        }
        let id = self.entries.insert(entry);
        if let Some(reason) = refused {
            self.conclude(id, Status::Dropped(reason));
            return Ok(Ticket(id));
        }
        self.hold(
            id,
            slot,
            size,
            options.ttl.or(config.ttl).unwrap_or(Span::MAX),
        );
        if lane != config.lane
            && let Some(topic) = self.topics.get_mut(topic)
        {
            topic.mixed_lanes = true;
        }
        if batched {
            self.collect(id, topic);
            return Ok(Ticket(id));
        }
        if !slotted && config.policy != Policy::Immediate {
            self.order_before(id, config.order);
        }
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.pending = id;
        }
        if slotted && !up && decision == Decision::Admit {
            decision = Decision::Hold(now);
        }
        // A message that comes after slot values of its topic must not slip before them into an older one's place.
        let keeps_place = slotted || config.policy == Policy::Immediate;
        match (decision, self.held(old)) {
            (Decision::Admit | Decision::Replace, Held::Admitted) if keeps_place => {
                self.take_over(old, id);
            }
            (Decision::Hold(_) | Decision::Replace, Held::Paced) if slotted => {
                self.take_over(old, id)
            }
            (Decision::Hold(_), _) => {
                self.entries.place(id, paced(topic));
                self.tell(id, Status::Paced);
            }
            _ => self.admit(id),
        }
        if let Decision::Hold(at) = decision {
            self.pace_timers.set(slot, at);
        }
        if old != NIL {
            self.finish_if_live(
                old,
                Status::Superseded {
                    by: Ticket(id),
                    merged: options.merged,
                },
            );
        }
        if !up && offline == Offline::Latest {
            self.keep_latest(id);
        }
        Ok(Ticket(id))
    }

    /// The pending value of `slot` that a send with these properties would replace, or [`NIL`].
    pub(super) fn replaceable(&self, slot: u32, slotted: bool, offline: Offline) -> u32 {
        let pending = self.slots.get(slot).map_or(NIL, |slot| slot.pending);
        let Some(old) = self.entries.get(pending) else {
            return NIL;
        };
        let conflates = |limit: Option<super::RateLimit>| {
            limit.is_some_and(|l| l.overflow == RateOverflow::Conflate)
        };
        let topic_rate = self
            .topics
            .get(old.topic)
            .and_then(|topic| topic.config.rate);
        let replaces = old.slotted && slotted
            || !self.clock.running()
                && offline == Offline::Latest
                && old.offline == Offline::Latest
            || old.queue == waiting(old.topic) && conflates(topic_rate)
            || is_lane(old.queue) && conflates(self.config.rate);
        if replaces { pending } else { NIL }
    }

    /// The lane of a new value of `slot`: the one of an earlier value that was admitted for an immediate message and still waits,
    /// because across two lanes nothing would keep the two in order (O1); otherwise the one that is wished for.
    fn lane_in_turn(&self, slot: u32, old: u32, wished: Lane) -> Lane {
        let Some(place) = self.slots.get(slot) else {
            return wished;
        };
        let topic = self.topics.get(place.topic);
        let one_lane = topic.is_some_and(|topic| !topic.mixed_lanes && topic.config.lane == wished);
        if one_lane || place.live <= u32::from(old != NIL) {
            return wished;
        }
        let waiting = self.unwritten(Scope::Topic(TopicId(place.topic)));
        let earlier = waiting.iter().rev().filter(|id| **id != old);
        let mut values = earlier.filter_map(|id| self.entries.get(*id));
        values
            .find(|entry| entry.slotted && entry.slot == slot)
            .map_or(wished, |entry| entry.lane)
    }

    fn held(&self, id: u32) -> Held {
        match self.entries.get(id) {
            Some(entry) if !entry.unwritten => Held::Nothing,
            Some(entry) if entry.queue == paced(entry.topic) => Held::Paced,
            Some(_) => Held::Admitted,
            None => Held::Nothing,
        }
    }

    /// Applies the overflow rule for a message of `size` bytes that would take the place of `old`.
    fn make_room(&mut self, size: usize, old: u32, overflow: Overflow) -> Room {
        let freed = self.entries.get(old).map_or(0, |entry| entry.size);
        let limits = (self.config.max_messages, self.config.max_bytes - size);
        let fits = |messages: usize, bytes: usize| messages < limits.0 && bytes <= limits.1;
        let kept = self.counters.queued_messages - self.entries.len(AGE);
        loop {
            let (messages, bytes) = (self.counters.queued_messages, self.counters.queued_bytes);
            if fits(messages - usize::from(old != NIL), bytes - freed) {
                return Room::Made;
            }
            let mut oldest = self.entries.head(AGE);
            if oldest == old {
                oldest = self.entries.get(old).map_or(NIL, |entry| entry.next(AGE));
            }
            match overflow {
                Overflow::DropOldest if fits(kept, self.kept_bytes) && oldest != NIL => {
                    self.finish(oldest, Status::Dropped(DropReason::Overflow));
                }
                Overflow::DropNewest => return Room::None,
                _ => return Room::Refused,
            }
        }
    }

    /// Counts an accepted entry and starts its life.
    fn hold(&mut self, id: u32, slot: u32, size: usize, ttl: Span) {
        self.counters.queued_messages += 1;
        self.counters.queued_bytes += size;
        self.entries.enter_age(id);
        if let Some(place) = self.slots.get_mut(slot) {
            place.live += 1;
            self.idle_timers.remove(slot);
        }
        if ttl != Span::MAX {
            self.ttl_timers.set(id, self.clock.now() + ttl);
        }
    }

    /// What an immediate message does first to the pending values of its topic (ordering rules O1 and O2).
    fn order_before(&mut self, id: u32, order: Order) {
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        let (topic, slot, lane) = (entry.topic, entry.slot, entry.lane);
        match order {
            Order::FlushBefore => {
                self.join_lanes(id, topic, lane, None);
                while self.entries.len(paced(topic)) > 0 {
                    self.leave_pace(self.entries.head(paced(topic)));
                }
            }
            // No relation to other slots; but a value of its own slot must not come out after it.
            Order::Independent => {
                self.join_lanes(id, topic, lane, Some(slot));
                let own = self.slots.get(slot).map_or(NIL, |slot| slot.pending);
                if self.held(own) == Held::Paced {
                    self.leave_pace(own);
                }
            }
            Order::Supersede => {
                for other in self.unwritten(Scope::Topic(TopicId(topic))) {
                    if self.entries.get(other).is_some_and(|entry| entry.slotted) {
                        self.finish(other, Status::Cancelled);
                    }
                }
            }
        }
    }

    /// Brings the message `id` of `lane` and the pending values of its topic (with `slot`: of this slot) into one lane, the
    /// highest of theirs: across two lanes nothing would keep the values first. They only ever move up, so none falls
    /// behind an earlier message.
    fn join_lanes(&mut self, id: u32, topic: u32, lane: Lane, slot: Option<u32>) {
        if !self
            .topics
            .get(topic)
            .is_some_and(|topic| topic.mixed_lanes)
        {
            return;
        }
        let mut unwritten = self.unwritten(Scope::Topic(TopicId(topic)));
        // A batch has no slot of its own, and stays together.
        unwritten.retain(|id| {
            self.entries.get(*id).is_some_and(|entry| match slot {
                Some(slot) => entry.slotted && entry.slot == slot,
                None => entry.slotted || entry.batched,
            })
        });
        let mut highest = lane;
        for other in &unwritten {
            if let Some(entry) = self.entries.get(*other) {
                highest = highest.min(entry.lane);
            }
        }
        unwritten.push(id);
        for other in unwritten {
            if let Some(entry) = self.entries.get_mut(other) {
                entry.lane = highest;
                if is_lane(entry.queue) && entry.queue != highest as u32 {
                    self.entries.place(other, highest as u32);
                }
            }
        }
    }

    /// Puts `new` in the place of `old`, which is left nowhere.
    fn take_over(&mut self, old: u32, new: u32) {
        self.entries.substitute(old, new);
        if let Some(status) = self.entries.get(old).and_then(|entry| entry.status) {
            self.tell(new, status);
        }
    }

    fn finish_if_live(&mut self, id: u32, status: Status) {
        if self.entries.get(id).is_some_and(|entry| entry.unwritten) {
            self.finish(id, status);
        }
    }
}

impl TopicConfig {
    /// Whether a send with these options is a value of its slot, and its offline rule.
    pub(super) fn slot_rules(&self, options: SendOptions) -> (bool, Offline) {
        let slotted =
            !options.immediate && !matches!(self.policy, Policy::Immediate | Policy::Batch { .. });
        let default = if slotted {
            Offline::Latest
        } else {
            Offline::Queue
        };
        let offline = options.offline.or(self.offline).unwrap_or(default);
        (slotted, offline)
    }
}

enum Room {
    Made,
    /// Drop the new message.
    None,
    /// Fail the call.
    Refused,
}
