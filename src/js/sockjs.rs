//! The module of `everwire/sockjs`: a [`Session`] per JavaScript object, driven by numbers.
//!
//! `pkg/src/sockjs/core.ts` is the other side and names the numbers. [`handle`] takes what happened, [`receive`] what kind
//! of frame came, [`poll`] gives what to do (its operands through [`operand`]), [`next_wake`] the one deadline. URLs, session
//! ids and messages stay in JavaScript; what is sent on a WebSocket does not come through here at all.

use std::cell::{Cell, RefCell};

use everwire_core::protocol::sockjs::{
    Arrival, HeartbeatCheck, Input, Loss, Output, Received, Session, SessionConfig, Transports,
};
use everwire_core::{Span, Time};

thread_local! {
    static SESSIONS: RefCell<Vec<Option<Box<Session>>>> = const { RefCell::new(Vec::new()) };
    static OPERANDS: Cell<[u32; 3]> = const { Cell::new([0; 3]) };
}

/// Runs `body` on the session behind a handle; `R::default()` if it is gone. Nothing in a session calls back.
fn with<R: Default>(handle: u32, body: impl FnOnce(&mut Session) -> R) -> R {
    SESSIONS.with_borrow_mut(|sessions| {
        let slot = sessions.get_mut(handle.wrapping_sub(1) as usize);
        slot.and_then(Option::as_mut)
            .map_or_else(R::default, |session| body(session))
    })
}

/// Makes a session and returns its handle. `transports` are the bits of [`Transports`]. Lengths are milliseconds:
/// `timeout` negative for the default; `heartbeat` negative to learn the server's rhythm, infinite for no check.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn create(transports: u32, timeout: f64, info_timeout: f64, heartbeat: f64) -> u32 {
    let config = SessionConfig {
        transports: Transports::from_bits(transports as u8),
        timeout: (timeout >= 0.0).then(|| Span::from_millis_f64(timeout)),
        info_timeout: Span::from_millis_f64(info_timeout),
        heartbeat: if heartbeat < 0.0 {
            HeartbeatCheck::Learned
        } else if heartbeat.is_infinite() {
            HeartbeatCheck::Never
        } else {
            HeartbeatCheck::After(Span::from_millis_f64(heartbeat))
        },
    };
    let session = Some(Box::new(Session::new(config)));
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

/// Forgets a session; the facade calls it once the session has ended.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn destroy(handle: u32) {
    SESSIONS.with_borrow_mut(|sessions| {
        if let Some(slot) = sessions.get_mut(handle.wrapping_sub(1) as usize) {
            *slot = None;
        }
    });
}

/// Tells the session what happened at `now` (milliseconds). `kind` is one of `Happened` in core.ts; `attempt` and `code`
/// matter to the kinds that report about a transport or `/info`.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn handle(handle: u32, now: f64, kind: u32, attempt: u32, code: u32) {
    let input = match kind {
        0 => Input::Start,
        1 => Input::Info {
            websocket: code != 0,
        },
        2 => Input::InfoFailed,
        3 => Input::Answered { attempt },
        4 => Input::Sent { attempt },
        5 => Input::Lost {
            attempt,
            loss: Loss::Socket { code: code as u16 },
        },
        6 => Input::Lost {
            attempt,
            loss: Loss::Receiver,
        },
        7 => Input::Lost {
            attempt,
            loss: Loss::Sender,
        },
        8 => Input::Close,
        _ => Input::Tick,
    };
    with(handle, |session| {
        session.handle(Time::from_millis_f64(now), input);
    });
}

/// Tells the session that a frame came. `kind` is one of `Arrival` in core.ts; `value` is the length of messages or the
/// code of a close. Returns one of `Received`.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn receive(handle: u32, now: f64, attempt: u32, kind: u32, value: u32) -> u32 {
    let arrival = match kind {
        0 => Arrival::Open,
        1 => Arrival::Heartbeat,
        2 => Arrival::Prelude,
        3 => Arrival::Messages {
            len: value as usize,
        },
        4 => Arrival::Close { code: value as u16 },
        5 => Arrival::Malformed,
        6 => Arrival::TooLong,
        _ => Arrival::Unknown,
    };
    with(handle, |session| {
        match session.receive(Time::from_millis_f64(now), attempt, arrival) {
            Received::Done => 0,
            Received::Deliver => 1,
            Received::Hold => 2,
            Received::Heartbeat => 3,
        }
    })
}

/// Queues a message over HTTP; 1 if it was taken.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn send(handle: u32, now: f64) -> u32 {
    with(handle, |session| {
        u32::from(session.send(Time::from_millis_f64(now)).is_ok())
    })
}

/// The next thing to do, one of `Todo` in core.ts, 0 for none.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(handle: u32) -> u32 {
    let (kind, operands) = with(handle, |session| match session.poll() {
        None => (0, [0; 3]),
        Some(Output::Ask) => (1, [0; 3]),
        Some(Output::Dial { attempt, transport }) => (2, [attempt, transport as u32, 0]),
        Some(Output::Receive { attempt }) => (3, [attempt, 0, 0]),
        Some(Output::Write { attempt, count }) => (4, [attempt, count, 0]),
        Some(Output::Detach { attempt }) => (5, [attempt, 0, 0]),
        Some(Output::Opened { transport }) => (6, [transport as u32, 0, 0]),
        Some(Output::Closed { code, cause, clean }) => {
            (7, [u32::from(code), cause as u32, u32::from(clean)])
        }
    });
    OPERANDS.set(operands);
    kind
}

/// Operand 0, 1 or 2 of what [`poll`] returned last.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn operand(index: u32) -> u32 {
    let [first, second, third] = OPERANDS.get();
    match index {
        0 => first,
        1 => second,
        _ => third,
    }
}

/// When to call [`handle`] with a tick, in milliseconds; infinite if not at all.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next_wake(handle: u32) -> f64 {
    with(handle, |session| session.next_wake()).map_or(f64::INFINITY, Time::as_millis_f64)
}
