//! Random histories: whatever happens, the promises hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::Span;
use everwire_core::link::{Heartbeat, Input, LinkConfig, PageEvent, PongTimeout, State};
use everwire_core::send::{
    Offline, OutboxConfig, Policy, Scope, SendOptions, Status, TopicConfig, TopicId,
};
use everwire_sim::{ClientId, Direction, OnDial, World, seeds};

const CLIENTS: usize = 4;

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn by_id() -> SendOptions {
    SendOptions {
        resend: true,
        expect_ack: true,
        ..SendOptions::default()
    }
}

/// The topics of every client, in the order of their ids.
fn topics() -> [TopicConfig; 6] {
    let topic = |policy| TopicConfig {
        policy,
        ..TopicConfig::default()
    };
    [
        topic(Policy::Immediate),
        topic(Policy::Throttle {
            interval: millis(100),
            leading: true,
            trailing: true,
        }),
        topic(Policy::Debounce {
            wait: millis(50),
            max_wait: millis(250),
            leading: false,
            trailing: true,
        }),
        topic(Policy::Conflate {
            min_interval: Span::ZERO,
        }),
        topic(Policy::Batch {
            max_items: 5,
            max_bytes: 10_000,
            max_wait: millis(80),
        }),
        TopicConfig {
            offline: Some(Offline::Drop),
            ..TopicConfig::default()
        },
    ]
}

const SLOTTED: std::ops::RangeInclusive<u32> = 2..=4;
const LIMIT: usize = 200;

fn world(seed: u64) -> World {
    let mut world = World::new(seed);
    let heartbeat = Heartbeat {
        interval: millis(5_000),
        timeout: PongTimeout::Adaptive,
        answered: true,
    };
    for index in 0..CLIENTS {
        let link = LinkConfig {
            heartbeat: (index % 2 == 0).then_some(heartbeat),
            ..LinkConfig::default()
        };
        let client = world.add_client(
            link,
            OutboxConfig {
                max_messages: LIMIT,
                ..OutboxConfig::default()
            },
        );
        for config in topics() {
            world
                .with_outbox(client, |outbox, _| outbox.topic(config))
                .unwrap();
        }
        world.start(client);
    }
    world
}

/// One thing that goes wrong, or goes right again.
fn fault(world: &mut World) {
    let client = ClientId(world.random().below(CLIENTS as u64) as usize);
    let asleep = millis(world.random().below(20_000));
    match world.random().below(16) {
        0 => world.kill_server(),
        1 => world.pause_server(true),
        2..=4 => {
            if world.server().is_paused() {
                world.pause_server(false);
            }
            world.start_server();
        }
        5 => world.reset(client),
        6 => world.finish(client),
        7 => world.silence(client, true),
        8 => world.block(client, Direction::Down, true),
        9 | 10 => world.silence(client, false),
        11 => {
            let code = [1000, 1001, 1011, 1012, 1013, 4000][world.random().below(6) as usize];
            world.close_all(code, None);
        }
        12 => {
            world.sleep(client, true);
            world.after(asleep, move |world| world.sleep(client, false));
        }
        13 => world.input(client, Input::Reconnect),
        14 => {
            let bandwidth = [None, Some(2_000), Some(50_000)][world.random().below(3) as usize];
            world.wire().bandwidth = bandwidth;
        }
        _ => world.input(client, Input::Page(PageEvent::Hidden)),
    }
}

fn traffic(world: &mut World) {
    let client = ClientId(world.random().below(CLIENTS as u64) as usize);
    let topic = TopicId(world.random().below(7) as u32);
    let key = world
        .random()
        .one_in(2)
        .then(|| world.random().below(3) as u32);
    match world.random().below(40) {
        0 => world.with_outbox(client, |outbox, now| outbox.flush(now, Scope::Topic(topic))),
        1 => world.with_outbox(client, |outbox, _| outbox.cancel_all(Scope::Topic(topic))),
        2 => world.broadcast(),
        _ => {
            let options = if topic == TopicId(0) {
                by_id()
            } else {
                SendOptions::default()
            };
            let before = world.with_outbox(client, |outbox, _| outbox.counters());
            assert!(before.queued_messages <= LIMIT, "{before:?}");
            let _ = world.send(client, topic, key, options);
        }
    }
}

fn heal(world: &mut World) {
    world.start_server();
    world.pause_server(false);
    world.server_mut().on_dial = OnDial::Accept;
    world.wire().bandwidth = None;
    for client in (0..CLIENTS).map(ClientId) {
        world.silence(client, false);
    }
}

/// Sends one last value per slot of the topics with a trailing edge, and checks that each arrives.
fn last_values(world: &mut World) {
    let mut last = Vec::new();
    for client in (0..CLIENTS).map(ClientId) {
        for topic in SLOTTED.map(TopicId) {
            for key in [None, Some(0), Some(1), Some(2)] {
                for _ in 0..3 {
                    let _ = world.send(client, topic, key, SendOptions::default());
                }
                last.push(
                    world
                        .send(client, topic, key, SendOptions::default())
                        .unwrap(),
                );
            }
        }
    }
    world.run(millis(5_000));
    for message in last {
        assert_eq!(
            world.server().copies(message),
            1,
            "the last value {message:?} of its slot did not go out"
        );
    }
}

#[test]
fn random_faults_lose_nothing_acknowledged_and_double_nothing() {
    for seed in seeds(60) {
        let mut world = world(seed);
        for _ in 0..1_500 {
            let pause = world.random().within(millis(80));
            world.run(pause);
            traffic(&mut world);
            if world.random().one_in(25) {
                fault(&mut world);
            }
        }
        heal(&mut world);
        // Long enough for pages that still sleep and for the longest backoff.
        world.run(millis(60_000));
        assert!(
            world
                .clients()
                .iter()
                .all(|client| client.state() == State::Open)
        );
        last_values(&mut world);
        for client in (0..CLIENTS).map(ClientId) {
            world.close(client, true, millis(10_000));
        }
        world.run(millis(15_000));
        assert!(
            world
                .clients()
                .iter()
                .all(|client| client.state() == State::Closed)
        );
        assert_eq!(world.server().connections(), 0);
        world.check_history();
        for client in world.clients() {
            for (id, sent) in client.sent.iter().filter(|(_, sent)| sent.options.resend) {
                let outcome = sent.outcome();
                assert!(
                    matches!(outcome, Some(Status::Acked | Status::Cancelled)),
                    "{id:?} ended {outcome:?}"
                );
            }
        }
    }
}

#[test]
fn a_history_that_ends_in_the_middle_of_a_fault_still_ends_every_send() {
    for seed in seeds(60) {
        let mut world = world(seed);
        for _ in 0..300 {
            let pause = world.random().within(millis(80));
            world.run(pause);
            traffic(&mut world);
            if world.random().one_in(10) {
                fault(&mut world);
            }
        }
        for client in (0..CLIENTS).map(ClientId) {
            match world.random().below(3) {
                0 => world.input(client, Input::Terminate),
                1 => world.close(client, false, millis(500)),
                _ => world.close(client, true, millis(500)),
            }
        }
        // The deadline and the closing handshake, also of a page that sleeps first.
        world.run(millis(25_000));
        assert!(
            world
                .clients()
                .iter()
                .all(|client| client.state() == State::Closed)
        );
        world.check_history();
    }
}

#[test]
fn a_seed_repeats_its_history() {
    let run = |seed| {
        let mut world = world(seed);
        for _ in 0..400 {
            let pause = world.random().within(millis(80));
            world.run(pause);
            traffic(&mut world);
            if world.random().one_in(10) {
                fault(&mut world);
            }
        }
        world
            .server()
            .receipts()
            .iter()
            .map(|receipt| (receipt.at, receipt.message.id))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
