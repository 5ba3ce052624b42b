//! When a connection counts as good: what a new one inherits, and what a short one proves.

use everwire_core::Span;
use everwire_core::link::{
    Backoff, Input, Jitter, LinkConfig, NetworkEvent, Output, PageEvent, PongTimeout, State,
};

use crate::harness::{Rig, SECOND, detached, heartbeat};

fn two_endpoints() -> LinkConfig {
    LinkConfig {
        endpoints: 2,
        backoff: Backoff {
            jitter: Jitter::None,
            first_spread: Span::ZERO,
            ..Backoff::default()
        },
        ..LinkConfig::default()
    }
}

/// Where the next dial goes.
fn next_endpoint(rig: &mut Rig) -> Option<u32> {
    let due = rig.link.retry_at()?;
    let wait = due.since(rig.now).as_micros() / 1_000;
    rig.advance(wait).iter().find_map(|output| match output {
        Output::Dial { endpoint, .. } => Some(*endpoint),
        _ => None,
    })
}

#[test]
fn a_server_that_accepts_and_closes_is_left_for_the_next_endpoint() {
    let mut rig = Rig::open(two_endpoints());
    rig.lost(1006);
    assert_eq!(next_endpoint(&mut rig), Some(1));
}

#[test]
fn a_loss_reported_with_the_end_of_the_uptime_keeps_the_endpoint() {
    let mut rig = Rig::open(two_endpoints());
    rig.sleep(5 * SECOND);
    rig.lost(1006);
    assert_eq!(next_endpoint(&mut rig), Some(0));
}

#[test]
fn without_a_minimum_uptime_every_connection_is_a_good_one() {
    let mut rig = Rig::open(LinkConfig {
        min_uptime: Span::ZERO,
        ..two_endpoints()
    });
    for _ in 0..3 {
        rig.lost(1006);
        assert_eq!(rig.link.attempt(), 1);
        assert_eq!(next_endpoint(&mut rig), Some(0));
        rig.opened();
        assert_eq!(rig.link.attempt(), 0);
        assert_eq!(rig.link.next_wake(), None, "nothing is left to wait for");
    }
}

#[test]
fn a_new_socket_is_not_under_the_old_ones_suspicion() {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Adaptive));
    rig.input(Input::Page(PageEvent::Resumed));
    assert!(detached(&rig.advance(2 * SECOND)));
    assert!(!rig.link.suspect(), "there is no socket to suspect");
    rig.opened();
    assert!(!rig.link.suspect());
}

#[test]
fn only_an_open_socket_is_suspected() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.input(Input::Network(NetworkEvent::Offline));
    assert!(rig.link.suspect());
    rig.lost(1006);
    assert_eq!((rig.state(), rig.link.suspect()), (State::Waiting, false));
}

#[test]
fn what_arrives_before_the_link_is_open_is_no_sign_of_life() {
    let mut rig = Rig::new(heartbeat(PongTimeout::Adaptive));
    rig.input(Input::Start);
    rig.input(Input::Received { pong: true });
    assert_eq!((rig.link.last_received(), rig.link.rtt()), (None, None));
    rig.advance(300);
    rig.opened();
    assert_eq!(rig.link.last_received(), Some(rig.now));
}
