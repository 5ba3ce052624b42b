//! flush, cancel, pending, peek: per send, slot, topic and outbox.

use everwire_core::Span;
use everwire_core::send::{
    OutboxConfig, Policy, RateLimit, Scope, SendError, SendOptions, Status, TopicConfig, TopicId,
};

use crate::rig::{Msg, Rig, ms};

const MAIN: TopicId = TopicId(0);
const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));
const DEBOUNCE: Policy = Policy::debounce(Span::from_millis(100));

#[test]
fn flush_admits_what_is_paced_in_its_scope_only() {
    let mut rig = Rig::up();
    let (a, b) = (rig.topic(DEBOUNCE), rig.topic(DEBOUNCE));
    let key = rig.slot(a);
    rig.send_key(a, key, "a key");
    rig.send(a, "a keyless");
    rig.send(b, "b");
    let scopes = [
        Scope::Slot(a, Some(key)),
        Scope::Slot(a, None),
        Scope::Topic(b),
    ];
    for (scope, written) in scopes.into_iter().zip(["a key", "a keyless", "b"]) {
        rig.outbox.flush(rig.time(), scope);
        rig.pump();
        assert_eq!(rig.order().last(), Some(&written), "{scope:?}");
    }
    assert_eq!(rig.order().len(), 3);
    rig.at(1_000);
    assert_eq!(rig.order().len(), 3);
}

#[test]
fn flush_never_overrides_a_rate_limit() {
    let mut rig = Rig::up();
    let rate = Some(RateLimit::per_second(10, 1));
    let topic = rig.configured(TopicConfig {
        policy: DEBOUNCE,
        rate,
        ..TopicConfig::default()
    });
    let (k1, k2) = (rig.slot(topic), rig.slot(topic));
    rig.send_key(topic, k1, "1");
    rig.send_key(topic, k2, "2");
    rig.flush();
    rig.flush();
    assert_eq!(rig.writes(), [(0, "1")]);
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "1"), (100, "2")]);
}

#[test]
fn flush_seals_a_batch_as_one_frame() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::Batch {
        max_items: 9,
        max_bytes: 99,
        max_wait: Span::MAX,
    });
    rig.send(topic, "a");
    rig.send(topic, "b");
    assert!(rig.pending());
    rig.at(1_000_000);
    assert!(rig.frames.is_empty());
    rig.flush();
    assert_eq!(rig.frames[0].2, ["a", "b"]);
    assert!(!rig.pending());
}

#[test]
fn cancel_takes_back_what_is_paced_or_queued_and_nothing_written() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let acked = SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    };
    let written = rig.send_with(topic, "a", acked);
    let paced = rig.send(topic, "b");
    rig.block();
    let queued = rig.send(MAIN, "c");
    assert!(!rig.cancel(written));
    assert!(rig.cancel(paced));
    assert!(rig.cancel(queued));
    assert_eq!(rig.last(paced), Status::Cancelled);
    assert_eq!(rig.last(queued), Status::Cancelled);
    rig.unblock();
    rig.at(1_000);
    assert_eq!(rig.order(), ["a"]);
    assert!(rig.ack(written));
}

#[test]
fn abandon_ends_what_is_written_and_unconfirmed_and_frees_its_place() {
    let mut rig = Rig::with(OutboxConfig {
        max_messages: 2,
        ramp: None,
        ..OutboxConfig::default()
    });
    let acked = SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    };
    let again = SendOptions {
        resend: true,
        ..acked
    };
    let (once, kept) = (
        rig.send_with(MAIN, "once", acked),
        rig.send_with(MAIN, "kept", again),
    );
    assert!(rig.abandon(once));
    assert!(rig.abandon(kept));
    for handle in [once, kept] {
        assert_eq!(rig.last(handle), Status::Unknown);
        assert!(rig.ended(handle));
        assert!(!rig.abandon(handle));
        assert!(!rig.ack(handle));
    }
    let counters = rig.outbox.counters();
    assert_eq!((counters.queued_messages, counters.queued_bytes), (0, 0));
    assert_eq!((counters.unknown, counters.acked), (2, 0));

    // Nothing is written again, also of what already waits for that.
    let lost = rig.send_with(MAIN, "lost", again);
    let stays = rig.send_with(MAIN, "stays", again);
    rig.link_down();
    assert!(rig.abandon(lost));
    rig.link_up();
    assert_eq!(rig.order(), ["once", "kept", "lost", "stays", "stays"]);
    assert!(rig.ack(stays));
    assert!(rig.outbox.is_settled());
}

#[test]
fn abandon_leaves_alone_what_is_not_written() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let acked = SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    };
    rig.send(topic, "a");
    let paced = rig.send_with(topic, "b", acked);
    rig.block();
    let queued = rig.send_with(MAIN, "c", acked);
    assert!(!rig.abandon(paced));
    assert!(!rig.abandon(queued));
    rig.unblock();
    rig.at(1_000);
    assert_eq!(rig.order(), ["a", "c", "b"]);
    assert!(rig.abandon(paced) && rig.abandon(queued));
}

#[test]
fn cancel_all_respects_its_scope() {
    let mut rig = Rig::up();
    let topic = rig.topic(DEBOUNCE);
    let key = rig.slot(topic);
    let keyed = rig.send_key(topic, key, "keyed");
    let keyless = rig.send(topic, "keyless");
    rig.outbox.cancel_all(Scope::Slot(topic, None));
    rig.pump();
    assert_eq!(rig.last(keyless), Status::Cancelled);
    assert_eq!(rig.last(keyed), Status::Paced);
    assert_eq!(rig.outbox.pending_count(Scope::Topic(topic)), 1);
    rig.outbox.cancel_all(Scope::Topic(topic));
    rig.pump();
    assert_eq!(rig.last(keyed), Status::Cancelled);
    assert!(!rig.pending());
    assert_eq!(rig.outbox.next_wake(), None);
}

#[test]
fn after_a_cancel_the_slot_is_fresh() {
    let both = Policy::Debounce {
        wait: ms(100),
        max_wait: ms(150),
        leading: true,
        trailing: true,
    };
    let mut rig = Rig::up();
    let topic = rig.topic(both);
    rig.send(topic, "a");
    rig.at(90).send(topic, "b");
    rig.at(95).cancel_all();
    // Leads again, and the longest wait starts anew.
    rig.send(topic, "c");
    rig.at(100).send(topic, "d");
    rig.at(180).send(topic, "e");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "a"), (95, "c"), (250, "e")]);
}

#[test]
fn after_a_cancel_with_nothing_pending_a_debounce_leads_again() {
    let both = Policy::Debounce {
        wait: ms(100),
        max_wait: ms(500),
        leading: true,
        trailing: true,
    };
    for all in [true, false] {
        let mut rig = Rig::up();
        let topic = rig.topic(both);
        rig.send(topic, "a");
        let scope = if all {
            Scope::All
        } else {
            Scope::Slot(topic, None)
        };
        rig.at(10).outbox.cancel_all(scope);
        rig.send(topic, "b");
        assert_eq!(rig.writes(), [(0, "a"), (10, "b")]);
    }
}

#[test]
fn a_throttle_value_cancelled_before_its_write_does_not_count_as_admitted() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    rig.block();
    let held_up = rig.send(topic, "a");
    rig.cancel(held_up);
    rig.unblock();
    rig.at(10).send(topic, "b");
    assert_eq!(rig.writes(), [(10, "b")]);
}

#[test]
fn a_forced_value_that_is_taken_back_leaves_the_distance_to_what_was_written() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    rig.send(topic, "a");
    rig.at(30).send(topic, "b");
    rig.block();
    rig.at(40).flush();
    rig.cancel_all();
    rig.unblock();
    rig.at(50).send(topic, "c");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "a"), (100, "c")]);
}

#[test]
fn pending_counts_only_what_would_still_be_sent() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let key = rig.slot(topic);
    assert!(!rig.pending());
    rig.send_key(topic, key, "a");
    assert!(!rig.pending());
    rig.send_key(topic, key, "b");
    assert!(rig.outbox.pending(Scope::All));
    assert!(rig.outbox.pending(Scope::Topic(topic)));
    assert!(rig.outbox.pending(Scope::Slot(topic, Some(key))));
    assert!(!rig.outbox.pending(Scope::Slot(topic, None)));
    assert!(!rig.outbox.pending(Scope::Topic(MAIN)));
    rig.at(100);
    assert!(!rig.pending());
}

#[test]
fn a_message_kept_for_a_resend_is_pending_only_without_its_link() {
    let mut rig = Rig::up();
    let options = SendOptions {
        resend: true,
        ..SendOptions::default()
    };
    rig.send_with(MAIN, "a", options);
    assert!(!rig.pending());
    rig.link_down();
    assert!(rig.pending());
    assert!(rig.outbox.pending(Scope::Topic(MAIN)));
    rig.link_up();
    assert!(!rig.pending());
}

#[test]
fn peek_shows_the_next_value_and_changes_nothing() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    assert!(rig.outbox.peek(topic, None).is_none());
    rig.send(topic, "a");
    assert!(rig.outbox.peek(topic, None).is_none());
    let b = rig.send(topic, "b");
    for _ in 0..2 {
        let (ticket, msg) = rig.outbox.peek(topic, None).unwrap();
        assert_eq!((Some(ticket), msg.0.as_str()), (rig.ticket(b), "b"));
        assert_eq!(rig.outbox.payload(ticket).unwrap().0, "b");
    }
    rig.at(100);
    assert_eq!(rig.order(), ["a", "b"]);
    assert!(rig.outbox.peek(topic, None).is_none());
}

#[test]
fn foreign_topics_and_slots_are_unknown() {
    let mut rig = Rig::up();
    let (a, b) = (rig.topic(THROTTLE), rig.topic(THROTTLE));
    let slot = rig.slot(a);
    let send = |rig: &mut Rig, topic, slot| {
        rig.try_send(topic, slot, Msg("x".into(), 1), SendOptions::default())
            .err()
    };
    assert_eq!(send(&mut rig, b, Some(slot)), Some(SendError::Unknown));
    assert_eq!(send(&mut rig, TopicId(99), None), Some(SendError::Unknown));
    assert_eq!(rig.outbox.slot(TopicId(99)), Err(SendError::Unknown));
    assert!(!rig.outbox.cancel(everwire_core::send::Ticket(u32::MAX)));
}
