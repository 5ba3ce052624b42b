//! Slots: one per `(topic, key)`, plus one without a key for every topic.

use alloc::vec::Vec;

use super::entry::NIL;
use super::pacing::Pace;

#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// The owner, [`NIL`] while the number is free.
    pub(super) topic: u32,
    /// Only keyed slots are ever forgotten.
    pub(super) keyed: bool,
    /// Sends that have not come to their end.
    pub(super) live: u32,
    /// The unwritten value that a newer one may replace, or [`NIL`].
    pub(super) pending: u32,
    /// The unwritten value that offline rule "latest" keeps while the link is down, or [`NIL`].
    pub(super) latest: u32,
    pub(super) pace: Pace,
}

#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    pub(super) fn add(&mut self, topic: u32, keyed: bool) -> u32 {
        let slot = Slot {
            topic,
            keyed,
            live: 0,
            pending: NIL,
            latest: NIL,
            pace: Pace::default(),
        };
        if let Some(id) = self.free.pop()
            && let Some(place) = self.slots.get_mut(id as usize)
        {
            *place = slot;
            return id;
        }
        self.slots.push(slot);
        (self.slots.len() - 1) as u32
    }

    pub(super) fn release(&mut self, id: u32) {
        if let Some(slot) = self.get_mut(id) {
            slot.topic = NIL;
            self.free.push(id);
        }
    }

    /// Numbers given out so far.
    pub(super) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    #[inline(never)]
    pub(super) fn get(&self, id: u32) -> Option<&Slot> {
        self.slots.get(id as usize)
    }

    #[inline(never)]
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Slot> {
        self.slots.get_mut(id as usize)
    }
}
