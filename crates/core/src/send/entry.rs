//! Storage of the sends: a slab whose index is the ticket, and the queues threaded through it.
//!
//! Every entry sits in at most one place queue (a lane, a topic's paced or waiting queue, in hand, in flight, to be resent)
//! and, until it is written, in the age queue that keeps the order of the calls. Both are doubly linked through the
//! entries, so that moving, replacing and removing are O(1) and need no memory of their own.

use alloc::vec::Vec;

use super::lanes::LANES;
use super::{Lane, Offline, Status};

/// No entry, or no queue.
pub(super) const NIL: u32 = u32::MAX;

/// A queue's number. The lanes come first, so that a lane's number is its index.
pub(super) type Queue = u32;
/// Polled for writing, result not yet known.
pub(super) const HAND: Queue = 4;
/// Written, acknowledgement awaited.
pub(super) const FLIGHT: Queue = 5;
/// Written over a link that died, to be written again.
pub(super) const RESEND: Queue = 6;
/// Everything unwritten, in the order of the calls.
pub(super) const AGE: Queue = 7;

/// The queue of a topic's messages that wait for a timer.
pub(super) fn paced(topic: u32) -> Queue {
    AGE + 1 + 2 * topic
}

/// The queue of a topic's messages that wait for a token.
pub(super) fn waiting(topic: u32) -> Queue {
    AGE + 2 + 2 * topic
}

pub(super) fn is_lane(queue: Queue) -> bool {
    (queue as usize) < LANES
}

#[derive(Clone, Copy)]
struct Link {
    prev: u32,
    next: u32,
}

const UNLINKED: Link = Link {
    prev: NIL,
    next: NIL,
};

#[derive(Clone, Copy)]
struct Ends {
    head: u32,
    tail: u32,
    len: u32,
}

pub(super) struct Entry<P> {
    /// Gone once the message is written and need not be written again.
    pub(super) payload: Option<P>,
    pub(super) size: usize,
    pub(super) topic: u32,
    pub(super) slot: u32,
    /// `None` before the first status was told.
    pub(super) status: Option<Status>,
    pub(super) lane: Lane,
    pub(super) offline: Offline,
    /// Paced by a policy that replaces values.
    pub(super) slotted: bool,
    /// Collected into a batch.
    pub(super) batched: bool,
    pub(super) resend: bool,
    /// Written at least once and held for another time.
    pub(super) kept: bool,
    pub(super) expect_ack: bool,
    /// The batch it goes with; 0 for none.
    pub(super) group: u32,
    /// Where it is, [`NIL`] for nowhere.
    pub(super) queue: Queue,
    /// Whether it is in the age queue.
    pub(super) unwritten: bool,
    place: Link,
    age: Link,
}

impl<P> Entry<P> {
    pub(super) fn new(
        payload: P,
        size: usize,
        topic: u32,
        slot: u32,
        lane: Lane,
        offline: Offline,
    ) -> Self {
        Self {
            payload: Some(payload),
            size,
            topic,
            slot,
            status: None,
            lane,
            offline,
            slotted: false,
            batched: false,
            resend: false,
            kept: false,
            expect_ack: false,
            group: 0,
            queue: NIL,
            unwritten: false,
            place: UNLINKED,
            age: UNLINKED,
        }
    }

    /// The entry behind this one in `queue`.
    pub(super) fn next(&self, queue: Queue) -> u32 {
        if queue == AGE {
            self.age.next
        } else {
            self.place.next
        }
    }

    fn link(&mut self, queue: Queue) -> &mut Link {
        if queue == AGE {
            &mut self.age
        } else {
            &mut self.place
        }
    }
}

pub(super) struct Entries<P> {
    slab: Vec<Option<Entry<P>>>,
    free: Vec<u32>,
    queues: Vec<Ends>,
}

impl<P> Entries<P> {
    pub(super) fn new() -> Self {
        Self {
            slab: Vec::new(),
            free: Vec::new(),
            queues: Vec::new(),
        }
    }

    /// Makes sure that the queues of `topic` exist.
    pub(super) fn add_topic(&mut self, topic: u32) {
        while self.queues.len() <= waiting(topic) as usize {
            self.queues.push(Ends {
                head: NIL,
                tail: NIL,
                len: 0,
            });
        }
    }

    pub(super) fn insert(&mut self, entry: Entry<P>) -> u32 {
        if let Some(id) = self.free.pop()
            && let Some(slot) = self.slab.get_mut(id as usize)
        {
            *slot = Some(entry);
            return id;
        }
        self.slab.push(Some(entry));
        (self.slab.len() - 1) as u32
    }

    pub(super) fn release(&mut self, id: u32) {
        if let Some(slot) = self.slab.get_mut(id as usize)
            && slot.take().is_some()
        {
            self.free.push(id);
        }
    }

    #[inline(never)]
    pub(super) fn get(&self, id: u32) -> Option<&Entry<P>> {
        self.slab.get(id as usize)?.as_ref()
    }

    #[inline(never)]
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Entry<P>> {
        self.slab.get_mut(id as usize)?.as_mut()
    }

    #[inline(never)]
    pub(super) fn len(&self, queue: Queue) -> usize {
        self.queues
            .get(queue as usize)
            .map_or(0, |ends| ends.len as usize)
    }

    #[inline(never)]
    pub(super) fn head(&self, queue: Queue) -> u32 {
        self.queues
            .get(queue as usize)
            .map_or(NIL, |ends| ends.head)
    }

    /// Frames in `queue`: a batch is one.
    pub(super) fn frames(&self, queue: Queue) -> usize {
        let (mut frames, mut last) = (0, 0);
        let mut id = self.head(queue);
        while let Some(entry) = self.get(id) {
            frames += usize::from(entry.group == 0 || entry.group != last);
            last = entry.group;
            id = entry.next(queue);
        }
        frames
    }

    /// Whether a neighbour of `id` in its place queue belongs to the same batch.
    pub(super) fn has_companion(&self, id: u32) -> bool {
        self.get(id).is_some_and(|entry| {
            let same = |other| {
                self.get(other)
                    .is_some_and(|other| other.group == entry.group)
            };
            entry.group != 0 && (same(entry.place.prev) || same(entry.place.next))
        })
    }

    /// Moves `id` from its place queue, if it is in one, to the end of `queue`.
    pub(super) fn place(&mut self, id: u32, queue: Queue) {
        self.displace(id);
        self.append(id, queue);
        if let Some(entry) = self.get_mut(id) {
            entry.queue = queue;
        }
    }

    /// Takes `id` out of its place queue.
    pub(super) fn displace(&mut self, id: u32) {
        if let Some(entry) = self.get_mut(id) {
            let queue = core::mem::replace(&mut entry.queue, NIL);
            self.unlink(id, queue);
        }
    }

    pub(super) fn enter_age(&mut self, id: u32) {
        self.append(id, AGE);
        if let Some(entry) = self.get_mut(id) {
            entry.unwritten = true;
        }
    }

    pub(super) fn leave_age(&mut self, id: u32) {
        self.unlink(id, AGE);
        if let Some(entry) = self.get_mut(id) {
            entry.unwritten = false;
        }
    }

    /// Puts `new` exactly where `old` is, batch included, and leaves `old` nowhere.
    pub(super) fn substitute(&mut self, old: u32, new: u32) {
        let Some(entry) = self.get_mut(old) else {
            return;
        };
        let (lane, group, place) = (entry.lane, entry.group, entry.place);
        let queue = core::mem::replace(&mut entry.queue, NIL);
        if let Some(entry) = self.get_mut(new) {
            (entry.lane, entry.group, entry.place, entry.queue) = (lane, group, place, queue);
        }
        self.join(queue, place.prev, new);
        self.join(queue, new, place.next);
    }

    fn append(&mut self, id: u32, queue: Queue) {
        let tail = self
            .queues
            .get(queue as usize)
            .map_or(NIL, |ends| ends.tail);
        self.join(queue, tail, id);
        self.join(queue, id, NIL);
        if let Some(ends) = self.queues.get_mut(queue as usize) {
            ends.len += 1;
        }
    }

    fn unlink(&mut self, id: u32, queue: Queue) {
        let Some(ends) = self.queues.get_mut(queue as usize) else {
            return;
        };
        ends.len -= 1;
        let Some(entry) = self.get_mut(id) else {
            return;
        };
        let link = core::mem::replace(entry.link(queue), UNLINKED);
        self.join(queue, link.prev, link.next);
    }

    /// Makes `next` follow `prev`; [`NIL`] stands for the end of the queue.
    fn join(&mut self, queue: Queue, prev: u32, next: u32) {
        if let Some(entry) = self.get_mut(prev) {
            entry.link(queue).next = next;
        } else if let Some(ends) = self.queues.get_mut(queue as usize) {
            ends.head = next;
        }
        if let Some(entry) = self.get_mut(next) {
            entry.link(queue).prev = prev;
        } else if let Some(ends) = self.queues.get_mut(queue as usize) {
            ends.tail = prev;
        }
    }
}
