//! Subscriptions as streams.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use everwire_core::protocol::stomp::client::{AckMode, ListenerId, Subscribed};
use futures_core::Stream;

use super::{backlog::Backlog, engine::Engine, error::Error, message::Message};

/// Options of a subscription.
///
/// ```
/// # use everwire::stomp::{AckMode, SubscribeOptions};
/// let options = SubscribeOptions::new().ack(AckMode::ClientIndividual).header("prefetch-count", "10");
/// ```
#[derive(Clone, Debug)]
pub struct SubscribeOptions {
    pub(super) headers: Vec<(String, String)>,
    pub(super) ack: AckMode,
    pub(super) max_messages: usize,
    pub(super) max_bytes: usize,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            ack: AckMode::Auto,
            max_messages: 1_000,
            max_bytes: 16 * 1024 * 1024,
        }
    }
}

impl SubscribeOptions {
    /// Automatic acknowledgement, no further headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header: `selector`, `prefetch-count`, `durable`, an `id` of your own. `ack` and `receipt` are set by the
    /// client.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Who acknowledges. Default [`AckMode::Auto`].
    pub fn ack(mut self, ack: AckMode) -> Self {
        self.ack = ack;
        self
    }

    /// Bounds of what has arrived and was not read: messages (default 1,000) and bytes (default 16 MiB). The oldest go,
    /// and the stream says how many. Bound unacknowledged deliveries at the broker instead (`prefetch-count`).
    pub fn bounds(mut self, max_messages: usize, max_bytes: usize) -> Self {
        self.max_messages = max_messages;
        self.max_bytes = max_bytes;
        self
    }
}

/// A stream of what arrives at a destination, from [`Client::subscribe`](super::Client::subscribe). Losing the connection is
/// no item: the subscription comes back with the next one.
///
/// The last item is an error if the server refused the subscription or the connection ended by itself. Dropping it
/// unsubscribes.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription {
    pub(super) engine: Rc<Engine>,
    pub(super) shared: Rc<Inbox>,
}

/// What a subscription shares with the engine.
pub(super) struct Inbox {
    pub(super) listener: ListenerId,
    pub(super) destination: String,
    backlog: Backlog<Result<Message, Error>>,
    bounds: (usize, usize),
    state: Cell<Option<Subscribed>>,
    wakers: RefCell<Vec<Waker>>,
    refusal: RefCell<Option<Error>>,
}

impl Inbox {
    pub(super) fn new(
        listener: ListenerId,
        destination: String,
        options: &SubscribeOptions,
    ) -> Self {
        Self {
            listener,
            destination,
            backlog: Backlog::default(),
            bounds: (options.max_messages, options.max_bytes),
            state: Cell::new(None),
            wakers: RefCell::new(Vec::new()),
            refusal: RefCell::new(None),
        }
    }

    pub(super) fn push(&self, message: Message) {
        self.backlog
            .push((message.size(), Ok(message)), self.bounds, |gone| {
                let missing = gone.iter().map(|item| match item {
                    Err(Error::InboundOverflow { dropped }) => *dropped,
                    _ => 1,
                });
                let dropped = missing.sum();
                Some(Err(Error::InboundOverflow { dropped }))
            });
    }

    pub(super) fn set_state(&self, state: Subscribed) {
        self.state.set(Some(state));
        self.wake();
    }

    pub(super) fn finish(&self, error: Option<Error>) {
        self.refusal.replace(error.clone());
        self.backlog.finish(error.map(Err));
        self.wake();
    }

    fn wake(&self) {
        let wakers = self.wakers.take();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Subscription {
    /// Where it listens.
    pub fn destination(&self) -> &str {
        &self.shared.destination
    }

    /// Waits until the server has confirmed the subscription with a receipt.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] when no receipt came within [`Builder::confirm`](super::Builder::confirm): Spring's simple
    /// broker sends none. [`Error::Refused`], or [`Error::Ended`] with the connection.
    pub async fn confirmed(&self) -> Result<(), Error> {
        poll_fn(|context| {
            if let Some(error) = &*self.shared.refusal.borrow() {
                return Poll::Ready(Err(error.clone()));
            }
            match self.shared.state.get() {
                Some(Subscribed::Confirmed) => Poll::Ready(Ok(())),
                Some(Subscribed::Unconfirmed) => Poll::Ready(Err(Error::Unconfirmed)),
                _ if self.shared.backlog.is_finished() => {
                    let closed = everwire_core::protocol::stomp::client::SubscribeError::Closed;
                    Poll::Ready(Err(closed.into()))
                }
                _ => {
                    let mut wakers = self.shared.wakers.borrow_mut();
                    if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                        wakers.push(context.waker().clone());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Messages that wait to be read.
    pub fn unread(&self) -> usize {
        self.shared.backlog.len()
    }
}

impl Stream for Subscription {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.shared.backlog.poll_next(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.engine.unsubscribe(self.shared.listener);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("destination", &self.shared.destination)
            .field("unread", &self.unread())
            .finish()
    }
}
