//! Ordering rules O1 to O5, late binding, lanes and fairness.

use everwire_core::send::{
    Frame, Lane, Offline, Order, OutboxConfig, Policy, RateLimit, SendOptions, Status, TopicConfig,
    TopicId,
};
use everwire_core::{Span, Time};

use crate::rig::{Msg, Rig, ms};

const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));

fn ordered(rig: &mut Rig, policy: Policy, order: Order) -> TopicId {
    rig.configured(TopicConfig {
        policy,
        order,
        ..TopicConfig::default()
    })
}

fn in_lane(lane: Lane) -> SendOptions {
    SendOptions {
        lane: Some(lane),
        ..SendOptions::default()
    }
}

#[test]
fn late_binding_replaces_a_queued_value_until_the_write() {
    let mut rig = Rig::up();
    let cursor = rig.topic(THROTTLE);
    rig.block();
    let a = rig.send(cursor, "a");
    rig.send(TopicId(0), "other");
    let b = rig.at(30).send(cursor, "b");
    assert_eq!(rig.last(b), Status::Queued);
    let by = rig.ticket(b).unwrap();
    assert_eq!(
        rig.statuses[a],
        [Status::Queued, Status::Superseded { by, merged: false }]
    );
    rig.unblock();
    assert_eq!(rig.order(), ["b", "other"]);
    assert_eq!(rig.last(b), Status::Written);
}

#[test]
fn o1_a_slot_is_written_in_call_order_whatever_the_edges() {
    for order in [Order::FlushBefore, Order::Independent] {
        let mut rig = Rig::up();
        let topic = ordered(&mut rig, THROTTLE, order);
        rig.send(topic, "a");
        rig.at(10).send(topic, "b");
        rig.block();
        rig.send_now(topic, "now");
        rig.at(20).send(topic, "c");
        rig.unblock();
        rig.at(1_000);
        assert_eq!(rig.order(), ["a", "b", "now", "c"], "{order:?}");
    }
}

#[test]
fn o2_flush_before_admits_the_pending_slots_of_the_topic_first() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let (k1, k2) = (rig.slot(topic), rig.slot(topic));
    let bystander = rig.topic(THROTTLE);
    for slot in [k1, k2] {
        rig.send_key(topic, slot, "first");
    }
    rig.send(bystander, "first");
    rig.at(10).send_key(topic, k2, "k2");
    rig.send_key(topic, k1, "k1");
    rig.send(bystander, "later");
    rig.at(20).send_now(topic, "drop");
    assert_eq!(rig.writes()[3..], [(20, "k2"), (20, "k1"), (20, "drop")]);
    rig.at(1_000);
    assert_eq!(rig.writes()[6..], [(100, "later")]);
}

#[test]
fn o2_flush_before_seals_a_batch() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: ms(50),
    });
    rig.send(topic, "a");
    rig.send(topic, "b");
    rig.send_now(topic, "now");
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(_, kind, names)| (*kind, names.len()))
        .collect();
    assert_eq!(frames, [(Frame::Batch, 2), (Frame::Single, 1)]);
    assert_eq!(rig.outbox.next_wake(), None);
}

#[test]
fn o2_flush_before_keeps_a_batch_together_across_lanes() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: ms(50),
    });
    rig.block();
    for name in ["a", "b", "c"] {
        rig.send(topic, name);
    }
    rig.send_with(
        topic,
        "now",
        SendOptions {
            immediate: true,
            ..in_lane(Lane::Rpc)
        },
    );
    rig.unblock();
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(_, _, names)| names.join(","))
        .collect();
    assert_eq!(frames, ["a,b,c", "now"]);
}

#[test]
fn o2_flush_before_lets_no_value_fall_behind_an_earlier_message() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    let key = rig.slot(topic);
    rig.block();
    rig.send_key(topic, key, "value");
    rig.send_now(topic, "normal");
    rig.send_with(
        topic,
        "bulk",
        SendOptions {
            immediate: true,
            ..in_lane(Lane::Bulk)
        },
    );
    rig.unblock();
    assert_eq!(rig.order(), ["value", "normal", "bulk"]);
}

#[test]
fn o2_a_message_that_replaces_an_older_one_does_not_slip_before_other_slots() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let key = rig.slot(topic);
    rig.link_down();
    rig.send(topic, "old");
    rig.send_key(topic, key, "key");
    let latest = Some(Offline::Latest);
    let options = SendOptions {
        immediate: true,
        offline: latest,
        ..SendOptions::default()
    };
    rig.send_with(topic, "new", options);
    rig.link_up();
    assert_eq!(rig.order(), ["key", "new"]);
}

#[test]
fn o1_holds_for_a_value_that_wishes_another_lane_than_the_one_before_it() {
    for lane in [Lane::Control, Lane::Bulk] {
        let mut rig = Rig::up();
        let topic = rig.topic(Policy::conflate());
        rig.block();
        for filler in 0..40 {
            rig.send(TopicId(0), &filler.to_string());
        }
        rig.send(topic, "first");
        let immediate = SendOptions {
            immediate: true,
            ..SendOptions::default()
        };
        // Admits the first value for good: the next one does not replace it.
        rig.send_with(topic, "drop", immediate);
        rig.send_with(topic, "second", in_lane(lane));
        rig.unblock();
        let order = rig.order();
        let place = |name: &str| order.iter().position(|other| *other == name).unwrap();
        assert!(place("first") < place("drop"), "{lane:?}: {order:?}");
        assert!(place("first") < place("second"), "{lane:?}: {order:?}");
    }
}

#[test]
fn o2_flush_before_holds_across_lanes() {
    for lane in [Lane::Control, Lane::Rpc, Lane::Normal, Lane::Bulk] {
        let mut rig = Rig::up();
        let topic = rig.topic(Policy::conflate());
        let paced = rig.slot(topic);
        rig.block();
        for filler in 0..40 {
            rig.send(TopicId(0), &filler.to_string());
        }
        rig.send_key(topic, paced, "cursor");
        let options = SendOptions {
            immediate: true,
            ..in_lane(lane)
        };
        rig.send_with(topic, "drop", options);
        rig.unblock();
        let order = rig.order();
        let place = |name| order.iter().position(|other| *other == name).unwrap();
        assert!(place("cursor") < place("drop"), "{lane:?}: {order:?}");
    }
}

#[test]
fn o2_independent_leaves_other_slots_alone() {
    let mut rig = Rig::up();
    let topic = ordered(&mut rig, THROTTLE, Order::Independent);
    let slot = rig.slot(topic);
    rig.send_key(topic, slot, "a");
    rig.at(10).send_key(topic, slot, "b");
    rig.send_now(topic, "now");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "a"), (10, "now"), (100, "b")]);
}

#[test]
fn o2_supersede_cancels_paced_and_queued_values() {
    let mut rig = Rig::up();
    let topic = ordered(&mut rig, THROTTLE, Order::Supersede);
    let (k1, k2) = (rig.slot(topic), rig.slot(topic));
    rig.send_key(topic, k1, "typing");
    let paced = rig.at(10).send_key(topic, k1, "typing again");
    rig.block();
    let queued = rig.send_key(topic, k2, "typing too");
    let earlier = rig.send_now(topic, "earlier message");
    rig.send_now(topic, "message");
    rig.unblock();
    rig.at(1_000);
    assert_eq!(rig.order(), ["typing", "earlier message", "message"]);
    assert_eq!(rig.last(paced), Status::Cancelled);
    assert_eq!(rig.last(queued), Status::Cancelled);
    assert_eq!(rig.last(earlier), Status::Written);
}

#[test]
fn o3_topics_of_one_lane_are_first_in_first_out() {
    let mut rig = Rig::up();
    let (a, b) = (rig.topic(Policy::Immediate), rig.topic(Policy::conflate()));
    let slot = rig.slot(b);
    rig.block();
    rig.send(a, "1");
    rig.send_key(b, slot, "2");
    rig.send(a, "3");
    rig.send(b, "4");
    rig.unblock();
    assert_eq!(rig.order(), ["1", "2", "3", "4"]);
}

#[test]
fn o4_higher_lanes_go_first_and_nothing_is_reordered_inside_a_lane() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Immediate);
    rig.block();
    for lane in [Lane::Bulk, Lane::Normal, Lane::Rpc, Lane::Control] {
        for number in 0..2 {
            rig.send_with(topic, &format!("{lane:?}{number}"), in_lane(lane));
        }
    }
    rig.unblock();
    let expected = [
        "Control0", "Control1", "Rpc0", "Rpc1", "Normal0", "Normal1", "Bulk0", "Bulk1",
    ];
    assert_eq!(rig.order(), expected);
}

#[test]
fn o4_every_waiting_lane_has_a_floor_share_of_1_in_16() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Immediate);
    rig.block();
    for number in 0..200 {
        for lane in [Lane::Control, Lane::Rpc, Lane::Normal, Lane::Bulk] {
            rig.send_with(topic, &format!("{lane:?}{number}"), in_lane(lane));
        }
    }
    rig.unblock();
    // Control is used up after at most 200 * 16 / 13 writes.
    let order = rig.order();
    let flood = order
        .iter()
        .rposition(|name| name.starts_with("Control"))
        .unwrap();
    assert!(flood > 200);
    for window in order[..flood].windows(16) {
        for lane in ["Control", "Rpc", "Normal", "Bulk"] {
            assert!(
                window.iter().any(|name| name.starts_with(lane)),
                "{lane}: {window:?}"
            );
        }
    }
}

#[test]
fn o5_a_replacement_keeps_the_place_even_among_messages_that_wait_for_a_token() {
    let mut rig = Rig::up();
    let rate = Some(RateLimit::per_second(10, 1));
    let config = TopicConfig {
        policy: Policy::conflate(),
        rate,
        ..TopicConfig::default()
    };
    let topic = rig.configured(config);
    let (k1, k2, k3) = (rig.slot(topic), rig.slot(topic), rig.slot(topic));
    rig.send_key(topic, k1, "k1");
    rig.send_key(topic, k2, "k2 old");
    rig.send_key(topic, k3, "k3");
    let newer = rig.send_key(topic, k2, "k2 new");
    assert_eq!(rig.last(newer), Status::Paced);
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "k1"), (100, "k2 new"), (200, "k3")]);
}

#[test]
fn conflated_keys_that_are_always_dirty_share_the_link_within_one_write() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    let slots: Vec<_> = (0..7).map(|_| rig.slot(topic)).collect();
    let mut counts = [0; 7];
    let mut frame = Vec::new();
    rig.block();
    for round in 0..500_u32 {
        // Key 0 is updated far more often than the others.
        for (key, slot) in slots.iter().enumerate() {
            for _ in 0..if key == 0 { 5 } else { 1 } {
                rig.send_key(topic, *slot, &key.to_string());
            }
        }
        let now = Time::ZERO + ms(u64::from(round));
        assert_eq!(rig.outbox.poll_write(now, 0, &mut frame), Frame::Single);
        let Msg(name, _) = &frame[0].1;
        counts[name.parse::<usize>().unwrap()] += 1;
        rig.outbox.wrote(now, true);
        let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
        assert!(spread <= 1, "{counts:?} after {round} writes");
    }
}

#[test]
fn a_batch_is_one_frame_in_call_order_and_never_splits_a_message() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 3,
        max_bytes: 10,
        max_wait: ms(50),
    });
    let sizes = [4, 4, 4, 99, 1, 9, 2, 2, 2, 1];
    for (index, size) in sizes.into_iter().enumerate() {
        let msg = Msg(index.to_string(), size);
        rig.try_send(topic, None, msg, SendOptions::default())
            .unwrap();
    }
    rig.at(1_000);
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(_, _, names)| names.join(","))
        .collect();
    // 8 of 10 bytes and no room for 4 more; the giant alone; 1 + 9 = full; three items; the rest at its time.
    assert_eq!(frames, ["0,1", "2", "3", "4,5", "6,7,8", "9"]);
    assert_eq!(rig.frames[5].0, 50);
    assert!(rig.frames.iter().all(|(_, kind, _)| *kind == Frame::Batch));
}

#[test]
fn the_handles_of_a_batch_change_status_together() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: ms(50),
    });
    let handles = [
        rig.send(topic, "a"),
        rig.at(20).send(topic, "b"),
        rig.send(topic, "c"),
    ];
    let cancelled = rig.send(topic, "not me");
    assert!(rig.cancel(cancelled));
    rig.at(49);
    rig.block();
    assert!(
        handles
            .iter()
            .all(|handle| rig.statuses[*handle] == [Status::Paced])
    );
    rig.at(50);
    assert!(
        handles
            .iter()
            .all(|handle| rig.last(*handle) == Status::Queued)
    );
    rig.unblock();
    assert!(
        handles
            .iter()
            .all(|handle| rig.last(*handle) == Status::Written)
    );
    assert_eq!(rig.frames.len(), 1);
}

#[test]
fn a_cancelled_message_leaves_its_bytes_to_the_batch() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 10,
        max_wait: ms(50),
    });
    let send = |rig: &mut Rig, name: &str, size| {
        rig.try_send(topic, None, Msg(name.into(), size), SendOptions::default())
            .unwrap()
    };
    let cancelled = send(&mut rig, "a", 6);
    rig.cancel(cancelled);
    send(&mut rig, "b", 4);
    send(&mut rig, "c", 4);
    rig.at(1_000);
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(at, _, names)| (*at, names.join(",")))
        .collect();
    assert_eq!(frames, [(50, "b,c".to_string())]);
}

#[test]
fn two_batches_in_one_lane_stay_two_frames() {
    let mut rig = Rig::with(OutboxConfig {
        ramp: None,
        ..OutboxConfig::default()
    });
    let topic = rig.topic(Policy::Batch {
        max_items: 2,
        max_bytes: 99,
        max_wait: Span::MAX,
    });
    rig.block();
    let handles: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|name| rig.send(topic, name))
        .into();
    assert!(rig.cancel(handles[1]));
    rig.flush();
    rig.unblock();
    let frames: Vec<_> = rig
        .frames
        .iter()
        .map(|(_, _, names)| names.join(","))
        .collect();
    assert_eq!(frames, ["a", "c,d", "e"]);
}
