//! The part of a socket that outlives renders: the task that reads it, who listens, and what the next render shows.
//!
//! A hub belongs to one call of `use_socket` with one value of its dependencies; other dependencies get another hub, so
//! that a closure of an older render fails with a typed error instead of talking to the wrong peer.
//!
//! The rule of the crate is kept here: functions of the application, and wakers, run while nothing is borrowed.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Poll, Waker},
    time::Duration,
};

use everwire::{
    Client, CloseOptions, EndReason, Error, SendError, Socket, State, StateChange, States,
};
use futures_core::Stream;
use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;

use crate::status::{ConnectionStatus, Step};

/// What a listener gets: each message once, an undecodable one as an error in its place.
pub(crate) type Delivery<In> = Result<Rc<In>, Error>;

/// What a render shows of a connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) status: ConnectionStatus,
    pub(crate) error: Option<Error>,
}

impl View {
    const INITIAL: Self = Self {
        state: State::Idle,
        status: ConnectionStatus::Connecting,
        error: None,
    };
}

enum Phase<In, Out> {
    /// Nobody has needed the socket yet.
    New,
    Open(Client<In, Out>, Rc<Tether>),
    /// The options were refused.
    Failed(Error),
    /// Unmounted, or replaced.
    Closed,
}

pub(crate) struct Hub<In, Out> {
    connect: Box<dyn Fn() -> Result<Socket<In, Out>, Error>>,
    phase: RefCell<Phase<In, Out>>,
    /// Counts the sockets that were opened here.
    generation: Cell<u32>,
    view: RefCell<View>,
    grace: Cell<Duration>,
    grace_timer: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<Rc<Listener<In>>>>,
    rerender: RefCell<Option<Rc<dyn Fn()>>>,
}

impl<In: 'static, Out: 'static> Hub<In, Out> {
    pub(crate) fn new(connect: impl Fn() -> Result<Socket<In, Out>, Error> + 'static) -> Self {
        Self {
            connect: Box::new(connect),
            phase: RefCell::new(Phase::New),
            generation: Cell::new(0),
            view: RefCell::new(View::INITIAL),
            grace: Cell::new(Duration::ZERO),
            grace_timer: RefCell::new(None),
            listeners: RefCell::new(Vec::new()),
            rerender: RefCell::new(None),
        }
    }

    /// The component is mounted. A second call without [`close`](Self::close) between them changes nothing.
    pub(crate) fn start(self: &Rc<Self>, rerender: impl Fn() + 'static) {
        drop(self.rerender.replace(Some(Rc::new(rerender))));
        let closed = matches!(*self.phase.borrow(), Phase::Closed);
        if closed {
            self.phase.replace(Phase::New);
        }
        // The error of bad options is in the view.
        drop(self.client());
        self.notify();
    }

    /// The component is gone, or its dependencies changed: what is queued is still written if the connection is open.
    pub(crate) fn close(&self) {
        drop(self.rerender.take());
        drop(self.grace_timer.take());
        self.view.replace(View::INITIAL);
        if let Phase::Open(_, tether) = self.phase.replace(Phase::Closed) {
            tether.cut();
        }
    }

    /// The socket, opened now if nobody needed it before: effects of children run before those of their parents, and what
    /// they send must not be lost. With it comes the number of the socket.
    pub(crate) fn client(self: &Rc<Self>) -> Result<(Client<In, Out>, u32), Error> {
        match &*self.phase.borrow() {
            Phase::New => {}
            Phase::Open(client, _) => return Ok((client.clone(), self.generation.get())),
            Phase::Failed(error) => return Err(error.clone()),
            Phase::Closed => return Err(SendError::Closed.into()),
        }
        // While the application's function runs, the hub is closed to calls from inside it.
        self.phase.replace(Phase::Closed);
        match (self.connect)() {
            Ok(socket) => Ok(self.adopt(socket)),
            Err(error) => {
                self.phase.replace(Phase::Failed(error.clone()));
                self.show(View {
                    state: State::Closed,
                    status: ConnectionStatus::Closed,
                    error: Some(error.clone()),
                });
                Err(error)
            }
        }
    }

    fn adopt(self: &Rc<Self>, socket: Socket<In, Out>) -> (Client<In, Out>, u32) {
        let client = socket.client();
        let tether = Rc::new(Tether::default());
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        self.phase
            .replace(Phase::Open(client.clone(), Rc::clone(&tether)));
        self.show(View {
            state: client.state(),
            ..View::INITIAL
        });
        spawn_local(serve(Rc::downgrade(self), socket, client.states(), tether));
        (client, generation)
    }

    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Longest loss that is not shown.
    pub(crate) fn set_grace(&self, grace: Duration) {
        self.grace.set(grace);
    }

    /// Calls `deliver` for every message until the returned value is dropped.
    pub(crate) fn listen(
        self: &Rc<Self>,
        deliver: impl Fn(Delivery<In>) + 'static,
    ) -> Listening<In, Out> {
        let listener = Rc::new(Listener {
            deliver: Box::new(deliver),
            active: Cell::new(true),
        });
        self.listeners.borrow_mut().push(Rc::clone(&listener));
        let tether = match &*self.phase.borrow() {
            Phase::Open(_, tether) => Some(Rc::clone(tether)),
            _ => None,
        };
        if let Some(tether) = tether {
            tether.wake();
        }
        Listening {
            hub: Rc::clone(self),
            listener,
        }
    }

    fn has_listeners(&self) -> bool {
        !self.listeners.borrow().is_empty()
    }

    fn deliver(&self, message: Result<In, Error>) {
        let message = message.map(Rc::new);
        let listeners = self.listeners.borrow().clone();
        for listener in listeners {
            // An earlier one may have ended this one.
            if listener.active.get() {
                (listener.deliver)(message.clone());
            }
        }
    }

    fn follow(self: &Rc<Self>, change: &StateChange) {
        let mut view = self.view();
        view.state = change.state;
        view.error = match change.ended {
            None | Some(EndReason::User) => None,
            Some(reason) => Some(Error::Ended {
                reason,
                cause: change.cause,
            }),
        };
        match view.status.step(change.state) {
            Step::Show(status) => {
                drop(self.grace_timer.take());
                view.status = status;
            }
            Step::Grace if self.grace.get().is_zero() => {
                view.status = ConnectionStatus::Reconnecting;
            }
            Step::Grace => self.start_grace(),
            Step::Keep => {}
        }
        self.show(view);
    }

    fn start_grace(self: &Rc<Self>) {
        let running = self.grace_timer.borrow().is_some();
        if running {
            return;
        }
        let hub = Rc::downgrade(self);
        let millis = u32::try_from(self.grace.get().as_millis()).unwrap_or(u32::MAX);
        let timer = Timeout::new(millis, move || {
            if let Some(hub) = hub.upgrade() {
                hub.show(View {
                    status: ConnectionStatus::Reconnecting,
                    ..hub.view()
                });
            }
        });
        self.grace_timer.replace(Some(timer));
    }

    fn show(&self, view: View) {
        if *self.view.borrow() == view {
            return;
        }
        self.view.replace(view);
        self.notify();
    }

    fn notify(&self) {
        let rerender = self.rerender.borrow().clone();
        if let Some(rerender) = rerender {
            rerender();
        }
    }
}

impl<In, Out> Drop for Hub<In, Out> {
    fn drop(&mut self) {
        // Opened by a render that was never shown.
        if let Phase::Open(_, tether) = &*self.phase.borrow() {
            tether.cut();
        }
    }
}

impl<In, Out> fmt::Debug for Hub<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("view", &self.view.borrow())
            .field("listeners", &self.listeners.borrow().len())
            .finish_non_exhaustive()
    }
}

struct Listener<In> {
    deliver: Box<dyn Fn(Delivery<In>)>,
    active: Cell<bool>,
}

/// Dropping it ends the listening.
pub(crate) struct Listening<In, Out> {
    hub: Rc<Hub<In, Out>>,
    listener: Rc<Listener<In>>,
}

impl<In, Out> Drop for Listening<In, Out> {
    fn drop(&mut self) {
        self.listener.active.set(false);
        self.hub
            .listeners
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, &self.listener));
    }
}

/// How a hub reaches the task that owns its socket.
#[derive(Default)]
struct Tether {
    cut: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Tether {
    /// Ends the task, and with it the socket.
    fn cut(&self) {
        self.cut.set(true);
        self.wake();
    }

    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

enum Event<In> {
    Cut,
    State(StateChange),
    Message(Result<In, Error>),
}

/// Reads a socket for as long as its hub wants it, then closes it.
///
/// Messages are left in the socket's own bounded queue while nobody listens: a component that is loaded late misses
/// nothing, and one that only sends costs no more than that queue.
async fn serve<In: 'static, Out: 'static>(
    hub: Weak<Hub<In, Out>>,
    mut socket: Socket<In, Out>,
    mut states: States,
    tether: Rc<Tether>,
) {
    // The stream of messages has ended, until the connection is dialled again.
    let mut ended = false;
    loop {
        let event = poll_fn(|context| {
            drop(tether.waker.replace(Some(context.waker().clone())));
            if tether.cut.get() {
                return Poll::Ready(Event::Cut);
            }
            if let Poll::Ready(Some(change)) = Pin::new(&mut states).poll_next(context) {
                ended = false;
                return Poll::Ready(Event::State(change));
            }
            if ended || !hub.upgrade().is_some_and(|hub| hub.has_listeners()) {
                return Poll::Pending;
            }
            match Pin::new(&mut socket).poll_next(context) {
                Poll::Ready(Some(message)) => Poll::Ready(Event::Message(message)),
                Poll::Ready(None) => {
                    ended = true;
                    Poll::Pending
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match (event, hub.upgrade()) {
            (Event::Cut, _) | (_, None) => break,
            (Event::State(change), Some(hub)) => hub.follow(&change),
            (Event::Message(message), Some(hub)) => hub.deliver(message),
        }
    }
    if socket.state() == State::Open {
        // Default options are always accepted.
        drop(socket.close(CloseOptions::new()).await);
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
