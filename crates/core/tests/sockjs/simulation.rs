//! Whole conversations on a simulated clock: a client, a network with delays and losses, and a server that keeps sessions
//! as sockjs-node does.

use std::collections::{BTreeMap, VecDeque};

use everwire_core::protocol::sockjs::{
    Arrival, Cause, Input, Loss, Output, Received, Session, SessionConfig, Transport,
};
use everwire_core::{Span, Time};

/// xorshift64*, enough for a network.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}

/// What a network lets through.
#[derive(Clone, Copy)]
struct Network {
    websocket: bool,
    /// Whether streams come before their end.
    streams: bool,
    /// One request in so many is lost, 0 for none.
    loss: u64,
    latency: u64,
}

#[derive(Clone, Debug)]
enum Event {
    Info,
    /// A frame for the client: `None` opens, `Some` is a message.
    Frame(u32, Option<u32>),
    Answered(u32),
    Lost(u32, Loss),
    /// Messages that reach the server.
    Delivered(u32, Vec<u32>),
    Sent(u32),
}

struct World {
    session: Session,
    network: Network,
    random: Random,
    now: u64,
    events: BTreeMap<(u64, u64), Event>,
    serial: u64,
    queue: VecDeque<u32>,
    /// What the server echoes and has no request to answer with.
    parked: VecDeque<u32>,
    polling: bool,
    transport: Option<Transport>,
    sent: Vec<u32>,
    at_server: Vec<u32>,
    echoed: Vec<u32>,
    opened: Option<Transport>,
    closed: Option<(u16, Cause)>,
    /// Requests made, to see loops.
    requests: u64,
}

impl World {
    fn new(network: Network, seed: u64) -> Self {
        Self {
            session: Session::new(SessionConfig::default()),
            network,
            random: Random(seed | 1),
            now: 0,
            events: BTreeMap::new(),
            serial: 0,
            queue: VecDeque::new(),
            parked: VecDeque::new(),
            polling: false,
            transport: None,
            sent: Vec::new(),
            at_server: Vec::new(),
            echoed: Vec::new(),
            opened: None,
            closed: None,
            requests: 0,
        }
    }

    fn time(&self) -> Time {
        Time::ZERO + Span::from_millis(self.now)
    }

    fn later(&mut self, event: Event) {
        let delay = self.network.latency + self.random.below(5);
        self.at(delay, event);
    }

    fn at(&mut self, delay: u64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + delay, self.serial), event);
    }

    fn is_lost(&mut self) -> bool {
        self.network.loss > 0 && self.random.below(self.network.loss) == 0
    }

    fn receiver(&mut self, attempt: u32, transport: Transport) {
        self.requests += 1;
        if self.is_lost() {
            return self.later(Event::Lost(attempt, Loss::Receiver));
        }
        let first = self.opened.is_none();
        match transport {
            Transport::WebSocket if !self.network.websocket => {
                self.later(Event::Lost(attempt, Loss::Socket { code: 1006 }));
            }
            Transport::XhrStreaming | Transport::EventSource if !self.network.streams => {}
            Transport::XhrPolling => {
                if first {
                    self.later(Event::Frame(attempt, None));
                    self.at(self.network.latency + 10, Event::Answered(attempt));
                } else if let Some(message) = self.parked.pop_front() {
                    self.later(Event::Frame(attempt, Some(message)));
                    self.at(self.network.latency + 10, Event::Answered(attempt));
                } else {
                    self.polling = true;
                }
            }
            _ => self.later(Event::Frame(attempt, None)),
        }
    }

    fn outputs(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Ask => self.later(Event::Info),
                Output::Dial { attempt, transport } => {
                    self.transport = Some(transport);
                    self.polling = false;
                    self.receiver(attempt, transport);
                }
                Output::Receive { attempt } => self.receiver(attempt, Transport::XhrPolling),
                Output::Write { attempt, count } => {
                    let batch = self.queue.drain(..count as usize).collect();
                    self.requests += 1;
                    if self.transport != Some(Transport::WebSocket) && self.is_lost() {
                        self.later(Event::Lost(attempt, Loss::Sender));
                    } else if self.transport == Some(Transport::WebSocket) {
                        self.later_in_order(Event::Delivered(attempt, batch));
                    } else {
                        self.later(Event::Delivered(attempt, batch));
                    }
                }
                Output::Detach { .. } => self.transport = None,
                Output::Opened { transport } => self.opened = Some(transport),
                Output::Closed { code, cause, .. } => self.closed = Some((code, cause)),
            }
        }
    }

    fn send(&mut self, message: u32) {
        if self.session.send(self.time()).is_ok() {
            self.queue.push_back(message);
            self.sent.push(message);
        }
        self.outputs();
    }

    /// The next event or deadline; false if there is none.
    fn step(&mut self) -> bool {
        let wake = self
            .session
            .next_wake()
            .map(|at| at.as_micros().div_ceil(1_000));
        let event = self.events.keys().next().copied();
        match (event, wake) {
            (Some(key), wake) if wake.is_none_or(|wake| key.0 <= wake) => {
                self.now = self.now.max(key.0);
                let event = self.events.remove(&key).unwrap();
                self.happen(event);
            }
            (_, Some(wake)) => {
                self.now = self.now.max(wake);
                self.session.handle(self.time(), Input::Tick);
            }
            _ => return false,
        }
        self.outputs();
        true
    }

    fn happen(&mut self, event: Event) {
        let now = self.time();
        match event {
            Event::Info => self.session.handle(now, Input::Info { websocket: true }),
            Event::Frame(attempt, None) => {
                let _ = self.session.receive(now, attempt, Arrival::Open);
            }
            Event::Frame(attempt, Some(message)) => {
                if self
                    .session
                    .receive(now, attempt, Arrival::Messages { len: 8 })
                    == Received::Deliver
                {
                    self.echoed.push(message);
                }
            }
            Event::Answered(attempt) => self.session.handle(now, Input::Answered { attempt }),
            Event::Lost(attempt, loss) => self.session.handle(now, Input::Lost { attempt, loss }),
            Event::Delivered(attempt, batch) => {
                self.later(Event::Sent(attempt));
                for message in batch {
                    self.at_server.push(message);
                    if self.transport != Some(Transport::XhrPolling) {
                        self.later_in_order(Event::Frame(attempt, Some(message)));
                    } else if self.polling {
                        self.polling = false;
                        self.later(Event::Frame(attempt, Some(message)));
                        self.at(self.network.latency + 10, Event::Answered(attempt));
                    } else {
                        self.parked.push_back(message);
                    }
                }
            }
            Event::Sent(attempt) => self.session.handle(now, Input::Sent { attempt }),
        }
    }

    /// As on one connection, where nothing overtakes anything.
    fn later_in_order(&mut self, event: Event) {
        self.at(self.network.latency + 10, event);
    }

    fn until(&mut self, mut done: impl FnMut(&Self) -> bool) {
        for _ in 0..100_000 {
            if done(self) || !self.step() {
                return;
            }
        }
        panic!("no end after 100,000 steps at {} ms", self.now);
    }
}

fn conversation(network: Network, seed: u64) -> World {
    let mut world = World::new(network, seed);
    world.session.handle(world.time(), Input::Start);
    world.outputs();
    world.until(|world| world.opened.is_some() || world.closed.is_some());
    for message in 0..200 {
        world.send(message);
        if message % 7 == 0 {
            world.step();
        }
    }
    world.until(|world| world.closed.is_some() || world.echoed.len() == world.sent.len());
    world
}

const GOOD: Network = Network {
    websocket: true,
    streams: true,
    loss: 0,
    latency: 20,
};

#[test]
fn what_the_network_lets_through_is_found_and_nothing_is_lost() {
    for (network, transport, patience) in [
        (GOOD, Transport::WebSocket, 100),
        (
            Network {
                websocket: false,
                ..GOOD
            },
            Transport::XhrStreaming,
            200,
        ),
        (
            Network {
                websocket: false,
                streams: false,
                ..GOOD
            },
            Transport::XhrPolling,
            6_300,
        ),
    ] {
        for seed in 1..50 {
            let mut world = World::new(network, seed);
            world.session.handle(world.time(), Input::Start);
            world.outputs();
            world.until(|world| world.opened.is_some());
            assert_eq!(world.opened, Some(transport), "seed {seed}");
            assert!(
                world.now <= patience,
                "open after {} ms, seed {seed}",
                world.now
            );

            let world = conversation(network, seed);
            assert_eq!(world.sent.len(), 200, "seed {seed}");
            assert_eq!(world.at_server, world.sent, "seed {seed}");
            assert_eq!(world.echoed, world.sent, "seed {seed}");
        }
    }
}

#[test]
fn with_losses_the_end_is_told_and_order_holds_until_then() {
    let network = Network {
        websocket: false,
        loss: 20,
        ..GOOD
    };
    let mut ends = 0;
    for seed in 1..200 {
        let world = conversation(network, seed);
        // What arrived is a beginning of what was sent, without gaps or doubles.
        assert_eq!(
            world.at_server,
            world.sent[..world.at_server.len()],
            "seed {seed}"
        );
        assert_eq!(
            world.echoed,
            world.sent[..world.echoed.len()],
            "seed {seed}"
        );
        if let Some((code, cause)) = world.closed {
            ends += 1;
            assert!(
                matches!(
                    (code, cause),
                    (1006, Cause::Sender | Cause::Receiver) | (2000, Cause::AllFailed)
                ),
                "{code} {cause:?}, seed {seed}"
            );
        } else {
            assert_eq!(world.echoed, world.sent, "seed {seed}");
        }
        assert!(
            world.requests < 1_000,
            "{} requests, seed {seed}",
            world.requests
        );
    }
    assert!(ends > 10, "{ends} conversations ended");
}

#[test]
fn a_conversation_is_the_same_for_the_same_seed() {
    let network = Network {
        websocket: false,
        streams: false,
        loss: 30,
        latency: 35,
    };
    let (a, b) = (conversation(network, 7), conversation(network, 7));
    assert_eq!((a.now, a.closed, a.echoed), (b.now, b.closed, b.echoed));
}
