//! Where two rules meet at a bound: each of these was once a line that no other test noticed.

use everwire_core::Span;
use everwire_core::send::{
    DropReason, Lane, Offline, Order, OutboxConfig, Overflow, Policy, RateLimit, RateOverflow,
    SendOptions, Status, TopicConfig, TopicId,
};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);
const HOUR: Span = Span::from_millis(3_600_000);

fn batch(max_items: u32, max_bytes: usize) -> Policy {
    Policy::Batch {
        max_items,
        max_bytes,
        max_wait: HOUR,
    }
}

fn in_lane(lane: Lane, immediate: bool) -> SendOptions {
    SendOptions {
        immediate,
        lane: Some(lane),
        ..SendOptions::default()
    }
}

fn rate(per_token: Span, burst: u32, overflow: RateOverflow) -> RateLimit {
    RateLimit {
        per_token,
        burst,
        overflow,
    }
}

#[test]
fn a_batch_goes_as_soon_as_its_bytes_are_reached_exactly() {
    let mut rig = Rig::up();
    let topic = rig.topic(batch(100, 10));
    for name in ["a", "b"] {
        let message = Msg(name.into(), 5);
        rig.try_send(topic, None, message, SendOptions::default())
            .unwrap();
    }
    assert_eq!(rig.order(), ["a", "b"]);
}

#[test]
fn a_batch_that_finds_no_token_is_dropped_whole_and_only_when_it_is_full() {
    for overflow in [RateOverflow::DropNewest, RateOverflow::Reject] {
        let mut rig = Rig::up();
        let topic = rig.configured(TopicConfig {
            policy: batch(2, 1_000),
            rate: Some(rate(HOUR, 1, overflow)),
            ..TopicConfig::default()
        });
        let handles = ["a", "b", "c", "d"].map(|name| rig.send(topic, name));
        assert_eq!(rig.order(), ["a", "b"]);
        for handle in &handles[2..] {
            assert_eq!(rig.last(*handle), Status::Dropped(DropReason::Rate));
        }
        assert!(!rig.pending());
    }
}

#[test]
fn a_batch_that_was_taken_back_leaves_no_timer() {
    let mut rig = Rig::up();
    let topic = rig.topic(batch(100, 1_000));
    let handle = rig.send(topic, "a");
    assert!(rig.outbox.next_wake().is_some());
    rig.cancel(handle);
    assert_eq!(rig.outbox.next_wake(), None);
}

/// The value asks for its token when it leaves the pace stage, not when it is sent.
#[test]
fn a_paced_value_needs_its_token_only_at_its_admission() {
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        policy: Policy::throttle(ms(100)),
        rate: Some(rate(ms(50), 1, RateOverflow::Reject)),
        ..TopicConfig::default()
    });
    rig.send(topic, "a");
    rig.at(10).send(topic, "b");
    rig.at(200);
    assert_eq!(rig.writes(), [(0, "a"), (100, "b")]);
}

#[test]
fn a_conflating_rate_limit_replaces_only_what_waits_for_a_token() {
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        rate: Some(rate(HOUR, 2, RateOverflow::Conflate)),
        ..TopicConfig::default()
    });
    rig.block();
    for name in ["a", "b", "c", "d"] {
        rig.send(topic, name);
    }
    rig.unblock();
    assert_eq!(rig.order(), ["a", "b"], "both had a token");
}

#[test]
fn only_a_latest_takes_the_place_of_a_latest_while_offline() {
    let mut rig = Rig::up();
    rig.link_down();
    let with = |offline| SendOptions {
        offline: Some(offline),
        ..SendOptions::default()
    };
    rig.send_with(MAIN, "state", with(Offline::Latest));
    rig.send_with(MAIN, "event", with(Offline::Queue));
    rig.link_up();
    rig.at(10_000);
    assert_eq!(rig.order(), ["state", "event"]);
}

/// The gap of a throttle lies between its values.
#[test]
fn an_immediate_message_does_not_hold_up_the_values_of_its_topic() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::throttle(ms(100)));
    rig.send_now(topic, "event");
    rig.at(10).send(topic, "value");
    assert_eq!(rig.writes(), [(0, "event"), (10, "value")]);
}

#[test]
fn an_immediate_message_of_a_higher_lane_leaves_its_like_in_theirs() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    rig.block();
    rig.send_with(topic, "bulk", in_lane(Lane::Bulk, true));
    rig.send(MAIN, "normal");
    rig.send_with(topic, "control", in_lane(Lane::Control, true));
    rig.unblock();
    assert_eq!(rig.order(), ["control", "normal", "bulk"]);
}

#[test]
fn an_independent_message_of_a_higher_lane_leaves_other_slots_in_theirs() {
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        policy: Policy::conflate(),
        order: Order::Independent,
        ..TopicConfig::default()
    });
    let (mine, other) = (rig.slot(topic), rig.slot(topic));
    rig.block();
    let send = |rig: &mut Rig, slot, name: &str, options| {
        rig.try_send(topic, Some(slot), Msg(name.into(), 1), options)
            .unwrap();
    };
    send(&mut rig, other, "other", in_lane(Lane::Bulk, false));
    rig.send(MAIN, "normal");
    send(&mut rig, mine, "mine", in_lane(Lane::Control, true));
    rig.unblock();
    assert_eq!(rig.order(), ["mine", "normal", "other"]);
}

/// What is kept for a resend takes room until it is confirmed, and not a byte longer.
#[test]
fn a_confirmed_message_gives_its_bytes_back_to_drop_oldest() {
    let mut rig = Rig::down(OutboxConfig {
        max_bytes: 10,
        overflow: Overflow::DropOldest,
        ..OutboxConfig::default()
    });
    rig.link_up();
    let kept = SendOptions {
        resend: true,
        expect_ack: true,
        ..SendOptions::default()
    };
    let send = |rig: &mut Rig, name: &str, options| {
        rig.try_send(MAIN, None, Msg(name.into(), 6), options)
            .unwrap()
    };
    for name in ["one", "two"] {
        let handle = send(&mut rig, name, kept);
        assert!(rig.ack(handle));
    }
    rig.block();
    let oldest = send(&mut rig, "oldest", SendOptions::default());
    send(&mut rig, "newest", SendOptions::default());
    assert_eq!(rig.last(oldest), Status::Dropped(DropReason::Overflow));
}
