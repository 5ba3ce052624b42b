//! The engine of one socket: core in the middle, browser below, typed messages above.
//!
//! It is not generic, so that every message type of an application shares its code. One rule keeps re-entrant calls safe:
//! **no borrow is held while foreign code runs** (codecs, providers, overrides, wakers). [`Engine::pump`] drains the core
//! one action at a time, releases it, and acts; whoever calls back in the middle only adds to what the running pump finds
//! next.

mod dial;
mod outbox;
mod waiting;

use std::{
    any::Any,
    cell::{Cell, OnceCell, RefCell},
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

use everwire_core::{
    Span, Time,
    codec::Frame,
    connection::{Action, Connection},
    link::{Cause, Input, LinkConfig, Output, State, Verdict},
    send::{OutboxConfig, Payload, Ticket, TopicId},
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    driver::{self, Signal, Signals, Timer},
    endpoint::{Protocols, Url},
    error::Error,
    handshake::Opening,
    id::Id,
    inbound::Greeting,
    options::{CloseOptions, Loss},
    state::{Retry, StateChange, Subscribers},
};

use dial::Live;
use outbox::{Keys, Tracker};
pub(crate) use outbox::{Outgoing, Tracked};
use waiting::Waiting;

/// How often a full socket buffer is looked at: browsers have no event for its draining.
const BUFFER_POLL: Span = Span::from_millis(10);

/// A message in the queue: encoded when it is accepted, so that bad values and sizes fail there.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) frame: Rc<Frame>,
    /// The value itself, for topics that merge.
    pub(crate) value: Option<Kept>,
}

/// A user's value in the queue. Its destructor is foreign code, and the core drops it whenever it likes: so the last
/// owner only lays it aside, until no borrow is held.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) value: Rc<dyn Any>,
    graveyard: Rc<Graveyard>,
}

type Graveyard = RefCell<Vec<Rc<dyn Any>>>;

impl Drop for Kept {
    fn drop(&mut self) {
        if Rc::strong_count(&self.value) == 1 {
            self.graveyard.borrow_mut().push(Rc::clone(&self.value));
        }
    }
}

impl Packet {
    pub(crate) fn new(frame: Frame) -> Self {
        Self {
            frame: Rc::new(frame),
            value: None,
        }
    }
}

impl Payload for Packet {
    fn size(&self) -> usize {
        self.frame.len()
    }
}

/// The typed layer, as the engine sees it. All of it is foreign code: called without a borrow.
pub(crate) trait Upper {
    /// Begins the handshake of a socket, if there is one to be done.
    fn handshake(self: Rc<Self>, opening: Opening) -> Option<Greeting>;
    /// It is over, whatever came of it.
    fn handshake_over(&self);
    /// Takes in a frame that arrived.
    fn received(&self, frame: Frame) -> Received;
    /// The heartbeat message.
    fn ping(&self) -> Option<Frame>;
    /// The user's override.
    fn verdict(&self, loss: &Loss<'_>) -> Verdict;
    /// Several frames as one.
    fn join(&self, frames: &[&Frame]) -> Option<Frame>;
    /// The state changed.
    fn changed(&self, change: &StateChange);
    /// The socket was dropped: nothing will come any more.
    fn finished(&self);
}

/// What a frame was.
#[derive(Default)]
pub(crate) struct Received {
    /// The answer to a heartbeat.
    pub(crate) pong: bool,
    /// The acknowledgement of the message with this id.
    pub(crate) ack: Option<Id>,
    /// The inbound queue is full and its rule is to disconnect.
    pub(crate) overflow: bool,
}

/// Everything that an engine is built from.
pub(crate) struct Setup {
    pub(crate) url: Url,
    pub(crate) protocols: Protocols,
    pub(crate) via: driver::Via,
    pub(crate) link: LinkConfig,
    pub(crate) outbox: OutboxConfig,
}

pub(crate) struct Engine {
    me: Weak<Engine>,
    url: Url,
    protocols: Protocols,
    via: driver::Via,
    core: RefCell<Connection<Packet>>,
    /// The latest reading of the clock. The core is never told an earlier one: it would count as a clock set back.
    time: Cell<Time>,
    upper: OnceCell<Rc<dyn Upper>>,
    live: RefCell<Option<Live>>,
    timer: Timer,
    /// Bytes that the socket's buffer holds at most, [`usize::MAX`] if that is not known.
    given: Cell<usize>,
    /// The frame being written, kept for its memory.
    frame: RefCell<Vec<(Ticket, Packet)>>,
    /// When the timer rings.
    rings: Cell<Option<Time>>,
    signals: RefCell<Option<Signals>>,
    tracker: Tracker,
    keys: Keys,
    subscribers: Subscribers,
    waiting: Waiting,
    /// Topics that nobody holds any more, with something still to send.
    retired: RefCell<Vec<TopicId>>,
    /// Values that the core dropped.
    graveyard: Rc<Graveyard>,
    /// A change whose retry or end is still to be polled.
    change: RefCell<Option<StateChange>>,
    /// The peer's reason or the browser's complaint, for the next change.
    detail: RefCell<Rc<str>>,
    /// Code and reason of the user's close.
    goodbye: RefCell<(Option<u16>, String)>,
    limits: OutboxConfig,
    pumping: Cell<bool>,
    dropped: Cell<bool>,
    /// Messages that the queue knows nothing of.
    written_past: Cell<u64>,
    bytes_received: Cell<u64>,
    messages_received: Cell<u64>,
}

impl Engine {
    pub(crate) fn new(setup: Setup) -> Result<Rc<Self>, Error> {
        let core = Connection::new(setup.link, setup.outbox, driver::seed())
            .map_err(|error| Error::Options(error.to_string()))?;
        Ok(Rc::new_cyclic(|me: &Weak<Self>| {
            let on_timer = me.clone();
            Self {
                me: me.clone(),
                url: setup.url,
                protocols: setup.protocols,
                via: setup.via,
                core: RefCell::new(core),
                time: Cell::new(driver::now()),
                upper: OnceCell::new(),
                live: RefCell::new(None),
                timer: Timer::new(move || {
                    if let Some(engine) = on_timer.upgrade() {
                        engine.rings.set(None);
                        engine.handle(Input::Tick);
                    }
                }),
                given: Cell::new(0),
                frame: RefCell::new(Vec::new()),
                rings: Cell::new(None),
                signals: RefCell::new(None),
                tracker: Tracker::default(),
                keys: Keys::default(),
                subscribers: Subscribers::default(),
                waiting: Waiting::default(),
                retired: RefCell::new(Vec::new()),
                graveyard: Rc::default(),
                change: RefCell::new(None),
                detail: RefCell::new("".into()),
                goodbye: RefCell::new((None, String::new())),
                limits: setup.outbox,
                pumping: Cell::new(false),
                dropped: Cell::new(false),
                written_past: Cell::new(0),
                bytes_received: Cell::new(0),
                messages_received: Cell::new(0),
            }
        }))
    }

    /// Connects the typed layer and dials.
    pub(crate) fn start(&self, upper: Rc<dyn Upper>) {
        if self.upper.set(upper).is_err() {
            return;
        }
        let me = self.me.clone();
        let signals = Signals::listen(move |signal| {
            if let Some(engine) = me.upgrade() {
                engine.handle(match signal {
                    Signal::Page(event) => Input::Page(event),
                    Signal::Network(event) => Input::Network(event),
                });
            }
        });
        self.signals.replace(Some(signals));
        self.handle(Input::Start);
    }

    pub(crate) fn handle(&self, input: Input) {
        let now = self.now();
        self.core.borrow_mut().handle(now, input);
        self.pump_now();
    }

    /// Reads the clock.
    pub(crate) fn now(&self) -> Time {
        let now = driver::now();
        self.time.set(now);
        now
    }

    pub(crate) fn close(&self, options: CloseOptions) {
        self.goodbye.replace((options.code, options.reason));
        let now = self.now();
        self.core
            .borrow_mut()
            .close(now, options.flush, options.deadline.into());
        self.pump_now();
    }

    /// The end: the socket was dropped.
    pub(crate) fn shut_down(&self) {
        self.dropped.set(true);
        let now = self.now();
        self.core.borrow_mut().terminate(now);
        self.pump_now();
        self.signals.take();
        self.disarm();
        let mut wakers = Vec::new();
        self.subscribers.finish(&mut wakers);
        if let Some(upper) = self.upper.get() {
            upper.finished();
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.get()
    }

    pub(crate) fn subscribers(&self) -> &Subscribers {
        &self.subscribers
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub(crate) fn core<T>(&self, read: impl FnOnce(&mut Connection<Packet>) -> T) -> T {
        read(&mut self.core.borrow_mut())
    }

    /// A value to go with a packet.
    pub(crate) fn keep(&self, value: Rc<dyn Any>) -> Kept {
        // Sends that are refused never come to the pump.
        drop(self.graveyard.take());
        Kept {
            value,
            graveyard: Rc::clone(&self.graveyard),
        }
    }

    pub(crate) fn received_so_far(&self) -> (u64, u64) {
        (self.messages_received.get(), self.bytes_received.get())
    }

    /// Does what the core says until it says nothing more, then arms the timer.
    pub(crate) fn pump(&self) {
        self.now();
        self.pump_now();
    }

    /// As [`pump`](Self::pump), right after the clock was read. Asking the browser for the time and the buffer costs more
    /// than all the rest of a message, so both are asked again only after something that takes time or may change them.
    pub(crate) fn pump_now(&self) {
        if self.pumping.replace(true) {
            return;
        }
        let mut frame = self.frame.take();
        let mut buffered = None;
        loop {
            drop(self.graveyard.take());
            let full = match buffered {
                Some(bytes) => bytes,
                None if self.core(|core| core.outbox().counters().queued_messages == 0) => 0,
                None => *buffered.insert(self.buffered_or_over()),
            };
            let action = self
                .core
                .borrow_mut()
                .poll(self.time.get(), full, &mut frame);
            match action {
                Some(Action::Link(output)) => {
                    self.obey(output);
                    self.now();
                    buffered = None;
                }
                Some(Action::Write { generation, batch }) => {
                    let written = self.write(generation, &frame, batch);
                    self.core.borrow_mut().wrote(self.time.get(), written);
                    // As long as the socket takes frames it is open.
                    buffered = (written && !batch).then(|| self.buffered_at_most());
                }
                Some(Action::Event(event)) => self.track(event),
                None => {
                    self.announce();
                    self.remove_retired();
                    if !self.wake() && self.graveyard.borrow().is_empty() {
                        break;
                    }
                    self.now();
                    buffered = None;
                }
            }
        }
        frame.clear();
        self.frame.replace(frame);
        self.pumping.set(false);
        self.arm();
    }

    fn obey(&self, output: Output) {
        match output {
            Output::Retry { attempt, delay } => self.amend(Retry::new(attempt, delay.into())),
            Output::Ended(reason) => {
                if let Some(change) = &mut *self.change.borrow_mut() {
                    change.ended = Some(reason);
                }
            }
            Output::State { from, to, cause } => {
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
            Output::Dial {
                generation,
                attempt,
                endpoint,
            } => {
                self.announce();
                self.dial(generation, attempt, endpoint);
            }
            Output::CloseSocket { generation } => self.close_socket(generation),
            Output::Detach { generation } => self.detach(generation),
            Output::Ping { generation } => {
                let ping = self.upper.get().and_then(|upper| upper.ping());
                if let Some(ping) = ping {
                    self.transmit(generation, &ping);
                }
            }
            _ => {}
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
        self.waiting
            .with_wakers(|wakers| self.subscribers.tell(&change, wakers));
        if let Some(upper) = self.upper.get() {
            upper.changed(&change);
        }
        if change.state == State::Closed {
            self.waiting.closed();
        }
    }

    /// Wakes the tasks whose condition came true. Returns whether there were any.
    fn wake(&self) -> bool {
        let wakers = self.waiting.due(self);
        let any = !wakers.is_empty();
        wakers.into_iter().for_each(Waker::wake);
        any
    }

    /// Arms the timer for what a task has begun to wait for.
    pub(crate) fn arm_unless_pumping(&self) {
        if !self.pumping.get() {
            self.now();
            self.arm();
        }
    }

    /// Ready once the connection is closed.
    pub(crate) fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        if self.core(|core| core.link().state()) == State::Closed {
            return Poll::Ready(());
        }
        self.waiting.wait_for_close(waker);
        Poll::Pending
    }

    fn arm(&self) {
        let now = self.time.get();
        let mut next = self.core.borrow().next_wake();
        let alarm = self.waiting.next_alarm();
        if alarm.is_some() && (next.is_none() || alarm < next) {
            next = alarm;
        }
        if self.is_blocked() {
            let poll = now + BUFFER_POLL;
            next = Some(next.map_or(poll, |next| next.min(poll)));
        }
        match next {
            Some(due) if self.rings.get() == Some(due) => {}
            Some(due) => {
                self.timer.arm(due.since(now));
                self.rings.set(Some(due));
            }
            None => self.disarm(),
        }
    }

    fn disarm(&self) {
        self.rings.set(None);
        self.timer.disarm();
    }

    /// Whether the sink waits for the socket's buffer to drain (the core looks after what it holds itself).
    fn is_blocked(&self) -> bool {
        self.waiting.for_room() && !self.keeps_up()
    }

    /// Runs a future that belongs to this engine.
    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        spawn_local(future);
    }
}
