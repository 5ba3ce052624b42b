//! Who listens to a namespace: streams of events, of changes, and futures of acks.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use everwire_core::{
    protocol::socket_io::client::{AckError, EmitId, ReplyTo},
    send::Status,
};

use crate::options::{InboundLimits, InboundOverflow};

use super::change::Change;

/// Changes that a subscriber may be behind; older ones are forgotten first.
const BACKLOG: usize = 64;

/// An event as it arrived.
pub(super) struct Incoming {
    pub(super) name: String,
    pub(super) payload: String,
    pub(super) attachments: Rc<[Vec<u8>]>,
    /// Taken by the first who answers.
    pub(super) reply: Cell<Option<ReplyTo>>,
}

impl Incoming {
    fn size(&self) -> usize {
        self.payload.len() + self.attachments.iter().map(Vec::len).sum::<usize>()
    }
}

/// What a stream finds.
pub(super) enum Found {
    Event(Rc<Incoming>),
    /// So many are missing here.
    Gap(u64),
}

/// The bounded queue of one stream.
pub(super) struct Inbox {
    limits: InboundLimits,
    state: RefCell<InboxState>,
}

#[derive(Default)]
struct InboxState {
    events: VecDeque<Rc<Incoming>>,
    bytes: usize,
    /// Missing before the first or, with `DropNewest`, behind the last event.
    dropped: u64,
    waker: Option<Waker>,
    finished: bool,
}

impl Inbox {
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Found>> {
        let mut state = self.state.borrow_mut();
        let newest = self.limits.overflow != InboundOverflow::DropOldest;
        if state.dropped > 0 && (!newest || state.events.is_empty()) {
            return Poll::Ready(Some(Found::Gap(std::mem::take(&mut state.dropped))));
        }
        match state.events.pop_front() {
            Some(event) => {
                state.bytes -= event.size();
                Poll::Ready(Some(Found::Event(event)))
            }
            None if state.finished => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Returns whether the rule is to disconnect.
    fn push(&self, event: &Rc<Incoming>, wakers: &mut Vec<Waker>) -> bool {
        let (limits, size) = (&self.limits, event.size());
        let mut state = self.state.borrow_mut();
        let full = |state: &InboxState| {
            !state.events.is_empty()
                && (state.events.len() >= limits.max_messages
                    || state.bytes.saturating_add(size) > limits.max_bytes)
        };
        let mut accept = true;
        if limits.overflow == InboundOverflow::DropOldest {
            while full(&state) {
                if let Some(old) = state.events.pop_front() {
                    state.bytes -= old.size();
                    state.dropped += 1;
                }
            }
        // Behind a gap nothing is added before the reader has seen it: it would be in the wrong place.
        } else if full(&state) || state.dropped > 0 {
            state.dropped += 1;
            accept = false;
        }
        if accept {
            state.bytes += size;
            state.events.push_back(Rc::clone(event));
        }
        wakers.extend(state.waker.take());
        !accept && limits.overflow == InboundOverflow::Disconnect
    }
}

/// The bounded queue of one stream of changes.
#[derive(Default)]
pub(super) struct Backlog {
    pub(super) changes: VecDeque<Change>,
    pub(super) waker: Option<Waker>,
    pub(super) finished: bool,
}

/// What a handle and the future of an ack share with the engine.
pub(super) struct Tracked {
    pub(super) emit: EmitId,
    pub(super) event: Rc<str>,
    pub(super) status: Cell<Status>,
    pub(super) done: Cell<bool>,
    pub(super) answer: RefCell<Option<Answer>>,
    pub(super) wakers: RefCell<Vec<Waker>>,
    expects: bool,
}

/// How an emit with an ack ended.
pub(super) type Answer = Result<(String, Rc<[Vec<u8>]>), AckError>;

impl Tracked {
    pub(super) fn wait(&self, waker: &Waker) {
        let mut wakers = self.wakers.borrow_mut();
        if !wakers.iter().any(|other| other.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }
}

/// Everyone who listens to one namespace. Nothing here runs foreign code: wakers are collected.
#[derive(Default)]
pub(super) struct Hub {
    by_event: RefCell<HashMap<String, Vec<Weak<Inbox>>>>,
    any: RefCell<Vec<Weak<Inbox>>>,
    changes: RefCell<Vec<Weak<RefCell<Backlog>>>>,
    emits: RefCell<HashMap<EmitId, Rc<Tracked>>>,
    pub(super) recovered: Cell<bool>,
    finished: Cell<bool>,
}

impl Hub {
    /// A stream of the events with this name, or of all.
    pub(super) fn listen(&self, event: Option<&str>, limits: InboundLimits) -> Rc<Inbox> {
        let inbox = Rc::new(Inbox {
            limits,
            state: RefCell::new(InboxState {
                finished: self.finished.get(),
                ..InboxState::default()
            }),
        });
        let weak = Rc::downgrade(&inbox);
        match event {
            Some(event) => {
                let mut by_event = self.by_event.borrow_mut();
                // Whoever comes again and again with other names leaves nothing behind.
                by_event.retain(|_, inboxes| inboxes.iter().any(|it| it.strong_count() > 0));
                let inboxes = by_event.entry(event.to_owned()).or_default();
                inboxes.retain(|it| it.strong_count() > 0);
                inboxes.push(weak);
            }
            None => {
                let mut any = self.any.borrow_mut();
                any.retain(|it| it.strong_count() > 0);
                any.push(weak);
            }
        }
        inbox
    }

    pub(super) fn subscribe(&self) -> Rc<RefCell<Backlog>> {
        let backlog = Rc::new(RefCell::new(Backlog {
            finished: self.finished.get(),
            ..Backlog::default()
        }));
        let mut changes = self.changes.borrow_mut();
        changes.retain(|stream| stream.strong_count() > 0);
        changes.push(Rc::downgrade(&backlog));
        backlog
    }

    /// Delivers an event. Returns whether somebody's rule is to disconnect.
    pub(super) fn deliver(&self, event: &Rc<Incoming>, wakers: &mut Vec<Waker>) -> bool {
        let mut overflow = false;
        let mut push = |inboxes: &mut Vec<Weak<Inbox>>| {
            inboxes.retain(|inbox| {
                let inbox = inbox.upgrade();
                if let Some(inbox) = &inbox {
                    overflow |= inbox.push(event, wakers);
                }
                inbox.is_some()
            });
        };
        if let Some(inboxes) = self.by_event.borrow_mut().get_mut(&event.name) {
            push(inboxes);
        }
        push(&mut self.any.borrow_mut());
        overflow
    }

    pub(super) fn tell(&self, change: &Change, wakers: &mut Vec<Waker>) {
        self.each_change(wakers, |backlog| {
            if backlog.changes.len() == BACKLOG {
                backlog.changes.pop_front();
            }
            backlog.changes.push_back(change.clone());
        });
    }

    pub(super) fn track(&self, emit: EmitId, event: &Rc<str>, expects: bool) -> Rc<Tracked> {
        let tracked = Rc::new(Tracked {
            emit,
            event: Rc::clone(event),
            status: Cell::new(Status::Queued),
            done: Cell::new(false),
            answer: RefCell::new(None),
            wakers: RefCell::new(Vec::new()),
            expects,
        });
        self.emits.borrow_mut().insert(emit, Rc::clone(&tracked));
        tracked
    }

    pub(super) fn status(
        &self,
        emit: EmitId,
        status: Status,
        terminal: bool,
        wakers: &mut Vec<Waker>,
    ) {
        let tracked = self.emits.borrow().get(&emit).cloned();
        let Some(tracked) = tracked else {
            return;
        };
        tracked.status.set(status);
        if terminal {
            tracked.done.set(true);
            // Why it failed follows.
            if !tracked.expects || status == Status::Acked {
                self.emits.borrow_mut().remove(&emit);
            }
        }
        wakers.append(&mut tracked.wakers.borrow_mut());
    }

    pub(super) fn answer(&self, emit: EmitId, answer: Answer, wakers: &mut Vec<Waker>) {
        let failed = answer.is_err();
        let tracked = self.emits.borrow().get(&emit).cloned();
        let Some(tracked) = tracked else {
            return;
        };
        tracked.answer.replace(Some(answer));
        if failed {
            self.emits.borrow_mut().remove(&emit);
        }
        wakers.append(&mut tracked.wakers.borrow_mut());
    }

    /// Ends all streams and futures.
    pub(super) fn finish(&self, wakers: &mut Vec<Waker>) {
        self.finished.set(true);
        let by_event = self.by_event.take();
        for inbox in by_event.into_values().flatten().chain(self.any.take()) {
            if let Some(inbox) = inbox.upgrade() {
                let mut state = inbox.state.borrow_mut();
                state.finished = true;
                wakers.extend(state.waker.take());
            }
        }
        self.each_change(wakers, |backlog| backlog.finished = true);
        for tracked in self.emits.take().into_values() {
            tracked.done.set(true);
            let mut answer = tracked.answer.borrow_mut();
            answer.get_or_insert(Err(AckError::Disconnected));
            wakers.append(&mut tracked.wakers.borrow_mut());
        }
    }

    fn each_change(&self, wakers: &mut Vec<Waker>, change: impl Fn(&mut Backlog)) {
        self.changes.borrow_mut().retain(|stream| {
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
