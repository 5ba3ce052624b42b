//! The states of a connection as a stream.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use everwire_core::link::{Cause, EndReason, State};
use futures_core::Stream;

/// Changes that a subscriber may be behind; older ones are forgotten first.
const BACKLOG: usize = 64;

/// One change of a connection's state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange {
    /// The state that was left.
    pub from: State,
    /// The state that was entered.
    pub state: State,
    /// Why.
    pub cause: Cause,
    /// The close reason of the peer, what a provider function, the handshake or the browser said about a failed dial, or
    /// the chosen subprotocol on opening. Empty if there is nothing to say.
    pub detail: Rc<str>,
    /// The next dial; with [`State::Waiting`].
    pub retry: Option<Retry>,
    /// Why there will be no further dial; with [`State::Closed`].
    pub ended: Option<EndReason>,
}

/// The next dial of a waiting connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Its number among consecutive attempts, from 1.
    pub attempt: u32,
    /// How long the wait is, jitter included.
    pub delay: Duration,
}

impl Retry {
    pub(crate) fn new(attempt: u32, delay: Duration) -> Self {
        Self { attempt, delay }
    }
}

/// Stream of [`StateChange`]s from [`Client::states`](crate::Client::states).
///
/// It remembers up to 64 changes for a slow reader, then forgets the oldest, and ends with the socket.
#[must_use = "a stream does nothing unless it is read"]
pub struct States {
    shared: Rc<RefCell<Backlog>>,
}

#[derive(Default)]
struct Backlog {
    changes: VecDeque<StateChange>,
    waker: Option<Waker>,
    finished: bool,
}

impl Stream for States {
    type Item = StateChange;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<StateChange>> {
        let mut backlog = self.shared.borrow_mut();
        match backlog.changes.pop_front() {
            Some(change) => Poll::Ready(Some(change)),
            None if backlog.finished => Poll::Ready(None),
            None => {
                backlog.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States")
            .field("unread", &self.shared.borrow().changes.len())
            .finish()
    }
}

/// Everyone who listens to state changes.
#[derive(Default)]
pub(crate) struct Subscribers {
    streams: RefCell<Vec<Weak<RefCell<Backlog>>>>,
}

impl Subscribers {
    pub(crate) fn subscribe(&self, finished: bool) -> States {
        let shared = Rc::new(RefCell::new(Backlog {
            finished,
            ..Backlog::default()
        }));
        let mut streams = self.streams.borrow_mut();
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(Rc::downgrade(&shared));
        States { shared }
    }

    /// Tells everyone; the wakers are for the caller to call once it holds no borrow.
    pub(crate) fn tell(&self, change: &StateChange, wakers: &mut Vec<Waker>) {
        self.each(wakers, |backlog| {
            if backlog.changes.len() == BACKLOG {
                backlog.changes.pop_front();
            }
            backlog.changes.push_back(change.clone());
        });
    }

    /// Ends all streams.
    pub(crate) fn finish(&self, wakers: &mut Vec<Waker>) {
        self.each(wakers, |backlog| backlog.finished = true);
    }

    fn each(&self, wakers: &mut Vec<Waker>, change: impl Fn(&mut Backlog)) {
        self.streams.borrow_mut().retain(|stream| {
            let Some(backlog) = stream.upgrade() else {
                return false;
            };
            let mut backlog = backlog.borrow_mut();
            change(&mut backlog);
            wakers.extend(backlog.waker.take());
            true
        });
    }
}
