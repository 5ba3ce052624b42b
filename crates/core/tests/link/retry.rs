//! When a lost link dials again, and when it does not.

use everwire_core::link::{
    Backoff, Cause, EndReason, Input, Jitter, Link, LinkConfig, LinkConfigError, Output,
    PongTimeout, State, Verdict,
};
use everwire_core::{Span, Time};

use crate::harness::{Rig, SECOND, dialed, ended, heartbeat, millis};

fn exact() -> LinkConfig {
    let backoff = Backoff {
        jitter: Jitter::None,
        first_spread: Span::ZERO,
        ..Backoff::default()
    };
    LinkConfig {
        backoff,
        ..LinkConfig::default()
    }
}

#[test]
fn the_first_redial_after_a_loss_falls_anywhere_in_the_first_spread() {
    let waits: Vec<_> = (0..400)
        .map(|seed| {
            let mut rig = Rig::seeded(LinkConfig::default(), seed);
            rig.input(Input::Start);
            rig.opened();
            rig.advance(5 * SECOND);
            rig.lost(1006);
            rig.wait().as_micros() / 1_000
        })
        .collect();
    assert!(waits.iter().all(|&wait| wait <= 2_000));
    for quarter in 0..4 {
        let share = waits.iter().filter(|&&wait| wait / 500 == quarter).count();
        assert!(
            (70..130).contains(&share),
            "{share} of 400 in quarter {quarter}"
        );
    }
}

#[test]
fn a_wait_is_announced_and_then_kept() {
    let mut rig = Rig::stable(exact());
    let outputs = rig.lost(1006);
    assert_eq!(
        outputs,
        [
            Output::State {
                from: State::Open,
                to: State::Waiting,
                cause: Cause::SocketClosed {
                    code: 1006,
                    clean: false
                }
            },
            Output::Retry {
                attempt: 1,
                delay: millis(1_000)
            },
        ]
    );
    assert!(!dialed(&rig.advance(999)));
    assert_eq!(
        rig.advance(1),
        [
            Output::State {
                from: State::Waiting,
                to: State::Connecting,
                cause: Cause::RetryDue
            },
            Output::Dial {
                generation: 2,
                attempt: 1,
                endpoint: 0
            },
        ]
    );
}

#[test]
fn each_failure_doubles_the_wait_up_to_the_cap() {
    let mut rig = Rig::new(exact());
    rig.input(Input::Start);
    let waits: Vec<_> = (0..6)
        .map(|_| {
            rig.lost(1006);
            let wait = rig.wait().as_micros() / 1_000_000;
            rig.advance(wait * SECOND);
            wait
        })
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
}

#[test]
fn a_server_that_accepts_and_closes_does_not_reset_the_backoff() {
    let mut rig = Rig::new(exact());
    rig.input(Input::Start);
    for expected in [1, 2, 4, 8, 10] {
        rig.opened();
        rig.advance(4 * SECOND);
        rig.lost(1000);
        assert_eq!(rig.wait(), millis(expected * SECOND));
        rig.advance(expected * SECOND);
    }
    rig.opened();
    rig.advance(5 * SECOND);
    assert_eq!(rig.link.attempt(), 0);
    rig.lost(1000);
    assert_eq!(rig.wait(), millis(SECOND));
}

#[test]
fn a_loss_reported_before_the_due_uptime_tick_still_counts_as_stable() {
    let mut rig = Rig::new(exact());
    rig.input(Input::Start);
    rig.lost(1006);
    rig.advance(SECOND);
    rig.opened();
    rig.sleep(6 * SECOND);
    rig.lost(1006);
    assert_eq!(rig.link.attempt(), 1);
}

#[test]
fn a_dial_without_an_answer_is_abandoned_after_the_connect_timeout() {
    let mut rig = Rig::new(exact());
    rig.input(Input::Start);
    assert_eq!(rig.advance(9_999), []);
    let outputs = rig.advance(1);
    assert_eq!(outputs[0], Output::Detach { generation: 1 });
    assert_eq!(
        outputs[1],
        Output::State {
            from: State::Connecting,
            to: State::Waiting,
            cause: Cause::ConnectTimeout
        }
    );
    let mut patient = Rig::new(LinkConfig {
        connect_timeout: Some(Span::MAX),
        ..exact()
    });
    patient.link.handle(Time::ZERO, Input::Start);
    assert_eq!(patient.link.next_wake(), None);
}

#[test]
fn a_rejecting_provider_is_retried_and_never_stuck() {
    let mut rig = Rig::new(exact());
    rig.input(Input::Start);
    for generation in 1..20 {
        rig.input(Input::DialFailed {
            generation,
            verdict: Verdict::Default,
        });
        assert_eq!(rig.state(), State::Waiting);
        rig.advance(10 * SECOND);
        assert_eq!(
            (rig.state(), rig.link.generation()),
            (State::Connecting, generation + 1)
        );
    }
}

#[test]
fn close_codes_that_a_retry_cannot_cure_end_the_link() {
    for code in [1002, 1003, 1007, 1008, 1009, 1010] {
        let mut rig = Rig::stable(exact());
        assert_eq!(ended(&rig.lost(code)), Some(EndReason::Fatal), "{code}");
        let mut drop_in = Rig::stable(LinkConfig {
            fatal_codes: false,
            ..exact()
        });
        drop_in.lost(code);
        assert_eq!(drop_in.wait(), millis(SECOND), "{code}");
    }
    for code in [1000, 1001, 1005, 1006, 1011, 1015, 3000, 4000, 4401] {
        let mut rig = Rig::stable(exact());
        rig.lost(code);
        assert_eq!(rig.wait(), millis(SECOND), "{code}");
    }
}

#[test]
fn a_goodbye_to_everybody_adds_a_spread() {
    for code in [1012, 1013] {
        let waits: Vec<_> = (0..100)
            .map(|seed| {
                let mut rig = Rig::seeded(exact(), seed);
                rig.input(Input::Start);
                rig.opened();
                rig.advance(5 * SECOND);
                rig.lost(code);
                rig.wait()
            })
            .collect();
        assert!(
            waits
                .iter()
                .all(|wait| (millis(1_000)..=millis(3_000)).contains(wait))
        );
        assert!(
            waits.iter().any(|&wait| wait < millis(1_500))
                && waits.iter().any(|&wait| wait > millis(2_500))
        );
    }
}

#[test]
fn the_users_verdict_overrides_the_code() {
    let mut stop = Rig::stable(exact());
    assert_eq!(
        ended(&stop.lost_with(4403, Verdict::Stop)),
        Some(EndReason::Fatal)
    );
    let mut retry = Rig::stable(exact());
    retry.lost_with(1008, Verdict::Retry);
    assert_eq!(retry.wait(), millis(SECOND));
    let mut after = Rig::stable(LinkConfig::default());
    after.lost_with(4401, Verdict::RetryAfter(millis(42)));
    assert_eq!(after.wait(), millis(42));
    let mut now = Rig::stable(exact());
    assert!(dialed(
        &now.lost_with(4401, Verdict::RetryAfter(Span::ZERO))
    ));
    now.lost_with(4401, Verdict::RetryAfter(Span::ZERO));
    assert_eq!(
        now.wait(),
        millis(10),
        "an override cannot make the link spin"
    );
}

#[test]
fn the_limit_counts_consecutive_failures_and_a_start_revives() {
    let mut rig = Rig::new(LinkConfig {
        max_retries: Some(2),
        ..exact()
    });
    for revive in [Input::Start, Input::Reconnect] {
        rig.input(revive);
        for _ in 0..2 {
            assert_eq!(ended(&rig.lost(1006)), None);
            rig.advance(10 * SECOND - 1);
            assert_eq!(rig.state(), State::Connecting);
        }
        assert_eq!(ended(&rig.lost(1006)), Some(EndReason::RetriesExhausted));
    }
    let mut stable = Rig::stable(LinkConfig {
        max_retries: Some(2),
        ..exact()
    });
    for _ in 0..10 {
        assert_eq!(ended(&stable.lost(1006)), None);
        stable.advance(SECOND);
        stable.opened();
        stable.advance(5 * SECOND);
    }
}

#[test]
fn with_zero_retries_or_without_reconnecting_the_first_loss_ends_the_link() {
    let mut zero = Rig::stable(LinkConfig {
        max_retries: Some(0),
        ..exact()
    });
    assert_eq!(ended(&zero.lost(1000)), Some(EndReason::RetriesExhausted));
    let mut off = Rig::stable(LinkConfig {
        reconnect: false,
        ..exact()
    });
    assert_eq!(
        ended(&off.lost_with(1000, Verdict::Retry)),
        Some(EndReason::ReconnectOff)
    );
}

#[test]
fn a_failure_moves_to_the_next_endpoint_and_a_good_one_is_kept() {
    let endpoint = |outputs: &[Output]| {
        outputs.iter().find_map(|output| match output {
            Output::Dial { endpoint, .. } => Some(*endpoint),
            _ => None,
        })
    };
    let mut rig = Rig::new(LinkConfig {
        endpoints: 3,
        ..exact()
    });
    assert_eq!(endpoint(&rig.input(Input::Start)), Some(0));
    let mut tried = Vec::new();
    for _ in 0..4 {
        rig.lost(1006);
        tried.extend(endpoint(&rig.advance(9_999)));
    }
    assert_eq!(tried, [1, 2, 0, 1]);
    assert_eq!(rig.state(), State::Connecting);
    rig.opened();
    rig.advance(5 * SECOND);
    rig.lost(1006);
    assert_eq!(
        endpoint(&rig.advance(SECOND)),
        Some(1),
        "the endpoint that was good is tried first"
    );
}

#[test]
fn the_servers_hint_is_a_floor_for_the_next_redial_and_spreads_the_herd() {
    let waits: Vec<_> = (0..100)
        .map(|seed| {
            let mut rig = Rig::seeded(LinkConfig::default(), seed);
            rig.input(Input::Start);
            rig.opened();
            rig.advance(5 * SECOND);
            rig.input(Input::RetryHint(millis(20 * SECOND)));
            rig.lost(1012);
            rig.wait()
        })
        .collect();
    assert!(
        waits
            .iter()
            .all(|wait| (millis(20_000)..=millis(25_000)).contains(wait))
    );
    assert!(
        waits.iter().any(|&wait| wait < millis(21_000))
            && waits.iter().any(|&wait| wait > millis(24_000))
    );
}

#[test]
fn a_hint_while_waiting_replaces_the_wait_and_one_that_ran_out_is_forgotten() {
    let mut rig = Rig::stable(exact());
    rig.lost(1006);
    let outputs = rig.input(Input::RetryHint(millis(30 * SECOND)));
    assert!(
        matches!(outputs[..], [Output::Retry { attempt: 1, delay }] if delay >= millis(30 * SECOND))
    );
    assert!(!dialed(&rig.advance(30 * SECOND - 1)));

    let mut old = Rig::stable(exact());
    old.input(Input::RetryHint(millis(30 * SECOND)));
    old.advance(40 * SECOND);
    old.lost(1006);
    assert_eq!(old.wait(), millis(SECOND));
}

#[test]
fn a_users_reconnect_ignores_hint_and_backoff() {
    let mut rig = Rig::stable(exact());
    rig.input(Input::RetryHint(millis(30 * SECOND)));
    rig.lost(1006);
    let outputs = rig.input(Input::Reconnect);
    assert!(outputs.contains(&Output::Dial {
        generation: 2,
        attempt: 0,
        endpoint: 0
    }));
    rig.lost(1006);
    assert_eq!(rig.wait(), millis(SECOND));
}

#[test]
fn two_clients_share_no_schedule_but_one_seed_repeats_its_own() {
    let schedule = |seed| {
        let mut rig = Rig::seeded(LinkConfig::default(), seed);
        rig.input(Input::Start);
        (0..8)
            .map(|_| {
                rig.lost(1006);
                let wait = rig.wait();
                rig.advance(wait.as_micros() / 1_000 + 1);
                wait
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(schedule(1), schedule(1));
    let all: std::collections::BTreeSet<_> = (0..1_000).map(schedule).collect();
    assert_eq!(all.len(), 1_000);
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let refused = |config| Link::new(config, 0).map(|_| ()).unwrap_err();
    let backoff = Backoff::default();
    let base = LinkConfig::default();
    assert_eq!(
        refused(LinkConfig {
            backoff: Backoff {
                min: millis(20_000),
                ..backoff
            },
            ..base
        }),
        LinkConfigError::MinAboveMax
    );
    for factor_milli in [0, 999, 1_000_001] {
        let backoff = Backoff {
            factor_milli,
            ..backoff
        };
        assert_eq!(
            refused(LinkConfig { backoff, ..base }),
            LinkConfigError::Factor
        );
    }
    assert_eq!(
        refused(LinkConfig {
            connect_timeout: Some(Span::ZERO),
            ..base
        }),
        LinkConfigError::ConnectTimeout
    );
    assert_eq!(
        refused(LinkConfig {
            endpoints: 0,
            ..base
        }),
        LinkConfigError::NoEndpoint
    );
    let beat = heartbeat(PongTimeout::Adaptive).heartbeat.unwrap();
    let with = |heartbeat| LinkConfig {
        heartbeat: Some(heartbeat),
        ..base
    };
    let mut short = beat;
    short.interval = millis(9);
    assert_eq!(refused(with(short)), LinkConfigError::HeartbeatInterval);
    short = beat;
    short.timeout = PongTimeout::Fixed(Span::ZERO);
    assert_eq!(refused(with(short)), LinkConfigError::HeartbeatTimeout);
    assert_eq!(
        LinkConfigError::Factor.to_string(),
        "factor must be between 1 and 1000"
    );
}
