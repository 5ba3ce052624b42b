//! The module of `everwire/socket.io`: an Engine.IO [`Session`] per engine object, and the pure decisions of Socket.IO.
//!
//! `pkg/src/socket.io/core.ts` is the other side and names the numbers. Users of socket.io-client look into the queues and
//! write to them, so these stay in JavaScript; the session decides about the handshake, the heartbeat, the upgrade and
//! when writing must wait. No text comes here: to copy a packet in takes longer than to read its header in JavaScript.

use std::cell::{Cell, RefCell};

use everwire_core::protocol::engine_io::{
    CloseReason, Handshake, Input, Output, PacketType, PayloadMeter, Session, SessionConfig,
    TransportKind,
};
use everwire_core::protocol::socket_io::Reconnection;
use everwire_core::{Span, Time};

/// Most transports in one list; a list of names is packed into one number.
const MAX_TRANSPORTS: u32 = 8;

type Slot = Option<Box<Session<()>>>;

thread_local! {
    static SESSIONS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    static OPERANDS: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
    static METER: Cell<Option<PayloadMeter>> = const { Cell::new(None) };
}

/// Lends the session behind a handle.
fn with<T>(handle: u32, run: impl FnOnce(&mut Session<()>) -> T) -> Option<T> {
    SESSIONS.with_borrow_mut(|sessions| {
        let index = handle.wrapping_sub(1) as usize;
        Some(run(sessions.get_mut(index)?.as_mut()?))
    })
}

/// Makes a session and returns its handle. `list` has two bits for each transport, the first one lowest: 1 for polling, 2
/// for WebSocket, 0 behind the last one.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn create(list: u32, upgrade: u32, try_all: u32) -> u32 {
    let kinds = (0..MAX_TRANSPORTS).filter_map(|index| match list >> (2 * index) & 3 {
        1 => Some(TransportKind::Polling),
        2 => Some(TransportKind::WebSocket),
        _ => None,
    });
    let session = Some(Box::new(Session::new(SessionConfig {
        transports: kinds.collect(),
        upgrade: upgrade != 0,
        try_all_transports: try_all != 0,
    })));
    SESSIONS.with_borrow_mut(|sessions| {
        let free = sessions.iter().position(Option::is_none);
        if let Some(slot) = free.and_then(|index| sessions.get_mut(index)) {
            *slot = session;
        } else {
            sessions.push(session);
        }
        free.map_or(sessions.len(), |index| index + 1) as u32
    })
}

/// Forgets a session; the facade calls it once the session is over.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn destroy(handle: u32) {
    SESSIONS.with_borrow_mut(|sessions| {
        if let Some(slot) = sessions.get_mut(handle.wrapping_sub(1) as usize) {
            *slot = None;
        }
    });
}

/// Tells the session what happened at `now` (milliseconds); `kind` is one of `Happened` in core.ts.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn handle(handle: u32, now: f64, kind: u32, transport: u32) {
    let now = Time::from_millis_f64(now);
    with(handle, |session| {
        let input = match kind {
            0 => Input::Start,
            1 => Input::Opened { transport },
            2 => Input::Sent { transport },
            3 => Input::Paused { transport },
            4 | 5 => Input::Lost {
                transport,
                failed: kind == 5,
            },
            6 => return session.terminate(),
            7 => return session.pinged(now, transport),
            8 => return session.writing(transport),
            9 | 10 => return session.probe_answered(transport, kind == 9),
            _ => Input::Tick,
        };
        session.handle(now, input);
    });
}

/// Gives the session the handshake that arrived on the current transport, `valid` if it is an object with an id. Anything
/// but a number stands for a member that is missing. Returns 1 if it is accepted.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn accept(
    handle: u32,
    now: f64,
    valid: u32,
    websocket: u32,
    ping_interval: f64,
    ping_timeout: f64,
    max_payload: f64,
) -> u32 {
    let upgrades = (websocket != 0).then(|| TransportKind::WebSocket.name().into());
    let handshake = Handshake::from_parts(
        String::new(),
        upgrades.into_iter().collect(),
        integer(ping_interval),
        integer(ping_timeout),
        integer(max_payload),
    );
    let handshake = handshake.ok().filter(|_| valid != 0);
    let accepted = u32::from(handshake.is_some());
    with(handle, |session| {
        let (transport, _) = session.transport();
        session.accept(Time::from_millis_f64(now), transport, handshake);
    });
    accepted
}

fn integer(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

/// The next thing to do, one of `Todo` in core.ts, 0 for none.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(handle: u32) -> u32 {
    let output = with(handle, Session::poll).flatten();
    let (todo, first, second) = match output {
        None => (0, 0, 0),
        Some(Output::Open {
            transport, upgrade, ..
        }) => (1, transport, u32::from(upgrade)),
        Some(Output::Opened) => (2, 0, 0),
        Some(Output::Control {
            transport, kind, ..
        }) => (3, transport, u32::from(kind == PacketType::Upgrade)),
        Some(Output::Pause { transport }) => (4, transport, 0),
        Some(Output::Resume { transport }) => (5, transport, 0),
        Some(Output::Upgraded { transport }) => (6, transport, 0),
        Some(Output::UpgradeFailed) => (7, 0, 0),
        Some(Output::Detach { transport }) => (8, transport, 0),
        Some(Output::Closed(reason)) => {
            let reason = match reason {
                CloseReason::PingTimeout => 0,
                CloseReason::TransportClose => 1,
                CloseReason::TransportError => 2,
                CloseReason::ForcedClose => 3,
            };
            (9, reason, 0)
        }
    };
    OPERANDS.set((first, second));
    todo
}

/// Operand 0 or 1 of what [`poll`] returned last.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn operand(index: u32) -> u32 {
    let (first, second) = OPERANDS.get();
    if index == 0 { first } else { second }
}

/// When to call [`handle`] with a tick, in milliseconds; infinite if not at all.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(handle: u32) -> f64 {
    let wake = with(handle, |session| session.next_wake()).flatten();
    wake.map_or(f64::INFINITY, Time::as_millis_f64)
}

/// Bit 0: a batch may be written now. Bit 1: an upgrade brings the old transport to rest.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn status(handle: u32) -> u32 {
    let bits = |session: &mut Session<()>| {
        u32::from(session.may_write()) | u32::from(session.is_pausing()) << 1
    };
    with(handle, bits).unwrap_or(0)
}

/// Measures a polling body: 1 if a packet of `len` encoded bytes still fits. `first` begins a new body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn fits(handle: u32, len: f64, first: u32) -> u32 {
    let mut meter = METER.take();
    if first != 0 || meter.is_none() {
        let limit = |session: &mut Session<()>| session.handshake()?.max_payload;
        meter = Some(PayloadMeter::new(with(handle, limit).flatten()));
    }
    let fits = meter
        .as_mut()
        .is_some_and(|meter| meter.offer(len as usize));
    METER.set(meter);
    u32::from(fits)
}

/// The wait in milliseconds before the attempt that follows `attempts` failed ones; `random` is uniform in 0..2^32.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn reconnection_delay(
    min: f64,
    max: f64,
    factor: f64,
    attempts: u32,
    random: f64,
) -> f64 {
    let reconnection = Reconnection {
        min: Span::from_millis_f64(min),
        max: Span::from_millis_f64(max),
        factor_milli: (factor * 1_000.0) as u32,
    };
    reconnection.delay(attempts, random as u32).as_millis_f64()
}
