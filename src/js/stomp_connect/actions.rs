//! What the client wants done or tells, as codes and registers. Enums without data are their position in the core's
//! declaration (`pkg/src/client/core.ts` and `pkg/src/stomp-connect/core.ts` list the names in the same order).

use everwire_core::link::Cause;
use everwire_core::protocol::stomp::CloseReason;
use everwire_core::protocol::stomp::client::{Action, CallFault, RequestEnd};
use everwire_core::send::{OutboxEvent, Status};

use super::{millis, set, time, with};

/// The next action, 0 if there is none. The action is in bits 0 to 3 of the result.
///
/// | Result | Action | Registers |
/// |---|---|---|
/// | 1 | dial | 0 generation, 1 endpoint, 2 attempt |
/// | 2 | start the closing handshake | 0 generation |
/// | 3 | abandon the socket | 0 generation |
/// | 4 | abandon the socket, then report the loss | 0 generation, 1 why |
/// | 5 | the state changed | 0 from, 1 to, 2 cause, 3 close code, 4 clean, 5 attempt |
/// | 6 | a dial is planned | 0 attempt, 1 delay |
/// | 7 | the client ended | 0 reason |
/// | 8 | write one WebSocket message, then call `wrote` | 0 address, 1 length, 2 as text |
/// | 9 | a message cannot be written; its status follows | 0 ticket, 1 why: 0 the frame, 1 a late acknowledgement |
/// | 10 | the status of a message changed; bits 4 to 7 the status, bit 8 whether it is the last | 0 ticket, 2 and 3 details |
/// | 11 | a slot is free | 0 slot |
/// | 12 | a subscription got on | 0 listener, 1 state |
/// | 13 | a request ended without an answer | 0 request, 1 why: 0 timeout, 1 not sent, 2 unknown |
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn poll(id: u32, now: f64, buffered: f64) -> u32 {
    with(id, 0, |entry| {
        // Actions that a later core may add and that this shell does not know are none of its business.
        loop {
            let action = entry
                .client
                .poll(time(now), buffered as usize, &mut entry.out);
            let Some(action) = action else {
                return 0;
            };
            if let Action::State { .. } = action {
                set(5, f64::from(entry.client.link().attempt()));
            }
            if let Action::Write { text, .. } = action {
                set(0, entry.out.as_ptr() as usize as f64);
                set(1, entry.out.len() as f64);
                set(2, f64::from(u8::from(text)));
                return 8;
            }
            let code = describe(action);
            if code != 0 {
                return code;
            }
        }
    })
}

fn describe(action: Action) -> u32 {
    let (code, values) = match action {
        Action::Dial {
            generation,
            attempt,
            endpoint,
        } => (1, [generation, endpoint, attempt]),
        Action::CloseSocket { generation } => (2, [generation, 0, 0]),
        Action::Detach { generation } => (3, [generation, 0, 0]),
        Action::Fault { generation, reason } => (4, [generation, fault_code(reason), 0]),
        Action::State { from, to, cause } => (5, [from as u32, to as u32, cause_code(cause)]),
        Action::Retry { attempt, delay } => {
            set(0, f64::from(attempt));
            set(1, delay.as_millis_f64());
            return 6;
        }
        Action::Ended(reason) => (7, [reason as u32, 0, 0]),
        Action::Unwritable { ticket, fault } => {
            let late = matches!(fault, CallFault::Ack(_));
            (9, [ticket.0, u32::from(late), 0])
        }
        Action::Outbox(event) => return outbox(event),
        Action::Subscription { listener, state } => (12, [listener.0, state as u32, 0]),
        Action::Request { request, end } => {
            let why = match end {
                RequestEnd::Timeout => 0,
                RequestEnd::NotSent(_) => 1,
                RequestEnd::Unknown => 2,
            };
            (13, [request.0, why, 0])
        }
        _ => return 0,
    };
    for (register, value) in values.into_iter().enumerate() {
        set(register, f64::from(value));
    }
    code
}

/// For a status: its code in bits 4 to 7, whether it is the last one in bit 8.
fn outbox(event: OutboxEvent) -> u32 {
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
                    set(2, f64::from(by.0));
                    set(3, f64::from(u8::from(merged)));
                    4
                }
                Status::Dropped(reason) => {
                    set(2, f64::from(reason as u8));
                    5
                }
                Status::Expired => 6,
                Status::Cancelled => 7,
                _ => 8,
            };
            10 | code << 4 | u32::from(terminal) << 8
        }
        OutboxEvent::SlotIdle(slot) => {
            set(0, f64::from(slot.0));
            11
        }
        _ => 0,
    }
}

fn fault_code(reason: CloseReason) -> u32 {
    match reason {
        CloseReason::Malformed(_) => 0,
        CloseReason::FirstFrame => 1,
        CloseReason::Version => 2,
        CloseReason::Silent => 3,
        CloseReason::ServerError => 4,
        _ => 5,
    }
}

fn cause_code(cause: Cause) -> u32 {
    match cause {
        Cause::Opened => 1,
        Cause::RetryDue => 2,
        Cause::SocketClosed { code, clean } => {
            set(3, f64::from(code));
            set(4, f64::from(u8::from(clean)));
            3
        }
        Cause::DialFailed => 4,
        Cause::ConnectTimeout => 5,
        Cause::Dead => 6,
        Cause::CloseTimeout => 7,
        Cause::Resumed => 8,
        _ => 0,
    }
}

/// Fills the registers: 0 attempt, 1 reconnects, 2 time of the next dial, 3 time of the last receive, 4 queued messages,
/// 5 queued bytes, 6 to 14 accepted, written, acked, superseded, dropped, expired, cancelled, unknown, resent.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn stats(id: u32) {
    with(id, (), |entry| {
        let counters = entry.client.counters();
        let link = entry.client.link();
        let values = [
            f64::from(link.attempt()),
            f64::from(link.reconnects()),
            millis(link.retry_at()),
            millis(link.last_received()),
            counters.queued_messages as f64,
            counters.queued_bytes as f64,
            counters.accepted as f64,
            counters.written as f64,
            counters.acked as f64,
            counters.superseded as f64,
            counters.dropped as f64,
            counters.expired as f64,
            counters.cancelled as f64,
            counters.unknown as f64,
            counters.resent as f64,
        ];
        for (register, value) in values.into_iter().enumerate() {
            set(register, value);
        }
    });
}
