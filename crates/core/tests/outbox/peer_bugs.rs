//! Bugs of other libraries, one test each. Where they live is said in the comments; P14 and P15 are outside of the core.

use everwire_core::Time;
use everwire_core::send::Policy::{Debounce, Throttle};
use everwire_core::send::{
    ConfigError, Outbox, OutboxConfig, OutboxEvent, Policy, RateLimit, RateOverflow, SendError,
    SendOptions, Status, TopicConfig, TopicId,
};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);

fn both_edges() -> Policy {
    Debounce {
        wait: ms(100),
        max_wait: ms(500),
        leading: true,
        trailing: true,
    }
}

/// TanStack Pacer sends `[a, a]`.
#[test]
fn p1_flush_after_leading_call_never_sends_twice() {
    for policy in [both_edges(), Policy::throttle(ms(100)), Policy::conflate()] {
        let mut rig = Rig::up();
        let topic = rig.topic(policy);
        rig.send(topic, "a");
        rig.flush();
        rig.at(10).flush();
        rig.at(5_000);
        assert_eq!(rig.order(), ["a"]);
    }
}

/// TanStack Pacer's `isPending` stays true for ever.
#[test]
fn p2_one_leading_call_leaves_nothing_pending() {
    for policy in [both_edges(), Policy::throttle(ms(100))] {
        let mut rig = Rig::up();
        let topic = rig.topic(policy);
        rig.send(topic, "a");
        assert!(!rig.pending());
        rig.at(1_000);
        assert!(!rig.pending());
    }
}

/// A debounce without a longest wait never runs in a burst.
#[test]
fn p3_a_burst_does_not_starve_a_debounce() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(20)));
    for call in 0..30 {
        rig.at(call * 10).send(topic, "x");
    }
    let during = rig.writes().len();
    assert!(during >= 2, "{during}");
}

/// TanStack Pacer's throttle without leading edge fires 2 ms after idle.
#[test]
fn p4_a_throttle_without_leading_edge_waits_after_idle() {
    let mut rig = Rig::up();
    let policy = Throttle {
        interval: ms(50),
        leading: false,
        trailing: true,
    };
    let topic = rig.topic(policy);
    rig.send(topic, "a");
    rig.at(1_000).send(topic, "b");
    rig.at(2_000);
    assert_eq!(rig.writes(), [(50, "a"), (1_050, "b")]);
}

/// Wall-clock time set back by an hour stops TanStack Pacer.
#[test]
fn p5_a_clock_set_back_stops_nothing() {
    let hour = ms(3_600_000);
    let mut outbox = Outbox::new(OutboxConfig::default()).unwrap();
    let policy = Policy::throttle(ms(50));
    let topic = outbox
        .topic(TopicConfig {
            policy,
            ..TopicConfig::default()
        })
        .unwrap();
    let start = Time::ZERO + hour + hour;
    outbox.up(start);
    let mut frame = Vec::new();
    let mut written = 0;
    for step in 0..30 {
        let elapsed = ms(step * 10);
        let now = if step < 10 {
            start + elapsed
        } else {
            start - hour + elapsed
        };
        outbox
            .send(now, topic, None, Msg("x".into(), 1), SendOptions::default())
            .unwrap();
        if let Some(wake) = outbox.next_wake() {
            // The deadline is on the caller's clock, as it is now.
            assert!(wake.since(now) <= ms(50));
        }
        outbox.poll_write(now, 0, &mut frame);
        written += frame.len();
        outbox.wrote(now, true);
        while outbox.poll_event().is_some() {}
    }
    // The step itself is counted as no time: one interval may be longer, none is an hour.
    assert!((5..=6).contains(&written), "{written}");
}

/// A fixed window lets twice the rate through around its edge.
#[test]
fn p6_no_window_holds_more_than_burst_plus_rate() {
    let limit = RateLimit {
        per_token: ms(20),
        burst: 5,
        overflow: RateOverflow::Reject,
    };
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        rate: Some(limit),
        ..TopicConfig::default()
    });
    for step in 0..1_000 {
        let burst = if step % 100 >= 90 { 9 } else { 0 };
        rig.at(step);
        for _ in 0..burst {
            let _ = rig.try_send(topic, None, Msg("x".into(), 1), SendOptions::default());
        }
    }
    let times: Vec<_> = rig.writes().iter().map(|(at, _)| *at).collect();
    assert!(times.len() > 45);
    for (first, start) in times.iter().enumerate() {
        for (last, end) in times.iter().enumerate().skip(first) {
            assert!((last - first + 1) as u64 <= 5 + (end - start) / 20);
        }
    }
}

/// centrifuge-js resolves superseded publications as success, loses the last value on unsubscribe, and calls it debounce.
#[test]
fn p7_a_superseded_value_is_never_a_success_and_the_last_one_is_told_its_end() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    let old = rig.send(topic, "old");
    let new = rig.send(topic, "new");
    assert!(matches!(rig.last(old), Status::Superseded { .. }));
    assert!(!rig.statuses[old].contains(&Status::Written));
    // It is a debounce: every call postpones it.
    rig.at(90).send(topic, "newer");
    rig.at(150);
    assert!(rig.frames.is_empty());
    assert!(matches!(rig.last(new), Status::Superseded { .. }));
    let last = rig.send(topic, "last");
    rig.outbox.remove_topic(topic);
    rig.pump();
    assert_eq!(rig.last(last), Status::Cancelled);
}

/// lodash/lodash#257, #1964, #2089: with a longest wait the second burst led.
#[test]
fn p8_the_second_burst_does_not_lead_without_leading_edge() {
    let mut rig = Rig::up();
    let policy = Debounce {
        wait: ms(100),
        max_wait: ms(200),
        leading: false,
        trailing: true,
    };
    let topic = rig.topic(policy);
    for burst in [0, 1_000] {
        for call in 0..5 {
            rig.at(burst + call * 10)
                .send(topic, &format!("{burst}/{call}"));
        }
    }
    rig.at(5_000);
    assert_eq!(rig.writes(), [(140, "0/4"), (1_140, "1000/4")]);
}

/// lodash/lodash#5780: the timer that a flush left behind.
#[test]
fn p8_a_flush_leaves_no_timer_that_shortens_the_next_wait() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::debounce(ms(100)));
    rig.send(topic, "a");
    rig.at(90).flush();
    assert_eq!(rig.outbox.next_wake(), None);
    rig.at(95).send(topic, "b");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(90, "a"), (195, "b")]);
}

/// ReactiveX/rxjs#2727 sent twice, #2859 lost a lone value, #3351 lost the last on completion, #5687 broke the spacing.
#[test]
fn p9_throttle_neither_doubles_nor_loses_nor_crowds() {
    for (leading, expected) in [
        (
            true,
            vec![(0, "lone"), (1_000, "a"), (1_100, "b"), (1_150, "last")],
        ),
        (false, vec![(100, "lone"), (1_100, "b"), (1_150, "last")]),
    ] {
        let mut rig = Rig::up();
        let policy = Throttle {
            interval: ms(100),
            leading,
            trailing: true,
        };
        let topic = rig.topic(policy);
        rig.send(topic, "lone");
        rig.at(1_000).send(topic, "a");
        rig.at(1_050).send(topic, "b");
        rig.at(1_120).send(topic, "last");
        rig.at(1_150);
        rig.outbox.start_closing(rig.time(), true);
        rig.pump();
        assert_eq!(rig.writes(), expected);
        assert!(rig.outbox.is_drained());
    }
}

/// toss/es-toolkit#1678: the longest wait fired with both edges off.
#[test]
fn p10_both_edges_off_is_an_error() {
    let policy = Debounce {
        wait: ms(1),
        max_wait: ms(2),
        leading: false,
        trailing: false,
    };
    let mut outbox = Outbox::<Msg>::new(OutboxConfig::default()).unwrap();
    let result = outbox.topic(TopicConfig {
        policy,
        ..TopicConfig::default()
    });
    assert_eq!(result, Err(ConfigError::NoEdge));
    // And without trailing edge the longest wait sends nothing.
    let mut rig = Rig::up();
    let topic = rig.topic(Debounce {
        wait: ms(100),
        max_wait: ms(200),
        leading: true,
        trailing: false,
    });
    for call in 0..20 {
        rig.at(call * 50).send(topic, &call.to_string());
    }
    rig.at(5_000);
    assert_eq!(rig.order(), ["0"]);
}

/// lichess-org/mobile#3387: the resend of unacknowledged messages and the queue's flush both sent.
#[test]
fn p11_a_resend_and_the_queue_never_send_the_same_message() {
    let mut rig = Rig::up();
    let with_id = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    rig.send_with(MAIN, "in flight", with_id);
    rig.block();
    rig.send_with(MAIN, "queued", with_id);
    rig.link_down();
    rig.send_with(MAIN, "offline", with_id);
    rig.buffered = 0;
    rig.link_up();
    rig.flush();
    rig.at(10_000);
    assert_eq!(rig.order(), ["in flight", "in flight", "queued", "offline"]);
}

/// tiny-pilot/tinypilot#250: a throttle without trailing edge left the cursor in the wrong place.
#[test]
fn p12_the_last_position_always_goes_out_by_default() {
    for last_call in [1, 50, 99, 100, 101] {
        let mut rig = Rig::up();
        let topic = rig.topic(Policy::throttle(ms(100)));
        rig.send(topic, "start");
        rig.at(last_call).send(topic, "end");
        rig.at(1_000);
        assert_eq!(rig.order(), ["start", "end"]);
    }
}

/// liveblocks has one throttle window for everything.
#[test]
fn p13_slots_and_topics_have_windows_of_their_own() {
    let mut rig = Rig::up();
    for _ in 0..3 {
        let topic = rig.topic(Policy::throttle(ms(100)));
        for _ in 0..3 {
            let slot = rig.slot(topic);
            rig.send_key(topic, slot, "x");
        }
    }
    assert_eq!(rig.writes().len(), 9);
    assert!(rig.writes().iter().all(|(at, _)| *at == 0));
}

/// rx-stomp#4, ng2-stompjs#89: the queue was flushed before subscriptions were back. Whoever drives the outbox calls
/// `up` when they are; until then nothing goes out.
#[test]
fn p14_nothing_is_written_before_the_session_is_up() {
    let mut rig = Rig::up();
    rig.link_down();
    let topic = rig.topic(Policy::throttle(ms(10)));
    rig.send(MAIN, "queued");
    rig.send(topic, "slot");
    rig.flush();
    rig.at(10_000);
    assert!(rig.frames.is_empty());
    rig.link_up();
    assert_eq!(rig.order(), ["queued", "slot"]);
}

/// socket.io: options of an emit that throws leak into the next.
#[test]
fn p15_the_options_of_a_failed_send_do_not_leak_into_the_next() {
    let mut rig = Rig::up();
    let options = SendOptions {
        immediate: true,
        expect_ack: true,
        ttl: Some(ms(1)),
        offline: Some(everwire_core::send::Offline::Drop),
        ..SendOptions::default()
    };
    let huge = Msg("huge".into(), usize::MAX);
    assert_eq!(
        rig.try_send(MAIN, None, huge, options),
        Err(SendError::TooLarge)
    );
    rig.link_down();
    let handle = rig.send(MAIN, "a");
    rig.at(1_000).link_up();
    assert_eq!(rig.statuses[handle], [Status::Queued, Status::Written]);
}

/// socket.io drops volatile messages also while the previous write drains.
#[test]
fn p15_offline_drop_does_not_drop_behind_a_busy_socket() {
    let mut rig = Rig::up();
    let volatile = SendOptions {
        offline: Some(everwire_core::send::Offline::Drop),
        ..SendOptions::default()
    };
    rig.block();
    rig.send_with(MAIN, "a", volatile);
    rig.send_with(MAIN, "b", volatile);
    rig.unblock();
    assert_eq!(rig.order(), ["a", "b"]);
}

/// reconnecting-websocket drops the newest silently when its queue is full, partysocket returns a bare false.
#[test]
fn p16_a_full_queue_is_a_typed_error_or_a_status() {
    let mut rig = Rig::down(OutboxConfig {
        max_messages: 1,
        ..OutboxConfig::default()
    });
    rig.send(MAIN, "a");
    let result = rig.try_send(MAIN, None, Msg("b".into(), 1), SendOptions::default());
    assert_eq!(result, Err(SendError::QueueFull));
}

/// socket.io: with retries one packet is in flight at a time, and packets sent in `connect` can be sent twice
/// (socketio/socket.io#4897).
#[test]
fn p17_many_are_in_flight_and_a_send_at_the_reconnect_goes_out_once() {
    let mut rig = Rig::up();
    let with_id = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    for name in ["1", "2", "3"] {
        rig.send_with(MAIN, name, with_id);
    }
    assert_eq!(rig.order(), ["1", "2", "3"]);
    rig.link_down();
    rig.outbox.up(rig.time());
    rig.outbox
        .send(rig.time(), MAIN, None, Msg("in connect".into(), 1), with_id)
        .unwrap();
    let mut frame = Vec::new();
    let mut order = Vec::new();
    while rig.outbox.poll_write(rig.time(), 0, &mut frame) != everwire_core::send::Frame::None {
        order.push(frame[0].1.0.clone());
        rig.outbox.wrote(rig.time(), true);
        while let Some(OutboxEvent::Status { .. }) = rig.outbox.poll_event() {}
    }
    assert_eq!(order, ["1", "2", "3", "in connect"]);
}
