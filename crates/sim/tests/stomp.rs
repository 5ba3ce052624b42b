//! The STOMP client under outages: what must hold however the wire is cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::Span;
use everwire_core::link::State;
use everwire_core::protocol::stomp::client::{
    AckMode, Client, ClientConfig, ListenerId, Outgoing, OutgoingBody, RequestEnd, Subscribed,
    TransactionBuilder,
};
use everwire_core::send::{Policy, SendOptions, Status, TopicConfig, TopicId};
use everwire_sim::{StompWorld, seeds};

/// What was asked of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    None,
    Receipt,
    Id,
}

struct Story {
    world: StompWorld,
    sent: Vec<(usize, String, Care)>,
    listeners: Vec<(ListenerId, String)>,
    number: u32,
}

fn text(destination: &str, body: &str, id: Option<String>) -> Outgoing {
    Outgoing {
        destination: destination.into(),
        body: OutgoingBody::Text(body.into()),
        id,
        ..Outgoing::default()
    }
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut config = ClientConfig::default();
        config.link.backoff.min = Span::from_millis(50);
        config.link.backoff.max = Span::from_millis(400);
        config.link.backoff.first_spread = Span::from_millis(50);
        let mut world = StompWorld::new(config, seed);
        world.with(Client::start);
        Self {
            world,
            sent: Vec::new(),
            listeners: Vec::new(),
            number: 0,
        }
    }

    fn publish(&mut self, care: Care) {
        self.number += 1;
        let body = format!("m{}", self.number);
        let id = (care == Care::Id).then(|| body.clone());
        let options = SendOptions {
            expect_ack: care != Care::None,
            ..SendOptions::default()
        };
        let message = text("/q", &body, id);
        if let Some(index) = self.world.publish(TopicId(0), None, message, options) {
            self.sent.push((index, body, care));
        }
    }

    fn subscribe(&mut self) {
        let destination = format!("/topic/{}", self.world.random.bits() % 4);
        let listener = self
            .world
            .with(|client, now| client.subscribe(now, &destination, Vec::new(), AckMode::Auto));
        self.listeners.push((listener.unwrap(), destination));
    }

    fn unsubscribe(&mut self) {
        if self.listeners.is_empty() {
            return;
        }
        let at = self.world.random.bits() as usize % self.listeners.len();
        let (listener, _) = self.listeners.swap_remove(at);
        self.world
            .with(|client, now| client.unsubscribe(now, listener));
    }

    fn act(&mut self) {
        match self.world.random.bits() % 16 {
            0..=2 => self.publish(Care::None),
            3..=5 => self.publish(Care::Receipt),
            6..=8 => self.publish(Care::Id),
            9 => self.subscribe(),
            10 => self.unsubscribe(),
            11 => self.world.cut(),
            12 => self.world.complain(),
            13 => self.world.broker.accepts = !self.world.broker.accepts,
            _ => {
                self.world.broadcast("/topic/1", "news");
            }
        }
        let pause = self.world.random.bits() % 60;
        self.world.run(pause);
    }

    /// The trouble is over.
    fn heal(&mut self) {
        self.world.broker.accepts = true;
        self.world.run(30_000);
    }
}

#[test]
fn nothing_confirmed_is_lost_and_nothing_comes_twice_where_that_can_be_known() {
    for seed in seeds(150) {
        let mut story = Story::new(seed);
        for _ in 0..120 {
            story.act();
        }
        story.heal();
        let Story {
            world,
            sent,
            mut listeners,
            ..
        } = story;
        // A broker that complains again and again while one subscription is due has refused it.
        listeners.retain(|(listener, _)| !world.told.contains(&(*listener, Subscribed::Refused)));
        let case = format!("seed {seed}");
        assert_eq!(world.client.link().state(), State::Open, "{case}");
        assert!(
            world.broker.complaints.is_empty(),
            "{case}: {:?}",
            world.broker.complaints
        );
        for (index, body, care) in &sent {
            let statuses = &world.statuses[*index];
            let ends: Vec<_> = statuses.iter().filter(|(_, terminal)| *terminal).collect();
            assert_eq!(ends.len(), 1, "{case}: {body} {statuses:?}");
            let (copies, effects) = world.broker.copies(body);
            assert!(effects <= 1, "{case}: {body} took effect {effects} times");
            match (care, ends[0].0) {
                (Care::Id, status) => {
                    assert_eq!((status, effects), (Status::Acked, 1), "{case}: {body}");
                }
                (_, Status::Acked) => assert_eq!(copies, 1, "{case}: {body}"),
                (Care::Receipt, Status::Unknown) | (Care::None, Status::Written) => {
                    assert!(copies <= 1, "{case}: {body} came {copies} times");
                }
                (_, status) => panic!("{case}: {body} ended as {status:?}"),
            }
        }
        let mut wanted: Vec<String> = listeners.drain(..).map(|(_, it)| it).collect();
        wanted.sort();
        wanted.dedup();
        assert_eq!(world.broker.subscribed(), wanted, "{case}");
    }
}

#[test]
fn listeners_hear_each_message_once_after_any_number_of_reconnects() {
    for seed in seeds(40) {
        let mut story = Story::new(seed);
        for _ in 0..40 {
            story.act();
        }
        story.heal();
        story.world.heard.clear();
        story.world.broadcast("/topic/2", "now");
        story.world.run(100);
        let mut heard: Vec<_> = story
            .world
            .heard
            .iter()
            .map(|(listener, _)| *listener)
            .collect();
        heard.sort();
        let refused = |listener| story.world.told.contains(&(listener, Subscribed::Refused));
        let mut wanted: Vec<_> = story
            .listeners
            .iter()
            .filter(|(listener, destination)| destination == "/topic/2" && !refused(*listener))
            .map(|(listener, _)| *listener)
            .collect();
        wanted.sort();
        assert_eq!(heard, wanted, "seed {seed}");
    }
}

#[test]
fn subscriptions_are_back_before_anything_queued_arrives() {
    for seed in seeds(40) {
        let mut story = Story::new(seed);
        story.subscribe();
        let listener = story.listeners[0].0;
        story.world.run(500);
        for round in 0..5 {
            story.world.cut();
            let taken = story.world.broker.taken.len();
            story.publish(Care::None);
            while story.world.broker.taken.len() == taken {
                story.world.run(1);
            }
            assert_eq!(
                story.world.broker.subscribed().len(),
                1,
                "seed {seed} round {round}"
            );
        }
        let confirmed = (listener, Subscribed::Confirmed);
        assert!(story.world.told.contains(&confirmed), "seed {seed}");
    }
}

#[test]
fn a_transaction_arrives_whole_or_not_at_all() {
    for seed in seeds(80) {
        let mut story = Story::new(seed);
        let mut whole = Vec::new();
        for number in 0..30 {
            let bodies = [format!("{number}a"), format!("{number}b")];
            let mut transaction = TransactionBuilder::new();
            for body in &bodies {
                transaction.publish(text("/q", body, None)).unwrap();
            }
            story.world.with(|client, now| {
                client
                    .commit(now, transaction, SendOptions::default())
                    .unwrap()
            });
            whole.push(bodies);
            let pause = story.world.random.bits() % 40;
            story.world.run(pause);
            if story.world.random.bits().is_multiple_of(4) {
                story.world.cut();
            }
        }
        story.heal();
        for [a, b] in whole {
            let copies = (
                story.world.broker.copies(&a).0,
                story.world.broker.copies(&b).0,
            );
            assert!(
                matches!(copies, (0, 0) | (1, 1)),
                "seed {seed}: {a} {copies:?}"
            );
        }
        assert!(story.world.broker.complaints.is_empty());
    }
}

#[test]
fn every_request_ends_once() {
    for seed in seeds(60) {
        let mut story = Story::new(seed);
        let mut asked = Vec::new();
        for number in 0..40 {
            let reply_to = (number % 2 == 0).then_some("/queue/mine");
            let message = text("/rpc", &number.to_string(), None);
            let timeout = Span::from_millis(200 + story.world.random.bits() % 2_000);
            let request = story
                .world
                .with(|client, now| client.request(now, message, reply_to, timeout));
            asked.push(request.unwrap());
            story.world.broker.replies = !story.world.random.bits().is_multiple_of(4);
            let pause = story.world.random.bits() % 100;
            story.world.run(pause);
            if story.world.random.bits().is_multiple_of(6) {
                story.world.cut();
            }
        }
        story.heal();
        for (number, request) in asked.into_iter().enumerate() {
            match &story.world.requests[&request] {
                Ok(answer) => assert_eq!(*answer, format!("re: {number}"), "seed {seed}"),
                Err(end) => assert!(
                    matches!(end, RequestEnd::Timeout | RequestEnd::Unknown),
                    "seed {seed}: {end:?}"
                ),
            }
        }
    }
}

#[test]
fn a_conflated_price_ends_with_the_latest_value() {
    for seed in seeds(40) {
        let mut story = Story::new(seed);
        let policy = Policy::Conflate {
            min_interval: Span::from_millis(30),
        };
        let topic = story
            .world
            .with(|client, _| {
                client.topic(TopicConfig {
                    policy,
                    ..TopicConfig::default()
                })
            })
            .unwrap();
        let slot = story.world.with(|client, _| client.slot(topic)).unwrap();
        for number in 0..60 {
            let message = text("/price", &number.to_string(), None);
            story
                .world
                .publish(topic, Some(slot), message, SendOptions::default());
            let pause = story.world.random.bits() % 20;
            story.world.run(pause);
            if number < 50 && story.world.random.bits().is_multiple_of(10) {
                story.world.cut();
            }
        }
        story.heal();
        let prices: Vec<u32> = story
            .world
            .broker
            .taken
            .iter()
            .map(|taken| taken.body.parse().unwrap())
            .collect();
        assert!(prices.is_sorted_by(|a, b| a < b), "seed {seed}: {prices:?}");
        assert_eq!(prices.last(), Some(&59), "seed {seed}");
    }
}

#[test]
fn a_broker_without_receipts_delays_one_connection_only() {
    let mut story = Story::new(1);
    story.world.broker.receipts = false;
    story.subscribe();
    story.world.run(2_000);
    assert_eq!(story.world.opened, 1);
    story.world.cut();
    story.world.run(500);
    assert_eq!(story.world.opened, 2);
}

#[test]
fn no_timer_survives_the_end() {
    for seed in seeds(40) {
        let mut story = Story::new(seed);
        for _ in 0..30 {
            story.act();
        }
        story
            .world
            .with(|client, now| client.disconnect(now, true, Span::from_millis(500)));
        story.world.run(5_000);
        assert_eq!(
            story.world.client.link().state(),
            State::Closed,
            "seed {seed}"
        );
        assert_eq!(story.world.client.next_wake(), None, "seed {seed}");
        for (index, body, _) in &story.sent {
            let ends = story.world.statuses[*index].iter().filter(|(_, end)| *end);
            assert_eq!(ends.count(), 1, "seed {seed}: {body}");
        }
    }
}
