//! Offline rules, reconnect, close.

use everwire_core::Span;
use everwire_core::send::{
    DropReason, Offline, OutboxConfig, Overflow, Policy, RateLimit, RateOverflow, SendError,
    SendOptions, Status, TopicConfig, TopicId,
};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);
const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));

fn offline(rule: Offline) -> SendOptions {
    SendOptions {
        offline: Some(rule),
        ..SendOptions::default()
    }
}

fn with_id() -> SendOptions {
    SendOptions {
        resend: true,
        ..SendOptions::default()
    }
}

fn acked() -> SendOptions {
    SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    }
}

fn new() -> Rig {
    Rig::down(OutboxConfig {
        ramp: None,
        ..OutboxConfig::default()
    })
}

#[test]
fn offline_queue_keeps_everything_in_order() {
    let mut rig = new();
    for name in ["a", "b", "c"] {
        rig.send(MAIN, name);
    }
    rig.at(5_000).link_up();
    assert_eq!(rig.writes(), [(5_000, "a"), (5_000, "b"), (5_000, "c")]);
}

#[test]
fn offline_latest_keeps_one_value_per_slot() {
    let mut rig = new();
    let topic = rig.topic(Policy::Immediate);
    let key = rig.slot(topic);
    let old = rig.send_with(topic, "old", offline(Offline::Latest));
    rig.send_key(topic, key, "key");
    let new = rig.send_with(topic, "new", offline(Offline::Latest));
    let by = rig.ticket(new).unwrap();
    assert_eq!(rig.last(old), Status::Superseded { by, merged: false });
    rig.link_up();
    assert_eq!(rig.order(), ["new", "key"]);
    // With a link an immediate message replaces nothing.
    rig.block();
    rig.send_with(topic, "1", offline(Offline::Latest));
    rig.send_with(topic, "2", offline(Offline::Latest));
    rig.unblock();
    assert_eq!(rig.order()[2..], ["1", "2"]);
}

#[test]
fn offline_latest_applies_to_what_the_loss_finds_unwritten() {
    let mut rig = Rig::up();
    rig.block();
    let handles: Vec<_> = ["1", "2", "3"]
        .map(|name| rig.send_with(MAIN, name, offline(Offline::Latest)))
        .into();
    rig.send(MAIN, "queue");
    rig.link_down();
    assert!(matches!(rig.last(handles[0]), Status::Superseded { .. }));
    let by = rig.ticket(handles[2]).unwrap();
    assert_eq!(
        rig.last(handles[1]),
        Status::Superseded { by, merged: false }
    );
    assert_eq!(rig.last(handles[2]), Status::Queued);
    // What the slot keeps in order stands between, so the newer value cannot take the older one's place.
    let newer = rig.send_with(MAIN, "4", offline(Offline::Latest));
    let by = rig.ticket(newer).unwrap();
    assert_eq!(
        rig.last(handles[2]),
        Status::Superseded { by, merged: false }
    );
    rig.buffered = 0;
    rig.link_up();
    assert_eq!(rig.order(), ["queue", "4"]);
}

#[test]
fn offline_drop_drops_new_sends_and_what_the_loss_finds_unwritten() {
    let mut rig = new();
    let dropped = rig.send_with(MAIN, "a", offline(Offline::Drop));
    assert_eq!(
        rig.statuses[dropped],
        [Status::Dropped(DropReason::Offline)]
    );
    rig.link_up();
    rig.block();
    let queued = rig.send_with(MAIN, "b", offline(Offline::Drop));
    let topic = rig.topic(Policy::debounce(ms(10)));
    let paced = rig.send_with(topic, "c", offline(Offline::Drop));
    rig.link_down();
    assert_eq!(rig.last(queued), Status::Dropped(DropReason::Offline));
    assert_eq!(rig.last(paced), Status::Dropped(DropReason::Offline));
    rig.buffered = 0;
    rig.link_up();
    rig.at(1_000);
    assert!(rig.frames.is_empty());
}

#[test]
fn offline_reject_fails_the_call() {
    let mut rig = new();
    let topic = rig.configured(TopicConfig {
        offline: Some(Offline::Reject),
        ..TopicConfig::default()
    });
    let send =
        |rig: &mut Rig| rig.try_send(topic, None, Msg("x".into(), 1), SendOptions::default());
    assert_eq!(send(&mut rig), Err(SendError::Offline));
    assert_eq!(rig.outbox.counters().accepted, 0);
    rig.link_up();
    rig.block();
    // Accepted with a link, so the call cannot fail any more; it must not be replayed either.
    let accepted = send(&mut rig).unwrap();
    rig.link_down();
    assert_eq!(rig.last(accepted), Status::Dropped(DropReason::Offline));
}

#[test]
fn the_default_is_queue_for_immediate_and_latest_for_slots() {
    let mut rig = new();
    let slotted = rig.topic(Policy::conflate());
    for name in ["1", "2"] {
        rig.send(slotted, name);
        rig.send(MAIN, name);
    }
    assert_eq!(rig.outbox.counters().queued_messages, 3);
    rig.link_up();
    assert_eq!(rig.order(), ["1", "2", "2"]);
}

#[test]
fn pacing_timers_pause_without_a_link_and_go_on_with_it() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    rig.send(topic, "a");
    rig.at(40).link_down();
    assert_eq!(rig.outbox.next_wake(), None);
    rig.at(10_000).link_up();
    rig.at(20_000);
    assert_eq!(rig.writes(), [(10_060, "a")]);
}

#[test]
fn a_throttles_interval_pauses_too() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    rig.send(topic, "a");
    rig.at(30).link_down();
    rig.at(1_000).send(topic, "b");
    rig.link_up();
    rig.at(2_000);
    assert_eq!(rig.writes(), [(0, "a"), (1_070, "b")]);
}

#[test]
fn time_to_live_runs_without_a_link() {
    let mut rig = new();
    let options = SendOptions {
        ttl: Some(ms(200)),
        ..SendOptions::default()
    };
    let queued = rig.send_with(MAIN, "a", options);
    let topic = rig.topic(THROTTLE);
    let paced = rig.send_with(topic, "b", options);
    rig.at(200);
    assert_eq!(rig.last(queued), Status::Expired);
    assert_eq!(rig.last(paced), Status::Expired);
}

#[test]
fn reconnect_writes_resends_then_lanes_then_slots() {
    let mut rig = Rig::up();
    let slotted = rig.topic(Policy::conflate());
    let keys = [rig.slot(slotted), rig.slot(slotted)];
    rig.send_with(MAIN, "id 1", with_id());
    rig.send_with(MAIN, "id 2", with_id());
    rig.link_down();
    rig.send_key(slotted, keys[1], "slot 1");
    rig.send(MAIN, "queued 1");
    rig.send_key(slotted, keys[0], "slot 0");
    rig.send_with(MAIN, "queued 2", with_id());
    rig.send_key(slotted, keys[1], "slot 1 newer");
    rig.at(100).link_up();
    let expected = [
        "id 1",
        "id 2",
        "queued 1",
        "queued 2",
        "slot 1 newer",
        "slot 0",
    ];
    assert_eq!(rig.order()[2..], expected);
}

#[test]
fn in_flight_at_the_loss_acked_is_done_unacked_is_unknown_and_an_id_is_written_again() {
    let mut rig = Rig::up();
    let done = rig.send_with(MAIN, "done", acked());
    rig.ack(done);
    let unknown = rig.send_with(MAIN, "unknown", acked());
    let again = rig.send_with(MAIN, "again", with_id());
    rig.link_down();
    assert_eq!(rig.last(done), Status::Acked);
    assert_eq!(rig.last(unknown), Status::Unknown);
    assert!(rig.ended(unknown));
    assert_eq!(rig.last(again), Status::Unknown);
    assert!(!rig.ended(again));
    rig.link_up();
    assert_eq!(rig.last(again), Status::Written);
    rig.ack(again);
    let expected = [
        Status::Queued,
        Status::Written,
        Status::Unknown,
        Status::Written,
        Status::Acked,
    ];
    assert_eq!(rig.statuses[again], expected);
    assert_eq!(rig.order(), ["done", "unknown", "again", "again"]);
}

#[test]
fn a_loss_in_the_middle_of_the_resends_keeps_their_order() {
    let mut rig = Rig::up();
    for name in ["1", "2", "3"] {
        rig.send_with(MAIN, name, with_id());
    }
    rig.link_down();
    rig.outbox.up(rig.time());
    let mut frame = Vec::new();
    rig.outbox.poll_write(rig.time(), 0, &mut frame);
    rig.outbox.wrote(rig.time(), true);
    rig.link_down();
    rig.link_up();
    assert_eq!(rig.order(), ["1", "2", "3", "1", "2", "3"]);
    assert_eq!(rig.outbox.counters().resent, 4);
    assert_eq!(rig.outbox.counters().written, 3);
}

#[test]
fn a_frame_whose_result_never_came_is_not_taken_for_written() {
    let mut rig = Rig::up();
    rig.block();
    let handle = rig.send(MAIN, "a");
    let mut frame = Vec::new();
    rig.outbox.poll_write(rig.time(), 0, &mut frame);
    assert_eq!(frame.len(), 1);
    rig.link_down();
    assert_eq!(rig.last(handle), Status::Dropped(DropReason::Refused));
}

#[test]
fn the_queue_drains_through_the_ramp_and_later_sends_do_not() {
    let ramp = RateLimit {
        per_token: ms(10),
        burst: 2,
        overflow: RateOverflow::Queue,
    };
    let mut rig = Rig::with(OutboxConfig {
        ramp: Some(ramp),
        ..OutboxConfig::default()
    });
    rig.link_down();
    for number in 0..5 {
        rig.send(MAIN, &number.to_string());
    }
    rig.at(1_000).link_up();
    rig.at(2_000);
    let times: Vec<_> = rig.writes().iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [1_000, 1_000, 1_010, 1_020, 1_030]);
    for number in 0..5 {
        rig.send(MAIN, &number.to_string());
    }
    assert_eq!(rig.writes().len(), 10);
}

#[test]
fn a_ramp_does_not_hold_back_traffic_for_ever() {
    let ramp = RateLimit {
        per_token: ms(10),
        burst: 1,
        overflow: RateOverflow::Queue,
    };
    let mut rig = Rig::with(OutboxConfig {
        ramp: Some(ramp),
        ..OutboxConfig::default()
    });
    rig.link_down();
    rig.send(MAIN, "queued 1");
    rig.send(MAIN, "queued 2");
    rig.link_up();
    for step in 0..100 {
        rig.at(step).send(MAIN, "traffic");
    }
    assert_eq!(rig.writes().len(), 102);
}

#[test]
fn a_send_on_a_closed_outbox_fails_and_never_queues() {
    for flush in [true, false] {
        let mut rig = Rig::up();
        rig.outbox.start_closing(rig.time(), flush);
        let send =
            |rig: &mut Rig| rig.try_send(MAIN, None, Msg("x".into(), 1), SendOptions::default());
        assert_eq!(send(&mut rig), Err(SendError::Closed));
        rig.outbox.terminate();
        assert_eq!(send(&mut rig), Err(SendError::Closed));
        rig.outbox.reopen(rig.time());
        assert!(send(&mut rig).is_ok());
        assert!(rig.frames.is_empty());
        rig.link_up();
        assert_eq!(rig.order(), ["x"]);
    }
}

#[test]
fn closing_with_flush_admits_what_is_paced_and_drains() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    let batch = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: ms(100),
    });
    rig.block();
    rig.send(topic, "paced");
    rig.send(batch, "batch 1");
    rig.send(batch, "batch 2");
    rig.send(MAIN, "queued");
    rig.outbox.start_closing(rig.time(), true);
    rig.pump();
    assert!(!rig.outbox.is_drained());
    rig.unblock();
    assert!(rig.outbox.is_drained());
    assert_eq!(rig.order(), ["queued", "paced", "batch 1", "batch 2"]);
    assert_eq!(rig.outbox.next_wake(), None);
}

#[test]
fn closing_without_flush_drops_everything_unwritten() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    rig.block();
    let handles = [rig.send(topic, "paced"), rig.send(MAIN, "queued")];
    rig.outbox.start_closing(rig.time(), false);
    rig.pump();
    assert!(
        handles
            .iter()
            .all(|h| rig.last(*h) == Status::Dropped(DropReason::Close))
    );
    assert!(rig.outbox.is_drained());
}

#[test]
fn after_terminate_nothing_is_left_and_no_timer_lives() {
    let mut rig = Rig::up();
    let rate = Some(RateLimit::per_second(1, 1));
    let limited = rig.configured(TopicConfig {
        rate,
        ..TopicConfig::default()
    });
    let debounced = rig.topic(Policy::debounce(ms(100)));
    let key = rig.slot(debounced);
    let batch = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: ms(100),
    });
    let in_flight = rig.send_with(MAIN, "in flight", with_id());
    rig.send(limited, "token");
    let mut handles = vec![
        rig.send(limited, "no token"),
        rig.send_key(debounced, key, "key"),
    ];
    let ttl = SendOptions {
        ttl: Some(ms(5_000)),
        ..SendOptions::default()
    };
    handles.push(rig.send_with(debounced, "ttl", ttl));
    handles.push(rig.send(batch, "batch"));
    rig.block();
    handles.push(rig.send(MAIN, "blocked"));
    assert!(rig.outbox.next_wake().is_some());
    rig.outbox.terminate();
    rig.pump();
    assert_eq!(rig.outbox.next_wake(), None);
    assert!(
        handles
            .iter()
            .all(|h| rig.last(*h) == Status::Dropped(DropReason::Close))
    );
    assert_eq!(rig.last(in_flight), Status::Unknown);
    assert!(rig.ended(in_flight));
    assert!(!rig.pending());
    rig.unblock();
    rig.at(100_000);
    assert_eq!(rig.order(), ["in flight", "token"]);
}

#[test]
fn the_bound_holds_offline_and_the_call_beyond_it_fails() {
    let mut rig = new();
    for _ in 0..1_000 {
        rig.send(MAIN, "x");
    }
    let more = rig.try_send(MAIN, None, Msg("x".into(), 1), SendOptions::default());
    assert_eq!(more, Err(SendError::QueueFull));
    let mut rig = new();
    let half = || Msg("x".into(), 1 << 19);
    assert!(
        rig.try_send(MAIN, None, half(), SendOptions::default())
            .is_ok()
    );
    assert!(
        rig.try_send(MAIN, None, half(), SendOptions::default())
            .is_ok()
    );
    let more = rig.try_send(MAIN, None, Msg("x".into(), 1), SendOptions::default());
    assert_eq!(more, Err(SendError::QueueFull));
    assert_eq!(OutboxConfig::default().overflow, Overflow::Reject);
}
