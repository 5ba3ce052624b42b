//! What is written when.
//!
//! An [`Outbox`] takes sends and gives out frames. It never touches a socket or a clock: the shell passes the time in, asks
//! [`Outbox::poll_write`] what to write now, reports the result with [`Outbox::wrote`], drains [`Outbox::poll_event`], and
//! arms its one timer for [`Outbox::next_wake`]. Spurious calls do no harm.
//!
//! A send passes these stages:
//!
//! ```text
//! accept -> pace (policy timer) -> rate (the topic's token bucket) -> lane -> write
//! ```
//!
//! Leaving the pace stage is called *admission*. The connection's own bucket and the ramp after a reconnect stand between the
//! lanes and the write, so that scarce tokens go to the highest lane.
//!
//! - A *slot* is one `(topic, key)` pair; policies that replace values (debounce, throttle, conflate) work per slot. A value
//!   may be replaced until the moment of the write, and the newer one takes over its place in the lane, so a slow link never
//!   carries stale state. What such a replacement needs no second time is its wait: it travels on the admission that the
//!   older value had already been given.
//! - A *batch* is collected per topic, whatever the keys.
//! - While the link is down the pacing timers stand still and times to live run. Slot values of that time are admitted when
//!   the link is back, behind what waits in the lanes.
//! - Everything held counts against one budget of messages and bytes: paced, queued, and kept for a resend.
//! - Each send ends in exactly one terminal [`Status`]; its ticket number is reused only after that event was polled.

mod accept;
mod clock;
mod deadlines;
mod entry;
mod flow;
mod lanes;
mod pacing;
mod rate_limit;
mod session;
mod slots;
mod topics;
mod types;
mod verbs;
mod write;

use core::fmt;

use clock::Clock;
use deadlines::Deadlines;
use entry::{AGE, Entries, RESEND};
pub use flow::SLOT_GRACE;
use lanes::Lanes;
use rate_limit::Bucket;
use slots::Slots;
use topics::Topics;
pub use types::*;
pub use write::{DRAIN_POLL_MAX, DRAIN_POLL_MIN};

use crate::queue::Queue;
use crate::{Span, Time};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Accepting,
    Closing,
    Closed,
}

/// Everything that is to be sent over one connection.
///
/// A new outbox accepts sends and regards the link as down until [`up`](Self::up) is called.
pub struct Outbox<P: Payload> {
    config: OutboxConfig,
    clock: Clock,
    phase: Phase,
    entries: Entries<P>,
    topics: Topics,
    slots: Slots,
    lanes: Lanes,
    /// Policy timers by slot, on the pacing clock.
    pace_timers: Deadlines,
    /// Ends of life by ticket.
    ttl_timers: Deadlines,
    /// Next tokens by topic.
    token_timers: Deadlines,
    /// When keyed slots without sends may be forgotten, also without a link. Housekeeping: never a reason to wake up.
    idle_timers: Deadlines,
    rate: Option<Bucket>,
    ramp: Option<Bucket>,
    /// Whether there has been a link.
    was_up: bool,
    /// Frames that are still written through the ramp.
    ramp_left: usize,
    /// When a write that was held back should be tried again, [`Time::NEVER`] if none was.
    retry_at: Time,
    /// How long the next look at a full socket buffer waits.
    drain_wait: Span,
    /// Number of the last batch.
    group: u32,
    /// Bytes of written messages that are kept for a resend.
    kept_bytes: usize,
    events: Queue<OutboxEvent>,
    counters: Counters,
}

impl<P: Payload> Outbox<P> {
    /// An outbox with one topic, [`TopicId`]`(0)`, that sends at once with the default options.
    ///
    /// # Errors
    /// [`ConfigError::EmptyQueue`] or [`ConfigError::BadRate`].
    pub fn new(config: OutboxConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self::checked(config))
    }

    /// [`new`](Self::new) with options that passed their check.
    pub(crate) fn checked(config: OutboxConfig) -> Self {
        let mut outbox = Self {
            config,
            clock: Clock::default(),
            phase: Phase::Accepting,
            entries: Entries::new(),
            topics: Topics::default(),
            slots: Slots::default(),
            lanes: Lanes::default(),
            pace_timers: Deadlines::default(),
            ttl_timers: Deadlines::default(),
            token_timers: Deadlines::default(),
            idle_timers: Deadlines::default(),
            rate: config.rate.map(Bucket::new),
            ramp: None,
            was_up: false,
            ramp_left: 0,
            retry_at: Time::NEVER,
            drain_wait: Span::ZERO,
            group: 0,
            kept_bytes: 0,
            events: Queue::new(),
            counters: Counters::default(),
        };
        outbox.add_topic(TopicConfig::default());
        outbox
    }

    /// Adds a topic.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the wrong option of the policy or rate limit.
    pub fn topic(&mut self, config: TopicConfig) -> Result<TopicId, ConfigError> {
        pacing::check(&config.policy)?;
        Bucket::check(config.rate)?;
        Ok(self.add_topic(config))
    }

    fn add_topic(&mut self, config: TopicConfig) -> TopicId {
        let id = self.topics.add(config);
        self.entries.add_topic(id);
        let keyless = self.add_slot(id, false);
        if let Some(topic) = self.topics.get_mut(id) {
            topic.keyless = keyless;
        }
        TopicId(id)
    }

    /// Cancels what is pending of a topic and forgets it with all its slots, without [`OutboxEvent::SlotIdle`] events. Its
    /// number is given out again once its last written message has come to its end. Topic 0 stays.
    pub fn remove_topic(&mut self, topic: TopicId) {
        if topic.0 == 0 || self.topics.alive(topic).is_none() {
            return;
        }
        self.cancel_all(Scope::Topic(topic));
        if let Some(topic) = self.topics.get_mut(topic.0) {
            topic.alive = false;
        }
        for id in 0..self.slots.len() {
            if self
                .slots
                .get(id)
                .is_some_and(|slot| slot.topic == topic.0 && slot.live == 0)
            {
                self.free_slot(id);
            }
        }
    }

    /// A slot for a new key of `topic`.
    ///
    /// A keyed slot lives from its first send (accepted or not) until [`OutboxEvent::SlotIdle`] names it. That event is made
    /// at the moment it is polled, only for a slot without a pending send whose interval is over and that was quiet for
    /// [`SLOT_GRACE`], and frees the id at once. It never needs a timer: the next call after that time finds it.
    /// Hence the rule for a shell that maps keys to slots: forget the key when the event arrives and before the next
    /// call. A send before the event is polled simply keeps the slot alive.
    ///
    /// # Errors
    /// [`SendError::Unknown`] if there is no such topic.
    pub fn slot(&mut self, topic: TopicId) -> Result<SlotId, SendError> {
        self.topics.alive(topic).ok_or(SendError::Unknown)?;
        Ok(SlotId(self.add_slot(topic.0, true)))
    }

    /// When to call [`tick`](Self::tick) and [`poll_write`](Self::poll_write) next at the latest; `None` for no timer. May
    /// change with every call that takes `&mut self`.
    pub fn next_wake(&self) -> Option<Time> {
        self.wake().if_ever()
    }

    /// [`next_wake`](Self::next_wake) with [`Time::NEVER`] for none.
    pub(crate) fn wake(&self) -> Time {
        let steady = self
            .ttl_timers
            .next()
            .min(self.token_timers.next())
            .min(self.retry_at);
        let pace = if self.clock.running() {
            self.clock.steady(self.pace_timers.next())
        } else {
            Time::NEVER
        };
        self.clock.outside(steady.min(pace))
    }

    /// The next thing to tell, in the order in which it happened. Drain it after every other call.
    pub fn poll_event(&mut self) -> Option<OutboxEvent> {
        let Some(event) = self.events.pop() else {
            return self.next_idle();
        };
        if let OutboxEvent::Status {
            ticket,
            terminal: true,
            ..
        } = event
        {
            self.entries.release(ticket.0);
        }
        Some(event)
    }

    /// Totals, and what is held now.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether nothing is left to write. Acknowledgements may still be awaited.
    pub fn is_drained(&self) -> bool {
        [AGE, entry::HAND, RESEND]
            .into_iter()
            .all(|queue| self.entries.len(queue) == 0)
    }

    /// Whether nothing is left to write and no acknowledgement is awaited.
    pub fn is_settled(&self) -> bool {
        self.is_drained() && self.entries.len(entry::FLIGHT) == 0
    }

    fn next_idle(&mut self) -> Option<OutboxEvent> {
        let (now, pace_now) = (self.clock.now(), self.clock.pace_now());
        while let Some(id) = self.idle_timers.pop_due(now) {
            let gate = self.slots.get(id).map_or(Time::ZERO, |slot| slot.pace.gate);
            if gate <= pace_now {
                self.free_slot(id);
                return Some(OutboxEvent::SlotIdle(SlotId(id)));
            }
            self.idle_timers.set(id, now + gate.since(pace_now));
        }
        None
    }

    fn add_slot(&mut self, topic: u32, keyed: bool) -> u32 {
        if let Some(topic) = self.topics.get_mut(topic) {
            topic.slots += 1;
        }
        self.slots.add(topic, keyed)
    }

    fn free_slot(&mut self, id: u32) {
        let Some(slot) = self.slots.get(id) else {
            return;
        };
        let owner = slot.topic;
        self.slots.release(id);
        self.idle_timers.remove(id);
        if let Some(topic) = self.topics.get_mut(owner) {
            topic.slots -= 1;
            if topic.slots == 0 {
                self.topics.release(owner);
            }
        }
    }

    /// The slot that a call names, if it belongs to the topic.
    fn find_slot(&self, topic: TopicId, slot: Option<SlotId>) -> Option<u32> {
        let keyless = self.topics.alive(topic)?.keyless;
        let id = slot.map_or(keyless, |slot| slot.0);
        self.slots
            .get(id)
            .filter(|slot| slot.topic == topic.0)
            .map(|_| id)
    }
}

impl<P: Payload> fmt::Debug for Outbox<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("config", &self.config)
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
