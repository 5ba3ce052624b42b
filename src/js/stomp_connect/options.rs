//! Options: from registers to the core's types.

use everwire_core::Span;
use everwire_core::link::{Backoff, Jitter, LinkConfig};
use everwire_core::protocol::stomp::client::{Client, ClientConfig, TransactionBuilder};
use everwire_core::protocol::stomp::{HeartBeat, SessionConfig, Version};
use everwire_core::send::{
    Lane, Offline, Order, OutboxConfig, Overflow, Policy, RateLimit, RateOverflow, TopicConfig,
};

use super::outgoing::texts;
use super::{ENTRIES, Entry, NONE, get, take_input, ttl, with};

/// Makes a client of the options in the registers and returns its number, or -1 if the core refuses them. The input has
/// the header of ids and the destination of answers.
///
/// Registers: 0 seed, 1 minDelay, 2 maxDelay, 3 factor x 1000, 4 jitter, 5 firstSpread, 6 maxRetries, 7 minUptime,
/// 8 connectTimeout, 9 reconnect, 10 endpoints, 11 and 12 heart-beats (send, expect), 13 maxMessages, 14 maxBytes,
/// 15 overflow, 16 to 18 rate limit, 19 confirm, 20 whether a refused login ends it, 21 versions (bit 0: 1.0), 22 longest
/// body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn create() -> i32 {
    let input = take_input();
    let mut texts = texts(&input);
    let (id_header, reply_to) = (
        texts.next().unwrap_or_default(),
        texts.next().unwrap_or_default(),
    );
    let link = LinkConfig {
        backoff: Backoff {
            min: span(1),
            max: span(2),
            factor_milli: get(3) as u32,
            jitter: match get(4) as u32 {
                0 => Jitter::Full,
                1 => Jitter::Equal,
                _ => Jitter::None,
            },
            first_spread: span(5),
        },
        reconnect: get(9) != 0.0,
        // `Infinity` becomes a number that is never reached, and a deadline that never comes.
        max_retries: Some(get(6) as u32),
        min_uptime: span(7),
        connect_timeout: Some(span(8)),
        endpoints: get(10) as u32,
        ..LinkConfig::default()
    };
    let outbox = OutboxConfig {
        max_messages: get(13) as usize,
        max_bytes: get(14) as usize,
        overflow: overflow(get(15) as u32).unwrap_or_default(),
        rate: rate(16),
        ..OutboxConfig::default()
    };
    let mut session = SessionConfig {
        heart_beat: HeartBeat {
            send: get(11) as u32,
            expect: get(12) as u32,
        },
        ..SessionConfig::default()
    };
    session.limits.body = get(22) as usize;
    session.versions.retain(|version| {
        let bit = match version {
            Version::V1_0 => 1,
            Version::V1_1 => 2,
            Version::V1_2 => 4,
        };
        get(21) as u32 & bit != 0
    });
    let config = ClientConfig {
        link,
        outbox,
        session,
        confirm: span(19),
        stop_on_refused_login: get(20) != 0.0,
        id_header,
        reply_to,
        ..ClientConfig::default()
    };
    let Ok(client) = Client::new(config, get(0) as u64) else {
        return NONE;
    };
    let entry = Some(Box::new(Entry {
        client,
        out: Vec::new(),
        message: Vec::new(),
        at: 0,
        generation: 0,
        listeners: Vec::new(),
        transaction: TransactionBuilder::new(),
    }));
    ENTRIES.with_borrow_mut(|entries| {
        let free = entries.iter().position(Option::is_none);
        if let Some(place) = free.and_then(|free| entries.get_mut(free)) {
            *place = entry;
        } else {
            entries.push(entry);
        }
        free.unwrap_or(entries.len() - 1) as i32
    })
}

/// Adds a topic and returns its number, or -1 if the core refuses the options in the registers.
///
/// Registers: 0 kind of pace, 1 to 4 its options, 5 to 7 rate limit, 8 order, 9 lane, 10 offline, 11 ttl, 12 overflow,
/// 13 whether values are merged.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn topic(id: u32) -> i32 {
    let (leading, trailing) = (get(3) != 0.0, get(4) != 0.0);
    let config = TopicConfig {
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
            _ => Policy::Immediate,
        },
        rate: rate(5),
        order: match get(8) as u32 {
            1 => Order::Independent,
            2 => Order::Supersede,
            _ => Order::FlushBefore,
        },
        lane: lane(get(9) as u32).unwrap_or_default(),
        offline: offline(get(10) as u32),
        ttl: ttl(get(11)),
        overflow: overflow(get(12) as u32),
        merges: get(13) != 0.0,
    };
    with(id, NONE, |entry| {
        entry
            .client
            .topic(config)
            .map_or(NONE, |topic| topic.0 as i32)
    })
}

fn span(register: usize) -> Span {
    Span::from_millis_f64(get(register))
}

/// A rate limit from three registers: messages per second (0 for none), burst, overflow.
fn rate(register: usize) -> Option<RateLimit> {
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

fn overflow(code: u32) -> Option<Overflow> {
    match code {
        0 => Some(Overflow::Reject),
        1 => Some(Overflow::DropOldest),
        2 => Some(Overflow::DropNewest),
        _ => None,
    }
}
