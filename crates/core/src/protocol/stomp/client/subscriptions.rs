//! What is subscribed to, by whom, and how far the server is with it.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::table::Table;
use super::super::{Escapes, Writer};
use super::{SubscribeError, numbered};
use crate::Time;

/// A refusal that only the order of frames tells must be seen this often before a subscription counts as its cause.
const STRIKES: u32 = 3;

/// One listener of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u32);

/// Who acknowledges messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AckMode {
    /// Nobody: what was sent counts as received. Listeners of one destination share a subscription.
    #[default]
    Auto,
    /// The listener; an acknowledgement stands for all messages before it, too.
    Client,
    /// The listener, each message by itself.
    ClientIndividual,
}

impl AckMode {
    /// The value of the `ack` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Client => "client",
            Self::ClientIndividual => "client-individual",
        }
    }
}

pub(super) struct Subscription {
    pub(super) destination: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) ack: AckMode,
    pub(super) id: String,
    pub(super) listeners: Vec<ListenerId>,
    pub(super) state: Wire,
    strikes: u32,
}

/// How far a subscription is on the current connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// Not written.
    Absent,
    /// Written, its receipt is awaited until then.
    Requested(Time),
    /// Confirmed, or taken for it.
    Active,
}

pub(super) struct Subscriptions {
    limit: usize,
    pub(super) all: Table<u32, Subscription>,
    listeners: Table<ListenerId, u32>,
    /// Written ones in the order of their deadlines.
    waiting: VecDeque<(Time, u32)>,
    last: u32,
    last_listener: u32,
}

impl Subscriptions {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            all: Table::new(),
            listeners: Table::new(),
            waiting: VecDeque::new(),
            last: 0,
            last_listener: 0,
        }
    }

    /// Adds a listener; says which subscription it is of.
    pub(super) fn add(
        &mut self,
        destination: &str,
        headers: Vec<(String, String)>,
        ack: AckMode,
    ) -> Result<(ListenerId, u32), SubscribeError> {
        check(destination, &headers)?;
        let shared = self.all.iter().find(|(_, subscription)| {
            ack == AckMode::Auto
                && subscription.ack == ack
                && subscription.destination == destination
                && subscription.headers == headers
        });
        let number = match shared {
            Some((number, _)) => *number,
            None => self.create(destination, headers, ack)?,
        };
        self.last_listener = self.last_listener.wrapping_add(1);
        let listener = ListenerId(self.last_listener);
        self.listeners.insert(listener, number);
        if let Some(subscription) = self.all.get_mut(&number) {
            subscription.listeners.push(listener);
        }
        Ok((listener, number))
    }

    fn create(
        &mut self,
        destination: &str,
        headers: Vec<(String, String)>,
        ack: AckMode,
    ) -> Result<u32, SubscribeError> {
        if self.all.len() >= self.limit {
            return Err(SubscribeError::TooMany);
        }
        let number = self.last.wrapping_add(1);
        let id = match headers.iter().find(|(name, _)| name == "id") {
            Some((_, id)) => id.clone(),
            None => numbered("sub-", number),
        };
        if self.all.values().any(|other| other.id == id) {
            return Err(SubscribeError::DuplicateId);
        }
        self.last = number;
        self.all.insert(
            number,
            Subscription {
                destination: String::from(destination),
                headers,
                ack,
                id,
                listeners: Vec::new(),
                state: Wire::Absent,
                strikes: 0,
            },
        );
        Ok(number)
    }

    /// Removes a listener. `Some` is the subscription that nobody listens to any more, with its number.
    pub(super) fn remove(&mut self, listener: ListenerId) -> Option<(u32, Subscription)> {
        let number = self.listeners.remove(&listener)?;
        let subscription = self.all.get_mut(&number)?;
        subscription.listeners.retain(|other| *other != listener);
        if subscription.listeners.is_empty() {
            return Some((number, self.all.remove(&number)?));
        }
        None
    }

    /// Removes a subscription with its listeners, which are returned.
    pub(super) fn drop_all(&mut self, number: u32) -> Vec<ListenerId> {
        let listeners = self
            .all
            .remove(&number)
            .map_or_else(Vec::new, |subscription| subscription.listeners);
        for listener in &listeners {
            self.listeners.remove(listener);
        }
        listeners
    }

    /// The subscription was written.
    pub(super) fn written(&mut self, number: u32, confirm_by: Option<Time>) {
        if let Some(subscription) = self.all.get_mut(&number) {
            subscription.state = confirm_by.map_or(Wire::Active, Wire::Requested);
        }
        if let Some(time) = confirm_by {
            self.waiting.push_back((time, number));
        }
    }

    /// The server answered; says who listens.
    pub(super) fn confirmed(&mut self, number: u32) -> &[ListenerId] {
        match self.all.get_mut(&number) {
            Some(subscription) => {
                subscription.state = Wire::Active;
                subscription.strikes = 0;
                &subscription.listeners
            }
            None => &[],
        }
    }

    /// A subscription whose wait is over.
    pub(super) fn overdue(&mut self, now: Time) -> Option<u32> {
        while let Some(&(time, number)) = self.waiting.front() {
            let waits = self
                .all
                .get(&number)
                .is_some_and(|subscription| subscription.state == Wire::Requested(time));
            if waits && time > now {
                return None;
            }
            self.waiting.pop_front();
            if waits {
                return Some(number);
            }
        }
        None
    }

    /// When the next wait may be over.
    pub(super) fn wake(&self) -> Time {
        self.waiting.front().map_or(Time::NEVER, |(time, _)| *time)
    }

    /// Whether any waits for its receipt.
    pub(super) fn waits(&self) -> bool {
        self.all
            .values()
            .any(|subscription| matches!(subscription.state, Wire::Requested(_)))
    }

    /// An `ERROR` that names nothing came while nothing but subscriptions had been written: servers answer in order, so
    /// the first without an answer is its cause, unless the server was in trouble of its own: hence several times in a row.
    pub(super) fn suspect(&mut self) -> Option<u32> {
        let first = self
            .all
            .iter_mut()
            .find(|(_, subscription)| matches!(subscription.state, Wire::Requested(_)))?;
        first.1.strikes += 1;
        (first.1.strikes >= STRIKES).then_some(*first.0)
    }

    pub(super) fn disconnected(&mut self) {
        self.waiting.clear();
        for (_, subscription) in self.all.iter_mut() {
            subscription.state = Wire::Absent;
        }
    }
}

fn check(destination: &str, headers: &[(String, String)]) -> Result<(), SubscribeError> {
    if destination.is_empty() {
        return Err(SubscribeError::NoDestination);
    }
    let fields: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut out = Vec::new();
    Writer::new(&mut out, Escapes::V1_2).subscribe("0", destination, &fields)?;
    Ok(())
}
