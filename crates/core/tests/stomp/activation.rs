//! The life of a client as `@stomp/stompjs` lives it, on a clock of the test's.

use everwire_core::protocol::stomp::{Action, Activation, Beats, Due, Growth, HeartBeat, Pulse};
use everwire_core::{Span, Time};

const LINEAR: Growth = Growth {
    exponential: false,
    max: Span::ZERO,
};

fn at(millis: u64) -> Time {
    Time::from_micros(millis * 1_000)
}

fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn actions(activation: &mut Activation) -> Vec<Action> {
    std::iter::from_fn(|| activation.poll()).collect()
}

fn prepared(activation: &mut Activation) -> u32 {
    match actions(activation).as_slice() {
        [Action::Prepare { generation }] => *generation,
        other => panic!("expected one attempt, not {other:?}"),
    }
}

#[test]
fn a_lost_connection_is_dialled_again_after_the_delay_each_time() {
    let mut activation = Activation::new(at(0), ms(5_000));
    let mut now = 0;
    for _ in 0..4 {
        let generation = prepared(&mut activation);
        assert!(activation.dialed(at(now), generation, Span::MAX));
        activation.closed(at(now), generation, 1006, false, 0.0);
        assert_eq!(
            actions(&mut activation),
            [Action::Retry { delay: ms(5_000) }]
        );
        now += 5_000;
        assert_eq!(activation.next_wake(), Some(at(now)));
        activation.tick(at(now), LINEAR);
    }
}

#[test]
fn growing_delays_double_up_to_the_limit_and_start_anew_with_connected() {
    let growth = Growth {
        exponential: true,
        max: ms(3_000),
    };
    let mut activation = Activation::new(at(0), ms(1_000));
    let mut now = at(0);
    let mut delays = Vec::new();
    for attempt in 0..6 {
        let generation = prepared(&mut activation);
        activation.dialed(now, generation, Span::MAX);
        if attempt == 4 {
            activation.connected(now, Beats::default(), 2.0, ms(1_000));
        }
        activation.closed(now, generation, 1006, false, 0.0);
        let [Action::Retry { delay }] = actions(&mut activation)[..] else {
            panic!("no retry");
        };
        delays.push(delay);
        now = activation.next_wake().unwrap();
        activation.tick(now, growth);
    }
    assert_eq!(delays, [1_000, 2_000, 3_000, 3_000, 1_000, 2_000].map(ms));
}

#[test]
fn spread_lengthens_a_wait_by_a_part_of_it_however_far_it_has_grown() {
    let growing = Growth {
        exponential: true,
        max: Span::ZERO,
    };
    let mut activation = Activation::new(at(0), ms(100));
    let mut now = 0;
    for delay in [140, 280, 560] {
        let generation = prepared(&mut activation);
        activation.closed(at(now), generation, 1006, false, 0.4);
        assert_eq!(
            actions(&mut activation),
            [Action::Retry { delay: ms(delay) }]
        );
        now += delay;
        activation.tick(at(now), growing);
    }
}

#[test]
fn a_delay_of_zero_means_no_redial() {
    let mut activation = Activation::new(at(0), Span::ZERO);
    let generation = prepared(&mut activation);
    activation.closed(at(0), generation, 1000, true, 0.0);
    assert_eq!(actions(&mut activation), []);
    assert_eq!(activation.next_wake(), None);
}

#[test]
fn the_connection_timeout_ends_with_connected_and_never_meets_the_next_attempt() {
    let mut activation = Activation::new(at(0), ms(100));
    let first = prepared(&mut activation);
    activation.dialed(at(0), first, ms(500));
    activation.closed(at(50), first, 1006, false, 0.0);
    actions(&mut activation);
    activation.tick(at(150), LINEAR);
    let second = prepared(&mut activation);
    activation.dialed(at(150), second, ms(500));
    activation.tick(at(600), LINEAR);
    assert_eq!(actions(&mut activation), []);
    activation.tick(at(650), LINEAR);
    assert_eq!(actions(&mut activation), [Action::TimedOut]);
    activation.tick(at(700), LINEAR);
    assert_eq!(actions(&mut activation), []);
}

#[test]
fn stale_numbers_are_ignored() {
    let mut activation = Activation::new(at(0), ms(100));
    let first = prepared(&mut activation);
    activation.closed(at(0), first, 1006, false, 0.0);
    activation.tick(at(100), LINEAR);
    actions(&mut activation);
    assert!(!activation.dialed(at(100), first, Span::MAX));
    activation.closed(at(100), first, 1006, false, 0.0);
    assert_eq!(actions(&mut activation), []);
    assert!(activation.dialed(at(100), first + 1, Span::MAX));
}

#[test]
fn deactivating_and_an_error_are_bounded_and_nothing_follows() {
    let mut activation = Activation::new(at(0), ms(100));
    let generation = prepared(&mut activation);
    activation.dialed(at(0), generation, Span::MAX);
    activation.connected(at(0), Beats::default(), 2.0, ms(100));
    activation.failed(at(0), ms(30));
    activation.deactivate(at(0), ms(50));
    activation.tick(at(30), LINEAR);
    assert_eq!(actions(&mut activation), [Action::CloseAfterError]);
    activation.tick(at(50), LINEAR);
    assert_eq!(actions(&mut activation), [Action::Abandon]);
    activation.closed(at(50), generation, 4001, false, 0.0);
    assert_eq!(actions(&mut activation), []);
    assert_eq!(activation.next_wake(), None);
}

fn pulse(send: u32, expect: u32) -> Pulse {
    let offer = HeartBeat { send, expect };
    let server = HeartBeat {
        send: expect,
        expect: send,
    };
    Pulse::new(at(0), offer.agree(server), 2.0)
}

#[test]
fn a_beat_goes_out_in_every_interval_however_late_the_clock_rings() {
    let mut pulse = pulse(10, 0);
    let beats = |pulse: &mut Pulse, times: &[u64]| -> Vec<bool> {
        times
            .iter()
            .map(|time| pulse.tick(at(*time)).beat)
            .collect()
    };
    assert_eq!(
        beats(&mut pulse, &[9, 10, 15, 20, 33, 40, 75, 80, 85]),
        [false, true, false, true, true, true, true, false, true]
    );
}

#[test]
fn silence_is_found_by_the_first_check_after_the_tolerance_and_by_each_one_after_it() {
    let mut pulse = pulse(0, 100);
    pulse.heard(at(90));
    let found: Vec<_> = (1..=5)
        .map(|check| pulse.tick(at(100 * check)).silence)
        .collect();
    assert_eq!(
        found,
        [None, None, Some(ms(210)), Some(ms(310)), Some(ms(410))]
    );
}

#[test]
fn a_check_that_slept_waits_for_what_may_still_be_delivered() {
    let mut pulse = pulse(0, 100);
    assert_eq!(pulse.tick(at(60_000)), Due::default());
    pulse.heard(at(60_001));
    assert_eq!(pulse.tick(at(61_000)).silence, Some(ms(999)));
    let mut fresh = self::pulse(0, 10_000);
    fresh.tick(at(60_000));
    fresh.heard(at(60_001));
    assert_eq!(fresh.tick(at(61_000)).silence, None);
}

#[test]
fn a_check_that_is_late_each_time_counts_the_second_time() {
    // A hidden page's timers ring once a minute.
    let mut pulse = pulse(0, 10_000);
    assert_eq!(pulse.tick(at(60_000)).silence, None);
    assert_eq!(pulse.tick(at(120_000)).silence, Some(ms(120_000)));
    let mut live = self::pulse(0, 10_000);
    for minute in 1..10 {
        live.heard(at(minute * 60_000 - 5_000));
        assert_eq!(live.tick(at(minute * 60_000)).silence, None);
    }
}
