//! The engine of one client: the core's state machine in the middle, the browser below, streams and handles above.
//!
//! As in the plain socket, no borrow is held while foreign code runs (providers, overrides, wakers): what the core says is
//! taken out of it first and done afterwards.

mod dial;
mod inbound;
mod keys;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use everwire_core::{
    Time,
    link::{Cause, EndReason, State, Verdict},
    protocol::stomp::{
        FrameBuf,
        client::{
            Action, Client, ClientConfig, ListenerId, Loss as End, PublishError, RequestId,
            Subscribed,
        },
    },
    send::{OutboxEvent, Scope, Status, Ticket, TopicId},
};

use crate::{
    driver::{self, Signal, Signals, Timer},
    endpoint::Url,
    state::{Retry, StateChange, Subscribers},
};

use super::{
    backlog::Backlog,
    error::Error,
    event::{Event, Events, Loss},
    handle::{Handle, Tracked},
    headers::ConnectHeaders,
    request::Pending,
    subscription::Inbox,
};

use dial::Live;
use keys::Keys;

/// Events that a reader may be behind.
const EVENT_BACKLOG: (usize, usize) = (64, usize::MAX);

pub(super) type Override = Box<dyn Fn(&Loss<'_>) -> Verdict>;

/// Everything that an engine is built from.
pub(super) struct Setup {
    pub(super) url: Url,
    pub(super) headers: ConnectHeaders,
    pub(super) protocols: Vec<String>,
    pub(super) via: driver::Via,
    pub(super) config: ClientConfig,
    pub(super) retry_on: Option<Override>,
}

pub(super) struct Engine {
    me: Weak<Engine>,
    url: Url,
    headers: ConnectHeaders,
    protocols: Vec<String>,
    via: driver::Via,
    retry_on: Option<Override>,
    core: RefCell<Client>,
    live: RefCell<Option<Live>>,
    timer: Timer,
    signals: RefCell<Option<Signals>>,
    messages: RefCell<HashMap<Ticket, Rc<Tracked>>>,
    inboxes: RefCell<HashMap<ListenerId, Rc<Inbox>>>,
    requests: RefCell<HashMap<RequestId, Rc<Pending>>>,
    keys: Keys,
    subscribers: Subscribers,
    events: RefCell<Vec<Weak<Backlog<Event>>>>,
    /// Tasks that wait for anything to happen.
    changes: RefCell<Vec<Waker>>,
    /// Tasks to be woken once no borrow is held.
    due: RefCell<Vec<Waker>>,
    /// Topics that nobody holds any more, with something still to send.
    retired: RefCell<Vec<TopicId>>,
    /// A change whose retry or end is still to be polled.
    change: RefCell<Option<StateChange>>,
    detail: RefCell<Rc<str>>,
    /// The `ERROR` that came over the current connection.
    complaint: RefCell<Option<FrameBuf>>,
    pumping: Cell<bool>,
    dropped: Cell<bool>,
}

impl Engine {
    pub(super) fn start(setup: Setup) -> Result<Rc<Self>, Error> {
        let core = Client::new(setup.config, driver::seed())
            .map_err(|error| crate::Error::Options(error.to_string()))?;
        let engine = Rc::new_cyclic(|me: &Weak<Self>| {
            let on_timer = me.clone();
            Self {
                me: me.clone(),
                url: setup.url,
                headers: setup.headers,
                protocols: setup.protocols,
                via: setup.via,
                retry_on: setup.retry_on,
                core: RefCell::new(core),
                live: RefCell::new(None),
                timer: Timer::new(move || {
                    if let Some(engine) = on_timer.upgrade() {
                        engine.call(Client::tick);
                    }
                }),
                signals: RefCell::new(None),
                messages: RefCell::default(),
                inboxes: RefCell::default(),
                requests: RefCell::default(),
                keys: Keys::default(),
                subscribers: Subscribers::default(),
                events: RefCell::default(),
                changes: RefCell::default(),
                due: RefCell::default(),
                retired: RefCell::default(),
                change: RefCell::new(None),
                detail: RefCell::new("".into()),
                complaint: RefCell::new(None),
                pumping: Cell::new(false),
                dropped: Cell::new(false),
            }
        });
        let me = Rc::downgrade(&engine);
        let signals = Signals::listen(move |signal| {
            if let Some(engine) = me.upgrade() {
                engine.call(|client, now| match signal {
                    Signal::Page(event) => client.page(now, event),
                    Signal::Network(event) => client.network(now, event),
                });
            }
        });
        engine.signals.replace(Some(signals));
        engine.call(Client::start);
        Ok(engine)
    }

    /// Calls the core, then does what it says.
    pub(super) fn call<T>(&self, call: impl FnOnce(&mut Client, Time) -> T) -> T {
        let result = call(&mut self.core.borrow_mut(), driver::now());
        self.pump();
        result
    }

    /// Looks at the core.
    pub(super) fn read<T>(&self, read: impl FnOnce(&mut Client) -> T) -> T {
        read(&mut self.core.borrow_mut())
    }

    /// Queues a message or a transaction.
    pub(super) fn send(
        self: &Rc<Self>,
        expects_receipt: bool,
        send: impl FnOnce(&mut Client, Time) -> Result<Ticket, PublishError>,
    ) -> Result<Handle, Error> {
        let mut core = self.core.borrow_mut();
        let ticket = send(&mut core, driver::now())?;
        // What has already come after these is told by an event.
        let status = match core.status(ticket) {
            Some(Status::Paced) => Status::Paced,
            _ => Status::Queued,
        };
        drop(core);
        let message = Rc::new(Tracked {
            ticket,
            status: Cell::new(status),
            done: Cell::new(false),
            expects_receipt,
            wakers: RefCell::default(),
        });
        self.messages
            .borrow_mut()
            .insert(ticket, Rc::clone(&message));
        self.pump();
        Ok(Handle {
            engine: Rc::clone(self),
            message,
        })
    }

    pub(super) fn listen(&self, inbox: Rc<Inbox>) {
        self.inboxes.borrow_mut().insert(inbox.listener, inbox);
        self.pump();
    }

    pub(super) fn unsubscribe(&self, listener: ListenerId) {
        let known = self.inboxes.borrow_mut().remove(&listener);
        if known.is_some() {
            self.call(|client, now| client.unsubscribe(now, listener));
        }
    }

    pub(super) fn await_reply(&self, pending: Rc<Pending>) {
        self.requests.borrow_mut().insert(pending.id, pending);
        self.pump();
    }

    pub(super) fn cancel_request(&self, request: RequestId) {
        self.requests.borrow_mut().remove(&request);
        self.call(|client, _| client.cancel_request(request));
    }

    pub(super) const fn subscribers(&self) -> &Subscribers {
        &self.subscribers
    }

    pub(super) const fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.get()
    }

    pub(super) fn events(&self) -> Events {
        let backlog = Rc::new(Backlog::default());
        if self.is_dropped() {
            backlog.finish(None);
        }
        self.events.borrow_mut().push(Rc::downgrade(&backlog));
        Events { backlog }
    }

    /// Nobody holds the topic any more: what it still has to send goes out, then it is removed.
    pub(super) fn retire(&self, topic: TopicId) {
        self.retired.borrow_mut().push(topic);
        self.pump();
    }

    /// Ready once `done` says so; asked again whenever anything happens.
    pub(super) fn poll_until(
        &self,
        context: &Context<'_>,
        done: impl Fn(&mut Client) -> bool,
    ) -> Poll<()> {
        if self.read(done) {
            return Poll::Ready(());
        }
        let mut changes = self.changes.borrow_mut();
        if !changes.iter().any(|waker| waker.will_wake(context.waker())) {
            changes.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// The end: the last client was dropped.
    pub(super) fn shut_down(&self) {
        self.dropped.set(true);
        self.call(Client::terminate);
        self.signals.take();
        self.timer.disarm();
        let mut wakers = Vec::new();
        self.subscribers.finish(&mut wakers);
        self.each_event_reader(|backlog| backlog.finish(None));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Does what the core says until it says nothing more, then arms the timer.
    fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        let mut out = Vec::new();
        loop {
            let buffered = self.buffered_or_over();
            let action = self
                .core
                .borrow_mut()
                .poll(driver::now(), buffered, &mut out);
            match action {
                Some(action) => self.obey(action, &mut out),
                None => {
                    self.announce();
                    self.remove_retired();
                    let wakers = self.due.take();
                    if wakers.is_empty() {
                        break;
                    }
                    wakers.into_iter().for_each(Waker::wake);
                }
            }
        }
        self.pumping.set(false);
        let now = driver::now();
        match self.read(|client| client.next_wake()) {
            Some(due) => self.timer.arm(due.since(now)),
            None => self.timer.disarm(),
        }
    }

    fn obey(&self, action: Action, out: &mut Vec<u8>) {
        match action {
            Action::Write { generation, text } => {
                let written = self.write(generation, std::mem::take(out), text);
                self.core.borrow_mut().wrote(driver::now(), written);
            }
            Action::Outbox(event) => self.track(event),
            Action::State { from, to, cause } => {
                self.announce();
                self.change.replace(Some(StateChange {
                    from,
                    state: to,
                    cause,
                    detail: self.detail.replace("".into()),
                    retry: None,
                    ended: None,
                }));
            }
            Action::Retry { attempt, delay } => self.amend(Retry::new(attempt, delay.into())),
            Action::Ended(reason) => {
                if let Some(change) = &mut *self.change.borrow_mut() {
                    change.ended = Some(reason);
                }
            }
            Action::Dial {
                generation,
                attempt,
                endpoint,
            } => {
                self.announce();
                self.complaint.take();
                self.dial(generation, attempt, endpoint);
            }
            Action::CloseSocket { generation } => self.close_socket(generation),
            Action::Detach { generation } => self.detach(generation),
            Action::Fault { generation, reason } => {
                self.detach(generation);
                self.tell(&Event::Fault(reason));
                let text = match &*self.complaint.borrow() {
                    Some(error) => error.header("message").unwrap_or_default().to_owned(),
                    None => reason.to_string(),
                };
                self.lose(generation, End::Fault, Cause::DialFailed, &text);
            }
            Action::Subscription { listener, state } => self.subscription(listener, state),
            Action::Request { request, end } => {
                let pending = self.requests.borrow_mut().remove(&request);
                if let Some(pending) = pending {
                    pending.end(Err(end));
                }
            }
            _ => {}
        }
    }

    fn track(&self, event: OutboxEvent) {
        match event {
            OutboxEvent::Status {
                ticket,
                status,
                terminal,
            } => {
                let message = if terminal {
                    self.messages.borrow_mut().remove(&ticket)
                } else {
                    self.messages.borrow().get(&ticket).cloned()
                };
                if let Some(message) = message {
                    message.status.set(status);
                    message.done.set(terminal);
                    self.due
                        .borrow_mut()
                        .append(&mut message.wakers.borrow_mut());
                }
                self.due.borrow_mut().append(&mut self.changes.borrow_mut());
            }
            OutboxEvent::SlotIdle(slot) => self.keys.forget(slot),
            _ => {}
        }
    }

    fn subscription(&self, listener: ListenerId, state: Subscribed) {
        let refused = matches!(state, Subscribed::Refused | Subscribed::Unwritable);
        let inbox = if refused {
            self.inboxes.borrow_mut().remove(&listener)
        } else {
            self.inboxes.borrow().get(&listener).cloned()
        };
        let Some(inbox) = inbox else {
            return;
        };
        if refused {
            let complaint = self.complaint.borrow();
            let message = complaint
                .as_ref()
                .and_then(|error| error.header("message"))
                .unwrap_or_default()
                .to_owned();
            drop(complaint);
            inbox.finish(Some(Error::Refused { message }));
        } else {
            inbox.set_state(state);
        }
    }

    /// A wait was planned, or planned anew.
    fn amend(&self, retry: Retry) {
        let mut change = self.change.borrow_mut();
        let change = change.get_or_insert_with(|| StateChange {
            from: State::Waiting,
            state: State::Waiting,
            cause: Cause::RetryDue,
            detail: "".into(),
            retry: None,
            ended: None,
        });
        change.retry = Some(retry);
    }

    /// Publishes a completed change.
    fn announce(&self) {
        let Some(change) = self.change.take() else {
            return;
        };
        self.subscribers.tell(&change, &mut self.due.borrow_mut());
        self.due.borrow_mut().append(&mut self.changes.borrow_mut());
        if change.state == State::Closed {
            self.end_streams(&change);
        }
    }

    /// Nothing will come any more: what listened has to listen anew after a later `reconnect`.
    fn end_streams(&self, change: &StateChange) {
        let last = match change.ended {
            None | Some(EndReason::User) => None,
            Some(reason) => Some(Error::Ended {
                reason,
                cause: change.cause,
            }),
        };
        let inboxes = self.inboxes.take();
        for (listener, inbox) in inboxes {
            let now = driver::now();
            self.read(|client| client.unsubscribe(now, listener));
            inbox.finish(last.clone());
        }
    }

    fn remove_retired(&self) {
        self.retired.borrow_mut().retain(|topic| {
            let pending = self.read(|client| client.is_pending(Scope::Topic(*topic)));
            if !pending {
                self.read(|client| client.remove_topic(*topic));
                self.keys.forget_topic(*topic);
            }
            pending
        });
    }

    fn tell(&self, event: &Event) {
        self.each_event_reader(|backlog| {
            backlog.push((0, event.clone()), EVENT_BACKLOG, |_| None);
        });
    }

    fn each_event_reader(&self, act: impl Fn(&Backlog<Event>)) {
        let readers: Vec<_> = {
            let mut readers = self.events.borrow_mut();
            readers.retain(|reader| reader.strong_count() > 0);
            readers.iter().filter_map(Weak::upgrade).collect()
        };
        readers.iter().for_each(|reader| act(reader));
    }
}
