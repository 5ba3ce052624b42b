//! What is to be told, in order, until the shell polls it.

use alloc::vec::Vec;

/// A first-in, first-out queue that is emptied before long: one vector and a position. Its memory is used again once
/// everything was popped, which is cheaper and smaller than a ring buffer as long as shells drain it after each call.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    items: Vec<T>,
    popped: usize,
}

impl<T: Copy> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self {
            items: Vec::new(),
            popped: 0,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items.push(item);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.items.get(self.popped).copied();
        if item.is_some() {
            self.popped += 1;
        } else {
            self.items.clear();
            self.popped = 0;
        }
        item
    }
}
