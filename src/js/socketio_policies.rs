//! The module of `everwire/socket.io/policies`: an [`Outbox`] per Socket.IO socket, without a link of its own.
//!
//! `pkg/src/socket.io/policies.ts` is the other side. It tells when the namespace is joined and left, and when the
//! transport takes something; values, keys and texts stay there. Arguments that do not fit into a call go through the
//! registers: [`set`] before it, [`get`] after it. Times are milliseconds of `performance.now()`, and `Infinity` stands for
//! "none" or "no limit".

use core::cell::{Cell, RefCell};

use everwire_core::send::{
    Frame, Outbox, OutboxConfig, OutboxEvent, Payload, Scope, SendError, SendOptions, SlotId,
    Status, Ticket, TopicId,
};
use everwire_core::{Span, Time};

use super::pace::{lane, offline, overflow, rate, topic_config};

const REGISTERS: usize = 16;
/// Result of calls that found nothing, or failed without a reason of their own.
const NONE: i32 = -1;
/// Stands for "not given" where a small number is expected.
const UNSET: u32 = 15;

/// A value that stays in JavaScript: the core only needs its size.
#[derive(Clone, Copy)]
struct Size(u32);

impl Payload for Size {
    fn size(&self) -> usize {
        self.0 as usize
    }
}

struct Entry {
    outbox: Outbox<Size>,
    frame: Vec<(Ticket, Size)>,
}

thread_local! {
    static ENTRIES: RefCell<Vec<Option<Box<Entry>>>> = const { RefCell::new(Vec::new()) };
    static VALUES: [Cell<f64>; REGISTERS] = const { [const { Cell::new(0.0) }; REGISTERS] };
}

/// Writes a register.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn set(index: usize, value: f64) {
    VALUES.with(|values| {
        if let Some(cell) = values.get(index) {
            cell.set(value);
        }
    });
}

/// Reads a register.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn get(index: usize) -> f64 {
    register(index)
}

fn register(index: usize) -> f64 {
    VALUES.with(|values| values.get(index).map_or(f64::NAN, Cell::get))
}

/// Lends an outbox to `run`.
fn with<R>(id: u32, missing: R, run: impl FnOnce(&mut Entry) -> R) -> R {
    ENTRIES.with_borrow_mut(|entries| match entries.get_mut(id as usize) {
        Some(Some(entry)) => run(entry),
        _ => missing,
    })
}

/// Makes an outbox of the options in the registers and returns its number, or -1 if the core refuses them.
///
/// Registers: 0 maxMessages, 1 maxBytes, 2 overflow, 3 to 5 rate limit, 6 bytes in the socket's own buffer above which
/// nothing more is written.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn create() -> i32 {
    let config = OutboxConfig {
        max_messages: get(0) as usize,
        max_bytes: get(1) as usize,
        overflow: overflow(get(2) as u32).unwrap_or_default(),
        rate: rate(register, 3),
        high_water: get(6) as usize,
        ..OutboxConfig::default()
    };
    let Ok(outbox) = Outbox::new(config) else {
        return NONE;
    };
    let entry = Some(Box::new(Entry {
        outbox,
        frame: Vec::new(),
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

/// Frees an outbox that nothing refers to any more.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn free(id: u32) {
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(place) = entries.get_mut(id as usize) {
            *place = None;
        }
    });
}

/// Adds a topic and returns its number, or -1 if the core refuses the options in the registers (see [`topic_config`]).
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn topic(id: u32) -> i32 {
    let config = topic_config(register);
    with(id, NONE, |entry| {
        let topic = entry.outbox.topic(config);
        topic.map_or(NONE, |topic| topic.0 as i32)
    })
}

/// Cancels what a topic has pending and forgets it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn remove_topic(id: u32, topic: u32) {
    with(id, (), |entry| entry.outbox.remove_topic(TopicId(topic)));
}

/// A slot for a new key of a topic, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn slot(id: u32, topic: u32) -> i32 {
    with(id, NONE, |entry| {
        let slot = entry.outbox.slot(TopicId(topic));
        slot.map_or(NONE, |slot| slot.0 as i32)
    })
}

/// Accepts a value of `size` bytes and returns its ticket, or what is wrong: -1 closed, -2 offline, -3 queue full,
/// -4 too large, -5 rate limited, -6 no such topic or slot.
///
/// `flags`: bits 0-3 lane, 4-7 offline rule (15: the topic's), bit 8 immediate, 10 acknowledged, 11 merged. A negative
/// `slot` is the topic's own; a `ttl_ms` of `Infinity` the topic's.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn send(
    id: u32,
    now: f64,
    topic: u32,
    slot: i32,
    size: u32,
    flags: u32,
    ttl_ms: f64,
) -> i32 {
    let options = SendOptions {
        immediate: flags & 0x100 != 0,
        lane: lane(flags & UNSET),
        offline: offline(flags >> 4 & UNSET),
        ttl: ttl_ms.is_finite().then(|| Span::from_millis_f64(ttl_ms)),
        resend: false,
        expect_ack: flags & 0x400 != 0,
        merged: flags & 0x800 != 0,
    };
    with(id, NONE, |entry| {
        let (topic, slot) = (TopicId(topic), slot_id(slot));
        match entry
            .outbox
            .send(time(now), topic, slot, Size(size), options)
        {
            Ok(ticket) => ticket.0 as i32,
            Err(SendError::Closed) => -1,
            Err(SendError::Offline) => -2,
            Err(SendError::QueueFull) => -3,
            Err(SendError::TooLarge) => -4,
            Err(SendError::RateLimited) => -5,
            Err(_) => -6,
        }
    })
}

/// Ticket of the value that a slot would send, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn peek(id: u32, topic: u32, slot: i32) -> i32 {
    with(id, NONE, |entry| {
        let found = entry.outbox.peek(TopicId(topic), slot_id(slot));
        found.map_or(NONE, |(ticket, _)| ticket.0 as i32)
    })
}

/// About one value, by `kind`: 0 takes it back, 1 the server confirmed it, 2 its confirmation is no longer awaited. False
/// if it is too late for that.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn settle(id: u32, ticket: u32, kind: u32) -> bool {
    let ticket = Ticket(ticket);
    with(id, false, |entry| match kind {
        0 => entry.outbox.cancel(ticket),
        1 => entry.outbox.ack(ticket),
        _ => entry.outbox.abandon(ticket),
    })
}

/// Admits what is paced. A negative `topic` means all, a `slot` of -2 the whole topic, of -1 its own slot.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn flush(id: u32, now: f64, topic: i32, slot: i32) {
    let scope = scope(topic, slot);
    with(id, (), |entry| entry.outbox.flush(time(now), scope));
}

/// Takes back what is not yet written; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel_all(id: u32, topic: i32, slot: i32) {
    let scope = scope(topic, slot);
    with(id, (), |entry| entry.outbox.cancel_all(scope));
}

/// Whether something would still be sent; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn pending(id: u32, topic: i32, slot: i32) -> bool {
    let scope = scope(topic, slot);
    with(id, false, |entry| entry.outbox.pending(scope))
}

/// Tells what happened. `kind`: 0 the namespace is left, 1 it is joined, 2 the end.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn input(id: u32, now: f64, kind: u32) {
    with(id, (), |entry| match kind {
        0 => entry.outbox.down(time(now)),
        1 => entry.outbox.up(time(now)),
        _ => entry.outbox.terminate(),
    });
}

/// The next thing to do, 0 if there is none. It is in bits 0 to 3 of the result.
///
/// | Result | What | Register 0 |
/// |---|---|---|
/// | 1 | emit a value, then call [`wrote`] | ticket |
/// | 2 | the status of a value changed; bits 4 to 7 the status, bit 8 whether it is the last | ticket; details in 1 and 2 |
/// | 3 | a slot is free | slot |
///
/// A negative `buffered` says that nothing can be written now; otherwise it is what the socket itself still holds.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(id: u32, now: f64, buffered: f64) -> u32 {
    with(id, 0, |entry| {
        let now = time(now);
        entry.outbox.tick(now);
        // Events that a later core may add are none of this shell's business.
        while let Some(event) = entry.outbox.poll_event() {
            let code = told(event);
            if code != 0 {
                return code;
            }
        }
        if buffered < 0.0 {
            return 0;
        }
        let frame = entry
            .outbox
            .poll_write(now, buffered as usize, &mut entry.frame);
        match (frame, entry.frame.first()) {
            (Frame::Single | Frame::Batch, Some((ticket, _))) => {
                set(0, f64::from(ticket.0));
                1
            }
            _ => entry.outbox.poll_event().map_or(0, told),
        }
    })
}

/// The value just polled was emitted, or could not be.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn wrote(id: u32, now: f64, ok: bool) {
    with(id, (), |entry| entry.outbox.wrote(time(now), ok));
}

/// When [`poll`] is due again, `Infinity` if it is not.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(id: u32) -> f64 {
    with(id, f64::INFINITY, |entry| {
        let wake = entry.outbox.next_wake();
        wake.map_or(f64::INFINITY, Time::as_millis_f64)
    })
}

fn told(event: OutboxEvent) -> u32 {
    match event {
        OutboxEvent::Status {
            ticket,
            status,
            terminal,
        } => {
            set(0, f64::from(ticket.0));
            let code = match status {
                Status::Paced => 0,
                Status::Queued => 1,
                Status::Written => 2,
                Status::Acked => 3,
                Status::Superseded { by, merged } => {
                    set(1, f64::from(by.0));
                    set(2, f64::from(u8::from(merged)));
                    4
                }
                Status::Dropped(reason) => {
                    set(1, f64::from(reason as u8));
                    5
                }
                Status::Expired => 6,
                Status::Cancelled => 7,
                _ => 8,
            };
            2 | code << 4 | u32::from(terminal) << 8
        }
        OutboxEvent::SlotIdle(slot) => {
            set(0, f64::from(slot.0));
            3
        }
        _ => 0,
    }
}

fn time(millis: f64) -> Time {
    Time::from_millis_f64(millis)
}

fn slot_id(slot: i32) -> Option<SlotId> {
    u32::try_from(slot).ok().map(SlotId)
}

fn scope(topic: i32, slot: i32) -> Scope {
    match u32::try_from(topic) {
        Err(_) => Scope::All,
        Ok(topic) if slot < NONE => Scope::Topic(TopicId(topic)),
        Ok(topic) => Scope::Slot(TopicId(topic), slot_id(slot)),
    }
}
