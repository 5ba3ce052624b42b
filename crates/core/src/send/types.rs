//! The vocabulary of the outbox: policies, options, tickets, statuses.

use crate::Span;

/// A payload that the outbox holds without looking at it.
pub trait Payload: Clone {
    /// Its size on the wire in bytes, as counted by the queue's budget and the batch limit.
    fn size(&self) -> usize;
}

/// A topic of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicId(pub u32);

/// One `(topic, key)` pair of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

/// One accepted send. Unique until its terminal status has been polled; the number may then be given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// How a topic paces its sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Policy {
    /// Enters its lane at once, first in, first out; never replaces anything.
    #[default]
    Immediate,
    /// Waits for quiet: the latest value goes out `wait` after the last call.
    Debounce {
        /// Quiet time.
        wait: Span,
        /// Longest delay after the first unsent call. At least `wait`.
        max_wait: Span,
        /// Admit the first call of a quiet slot at once.
        leading: bool,
        /// Admit the latest value at the end.
        trailing: bool,
    },
    /// At most one admission per `interval`.
    Throttle {
        /// Shortest time between admissions.
        interval: Span,
        /// Admit the first call of a quiet slot at once.
        leading: bool,
        /// Admit the latest value at the end of the interval.
        trailing: bool,
    },
    /// Holds the latest value until the link is writable.
    Conflate {
        /// Shortest time between writes of a slot; zero for none.
        min_interval: Span,
    },
    /// Several messages in one frame, in call order.
    Batch {
        /// Messages per frame; `u32::MAX` for no limit.
        max_items: u32,
        /// Payload bytes per frame; `usize::MAX` for no limit.
        max_bytes: usize,
        /// Longest wait of the first message; [`Span::MAX`] for no limit.
        max_wait: Span,
    },
}

impl Policy {
    /// Debounce with the defaults: trailing edge only, `max_wait` of five times `wait`.
    pub const fn debounce(wait: Span) -> Self {
        Self::Debounce {
            wait,
            max_wait: wait.times(5),
            leading: false,
            trailing: true,
        }
    }

    /// Throttle with the defaults: both edges.
    pub const fn throttle(interval: Span) -> Self {
        Self::Throttle {
            interval,
            leading: true,
            trailing: true,
        }
    }

    /// Conflate without a shortest time between writes.
    pub const fn conflate() -> Self {
        Self::Conflate {
            min_interval: Span::ZERO,
        }
    }
}

/// A token bucket. A token is taken when a frame is written, so a blocked link cannot save up a burst above `burst`:
/// in any window of length T at most `burst + T / per_token` frames go out. A batch costs one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Time in which one token accrues: 1 s / rate.
    pub per_token: Span,
    /// Size of the bucket.
    pub burst: u32,
    /// What happens to a message that finds no token.
    pub overflow: RateOverflow,
}

impl RateLimit {
    /// `per_second` frames per second (at least 1 and at most 1,000,000) after a first `burst`; the excess waits.
    pub const fn per_second(per_second: u32, burst: u32) -> Self {
        let per_token = match 1_000_000_u64.checked_div(per_second as u64) {
            Some(micros) => Span::from_micros(micros),
            None => Span::ZERO,
        };
        Self {
            per_token,
            burst,
            overflow: RateOverflow::Queue,
        }
    }
}

/// What a rate limit does with the excess. The rules that drop or fail apply while the link is up; while it is down
/// the message's [`Offline`] rule and the queue's bounds decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateOverflow {
    /// It waits, in order.
    #[default]
    Queue,
    /// It waits, and a newer value of the same slot (or topic, without a key) replaces it.
    Conflate,
    /// The oldest waiting message of the topic is dropped.
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The call fails.
    Reject,
}

/// What an immediate message does to pending values of its topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Admits them first.
    #[default]
    FlushBefore,
    /// Nothing.
    Independent,
    /// Cancels them.
    Supersede,
}

/// Priority classes. Higher ones go first; each lower one keeps a floor share of 1 in 16 writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Protocol messages.
    Control,
    /// Requests and their answers.
    Rpc,
    /// Everything else.
    #[default]
    Normal,
    /// What may wait.
    Bulk,
}

/// What happens to a message while the link is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Kept, in order.
    Queue,
    /// Only the latest of its slot is kept.
    Latest,
    /// Dropped.
    Drop,
    /// The call fails.
    Reject,
}

/// What a full queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The call fails: nothing is lost silently.
    #[default]
    Reject,
    /// The oldest unwritten message makes room.
    DropOldest,
    /// The new message is dropped (its handle says so).
    DropNewest,
}

/// Bounds of an outbox. One budget covers paced, queued and written-but-unacknowledged messages that are kept for a resend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxConfig {
    /// Messages. Default 1,000.
    pub max_messages: usize,
    /// Bytes. Default 1 MiB.
    pub max_bytes: usize,
    /// Default overflow policy.
    pub overflow: Overflow,
    /// Bytes in the socket's own buffer above which nothing more is written. Default 64 KiB.
    pub high_water: usize,
    /// Token bucket of the whole connection.
    pub rate: Option<RateLimit>,
    /// Writes per second while the queue drains after a reconnect (not the first connection); `None` for no ramp. Default 200 after the first 50.
    pub ramp: Option<RateLimit>,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            max_messages: 1_000,
            max_bytes: 1 << 20,
            overflow: Overflow::Reject,
            high_water: 64 << 10,
            rate: None,
            ramp: Some(RateLimit::per_second(200, 50)),
        }
    }
}

/// Options of a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicConfig {
    /// Pace.
    pub policy: Policy,
    /// Token bucket of the topic, stacked on the pace.
    pub rate: Option<RateLimit>,
    /// Relation of immediate messages to pending ones.
    pub order: Order,
    /// Lane of its messages.
    pub lane: Lane,
    /// Offline rule; `None` for the policy's default (immediate and batch: queue, others: latest).
    pub offline: Option<Offline>,
    /// Time to live of unwritten messages.
    pub ttl: Option<Span>,
    /// Overflow rule; `None` for the outbox's.
    pub overflow: Option<Overflow>,
    /// The caller merges each value with the one that [`Outbox::peek`](super::Outbox::peek) shows. A value that is not
    /// part of a newer one is then never superseded by it, not even while the link is down: a sum stays whole.
    pub merges: bool,
}

/// Options of one send; `None` means the topic's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Override of the topic's pace for this call (`Immediate` is what O2 of the ordering rules speaks of).
    pub immediate: bool,
    /// Lane.
    pub lane: Option<Lane>,
    /// Offline rule.
    pub offline: Option<Offline>,
    /// Time to live until the write.
    pub ttl: Option<Span>,
    /// The message carries an id: it is kept until acknowledged and written again after a reconnect.
    pub resend: bool,
    /// An acknowledgement is expected: `Written` is not terminal.
    pub expect_ack: bool,
    /// The payload is the result of merging it with the slot's pending one (conflate with merge).
    pub merged: bool,
}

/// Where a send is in its life. Each ends in exactly one terminal status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Waiting for a policy timer or a token.
    Paced,
    /// Admitted, in a lane.
    Queued,
    /// Handed to the socket; terminal unless an acknowledgement is expected.
    Written,
    /// The peer confirmed it.
    Acked,
    /// A newer value of the slot took its place.
    Superseded {
        /// The newer send.
        by: Ticket,
        /// Whether the newer value contains this one (merge).
        merged: bool,
    },
    /// Not sent.
    Dropped(DropReason),
    /// Its time to live passed before the write.
    Expired,
    /// `cancel()`, an aborted signal, or [`Order::Supersede`].
    Cancelled,
    /// The link died after the write and before the acknowledgement.
    Unknown,
}

/// Why a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// The queue was full.
    Overflow,
    /// The link was down and the offline rule says drop.
    Offline,
    /// The connection was closed or terminated first.
    Close,
    /// The policy sends no trailing value.
    Policy,
    /// The rate limit's overflow rule.
    Rate,
    /// The socket refused it.
    Refused,
}

/// What [`Outbox::poll_event`](super::Outbox::poll_event) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxEvent {
    /// A send changed its status.
    Status {
        /// The send.
        ticket: Ticket,
        /// Its new status.
        status: Status,
        /// Whether this is the last status: the ticket's number may be given out again from now on.
        terminal: bool,
    },
    /// A keyed slot is quiet: nothing is pending and its interval is over. Its id is free from now on, so the key must
    /// be forgotten before the next call into the outbox; a later send of the same key asks for a new slot.
    SlotIdle(SlotId),
}

/// What [`Outbox::poll_write`](super::Outbox::poll_write) found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// Nothing may be written now.
    #[default]
    None,
    /// One message.
    Single,
    /// The messages of a batch, to be wrapped in the protocol's container (also if there is only one).
    Batch,
}

/// What a verb applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole outbox.
    All,
    /// One topic with all its slots.
    Topic(TopicId),
    /// One slot; `None` is the topic's slot without a key.
    Slot(TopicId, Option<SlotId>),
}

/// Totals since the outbox was made, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sends that were given a ticket.
    pub accepted: u64,
    /// Messages handed to the socket, resends not included.
    pub written: u64,
    /// Messages confirmed by the peer.
    pub acked: u64,
    /// Messages replaced by a newer one of their slot.
    pub superseded: u64,
    /// Messages dropped, for any [`DropReason`].
    pub dropped: u64,
    /// Messages whose time to live passed.
    pub expired: u64,
    /// Messages cancelled.
    pub cancelled: u64,
    /// Messages that ended in [`Status::Unknown`].
    pub unknown: u64,
    /// Messages written again after a reconnect.
    pub resent: u64,
    /// Messages held now: paced, queued and kept for a resend.
    pub queued_messages: usize,
    /// Payload bytes of the messages held now.
    pub queued_bytes: usize,
}

/// Why a send was not accepted. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closing or closed.
    #[error("connection is closed: open it again before sending")]
    Closed,
    /// The link is down and the offline rule is `reject`.
    #[error(
        "connection is not open and the offline rule is reject: wait for the open state or use another rule"
    )]
    Offline,
    /// The queue is full and the overflow rule is `reject`.
    #[error(
        "send queue is full: await written messages, raise queue.maxMessages or queue.maxBytes, or choose an overflow rule"
    )]
    QueueFull,
    /// The payload alone is larger than the whole budget.
    #[error("message is larger than queue.maxBytes")]
    TooLarge,
    /// The rate limit was exceeded and its overflow rule is `reject`.
    #[error("rate limit exceeded: slow down or let the limit queue")]
    RateLimited,
    /// A message with the same id has not come to its end, and this one would not take its place. Told by shells that
    /// match acknowledgements to ids; an outbox knows no ids.
    #[error("a message with this id is still on its way: wait for its end or give another id")]
    DuplicateId,
    /// The topic or slot does not belong to this outbox.
    #[error("unknown topic or slot")]
    Unknown,
}

/// Which option of a policy is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Neither edge would ever send.
    #[error("leading and trailing are both off: switch at least one on")]
    NoEdge,
    /// `max_wait` is shorter than `wait`.
    #[error("maxWait must be at least wait")]
    MaxWaitTooShort,
    /// A throttle interval or debounce wait that is not positive.
    #[error("interval and wait must be positive")]
    NotPositive,
    /// A rate or burst that is not positive.
    #[error("rate and burst must be positive")]
    BadRate,
    /// A batch without any limit.
    #[error("batch needs maxItems, maxBytes or maxWait")]
    UnboundedBatch,
    /// An infinite time where the policy needs an end.
    #[error("wait, maxWait and interval must be finite")]
    NotFinite,
    /// A batch that can hold nothing.
    #[error("maxItems and maxBytes must be positive")]
    EmptyBatch,
    /// A queue without room.
    #[error("queue limits must be positive")]
    EmptyQueue,
}
