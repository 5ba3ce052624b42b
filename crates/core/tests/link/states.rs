//! Every input in every state.

use everwire_core::Time;
use everwire_core::link::{
    Cause, Input, LinkConfig, NetworkEvent, Output, PageEvent, PongTimeout, State, Verdict,
};

use crate::harness::{Rig, SECOND, dialed, heartbeat, millis};

fn reach(state: State, config: LinkConfig) -> Rig {
    let mut rig = Rig::new(config);
    match state {
        State::Idle => {}
        State::Connecting => drop(rig.input(Input::Start)),
        State::Open => rig = Rig::stable(config),
        State::Waiting => {
            rig = Rig::stable(config);
            rig.lost(1006);
        }
        State::Closing => {
            rig = Rig::open(config);
            rig.input(Input::Close);
        }
        State::Closed => drop(rig.input(Input::Terminate)),
    }
    assert_eq!(rig.state(), state);
    rig
}

const STATES: [State; 6] = [
    State::Idle,
    State::Connecting,
    State::Open,
    State::Waiting,
    State::Closing,
    State::Closed,
];

fn inputs(generation: u32) -> Vec<Input> {
    let closed = |generation, code, verdict| Input::SocketClosed {
        generation,
        code,
        clean: true,
        verdict,
    };
    let stale = generation.wrapping_sub(1);
    vec![
        Input::Start,
        Input::Reconnect,
        Input::Close,
        Input::Terminate,
        Input::Opened { generation },
        Input::Opened { generation: stale },
        Input::DialFailed {
            generation,
            verdict: Verdict::Default,
        },
        Input::DialFailed {
            generation,
            verdict: Verdict::RetryAfter(millis(0)),
        },
        Input::DialFailed {
            generation: stale,
            verdict: Verdict::Stop,
        },
        closed(generation, 1006, Verdict::Default),
        closed(generation, 1008, Verdict::Default),
        closed(generation, 1013, Verdict::Default),
        closed(generation, 1000, Verdict::Stop),
        closed(stale, 1006, Verdict::Stop),
        Input::Received { pong: false },
        Input::Received { pong: true },
        Input::Page(PageEvent::Visible),
        Input::Page(PageEvent::Hidden),
        Input::Page(PageEvent::Frozen),
        Input::Page(PageEvent::Resumed),
        Input::Network(NetworkEvent::Online),
        Input::Network(NetworkEvent::Offline),
        Input::RetryHint(millis(3_000)),
        Input::Tick,
    ]
}

#[test]
fn the_table_of_states_and_inputs_holds() {
    use State::{Closed, Closing, Connecting, Idle, Open, Waiting};
    let closed = |verdict| {
        move |generation| Input::SocketClosed {
            generation,
            code: 1006,
            clean: false,
            verdict,
        }
    };
    type Make = Box<dyn Fn(u32) -> Input>;
    // Columns as in STATES. The default rig has no heartbeat.
    let rows: Vec<(&str, Make, [State; 6])> = vec![
        (
            "start",
            Box::new(|_| Input::Start),
            [Connecting, Connecting, Open, Waiting, Closing, Connecting],
        ),
        ("reconnect", Box::new(|_| Input::Reconnect), [Connecting; 6]),
        (
            "close",
            Box::new(|_| Input::Close),
            [Closed, Closing, Closing, Closed, Closing, Closed],
        ),
        ("terminate", Box::new(|_| Input::Terminate), [Closed; 6]),
        (
            "opened",
            Box::new(|generation| Input::Opened { generation }),
            [Idle, Open, Open, Waiting, Closing, Closed],
        ),
        (
            "dial failed",
            Box::new(|generation| Input::DialFailed {
                generation,
                verdict: Verdict::Default,
            }),
            [Idle, Waiting, Waiting, Waiting, Closed, Closed],
        ),
        (
            "lost",
            Box::new(closed(Verdict::Default)),
            [Idle, Waiting, Waiting, Waiting, Closed, Closed],
        ),
        (
            "stop",
            Box::new(closed(Verdict::Stop)),
            [Idle, Closed, Closed, Waiting, Closed, Closed],
        ),
        (
            "stale loss",
            Box::new(move |generation| closed(Verdict::Default)(generation.wrapping_add(1))),
            STATES,
        ),
        (
            "received",
            Box::new(|_| Input::Received { pong: true }),
            STATES,
        ),
        (
            "visible",
            Box::new(|_| Input::Page(PageEvent::Visible)),
            [Idle, Connecting, Open, Connecting, Closing, Closed],
        ),
        (
            "hidden",
            Box::new(|_| Input::Page(PageEvent::Hidden)),
            STATES,
        ),
        (
            "frozen",
            Box::new(|_| Input::Page(PageEvent::Frozen)),
            STATES,
        ),
        (
            "resumed",
            Box::new(|_| Input::Page(PageEvent::Resumed)),
            [Idle, Connecting, Connecting, Connecting, Closing, Closed],
        ),
        (
            "online",
            Box::new(|_| Input::Network(NetworkEvent::Online)),
            [Idle, Connecting, Open, Connecting, Closing, Closed],
        ),
        (
            "offline",
            Box::new(|_| Input::Network(NetworkEvent::Offline)),
            STATES,
        ),
        (
            "hint",
            Box::new(|_| Input::RetryHint(millis(1_000))),
            STATES,
        ),
        ("early tick", Box::new(|_| Input::Tick), STATES),
    ];
    for (name, input, expected) in rows {
        for (state, expected) in STATES.into_iter().zip(expected) {
            let mut rig = reach(state, LinkConfig::default());
            rig.input(input(rig.link.generation()));
            assert_eq!(rig.state(), expected, "{name} in {state:?}");
        }
    }
}

fn configs() -> [LinkConfig; 4] {
    [
        LinkConfig::default(),
        LinkConfig {
            endpoints: 3,
            max_retries: Some(2),
            ..heartbeat(PongTimeout::Adaptive)
        },
        LinkConfig {
            reconnect: false,
            ..heartbeat(PongTimeout::Fixed(millis(500)))
        },
        LinkConfig {
            max_retries: Some(0),
            min_uptime: millis(0),
            fatal_codes: false,
            ..LinkConfig::default()
        },
    ]
}

#[test]
fn no_three_inputs_in_any_state_break_an_invariant() {
    fn descend(rig: &Rig, depth: u32) {
        if depth == 0 {
            return;
        }
        for input in inputs(rig.link.generation()) {
            let mut next = rig.clone();
            next.input(input);
            descend(&next, depth - 1);
        }
        // Deadlines, on time and an hour late.
        for late in [0, 3_600 * SECOND] {
            let mut next = rig.clone();
            if let Some(wake) = next.link.next_wake() {
                next.now = wake + millis(late);
                next.input(Input::Tick);
                descend(&next, depth - 1);
            }
        }
    }
    for config in configs() {
        for state in STATES {
            if state != State::Waiting || (config.reconnect && config.max_retries != Some(0)) {
                descend(&reach(state, config), 3);
            }
        }
    }
}

#[test]
fn long_random_histories_keep_the_invariants() {
    for seed in 0..200_u64 {
        let mut rig = Rig::seeded(configs()[seed as usize % 4], seed);
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..300 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let choices = inputs(rig.link.generation());
            rig.input(choices[random as usize % choices.len()]);
            rig.advance(random >> 32 & 0xfff);
        }
    }
}

#[test]
fn inputs_between_two_polls_keep_their_order() {
    let mut rig = Rig::new(LinkConfig::default());
    rig.link.handle(Time::ZERO, Input::Start);
    let connecting = Output::State {
        from: State::Idle,
        to: State::Connecting,
        cause: Cause::User,
    };
    assert_eq!(rig.link.poll(), Some(connecting));
    rig.link.handle(Time::ZERO, Input::Terminate);
    rig.link.handle(Time::ZERO, Input::Start);
    let rest: Vec<_> = std::iter::from_fn(|| rig.link.poll()).collect();
    assert_eq!(
        rest[0],
        Output::Dial {
            generation: 1,
            attempt: 0,
            endpoint: 0
        }
    );
    assert_eq!(rest[1], Output::Detach { generation: 1 });
    assert_eq!(
        rest.last(),
        Some(&Output::Dial {
            generation: 2,
            attempt: 0,
            endpoint: 0
        })
    );
}

#[test]
fn what_an_old_socket_reports_is_ignored() {
    let mut rig = Rig::open(LinkConfig::default());
    let old = rig.link.generation();
    assert!(dialed(&rig.input(Input::Reconnect)));
    assert_eq!(rig.input(Input::Opened { generation: old }), []);
    assert_eq!(
        rig.input(Input::SocketClosed {
            generation: old,
            code: 1006,
            clean: false,
            verdict: Verdict::Stop
        }),
        []
    );
    assert_eq!(rig.state(), State::Connecting);
}

#[test]
fn a_normal_life_tells_exactly_its_changes() {
    let mut rig = Rig::new(LinkConfig::default());
    let mut outputs = rig.input(Input::Start);
    outputs.extend(rig.opened());
    outputs.extend(rig.advance(60 * SECOND));
    assert_eq!(
        outputs,
        [
            Output::State {
                from: State::Idle,
                to: State::Connecting,
                cause: Cause::User
            },
            Output::Dial {
                generation: 1,
                attempt: 0,
                endpoint: 0
            },
            Output::State {
                from: State::Connecting,
                to: State::Open,
                cause: Cause::Opened
            },
        ]
    );
    assert_eq!(
        rig.link.next_wake(),
        None,
        "an open link without a heartbeat needs no timer"
    );
}

#[test]
fn reconnects_and_the_last_receive_are_readable() {
    let mut rig = Rig::stable(LinkConfig::default());
    assert_eq!(
        (rig.link.reconnects(), rig.link.last_received()),
        (0, Some(Time::ZERO))
    );
    rig.input(Input::Received { pong: false });
    assert_eq!(rig.link.last_received(), Some(rig.now));
    rig.lost(1006);
    rig.advance(2 * SECOND);
    rig.opened();
    assert_eq!(rig.link.reconnects(), 1);
}
