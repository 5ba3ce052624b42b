//! A thousand clients come back after an outage: the server must survive them, and they must not wait long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::link::{Heartbeat, LinkConfig, PongTimeout, State};
use everwire_core::send::OutboxConfig;
use everwire_core::{Span, Time};
use everwire_sim::{World, seeds};

const CLIENTS: usize = 1_000;
const WINDOW: Span = Span::from_millis(100);

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

/// Clients that opened over ten seconds and have been stable since.
fn herd(seed: u64, config: LinkConfig) -> World {
    let mut world = World::new(seed);
    for _ in 0..CLIENTS {
        let client = world.add_client(config, OutboxConfig::default());
        let start = world.random().within(millis(10_000));
        world.after(start, move |world| world.start(client));
    }
    world.run(millis(20_000));
    assert_eq!(world.server().connections(), CLIENTS);
    world
}

/// Dials after `since`, in order.
fn dials(world: &World, since: Time) -> Vec<Time> {
    let mut dials: Vec<_> = world
        .clients()
        .iter()
        .flat_map(|client| client.dials.iter().copied())
        .filter(|&at| at >= since)
        .collect();
    dials.sort_unstable();
    dials
}

/// The most dials in any window of 100 ms, wherever it begins.
fn peak(dials: &[Time]) -> usize {
    let mut first = 0;
    let mut peak = 0;
    for (last, &at) in dials.iter().enumerate() {
        while at.since(dials[first]) >= WINDOW {
            first += 1;
        }
        peak = peak.max(last + 1 - first);
    }
    peak
}

/// How long after `since` 95 % of the clients were open again.
fn p95_back(world: &World, since: Time) -> Span {
    let mut back: Vec<_> = world
        .clients()
        .iter()
        .map(|client| {
            assert_eq!(client.state(), State::Open);
            client.states.last().unwrap().0.since(since)
        })
        .collect();
    back.sort_unstable();
    back[CLIENTS * 95 / 100]
}

fn outage(seed: u64, seconds: u64) {
    let mut world = herd(seed, LinkConfig::default());
    let down = world.now();
    world.kill_server();
    world.run(millis(seconds * 1_000));
    let recovery = world.now();
    world.start_server();
    world.run(millis(30_000));
    let all = dials(&world, down);
    let after = dials(&world, recovery);
    let (whole, at_recovery, p95) = (peak(&all), peak(&after), p95_back(&world, recovery));
    println!(
        "outage {seconds} s, seed {seed}: peak {whole} dials per 100 ms ({at_recovery} after recovery), p95 back {} ms, \
         {:.1} dials per client",
        p95.as_micros() / 1_000,
        all.len() as f64 / CLIENTS as f64,
    );
    assert!(whole <= CLIENTS / 10, "{whole} dials in one window");
    assert!(p95 <= millis(10_000), "p95 back after {p95:?}");
}

#[test]
fn a_short_outage_brings_no_stampede() {
    seeds(2).for_each(|seed| outage(seed, 3));
}

#[test]
fn an_outage_of_half_a_minute_brings_no_stampede() {
    seeds(2).for_each(|seed| outage(seed, 30));
}

#[test]
fn a_long_outage_brings_no_stampede() {
    seeds(1).for_each(|seed| outage(seed, 120));
}

#[test]
fn a_restart_announced_to_everybody_brings_no_stampede() {
    for hint in [None, Some(millis(5_000))] {
        let mut world = herd(3, LinkConfig::default());
        let closed = world.now();
        world.close_all(1012, hint);
        world.run(millis(30_000));
        let dials = dials(&world, closed);
        assert!(
            peak(&dials) <= CLIENTS / 10,
            "{} dials in one window",
            peak(&dials)
        );
        assert!(p95_back(&world, closed) <= millis(10_000));
        if let Some(hint) = hint {
            assert!(
                dials[0].since(closed) >= hint,
                "nobody comes before the server asked"
            );
        }
    }
}

#[test]
fn a_frozen_server_found_out_by_heartbeats_brings_no_stampede() {
    let heartbeat = Heartbeat {
        interval: millis(15_000),
        timeout: PongTimeout::Adaptive,
        answered: true,
    };
    let mut world = herd(
        4,
        LinkConfig {
            heartbeat: Some(heartbeat),
            ..LinkConfig::default()
        },
    );
    // Everybody received the same thing at the same time: the worst case for ping schedules.
    world.broadcast();
    world.run(millis(100));
    let frozen = world.now();
    world.pause_server(true);
    world.run(millis(40_000));
    world.pause_server(false);
    world.run(millis(30_000));
    let dials = dials(&world, frozen);
    assert!(
        peak(&dials) <= CLIENTS / 10,
        "{} dials in one window",
        peak(&dials)
    );
    assert!(p95_back(&world, frozen + millis(40_000)) <= millis(10_000));
}

#[test]
fn no_two_clients_share_a_schedule() {
    let mut world = herd(5, LinkConfig::default());
    world.kill_server();
    world.run(millis(60_000));
    let schedules: std::collections::BTreeSet<_> = world
        .clients()
        .iter()
        .map(|client| {
            client
                .dials
                .windows(2)
                .skip(1)
                .map(|pair| pair[1].since(pair[0]))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(schedules.len(), CLIENTS);
}
