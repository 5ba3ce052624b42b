//! `Client`: the one thing that an application holds.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    time::Duration,
};

use everwire_core::{
    link::State,
    protocol::stomp::{
        Acknowledge,
        client::{AckError, TransactionBuilder},
    },
    send::{Counters, Scope, TopicId},
};

use crate::{endpoint::Url, state::States};

use super::{
    builder::Builder,
    engine::Engine,
    error::Error,
    event::Events,
    handle::Handle,
    message::Message,
    publish::Publish,
    request::{Pending, Request},
    subscription::{Inbox, SubscribeOptions, Subscription},
    topic::TopicBuilder,
    transaction::Transaction,
};

/// A STOMP client. Clones are the same client.
///
/// **Dropping the last clone closes the connection**, at once and without a flush; subscriptions end, handles and topics
/// that are left fail with typed errors. To say goodbye properly, await [`disconnect`](Self::disconnect).
#[derive(Clone)]
#[must_use = "dropping the client closes the connection"]
pub struct Client {
    owner: Rc<Owner>,
}

struct Owner {
    engine: Rc<Engine>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}

impl Client {
    /// Options of a new client; [`Builder::open`] opens it.
    pub fn builder(url: impl Into<Url>) -> Builder {
        Builder::new(url.into())
    }

    pub(super) fn new(engine: Rc<Engine>) -> Self {
        Self {
            owner: Rc::new(Owner { engine }),
        }
    }

    pub(super) fn engine(&self) -> &Rc<Engine> {
        &self.owner.engine
    }

    /// Queues a message; it is written as soon as the connection can take it, in the order of the calls.
    ///
    /// # Errors
    /// [`Error::Publish`]: a header cannot be written, the queue is full, or the client was closed. Nothing was queued.
    pub fn publish(&self, message: Publish) -> Result<Handle, Error> {
        let Publish { message, options } = message;
        let expects_receipt = options.expect_ack;
        self.engine().send(expects_receipt, |client, now| {
            client.publish(now, TopicId(0), None, message, options)
        })
    }

    /// Options of a topic: values of type `T` that go to one destination at a pace of their own.
    pub fn topic<T>(&self, destination: impl Into<String>) -> TopicBuilder<T> {
        TopicBuilder::new(Rc::clone(self.engine()), destination.into())
    }

    /// Listens to a destination, from now on and over all reconnects, with automatic acknowledgement. Several
    /// subscriptions to the same destination share one at the broker.
    ///
    /// # Errors
    /// [`Error::Subscribe`]: too many, or the client was closed.
    pub fn subscribe(&self, destination: impl Into<String>) -> Result<Subscription, Error> {
        self.subscribe_with(destination, SubscribeOptions::default())
    }

    /// As [`subscribe`](Self::subscribe), with options.
    ///
    /// # Errors
    /// As there, and for headers that cannot be written or an `id` that is in use.
    pub fn subscribe_with(
        &self,
        destination: impl Into<String>,
        options: SubscribeOptions,
    ) -> Result<Subscription, Error> {
        let engine = self.engine();
        let destination = destination.into();
        let now = crate::driver::now();
        // Not yet pumped: the inbox must be there when its state is told.
        let listener = engine.read(|client| {
            client.subscribe(now, &destination, options.headers.clone(), options.ack)
        })?;
        let shared = Rc::new(Inbox::new(listener, destination, &options));
        engine.listen(Rc::clone(&shared));
        Ok(Subscription {
            engine: Rc::clone(engine),
            shared,
        })
    }

    /// Acknowledges a message of a subscription with [`AckMode::Client`](super::AckMode::Client) or
    /// [`ClientIndividual`](super::AckMode::ClientIndividual).
    ///
    /// # Errors
    /// [`AckError::Late`] when the connection that delivered it is gone: the broker delivers it again.
    pub fn ack(&self, message: &Message) -> Result<(), Error> {
        self.acknowledge(Acknowledge::Ack, message)
    }

    /// Says that a message was not consumed. Not in STOMP 1.0.
    ///
    /// # Errors
    /// As [`ack`](Self::ack).
    pub fn nack(&self, message: &Message) -> Result<(), Error> {
        self.acknowledge(Acknowledge::Nack, message)
    }

    fn acknowledge(&self, what: Acknowledge, message: &Message) -> Result<(), Error> {
        let delivery = message.delivery.as_ref().ok_or(AckError::Automatic)?;
        Ok(self
            .engine()
            .call(|client, now| client.acknowledge(now, what, delivery))?)
    }

    /// Begins a transaction.
    pub fn begin(&self) -> Transaction {
        Transaction {
            client: self.clone(),
            parts: TransactionBuilder::new(),
        }
    }

    /// Asks and waits for the answer, at most `timeout`. The message carries `reply-to` (a temporary queue, unless
    /// [`Builder::reply_to`] says otherwise) and `correlation-id`; the answer must carry the same `correlation-id`.
    ///
    /// The future fails with [`Error::Timeout`], with [`Error::NotDelivered`] (status `Unknown` when the connection was
    /// lost after the question was written), or at once with [`Error::Publish`].
    pub fn request(&self, message: Publish, timeout: Duration) -> Request {
        self.request_at(message, None, timeout)
    }

    /// As [`request`](Self::request), with another destination for the answer. It is subscribed to with the first request
    /// and stays so, unless it begins with `/temp-queue/`.
    pub fn request_at(
        &self,
        message: Publish,
        reply_to: Option<&str>,
        timeout: Duration,
    ) -> Request {
        let engine = self.engine();
        let now = crate::driver::now();
        let asked =
            engine.read(|client| client.request(now, message.message, reply_to, timeout.into()));
        let state = match asked {
            Ok(id) => {
                let pending = Rc::new(Pending {
                    id,
                    outcome: RefCell::new(None),
                    waker: RefCell::new(None),
                    done: Cell::new(false),
                });
                engine.await_reply(Rc::clone(&pending));
                Ok(pending)
            }
            Err(error) => Err(Some(error.into())),
        };
        Request {
            engine: Rc::clone(engine),
            state,
        }
    }

    /// The state now. `Open` means that the server accepted the login and the subscriptions are back.
    pub fn state(&self) -> State {
        self.engine().read(|client| client.link().state())
    }

    /// Every change of the state from now on, with its cause.
    pub fn states(&self) -> States {
        let engine = self.engine();
        engine.subscribers().subscribe(engine.is_dropped())
    }

    /// What the server says beside messages, from now on: `CONNECTED`, `ERROR`, what nobody listens to.
    pub fn events(&self) -> Events {
        self.engine().events()
    }

    /// What became of the messages so far, and what is held now.
    pub fn counters(&self) -> Counters {
        self.engine().read(|client| client.counters())
    }

    /// How often the connection was opened again.
    pub fn reconnects(&self) -> u32 {
        self.engine().read(|client| client.link().reconnects())
    }

    /// Admits everything that is paced now. The future resolves when nothing is pending any more.
    pub fn flush(&self) -> impl Future<Output = ()> + use<> {
        flush(Rc::clone(self.engine()), Some(Scope::All))
    }

    /// Dials now: cuts a wait short, replaces a live connection, revives a closed client.
    pub fn reconnect(&self) {
        self.engine().call(|client, now| client.reconnect(now));
    }

    /// Says goodbye: accepts no more, writes what is queued and waits for receipts until `deadline`, then `DISCONNECT` and
    /// its receipt (at most 1 s; RabbitMQ sends none), then the closing handshake (at most 1 s). This starts at once; the
    /// future resolves when the connection is closed, and dropping it changes nothing.
    pub fn disconnect(&self, deadline: Duration) -> impl Future<Output = ()> + use<> {
        let engine = Rc::clone(self.engine());
        engine.call(|client, now| client.disconnect(now, true, deadline.into()));
        async move {
            poll_fn(|context| {
                engine.poll_until(context, |client| client.link().state() == State::Closed)
            })
            .await;
        }
    }

    /// Closes at once: what is queued is dropped, the socket abandoned.
    pub fn terminate(&self) {
        self.engine().call(|client, now| client.terminate(now));
    }
}

/// Admits what is paced in the scope, and waits until nothing of it is pending.
pub(super) fn flush(engine: Rc<Engine>, scope: Option<Scope>) -> impl Future<Output = ()> + use<> {
    if let Some(scope) = scope {
        engine.call(|client, now| client.flush(now, scope));
    }
    async move {
        if let Some(scope) = scope {
            poll_fn(|context| engine.poll_until(context, |client| !client.is_pending(scope))).await;
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
