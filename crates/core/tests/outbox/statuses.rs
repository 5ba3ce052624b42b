//! The life of a send: every status, in order, ending once.

use everwire_core::send::{
    DropReason, OutboxConfig, OutboxEvent, Policy, RateLimit, SendError, SendOptions, Status,
    TopicConfig, TopicId,
};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);

fn acked() -> SendOptions {
    SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    }
}

fn with_id() -> SendOptions {
    SendOptions {
        resend: true,
        ..SendOptions::default()
    }
}

#[test]
fn a_plain_send_is_queued_and_written() {
    let mut rig = Rig::up();
    let handle = rig.send(MAIN, "a");
    assert_eq!(rig.statuses[handle], [Status::Queued, Status::Written]);
    assert!(rig.ended(handle));
}

#[test]
fn a_paced_send_goes_through_all_stages() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    let handle = rig.send(topic, "a");
    assert_eq!(rig.statuses[handle], [Status::Paced]);
    rig.at(100);
    assert_eq!(
        rig.statuses[handle],
        [Status::Paced, Status::Queued, Status::Written]
    );
}

#[test]
fn a_send_that_waits_for_a_token_is_paced() {
    let mut rig = Rig::up();
    let rate = Some(RateLimit::per_second(10, 1));
    let topic = rig.configured(TopicConfig {
        rate,
        ..TopicConfig::default()
    });
    let (first, second) = (rig.send(topic, "a"), rig.send(topic, "b"));
    assert_eq!(rig.statuses[first], [Status::Queued, Status::Written]);
    assert_eq!(rig.statuses[second], [Status::Paced]);
    rig.at(100);
    assert_eq!(
        rig.statuses[second],
        [Status::Paced, Status::Queued, Status::Written]
    );
}

#[test]
fn written_is_not_the_end_if_an_acknowledgement_is_expected() {
    for options in [acked(), with_id()] {
        let mut rig = Rig::up();
        let handle = rig.send_with(MAIN, "a", options);
        assert_eq!(rig.statuses[handle], [Status::Queued, Status::Written]);
        assert!(!rig.ended(handle));
        assert!(!rig.pending());
        assert!(rig.ack(handle));
        assert_eq!(rig.last(handle), Status::Acked);
        assert!(rig.ended(handle));
        assert!(!rig.ack(handle));
    }
}

#[test]
fn nothing_is_acknowledged_before_it_is_written() {
    let mut rig = Rig::up();
    rig.block();
    let handle = rig.send_with(MAIN, "a", acked());
    assert!(!rig.ack(handle));
    rig.unblock();
    assert!(rig.ack(handle));
}

#[test]
fn superseded_names_its_successor_and_whether_it_was_merged() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    rig.block();
    let one = rig.send(topic, "1");
    let (ticket, old) = rig.outbox.peek(topic, None).unwrap();
    assert_eq!((Some(ticket), old), (rig.ticket(one), &Msg("1".into(), 1)));
    let both = rig.send_with(
        topic,
        "1+2",
        SendOptions {
            merged: true,
            ..SendOptions::default()
        },
    );
    let by = rig.ticket(both).unwrap();
    assert_eq!(rig.last(one), Status::Superseded { by, merged: true });
    rig.unblock();
    assert_eq!(rig.order(), ["1+2"]);
}

#[test]
fn a_failed_send_leaves_the_old_value_of_the_slot() {
    let config = OutboxConfig {
        max_bytes: 10,
        ramp: None,
        ..OutboxConfig::default()
    };
    let mut rig = Rig::with(config);
    let topic = rig.topic(Policy::conflate());
    rig.block();
    let old = rig.send(topic, "old");
    let too_large = Msg("new".into(), 11);
    let merged = SendOptions {
        merged: true,
        ..SendOptions::default()
    };
    assert_eq!(
        rig.try_send(topic, None, too_large, merged),
        Err(SendError::TooLarge)
    );
    rig.send_with(MAIN, "filler", SendOptions::default());
    let too_much = Msg("new".into(), 10);
    assert_eq!(
        rig.try_send(topic, None, too_much, merged),
        Err(SendError::QueueFull)
    );
    assert_eq!(rig.statuses[old], [Status::Queued]);
    rig.unblock();
    assert_eq!(rig.order(), ["old", "filler"]);
}

#[test]
fn a_call_inside_the_window_without_trailing_edge_is_dropped_at_once() {
    let leading = Policy::Throttle {
        interval: ms(100),
        leading: true,
        trailing: false,
    };
    let mut rig = Rig::up();
    let topic = rig.topic(leading);
    rig.send(topic, "a");
    let refused = rig.at(10).send(topic, "b");
    assert_eq!(rig.statuses[refused], [Status::Dropped(DropReason::Policy)]);
    // Also while the leading value is still held up.
    rig.at(200);
    rig.block();
    rig.send(topic, "c");
    let refused = rig.send(topic, "d");
    assert_eq!(rig.statuses[refused], [Status::Dropped(DropReason::Policy)]);
    rig.unblock();
    assert_eq!(rig.order(), ["a", "c"]);
}

#[test]
fn time_to_live_ends_before_the_write_and_never_after() {
    let mut rig = Rig::up();
    let ttl = |millis| SendOptions {
        ttl: Some(ms(millis)),
        ..SendOptions::default()
    };
    let written = rig.send_with(MAIN, "written", ttl(10));
    rig.block();
    let queued = rig.send_with(MAIN, "queued", ttl(10));
    let topic = rig.topic(Policy::debounce(ms(100)));
    let paced = rig.send_with(topic, "paced", ttl(20));
    rig.at(9);
    assert_eq!(rig.last(queued), Status::Queued);
    rig.at(10);
    assert_eq!(rig.last(queued), Status::Expired);
    rig.at(20);
    assert_eq!(rig.last(paced), Status::Expired);
    rig.unblock();
    rig.at(1_000);
    assert_eq!(rig.order(), ["written"]);
    assert_eq!(rig.last(written), Status::Written);
    assert!(!rig.pending());
}

#[test]
fn a_topics_time_to_live_holds_for_its_sends() {
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        ttl: Some(ms(10)),
        ..TopicConfig::default()
    });
    rig.block();
    let handle = rig.send(topic, "a");
    // A write that becomes possible late does not carry a value that is over, timer or not.
    rig.now = 500;
    rig.unblock();
    assert_eq!(rig.last(handle), Status::Expired);
    assert!(rig.frames.is_empty());
}

#[test]
fn what_the_socket_refuses_is_dropped() {
    let mut rig = Rig::up();
    rig.socket_ok = false;
    let handle = rig.send(MAIN, "a");
    assert_eq!(
        rig.statuses[handle],
        [Status::Queued, Status::Dropped(DropReason::Refused)]
    );
    let with_id = rig.send_with(MAIN, "b", with_id());
    assert_eq!(rig.last(with_id), Status::Dropped(DropReason::Refused));
    assert_eq!(rig.outbox.counters().queued_bytes, 0);
}

#[test]
fn a_ticket_is_reused_only_after_its_end_was_polled() {
    let mut rig = Rig::up();
    let time = rig.time();
    let send = |rig: &mut Rig| {
        rig.outbox
            .send(time, MAIN, None, Msg("x".into(), 1), SendOptions::default())
            .unwrap()
    };
    let first = send(&mut rig);
    assert!(rig.outbox.cancel(first));
    let second = send(&mut rig);
    assert_ne!(first, second);
    assert_eq!(rig.outbox.status(first), Some(Status::Cancelled));
    while rig.outbox.poll_event().is_some() {}
    assert_eq!(rig.outbox.status(first), None);
    assert_eq!(send(&mut rig), first);
}

#[test]
fn events_say_which_status_is_the_last() {
    let mut rig = Rig::up();
    rig.block();
    let ticket = rig
        .outbox
        .send(rig.time(), MAIN, None, Msg("x".into(), 1), acked())
        .unwrap();
    let mut frame = Vec::new();
    rig.outbox.poll_write(rig.time(), 0, &mut frame);
    rig.outbox.wrote(rig.time(), true);
    assert!(rig.outbox.ack(ticket));
    let mut seen = Vec::new();
    while let Some(OutboxEvent::Status {
        status, terminal, ..
    }) = rig.outbox.poll_event()
    {
        seen.push((status, terminal));
    }
    let expected = [
        (Status::Queued, false),
        (Status::Written, false),
        (Status::Acked, true),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn counters_add_up() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    rig.send(MAIN, "written");
    let acknowledged = rig.send_with(MAIN, "acked", acked());
    rig.ack(acknowledged);
    rig.send_with(MAIN, "unknown", acked());
    rig.send_with(MAIN, "resent", with_id());
    rig.link_down();
    rig.send(topic, "superseded");
    rig.send_with(
        topic,
        "expired",
        SendOptions {
            ttl: Some(ms(5)),
            ..SendOptions::default()
        },
    );
    rig.at(5);
    let cancelled = rig.send(topic, "cancelled");
    rig.cancel(cancelled);
    rig.link_up();
    rig.block();
    rig.send(MAIN, "dropped");
    assert_eq!(rig.outbox.counters().queued_messages, 2);
    assert_eq!(rig.outbox.counters().queued_bytes, 2);
    rig.outbox.terminate();
    let counters = rig.outbox.counters();
    assert_eq!(counters.accepted, 8);
    assert_eq!(counters.written, 4);
    assert_eq!(counters.acked, 1);
    assert_eq!(counters.resent, 1);
    assert_eq!(counters.unknown, 2);
    assert_eq!(counters.superseded, 1);
    assert_eq!(counters.expired, 1);
    assert_eq!(counters.cancelled, 1);
    assert_eq!(counters.dropped, 1);
    assert_eq!((counters.queued_messages, counters.queued_bytes), (0, 0));
}
