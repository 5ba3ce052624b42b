//! One fault per test, each with what a user may expect from it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::link::{Cause, EndReason, Heartbeat, LinkConfig, PongTimeout, State};
use everwire_core::send::{OutboxConfig, SendOptions, Status, TopicId};
use everwire_core::{Span, Time};
use everwire_sim::{ClientId, Direction, MessageId, OnDial, World, seeds};

const BY_ID: SendOptions = SendOptions {
    immediate: false,
    lane: None,
    offline: None,
    ttl: None,
    resend: true,
    expect_ack: true,
    merged: false,
};

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn with_heartbeat() -> LinkConfig {
    let heartbeat = Heartbeat {
        interval: millis(10_000),
        timeout: PongTimeout::Adaptive,
        answered: true,
    };
    LinkConfig {
        heartbeat: Some(heartbeat),
        ..LinkConfig::default()
    }
}

/// A world with one client that has been open for a minute.
fn open(seed: u64, config: LinkConfig) -> (World, ClientId) {
    let mut world = World::new(seed);
    let client = world.add_client(config, OutboxConfig::default());
    world.start(client);
    world.run(millis(60_000));
    assert_eq!(world.client(client).state(), State::Open);
    (world, client)
}

/// A message by id every 20 ms for `span`.
fn load(world: &mut World, client: ClientId, span: Span) -> Vec<MessageId> {
    let end = world.now() + span;
    let mut sent = Vec::new();
    while world.now() < end {
        sent.push(world.send(client, TopicId(0), None, BY_ID).unwrap());
        world.run(millis(20));
    }
    sent
}

fn finish(world: &mut World, client: ClientId) {
    world.close(client, true, millis(20_000));
    world.run(millis(25_000));
    assert_eq!(world.client(client).state(), State::Closed);
    world.check_history();
}

fn outcome(world: &World, client: ClientId, message: MessageId) -> Option<Status> {
    world.client(client).sent[&message].outcome()
}

fn states_since(world: &World, client: ClientId, since: Time) -> Vec<State> {
    world
        .client(client)
        .states
        .iter()
        .filter(|(at, ..)| *at >= since)
        .map(|&(_, state, _)| state)
        .collect()
}

#[test]
fn f1_a_killed_server_loses_and_doubles_nothing() {
    for seed in seeds(10) {
        let (mut world, client) = open(seed, with_heartbeat());
        let mut sent = load(&mut world, client, millis(1_000));
        let killed = world.now();
        world.kill_server();
        sent.extend(load(&mut world, client, millis(3_000)));
        world.start_server();
        sent.extend(load(&mut world, client, millis(10_000)));
        let states = states_since(&world, client, killed);
        assert_eq!(states[..2], [State::Waiting, State::Connecting]);
        assert_eq!(states[states.len() - 2..], [State::Connecting, State::Open]);
        finish(&mut world, client);
        for message in sent {
            assert_eq!(
                outcome(&world, client, message),
                Some(Status::Acked),
                "{message:?}"
            );
        }
    }
}

#[test]
fn f2_a_half_open_link_is_noticed_and_redialled_at_once() {
    for seed in seeds(20) {
        let (mut world, client) = open(seed, with_heartbeat());
        let silent = world.now();
        world.silence(client, true);
        world.run(millis(12_100));
        let it = world.client(client);
        let (detected, state, cause) = *it.states.iter().find(|(at, ..)| *at > silent).unwrap();
        assert_eq!((state, cause), (State::Connecting, Cause::Dead));
        assert!(
            detected.since(silent) <= millis(12_000),
            "noticed after {:?}",
            detected.since(silent)
        );
        assert!(
            it.dials.contains(&detected),
            "the new dial starts in the same instant"
        );
        world.silence(client, false);
        assert!(
            world.run_until(millis(15_000), |world| world.client(client).state()
                == State::Open)
        );
        world.run(millis(1_000));
        assert_eq!(
            world.server().connections(),
            1,
            "the old socket is gone at the server, too"
        );
    }
}

#[test]
fn f2_a_stopped_server_is_noticed_too() {
    let (mut world, client) = open(1, with_heartbeat());
    world.pause_server(true);
    world.run(millis(13_000));
    assert_eq!(world.client(client).dials.len(), 2);
    world.pause_server(false);
    assert!(
        world.run_until(millis(12_000), |world| world.client(client).state()
            == State::Open)
    );
}

#[test]
fn f3_a_one_way_blackhole_is_resent_by_id_and_unknown_without() {
    for direction in [Direction::Up, Direction::Down] {
        let (mut world, client) = open(2, with_heartbeat());
        world.block(client, direction, true);
        let by_id = world.send(client, TopicId(0), None, BY_ID).unwrap();
        let plain = world
            .send(
                client,
                TopicId(0),
                None,
                SendOptions {
                    expect_ack: true,
                    ..SendOptions::default()
                },
            )
            .unwrap();
        world.run(millis(14_000));
        assert_eq!(outcome(&world, client, plain), Some(Status::Unknown));
        world.block(client, direction, false);
        world.run(millis(15_000));
        assert_eq!(outcome(&world, client, by_id), Some(Status::Acked));
        finish(&mut world, client);
    }
}

#[test]
fn f4_a_reset_under_load_is_survived() {
    for seed in seeds(10) {
        let (mut world, client) = open(seed, LinkConfig::default());
        let mut sent = load(&mut world, client, millis(500));
        world.reset(client);
        sent.extend(load(&mut world, client, millis(5_000)));
        finish(&mut world, client);
        for message in sent {
            assert_eq!(outcome(&world, client, message), Some(Status::Acked));
        }
    }
}

#[test]
fn f5_close_codes_and_a_bare_fin_follow_the_class_table() {
    for code in [1002, 1003, 1007, 1008, 1009, 1010] {
        let (mut world, client) = open(3, LinkConfig::default());
        world.close_all(code, None);
        world.run(millis(60_000));
        let it = world.client(client);
        assert_eq!(
            (it.ended, it.dials.len()),
            (Some(EndReason::Fatal), 1),
            "{code}"
        );
    }
    for code in [1000, 1001, 1006, 1011, 1012, 1013, 4000] {
        let (mut world, client) = open(4, LinkConfig::default());
        world.close_all(code, None);
        world.run(millis(5_000));
        assert_eq!(world.client(client).state(), State::Open, "{code}");
    }
    let (mut world, client) = open(5, LinkConfig::default());
    world.finish(client);
    world.run(millis(5_000));
    assert_eq!(world.client(client).state(), State::Open);
}

#[test]
fn f6_a_slow_wire_keeps_the_queue_bounded_and_the_rest_is_refused_aloud() {
    let (mut world, client) = open(6, LinkConfig::default());
    world.wire().bandwidth = Some(8_000);
    let mut refused = 0;
    for _ in 0..3_000 {
        refused += u32::from(
            world
                .send_sized(client, TopicId(0), None, SendOptions::default(), 1_000)
                .is_err(),
        );
        let counters = world.with_outbox(client, |outbox, _| outbox.counters());
        assert!(counters.queued_messages <= 1_000 && counters.queued_bytes <= 1 << 20);
        world.run(millis(1));
    }
    assert!(refused > 1_000);
    world.wire().bandwidth = None;
    finish(&mut world, client);
}

#[test]
fn f8_a_message_too_big_for_the_server_is_no_reconnect_loop() {
    let (mut world, client) = open(7, LinkConfig::default());
    world.server_mut().on_dial = OnDial::AcceptThenClose {
        code: 1009,
        after: millis(50),
    };
    world.close_all(1009, None);
    world.run(millis(600_000));
    assert_eq!(world.client(client).dials.len(), 1);
}

#[test]
fn f11_flapping_keeps_the_dial_rate_bounded() {
    for code in [1000, 1011, 1013] {
        let mut world = World::new(8);
        world.server_mut().on_dial = OnDial::AcceptThenClose {
            code,
            after: millis(10),
        };
        let client = world.add_client(LinkConfig::default(), OutboxConfig::default());
        world.start(client);
        world.run(millis(60_000));
        let dials = world.client(client).dials.len();
        assert!(
            (5..=15).contains(&dials),
            "{dials} dials in a minute after {code}"
        );
    }
}

#[test]
fn f12_and_f13_an_hour_of_sleep_on_a_living_link_changes_nothing() {
    let (mut world, client) = open(9, with_heartbeat());
    world.sleep(client, true);
    world.run(millis(3_600_000));
    world.sleep(client, false);
    world.run(millis(60_000));
    assert_eq!(world.client(client).dials.len(), 1);
    assert!(!world.client(client).connection.link().suspect());
}

#[test]
fn f13_after_ten_minutes_of_sleep_a_dead_link_is_replaced_within_a_second() {
    let (mut world, client) = open(10, with_heartbeat());
    world.sleep(client, true);
    // The network forgot the connection: whatever is sent on it vanishes, a new dial would work.
    world.block(client, Direction::Up, true);
    world.run(millis(600_000));
    world.sleep(client, false);
    let resumed = world.now();
    world.run(millis(1_100));
    let dialed = *world.client(client).dials.last().unwrap();
    assert!(dialed >= resumed && dialed.since(resumed) <= millis(1_000));
}

#[test]
fn f17_offline_alone_kills_nothing() {
    let (mut world, client) = open(11, LinkConfig::default());
    world.network(client, false);
    let sent: Vec<_> = (0..50)
        .map(|_| world.send(client, TopicId(0), None, BY_ID).unwrap())
        .collect();
    world.run(millis(30_000));
    world.network(client, true);
    world.run(millis(2_000));
    assert_eq!(
        world.client(client).dials.len(),
        1,
        "the same socket went on"
    );
    assert!(
        sent.iter()
            .all(|&message| outcome(&world, client, message) == Some(Status::Acked))
    );
    finish(&mut world, client);
}

#[test]
fn f17_what_was_queued_while_offline_arrives_in_order() {
    for seed in seeds(10) {
        let (mut world, client) = open(seed, with_heartbeat());
        world.network(client, false);
        let sent = load(&mut world, client, millis(15_000));
        world.run(millis(15_000));
        world.network(client, true);
        world.run(millis(15_000));
        for message in sent {
            assert_eq!(outcome(&world, client, message), Some(Status::Acked));
        }
        finish(&mut world, client);
    }
}
