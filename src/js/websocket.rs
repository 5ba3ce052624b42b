//! The module of `everwire/websocket`: a [`Link`] per JavaScript object, driven by numbers.
//!
//! `pkg/src/websocket/core.ts` is the other side and names the numbers. [`handle`] takes what happened, [`poll`] gives
//! what to do (its operands through [`operand`]), [`next_wake`] the one deadline. Messages do not come through here:
//! the facade hands them on by itself and reports the last one's time before the next input.

use std::cell::{Cell, RefCell};

use everwire_core::link::{
    Backoff, Heartbeat, Input, Jitter, Link, LinkConfig, NetworkEvent, Output, PageEvent,
    PongTimeout, State, Verdict,
};
use everwire_core::{Span, Time};

thread_local! {
    static SOCKETS: RefCell<Vec<Option<Box<Socket>>>> = const { RefCell::new(Vec::new()) };
    static OPERANDS: Cell<[f64; 3]> = const { Cell::new([0.0; 3]) };
}

/// A link and the limit on its handshake. The link's own connect timeout also covers the providers, but here a url function
/// may take its time, as it may in reconnecting-websocket.
struct Socket {
    link: Link,
    handshake_limit: Span,
    handshake_end: Option<Time>,
    timed_out: bool,
}

impl Socket {
    fn handle(&mut self, now: Time, input: Input) {
        if self.handshake_end.is_some_and(|end| end <= now) && matches!(input, Input::Tick) {
            self.timed_out = true;
            let generation = self.link.generation();
            self.link.handle(
                now,
                Input::DialFailed {
                    generation,
                    verdict: Verdict::Default,
                },
            );
        }
        self.link.handle(now, input);
        if self.timed_out || self.link.state() != State::Connecting {
            self.handshake_end = None;
        }
    }

    fn poll(&mut self) -> (u32, [f64; 3]) {
        if std::mem::take(&mut self.timed_out) {
            return (8, [0.0; 3]);
        }
        let mut output = self.link.poll();
        // A listener that ran since the decision may have made this dial obsolete.
        while let Some(Output::Dial { generation, .. }) = output
            && (generation != self.link.generation() || self.link.state() != State::Connecting)
        {
            output = self.link.poll();
        }
        match output {
            None => (0, [0.0; 3]),
            Some(Output::Dial {
                generation,
                attempt,
                ..
            }) => (1, [f64::from(generation), f64::from(attempt), 0.0]),
            Some(Output::CloseSocket { .. }) => (2, [0.0; 3]),
            Some(Output::Detach { .. }) => (3, [0.0; 3]),
            Some(Output::Ping { .. }) => (4, [0.0; 3]),
            Some(Output::State { from, to, cause }) => {
                (5, [state(from), state(to), cause_number(cause)])
            }
            Some(Output::Retry { attempt, delay }) => {
                (6, [f64::from(attempt), delay.as_millis_f64(), 0.0])
            }
            Some(_) => (7, [0.0; 3]),
        }
    }
}

/// Takes the socket behind a handle out of its slot; [`put`] brings it back. Nothing else runs in between.
#[inline(never)]
fn take(handle: u32) -> Option<Box<Socket>> {
    SOCKETS.with_borrow_mut(|sockets| sockets.get_mut(handle.wrapping_sub(1) as usize)?.take())
}

#[inline(never)]
fn put(handle: u32, socket: Box<Socket>) {
    SOCKETS.with_borrow_mut(|sockets| {
        if let Some(slot) = sockets.get_mut(handle.wrapping_sub(1) as usize) {
            *slot = Some(socket);
        }
    });
}

/// Makes an idle link and returns its handle, or 0 if an option is out of range. Lengths are milliseconds, infinite ones
/// allowed. `interval` 0 means no heartbeat; `close_timeout` and `connect_timeout` may be infinite.
#[allow(
    clippy::too_many_arguments,
    reason = "one call with numbers is smaller than an options object"
)]
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn create(
    min_delay: f64,
    max_delay: f64,
    factor: f64,
    max_retries: f64,
    min_uptime: f64,
    connect_timeout: f64,
    close_timeout: f64,
    interval: f64,
    timeout: f64,
    seed: f64,
) -> u32 {
    let config = LinkConfig {
        backoff: Backoff {
            min: Span::from_millis_f64(min_delay),
            max: Span::from_millis_f64(max_delay),
            factor_milli: (factor * 1_000.0) as u32,
            jitter: Jitter::Above,
            first_spread: Span::ZERO,
        },
        reconnect: true,
        max_retries: Some(max_retries as u32),
        min_uptime: Span::from_millis_f64(min_uptime),
        connect_timeout: None,
        close_timeout: Span::from_millis_f64(close_timeout),
        endpoints: 1,
        fatal_codes: false,
        heartbeat: (interval > 0.0).then(|| Heartbeat {
            interval: Span::from_millis_f64(interval),
            timeout: PongTimeout::Fixed(Span::from_millis_f64(timeout)),
            answered: true,
        }),
    };
    let Ok(link) = Link::new(config, seed.to_bits()) else {
        return 0;
    };
    let socket = Some(Box::new(Socket {
        link,
        handshake_limit: Span::from_millis_f64(connect_timeout),
        handshake_end: None,
        timed_out: false,
    }));
    SOCKETS.with_borrow_mut(|sockets| {
        let free = sockets.iter().position(Option::is_none);
        if let Some(slot) = free.and_then(|index| sockets.get_mut(index)) {
            *slot = socket;
        } else {
            sockets.push(socket);
        }
        free.map_or(sockets.len(), |index| index + 1) as u32
    })
}

/// Forgets a link; the facade calls it once the link has ended.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn destroy(handle: u32) {
    drop(take(handle));
}

/// Tells the link what happened at `now` (milliseconds). `kind` is one of `Happened` in core.ts; `generation`, `code` and
/// `verdict` matter to the kinds that report about a socket, `code` also carries the signal's number. A clean close has
/// its code as it is, an unclean one negated. `verdict` is 0 for the usual policy, 1 to stop.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn handle(
    handle: u32,
    now: f64,
    kind: u32,
    generation: u32,
    code: i32,
    verdict: u32,
) {
    let now = Time::from_millis_f64(now);
    let verdict = if verdict == 1 {
        Verdict::Stop
    } else {
        Verdict::Default
    };
    let Some(mut socket) = take(handle) else {
        return;
    };
    let input = match kind {
        0 => Input::Reconnect,
        1 => Input::Close,
        2 => Input::Terminate,
        3 => Input::Opened { generation },
        4 => Input::DialFailed {
            generation,
            verdict,
        },
        5 => Input::SocketClosed {
            generation,
            code: code.unsigned_abs() as u16,
            clean: code > 0,
            verdict,
        },
        6 => Input::Received { pong: false },
        7 => {
            let limit = socket.handshake_limit;
            socket.handshake_end = (limit != Span::MAX).then(|| now + limit);
            return put(handle, socket);
        }
        8 => match code {
            0 => Input::Page(PageEvent::Visible),
            1 => Input::Page(PageEvent::Hidden),
            2 => Input::Page(PageEvent::Frozen),
            3 => Input::Page(PageEvent::Resumed),
            4 => Input::Network(NetworkEvent::Online),
            _ => Input::Network(NetworkEvent::Offline),
        },
        _ => Input::Tick,
    };
    socket.handle(now, input);
    put(handle, socket);
}

/// The next thing to do, one of `Todo` in core.ts, 0 for none.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(handle: u32) -> u32 {
    let Some(mut socket) = take(handle) else {
        return 0;
    };
    let (kind, operands) = socket.poll();
    put(handle, socket);
    OPERANDS.set(operands);
    kind
}

/// Operand 0, 1 or 2 of what [`poll`] returned last.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn operand(index: u32) -> f64 {
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
    let Some(socket) = take(handle) else {
        return f64::INFINITY;
    };
    let wake = match (socket.link.next_wake(), socket.handshake_end) {
        (Some(link), Some(handshake)) => Some(link.min(handshake)),
        (link, handshake) => link.or(handshake),
    };
    put(handle, socket);
    wake.map_or(f64::INFINITY, Time::as_millis_f64)
}

/// Consecutive attempts since the last stable connection.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn attempt(handle: u32) -> u32 {
    let Some(socket) = take(handle) else {
        return 0;
    };
    let attempt = socket.link.attempt();
    put(handle, socket);
    attempt
}

fn state(state: State) -> f64 {
    f64::from(state as u8)
}

fn cause_number(cause: everwire_core::link::Cause) -> f64 {
    use everwire_core::link::Cause;
    match cause {
        Cause::SocketClosed { .. } | Cause::DialFailed => 0.0,
        Cause::Dead => 2.0,
        Cause::Resumed => 3.0,
        Cause::CloseTimeout => 4.0,
        _ => 1.0,
    }
}
