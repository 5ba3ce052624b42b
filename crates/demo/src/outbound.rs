//! What waits to be written to one client.
//!
//! Two lanes. Events are lossless, first in first out, and go ahead; when too many wait, the client is cut off, since
//! a feed with holes is worse than a reconnect. Positions are conflated: for each thing only the newest waits, and it
//! is taken at the moment of writing, so a slow link sees fewer positions, never older ones.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use everwire_messages::{
    ServerMessage,
    location::{Left, Position, Positions, Snapshot},
};
use tokio::sync::Notify;

use crate::room::encode;

/// Most events that may wait.
pub const MAX_EVENTS: usize = 1000;
/// Most bytes of events that may wait.
pub const MAX_EVENT_BYTES: usize = 1 << 20;
/// Most positions in one message: small enough for an event to slip in between on a slow link.
pub const MAX_POSITIONS: usize = 32;

/// Queue of one client; filled by the hub, emptied by the client's writer.
#[derive(Debug, Default)]
pub struct Outbound {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Utf8Bytes>,
    event_bytes: usize,
    snapshot: Option<Snapshot>,
    left: BTreeSet<String>,
    positions: HashMap<String, Position>,
    /// Ids in `positions` in the order in which they began to wait: nobody waits for ever.
    order: VecDeque<String>,
    superseded: u64,
    end: Option<End>,
}

/// How a connection shall end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Close code.
    pub code: u16,
    /// Close reason.
    pub reason: String,
}

/// The next thing to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A message that is ready.
    Event(Utf8Bytes),
    /// Everything in a viewport.
    Snapshot(Snapshot),
    /// Things that have left it.
    Left(Vec<String>),
    /// Newer positions.
    Positions(Vec<Position>),
}

impl Item {
    /// The message.
    pub fn into_text(self) -> Utf8Bytes {
        match self {
            Self::Event(text) => text,
            Self::Snapshot(snapshot) => encode(&ServerMessage::Snapshot(snapshot)),
            Self::Left(ids) => encode(&ServerMessage::Left(Left { ids })),
            Self::Positions(positions) => {
                encode(&ServerMessage::Positions(Positions { positions }))
            }
        }
    }
}

impl Outbound {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No change below can stop half-way, so the queue is whole even after a panic elsewhere.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an event. True if the client is cut off because too much waits.
    pub fn event(&self, event: Utf8Bytes) -> bool {
        let mut queue = self.queue();
        if queue.end.is_some() {
            return false;
        }
        queue.event_bytes += event.len();
        queue.events.push_back(event);
        let over = queue.events.len() > MAX_EVENTS || queue.event_bytes > MAX_EVENT_BYTES;
        if over {
            queue.end_with(End {
                code: 1013,
                reason: "too slow, reconnect later".into(),
            });
        }
        drop(queue);
        self.filled.notify_one();
        over
    }

    /// Replaces everything about positions by a new viewport's content.
    pub fn snapshot(&self, snapshot: Snapshot) {
        let mut queue = self.queue();
        queue.left.clear();
        queue.positions.clear();
        queue.order.clear();
        queue.snapshot = Some(snapshot);
        drop(queue);
        self.filled.notify_one();
    }

    /// Queues a newer position in place of one of the same thing that still waits.
    pub fn position(&self, position: Position) {
        let mut queue = self.queue();
        queue.left.remove(&position.id);
        let id = position.id.clone();
        if queue.positions.insert(id.clone(), position).is_some() {
            queue.superseded += 1;
        } else {
            queue.order.push_back(id);
        }
        drop(queue);
        self.filled.notify_one();
    }

    /// Queues that a thing has left the viewport.
    pub fn left(&self, id: &str) {
        let mut queue = self.queue();
        if queue.positions.remove(id).is_some() {
            queue.order.retain(|waiting| waiting != id);
        }
        queue.left.insert(id.to_owned());
        drop(queue);
        self.filled.notify_one();
    }

    /// Ends the connection with a close frame; what waits is discarded. The first end counts.
    pub fn end(&self, code: u16, reason: impl Into<String>) {
        self.queue().end_with(End {
            code,
            reason: reason.into(),
        });
        self.filled.notify_one();
    }

    /// The end, once there is one; completes then.
    pub async fn ended(&self) -> End {
        loop {
            // The permit of `notify_one` is kept, so nothing is missed between the look and the wait.
            if let Some(end) = self.queue().end.clone() {
                return end;
            }
            self.filled.notified().await;
        }
    }

    /// The next thing to write, once there is one, or the end.
    pub async fn next(&self) -> Result<Item, End> {
        loop {
            if let Some(next) = self.queue().take() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    /// The next event, once there is one, or the end; what is shown on the map stays where it can be conflated.
    pub async fn next_event(&self) -> Result<Item, End> {
        loop {
            if let Some(next) = self.queue().take_event() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    /// Positions replaced before they were written, since the last call.
    pub fn take_superseded(&self) -> u64 {
        mem::take(&mut self.queue().superseded)
    }
}

impl Queue {
    fn end_with(&mut self, end: End) {
        if self.end.is_none() {
            *self = Self {
                superseded: self.superseded,
                end: Some(end),
                ..Self::default()
            };
        }
    }

    fn take_event(&mut self) -> Option<Result<Item, End>> {
        if let Some(end) = &self.end {
            return Some(Err(end.clone()));
        }
        let event = self.events.pop_front()?;
        self.event_bytes -= event.len();
        Some(Ok(Item::Event(event)))
    }

    fn take(&mut self) -> Option<Result<Item, End>> {
        if let Some(next) = self.take_event() {
            return Some(next);
        }
        if let Some(snapshot) = self.snapshot.take() {
            return Some(Ok(Item::Snapshot(snapshot)));
        }
        if !self.left.is_empty() {
            return Some(Ok(Item::Left(
                mem::take(&mut self.left).into_iter().collect(),
            )));
        }
        let count = self.order.len().min(MAX_POSITIONS);
        let positions: Vec<Position> = self
            .order
            .drain(..count)
            .filter_map(|id| self.positions.remove(&id))
            .collect();
        (!positions.is_empty()).then_some(Ok(Item::Positions(positions)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use everwire_messages::location::{Kind, Viewport};

    fn at(id: &str, at: u64) -> Position {
        let kind = Kind::Bus;
        Position {
            id: id.into(),
            kind,
            lat: 0.0,
            lon: 0.0,
            heading: 0.0,
            speed: 0.0,
            at,
        }
    }

    #[tokio::test]
    async fn events_go_ahead_and_only_the_newest_position_of_a_thing_is_written() {
        let out = Outbound::default();
        out.position(at("a", 1));
        out.position(at("b", 1));
        out.position(at("a", 2));
        out.event("one".into());
        out.event("two".into());
        assert_eq!(out.next().await, Ok(Item::Event("one".into())));
        assert_eq!(out.next().await, Ok(Item::Event("two".into())));
        assert_eq!(
            out.next().await,
            Ok(Item::Positions(vec![at("a", 2), at("b", 1)]))
        );
        assert_eq!(out.take_superseded(), 1);
        assert_eq!(out.take_superseded(), 0);
    }

    #[tokio::test]
    async fn positions_come_in_small_messages_and_in_the_order_of_waiting() {
        let out = Outbound::default();
        for n in 0..40 {
            out.position(at(&format!("bus-{n}"), 1));
        }
        let Ok(Item::Positions(first)) = out.next().await else {
            panic!("no positions")
        };
        assert_eq!(first.len(), MAX_POSITIONS);
        // Written things line up behind those that still wait.
        out.position(at("bus-0", 2));
        let Ok(Item::Positions(second)) = out.next().await else {
            panic!("no positions")
        };
        assert_eq!(second.len(), 9);
        assert_eq!(second.first().unwrap().id, "bus-32");
        assert_eq!(second.last().unwrap().id, "bus-0");
    }

    #[tokio::test]
    async fn leaving_and_coming_back_cancel_each_other() {
        let out = Outbound::default();
        out.position(at("a", 1));
        out.left("a");
        out.left("b");
        out.position(at("b", 2));
        assert_eq!(out.next().await, Ok(Item::Left(vec!["a".into()])));
        assert_eq!(out.next().await, Ok(Item::Positions(vec![at("b", 2)])));
    }

    #[tokio::test]
    async fn a_snapshot_replaces_what_waited_about_positions() {
        let out = Outbound::default();
        let viewport = Viewport {
            west: 0.0,
            south: 0.0,
            east: 1.0,
            north: 1.0,
        };
        let snapshot = Snapshot {
            viewport,
            positions: vec![at("a", 3)],
        };
        out.position(at("a", 1));
        out.left("b");
        out.snapshot(snapshot.clone());
        out.position(at("a", 4));
        assert_eq!(out.next().await, Ok(Item::Snapshot(snapshot)));
        assert_eq!(out.next().await, Ok(Item::Positions(vec![at("a", 4)])));
    }

    #[tokio::test]
    async fn a_client_with_too_many_events_waiting_is_cut_off_with_1013() {
        let out = Outbound::default();
        for _ in 0..MAX_EVENTS {
            assert!(!out.event("x".into()));
        }
        assert!(out.event("x".into()));
        assert!(!out.event("x".into()), "it is told once");
        assert_eq!(out.next().await.unwrap_err().code, 1013);
        out.end(1000, "too late");
        assert_eq!(out.ended().await.code, 1013);

        let out = Outbound::default();
        let big = "x".repeat(MAX_EVENT_BYTES / 2);
        assert!(!out.event(big.clone().into()));
        assert!(!out.event(big.into()));
        assert!(out.event("x".into()), "bytes count as well");
    }
}
