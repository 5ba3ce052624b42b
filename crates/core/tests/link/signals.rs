//! Page and network signals: suspicion, probe, and waits cut short.

use everwire_core::Span;
use everwire_core::link::{
    Backoff, Cause, Heartbeat, Input, Jitter, LinkConfig, NetworkEvent, Output, PageEvent,
    PongTimeout, State, Verdict,
};

use crate::harness::{Rig, SECOND, detached, dialed, heartbeat, millis, pinged};

const ONLINE: Input = Input::Network(NetworkEvent::Online);
const OFFLINE: Input = Input::Network(NetworkEvent::Offline);
const VISIBLE: Input = Input::Page(PageEvent::Visible);
const RESUMED: Input = Input::Page(PageEvent::Resumed);

fn quiet() -> Rig {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Adaptive));
    rig.advance(SECOND);
    rig
}

#[test]
fn a_signal_probes_the_open_socket_and_silence_redials_within_a_second() {
    for signal in [ONLINE, VISIBLE, RESUMED] {
        let mut rig = quiet();
        assert!(pinged(&rig.input(signal)), "{signal:?}");
        assert!(rig.link.suspect());
        assert!(!detached(&rig.advance(999)));
        let outputs = rig.advance(1);
        assert!(detached(&outputs) && dialed(&outputs), "{signal:?}");
    }
}

#[test]
fn an_answer_clears_the_suspicion() {
    let mut rig = quiet();
    rig.input(RESUMED);
    rig.advance(900);
    rig.input(Input::Received { pong: true });
    assert!(!rig.link.suspect());
    assert!(!detached(&rig.advance(5 * SECOND)));
}

#[test]
fn more_signals_do_not_postpone_the_verdict() {
    let mut rig = quiet();
    rig.input(VISIBLE);
    for _ in 0..9 {
        rig.advance(100);
        assert!(!pinged(&rig.input(VISIBLE)));
    }
    assert!(dialed(&rig.advance(100)));
}

#[test]
fn a_probe_that_slept_with_the_page_is_asked_again() {
    let mut rig = quiet();
    rig.input(VISIBLE);
    rig.sleep(600 * SECOND);
    assert!(pinged(&rig.input(RESUMED)));
    assert!(!detached(&rig.advance(999)));
    assert!(dialed(&rig.advance(1)));
}

#[test]
fn a_page_that_turns_visible_right_after_a_message_is_not_probed() {
    let mut rig = quiet();
    rig.input(Input::Received { pong: false });
    rig.advance(500);
    assert_eq!(rig.input(VISIBLE), []);
    assert!(
        pinged(&rig.input(RESUMED)),
        "what waited in the queue of a frozen page proves nothing"
    );
}

#[test]
fn offline_is_a_suspicion_and_not_the_end() {
    let mut rig = quiet();
    assert_eq!(rig.input(OFFLINE), []);
    assert!(rig.link.suspect());
    assert_eq!(rig.state(), State::Open);
    rig.input(Input::Received { pong: false });
    assert!(!rig.link.suspect());
    rig.input(OFFLINE);
    assert!(
        pinged(&rig.input(ONLINE)),
        "online asks instead of trusting"
    );
}

#[test]
fn without_a_heartbeat_a_resumed_page_redials_and_other_signals_change_nothing() {
    let mut rig = Rig::stable(LinkConfig::default());
    for signal in [OFFLINE, ONLINE, VISIBLE] {
        assert_eq!(rig.input(signal), []);
    }
    let outputs = rig.input(RESUMED);
    assert_eq!(
        outputs[..2],
        [
            Output::Detach { generation: 1 },
            Output::State {
                from: State::Open,
                to: State::Connecting,
                cause: Cause::Resumed
            },
        ]
    );
    for config in [
        LinkConfig {
            reconnect: false,
            ..LinkConfig::default()
        },
        LinkConfig {
            max_retries: Some(0),
            ..LinkConfig::default()
        },
    ] {
        let mut native = Rig::stable(config);
        assert_eq!(
            native.input(RESUMED),
            [],
            "what could not be redialled is not given up on a guess"
        );
    }
}

#[test]
fn a_wait_is_cut_short_by_online_visible_and_resumed() {
    for signal in [ONLINE, VISIBLE, RESUMED] {
        let backoff = Backoff {
            first_spread: millis(60 * SECOND),
            ..Backoff::default()
        };
        let mut rig = Rig::stable(LinkConfig {
            backoff,
            ..LinkConfig::default()
        });
        rig.lost(1006);
        assert!(rig.wait() > millis(SECOND));
        assert!(dialed(&rig.input(signal)), "{signal:?}");
        assert_eq!(rig.link.attempt(), 1, "a signal is no fresh start");
    }
}

#[test]
fn signals_start_at_most_one_dial_a_second() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.lost(1006);
    let mut dials = 0;
    for _ in 0..1_000 {
        let mut outputs = rig.input(VISIBLE);
        outputs.extend(rig.advance(10));
        if dialed(&outputs) {
            dials += 1;
            rig.lost(1006);
        }
    }
    assert!((9..=12).contains(&dials), "{dials} dials in 10 s");
}

#[test]
fn signals_do_not_cut_what_server_or_user_asked_for() {
    let mut hinted = Rig::stable(LinkConfig::default());
    hinted.input(Input::RetryHint(millis(20 * SECOND)));
    hinted.lost(1013);
    assert!(!dialed(&hinted.input(ONLINE)));
    assert!(!dialed(&hinted.advance(20 * SECOND - 1)));
    assert!(dialed(&hinted.advance(1)), "but the spread after it is cut");

    let mut told = Rig::stable(LinkConfig::default());
    told.lost_with(4429, Verdict::RetryAfter(millis(20 * SECOND)));
    assert!(!dialed(&told.input(VISIBLE)));
    assert_eq!(told.wait(), millis(20 * SECOND));
}

#[test]
fn offline_keeps_a_wait_as_it_is() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.lost(1006);
    let wait = rig.wait();
    assert_eq!(rig.input(OFFLINE), []);
    assert_eq!(rig.wait(), wait);
    assert!(dialed(&rig.advance(2 * SECOND)));
}

#[test]
fn a_freeze_needs_no_timer_and_a_hint_needs_a_link() {
    let mut rig = Rig::stable(LinkConfig::default());
    assert_eq!(rig.input(Input::Page(PageEvent::Frozen)), []);
    assert_eq!(rig.link.next_wake(), None);
    let mut idle = Rig::new(LinkConfig::default());
    idle.input(Input::RetryHint(Span::MAX));
    assert!(dialed(&idle.input(Input::Start)));
}

/// Such a peer is pinged to keep the way open, but its silence means nothing.
#[test]
fn a_peer_that_does_not_answer_pings_cannot_be_probed() {
    let mut rig = Rig::stable(LinkConfig {
        heartbeat: Some(Heartbeat {
            interval: millis(10 * SECOND),
            timeout: PongTimeout::Adaptive,
            answered: false,
        }),
        ..LinkConfig::default()
    });
    assert_eq!(rig.input(ONLINE), []);
    assert!(!rig.link.suspect());
    assert!(dialed(&rig.input(RESUMED)));
}

#[test]
fn a_suspicion_outweighs_a_fresh_message() {
    let mut rig = quiet();
    rig.input(Input::Received { pong: false });
    rig.input(OFFLINE);
    assert!(pinged(&rig.input(VISIBLE)));
}

#[test]
fn a_page_that_turns_visible_right_after_a_loss_redials() {
    let mut rig = quiet();
    rig.input(Input::Received { pong: false });
    rig.lost(1006);
    assert!(dialed(&rig.input(VISIBLE)));
}

#[test]
fn offline_during_a_probe_neither_repeats_nor_postpones_it() {
    let mut rig = quiet();
    rig.input(ONLINE);
    rig.advance(500);
    rig.input(OFFLINE);
    assert_eq!(rig.input(ONLINE), []);
    assert!(dialed(&rig.advance(500)));
}

#[test]
fn a_signal_never_lengthens_a_wait() {
    let mut rig = Rig::new(LinkConfig {
        backoff: Backoff {
            min: millis(300),
            jitter: Jitter::None,
            first_spread: Span::ZERO,
            ..Backoff::default()
        },
        ..LinkConfig::default()
    });
    rig.input(Input::Start);
    rig.lost(1006);
    assert_eq!(rig.input(ONLINE), []);
    assert_eq!(rig.wait(), millis(300));
}

/// The usual ping waits two seconds for its answer, a probe one.
#[test]
fn a_signal_hurries_a_ping_that_is_already_out() {
    let mut rig = quiet();
    while !pinged(&rig.advance(10)) {}
    rig.advance(100);
    assert!(pinged(&rig.input(ONLINE)));
    assert!(dialed(&rig.advance(SECOND)));
}

#[test]
fn a_probe_takes_the_place_of_the_ping_that_was_due() {
    let mut rig = quiet();
    rig.now = rig.link.next_wake().unwrap() - millis(10);
    assert!(pinged(&rig.input(ONLINE)));
    assert!(!pinged(&rig.advance(900)));
}
