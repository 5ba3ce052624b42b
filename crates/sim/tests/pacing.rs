//! Send policies through the whole stack: connection, wire, server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;

use everwire_core::link::{Input, LinkConfig, PageEvent, State};
use everwire_core::send::{Order, OutboxConfig, Policy, Scope, SendOptions, TopicConfig, TopicId};
use everwire_core::{Span, Time};
use everwire_sim::{ClientId, MessageId, Wire, World, seeds};

const INTERVAL: Span = Span::from_millis(100);
const TOPIC: TopicId = TopicId(1);

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

/// An open client with one topic, on a wire that shows write times exactly.
fn open(seed: u64, config: TopicConfig) -> (World, ClientId) {
    let mut world = World::new(seed);
    *world.wire() = Wire {
        latency: millis(10),
        jitter: Span::ZERO,
        bandwidth: None,
    };
    let client = world.add_client(LinkConfig::default(), OutboxConfig::default());
    assert_eq!(
        world.with_outbox(client, |outbox, _| outbox.topic(config)),
        Ok(TOPIC)
    );
    world.start(client);
    world.run(millis(10_000));
    (world, client)
}

fn paced(policy: Policy) -> TopicConfig {
    TopicConfig {
        policy,
        ..TopicConfig::default()
    }
}

/// When each message of a key was written.
fn writes(world: &World) -> BTreeMap<Option<u32>, Vec<(Time, MessageId)>> {
    let mut writes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for receipt in world.server().receipts() {
        writes
            .entry(receipt.message.key)
            .or_default()
            .push((receipt.at - millis(10), receipt.message.id));
    }
    writes
}

#[test]
fn throttled_writes_keep_their_distance_after_idle_times_and_after_a_flush() {
    for seed in seeds(200) {
        let throttle = Policy::Throttle {
            interval: INTERVAL,
            leading: !seed.is_multiple_of(3),
            trailing: true,
        };
        let (mut world, client) = open(seed, paced(throttle));
        let mut forced = Vec::new();
        let mut last = BTreeMap::new();
        for _ in 0..100 {
            let long = world.random().one_in(10);
            let pause = world.random().within(millis(if long { 1_000 } else { 40 }));
            world.run(pause);
            if world.random().one_in(8) {
                forced.push(world.now());
                world.with_outbox(client, |outbox, now| outbox.flush(now, Scope::All));
            } else {
                let key = world.random().one_in(2).then_some(5);
                last.insert(
                    key,
                    world
                        .send(client, TOPIC, key, SendOptions::default())
                        .unwrap(),
                );
            }
        }
        world.run(millis(1_000));
        for (key, writes) in writes(&world) {
            for pair in writes.windows(2) {
                let gap = pair[1].0.since(pair[0].0);
                assert!(
                    gap >= INTERVAL || forced.contains(&pair[1].0),
                    "{gap:?} between {pair:?}"
                );
                assert!(
                    pair[0].1 < pair[1].1,
                    "in the order of the calls, and none twice"
                );
            }
            assert_eq!(
                writes.last().unwrap().1,
                last[&key],
                "the last value goes out"
            );
        }
        world.close(client, true, millis(1_000));
        world.run(millis(2_000));
        world.check_history();
    }
}

#[test]
fn the_last_value_of_a_debounce_goes_out_in_time() {
    for seed in seeds(200) {
        let debounce = Policy::Debounce {
            wait: INTERVAL,
            max_wait: millis(500),
            leading: seed.is_multiple_of(2),
            trailing: true,
        };
        let (mut world, client) = open(seed, paced(debounce));
        for _ in 0..200 {
            let long = world.random().one_in(15);
            let pause = world.random().within(millis(if long { 800 } else { 60 }));
            world.run(pause);
            world
                .send(client, TOPIC, None, SendOptions::default())
                .unwrap();
            // A value that arrived stands for all calls before it.
            let arrived = world
                .server()
                .receipts()
                .last()
                .map(|receipt| receipt.message.id);
            let waiting = world
                .client(client)
                .sent
                .iter()
                .find(|&(&id, _)| Some(id) > arrived);
            let since = waiting.map_or(world.now(), |(_, sent)| sent.at);
            assert!(
                world.now().since(since) <= millis(511),
                "starved since {since:?}"
            );
        }
        let message = world
            .send(client, TOPIC, None, SendOptions::default())
            .unwrap();
        world.run(millis(511));
        assert_eq!(world.server().copies(message), 1);
    }
}

#[test]
fn an_immediate_message_is_never_seen_before_an_earlier_value_of_its_topic() {
    for seed in seeds(100) {
        let debounce = Policy::Debounce {
            wait: INTERVAL,
            max_wait: millis(500),
            leading: false,
            trailing: true,
        };
        let (mut world, client) = open(
            seed,
            TopicConfig {
                order: Order::FlushBefore,
                ..paced(debounce)
            },
        );
        let mut immediate = Vec::new();
        for _ in 0..100 {
            let pause = world.random().within(millis(60));
            world.run(pause);
            let at_once = world.random().one_in(4);
            let key = (!at_once).then(|| world.random().below(3) as u32);
            let options = SendOptions {
                immediate: at_once,
                ..SendOptions::default()
            };
            let message = world.send(client, TOPIC, key, options).unwrap();
            if at_once {
                immediate.push(message);
            }
        }
        world.run(millis(1_000));
        let order: Vec<_> = world
            .server()
            .receipts()
            .iter()
            .map(|receipt| receipt.message.id)
            .collect();
        for message in immediate {
            let position = order.iter().position(|&id| id == message).unwrap();
            assert!(
                order[position..].iter().all(|&later| later >= message),
                "{message:?} overtook an earlier value"
            );
        }
    }
}

#[test]
fn a_slow_link_carries_no_stale_values() {
    let (mut world, client) = open(
        1,
        paced(Policy::Conflate {
            min_interval: Span::ZERO,
        }),
    );
    world.wire().bandwidth = Some(20_000);
    for _ in 0..200 {
        for key in 0..20 {
            world
                .send_sized(client, TOPIC, Some(key), SendOptions::default(), 1_000)
                .unwrap();
        }
        world.run(millis(100));
    }
    world.run(millis(10_000));
    let sent = &world.client(client).sent;
    let mut ages: Vec<_> = world
        .server()
        .receipts()
        .iter()
        .map(|receipt| receipt.at.since(sent[&receipt.message.id].at))
        .collect();
    ages.sort_unstable();
    // 20 MB were offered to a wire that carries 20 kB/s. A value's age is what the socket's own buffer holds before it.
    let p95 = ages[ages.len() * 95 / 100];
    assert!(p95 <= millis(5_000), "{p95:?}");
    let counts: Vec<_> = writes(&world)
        .into_values()
        .map(|writes| writes.len())
        .collect();
    assert_eq!(counts.len(), 20);
    // One more for a key that was first when the wire was free, one less for a key whose last value was the newest.
    let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
    assert!(spread <= 2, "unfair: {counts:?}");
}

#[test]
fn a_queue_from_an_outage_comes_back_through_the_ramp() {
    let (mut world, client) = open(2, TopicConfig::default());
    world.kill_server();
    world.run(millis(100));
    for _ in 0..600 {
        world
            .send(client, TopicId(0), None, SendOptions::default())
            .unwrap();
    }
    world.start_server();
    assert!(
        world.run_until(millis(20_000), |world| world.client(client).state()
            == State::Open)
    );
    world.run(millis(10_000));
    let times: Vec<_> = world
        .server()
        .receipts()
        .iter()
        .map(|receipt| receipt.at)
        .collect();
    assert_eq!(times.len(), 600);
    let most = times.iter().map(|&from| {
        times
            .iter()
            .filter(|&&at| at >= from && at.since(from) < millis(100))
            .count()
    });
    assert!(most.max().unwrap() <= 80, "a flood after the reconnect");
}

#[test]
fn a_page_asleep_wakes_up_with_one_value_per_slot() {
    let (mut world, client) = open(
        3,
        paced(Policy::Throttle {
            interval: INTERVAL,
            leading: true,
            trailing: true,
        }),
    );
    for _ in 0..5 {
        world
            .send(client, TOPIC, None, SendOptions::default())
            .unwrap();
    }
    world.sleep(client, true);
    let before = world.server().receipts().len();
    world.run(millis(60_000));
    assert_eq!(
        world.server().receipts().len(),
        before + 2,
        "leading value and the one flushed by the freeze"
    );
    world.input(client, Input::Page(PageEvent::Hidden));
    world.sleep(client, false);
    world.run(millis(5_000));
    assert_eq!(
        world.server().receipts().len(),
        before + 2,
        "nothing is sent twice"
    );
}
