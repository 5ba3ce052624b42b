//! What waits to be read from a stream, within bounds.

use std::{
    cell::RefCell,
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

/// A bounded queue with one reader. Nothing of it is foreign code while it is borrowed.
pub(super) struct Backlog<T> {
    inner: RefCell<Inner<T>>,
}

struct Inner<T> {
    items: VecDeque<(usize, T)>,
    bytes: usize,
    waker: Option<Waker>,
    finished: bool,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self {
            inner: RefCell::new(Inner {
                items: VecDeque::new(),
                bytes: 0,
                waker: None,
                finished: false,
            }),
        }
    }
}

impl<T> Backlog<T> {
    /// Adds an item of `bytes` bytes; the oldest go if the bounds are exceeded, and `gap` makes what stands for them of
    /// those that went.
    pub(super) fn push(
        &self,
        (bytes, item): (usize, T),
        (max_items, max_bytes): (usize, usize),
        gap: impl FnOnce(&VecDeque<T>) -> Option<T>,
    ) {
        let mut inner = self.inner.borrow_mut();
        let mut gone = VecDeque::new();
        while !inner.items.is_empty()
            && (inner.items.len() >= max_items || inner.bytes.saturating_add(bytes) > max_bytes)
        {
            if let Some((bytes, item)) = inner.items.pop_front() {
                inner.bytes -= bytes;
                gone.push_back(item);
            }
        }
        if !gone.is_empty()
            && let Some(gap) = gap(&gone)
        {
            inner.items.push_front((0, gap));
        }
        inner.bytes += bytes;
        inner.items.push_back((bytes, item));
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nothing more comes but a last item.
    pub(super) fn finish(&self, last: Option<T>) {
        let mut inner = self.inner.borrow_mut();
        if inner.finished {
            return;
        }
        inner.finished = true;
        inner.items.extend(last.map(|item| (0, item)));
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<T>> {
        let mut inner = self.inner.borrow_mut();
        match inner.items.pop_front() {
            Some((bytes, item)) => {
                inner.bytes -= bytes;
                Poll::Ready(Some(item))
            }
            None if inner.finished => Poll::Ready(None),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.inner.borrow().items.len()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.inner.borrow().finished
    }
}
