//! Simulated outages: a model of a server behind a link that breaks, loses and delays, from a seed.

use std::collections::{BTreeMap, VecDeque};

use everwire_core::protocol::engine_io::{Outgoing, Packet};
use everwire_core::protocol::socket_io::client::{
    Action, Client, EmitId, EmitOptions, Event, Input, NamespaceConfig, NamespaceId, Part,
    RetryConfig, TransportId,
};
use everwire_core::protocol::socket_io::{self, Limits};
use everwire_core::send::{Status, TopicId};
use everwire_core::{Span, Time};
use proptest::prelude::*;

use crate::rig::{HANDSHAKE, Json, config, quiet};

/// What travels, in either direction, with the time of its arrival.
enum Travel {
    Up(TransportId, String),
    Down(TransportId, String),
}

struct World {
    client: Client<Json>,
    main: NamespaceId,
    now: Time,
    random: u64,
    travels: VecDeque<(Time, Travel)>,
    /// The one connection that the server knows.
    live: Option<TransportId>,
    /// Event texts that the server got, in order.
    arrived: Vec<String>,
    acked: BTreeMap<EmitId, String>,
    ends: BTreeMap<EmitId, Vec<Status>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut client = Client::new(config(), seed).unwrap();
        let retry = RetryConfig {
            retries: 1_000,
            ack_timeout: Span::from_millis(500),
            window: 4,
        };
        let it = NamespaceConfig { retry, ..quiet() };
        let main = client.add("/", it).unwrap();
        let now = Time::from_micros(1_000_000);
        client.connect(now, main);
        Self {
            client,
            main,
            now,
            random: seed | 1,
            travels: VecDeque::new(),
            live: None,
            arrived: Vec::new(),
            acked: BTreeMap::new(),
            ends: BTreeMap::new(),
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        // An LCG is random enough for a coin.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % 100 < percent
    }

    fn travel(&mut self, travel: Travel) {
        self.travels
            .push_back((self.now + Span::from_millis(20), travel));
    }

    fn drain(&mut self) {
        while let Some(action) = self.client.poll(self.now, 0) {
            match action {
                Action::Open { id, .. } => {
                    self.live = Some(id);
                    self.travel(Travel::Down(id, format!("0{HANDSHAKE}")));
                }
                Action::Write { id, packets } => {
                    for packet in packets {
                        if let Outgoing::Message(part) = packet {
                            let text = match part {
                                Part::Text(text) => text,
                                Part::Packet { header, payload } => header + &payload.0,
                                other => panic!("{other:?}"),
                            };
                            self.travel(Travel::Up(id, text));
                        }
                    }
                    self.client.handle(self.now, Input::Sent(id));
                }
                Action::Authenticate { namespace, epoch } => {
                    self.client
                        .authenticate(self.now, namespace, epoch, Ok(None));
                }
                Action::Event(Event::Acked { emit, payload, .. }) => {
                    let twice = self.acked.insert(emit, payload);
                    assert_eq!(twice, None, "{emit:?} was answered twice");
                }
                Action::Event(Event::Status {
                    emit,
                    status,
                    terminal: true,
                    ..
                }) => self.ends.entry(emit).or_default().push(status),
                _ => {}
            }
        }
    }

    /// The server: joins whoever asks, and answers each event with its own text.
    fn serve(&mut self, id: TransportId, text: &str) {
        let packet = socket_io::Packet::decode(text, Limits::default()).unwrap();
        match packet.header.kind {
            socket_io::PacketType::Connect => {
                self.travel(Travel::Down(id, r#"40{"sid":"s"}"#.to_owned()));
            }
            socket_io::PacketType::Event => {
                self.arrived.push(packet.payload.to_owned());
                // An answer may be lost although the connection lives.
                if let Some(ack) = packet.header.id
                    && !self.chance(10)
                {
                    let answer = format!("43{ack}{}", packet.payload);
                    self.travel(Travel::Down(id, answer));
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Lets time pass up to the next thing that happens, at most `millis`.
    fn step(&mut self, millis: u64) {
        self.drain();
        let end = self.now + Span::from_millis(millis);
        loop {
            let arrival = self.travels.front().map(|(at, _)| *at);
            let wake = self.client.next_wake();
            let next = arrival.into_iter().chain(wake).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if arrival.is_some_and(|at| at <= self.now) {
                match self.travels.pop_front().unwrap().1 {
                    Travel::Up(id, text) if self.live == Some(id) => self.serve(id, &text),
                    Travel::Down(id, text) if self.live == Some(id) => {
                        let packet = Packet::decode_text(&text).unwrap();
                        self.client.receive(self.now, id, &packet);
                    }
                    Travel::Up(..) | Travel::Down(..) => {}
                }
            } else {
                self.client.handle(self.now, Input::Tick);
            }
            self.drain();
        }
        self.now = end;
    }

    /// The server keeps the session alive.
    fn ping(&mut self) {
        if let Some(id) = self.live {
            // Behind the handshake, which may still be on its way.
            self.travel(Travel::Down(id, "2".to_owned()));
        }
    }

    fn cut(&mut self) {
        if let Some(id) = self.live.take() {
            let failed = self.chance(50);
            self.client.handle(self.now, Input::Lost { id, failed });
            self.drain();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_answered_wrongly_over_outages(seed: u64) {
        let mut world = World::new(seed);
        let mut texts = BTreeMap::new();
        let mut plain = Vec::new();
        for number in 0..60_u64 {
            let text = format!(r#"["e",{number}]"#);
            let (now, main, payload) = (world.now, world.main, Json::new(&text));
            let emit = match number % 3 {
                0 => world.client.emit_reliable(now, main, payload, Some(number % 2)),
                1 => world.client.emit_reliable(now, main, payload, None),
                _ => {
                    let ack = number % 2 == 0;
                    let timeout = Some(Span::from_millis(5_000));
                    let options = EmitOptions { ack, timeout, ..EmitOptions::default() };
                    let emit = world.client.emit(now, main, TopicId(0), None, payload, options);
                    plain.extend(emit.ok());
                    emit
                }
            }
            .unwrap();
            texts.insert(emit, text);
            world.step(37);
            if world.chance(12) {
                world.cut();
            }
        }
        for _ in 0..60 {
            world.step(1_000);
            world.ping();
        }
        // Each ends exactly once, and nothing is left.
        for (emit, text) in &texts {
            let ends = world.ends.get(emit).cloned().unwrap_or_default();
            prop_assert_eq!(ends.len(), 1, "{} ended {:?}", text, ends);
            if !plain.contains(emit) {
                prop_assert_eq!(ends[0], Status::Acked);
                prop_assert!(world.arrived.contains(text), "{} never arrived", text);
            }
        }
        prop_assert_eq!(world.client.pending_acks(world.main), 0);
        // Each answer is that of its own event.
        for (emit, answer) in &world.acked {
            prop_assert_eq!(Some(answer), texts.get(emit));
        }
        // Plain events arrive at most once; with one key the first arrivals keep the order.
        for emit in &plain {
            let times = world.arrived.iter().filter(|text| *text == &texts[emit]).count();
            prop_assert!(times <= 1);
        }
        for key in 0..2 {
            let expected: Vec<_> = (0..60).filter(|n| n % 3 == 0 && n % 2 == key).collect();
            let mut first = Vec::new();
            for text in &world.arrived {
                let number: u64 = text[5..text.len() - 1].parse().unwrap();
                if expected.contains(&number) && !first.contains(&number) {
                    first.push(number);
                }
            }
            prop_assert_eq!(first, expected);
        }
    }
}
