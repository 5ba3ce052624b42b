//! Constructor errors, not silence.

use everwire_core::send::ConfigError::{
    BadRate, EmptyBatch, EmptyQueue, MaxWaitTooShort, NoEdge, NotFinite, NotPositive,
    UnboundedBatch,
};
use everwire_core::send::Policy::{Batch, Conflate, Debounce, Throttle};
use everwire_core::send::{
    ConfigError, Outbox, OutboxConfig, Policy, RateLimit, RateOverflow, TopicConfig,
};
use everwire_core::{Span, Time};

use crate::rig::{Msg, ms};

fn topic_error(config: TopicConfig) -> Option<ConfigError> {
    Outbox::<Msg>::new(OutboxConfig::default())
        .unwrap()
        .topic(config)
        .err()
}

#[test]
fn wrong_policies_are_refused() {
    let debounce = |wait, max_wait, leading, trailing| Debounce {
        wait,
        max_wait,
        leading,
        trailing,
    };
    let throttle = |interval, leading, trailing| Throttle {
        interval,
        leading,
        trailing,
    };
    let batch = |max_items, max_bytes, max_wait| Batch {
        max_items,
        max_bytes,
        max_wait,
    };
    let cases = [
        (debounce(ms(1), ms(1), false, false), Some(NoEdge)),
        (debounce(ms(2), ms(1), false, true), Some(MaxWaitTooShort)),
        (debounce(ms(0), ms(1), false, true), Some(NotPositive)),
        (debounce(ms(1), Span::MAX, false, true), Some(NotFinite)),
        (debounce(Span::MAX, Span::MAX, false, true), Some(NotFinite)),
        (debounce(ms(1), ms(1), true, false), None),
        (throttle(ms(1), false, false), Some(NoEdge)),
        (throttle(ms(0), true, true), Some(NotPositive)),
        (throttle(Span::MAX, true, true), Some(NotFinite)),
        (throttle(ms(1), false, true), None),
        (
            Conflate {
                min_interval: Span::MAX,
            },
            Some(NotFinite),
        ),
        (
            Conflate {
                min_interval: ms(0),
            },
            None,
        ),
        (batch(u32::MAX, usize::MAX, Span::MAX), Some(UnboundedBatch)),
        (batch(0, usize::MAX, ms(1)), Some(EmptyBatch)),
        (batch(1, 0, ms(1)), Some(EmptyBatch)),
        (batch(2, usize::MAX, Span::MAX), None),
        (batch(u32::MAX, 2, Span::MAX), None),
        (batch(u32::MAX, usize::MAX, ms(0)), None),
        (Policy::Immediate, None),
    ];
    for (policy, expected) in cases {
        let config = TopicConfig {
            policy,
            ..TopicConfig::default()
        };
        assert_eq!(topic_error(config), expected, "{policy:?}");
    }
}

#[test]
fn times_that_are_no_times_are_refused() {
    for millis in [f64::NAN, -1.0, f64::INFINITY] {
        let policy = Policy::debounce(Span::from_millis_f64(millis));
        assert!(
            topic_error(TopicConfig {
                policy,
                ..TopicConfig::default()
            })
            .is_some(),
            "{millis}"
        );
        let policy = Policy::throttle(Span::from_millis_f64(millis));
        assert!(
            topic_error(TopicConfig {
                policy,
                ..TopicConfig::default()
            })
            .is_some(),
            "{millis}"
        );
    }
}

#[test]
fn rates_that_let_nothing_or_everything_through_are_refused() {
    for (per_token, burst) in [(ms(0), 1), (Span::MAX, 1), (ms(1), 0)] {
        let limit = RateLimit {
            per_token,
            burst,
            overflow: RateOverflow::Queue,
        };
        let topic = TopicConfig {
            rate: Some(limit),
            ..TopicConfig::default()
        };
        assert_eq!(topic_error(topic), Some(BadRate));
        let rate = OutboxConfig {
            rate: Some(limit),
            ..OutboxConfig::default()
        };
        assert_eq!(Outbox::<Msg>::new(rate).err(), Some(BadRate));
        let ramp = OutboxConfig {
            ramp: Some(limit),
            ..OutboxConfig::default()
        };
        assert_eq!(Outbox::<Msg>::new(ramp).err(), Some(BadRate));
    }
    assert_eq!(RateLimit::per_second(10, 5).per_token, ms(100));
    let zero = TopicConfig {
        rate: Some(RateLimit::per_second(0, 5)),
        ..TopicConfig::default()
    };
    assert_eq!(topic_error(zero), Some(BadRate));
}

#[test]
fn a_queue_needs_room() {
    for (max_messages, max_bytes) in [(0, 1), (1, 0)] {
        let config = OutboxConfig {
            max_messages,
            max_bytes,
            ..OutboxConfig::default()
        };
        assert_eq!(Outbox::<Msg>::new(config).err(), Some(EmptyQueue));
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = OutboxConfig::default();
    assert_eq!((config.max_messages, config.max_bytes), (1_000, 1 << 20));
    let expected = Debounce {
        wait: ms(3),
        max_wait: ms(15),
        leading: false,
        trailing: true,
    };
    assert_eq!(Policy::debounce(ms(3)), expected);
    let expected = Throttle {
        interval: ms(3),
        leading: true,
        trailing: true,
    };
    assert_eq!(Policy::throttle(ms(3)), expected);
}

#[test]
fn a_new_outbox_has_no_timer() {
    let mut outbox = Outbox::<Msg>::new(OutboxConfig::default()).unwrap();
    outbox.tick(Time::ZERO + ms(5));
    assert_eq!(outbox.next_wake(), None);
    assert!(outbox.is_drained());
}
