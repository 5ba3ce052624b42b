//! When a shell may write a message past the outbox.

use everwire_core::send::{
    OutboxConfig, Policy, RateLimit, RateOverflow, SendOptions, Status, TopicId,
};

use crate::rig::{Rig, ms};

const MAIN: TopicId = TopicId(0);

/// What the bypass promises: a message sent through the outbox instead would be written at once and leave nothing behind.
#[test]
fn the_bypass_is_open_only_where_a_message_would_be_written_at_once() {
    let mut rig = Rig::up();
    let high_water = OutboxConfig::default().high_water;
    assert_eq!(rig.outbox.bypass(), Some(high_water));
    let sent = rig.send(MAIN, "a");
    assert_eq!(rig.statuses[sent].last(), Some(&Status::Written));
    assert_eq!(rig.outbox.bypass(), Some(high_water));

    let throttled = rig.topic(Policy::throttle(ms(100)));
    rig.send(throttled, "leading");
    assert_eq!(rig.outbox.bypass(), Some(high_water));
    rig.send(throttled, "paced");
    assert_eq!(rig.outbox.bypass(), None);
    rig.at(100);
    assert_eq!(rig.outbox.bypass(), Some(high_water));

    rig.block();
    rig.send(MAIN, "queued");
    assert_eq!(rig.outbox.bypass(), None);
    rig.cancel_all();
    assert_eq!(rig.outbox.bypass(), Some(high_water));
    rig.link_down();
    assert_eq!(rig.outbox.bypass(), None);
    rig.link_up();
    assert_eq!(rig.outbox.bypass(), Some(high_water));
    let now = rig.time();
    rig.outbox.start_closing(now, true);
    assert_eq!(rig.outbox.bypass(), None);
    rig.outbox.terminate();
    assert_eq!(rig.outbox.bypass(), None);
}

#[test]
fn nothing_goes_past_what_waits_for_a_confirmation_or_a_limit() {
    let mut rig = Rig::up();
    let with_id = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    let kept = rig.send_with(MAIN, "kept", with_id);
    assert_eq!(rig.outbox.bypass(), None);
    rig.ack(kept);
    assert!(rig.outbox.bypass().is_some());

    let mut limited = Rig::with(OutboxConfig {
        rate: Some(RateLimit {
            per_token: ms(1_000),
            burst: 10,
            overflow: RateOverflow::Queue,
        }),
        ..OutboxConfig::default()
    });
    assert_eq!(limited.outbox.bypass(), None);
    limited.send(MAIN, "a");
    assert_eq!(limited.outbox.bypass(), None);
}

/// An empty socket always gets one frame, so a mark of 0 must not close the bypass for it.
#[test]
fn a_high_water_mark_of_zero_lets_a_message_past_to_an_empty_socket() {
    let rig = Rig::with(OutboxConfig {
        high_water: 0,
        ..OutboxConfig::default()
    });
    assert_eq!(rig.outbox.bypass(), Some(1));
}
