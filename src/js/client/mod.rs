//! Exports of the npm subpath `everwire`: connections with keyed send policies.
//!
//! A connection is a number. Sizes, ticket numbers and codes cross the boundary; payloads, keys, urls and texts stay in
//! JavaScript (`pkg/src/client`), which also owns the socket and the timer. Values that do not fit into a call's
//! arguments or its one result go through the registers: [`set`] before the call, [`get`] after it. Times are
//! milliseconds of `performance.now()`, and `Infinity` stands for "none" or "no limit".
//!
//! Nothing here calls JavaScript, so no borrow is ever held while user code runs.

mod actions;
mod config;

use core::cell::{Cell, RefCell};

use everwire_core::connection::{Action, Connection};
use everwire_core::link::{Input, NetworkEvent, PageEvent, Verdict};
use everwire_core::send::{Payload, Scope, SendError, SendOptions, SlotId, Ticket, TopicId};
use everwire_core::{Span, Time};

use actions::{link_action, outbox_action};
use config::{lane, offline};

const REGISTERS: usize = 32;
/// Result of calls that found nothing, or failed without a reason of their own.
const NONE: i32 = -1;
/// Stands for "not given" where a small number is expected.
const UNSET: u32 = 15;

/// A payload that stays in JavaScript: the core only needs its size.
#[derive(Clone, Copy)]
struct Size(u32);

impl Payload for Size {
    fn size(&self) -> usize {
        self.0 as usize
    }
}

struct Entry {
    connection: Connection<Size>,
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
    VALUES.with(|values| values.get(index).map_or(f64::NAN, Cell::get))
}

/// Lends a connection to `run`. It is taken out for that time: one small pair of functions instead of a borrow, a bounds
/// check and their failures in every export.
fn with<R>(id: u32, missing: R, run: impl FnOnce(&mut Entry) -> R) -> R {
    let Some(mut entry) = take(id) else {
        return missing;
    };
    let result = run(&mut entry);
    put(id, entry);
    result
}

#[inline(never)]
fn take(id: u32) -> Option<Box<Entry>> {
    ENTRIES.with_borrow_mut(|entries| entries.get_mut(id as usize)?.take())
}

#[inline(never)]
fn put(id: u32, entry: Box<Entry>) {
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(place) = entries.get_mut(id as usize) {
            *place = Some(entry);
        }
    });
}

/// Frees a connection that nothing refers to any more.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn free(id: u32) {
    drop(take(id));
}

/// Cancels what a topic has pending and forgets it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn remove_topic(id: u32, topic: u32) {
    with(id, (), |entry| {
        entry.connection.outbox().remove_topic(TopicId(topic))
    });
}

/// A slot for a new key of a topic, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn slot(id: u32, topic: u32) -> i32 {
    with(id, NONE, |entry| {
        entry
            .connection
            .outbox()
            .slot(TopicId(topic))
            .map_or(NONE, |slot| slot.0 as i32)
    })
}

/// Accepts a message of `size` bytes and returns its ticket, or what is wrong: -1 closed, -2 offline, -3 queue full,
/// -4 too large, -5 rate limited, -6 no such topic or slot.
///
/// `flags`: bits 0-3 lane, 4-7 offline rule (15: the topic's), bit 8 immediate, 9 resend, 10 acknowledged, 11 merged.
/// A negative `slot` is the topic's own; a `ttl_ms` of `Infinity` the topic's.
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
        ttl: ttl(ttl_ms),
        resend: flags & 0x200 != 0,
        expect_ack: flags & 0x400 != 0,
        merged: flags & 0x800 != 0,
    };
    with(id, NONE, |entry| {
        match entry.connection.outbox().send(
            time(now),
            TopicId(topic),
            slot_id(slot),
            Size(size),
            options,
        ) {
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

/// Ticket of the message that a slot would send, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn peek(id: u32, topic: u32, slot: i32) -> i32 {
    with(id, NONE, |entry| {
        entry
            .connection
            .outbox()
            .peek(TopicId(topic), slot_id(slot))
            .map_or(NONE, |(ticket, _)| ticket.0 as i32)
    })
}

/// Takes a message back; false once it is written.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel(id: u32, ticket: u32) -> bool {
    with(id, false, |entry| {
        entry.connection.outbox().cancel(Ticket(ticket))
    })
}

/// Stops waiting for the confirmation of a written message; false if none is awaited.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn abandon(id: u32, ticket: u32) -> bool {
    with(id, false, |entry| {
        entry.connection.outbox().abandon(Ticket(ticket))
    })
}

/// The peer confirmed a message.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn ack(id: u32, ticket: u32) -> bool {
    with(id, false, |entry| {
        entry.connection.outbox().ack(Ticket(ticket))
    })
}

/// Admits what is paced. A negative `topic` means all, a `slot` of -2 the whole topic, of -1 its own slot.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn flush(id: u32, now: f64, topic: i32, slot: i32) {
    with(id, (), |entry| {
        entry
            .connection
            .outbox()
            .flush(time(now), scope(topic, slot))
    });
}

/// Takes back what is not yet written; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel_all(id: u32, topic: i32, slot: i32) {
    with(id, (), |entry| {
        entry.connection.outbox().cancel_all(scope(topic, slot))
    });
}

/// Whether something would still be sent; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn pending(id: u32, topic: i32, slot: i32) -> bool {
    with(id, false, |entry| {
        entry.connection.outbox().pending(scope(topic, slot))
    })
}

/// Tells what happened. `kind`: 0 start, 1 reconnect, 2 terminate, 3 opened, 4 dial failed, 5 socket closed,
/// 6 received (`a`: a pong), 7 page (`a`: visible, hidden, frozen, resumed), 8 network (`a`: online, offline), 9 tick.
///
/// For 3 to 5 `a` is the generation; for 5 `code` the close code and `clean` whether it was clean. `verdict` is the
/// user's override of a loss: -1 stop, 0 none, 1 retry, above 1 retry after `verdict - 2` milliseconds.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn input(
    id: u32,
    now: f64,
    kind: u32,
    a: u32,
    code: u16,
    clean: bool,
    verdict: f64,
) {
    let generation = a;
    let verdict = match verdict {
        0.0 => Verdict::Default,
        1.0 => Verdict::Retry,
        delay if delay > 1.0 => Verdict::RetryAfter(Span::from_millis_f64(delay - 2.0)),
        _ => Verdict::Stop,
    };
    let input = match kind {
        0 => Input::Start,
        1 => Input::Reconnect,
        2 => Input::Terminate,
        3 => Input::Opened { generation },
        4 => Input::DialFailed {
            generation,
            verdict,
        },
        5 => Input::SocketClosed {
            generation,
            code,
            clean,
            verdict,
        },
        6 => Input::Received { pong: a != 0 },
        7 => Input::Page(match a {
            0 => PageEvent::Visible,
            1 => PageEvent::Hidden,
            2 => PageEvent::Frozen,
            _ => PageEvent::Resumed,
        }),
        8 => Input::Network(if a == 0 {
            NetworkEvent::Online
        } else {
            NetworkEvent::Offline
        }),
        _ => Input::Tick,
    };
    with(id, (), |entry| entry.connection.handle(time(now), input));
}

/// Starts the orderly end.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn close(id: u32, now: f64, flush: bool, deadline: f64) {
    with(id, (), |entry| {
        entry
            .connection
            .close(time(now), flush, Span::from_millis_f64(deadline))
    });
}

/// The next action, 0 if there is none. The action is in bits 0 to 3 of the result.
///
/// | Result | Action | Registers |
/// |---|---|---|
/// | 1 | dial | 0 generation, 1 endpoint |
/// | 2 | start the closing handshake | |
/// | 3 | abandon the socket | |
/// | 4 | ping | 0 generation |
/// | 5 | the state changed | 0 from, 1 to, 2 cause, 3 close code, 4 clean, 5 attempt |
/// | 6 | a dial is planned | 0 attempt, 1 delay |
/// | 7 | the link ended | 0 reason |
/// | 8 | write one message, then call [`wrote`] | 0 ticket |
/// | 9 | write a batch, then call [`wrote`] | 0 number of messages, see [`frame`] |
/// | 10 | the status of a message changed; bits 4 to 7 the status, bit 8 whether it is the last | 0 ticket, 2 and 3 details |
/// | 11 | a slot is free | 0 slot |
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(id: u32, now: f64, buffered: f64) -> u32 {
    with(id, 0, |entry| {
        // Actions that a later core may add and that this shell does not know are none of its business.
        loop {
            let action = entry
                .connection
                .poll(time(now), buffered as usize, &mut entry.frame);
            let code = match action {
                None => return 0,
                Some(Action::Link(output)) => link_action(entry, output),
                Some(Action::Write { batch: false, .. }) => {
                    set(
                        0,
                        entry
                            .frame
                            .first()
                            .map_or(f64::NAN, |(ticket, _)| f64::from(ticket.0)),
                    );
                    8
                }
                Some(Action::Write { .. }) => {
                    set(0, entry.frame.len() as f64);
                    9
                }
                Some(Action::Event(event)) => outbox_action(event),
            };
            if code != 0 {
                return code;
            }
        }
    })
}

/// Ticket of message `index` of the batch to write.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn frame(id: u32, index: u32) -> u32 {
    with(id, 0, |entry| {
        entry
            .frame
            .get(index as usize)
            .map_or(0, |(ticket, _)| ticket.0)
    })
}

/// The frame was handed to the socket, or the socket refused it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn wrote(id: u32, now: f64, ok: bool) {
    with(id, (), |entry| entry.connection.wrote(time(now), ok));
}

/// Below which `bufferedAmount` a plain immediate message may be written without [`send`], 0 if not at all. Holds until the
/// next call that changes anything.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn bypass(id: u32) -> u32 {
    with(id, 0, |entry| {
        entry.connection.bypass().unwrap_or_default() as u32
    })
}

/// When the next tick is due, `Infinity` if none is.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(id: u32) -> f64 {
    with(id, f64::INFINITY, |entry| {
        millis(entry.connection.next_wake())
    })
}

fn time(millis: f64) -> Time {
    Time::from_millis_f64(millis)
}

fn millis(time: Option<Time>) -> f64 {
    time.map_or(f64::INFINITY, Time::as_millis_f64)
}

fn ttl(millis: f64) -> Option<Span> {
    millis.is_finite().then(|| Span::from_millis_f64(millis))
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
