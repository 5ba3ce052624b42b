//! When silence means that the connection is dead.

use everwire_core::Span;
use everwire_core::protocol::sockjs::{Arrival, Cause, HeartbeatCheck, Input, Received, Transport};

use crate::rig::{Rig, checking, end, ms};

fn beat(rig: &mut Rig, after: u64) {
    rig.pass(after);
    assert_eq!(rig.receive(Arrival::Heartbeat), Received::Heartbeat);
}

#[test]
fn without_a_rhythm_silence_proves_nothing() {
    for transport in Transport::ALL {
        let mut rig = Rig::open(transport);
        for _ in 0..3 {
            assert_eq!(rig.wait(), None, "{transport:?}");
            beat(&mut rig, 25_000);
        }
    }
}

#[test]
fn four_heartbeats_make_a_rhythm_whose_end_is_noticed() {
    for transport in Transport::ALL {
        let mut rig = Rig::open(transport);
        for _ in 0..4 {
            beat(&mut rig, 25_000);
        }
        assert_eq!(rig.wait(), Some(ms(62_500)));
        assert_eq!(rig.wake(), end(1, 1006, Cause::Silence, false));
    }
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    for _ in 0..4 {
        beat(&mut rig, 25_000);
    }
    rig.pass(60_000);
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Deliver);
    assert_eq!(rig.wait(), Some(ms(62_500)));
}

#[test]
fn heartbeats_that_a_stall_let_through_together_are_no_fast_rhythm() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    for _ in 0..4 {
        beat(&mut rig, 25_000);
    }
    beat(&mut rig, 60_000);
    beat(&mut rig, 0);
    assert_eq!(rig.wait(), Some(ms(150_000)));
    beat(&mut rig, 10_000);
    assert_eq!(rig.wait(), Some(ms(150_000)));
    beat(&mut rig, 25_000);
    assert_eq!(rig.wait(), Some(ms(62_500)));
}

#[test]
fn a_fast_rhythm_still_leaves_ten_seconds() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    for _ in 0..4 {
        beat(&mut rig, 100);
    }
    assert_eq!(rig.wait(), Some(ms(10_000)));
}

#[test]
fn a_given_limit_holds_over_http_at_once_and_on_websocket_after_the_first_heartbeat() {
    let check = HeartbeatCheck::After(ms(40_000));
    assert_eq!(
        checking(Transport::XhrStreaming, check).wait(),
        Some(ms(40_000))
    );
    let mut rig = checking(Transport::WebSocket, check);
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Deliver);
    assert_eq!(rig.wait(), None);
    beat(&mut rig, 1);
    assert_eq!(rig.wait(), Some(ms(40_000)));
}

#[test]
fn without_a_check_silence_never_ends_a_session() {
    for check in [HeartbeatCheck::Never, HeartbeatCheck::After(Span::MAX)] {
        let mut rig = checking(Transport::XhrStreaming, check);
        for _ in 0..5 {
            beat(&mut rig, 1_000);
        }
        assert_eq!(rig.wait(), None);
    }
}

#[test]
fn a_page_that_slept_hears_what_came_meanwhile_before_it_judges() {
    let mut rig = checking(Transport::XhrStreaming, HeartbeatCheck::After(ms(40_000)));
    rig.pass(3_600_000);
    assert!(rig.input(Input::Tick).is_empty());
    assert_eq!(rig.wait(), Some(ms(5_000)));
    assert_eq!(rig.receive(Arrival::Heartbeat), Received::Heartbeat);
    assert_eq!(rig.wait(), Some(ms(40_000)));
    // And the next sleep is forgiven as well, if there was life in between.
    rig.pass(3_600_000);
    assert!(rig.input(Input::Tick).is_empty());
    assert_eq!(rig.wake(), end(1, 1006, Cause::Silence, false));
}
