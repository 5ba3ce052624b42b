//! Messages that wait to be read, within bounds.

use std::{collections::VecDeque, task::Waker};

use crate::{
    error::Error,
    options::{InboundLimits, InboundOverflow},
};

pub(super) struct Queue<In> {
    /// With the size of each on the wire.
    items: VecDeque<(usize, Result<In, Error>)>,
    bytes: usize,
    pub(super) waker: Option<Waker>,
    pub(super) finished: bool,
}

impl<In> Default for Queue<In> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            waker: None,
            finished: false,
        }
    }
}

impl<In> Queue<In> {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an item within the bounds, `others` (number and bytes) counted in; what had to go is in `removed`, for the
    /// caller to drop once it holds no borrow. Returns whether the rule is to disconnect.
    pub(super) fn push(
        &mut self,
        limits: &InboundLimits,
        others: (usize, usize),
        (bytes, item): (usize, Result<In, Error>),
        removed: &mut Vec<Result<In, Error>>,
    ) -> bool {
        let full = |queue: &Self| {
            !queue.items.is_empty()
                && (queue.items.len() + others.0 >= limits.max_messages
                    || (queue.bytes + others.1).saturating_add(bytes) > limits.max_bytes)
        };
        if !full(self) {
            self.add(bytes, item);
            return false;
        }
        if limits.overflow == InboundOverflow::DropOldest {
            let mut dropped = 0;
            while full(self) {
                dropped += self.drop_front(removed);
            }
            self.items.push_front((0, gap(dropped)));
            self.add(bytes, item);
            return false;
        }
        self.note_gap();
        removed.push(item);
        limits.overflow == InboundOverflow::Disconnect
    }

    pub(super) fn add(&mut self, bytes: usize, item: Result<In, Error>) {
        self.bytes += bytes;
        self.items.push_back((bytes, item));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.bytes += other.bytes;
        self.items.append(&mut other.items);
    }

    pub(super) fn pop(&mut self) -> Option<Result<In, Error>> {
        let (bytes, item) = self.items.pop_front()?;
        self.bytes -= bytes;
        Some(item)
    }

    /// The first item that fits, past those before it.
    pub(super) fn take(
        &mut self,
        fits: impl FnMut(&Result<In, Error>) -> bool,
    ) -> Option<Result<In, Error>> {
        let place = self.items.iter().map(|(_, item)| item).position(fits)?;
        let (bytes, item) = self.items.remove(place)?;
        self.bytes -= bytes;
        Some(item)
    }

    /// Returns for how many messages the removed item stood.
    fn drop_front(&mut self, removed: &mut Vec<Result<In, Error>>) -> u64 {
        let Some(item) = self.pop() else {
            return 0;
        };
        let count = match &item {
            Err(Error::InboundOverflow { dropped }) => *dropped,
            _ => 1,
        };
        removed.push(item);
        count
    }

    /// One message is missing at the end.
    fn note_gap(&mut self) {
        match self.items.back_mut() {
            Some((_, Err(Error::InboundOverflow { dropped }))) => *dropped += 1,
            _ => self.items.push_back((0, gap(1))),
        }
    }
}

fn gap<In>(dropped: u64) -> Result<In, Error> {
    Err(Error::InboundOverflow { dropped })
}
