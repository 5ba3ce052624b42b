//! Sends: which ticket belongs to which handle, and which key to which slot.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    task::Waker,
};

use everwire_core::{
    codec::Frame,
    link::State,
    send::{
        ConfigError, Counters, OutboxEvent, Scope, SendError, SendOptions, SlotId, Status, Ticket,
        TopicConfig, TopicId,
    },
};

use crate::id::Id;

use super::{Engine, Packet};

/// A message on its way into the queue.
pub(crate) struct Outgoing {
    pub(crate) topic: TopicId,
    pub(crate) key: Option<Id>,
    pub(crate) packet: Packet,
    pub(crate) options: SendOptions,
    /// Its id over reconnects.
    pub(crate) id: Option<Id>,
    /// Whether it came through the `Sink`, whose flush waits for it.
    pub(crate) sink: bool,
}

/// What a handle shares with the engine.
pub(crate) struct Tracked {
    ticket: Ticket,
    status: Cell<Status>,
    done: Cell<bool>,
    expects_ack: bool,
    id: Option<Id>,
    sink: bool,
    wakers: RefCell<Vec<Waker>>,
}

impl Tracked {
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    pub(crate) fn status(&self) -> Status {
        self.status.get()
    }

    pub(crate) fn expects_ack(&self) -> bool {
        self.expects_ack
    }

    /// Whether the status is final.
    pub(crate) fn is_done(&self) -> bool {
        self.done.get()
    }

    pub(crate) fn wait(&self, waker: &Waker) {
        let mut wakers = self.wakers.borrow_mut();
        if !wakers.iter().any(|other| other.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }
}

/// Messages whose final status is still to come.
#[derive(Default)]
pub(super) struct Tracker {
    /// By ticket: the numbers of ended ones are given out again, so there are no more than messages at one time.
    messages: RefCell<Vec<Option<Rc<Tracked>>>>,
    ids: RefCell<HashMap<Id, Ticket>>,
    sink_unwritten: Cell<usize>,
    sink_failure: Cell<Option<Status>>,
}

impl Tracker {
    pub(super) fn ticket(&self, id: &Id) -> Option<Ticket> {
        self.ids.borrow().get(id).copied()
    }

    fn add(&self, message: Tracked) -> Rc<Tracked> {
        let message = Rc::new(message);
        if message.sink {
            self.sink_unwritten.set(self.sink_unwritten.get() + 1);
        }
        if let Some(id) = &message.id {
            self.ids.borrow_mut().insert(id.clone(), message.ticket);
        }
        let mut messages = self.messages.borrow_mut();
        let index = message.ticket.0 as usize;
        if messages.len() <= index {
            messages.resize(index + 1, None);
        }
        if let Some(place) = messages.get_mut(index) {
            *place = Some(Rc::clone(&message));
        }
        drop(messages);
        message
    }

    fn update(&self, ticket: Ticket, status: Status, terminal: bool, wakers: &mut Vec<Waker>) {
        let mut messages = self.messages.borrow_mut();
        let place = messages.get_mut(ticket.0 as usize);
        let message = place.and_then(|place| {
            if terminal {
                place.take()
            } else {
                place.clone()
            }
        });
        drop(messages);
        let Some(message) = message else {
            return;
        };
        let before = message.status.replace(status);
        let waits = |status| matches!(status, Status::Paced | Status::Queued);
        if message.sink {
            let unwritten = self.sink_unwritten.get();
            match (waits(before), waits(status)) {
                (true, false) => self.sink_unwritten.set(unwritten - 1),
                // Written again after a reconnect.
                (false, true) => self.sink_unwritten.set(unwritten + 1),
                _ => {}
            }
            if terminal && !matches!(status, Status::Written | Status::Acked) {
                self.sink_failure.set(Some(status));
            }
        }
        message.done.set(terminal);
        if terminal && let Some(id) = &message.id {
            let mut ids = self.ids.borrow_mut();
            if ids.get(id) == Some(&ticket) {
                ids.remove(id);
            }
        }
        wakers.append(&mut message.wakers.borrow_mut());
    }
}

/// The slots of keyed topics, both ways.
#[derive(Default)]
pub(super) struct Keys {
    slots: RefCell<HashMap<(TopicId, Id), SlotId>>,
    names: RefCell<HashMap<SlotId, (TopicId, Id)>>,
}

impl Keys {
    fn get(&self, topic: TopicId, key: &Id) -> Option<SlotId> {
        self.slots.borrow().get(&(topic, key.clone())).copied()
    }

    fn insert(&self, topic: TopicId, key: &Id, slot: SlotId) {
        let name = (topic, key.clone());
        self.names.borrow_mut().insert(slot, name.clone());
        self.slots.borrow_mut().insert(name, slot);
    }

    fn forget_topic(&self, topic: TopicId) {
        self.slots
            .borrow_mut()
            .retain(|(other, _), _| *other != topic);
        self.names
            .borrow_mut()
            .retain(|_, (other, _)| *other != topic);
    }

    fn forget(&self, slot: SlotId) {
        if let Some(name) = self.names.borrow_mut().remove(&slot) {
            let mut slots = self.slots.borrow_mut();
            if slots.get(&name) == Some(&slot) {
                slots.remove(&name);
            }
        }
    }
}

impl Engine {
    /// Queues a message and writes what can be written.
    pub(crate) fn send(&self, message: Outgoing) -> Result<Rc<Tracked>, SendError> {
        let Outgoing {
            topic,
            key,
            packet,
            options,
            id,
            sink,
        } = message;
        if self.is_dropped() {
            return Err(SendError::Closed);
        }
        // An acknowledgement could not tell two apart. A value may take the place of the one with its id.
        let other = id.as_ref().and_then(|id| self.tracker.ticket(id));
        if other.is_some() {
            let pending = self.peek(topic, key.as_ref()).map(|(ticket, _)| ticket);
            if options.immediate || pending != other {
                return Err(SendError::DuplicateId);
            }
        }
        let slot = match &key {
            Some(key) => Some(self.slot(topic, key)?),
            None => None,
        };
        let now = self.now();
        let ticket = self.core(|core| core.outbox().send(now, topic, slot, packet, options))?;
        // What has already come after these is told by an event.
        let (status, id) = match self.core(|core| core.outbox().status(ticket)) {
            Some(Status::Paced) => (Status::Paced, id),
            // The id stays that of the value it would have replaced.
            Some(Status::Dropped(_)) => (Status::Queued, None),
            _ => (Status::Queued, id),
        };
        let message = self.tracker.add(Tracked {
            ticket,
            status: Cell::new(status),
            done: Cell::new(false),
            expects_ack: options.expect_ack,
            id,
            sink,
            wakers: RefCell::new(Vec::new()),
        });
        self.pump_now();
        Ok(message)
    }

    /// Writes a plain message of the sink past the queue, if the queue would do nothing with it but give it out at once.
    /// `false` if it has to be queued.
    pub(crate) fn send_past(&self, frame: &Frame) -> bool {
        if self.pumping.get() || self.is_dropped() || frame.len() > self.limits.max_bytes {
            return false;
        }
        let (room, generation) = self.core(|core| (core.bypass(), core.link().generation()));
        let written = room.is_some_and(|room| self.buffered_at_most() < room)
            && self.transmit(generation, frame);
        self.written_past
            .set(self.written_past.get() + u64::from(written));
        written
    }

    /// What became of all messages.
    pub(crate) fn counters(&self) -> Counters {
        let mut counters = self.core(|core| core.outbox().counters());
        counters.accepted += self.written_past.get();
        counters.written += self.written_past.get();
        counters
    }

    fn slot(&self, topic: TopicId, key: &Id) -> Result<SlotId, SendError> {
        if let Some(slot) = self.keys.get(topic, key) {
            return Ok(slot);
        }
        let slot = self.core(|core| core.outbox().slot(topic))?;
        self.keys.insert(topic, key, slot);
        Ok(slot)
    }

    /// The slot of a key that was used before.
    pub(crate) fn known_slot(&self, topic: TopicId, key: &Id) -> Option<SlotId> {
        self.keys.get(topic, key)
    }

    /// The value that would be sent for a slot, and its ticket.
    pub(crate) fn peek(&self, topic: TopicId, key: Option<&Id>) -> Option<(Ticket, Packet)> {
        let slot = match key {
            Some(key) => Some(self.keys.get(topic, key)?),
            None => None,
        };
        self.core(|core| {
            let (ticket, packet) = core.outbox().peek(topic, slot)?;
            Some((ticket, packet.clone()))
        })
    }

    /// A new topic.
    pub(crate) fn topic(&self, config: TopicConfig) -> Result<TopicId, ConfigError> {
        self.core(|core| core.outbox().topic(config))
    }

    /// Nobody holds the topic any more: what it still has to send goes out, then it is removed. A batch goes now: it
    /// will not get fuller, and need not have a timer.
    pub(crate) fn retire(&self, topic: TopicId, is_batch: bool) {
        self.retired.borrow_mut().push(topic);
        if is_batch {
            self.flush(Scope::Topic(topic));
        }
        self.remove_retired();
    }

    pub(super) fn remove_retired(&self) {
        self.retired.borrow_mut().retain(|topic| {
            let pending = self.pending(Scope::Topic(*topic));
            if !pending {
                self.core(|core| core.outbox().remove_topic(*topic));
                self.keys.forget_topic(*topic);
            }
            pending
        });
    }

    pub(crate) fn cancel(&self, ticket: Ticket) -> bool {
        let cancelled = self.core(|core| core.outbox().cancel(ticket));
        self.pump();
        cancelled
    }

    pub(crate) fn cancel_all(&self, scope: Scope) {
        self.core(|core| core.outbox().cancel_all(scope));
        self.pump();
    }

    pub(crate) fn flush(&self, scope: Scope) {
        let now = self.now();
        self.core(|core| core.outbox().flush(now, scope));
        self.pump_now();
    }

    pub(crate) fn pending(&self, scope: Scope) -> bool {
        self.core(|core| core.outbox().pending(scope))
    }

    /// Whether the sink may take another message: room in the queue, and the socket keeps up.
    pub(crate) fn has_room(&self) -> bool {
        let (limits, state) = (self.limits, self.core(|core| core.link().state()));
        let counters = self.core(|core| core.outbox().counters());
        state == State::Closed
            || (counters.queued_messages < limits.max_messages
                && counters.queued_bytes < limits.max_bytes
                && self.keeps_up())
    }

    /// Messages of the sink that wait to be written.
    pub(crate) fn sink_unwritten(&self) -> usize {
        self.tracker.sink_unwritten.get()
    }

    /// What became of a message of the sink that will not be written; told once.
    pub(crate) fn take_sink_failure(&self) -> Option<Status> {
        self.tracker.sink_failure.take()
    }

    pub(super) fn track(&self, event: OutboxEvent) {
        match event {
            OutboxEvent::Status {
                ticket,
                status,
                terminal,
            } => self
                .waiting
                .with_wakers(|wakers| self.tracker.update(ticket, status, terminal, wakers)),
            OutboxEvent::SlotIdle(slot) => self.keys.forget(slot),
            _ => {}
        }
    }
}
