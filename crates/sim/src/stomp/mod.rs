//! A STOMP client against a broker, over a wire that is cut at the worst moments.
//!
//! One client and one broker with memory: what the broker took stays taken over restarts, its connections and their
//! subscriptions do not. Bytes travel with latency, in order; a cut loses what was under way.

mod broker;

use std::collections::BTreeMap;

use everwire_core::link::{State, Verdict};
use everwire_core::protocol::stomp::client::{
    Action, Client, ClientConfig, Incoming, ListenerId, Loss, Outgoing, RequestEnd, RequestId,
    Subscribed,
};
use everwire_core::send::{OutboxEvent, SendOptions, SlotId, Status, Ticket, TopicId};
use everwire_core::{Span, Time};

pub use broker::{Broker, Taken};

use crate::random::Random;

/// More wake-ups than this in one instant mean that a deadline is never consumed.
const WAKES_PER_INSTANT: u32 = 1_000;

/// A client, a broker, a wire, one clock, one seed.
#[derive(Debug)]
pub struct StompWorld {
    /// What is being tested.
    pub client: Client,
    /// The server.
    pub broker: Broker,
    /// All statuses of each accepted message, in the order of acceptance, with whether each was called the last one.
    pub statuses: Vec<Vec<(Status, bool)>>,
    /// How requests ended: an answer, or why there was none.
    pub requests: BTreeMap<RequestId, Result<String, RequestEnd>>,
    /// What listeners heard.
    pub heard: Vec<(ListenerId, String)>,
    /// What listeners were told.
    pub told: Vec<(ListenerId, Subscribed)>,
    /// How often the client opened.
    pub opened: u32,
    /// Random numbers for the script.
    pub random: Random,
    now: Time,
    sequence: u64,
    events: BTreeMap<(Time, u64), Event>,
    tickets: BTreeMap<Ticket, usize>,
    /// The last arrival in each direction, so that bytes stay in order.
    last: [Time; 2],
    wakes: (Time, u32),
}

#[derive(Debug)]
enum Event {
    Dialled(u32),
    ToBroker(u32, Vec<u8>),
    ToClient(u32, Vec<u8>),
    Closed(u32, u16),
}

impl StompWorld {
    /// An idle client and a broker that accepts.
    ///
    /// # Panics
    ///
    /// When an option is refused.
    pub fn new(config: ClientConfig, seed: u64) -> Self {
        let client = match Client::new(config, seed) {
            Ok(client) => client,
            Err(error) => panic!("{error}"),
        };
        Self {
            client,
            broker: Broker::default(),
            statuses: Vec::new(),
            requests: BTreeMap::new(),
            heard: Vec::new(),
            told: Vec::new(),
            opened: 0,
            random: Random::new(seed),
            now: Time::ZERO,
            sequence: 0,
            events: BTreeMap::new(),
            tickets: BTreeMap::new(),
            last: [Time::ZERO; 2],
            wakes: (Time::ZERO, 0),
        }
    }

    /// The time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Calls the client, then does what it says.
    pub fn with<T>(&mut self, call: impl FnOnce(&mut Client, Time) -> T) -> T {
        let result = call(&mut self.client, self.now);
        self.pump();
        result
    }

    /// Publishes; returns the message's index into [`statuses`](Self::statuses), or nothing if it was refused.
    pub fn publish(
        &mut self,
        topic: TopicId,
        slot: Option<SlotId>,
        message: Outgoing,
        options: SendOptions,
    ) -> Option<usize> {
        let ticket = self
            .client
            .publish(self.now, topic, slot, message, options)
            .ok()?;
        self.statuses.push(Vec::new());
        let index = self.statuses.len() - 1;
        let earlier = self.tickets.insert(ticket, index);
        assert_eq!(
            earlier, None,
            "{ticket:?} given out while its status is open"
        );
        self.pump();
        Some(index)
    }

    /// Cuts the wire: what is under way is lost, the client sees 1006.
    pub fn cut(&mut self) {
        let generation = self.client.link().generation();
        self.events.clear();
        self.broker.forget(generation);
        let up = matches!(
            self.client.link().state(),
            State::Connecting | State::Open | State::Closing
        );
        if up {
            self.lost(generation, 1006);
        }
    }

    /// The broker sends a message to everybody who subscribed to `destination`.
    pub fn broadcast(&mut self, destination: &str, body: &str) {
        for (generation, frame) in self.broker.deliver(destination, body) {
            self.deliver(generation, frame);
        }
    }

    /// The broker sends an `ERROR` that names nothing, and goes on.
    pub fn complain(&mut self) {
        let generation = self.client.link().generation();
        self.deliver(generation, b"ERROR\nmessage:trouble\n\n\0".to_vec());
    }

    /// Runs for a while.
    pub fn run(&mut self, millis: u64) {
        let end = self.now + Span::from_millis(millis);
        loop {
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let wake = self.client.next_wake();
            match (event, wake) {
                (Some(at), wake) if at <= end && wake.is_none_or(|wake| at <= wake) => {
                    self.now = self.now.max(at);
                    if let Some((_, event)) = self.events.pop_first() {
                        self.step(event);
                    }
                }
                (_, Some(wake)) if wake <= end => {
                    self.now = self.now.max(wake);
                    self.count_wake();
                    self.with(Client::tick);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn count_wake(&mut self) {
        self.wakes = if self.wakes.0 == self.now {
            (self.now, self.wakes.1 + 1)
        } else {
            (self.now, 0)
        };
        assert!(
            self.wakes.1 < WAKES_PER_INSTANT,
            "a deadline is never consumed"
        );
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Dialled(generation) => {
                if self.broker.accepts {
                    self.broker.accept(generation);
                    self.with(|client, now| client.opened(now, generation, &[]).unwrap_or(()));
                } else {
                    self.lost(generation, 1006);
                }
            }
            Event::ToBroker(generation, bytes) => {
                for answer in self.broker.receive(generation, &bytes) {
                    self.deliver(generation, answer);
                }
            }
            Event::ToClient(generation, bytes) => self.receive(generation, &bytes),
            Event::Closed(generation, code) => self.lost(generation, code),
        }
    }

    fn lost(&mut self, generation: u32, code: u16) {
        let loss = Loss::Socket {
            code,
            clean: code == 1000,
        };
        self.with(|client, now| client.lost(now, generation, loss, Verdict::Default));
    }

    fn receive(&mut self, generation: u32, mut input: &[u8]) {
        while let Some(incoming) = self.client.receive(self.now, generation, &mut input) {
            match incoming {
                Incoming::Message {
                    listeners, frame, ..
                } => {
                    let body = String::from_utf8_lossy(frame.body()).into_owned();
                    for listener in listeners {
                        self.heard.push((*listener, body.clone()));
                    }
                }
                Incoming::Reply { request, frame } => {
                    let body = String::from_utf8_lossy(frame.body()).into_owned();
                    self.end_request(request, Ok(body));
                }
                _ => {}
            }
        }
        self.pump();
    }

    fn end_request(&mut self, request: RequestId, end: Result<String, RequestEnd>) {
        let earlier = self.requests.insert(request, end);
        assert!(earlier.is_none(), "{request:?} ended twice");
    }

    fn pump(&mut self) {
        let mut out = Vec::new();
        while let Some(action) = self.client.poll(self.now, 0, &mut out) {
            match action {
                Action::Write { generation, .. } => {
                    let arrival = self.arrival(0);
                    self.push(arrival, Event::ToBroker(generation, out.clone()));
                    self.client.wrote(self.now, true);
                }
                Action::Dial { generation, .. } => {
                    let arrival = self.arrival(1);
                    self.push(arrival, Event::Dialled(generation));
                }
                Action::CloseSocket { generation } => {
                    self.broker.forget(generation);
                    let arrival = self.arrival(1);
                    self.push(arrival, Event::Closed(generation, 1000));
                }
                Action::Detach { generation } => self.broker.forget(generation),
                Action::Fault { generation, .. } => {
                    self.broker.forget(generation);
                    self.client
                        .lost(self.now, generation, Loss::Fault, Verdict::Default);
                }
                Action::State { to, .. } => self.opened += u32::from(to == State::Open),
                Action::Outbox(OutboxEvent::Status {
                    ticket,
                    status,
                    terminal,
                }) => {
                    if let Some(index) = self.tickets.get(&ticket).copied() {
                        self.statuses[index].push((status, terminal));
                    }
                    if terminal {
                        self.tickets.remove(&ticket);
                    }
                }
                Action::Subscription { listener, state } => self.told.push((listener, state)),
                Action::Request { request, end } => self.end_request(request, Err(end)),
                _ => {}
            }
        }
    }

    fn deliver(&mut self, generation: u32, bytes: Vec<u8>) {
        let arrival = self.arrival(1);
        self.push(arrival, Event::ToClient(generation, bytes));
    }

    /// When what is sent now arrives: 5 to 25 ms later, and not before what was sent earlier.
    fn arrival(&mut self, direction: usize) -> Time {
        let latency = Span::from_millis(5) + self.random.within(Span::from_millis(20));
        let arrival = (self.now + latency).max(self.last[direction]);
        self.last[direction] = arrival;
        arrival
    }

    fn push(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }
}
