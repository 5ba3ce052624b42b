//! Where two rules meet: a policy and an offline rule, a rate limit and a resend, a lane and an order.

use everwire_core::send::{
    Frame, Lane, Offline, Order, OutboxConfig, Policy, RateLimit, RateOverflow, SendError,
    SendOptions, Status, TopicConfig, TopicId,
};
use everwire_core::{Span, Time};

use crate::rig::{Msg, Rig, ms};

const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));

const BATCH: Policy = Policy::Batch {
    max_items: 3,
    max_bytes: usize::MAX,
    max_wait: Span::MAX,
};

fn now_in(lane: Lane) -> SendOptions {
    SendOptions {
        immediate: true,
        lane: Some(lane),
        ..SendOptions::default()
    }
}

#[test]
fn a_value_is_merged_with_what_the_next_send_would_replace_and_nothing_else() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    rig.block();
    rig.send(topic, "sum");
    assert_eq!(rig.outbox.peek(topic, None).unwrap().1.0, "sum");
    rig.send_now(topic, "now");
    assert!(rig.outbox.peek(topic, None).is_none());
    rig.send(topic, "next");
    assert_eq!(rig.outbox.peek(topic, None).unwrap().1.0, "next");
    rig.unblock();
    assert_eq!(rig.order(), ["sum", "now", "next"]);
}

#[test]
fn a_value_that_no_newer_one_contains_survives_an_outage_on_a_topic_that_merges() {
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        policy: Policy::conflate(),
        merges: true,
        ..TopicConfig::default()
    });
    rig.block();
    rig.send(topic, "one");
    rig.send_now(topic, "now");
    rig.send(topic, "two");
    rig.link_down();
    assert_eq!(rig.outbox.peek(topic, None).unwrap().1.0, "two");
    rig.unblock();
    rig.link_up();
    assert_eq!(rig.order(), ["one", "now", "two"]);
}

#[test]
fn a_value_forced_out_by_an_immediate_message_keeps_its_distance_to_the_next() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Conflate {
        min_interval: ms(100),
    });
    rig.send(topic, "a");
    rig.at(50).send(topic, "b");
    rig.at(60).send_now(topic, "now");
    rig.at(101).send(topic, "c");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "a"), (60, "b"), (60, "now"), (160, "c")]);
}

#[test]
fn a_topic_that_waits_for_its_resends_does_not_hold_up_the_others() {
    let mut rig = Rig::up();
    let slow = rig.configured(TopicConfig {
        rate: Some(RateLimit::per_second(1, 2)),
        ..TopicConfig::default()
    });
    let other = rig.topic(Policy::Immediate);
    let with_id = SendOptions {
        resend: true,
        expect_ack: true,
        ..SendOptions::default()
    };
    for name in ["slow 1", "slow 2"] {
        rig.send_with(slow, name, with_id);
    }
    let resent = rig.send_with(other, "other 1", with_id);
    rig.link_down();
    rig.at(500);
    rig.send(slow, "slow 3");
    rig.send(other, "other 2");
    rig.link_up();
    assert_eq!(rig.writes()[3..], [(500, "other 1"), (500, "other 2")]);
    assert_eq!(rig.last(resent), Status::Written);
    rig.at(10_000);
    assert_eq!(
        rig.writes()[5..],
        [(1_000, "slow 1"), (2_000, "slow 2"), (3_000, "slow 3")]
    );
}

#[test]
fn a_full_socket_buffer_is_looked_at_also_while_resends_wait_for_tokens() {
    let mut rig = Rig::up();
    let slow = rig.configured(TopicConfig {
        rate: Some(RateLimit::per_second(1, 1)),
        ..TopicConfig::default()
    });
    let with_id = SendOptions {
        resend: true,
        expect_ack: true,
        ..SendOptions::default()
    };
    rig.send_with(slow, "slow", with_id);
    rig.link_down();
    rig.link_up();
    assert_eq!(rig.outbox.next_wake(), Some(Time::from_micros(1_000_000)));
    rig.block();
    rig.send(TopicId(0), "other");
    rig.buffered = 0;
    rig.at(100);
    assert_eq!(rig.writes()[1..], [(5, "other")]);
}

#[test]
fn a_batch_behind_a_resend_that_waits_is_written_again_as_one_frame() {
    let mut rig = Rig::up();
    let slow = rig.configured(TopicConfig {
        rate: Some(RateLimit::per_second(1, 1)),
        ..TopicConfig::default()
    });
    let batch = rig.topic(BATCH);
    let with_id = SendOptions {
        resend: true,
        expect_ack: true,
        ..SendOptions::default()
    };
    rig.send_with(slow, "slow", with_id);
    for name in ["a", "b", "c"] {
        rig.send_with(batch, name, with_id);
    }
    rig.link_down();
    rig.link_up();
    let names = ["a", "b", "c"].map(String::from).to_vec();
    assert_eq!(rig.frames[2..], [(0, Frame::Batch, names)]);
    rig.at(2_000);
    assert_eq!(rig.writes()[7..], [(1_000, "slow")]);
}

#[test]
fn a_slot_used_only_after_the_close_is_forgotten_as_well() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let slot = rig.slot(topic);
    rig.outbox.terminate();
    let refused = rig.try_send(
        topic,
        Some(slot),
        Msg("a".into(), 1),
        SendOptions::default(),
    );
    assert_eq!(refused.err(), Some(SendError::Closed));
    rig.now = 1_000;
    rig.outbox.tick(rig.time());
    rig.pump();
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn slots_are_forgotten_without_a_link_too() {
    for policy in [
        THROTTLE,
        Policy::debounce(ms(100)),
        Policy::conflate(),
        Policy::Immediate,
    ] {
        let mut rig = Rig::up();
        let topic = rig.configured(TopicConfig {
            policy,
            offline: Some(Offline::Drop),
            ..TopicConfig::default()
        });
        rig.link_down();
        let mut slots = Vec::new();
        for round in 0..20 {
            rig.at(round * 10);
            let slot = rig.slot(topic);
            rig.send_key(topic, slot, "x");
            slots.push(slot);
        }
        rig.at(1_190);
        rig.outbox.tick(rig.time());
        rig.pump();
        assert_eq!(rig.idle, slots, "{policy:?}");
    }
}

#[test]
fn a_slot_whose_interval_stands_still_without_a_link_is_not_forgotten() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::throttle(ms(5_000)));
    let slot = rig.slot(topic);
    rig.send_key(topic, slot, "a");
    rig.at(100).link_down();
    for at in [10_000, 20_000] {
        rig.at(at);
        rig.outbox.tick(rig.time());
        rig.pump();
        assert!(rig.idle.is_empty());
    }
    rig.link_up();
    rig.at(24_899).pump();
    assert!(rig.idle.is_empty());
    rig.at(30_000);
    rig.outbox.tick(rig.time());
    rig.pump();
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn an_independent_message_of_a_higher_lane_takes_its_slots_value_along() {
    for blocked in [false, true] {
        let mut rig = Rig::up();
        let topic = rig.configured(TopicConfig {
            policy: THROTTLE,
            order: Order::Independent,
            ..TopicConfig::default()
        });
        let other = rig.slot(topic);
        rig.send_key(topic, other, "first");
        if blocked {
            rig.block();
            rig.send_key(topic, other, "bystander");
        } else {
            rig.send(topic, "v0");
            rig.block();
        }
        rig.send(TopicId(0), "plain");
        rig.send(topic, "v1");
        rig.send_with(topic, "now", now_in(Lane::Control));
        rig.unblock();
        let order = rig.order();
        let place = |name| order.iter().position(|other| *other == name).unwrap();
        assert!(place("v1") < place("now"), "{order:?}");
        assert!(place("now") < place("plain"), "{order:?}");
    }
}

#[test]
fn a_rate_limit_counts_a_waiting_batch_as_one_frame() {
    for whole_connection in [false, true] {
        let limit = RateLimit {
            overflow: RateOverflow::Reject,
            ..RateLimit::per_second(1, 4)
        };
        let mut rig = Rig::with(OutboxConfig {
            ramp: None,
            rate: Some(limit).filter(|_| whole_connection),
            ..OutboxConfig::default()
        });
        let topic = rig.configured(TopicConfig {
            policy: BATCH,
            rate: Some(limit).filter(|_| !whole_connection),
            ..TopicConfig::default()
        });
        rig.block();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
            rig.send(topic, name);
        }
        // Three frames are on their way, so the fourth token is still there.
        rig.send_now(topic, "now");
        let fifth = rig.try_send(topic, None, Msg("more".into(), 1), now_in(Lane::Normal));
        assert_eq!(fifth.err(), Some(SendError::RateLimited));
        rig.unblock();
        assert_eq!(rig.frames.len(), 4);
    }
}

#[test]
fn a_leading_only_debounce_keeps_the_newest_value_of_an_outage() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Debounce {
        wait: ms(100),
        max_wait: ms(500),
        leading: true,
        trailing: false,
    });
    rig.link_down();
    for name in ["oldest", "older", "newest"] {
        rig.send(topic, name);
    }
    rig.at(1_000).link_up();
    rig.at(2_000);
    assert_eq!(rig.writes(), [(1_000, "newest")]);
}

#[test]
fn the_ramp_spares_a_server_that_comes_back_and_not_a_first_connection() {
    let mut rig = Rig::down(OutboxConfig {
        ramp: Some(RateLimit::per_second(10, 1)),
        ..OutboxConfig::default()
    });
    for _ in 0..20 {
        rig.send(TopicId(0), "first");
    }
    rig.link_up();
    assert_eq!(rig.frames.len(), 20);
    rig.link_down();
    for _ in 0..20 {
        rig.send(TopicId(0), "again");
    }
    rig.link_up();
    assert_eq!(rig.frames.len(), 21);
    rig.at(500);
    assert_eq!(rig.frames.len(), 26);
}
