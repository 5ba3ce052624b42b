//! Options of a topic.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    Span,
    codec::Frame,
    send::{Lane, Offline, Order, Overflow, Policy, RateLimit, RateOverflow, TopicConfig},
};

use crate::{client::Client, error::Error, id::Id};

use super::{Shared, Topic, TopicRules};

/// Longest wait of a debounce in units of its quiet time, unless `max_wait` is called.
const DEFAULT_MAX_WAIT: u64 = 5;

/// Options of a [`Topic`]. Without a pace, values go out at once and in order.
///
/// ```no_run
/// # use std::time::Duration;
/// # use everwire::{Client, Error, Order};
/// # #[derive(Clone, serde::Serialize)] struct Position { id: u32 }
/// # impl From<Position> for Out { fn from(p: Position) -> Self { Self::Position(p) } }
/// # #[derive(serde::Serialize)] enum Out { Position(Position), Typing }
/// # fn run(client: Client<(), Out>) -> Result<(), Error> {
/// // At most ten positions per second and vehicle, always the latest.
/// let positions = client
///     .topic::<Position>("position")
///     .throttle(Duration::from_millis(100))
///     .key(|position| position.id)
///     .build()?;
/// positions.send(&Position { id: 7 })?;
///
/// // A value of another type, made into a message at the moment of sending.
/// let typing = client
///     .topic::<()>("typing")
///     .throttle(Duration::from_secs(2))
///     .order(Order::Supersede)
///     .build_with(|()| Out::Typing)?;
/// typing.send(&())?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
#[allow(clippy::type_complexity, reason = "each type is used once, here")]
pub struct TopicBuilder<T, In, Out> {
    client: Client<In, Out>,
    name: String,
    config: TopicConfig,
    key: Option<Box<dyn Fn(&T) -> Id>>,
    merge: Option<Box<dyn Fn(Option<&T>, &T) -> T>>,
    misused: Option<&'static str>,
}

impl<T, In, Out> TopicBuilder<T, In, Out> {
    pub(crate) fn new(client: Client<In, Out>, name: String) -> Self {
        Self {
            client,
            name,
            config: TopicConfig::default(),
            key: None,
            merge: None,
            misused: None,
        }
    }

    /// At most one value per `interval` and key, the first at once, the latest always. See [`leading`](Self::leading) and
    /// [`trailing`](Self::trailing).
    pub fn throttle(self, interval: Duration) -> Self {
        self.policy(Policy::Throttle {
            interval: interval.into(),
            leading: true,
            trailing: true,
        })
    }

    /// The latest value after `wait` without a call, and after five times `wait` in any case; see
    /// [`max_wait`](Self::max_wait), [`leading`](Self::leading), [`trailing`](Self::trailing).
    pub fn debounce(self, wait: Duration) -> Self {
        let wait = Span::from(wait);
        self.policy(Policy::Debounce {
            wait,
            max_wait: wait.times(DEFAULT_MAX_WAIT),
            leading: false,
            trailing: true,
        })
    }

    /// No pace of its own: the latest value per key as soon as the connection can take it, keys in turn.
    pub fn conflate(self) -> Self {
        self.policy(Policy::Conflate {
            min_interval: Span::ZERO,
        })
    }

    /// Several values in one message: after `max_items` values or when the first has waited `max_wait`. The codec must
    /// have lists (JSON, postcard and MessagePack do), and the peer must expect a list.
    pub fn batch(self, max_items: u32, max_wait: Duration) -> Self {
        self.policy(Policy::Batch {
            max_items,
            max_bytes: usize::MAX,
            max_wait: max_wait.into(),
        })
    }

    /// Any other pace.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// Longest time that a debounced value waits after the first call, at least the quiet time; or that the first value
    /// of a batch waits.
    pub fn max_wait(mut self, time: Duration) -> Self {
        match &mut self.config.policy {
            Policy::Debounce { max_wait, .. } | Policy::Batch { max_wait, .. } => {
                *max_wait = time.into();
            }
            _ => {
                self.misused =
                    Some("max_wait belongs to debounce and batch: call one of them first")
            }
        }
        self
    }

    /// Most bytes of a batch. Default no limit.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        match &mut self.config.policy {
            Policy::Batch { max_bytes, .. } => *max_bytes = bytes,
            _ => self.misused = Some("max_bytes belongs to batch: call it first"),
        }
        self
    }

    /// Whether the first value after a quiet time goes out at once. Default yes for throttle, no for debounce.
    pub fn leading(mut self, send: bool) -> Self {
        match &mut self.config.policy {
            Policy::Debounce { leading, .. } | Policy::Throttle { leading, .. } => *leading = send,
            _ => {
                self.misused =
                    Some("leading belongs to debounce and throttle: call one of them first")
            }
        }
        self
    }

    /// Whether the latest value goes out at the end. Default yes.
    pub fn trailing(mut self, send: bool) -> Self {
        match &mut self.config.policy {
            Policy::Debounce { trailing, .. } | Policy::Throttle { trailing, .. } => {
                *trailing = send;
            }
            _ => {
                self.misused =
                    Some("trailing belongs to debounce and throttle: call one of them first")
            }
        }
        self
    }

    /// Shortest time between two conflated values of a key. Default none.
    pub fn min_interval(mut self, interval: Duration) -> Self {
        match &mut self.config.policy {
            Policy::Conflate { min_interval } => *min_interval = interval.into(),
            _ => self.misused = Some("min_interval belongs to conflate: call it first"),
        }
        self
    }

    /// Joins a new value with the one that is still pending, instead of replacing it: `merge(pending, new)`. Right for
    /// counters. Only with [`conflate`](Self::conflate).
    pub fn merge(mut self, merge: impl Fn(&T, &T) -> T + 'static) -> Self
    where
        T: Clone,
    {
        if !matches!(self.config.policy, Policy::Conflate { .. }) {
            self.misused = Some("merge belongs to conflate: call it first");
        }
        self.merge = Some(Box::new(move |pending, new| match pending {
            Some(pending) => merge(pending, new),
            None => new.clone(),
        }));
        self
    }

    /// Tells values apart: each key is paced, replaced and counted on its own. Default one slot for the whole topic.
    pub fn key<K: Into<Id>>(mut self, key: impl Fn(&T) -> K + 'static) -> Self {
        self.key = Some(Box::new(move |value| key(value).into()));
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

    /// What a message sent past the pace does to pending values. Default [`Order::FlushBefore`].
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
        self.config.ttl = Some(ttl.into());
        self
    }

    /// What happens while the connection is down. Default: a topic with debounce, throttle or conflate keeps the latest
    /// value, others keep all in order.
    pub fn offline(mut self, offline: Offline) -> Self {
        self.config.offline = Some(offline);
        self
    }

    /// What happens when the queue is full. Default the socket's.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.config.overflow = Some(overflow);
        self
    }

    /// The topic. Values become messages with `Into`.
    ///
    /// # Errors
    /// [`Error::Topic`] and [`Error::Options`] for options out of range or that belong to another pace,
    /// [`Error::NoContainer`] for a batch in a format without lists.
    pub fn build(self) -> Result<Topic<T>, Error>
    where
        T: Clone + Into<Out> + 'static,
        In: 'static,
        Out: 'static,
    {
        self.build_with(|value| value.clone().into())
    }

    /// The topic. `message` makes a message of a value.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with(self, message: impl Fn(&T) -> Out + 'static) -> Result<Topic<T>, Error>
    where
        T: 'static,
        In: 'static,
        Out: 'static,
    {
        if let Some(misused) = self.misused {
            return Err(Error::Options(misused.to_owned()));
        }
        let Client { engine, inbound } = self.client;
        let is_batch = matches!(self.config.policy, Policy::Batch { .. });
        // Any frames tell whether there is a container; none at all is a list too.
        if is_batch && (inbound.format.join)(&[] as &[&Frame]).is_none() {
            return Err(Error::NoContainer);
        }
        let config = TopicConfig {
            merges: self.merge.is_some(),
            ..self.config
        };
        let id = engine.topic(config)?;
        Ok(Topic {
            shared: Rc::new(Shared {
                engine,
                id,
                name: self.name,
                is_batch,
                rules: TopicRules {
                    prepare: Box::new(move |value| inbound.encode(&message(value))),
                    key: self.key,
                    merge: self.merge,
                },
            }),
        })
    }
}

impl<T, In, Out> fmt::Debug for TopicBuilder<T, In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicBuilder")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
