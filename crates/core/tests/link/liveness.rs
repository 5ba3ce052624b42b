//! Noticing a dead link, and not mistaking a sleeping page for one.

use everwire_core::link::{
    Cause, EndReason, Heartbeat, Input, LinkConfig, Output, PageEvent, PongTimeout, State,
};
use everwire_core::{Span, Time};

use crate::harness::{Rig, SECOND, detached, dialed, ended, heartbeat, millis, pinged};

fn adaptive() -> Rig {
    Rig::stable(heartbeat(PongTimeout::Adaptive))
}

/// Runs to the next ping.
fn to_ping(rig: &mut Rig) {
    for _ in 0..20_000 {
        if pinged(&rig.advance(1)) {
            return;
        }
    }
    panic!("no ping within 20 s");
}

fn pong(rig: &mut Rig, rtt: u64) {
    rig.advance(rtt);
    rig.input(Input::Received { pong: true });
}

#[test]
fn an_idle_link_is_pinged_after_80_to_100_percent_of_the_interval() {
    for seed in 0..50 {
        let mut rig = Rig::seeded(heartbeat(PongTimeout::Adaptive), seed);
        rig.input(Input::Start);
        rig.opened();
        assert!(!pinged(&rig.advance(8 * SECOND - 1)));
        assert!(pinged(&rig.advance(2 * SECOND + 1)));
    }
}

/// Clients that were connected together must not ping together for ever.
#[test]
fn pings_are_spread_over_the_last_fifth_of_the_interval() {
    let mut first: Vec<u64> = (0..50)
        .map(|seed| {
            let mut rig = Rig::seeded(heartbeat(PongTimeout::Adaptive), seed);
            rig.input(Input::Start);
            rig.opened();
            rig.advance(6 * SECOND);
            rig.link.next_wake().unwrap().since(Time::ZERO).as_micros() / 1_000
        })
        .collect();
    first.sort_unstable();
    assert!(first[0] < 8_500 && first[49] > 9_500, "{first:?}");
}

#[test]
fn the_next_ping_counts_from_the_last_receive() {
    let mut rig = adaptive();
    for _ in 0..100 {
        rig.input(Input::Received { pong: false });
        assert!(
            !pinged(&rig.advance(7 * SECOND)),
            "a busy link needs no pings"
        );
    }
    assert!(pinged(&rig.advance(3 * SECOND + 1)));
}

#[test]
fn a_receive_does_not_move_the_deadline() {
    let mut rig = adaptive();
    let wake = rig.link.next_wake();
    rig.advance(100);
    rig.input(Input::Received { pong: false });
    assert_eq!(rig.link.next_wake(), wake);
}

#[test]
fn silence_after_a_ping_is_detached_and_redialled_at_once() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    assert_eq!(rig.advance(1_999), []);
    assert_eq!(
        rig.advance(1),
        [
            Output::Detach { generation: 1 },
            Output::State {
                from: State::Open,
                to: State::Connecting,
                cause: Cause::Dead
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
fn a_link_that_dies_again_before_it_is_stable_backs_off() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    rig.advance(2 * SECOND);
    rig.opened();
    rig.input(Input::Page(PageEvent::Resumed));
    rig.advance(2 * SECOND);
    assert_eq!((rig.state(), rig.link.attempt()), (State::Waiting, 2));
    assert!(
        rig.wait() >= millis(1_500),
        "only the first death is redialled at once"
    );
}

#[test]
fn any_receive_is_a_sign_of_life_but_only_an_answer_is_a_sample() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    rig.advance(1_500);
    rig.input(Input::Received { pong: false });
    assert!(!detached(&rig.advance(5 * SECOND)));
    assert_eq!(rig.link.rtt(), None);
    to_ping(&mut rig);
    rig.input(Input::Received { pong: false });
    to_ping(&mut rig);
    pong(&mut rig, 120);
    // The harness looks at whole milliseconds, the ping left somewhere within one.
    let last = rig.link.rtt().unwrap().last;
    assert!((millis(120)..millis(121)).contains(&last), "{last:?}");
}

#[test]
fn the_timeout_follows_the_round_trips() {
    let mut rig = adaptive();
    for _ in 0..30 {
        to_ping(&mut rig);
        pong(&mut rig, 1_800);
    }
    to_ping(&mut rig);
    // Steady samples shrink the deviation, so that the timeout approaches the round trip but not the 2 s floor.
    assert!(!detached(&rig.advance(2 * SECOND - 1)));
    let smoothed = rig.link.rtt().unwrap().smoothed;
    assert!(
        (millis(1_800)..millis(1_801)).contains(&smoothed),
        "{smoothed:?}"
    );
    assert!(detached(&rig.advance(3_400)));
}

#[test]
fn detection_takes_at_most_the_interval_and_two_seconds_on_a_fast_link() {
    for seed in 0..100 {
        let mut rig = Rig::seeded(heartbeat(PongTimeout::Adaptive), seed);
        rig.input(Input::Start);
        rig.opened();
        for _ in 0..5 {
            to_ping(&mut rig);
            pong(&mut rig, 40);
        }
        let silent_since = rig.now;
        while rig.state() == State::Open {
            rig.advance(1);
        }
        assert!(rig.now.since(silent_since) <= millis(12_001));
        assert_eq!(rig.state(), State::Connecting, "dialled in the same step");
    }
}

#[test]
fn without_reconnecting_a_dead_link_ends() {
    let mut rig = Rig::stable(LinkConfig {
        reconnect: false,
        ..heartbeat(PongTimeout::Adaptive)
    });
    to_ping(&mut rig);
    let outputs = rig.advance(2 * SECOND);
    assert!(detached(&outputs));
    assert_eq!(ended(&outputs), Some(EndReason::ReconnectOff));
}

#[test]
fn a_timer_that_comes_late_is_no_proof_of_silence() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    // The answer waits in the event queue while the page's timers are throttled to one a minute.
    rig.sleep(60 * SECOND);
    let outputs = rig.input(Input::Tick);
    assert!(pinged(&outputs) && !detached(&outputs));
    rig.input(Input::Received { pong: true });
    assert_eq!(rig.state(), State::Open);
    assert!(!rig.link.suspect());
}

#[test]
fn a_second_late_silence_is_death() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    rig.sleep(60 * SECOND);
    rig.input(Input::Tick);
    rig.sleep(60 * SECOND);
    assert!(detached(&rig.input(Input::Tick)));
}

#[test]
fn a_peer_that_answers_no_pings_is_pinged_but_never_declared_dead() {
    let silent = Heartbeat {
        interval: millis(10 * SECOND),
        timeout: PongTimeout::Adaptive,
        answered: false,
    };
    let mut rig = Rig::stable(LinkConfig {
        heartbeat: Some(silent),
        ..LinkConfig::default()
    });
    let outputs = rig.advance(100 * SECOND);
    assert!((10..=13).contains(&outputs.len()), "{outputs:?}");
    assert!(
        outputs
            .iter()
            .all(|output| matches!(output, Output::Ping { generation: 1 }))
    );
}

#[test]
fn a_fixed_timeout_is_exact() {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Fixed(millis(300))));
    to_ping(&mut rig);
    assert!(!detached(&rig.advance(299)));
    assert!(dialed(&rig.advance(1)));
}

/// A shell may tell a receive only when it is woken. With a long timeout that is not the timeout, or pings would keep to it.
#[test]
fn while_an_answer_is_awaited_there_is_a_wake_per_interval_and_no_second_ping() {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Fixed(millis(35 * SECOND))));
    to_ping(&mut rig);
    for _ in 0..3 {
        let wait = rig.link.next_wake().unwrap().since(rig.now);
        assert!(wait >= millis(8 * SECOND) && wait <= millis(10 * SECOND));
        let wait = wait.as_micros().div_ceil(1_000);
        assert_eq!(rig.advance(wait), []);
    }
    rig.input(Input::Received { pong: false });
    assert!(!pinged(&rig.advance(8 * SECOND - 1)));
    assert!(pinged(&rig.advance(2 * SECOND + 1)));
    assert!(!detached(&rig.advance(35 * SECOND - 3_000)));
    assert!(detached(&rig.advance(3_000)));
}

#[test]
fn a_clock_jump_of_an_hour_neither_kills_nor_floods() {
    let mut forward = adaptive();
    forward.sleep(3_600 * SECOND);
    let outputs = forward.input(Input::Tick);
    assert!(pinged(&outputs) && outputs.len() == 1, "{outputs:?}");
    pong(&mut forward, 30);
    assert_eq!(forward.state(), State::Open);

    let mut back = adaptive();
    back.sleep(3_600 * SECOND);
    back.input(Input::Received { pong: false });
    back.now = back.now - Span::from_millis(3_600 * SECOND);
    assert_eq!(back.input(Input::Tick), []);
    assert_eq!(back.state(), State::Open);
}

#[test]
fn a_link_slower_than_the_floor_gets_more_time_after_a_death() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    assert!(detached(&rig.advance(2 * SECOND)));
    rig.opened();
    rig.advance(5 * SECOND);
    to_ping(&mut rig);
    pong(&mut rig, 3 * SECOND);
    assert_eq!(
        rig.state(),
        State::Open,
        "twice the floor after the first death"
    );
    to_ping(&mut rig);
    assert!(
        !detached(&rig.advance(5 * SECOND)),
        "and by the measured round trip from then on"
    );
}

#[test]
fn a_ping_of_an_old_socket_gives_no_sample_on_the_next_one() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    rig.advance(2 * SECOND);
    rig.opened();
    rig.input(Input::Received { pong: true });
    assert_eq!(rig.link.rtt(), None);
    to_ping(&mut rig);
    pong(&mut rig, 50);
    assert!(rig.link.rtt().unwrap().last < millis(51));
}

#[test]
fn an_answer_is_one_sample_and_ends_the_patience_after_a_death() {
    let mut rig = adaptive();
    to_ping(&mut rig);
    assert!(detached(&rig.advance(2 * SECOND)));
    rig.opened();
    rig.advance(5 * SECOND);
    to_ping(&mut rig);
    pong(&mut rig, 40);
    let sample = rig.link.rtt();
    pong(&mut rig, 500);
    assert_eq!(rig.link.rtt(), sample, "an answer that nobody asked for");
    to_ping(&mut rig);
    assert!(
        detached(&rig.advance(2 * SECOND)),
        "not twice the floor any more"
    );
}
