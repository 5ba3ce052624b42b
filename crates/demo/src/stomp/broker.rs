//! Who gets what: topics, queues, subscriptions and what is not yet acknowledged, behind one lock.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use everwire_core::protocol::stomp::{Acknowledge, Version};

use super::{
    Refusal,
    destination::{Destination, REPLY_QUEUE},
    message::{Delivery, Message},
    outbox::Outbox,
};

/// Most connections.
pub const MAX_CONNECTIONS: usize = 256;
/// Most subscriptions of a connection, reply queues included.
pub const MAX_SUBSCRIPTIONS: usize = 200;
/// Most queues that hold something or are subscribed to.
pub const MAX_QUEUES: usize = 1_000;
/// Most messages that wait in a queue.
pub const MAX_WAITING: usize = 10_000;
/// Most bytes that wait in a queue.
pub const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Most messages that a subscription has not acknowledged; less with a `prefetch-count` header.
pub const MAX_PREFETCH: usize = 1_000;

/// The broker.
#[derive(Debug, Default)]
pub struct Broker {
    state: Mutex<State>,
    secret: RandomState,
}

#[derive(Debug, Default)]
struct State {
    members: HashMap<u64, Member>,
    joined: u64,
    /// Subscriptions by topic: member and subscription id.
    topics: BTreeMap<String, Vec<(u64, String)>>,
    queues: BTreeMap<String, Queue>,
}

#[derive(Debug)]
struct Member {
    out: Arc<Outbox>,
    version: Version,
    subscriptions: BTreeMap<String, Subscription>,
    delivered: u64,
}

#[derive(Debug)]
struct Subscription {
    destination: Destination,
    ack: AckMode,
    prefetch: usize,
    /// In the order of delivery.
    unacked: VecDeque<Unacked>,
}

#[derive(Debug)]
struct Unacked {
    id: String,
    message: Arc<Message>,
}

#[derive(Debug, Default)]
struct Queue {
    ready: VecDeque<Waiting>,
    bytes: usize,
    /// Whose turn it is comes first.
    consumers: VecDeque<(u64, String)>,
}

#[derive(Debug)]
struct Waiting {
    message: Arc<Message>,
    redelivered: bool,
}

/// How messages of a subscription are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckMode {
    /// Not at all.
    Auto,
    /// All up to the named one.
    Client,
    /// The named one.
    ClientIndividual,
}

impl AckMode {
    /// Reads an `ack` header; without one it is `auto`.
    ///
    /// # Errors
    /// [`Refusal`] for a mode that does not exist.
    pub fn parse(header: Option<&str>) -> Result<Self, Refusal> {
        match header {
            None | Some("auto") => Ok(Self::Auto),
            Some("client") => Ok(Self::Client),
            Some("client-individual") => Ok(Self::ClientIndividual),
            Some(_) => Err(Refusal::new(
                "unknown ack mode",
                "use auto, client or client-individual",
            )),
        }
    }
}

/// An `ACK` or a `NACK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which of the two.
    pub what: Acknowledge,
    /// The `ack` header of the message in 1.2, its `message-id` before.
    pub message: String,
    /// The subscription, where the frame names it.
    pub subscription: Option<String>,
    /// Whether a refused message goes back into its queue.
    pub requeue: bool,
}

impl Broker {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below leaves the state whole, so a panic elsewhere cannot have torn it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; what it is to get goes into `out`.
    ///
    /// # Errors
    /// [`Refusal`] if there are too many.
    pub fn join(&self, version: Version, out: Arc<Outbox>) -> Result<u64, Refusal> {
        let mut state = self.state();
        if state.members.len() >= MAX_CONNECTIONS {
            return Err(Refusal::new(
                "too many connections",
                "close one or try again later",
            ));
        }
        state.joined += 1;
        let id = state.joined;
        let member = Member {
            out,
            version,
            subscriptions: BTreeMap::new(),
            delivered: 0,
        };
        state.members.insert(id, member);
        Ok(id)
    }

    /// Removes a connection. What it did not acknowledge goes back into its queues.
    pub fn leave(&self, member: u64) {
        let mut state = self.state();
        let ids: Vec<String> = match state.members.get(&member) {
            Some(found) => found.subscriptions.keys().cloned().collect(),
            None => return,
        };
        for id in ids {
            // Listed a moment ago, under the same lock.
            let _ = state.unsubscribe(member, &id);
        }
        state.members.remove(&member);
    }

    /// Closes every connection.
    pub fn close_all(&self, code: u16, reason: &'static str) {
        for member in self.state().members.values() {
            member.out.finish(code, reason);
        }
    }

    /// Number of connections.
    pub fn connected(&self) -> usize {
        self.state().members.len()
    }

    /// Adds a subscription.
    ///
    /// # Errors
    /// [`Refusal`] for an id that is in use, or over a bound.
    pub fn subscribe(
        &self,
        member: u64,
        id: &str,
        destination: Destination,
        ack: AckMode,
        prefetch: Option<usize>,
    ) -> Result<(), Refusal> {
        let prefetch = prefetch.map_or(MAX_PREFETCH, |count| count.clamp(1, MAX_PREFETCH));
        let subscription = Subscription {
            destination,
            ack,
            prefetch,
            unacked: VecDeque::new(),
        };
        self.state().subscribe(member, id, subscription)
    }

    /// Removes a subscription.
    ///
    /// # Errors
    /// [`Refusal`] if there is none of this id.
    pub fn unsubscribe(&self, member: u64, id: &str) -> Result<(), Refusal> {
        self.state().unsubscribe(member, id)
    }

    /// The queue that takes replies for a connection under a name of its own, `/temp-queue/NAME`; made by the first who
    /// asks. Its messages come with that name as their subscription.
    ///
    /// # Errors
    /// [`Refusal`] over a bound.
    pub fn reply_queue(&self, member: u64, name: &str) -> Result<String, Refusal> {
        let mut state = self.state();
        let existing = state
            .members
            .get(&member)
            .and_then(|found| found.subscriptions.get(name));
        if let Some(Subscription {
            destination: Destination::Reply(queue),
            ..
        }) = existing
        {
            return Ok(queue.clone());
        }
        // Nobody but those who were told can guess it.
        let mut hasher = self.secret.build_hasher();
        hasher.write_u64(member);
        hasher.write(name.as_bytes());
        let queue = format!("{REPLY_QUEUE}{member}-{:016x}", hasher.finish());
        let subscription = Subscription {
            destination: Destination::Reply(queue.clone()),
            ack: AckMode::Auto,
            prefetch: MAX_PREFETCH,
            unacked: VecDeque::new(),
        };
        state.subscribe(member, name, subscription)?;
        Ok(queue)
    }

    /// Hands a message to those who are to get it.
    ///
    /// # Errors
    /// [`Refusal`] if its queue is full or there are too many queues.
    pub fn publish(&self, destination: &Destination, message: Message) -> Result<(), Refusal> {
        self.state().publish(destination, Arc::new(message))
    }

    /// Takes an acknowledgement.
    ///
    /// # Errors
    /// [`Refusal`] if no such message waits for one.
    pub fn acknowledge(&self, member: u64, answer: &Answer) -> Result<(), Refusal> {
        self.state().acknowledge(member, answer)
    }
}

impl State {
    fn subscribe(
        &mut self,
        member: u64,
        id: &str,
        subscription: Subscription,
    ) -> Result<(), Refusal> {
        let Some(found) = self.members.get_mut(&member) else {
            return Ok(());
        };
        if found.subscriptions.contains_key(id) {
            return Err(Refusal::new(
                "duplicate subscription",
                "each subscription of a connection needs an id of its own",
            ));
        }
        if found.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(Refusal::new("too many subscriptions", "unsubscribe first"));
        }
        let destination = subscription.destination.clone();
        if let Destination::Queue(name) = &destination
            && !self.queues.contains_key(name)
            && self.queues.len() >= MAX_QUEUES
        {
            return Err(too_many_queues());
        }
        found.subscriptions.insert(id.to_owned(), subscription);
        let consumer = (member, id.to_owned());
        match destination {
            Destination::Topic(name) => self.topics.entry(name).or_default().push(consumer),
            Destination::Reply(name) => {
                let queue = self.queues.entry(name).or_default();
                queue.consumers.push_back(consumer);
            }
            Destination::Queue(name) => {
                let queue = self.queues.entry(name.clone()).or_default();
                queue.consumers.push_back(consumer);
                self.dispatch(&name);
            }
        }
        Ok(())
    }

    fn unsubscribe(&mut self, member: u64, id: &str) -> Result<(), Refusal> {
        let removed = self
            .members
            .get_mut(&member)
            .and_then(|found| found.subscriptions.remove(id));
        let Some(subscription) = removed else {
            return Err(Refusal::new(
                "unknown subscription",
                "pass the id of the SUBSCRIBE frame",
            ));
        };
        let other = |(one, name): &(u64, String)| *one != member || name != id;
        match subscription.destination {
            Destination::Topic(name) => {
                if let Some(subscribed) = self.topics.get_mut(&name) {
                    subscribed.retain(other);
                    if subscribed.is_empty() {
                        self.topics.remove(&name);
                    }
                }
            }
            Destination::Queue(name) => {
                if let Some(queue) = self.queues.get_mut(&name) {
                    queue.consumers.retain(other);
                    for unacked in subscription.unacked.into_iter().rev() {
                        queue.put_back(unacked.message);
                    }
                }
                self.dispatch(&name);
            }
            Destination::Reply(name) => {
                self.queues.remove(&name);
            }
        }
        Ok(())
    }

    fn publish(&mut self, destination: &Destination, message: Arc<Message>) -> Result<(), Refusal> {
        match destination {
            Destination::Topic(name) => {
                for (member, id) in self.topics.get(name).into_iter().flatten() {
                    if let Some(member) = self.members.get_mut(member) {
                        member.deliver(id, &message, false);
                    }
                }
            }
            // The one who asked has gone: nobody will ever read it.
            Destination::Reply(name) if !self.queues.contains_key(name) => {}
            Destination::Queue(name) | Destination::Reply(name) => {
                if !self.queues.contains_key(name) && self.queues.len() >= MAX_QUEUES {
                    return Err(too_many_queues());
                }
                let queue = self.queues.entry(name.clone()).or_default();
                let bytes = queue.bytes + message.size();
                if queue.ready.len() >= MAX_WAITING || bytes > MAX_WAITING_BYTES {
                    return Err(Refusal::new(
                        "queue is full",
                        "nobody takes its messages fast enough; send again later",
                    ));
                }
                queue.bytes = bytes;
                queue.ready.push_back(Waiting {
                    message,
                    redelivered: false,
                });
                self.dispatch(name);
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self, member: u64, answer: &Answer) -> Result<(), Refusal> {
        let Some(found) = self.members.get_mut(&member) else {
            return Ok(());
        };
        let named = |id: &String| {
            answer
                .subscription
                .as_ref()
                .is_none_or(|wanted| wanted == id)
        };
        let hit = found
            .subscriptions
            .iter_mut()
            .filter(|(id, _)| named(id))
            .find_map(|(_, subscription)| {
                let index = subscription
                    .unacked
                    .iter()
                    .position(|unacked| unacked.id == answer.message)?;
                Some((subscription, index))
            });
        let Some((subscription, index)) = hit else {
            return Err(Refusal::new(
                "unknown message",
                "no message of this id waits for an acknowledgement",
            ));
        };
        let first = match subscription.ack {
            AckMode::Client => 0,
            AckMode::Auto | AckMode::ClientIndividual => index,
        };
        let done: Vec<Unacked> = subscription.unacked.drain(first..=index).collect();
        if let Destination::Queue(name) = subscription.destination.clone() {
            if answer.what == Acknowledge::Nack
                && answer.requeue
                && let Some(queue) = self.queues.get_mut(&name)
            {
                for unacked in done.into_iter().rev() {
                    queue.put_back(unacked.message);
                }
            }
            self.dispatch(&name);
        }
        Ok(())
    }

    /// Gives what waits in a queue to consumers that may have more, one after the other; forgets a queue that nobody
    /// uses.
    fn dispatch(&mut self, name: &str) {
        let Some(queue) = self.queues.get_mut(name) else {
            return;
        };
        while !queue.ready.is_empty() {
            let free = queue.consumers.iter().position(|(member, id)| {
                self.members
                    .get(member)
                    .and_then(|member| member.subscriptions.get(id))
                    .is_some_and(|subscription| subscription.unacked.len() < subscription.prefetch)
            });
            let Some(consumer) = free.and_then(|index| queue.consumers.remove(index)) else {
                break;
            };
            if let Some(waiting) = queue.ready.pop_front() {
                queue.bytes = queue.bytes.saturating_sub(waiting.message.size());
                if let Some(member) = self.members.get_mut(&consumer.0) {
                    member.deliver(&consumer.1, &waiting.message, waiting.redelivered);
                }
            }
            queue.consumers.push_back(consumer);
        }
        if queue.ready.is_empty() && queue.consumers.is_empty() {
            self.queues.remove(name);
        }
    }
}

impl Queue {
    fn put_back(&mut self, message: Arc<Message>) {
        self.bytes += message.size();
        self.ready.push_front(Waiting {
            message,
            redelivered: true,
        });
    }
}

impl Member {
    fn deliver(&mut self, id: &str, message: &Arc<Message>, redelivered: bool) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        let needs_ack = subscription.ack != AckMode::Auto;
        if needs_ack && subscription.unacked.len() >= subscription.prefetch {
            // Only topics come here with a full window: nothing keeps their messages for later.
            return;
        }
        self.delivered += 1;
        let message_id = format!("m-{}", self.delivered);
        self.out.push(message.encode(
            self.version,
            Delivery {
                subscription: id,
                message_id: &message_id,
                needs_ack,
                redelivered,
            },
        ));
        if needs_ack {
            subscription.unacked.push_back(Unacked {
                id: message_id,
                message: message.clone(),
            });
        }
    }
}

fn too_many_queues() -> Refusal {
    Refusal::new("too many queues", "use fewer names, or empty some queues")
}
