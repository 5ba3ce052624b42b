//! Exports of the npm subpath `everwire/stomp/connect`: STOMP clients that outlive their connections.
//!
//! A client is a number. Numbers cross the boundary as arguments and through the registers ([`set`], [`get`]); texts and
//! octets through one input buffer that JavaScript fills before a call, and through pointers into the memory after it.
//! Texts in a row end with NUL each, which no STOMP header can contain. Times are milliseconds of `performance.now()`,
//! and `Infinity` stands for "none" or "no limit".
//!
//! Nothing here calls JavaScript, so no borrow is ever held while user code runs.

mod actions;
mod incoming;
mod options;
mod outgoing;

use core::cell::{Cell, RefCell};

use everwire_core::link::{NetworkEvent, PageEvent, Verdict};
use everwire_core::protocol::stomp::client::{Client, ListenerId, Loss, TransactionBuilder};
use everwire_core::send::{Scope, SlotId, Ticket, TopicId};
use everwire_core::{Span, Time};

const REGISTERS: usize = 32;
/// Result of calls that found nothing, or failed without a reason of their own.
const NONE: i32 = -1;

struct Entry {
    client: Client,
    /// The frame to write, or the head of the frame that came in.
    out: Vec<u8>,
    /// The WebSocket message that is being read, and how far.
    message: Vec<u8>,
    at: usize,
    generation: u32,
    /// Who the frame that came in is for.
    listeners: Vec<ListenerId>,
    transaction: TransactionBuilder,
}

thread_local! {
    static ENTRIES: RefCell<Vec<Option<Box<Entry>>>> = const { RefCell::new(Vec::new()) };
    static VALUES: [Cell<f64>; REGISTERS] = const { [const { Cell::new(0.0) }; REGISTERS] };
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
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

/// Makes the input buffer `length` bytes long and returns its address, for JavaScript to fill.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.clear();
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

fn take_input() -> Vec<u8> {
    INPUT.with_borrow_mut(core::mem::take)
}

/// Lends a client to `run`. It is taken out for that time.
fn with<R>(id: u32, missing: R, run: impl FnOnce(&mut Entry) -> R) -> R {
    let Some(mut entry) = take(id) else {
        return missing;
    };
    let result = run(&mut entry);
    put_back(id, entry);
    result
}

// Apart from `with`, of which every export has a copy.
#[inline(never)]
fn put_back(id: u32, entry: Box<Entry>) {
    ENTRIES.with_borrow_mut(|entries| {
        if let Some(place) = entries.get_mut(id as usize) {
            *place = Some(entry);
        }
    });
}

#[inline(never)]
fn take(id: u32) -> Option<Box<Entry>> {
    ENTRIES.with_borrow_mut(|entries| entries.get_mut(id as usize)?.take())
}

/// Frees a client that nothing refers to any more.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn free(id: u32) {
    drop(take(id));
}

/// Cancels what a topic has pending and forgets it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn remove_topic(id: u32, topic: u32) {
    with(id, (), |entry| entry.client.remove_topic(TopicId(topic)));
}

/// A slot for a new key of a topic, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn slot(id: u32, topic: u32) -> i32 {
    with(id, NONE, |entry| {
        entry
            .client
            .slot(TopicId(topic))
            .map_or(NONE, |slot| slot.0 as i32)
    })
}

/// Ticket of the message that a slot would send, or -1.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn peek(id: u32, topic: u32, slot: i32) -> i32 {
    with(id, NONE, |entry| {
        entry
            .client
            .peek(TopicId(topic), slot_id(slot))
            .map_or(NONE, |(ticket, _)| ticket.0 as i32)
    })
}

/// Takes a message back; false once it is written.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel(id: u32, ticket: u32) -> bool {
    with(id, false, |entry| entry.client.cancel(Ticket(ticket)))
}

/// Admits what is paced. A negative `topic` means all, a `slot` of -2 the whole topic, of -1 its own slot.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn flush(id: u32, now: f64, topic: i32, slot: i32) {
    with(id, (), |entry| {
        entry.client.flush(time(now), scope(topic, slot))
    });
}

/// Takes back what is not yet written; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel_all(id: u32, topic: i32, slot: i32) {
    with(id, (), |entry| entry.client.cancel_all(scope(topic, slot)));
}

/// Whether something would still be sent; the scope as in [`flush`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn pending(id: u32, topic: i32, slot: i32) -> bool {
    with(id, false, |entry| {
        entry.client.is_pending(scope(topic, slot))
    })
}

/// Tells what happened. `kind`: 0 start, 1 reconnect, 2 terminate, 3 tick, 4 page (`a`: visible, hidden, frozen, resumed),
/// 5 network (`a`: online, offline).
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tell(id: u32, now: f64, kind: u32, a: u32) {
    with(id, (), |entry| {
        let (client, now) = (&mut entry.client, time(now));
        match kind {
            0 => client.start(now),
            1 => client.reconnect(now),
            2 => client.terminate(now),
            3 => client.tick(now),
            4 => client.page(
                now,
                match a {
                    0 => PageEvent::Visible,
                    1 => PageEvent::Hidden,
                    2 => PageEvent::Frozen,
                    _ => PageEvent::Resumed,
                },
            ),
            _ => client.network(
                now,
                if a == 0 {
                    NetworkEvent::Online
                } else {
                    NetworkEvent::Offline
                },
            ),
        }
    });
}

/// The socket of this generation opened; the input has the headers of `CONNECT`. False if one of them cannot be written.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn opened(id: u32, now: f64, generation: u32) -> bool {
    let input = take_input();
    let headers = outgoing::headers(&mut outgoing::texts(&input));
    with(id, true, |entry| {
        entry.client.opened(time(now), generation, &headers).is_ok()
    })
}

/// A dial (`kind` 0) or a socket (1) of this generation is over, or the answer to a fault (2). `verdict` is the user's
/// override: -1 stop, 0 none, 1 retry, above 1 retry after `verdict - 2` milliseconds.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn lost(
    id: u32,
    now: f64,
    generation: u32,
    kind: u32,
    code: u16,
    clean: bool,
    verdict: f64,
) {
    let verdict = match verdict {
        0.0 => Verdict::Default,
        1.0 => Verdict::Retry,
        delay if delay > 1.0 => Verdict::RetryAfter(Span::from_millis_f64(delay - 2.0)),
        _ => Verdict::Stop,
    };
    let loss = match kind {
        0 => Loss::Dial,
        1 => Loss::Socket { code, clean },
        _ => Loss::Fault,
    };
    with(id, (), |entry| {
        entry.client.lost(time(now), generation, loss, verdict);
    });
}

/// Starts the orderly end.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn disconnect(id: u32, now: f64, flush: bool, deadline: f64) {
    with(id, (), |entry| {
        entry
            .client
            .disconnect(time(now), flush, Span::from_millis_f64(deadline));
    });
}

/// The frame was handed to the socket, or the socket refused it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn wrote(id: u32, now: f64, ok: bool) {
    with(id, (), |entry| entry.client.wrote(time(now), ok));
}

/// When the next tick is due, `Infinity` if none is.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(id: u32) -> f64 {
    with(id, f64::INFINITY, |entry| millis(entry.client.next_wake()))
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
