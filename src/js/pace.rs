//! Options of topics and limits, as the facades write them into registers (`plan` in `pkg/src/client/topic.ts`).

use everwire_core::Span;
use everwire_core::send::{
    Lane, Offline, Order, Overflow, Policy, RateLimit, RateOverflow, TopicConfig,
};

/// The options of a topic. `get` reads a register.
///
/// Registers: 0 kind of pace, 1 to 4 its options, 5 to 7 rate limit, 8 order, 9 lane, 10 offline, 11 ttl, 12 overflow,
/// 13 whether values are merged.
pub(super) fn topic_config(get: impl Fn(usize) -> f64 + Copy) -> TopicConfig {
    let span = |register| Span::from_millis_f64(get(register));
    let leading = get(3) != 0.0;
    let trailing = get(4) != 0.0;
    TopicConfig {
        policy: match get(0) as u32 {
            1 => Policy::Debounce {
                wait: span(1),
                max_wait: span(2),
                leading,
                trailing,
            },
            2 => Policy::Throttle {
                interval: span(1),
                leading,
                trailing,
            },
            3 => Policy::Conflate {
                min_interval: span(1),
            },
            4 => Policy::Batch {
                max_items: get(1) as u32,
                max_bytes: get(2) as usize,
                max_wait: span(3),
            },
            _ => Policy::Immediate,
        },
        rate: rate(get, 5),
        order: match get(8) as u32 {
            1 => Order::Independent,
            2 => Order::Supersede,
            _ => Order::FlushBefore,
        },
        lane: lane(get(9) as u32).unwrap_or_default(),
        offline: offline(get(10) as u32),
        ttl: get(11).is_finite().then(|| span(11)),
        overflow: overflow(get(12) as u32),
        merges: get(13) != 0.0,
    }
}

/// A rate limit from three registers: messages per second (0 for none), burst, overflow.
pub(super) fn rate(get: impl Fn(usize) -> f64, register: usize) -> Option<RateLimit> {
    let rate = get(register);
    (rate > 0.0).then(|| RateLimit {
        per_token: Span::from_millis_f64(1_000.0 / rate),
        burst: get(register + 1) as u32,
        overflow: match get(register + 2) as u32 {
            1 => RateOverflow::Conflate,
            2 => RateOverflow::DropOldest,
            3 => RateOverflow::DropNewest,
            4 => RateOverflow::Reject,
            _ => RateOverflow::Queue,
        },
    })
}

pub(super) fn lane(code: u32) -> Option<Lane> {
    match code {
        0 => Some(Lane::Control),
        1 => Some(Lane::Rpc),
        2 => Some(Lane::Normal),
        3 => Some(Lane::Bulk),
        _ => None,
    }
}

pub(super) fn offline(code: u32) -> Option<Offline> {
    match code {
        0 => Some(Offline::Queue),
        1 => Some(Offline::Latest),
        2 => Some(Offline::Drop),
        3 => Some(Offline::Reject),
        _ => None,
    }
}

pub(super) fn overflow(code: u32) -> Option<Overflow> {
    match code {
        0 => Some(Overflow::Reject),
        1 => Some(Overflow::DropOldest),
        2 => Some(Overflow::DropNewest),
        _ => None,
    }
}
