//! The life of keyed slots and of topics: nothing grows for ever, and no id dies while it is used.

use everwire_core::Span;
use everwire_core::send::{Policy, Scope, SendError, SendOptions, Status, TopicId};

use crate::rig::{Msg, Rig, ms};

const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));

#[test]
fn a_keyed_slot_is_idle_when_it_was_quiet_for_the_grace_time_and_its_interval() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let slot = rig.slot(topic);
    rig.send_key(topic, slot, "a");
    rig.at(999);
    assert!(rig.idle.is_empty());
    // Housekeeping is no reason for a timer, but the next look finds it.
    assert_eq!(rig.outbox.next_wake(), None);
    rig.at(1_000);
    assert_eq!(rig.idle, [slot]);
    let gone = rig.try_send(
        topic,
        Some(slot),
        Msg("b".into(), 1),
        SendOptions::default(),
    );
    assert_eq!(gone.err(), Some(SendError::Unknown));
    assert_eq!(rig.slot(topic), slot);
}

#[test]
fn a_long_interval_keeps_the_slot_until_its_end() {
    let mut rig = Rig::up();
    let leading = Policy::Throttle {
        interval: ms(5_000),
        leading: true,
        trailing: false,
    };
    let topic = rig.topic(leading);
    let slot = rig.slot(topic);
    rig.send_key(topic, slot, "a");
    rig.at(4_999).send_key(topic, slot, "refused");
    rig.pump();
    assert!(rig.idle.is_empty());
    assert_eq!(rig.order(), ["a"]);
    rig.at(5_999);
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn a_slot_with_something_pending_or_in_flight_is_not_idle() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let slot = rig.slot(topic);
    let acked = SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    };
    rig.block();
    rig.send_key(topic, slot, "a");
    rig.at(5_000);
    rig.unblock();
    let msg = Msg("b".into(), 1);
    let handle = rig
        .at(5_500)
        .try_send(topic, Some(slot), msg, acked)
        .unwrap();
    rig.at(7_000);
    assert!(rig.idle.is_empty());
    rig.ack(handle);
    rig.at(8_000);
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn a_send_before_the_event_is_polled_keeps_the_slot_alive() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let slot = rig.slot(topic);
    rig.send_key(topic, slot, "a");
    // Time passes, but nobody polls before the key is used again.
    rig.now = 5_000;
    rig.outbox.tick(rig.time());
    rig.send_key(topic, slot, "b");
    rig.send_key(topic, slot, "c");
    assert!(rig.idle.is_empty());
    rig.at(9_000);
    assert_eq!(rig.writes(), [(0, "a"), (5_000, "b"), (5_100, "c")]);
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn a_new_slot_waits_for_its_first_send_accepted_or_not() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    let slot = rig.slot(topic);
    rig.at(10_000);
    assert!(rig.idle.is_empty());
    let huge = Msg("huge".into(), usize::MAX);
    assert!(
        rig.try_send(topic, Some(slot), huge, SendOptions::default())
            .is_err()
    );
    rig.at(11_000);
    assert_eq!(rig.idle, [slot]);
}

#[test]
fn keys_that_come_and_go_do_not_pile_up() {
    let mut rig = Rig::up();
    let policies = [
        THROTTLE,
        Policy::debounce(ms(100)),
        Policy::conflate(),
        Policy::Immediate,
        Policy::Batch {
            max_items: 2,
            max_bytes: 99,
            max_wait: ms(10),
        },
    ];
    let topics = policies.map(|policy| rig.topic(policy));
    let mut highest = 0;
    for round in 0..1_000 {
        rig.at(round * 20);
        for topic in topics {
            let slot = rig.slot(topic);
            highest = highest.max(slot.0);
            rig.send_key(topic, slot, "x");
        }
    }
    assert!(highest < 400, "{highest}");
}

#[test]
fn a_removed_topic_cancels_what_is_pending_and_frees_its_number() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let slot = rig.slot(topic);
    let acked = SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    };
    let in_flight = rig.send_with(topic, "in flight", acked);
    rig.send_key(topic, slot, "a");
    let pending = rig.send_key(topic, slot, "b");
    rig.outbox.remove_topic(topic);
    rig.pump();
    assert_eq!(rig.last(pending), Status::Cancelled);
    assert!(rig.outbox.slot(topic).is_err());
    let again = rig.try_send(topic, None, Msg("c".into(), 1), SendOptions::default());
    assert_eq!(again.err(), Some(SendError::Unknown));
    // Its last written message is still awaited, so the number is not given out yet.
    assert_ne!(rig.topic(THROTTLE), topic);
    assert!(rig.ack(in_flight));
    assert_eq!(rig.topic(THROTTLE), topic);
    assert!(!rig.outbox.pending(Scope::Topic(topic)));
}

#[test]
fn the_first_topic_stays() {
    let mut rig = Rig::up();
    rig.outbox.remove_topic(TopicId(0));
    rig.send(TopicId(0), "a");
    assert_eq!(rig.order(), ["a"]);
}

#[test]
fn topics_that_come_and_go_do_not_pile_up() {
    let mut rig = Rig::up();
    for _ in 0..100 {
        let topic = rig.topic(THROTTLE);
        assert_eq!(topic, TopicId(1));
        let slot = rig.slot(topic);
        assert!(slot.0 < 4);
        rig.send_key(topic, slot, "a");
        rig.outbox.remove_topic(topic);
        rig.pump();
    }
}
