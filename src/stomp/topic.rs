//! Topics: values that go to one destination at a pace of their own.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    Span,
    protocol::stomp::client::TopicError,
    send::{
        Lane, Offline, Order, Overflow, Policy, RateLimit, RateOverflow, Scope, TopicConfig,
        TopicId,
    },
};

use crate::id::Id;

use super::{client::flush, engine::Engine, error::Error, handle::Handle, publish::Publish};

/// Options of a [`Topic`]. Without a pace, values go out at once and in order.
///
/// ```no_run
/// # use std::time::Duration;
/// # use everwire::stomp::{Client, Error};
/// # struct Position { id: u32, text: String }
/// # fn run(client: Client) -> Result<(), Error> {
/// // At most ten positions per second and vehicle, always the latest.
/// let positions = client
///     .topic::<Position>("/topic/positions")
///     .throttle(Duration::from_millis(100))
///     .key(|position| position.id)
///     .build(|position| position.text.clone())?;
/// positions.publish(&Position { id: 7, text: "here".into() })?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct TopicBuilder<T> {
    engine: Rc<Engine>,
    destination: String,
    config: TopicConfig,
    key: Option<KeyOf<T>>,
    receipts: bool,
}

type KeyOf<T> = Box<dyn Fn(&T) -> Id>;

impl<T> TopicBuilder<T> {
    pub(super) fn new(engine: Rc<Engine>, destination: String) -> Self {
        Self {
            engine,
            destination,
            config: TopicConfig::default(),
            key: None,
            receipts: false,
        }
    }

    /// At most one value per `interval` and key, the first at once, the latest always.
    pub fn throttle(self, interval: Duration) -> Self {
        self.policy(Policy::throttle(interval.into()))
    }

    /// The latest value after `wait` without a call, and after five times `wait` in any case.
    pub fn debounce(self, wait: Duration) -> Self {
        self.policy(Policy::debounce(wait.into()))
    }

    /// No pace of its own: the latest value per key as soon as the connection can take it, keys in turn.
    pub fn conflate(self) -> Self {
        self.policy(Policy::conflate())
    }

    /// Any other pace. STOMP cannot carry a batch.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// Tells values apart: each key is paced, replaced and counted on its own. Default one slot for the whole topic.
    pub fn key<K: Into<Id>>(mut self, key: impl Fn(&T) -> K + 'static) -> Self {
        self.key = Some(Box::new(move |value| key(value).into()));
        self
    }

    /// Asks for a receipt for each value. Default no.
    pub fn receipts(mut self) -> Self {
        self.receipts = true;
        self
    }

    /// A token bucket for the topic, on top of the pace: `per_second` messages in the long run, `burst` at once.
    pub fn rate_limit(mut self, per_second: f64, burst: u32, overflow: RateOverflow) -> Self {
        // Zero, which is refused, for everything that is not a rate.
        let millis = 1_000.0 / per_second;
        self.config.rate = Some(RateLimit {
            per_token: Span::from_millis_f64(if millis.is_finite() { millis } else { 0.0 }),
            burst,
            overflow,
        });
        self
    }

    /// What an immediate message does to pending values. Default it admits them first.
    pub fn order(mut self, order: Order) -> Self {
        self.config.order = order;
        self
    }

    /// Priority class. Default normal.
    pub fn lane(mut self, lane: Lane) -> Self {
        self.config.lane = lane;
        self
    }

    /// How long a value may wait to be written. Default no limit.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.config.ttl = Some(ttl.into());
        self
    }

    /// What happens while the connection is down. Default: with a pace the latest value is kept, else all in order.
    pub fn offline(mut self, offline: Offline) -> Self {
        self.config.offline = Some(offline);
        self
    }

    /// What happens when the queue is full. Default the client's.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.config.overflow = Some(overflow);
        self
    }

    /// The topic. `text` makes the body.
    ///
    /// # Errors
    /// [`Error::Options`] for options out of range, and for a batch.
    pub fn build<B: Into<String>>(
        self,
        text: impl Fn(&T) -> B + 'static,
    ) -> Result<Topic<T>, Error> {
        self.build_with(move |destination, value| Ok(Publish::text(destination, text(value))))
    }

    /// The topic. `message` makes a message for the destination of a value, with headers or a binary body; also to
    /// another destination, under the same pace.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with(
        self,
        message: impl Fn(&str, &T) -> Result<Publish, Error> + 'static,
    ) -> Result<Topic<T>, Error> {
        let id = self.engine.read(|client| client.topic(self.config));
        let id = id.map_err(|error| match error {
            TopicError::Config(error) => crate::Error::Topic(error),
            TopicError::Batch => crate::Error::Options(error.to_string()),
        })?;
        Ok(Topic {
            shared: Rc::new(Shared {
                engine: self.engine,
                id,
                destination: self.destination,
                receipts: self.receipts,
                key: self.key,
                message: Box::new(message),
            }),
        })
    }
}

/// Values of type `T` with a destination and a pace; from [`Client::topic`](super::Client::topic).
///
/// Clones are the same topic. When the last one is dropped, what is pending still goes out.
pub struct Topic<T> {
    shared: Rc<Shared<T>>,
}

#[allow(clippy::type_complexity, reason = "used once, here")]
struct Shared<T> {
    engine: Rc<Engine>,
    id: TopicId,
    destination: String,
    receipts: bool,
    key: Option<KeyOf<T>>,
    message: Box<dyn Fn(&str, &T) -> Result<Publish, Error>>,
}

impl<T> Topic<T> {
    /// Publishes a value at the topic's pace. A newer value of the same key may take its place until the moment of
    /// writing.
    ///
    /// # Errors
    /// [`Error::Publish`] when it is not accepted, and what the making of the message says; nothing was queued then.
    pub fn publish(&self, value: &T) -> Result<Handle, Error> {
        self.send(value, false)
    }

    /// As [`publish`](Self::publish), past the pace. What is pending goes first, unless the topic's order says otherwise.
    ///
    /// # Errors
    /// As there.
    pub fn publish_now(&self, value: &T) -> Result<Handle, Error> {
        self.send(value, true)
    }

    fn send(&self, value: &T, immediate: bool) -> Result<Handle, Error> {
        let shared = &*self.shared;
        let key = shared.key.as_ref().map(|key| key(value));
        let Publish {
            message,
            mut options,
        } = (shared.message)(&shared.destination, value)?;
        options.immediate = immediate;
        options.expect_ack |= shared.receipts;
        shared.engine.send(options.expect_ack, |client, now| {
            let slot = match key {
                Some(key) => Some(shared.engine.keys().slot(client, shared.id, key)?),
                None => None,
            };
            client.publish(now, shared.id, slot, message, options)
        })
    }

    /// Where the values go.
    pub fn destination(&self) -> &str {
        &self.shared.destination
    }

    /// Admits what is paced now. The future resolves when nothing of the topic is pending any more; dropping it changes
    /// nothing. A rate limit still applies.
    pub fn flush(&self) -> impl Future<Output = ()> + use<T> {
        flush(Rc::clone(&self.shared.engine), Some(self.scope()))
    }

    /// Takes back what is not written yet.
    pub fn cancel(&self) {
        let scope = self.scope();
        self.shared
            .engine
            .call(|client, _| client.cancel_all(scope));
    }

    /// Takes back what is not written yet of one key.
    pub fn cancel_key(&self, key: impl Into<Id>) {
        let Shared { engine, id, .. } = &*self.shared;
        if let Some(slot) = engine.keys().get(*id, &key.into()) {
            engine.call(|client, _| client.cancel_all(Scope::Slot(*id, Some(slot))));
        }
    }

    /// Whether a value would still be sent.
    pub fn pending(&self) -> bool {
        let scope = self.scope();
        self.shared.engine.read(|client| client.is_pending(scope))
    }

    fn scope(&self) -> Scope {
        Scope::Topic(self.shared.id)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.engine.retire(self.id);
    }
}

impl<T> Clone for Topic<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for Topic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("destination", &self.shared.destination)
            .field("pending", &self.pending())
            .finish()
    }
}

impl<T> fmt::Debug for TopicBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicBuilder")
            .field("destination", &self.destination)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
