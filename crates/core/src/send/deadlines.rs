//! A set of deadlines, at most one per id, ordered by time.
//!
//! A binary heap that knows where each id sits: moving or removing a deadline is O(log n) in place, so no stale item
//! ever stays behind, however often a debounce is postponed. Equal times come out in the order in which they were set.

use alloc::vec::Vec;

use crate::Time;

const ABSENT: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Item {
    at: Time,
    /// Breaks ties.
    turn: u32,
    id: u32,
}

impl Item {
    fn before(&self, other: &Self) -> bool {
        (self.at, self.turn) < (other.at, other.turn)
    }
}

#[derive(Default)]
pub(super) struct Deadlines {
    heap: Vec<Item>,
    /// Position in the heap by id.
    places: Vec<u32>,
    turn: u32,
}

impl Deadlines {
    /// Sets the deadline of `id`, or moves it. An unchanged time keeps its turn.
    pub(super) fn set(&mut self, id: u32, at: Time) {
        while self.places.len() <= id as usize {
            self.places.push(ABSENT);
        }
        self.turn = self.turn.wrapping_add(1);
        let item = Item {
            at,
            turn: self.turn,
            id,
        };
        let mut place = self.place(id);
        match self.heap.get(place) {
            Some(old) if old.at == at => return,
            Some(_) => {}
            None => {
                place = self.heap.len();
                self.heap.push(item);
            }
        }
        self.sift(place, item);
    }

    pub(super) fn remove(&mut self, id: u32) {
        let place = self.place(id);
        if place >= self.heap.len() {
            return;
        }
        if let Some(slot) = self.places.get_mut(id as usize) {
            *slot = ABSENT;
        }
        if let Some(last) = self.heap.pop()
            && last.id != id
        {
            self.sift(place, last);
        }
    }

    /// The earliest deadline, [`Time::NEVER`] if there is none.
    pub(super) fn next(&self) -> Time {
        self.heap.first().map_or(Time::NEVER, |item| item.at)
    }

    /// Removes and returns the earliest deadline's id if it has come.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<u32> {
        let first = self.heap.first().filter(|item| item.at <= now)?.id;
        self.remove(first);
        Some(first)
    }

    /// Where the deadline of `id` is; outside the heap if it has none.
    fn place(&self, id: u32) -> usize {
        self.places.get(id as usize).map_or(ABSENT, |place| *place) as usize
    }

    fn put(&mut self, place: usize, item: Item) {
        if let Some(slot) = self.heap.get_mut(place) {
            *slot = item;
        }
        if let Some(slot) = self.places.get_mut(item.id as usize) {
            *slot = place as u32;
        }
    }

    /// Puts `item` where it belongs, starting at the vacant `place`: first up, then down. At most one of them moves it.
    fn sift(&mut self, mut place: usize, item: Item) {
        while place > 0 {
            let above = (place - 1) / 2;
            match self.heap.get(above) {
                Some(parent) if item.before(parent) => self.put(place, *parent),
                _ => break,
            }
            place = above;
        }
        loop {
            let mut below = 2 * place + 1;
            let Some(mut child) = self.heap.get(below) else {
                break;
            };
            if let Some(right) = self.heap.get(below + 1)
                && right.before(child)
            {
                below += 1;
                child = right;
            }
            if item.before(child) {
                break;
            }
            self.put(place, *child);
            place = below;
        }
        self.put(place, item);
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_times_come_out_in_the_order_they_were_set() {
        let mut deadlines = Deadlines::default();
        for id in [4, 2, 9, 1] {
            deadlines.set(id, Time::from_micros(7));
        }
        deadlines.set(4, Time::from_micros(7));
        let mut order = Vec::new();
        while let Some(id) = deadlines.pop_due(Time::from_micros(7)) {
            order.push(id);
        }
        assert_eq!(order, [4, 2, 9, 1]);
    }

    #[test]
    fn postponing_for_ever_leaves_nothing_behind() {
        let mut deadlines = Deadlines::default();
        for step in 0..10_000 {
            deadlines.set(step % 10, Time::from_micros(u64::from(step)));
        }
        assert_eq!(deadlines.heap.len(), 10);
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_map(steps in prop::collection::vec((0_u32..40, prop::option::of(0_u64..100)), 0..200)) {
            let mut deadlines = Deadlines::default();
            let mut model = BTreeMap::new();
            for (id, at) in steps {
                match at {
                    Some(at) => {
                        deadlines.set(id, Time::from_micros(at));
                        model.insert(id, at);
                    }
                    None => {
                        deadlines.remove(id);
                        model.remove(&id);
                    }
                }
                prop_assert_eq!(deadlines.next().if_ever(), model.values().min().map(|at| Time::from_micros(*at)));
                prop_assert_eq!(deadlines.heap.len(), model.len());
            }
            let mut last = 0;
            while let Some(id) = deadlines.pop_due(Time::from_micros(100)) {
                let at = model.remove(&id).unwrap();
                prop_assert!(at >= last);
                last = at;
            }
            prop_assert!(model.is_empty());
        }
    }
}
