//! Topics: values of one event with a pace of their own.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    Span,
    send::{
        Lane, Offline, Order, Overflow, Policy, RateLimit, Scope, Ticket, TopicConfig, TopicId,
    },
};
use serde::Serialize;

use crate::{driver, id::Id};

use super::{
    args::Args,
    emit::{Emit, EmitOptions},
    error::Error,
    packet::{Kept, Packet, quoted},
    socket::{Socket, check_name},
};

/// Values of type `T`, emitted as one event at the topic's pace; from [`Socket::topic`].
///
/// Clones are the same topic. When the last one is dropped, what is pending still goes out.
pub struct Topic<T> {
    shared: Rc<Shared<T>>,
}

struct Shared<T> {
    socket: Socket,
    id: TopicId,
    event: Rc<str>,
    is_batch: bool,
    key: Option<Key<T>>,
    merge: Option<Merge<T>>,
}

type Key<T> = Box<dyn Fn(&T) -> Id>;
type Merge<T> = Box<dyn Fn(Option<&T>, &T) -> T>;

impl<T: Serialize + 'static> Topic<T> {
    /// Emits a value at the topic's pace. A newer value of the same key may take its place until the moment of writing.
    ///
    /// # Errors
    /// [`Error::Encode`], [`Error::BinaryBatch`], or [`Error::Emit`] when it is not accepted; nothing was queued then.
    pub fn emit(&self, value: &T) -> Result<Emit, Error> {
        self.emit_with(value, EmitOptions::new())
    }

    /// As [`emit`](Self::emit), with options.
    ///
    /// # Errors
    /// As there.
    pub fn emit_with(&self, value: &T, mut options: EmitOptions) -> Result<Emit, Error> {
        let shared = &*self.shared;
        let key = shared.key.as_ref().map(|key| key(value));
        let mut packet = match &shared.merge {
            None => shared.encode(value)?,
            Some(merge) => {
                // What is sent at once replaces nothing, so it contains nothing else either.
                let old = if options.send.immediate {
                    None
                } else {
                    shared.peek(key.as_ref())
                };
                let kept = old.as_ref().and_then(|(_, packet)| packet.value.as_ref());
                let pending = kept.and_then(|kept| kept.value.downcast_ref::<T>());
                let merged = merge(pending, value);
                let mut packet = shared.encode(&merged)?;
                // `merge` may have called back: the result contains the pending value only if that is still there.
                let now = shared.peek(key.as_ref()).map(|(ticket, _)| ticket);
                options.send.merged =
                    pending.is_some() && now == old.as_ref().map(|(ticket, _)| *ticket);
                packet.value = Some(Kept {
                    value: Rc::new(merged),
                    graveyard: Rc::clone(&shared.socket.inner.engine().graveyard),
                });
                packet
            }
        };
        if shared.is_batch {
            packet.value = None;
        }
        let inner = &shared.socket.inner;
        inner.queue(shared.id, key.as_ref(), packet, options, false)
    }

    /// Admits what is paced now. A rate limit still applies.
    pub fn flush(&self) {
        let (now, shared) = (driver::now(), &self.shared);
        shared.outbox(|outbox| outbox.flush(now, Scope::Topic(shared.id)));
        shared.socket.inner.engine().pump();
    }

    /// Takes back what is not written yet.
    pub fn cancel(&self) {
        let shared = &self.shared;
        shared.outbox(|outbox| outbox.cancel_all(Scope::Topic(shared.id)));
        shared.socket.inner.engine().pump();
    }

    /// Whether a value would still be sent.
    pub fn pending(&self) -> bool {
        let shared = &self.shared;
        shared
            .outbox(|outbox| outbox.pending(Scope::Topic(shared.id)))
            .unwrap_or(false)
    }
}

type Outbox = everwire_core::send::Outbox<everwire_core::protocol::socket_io::client::Item<Packet>>;

impl<T> Shared<T> {
    fn outbox<R>(&self, run: impl FnOnce(&mut Outbox) -> R) -> Option<R> {
        let inner = &self.socket.inner;
        inner
            .engine()
            .core(|core| core.outbox(inner.namespace).map(run))
    }

    fn peek(&self, key: Option<&Id>) -> Option<(Ticket, Packet)> {
        let slot = match key {
            Some(key) => Some(self.socket.inner.keys.get(self.id, key)?),
            None => None,
        };
        self.outbox(|outbox| {
            let (ticket, item) = outbox.peek(self.id, slot)?;
            Some((ticket, item.payload().clone()))
        })?
    }
}

impl<T: Serialize> Shared<T> {
    fn encode(&self, value: &T) -> Result<Packet, Error> {
        if !self.is_batch {
            return Ok(Packet::event(&self.event, Args::of(value)?));
        }
        // In the list of a batch each value is one element.
        let args = Args::one(value)?;
        if !args.attachments.is_empty() {
            return Err(Error::BinaryBatch);
        }
        Ok(Packet::event(&self.event, args))
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.socket.inner.retire(self.id, self.is_batch);
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
            .field("event", &self.shared.event)
            .finish_non_exhaustive()
    }
}

/// Options of a [`Topic`]. Without a pace, values go out at once and in order.
///
/// ```no_run
/// # use std::time::Duration;
/// # use everwire::socketio::{Error, Socket};
/// #[derive(Clone, serde::Serialize)]
/// struct Position { vehicle: u32, lat: f64, lon: f64 }
///
/// # fn run(socket: Socket) -> Result<(), Error> {
/// // At most ten positions per second and vehicle, always the latest.
/// let positions = socket
///     .topic::<Position>("position")
///     .throttle(Duration::from_millis(100))
///     .key(|position| position.vehicle)
///     .build()?;
/// positions.emit(&Position { vehicle: 7, lat: 37.57, lon: 126.98 })?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct TopicBuilder<T> {
    socket: Socket,
    event: String,
    config: TopicConfig,
    key: Option<Key<T>>,
    merge: Option<Merge<T>>,
}

impl<T> TopicBuilder<T> {
    pub(super) fn new(socket: Socket, event: String) -> Self {
        Self {
            socket,
            event,
            config: TopicConfig::default(),
            key: None,
            merge: None,
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

    /// No pace of its own: the latest value per key as soon as the transport can take it.
    pub fn conflate(self) -> Self {
        self.policy(Policy::conflate())
    }

    /// Several values in one event, whose only argument is their list: after `max_items` values or when the first has waited
    /// `max_wait`. Without attachments.
    pub fn batch(self, max_items: u32, max_wait: Duration) -> Self {
        self.policy(Policy::Batch {
            max_items,
            max_bytes: usize::MAX,
            max_wait: max_wait.into(),
        })
    }

    /// Any pace, with all its options.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// Joins a new value with the one that is still pending, instead of replacing it: `merge(pending, new)`. Only with
    /// [`conflate`](Self::conflate).
    pub fn merge(mut self, merge: impl Fn(&T, &T) -> T + 'static) -> Self
    where
        T: Clone,
    {
        self.merge = Some(Box::new(move |pending, new| match pending {
            Some(pending) => merge(pending, new),
            None => new.clone(),
        }));
        self
    }

    /// Tells values apart: each key is paced and replaced on its own. Default one slot for the whole topic.
    pub fn key<K: Into<Id>>(mut self, key: impl Fn(&T) -> K + 'static) -> Self {
        self.key = Some(Box::new(move |value| key(value).into()));
        self
    }

    /// A token bucket on top of the pace. Default none.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.config.rate = Some(limit);
        self
    }

    /// What a value sent past the pace does to pending ones. Default [`Order::FlushBefore`].
    pub fn order(mut self, order: Order) -> Self {
        self.config.order = order;
        self
    }

    /// Priority class. Default [`Lane::Normal`].
    pub fn lane(mut self, lane: Lane) -> Self {
        self.config.lane = lane;
        self
    }

    /// How long a value may wait to be written. Default no limit.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.config.ttl = Some(Span::from(ttl));
        self
    }

    /// What happens while the connection is down. Default: debounce, throttle and conflate keep the latest value, others all.
    pub fn offline(mut self, offline: Offline) -> Self {
        self.config.offline = Some(offline);
        self
    }

    /// What happens when the queue is full. Default the socket's.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.config.overflow = Some(overflow);
        self
    }

    /// The topic.
    ///
    /// # Errors
    /// [`Error::ReservedName`], and [`Error::Topic`] or [`Error::Options`] for options out of range.
    pub fn build(self) -> Result<Topic<T>, Error> {
        check_name(&self.event)?;
        if self.merge.is_some() && !matches!(self.config.policy, Policy::Conflate { .. }) {
            return Err(Error::Options(
                "merge belongs to conflate: call it first".to_owned(),
            ));
        }
        let config = TopicConfig {
            merges: self.merge.is_some(),
            ..self.config
        };
        let inner = &self.socket.inner;
        let id = inner
            .engine()
            .core(|core| match core.outbox(inner.namespace) {
                Some(outbox) => outbox.topic(config).map_err(Error::from),
                None => Err(Error::Closed),
            })?;
        Ok(Topic {
            shared: Rc::new(Shared {
                id,
                event: quoted(&self.event),
                is_batch: matches!(config.policy, Policy::Batch { .. }),
                key: self.key,
                merge: self.merge,
                socket: self.socket,
            }),
        })
    }
}

impl<T> fmt::Debug for TopicBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicBuilder")
            .field("event", &self.event)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
