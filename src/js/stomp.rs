//! The module of `everwire/stomp`: for each client an [`Activation`] and what is needed to read heads.
//!
//! `pkg/src/stomp/core.ts` is the other side and names the numbers. Of a received frame only the beginning comes in, in the
//! buffer that [`scratch`] gives: [`head`] reads it and leaves what it found in the numbers at [`found`], so that a message
//! costs one call. Bodies stay in JavaScript.

use std::cell::{Cell, RefCell};

use everwire_core::protocol::stomp::{
    Action, Activation, Beats, Escapes, Growth, Head, HeartBeat, Limits, ParseError, read_head,
};
use everwire_core::{Span, Time};

/// Stands for "none" among the numbers of [`found`].
const NONE: u32 = u32::MAX;
/// Kinds from here on are faults.
const FAULTS: u32 = 16;
/// The first frame of a connection is neither `CONNECTED` nor `ERROR`.
const FIRST_FRAME: u32 = FAULTS + 11;

thread_local! {
    static CLIENTS: RefCell<Vec<Option<Box<Client>>>> = const { RefCell::new(Vec::new()) };
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static FOUND: [Cell<u32>; 6] = const { [const { Cell::new(0) }; 6] };
    static OPERAND: Cell<f64> = const { Cell::new(0.0) };
}

struct Client {
    activation: Activation,
    escapes: Escapes,
    opening: bool,
    limits: Limits,
}

/// Takes the client behind a handle out of its slot; [`put`] brings it back. Nothing else runs in between.
#[inline(never)]
fn take(handle: u32) -> Option<Box<Client>> {
    CLIENTS.with_borrow_mut(|clients| clients.get_mut(handle.wrapping_sub(1) as usize)?.take())
}

#[inline(never)]
fn put(handle: u32, client: Box<Client>) {
    CLIENTS.with_borrow_mut(|clients| {
        if let Some(slot) = clients.get_mut(handle.wrapping_sub(1) as usize) {
            *slot = Some(client);
        }
    });
}

#[inline(never)]
fn with(handle: u32, body: impl FnOnce(&mut Client)) {
    if let Some(mut client) = take(handle) {
        body(&mut client);
        put(handle, client);
    }
}

/// Activates a client at `now` and returns its handle. Times are milliseconds, also below.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn activate(now: f64, delay: f64) -> u32 {
    let client = Some(Box::new(Client {
        activation: Activation::new(Time::from_millis_f64(now), Span::from_millis_f64(delay)),
        escapes: Escapes::Lenient,
        opening: true,
        limits: Limits::default(),
    }));
    CLIENTS.with_borrow_mut(|clients| {
        let free = clients.iter().position(Option::is_none);
        if let Some(slot) = free.and_then(|index| clients.get_mut(index)) {
            *slot = client;
        } else {
            clients.push(client);
        }
        free.map_or(clients.len(), |index| index + 1) as u32
    })
}

/// Forgets a client; its socket is gone and no attempt is to follow.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn destroy(handle: u32) {
    drop(take(handle));
}

/// The next thing to do, one of `Todo` in core.ts, 0 for none; its number is [`operand`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(handle: u32) -> u32 {
    let mut kind = 0;
    let mut number = 0.0;
    with(handle, |client| {
        (kind, number) = match client.activation.poll() {
            None => (0, 0.0),
            Some(Action::Prepare { generation }) => (1, f64::from(generation)),
            Some(Action::Retry { delay }) => (2, delay.as_millis_f64()),
            Some(Action::TimedOut) => (3, 0.0),
            Some(Action::Beat) => (4, 0.0),
            Some(Action::Lost { silence }) => (5, silence.as_millis_f64()),
            Some(Action::Abandon) => (6, 0.0),
            Some(Action::CloseAfterError) => (7, 0.0),
        };
    });
    OPERAND.set(number);
    kind
}

/// What belongs to the answer of the last call.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn operand() -> f64 {
    OPERAND.get()
}

/// When to call [`tick`]; infinite if not at all.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(handle: u32) -> f64 {
    let mut wake = None;
    with(handle, |client| wake = client.activation.next_wake());
    wake.map_or(f64::INFINITY, Time::as_millis_f64)
}

/// The deadline has come. `heard` is when the last message came; `exponential` and `max_delay` say how waits grow.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tick(handle: u32, now: f64, heard: f64, exponential: u32, max_delay: f64) {
    with(handle, |client| {
        client.activation.heard(Time::from_millis_f64(heard));
        client.activation.tick(
            Time::from_millis_f64(now),
            Growth {
                exponential: exponential != 0,
                max: Span::from_millis_f64(max_delay),
            },
        );
    });
}

/// An attempt makes its socket; 1 if it is still wanted. Frames are read as those of a new connection from here on.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn dialed(
    handle: u32,
    now: f64,
    generation: u32,
    timeout: f64,
    max_body: f64,
) -> u32 {
    let mut wanted = false;
    with(handle, |client| {
        wanted = client.activation.dialed(
            Time::from_millis_f64(now),
            generation,
            Span::from_millis_f64(timeout),
        );
        client.escapes = Escapes::Lenient;
        client.opening = true;
        client.limits.body = max_body as usize;
    });
    u32::from(wanted)
}

/// The socket of an attempt closed, or could not be made. A clean close has its code as it is, an unclean one negated.
/// The next wait is longer by `spread` times itself.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn closed(handle: u32, now: f64, generation: u32, code: i32, spread: f64) {
    with(handle, |client| {
        client.activation.closed(
            Time::from_millis_f64(now),
            generation,
            code.unsigned_abs() as u16,
            code > 0,
            spread,
        );
    });
}

/// The user deactivates: the socket is to end within `limit`.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn deactivate(handle: u32, now: f64, limit: f64) {
    with(handle, |client| {
        client
            .activation
            .deactivate(Time::from_millis_f64(now), Span::from_millis_f64(limit));
    });
}

/// `ERROR` came; the server may take `limit` to close.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn failed(handle: u32, now: f64, limit: f64) {
    with(handle, |client| {
        client
            .activation
            .failed(Time::from_millis_f64(now), Span::from_millis_f64(limit));
    });
}

/// `CONNECTED` came. `version` is the agreed one in tenths, 10 if it is unknown; `lenient` is 1 if the server escapes in 1.0,
/// too. `send` and `expect` are this end's heart-beats, `server_send` and `server_expect` the server's. Leaves the agreed
/// intervals in the first two numbers of [`found`], 0 for none.
#[allow(
    clippy::too_many_arguments,
    reason = "one call with numbers is smaller than an options object"
)]
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn connected(
    handle: u32,
    now: f64,
    version: u32,
    lenient: u32,
    send: u32,
    expect: u32,
    server_send: u32,
    server_expect: u32,
    tolerance: f64,
    delay: f64,
) {
    with(handle, |client| {
        client.escapes = match version {
            12 => Escapes::V1_2,
            11 => Escapes::V1_1,
            _ if lenient != 0 => Escapes::Lenient,
            _ => Escapes::None,
        };
        client.opening = false;
        let beats = if version > 10 {
            HeartBeat { send, expect }.agree(HeartBeat {
                send: server_send,
                expect: server_expect,
            })
        } else {
            Beats::default()
        };
        client.activation.connected(
            Time::from_millis_f64(now),
            beats,
            tolerance,
            Span::from_millis_f64(delay),
        );
        let millis = |span: Option<Span>| span.map_or(0, |span| span.as_millis_f64() as u32);
        set(0, millis(beats.send));
        set(1, millis(beats.expect));
    });
}

/// Reads the head at the beginning of the first `len` bytes of [`scratch`] for a client; handle 0 for none, as at the
/// beginning of a connection but with any command. Returns 0 if it goes on behind `len`, else its kind: 1 `MESSAGE`,
/// 2 `CONNECTED`, 3 `RECEIPT`, 4 `ERROR`, 5 another, or from 16 on what is wrong with it, `FAULTS` in core.ts.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn head(handle: u32, len: u32) -> u32 {
    SCRATCH.with_borrow(|scratch| {
        let bytes = scratch.get(..len as usize).unwrap_or_default();
        CLIENTS.with_borrow(|clients| {
            let client = clients
                .get(handle.wrapping_sub(1) as usize)
                .and_then(Option::as_deref);
            let read = match client {
                Some(client) => read_head(bytes, client.escapes, &client.limits),
                None => read_head(bytes, Escapes::Lenient, &Limits::default()),
            };
            match read {
                Ok(None) => 0,
                Err(error) => fault(error),
                Ok(Some(head)) => report(&head, client),
            }
        })
    })
}

/// Leaves the head's numbers for JavaScript and returns its kind.
fn report(head: &Head<'_>, client: Option<&Client>) -> u32 {
    set(0, head.octets() as u32);
    set(1, head.units() as u32);
    set(
        2,
        head.content_length().map_or(NONE, |length| length as u32),
    );
    set(
        3,
        match head.escapes() {
            Escapes::None => 0,
            Escapes::Lenient => 1,
            Escapes::V1_1 => 2,
            Escapes::V1_2 => 3,
        },
    );
    let kind = match head.command() {
        b"MESSAGE" => 1,
        b"CONNECTED" => 2,
        b"RECEIPT" => 3,
        b"ERROR" => 4,
        _ => 5,
    };
    if client.is_some_and(|client| client.opening) && kind != 2 && kind != 4 {
        return FIRST_FRAME;
    }
    if kind == 1 {
        let subscription = head.subscription();
        set(4, subscription.start as u32);
        set(5, subscription.end as u32);
    }
    kind
}

/// The address of a buffer of at least `len` bytes. It moves when it grows, and so may all memory.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn scratch(len: u32) -> *mut u8 {
    SCRATCH.with_borrow_mut(|scratch| {
        let len = len as usize;
        if scratch.len() < len {
            *scratch = vec![0; len];
        }
        scratch.as_mut_ptr()
    })
}

/// The address of the numbers that [`head`] leaves: octets and UTF-16 units of the head, content-length or [`NONE`], how it is
/// escaped (0 not, 1 leniently, 2 as in 1.1, 3 as in 1.2); of a `MESSAGE`, where the value of its `subscription` header
/// begins and ends, in octets, both 0 if there is none.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn found() -> *const u32 {
    FOUND.with(|found| found.as_ptr().cast())
}

fn set(index: usize, value: u32) {
    FOUND.with(|found| {
        if let Some(number) = found.get(index) {
            number.set(value);
        }
    });
}

fn fault(error: ParseError) -> u32 {
    FAULTS
        + match error {
            ParseError::CommandTooLong => 0,
            ParseError::TooManyHeaders => 1,
            ParseError::HeadTooLarge => 2,
            ParseError::BodyTooLarge => 3,
            ParseError::NoColon => 4,
            ParseError::BadEscape => 5,
            ParseError::BadContentLength => 7,
            ParseError::ConflictingContentLength => 8,
            ParseError::NulInHead => 10,
            // The others are found in JavaScript.
            _ => 9,
        }
}
