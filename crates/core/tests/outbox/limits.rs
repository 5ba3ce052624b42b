//! Budget, overflow rules, rate limits, back-pressure.

use everwire_core::send::{
    DRAIN_POLL_MAX, DRAIN_POLL_MIN, DropReason, Frame, OutboxConfig, Overflow, Policy, RateLimit,
    RateOverflow, SendError, SendOptions, Status, TopicConfig, TopicId,
};
use everwire_core::{Span, Time};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);

fn bounded(max_messages: usize, overflow: Overflow) -> Rig {
    let config = OutboxConfig {
        max_messages,
        max_bytes: 100,
        overflow,
        ..OutboxConfig::default()
    };
    Rig::down(OutboxConfig {
        ramp: None,
        ..config
    })
}

fn sized(rig: &mut Rig, name: &str, size: usize) -> Result<usize, SendError> {
    rig.try_send(MAIN, None, Msg(name.into(), size), SendOptions::default())
}

#[test]
fn one_budget_covers_paced_queued_and_kept_messages() {
    let mut rig = bounded(3, Overflow::Reject);
    rig.link_up();
    let with_id = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    let kept = rig.send_with(MAIN, "kept", with_id);
    let topic = rig.topic(Policy::debounce(ms(100)));
    rig.send(topic, "paced");
    rig.block();
    rig.send(MAIN, "queued");
    assert_eq!(rig.outbox.counters().queued_messages, 3);
    assert_eq!(sized(&mut rig, "more", 1), Err(SendError::QueueFull));
    rig.ack(kept);
    assert!(sized(&mut rig, "more", 1).is_ok());
    assert_eq!(sized(&mut rig, "more", 1), Err(SendError::QueueFull));
}

#[test]
fn a_message_larger_than_the_budget_is_too_large_whatever_the_rule() {
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let mut rig = bounded(3, overflow);
        sized(&mut rig, "a", 1).unwrap();
        assert_eq!(sized(&mut rig, "b", 101), Err(SendError::TooLarge));
        assert_eq!(rig.outbox.counters().queued_messages, 1);
        rig.cancel_all();
        assert!(sized(&mut rig, "c", 100).is_ok());
    }
}

#[test]
fn a_replacement_needs_only_the_room_that_the_old_value_leaves() {
    let mut rig = bounded(1, Overflow::Reject);
    let topic = rig.topic(Policy::conflate());
    let send = |rig: &mut Rig, size| {
        rig.try_send(topic, None, Msg("x".into(), size), SendOptions::default())
    };
    send(&mut rig, 60).unwrap();
    send(&mut rig, 100).unwrap();
    assert_eq!(rig.outbox.counters().queued_bytes, 100);
}

#[test]
fn drop_oldest_makes_room_across_lanes_and_paced_values() {
    let mut rig = bounded(3, Overflow::DropOldest);
    rig.link_up();
    rig.block();
    let topic = rig.topic(Policy::debounce(ms(100)));
    let paced = rig.send(topic, "paced");
    let high = SendOptions {
        lane: Some(everwire_core::send::Lane::Control),
        ..SendOptions::default()
    };
    let control = rig.send_with(MAIN, "control", high);
    let normal = rig.send(MAIN, "normal");
    rig.send(MAIN, "one more");
    assert_eq!(rig.last(paced), Status::Dropped(DropReason::Overflow));
    rig.send(MAIN, "and more");
    assert_eq!(rig.last(control), Status::Dropped(DropReason::Overflow));
    assert_eq!(rig.last(normal), Status::Queued);
    rig.unblock();
    rig.at(1_000);
    assert_eq!(rig.order(), ["normal", "one more", "and more"]);
}

#[test]
fn drop_oldest_makes_as_much_room_as_needed_and_no_more() {
    let mut rig = bounded(10, Overflow::DropOldest);
    let handles: Vec<_> = (0..5).map(|_| sized(&mut rig, "x", 20).unwrap()).collect();
    sized(&mut rig, "big", 50).unwrap();
    let dropped = handles.iter().filter(|h| rig.ended(**h)).count();
    assert_eq!(dropped, 3);
    assert_eq!(rig.outbox.counters().queued_bytes, 90);
}

#[test]
fn drop_oldest_never_touches_what_is_kept_for_a_resend() {
    let mut rig = bounded(2, Overflow::DropOldest);
    rig.link_up();
    let with_id = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    let kept = rig.send_with(MAIN, "kept", with_id);
    rig.link_down();
    let old = rig.send(MAIN, "old");
    let new = rig.send(MAIN, "new");
    assert_eq!(rig.last(kept), Status::Unknown);
    assert_eq!(rig.last(old), Status::Dropped(DropReason::Overflow));
    // Nothing is sacrificed for a message that would not fit even then.
    let msg = Msg("huge".into(), 100);
    let huge = rig.try_send(MAIN, None, msg, SendOptions::default());
    assert_eq!(huge, Err(SendError::QueueFull));
    assert_eq!(rig.last(new), Status::Queued);
}

#[test]
fn drop_oldest_never_drops_the_value_that_is_being_replaced() {
    let mut rig = bounded(2, Overflow::DropOldest);
    let topic = rig.topic(Policy::conflate());
    let send = |rig: &mut Rig, size| {
        rig.try_send(topic, None, Msg("x".into(), size), SendOptions::default())
            .unwrap()
    };
    let old = send(&mut rig, 10);
    let other = sized(&mut rig, "other", 50).unwrap();
    let new = send(&mut rig, 60);
    assert_eq!(rig.last(other), Status::Dropped(DropReason::Overflow));
    let by = rig.ticket(new).unwrap();
    assert_eq!(rig.last(old), Status::Superseded { by, merged: false });
}

#[test]
fn drop_newest_tells_the_handle() {
    let mut rig = bounded(1, Overflow::DropNewest);
    sized(&mut rig, "a", 1).unwrap();
    let dropped = sized(&mut rig, "b", 1).unwrap();
    assert_eq!(
        rig.statuses[dropped],
        [Status::Dropped(DropReason::Overflow)]
    );
    rig.link_up();
    assert_eq!(rig.order(), ["a"]);
}

#[test]
fn a_topics_overflow_rule_goes_before_the_outboxes() {
    let mut rig = bounded(1, Overflow::Reject);
    let overflow = Some(Overflow::DropOldest);
    let topic = rig.configured(TopicConfig {
        overflow,
        ..TopicConfig::default()
    });
    let old = rig.send(MAIN, "old");
    rig.send(topic, "new");
    assert_eq!(rig.last(old), Status::Dropped(DropReason::Overflow));
    assert_eq!(sized(&mut rig, "x", 1), Err(SendError::QueueFull));
}

fn limit(overflow: RateOverflow) -> RateLimit {
    RateLimit {
        per_token: ms(100),
        burst: 2,
        overflow,
    }
}

/// A rig with a topic under a limit of the topic, and one under a limit of the connection.
fn limited(overflow: RateOverflow) -> [(Rig, TopicId); 2] {
    let mut by_topic = Rig::up();
    let rate = Some(limit(overflow));
    let topic = by_topic.configured(TopicConfig {
        rate,
        ..TopicConfig::default()
    });
    let config = OutboxConfig {
        rate,
        ramp: None,
        ..OutboxConfig::default()
    };
    [(by_topic, topic), (Rig::with(config), MAIN)]
}

#[test]
fn rate_overflow_queue_waits_in_order() {
    for (mut rig, topic) in limited(RateOverflow::Queue) {
        for name in ["a", "b", "c", "d"] {
            rig.send(topic, name);
        }
        rig.at(1_000);
        assert_eq!(rig.writes(), [(0, "a"), (0, "b"), (100, "c"), (200, "d")]);
    }
}

#[test]
fn rate_overflow_conflate_keeps_the_newest_of_each_slot() {
    for (mut rig, topic) in limited(RateOverflow::Conflate) {
        let key = rig.slot(topic);
        rig.send(topic, "a");
        rig.send(topic, "b");
        let old = rig.send(topic, "c");
        rig.send_key(topic, key, "key 1");
        rig.send(topic, "d");
        rig.send_key(topic, key, "key 2");
        assert!(matches!(rig.last(old), Status::Superseded { .. }));
        rig.at(1_000);
        assert_eq!(
            rig.writes(),
            [(0, "a"), (0, "b"), (100, "d"), (200, "key 2")]
        );
    }
}

#[test]
fn rate_overflow_drop_oldest_drops_the_oldest_that_waits() {
    for (mut rig, topic) in limited(RateOverflow::DropOldest) {
        rig.send(topic, "a");
        rig.send(topic, "b");
        let waiting = rig.send(topic, "c");
        rig.send(topic, "d");
        assert_eq!(rig.last(waiting), Status::Dropped(DropReason::Rate));
        rig.at(1_000);
        assert_eq!(rig.writes(), [(0, "a"), (0, "b"), (100, "d")]);
    }
}

#[test]
fn rate_overflow_drop_newest_drops_the_new_one() {
    for (mut rig, topic) in limited(RateOverflow::DropNewest) {
        rig.send(topic, "a");
        rig.send(topic, "b");
        let dropped = rig.send(topic, "c");
        assert_eq!(rig.statuses[dropped], [Status::Dropped(DropReason::Rate)]);
        rig.at(100).send(topic, "d");
        assert_eq!(rig.writes(), [(0, "a"), (0, "b"), (100, "d")]);
    }
}

#[test]
fn rate_overflow_reject_fails_the_call() {
    for (mut rig, topic) in limited(RateOverflow::Reject) {
        rig.send(topic, "a");
        rig.send(topic, "b");
        let msg = Msg("c".into(), 1);
        let result = rig.try_send(topic, None, msg, SendOptions::default());
        assert_eq!(result, Err(SendError::RateLimited));
        rig.at(100).send(topic, "d");
        assert_eq!(rig.writes(), [(0, "a"), (0, "b"), (100, "d")]);
        // Without a link the offline rule and the budget decide.
        rig.link_down();
        for name in ["e", "f", "g"] {
            rig.send(topic, name);
        }
        rig.link_up();
        rig.at(10_000);
        assert_eq!(rig.order(), ["a", "b", "d", "e", "f", "g"]);
    }
}

#[test]
fn a_paced_value_without_a_token_is_dropped_by_a_rule_that_drops() {
    for rule in [RateOverflow::DropNewest, RateOverflow::Reject] {
        let mut rig = Rig::up();
        let policy = Policy::debounce(ms(10));
        let rate = Some(RateLimit {
            burst: 1,
            ..limit(rule)
        });
        let topic = rig.configured(TopicConfig {
            policy,
            rate,
            ..TopicConfig::default()
        });
        let (k1, k2) = (rig.slot(topic), rig.slot(topic));
        rig.send_key(topic, k1, "a");
        let dropped = rig.send_key(topic, k2, "b");
        rig.at(1_000);
        assert_eq!(rig.writes(), [(10, "a")]);
        assert_eq!(rig.last(dropped), Status::Dropped(DropReason::Rate));
    }
}

#[test]
fn a_batch_costs_one_token() {
    let mut rig = Rig::up();
    let policy = Policy::Batch {
        max_items: 3,
        max_bytes: 99,
        max_wait: Span::MAX,
    };
    let rate = Some(limit(RateOverflow::Queue));
    let topic = rig.configured(TopicConfig {
        policy,
        rate,
        ..TopicConfig::default()
    });
    for number in 0..9 {
        rig.send(topic, &number.to_string());
    }
    rig.at(1_000);
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(at, _, names)| (*at, names.len()))
        .collect();
    assert_eq!(frames, [(0, 3), (0, 3), (100, 3)]);
}

#[test]
fn no_credit_accrues_beyond_the_burst_offline_or_behind_a_blocked_link() {
    for (mut rig, topic) in limited(RateOverflow::Queue) {
        rig.link_down();
        for number in 0..8 {
            rig.send(topic, &number.to_string());
        }
        rig.at(3_600_000);
        rig.block();
        rig.link_up();
        rig.at(3_600_500);
        rig.unblock();
        rig.at(3_700_000);
        let times: Vec<_> = rig.writes().iter().map(|(at, _)| at - 3_600_500).collect();
        assert_eq!(times, [0, 0, 100, 200, 300, 400, 500, 600]);
    }
}

#[test]
fn a_token_set_aside_for_a_cancelled_message_goes_to_the_next() {
    let mut rig = Rig::up();
    let rate = Some(limit(RateOverflow::Queue));
    let topic = rig.configured(TopicConfig {
        rate,
        ..TopicConfig::default()
    });
    rig.block();
    let handles: Vec<_> = ["a", "b", "c"].map(|name| rig.send(topic, name)).into();
    assert_eq!(rig.last(handles[2]), Status::Paced);
    rig.cancel(handles[0]);
    assert_eq!(rig.last(handles[2]), Status::Queued);
    rig.unblock();
    assert_eq!(rig.writes(), [(0, "b"), (0, "c")]);
}

#[test]
fn scarce_connection_tokens_go_to_the_highest_lane() {
    let config = OutboxConfig {
        rate: Some(limit(RateOverflow::Queue)),
        ..OutboxConfig::default()
    };
    let mut rig = Rig::with(OutboxConfig {
        ramp: None,
        ..config
    });
    for name in ["1", "2", "3", "4"] {
        rig.send(MAIN, name);
    }
    let high = SendOptions {
        lane: Some(everwire_core::send::Lane::Rpc),
        ..SendOptions::default()
    };
    rig.send_with(MAIN, "urgent", high);
    rig.at(1_000);
    assert_eq!(rig.order(), ["1", "2", "urgent", "3", "4"]);
}

#[test]
fn a_full_socket_buffer_is_polled_with_growing_waits() {
    let mut rig = Rig::with(OutboxConfig {
        high_water: 10,
        ..OutboxConfig::default()
    });
    rig.buffered = 10;
    rig.send(MAIN, "a");
    let mut waits = Vec::new();
    for _ in 0..6 {
        let wake = rig.outbox.next_wake().unwrap();
        waits.push(wake.since(rig.time()).as_micros() / 1_000);
        // Looking earlier neither writes nor changes the wait.
        rig.pump();
        assert_eq!(rig.outbox.next_wake(), Some(wake));
        rig.now = wake.as_micros() / 1_000;
        rig.pump();
    }
    assert_eq!(waits, [5, 10, 20, 40, 50, 50]);
    assert_eq!((DRAIN_POLL_MIN, DRAIN_POLL_MAX), (ms(5), ms(50)));
    rig.buffered = 9;
    rig.pump();
    assert_eq!(rig.order(), ["a"]);
    assert_eq!(rig.outbox.next_wake(), None);
    rig.block();
    rig.send(MAIN, "b");
    assert_eq!(rig.outbox.next_wake(), Some(rig.time() + ms(5)));
}

#[test]
fn an_empty_socket_always_gets_one_frame() {
    let mut rig = Rig::with(OutboxConfig {
        high_water: 0,
        ..OutboxConfig::default()
    });
    rig.try_send(
        MAIN,
        None,
        Msg("big".into(), 1 << 20),
        SendOptions::default(),
    )
    .unwrap();
    assert_eq!(rig.order(), ["big"]);
}

#[test]
fn nothing_is_given_out_while_a_frame_is_in_hand_or_the_link_is_down() {
    let mut rig = Rig::down(OutboxConfig::default());
    let mut frame = Vec::new();
    rig.send(MAIN, "a");
    rig.send(MAIN, "b");
    let now = Time::ZERO;
    assert_eq!(rig.outbox.poll_write(now, 0, &mut frame), Frame::None);
    rig.outbox.up(now);
    assert_eq!(rig.outbox.poll_write(now, 0, &mut frame), Frame::Single);
    assert_eq!(rig.outbox.poll_write(now, 0, &mut frame), Frame::None);
    rig.outbox.wrote(now, true);
    assert_eq!(rig.outbox.poll_write(now, 0, &mut frame), Frame::Single);
}
