//! How a thousand clients come back after an outage, by the reconnect formula of each library and by everwire.
//!
//! Prints one JSON object per formula: the dials in each window of 100 ms since the outage began, the largest of them, and when
//! 95 % are back. The peers are modelled by the formula their source has with its defaults (versions in `PEERS`); everwire is the
//! real state machine in the simulator. `cargo run -p everwire-sim --example herd`.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use everwire_core::link::LinkConfig;
use everwire_core::send::OutboxConfig;
use everwire_core::{Span, Time};
use everwire_sim::{Random, World};

const CLIENTS: usize = 1_000;
const SEED: u64 = 1;
const WINDOW_MS: f64 = 100.0;
const OUTAGE_MS: f64 = 30_000.0;
/// The outage and the time in which the last ones come back.
const WATCHED_MS: f64 = 60_000.0;
/// All connections end within this time.
const CLOSES_WITHIN_MS: f64 = 20.0;
/// A refused dial is known after this time, an accepted one is open.
const REFUSAL_MS: f64 = 5.0;

/// A peer's wait before dial `n`, counted from 0, in milliseconds; `luck` is what the client drew once.
struct Peer {
    name: &'static str,
    wait: fn(n: i32, luck: f64, random: &mut Random) -> f64,
}

const PEERS: [Peer; 5] = [
    // min = 1000 + random * 4000, drawn once per load of the script; grows by 1.3 up to 10 s; the first redial waits min.
    Peer {
        name: "reconnecting-websocket 4.4.0",
        wait: |n, luck, _| ((1_000.0 + luck * 4_000.0) * 1.3_f64.powi(n)).min(10_000.0),
    },
    Peer {
        name: "partysocket 1.3.0",
        wait: |n, _, _| (3_000.0 * 1.3_f64.powi(n)).min(10_000.0),
    },
    // Twice as long each time, half of it up or down, then the cap.
    Peer {
        name: "socket.io-client 4.8.4",
        wait: |n, _, random| {
            let base = 1_000.0 * 2_f64.powi(n);
            (base + (unit(random) - 0.5) * base).min(5_000.0)
        },
    },
    Peer {
        name: "@stomp/stompjs 7.5.0",
        wait: |_, _, _| 5_000.0,
    },
    Peer {
        name: "websocket-ts 2.3.0, ConstantBackoff(1 s)",
        wait: |_, _, _| 1_000.0,
    },
];

/// What one formula does.
struct Outcome {
    /// When each dial was, in milliseconds since the outage began.
    dials: Vec<f64>,
    /// When each client was back.
    back: Vec<f64>,
}

fn main() {
    let mut random = Random::new(SEED);
    for peer in &PEERS {
        print(peer.name, model(peer, &mut random));
    }
    print("everwire", simulate());
}

fn model(peer: &Peer, random: &mut Random) -> Outcome {
    let mut outcome = Outcome {
        dials: Vec::new(),
        back: Vec::new(),
    };
    for _ in 0..CLIENTS {
        let luck = unit(random);
        let mut at = unit(random) * CLOSES_WITHIN_MS;
        for n in 0.. {
            at += (peer.wait)(n, luck, random);
            if at > WATCHED_MS {
                break;
            }
            outcome.dials.push(at);
            at += REFUSAL_MS;
            if at > OUTAGE_MS {
                outcome.back.push(at);
                break;
            }
        }
    }
    outcome
}

fn simulate() -> Outcome {
    let mut world = World::new(SEED);
    for _ in 0..CLIENTS {
        let client = world.add_client(LinkConfig::default(), OutboxConfig::default());
        let start = world.random().within(Span::from_millis(10_000));
        world.after(start, move |world| world.start(client));
    }
    world.run(Span::from_millis(20_000));
    let down = world.now();
    world.kill_server();
    world.run(Span::from_millis(OUTAGE_MS as u64));
    world.start_server();
    world.run(Span::from_millis((WATCHED_MS - OUTAGE_MS) as u64));
    let since = |at: Time| at.as_millis_f64() - down.as_millis_f64();
    let clients = world.clients();
    Outcome {
        dials: clients
            .iter()
            .flat_map(|client| client.dials.iter().map(|&at| since(at)))
            .filter(|&at| at >= 0.0)
            .collect(),
        back: clients
            .iter()
            .filter_map(|client| client.states.last().map(|state| since(state.0)))
            .collect(),
    }
}

fn print(name: &str, outcome: Outcome) {
    let mut windows = vec![0_u32; (WATCHED_MS / WINDOW_MS) as usize];
    for at in &outcome.dials {
        if let Some(window) = windows.get_mut((at / WINDOW_MS) as usize) {
            *window += 1;
        }
    }
    let mut back = outcome.back;
    back.sort_by(f64::total_cmp);
    let p95 = back
        .get(CLIENTS * 95 / 100)
        .map_or(f64::NAN, |at| (at - OUTAGE_MS).max(0.0));
    let recovery = (OUTAGE_MS / WINDOW_MS) as usize;
    let peak = |windows: &[u32]| windows.iter().max().copied().unwrap_or_default();
    println!(
        r#"{{"name":"{name}","peak":{},"peakAfterRecovery":{},"p95BackMs":{p95:.0},"dialsPerClient":{:.1},"windows":{windows:?}}}"#,
        peak(&windows),
        peak(&windows[recovery..]),
        outcome.dials.len() as f64 / CLIENTS as f64,
    );
}

/// Uniform in [0, 1).
fn unit(random: &mut Random) -> f64 {
    random.below(1 << 32) as f64 / f64::from(u32::MAX)
}
