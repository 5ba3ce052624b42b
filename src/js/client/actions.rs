//! Actions and numbers: from the core's types to codes and registers.

use everwire_core::Span;
use everwire_core::link::{Cause, EndReason, Output, Rtt, State};
use everwire_core::send::{DropReason, OutboxEvent, Status};
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Entry, millis, set, with};

/// Fills the registers: 0 attempt, 1 reconnects, 2 time of the next dial, 3 time of the last receive, 4 suspect,
/// 5 to 8 round trip (last, smoothed, variance, min; `Infinity` without one), 9 queued messages, 10 queued bytes,
/// 11 to 19 accepted, written, acked, superseded, dropped, expired, cancelled, unknown, resent.
#[wasm_bindgen]
pub fn stats(id: u32) {
    with(id, (), |entry| {
        let link = entry.connection.link();
        let rtt = link.rtt();
        let rtt = |part: fn(&Rtt) -> Span| {
            rtt.as_ref()
                .map_or(f64::INFINITY, |rtt| part(rtt).as_millis_f64())
        };
        let mut values = [
            f64::from(link.attempt()),
            f64::from(link.reconnects()),
            millis(link.retry_at()),
            millis(link.last_received()),
            f64::from(u8::from(link.suspect())),
            rtt(|rtt| rtt.last),
            rtt(|rtt| rtt.smoothed),
            rtt(|rtt| rtt.variance),
            rtt(|rtt| rtt.min),
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
        ];
        let counters = entry.connection.outbox().counters();
        let counts = [
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
        values
            .iter_mut()
            .skip(9)
            .zip(counts)
            .for_each(|(value, count)| *value = count);
        values
            .into_iter()
            .enumerate()
            .for_each(|(index, value)| set(index, value));
    });
}

pub(super) fn link_action(entry: &Entry, output: Output) -> u32 {
    match output {
        Output::Dial {
            generation,
            endpoint,
            ..
        } => {
            set(0, f64::from(generation));
            set(1, f64::from(endpoint));
            1
        }
        Output::CloseSocket { .. } => 2,
        Output::Detach { .. } => 3,
        Output::Ping { generation } => {
            set(0, f64::from(generation));
            4
        }
        Output::State { from, to, cause } => {
            set(0, state(from));
            set(1, state(to));
            set(2, cause_code(cause));
            set(5, f64::from(entry.connection.link().attempt()));
            5
        }
        Output::Retry { attempt, delay } => {
            set(0, f64::from(attempt));
            set(1, delay.as_millis_f64());
            6
        }
        Output::Ended(reason) => {
            set(
                0,
                match reason {
                    EndReason::ReconnectOff => 1.0,
                    EndReason::Fatal => 2.0,
                    EndReason::RetriesExhausted => 3.0,
                    _ => 0.0,
                },
            );
            7
        }
        _ => 0,
    }
}

/// For a status: its code in bits 4 to 7, whether it is the last one in bit 8.
pub(super) fn outbox_action(event: OutboxEvent) -> u32 {
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
                    set(2, drop_reason(reason));
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

fn drop_reason(reason: DropReason) -> f64 {
    match reason {
        DropReason::Overflow => 0.0,
        DropReason::Offline => 1.0,
        DropReason::Close => 2.0,
        DropReason::Policy => 3.0,
        DropReason::Rate => 4.0,
        _ => 5.0,
    }
}

fn state(state: State) -> f64 {
    match state {
        State::Idle => 0.0,
        State::Connecting => 1.0,
        State::Open => 2.0,
        State::Waiting => 3.0,
        State::Closing => 4.0,
        State::Closed => 5.0,
    }
}

fn cause_code(cause: Cause) -> f64 {
    match cause {
        Cause::Opened => 1.0,
        Cause::RetryDue => 2.0,
        Cause::SocketClosed { code, clean } => {
            set(3, f64::from(code));
            set(4, f64::from(u8::from(clean)));
            3.0
        }
        Cause::DialFailed => 4.0,
        Cause::ConnectTimeout => 5.0,
        Cause::Dead => 6.0,
        Cause::CloseTimeout => 7.0,
        Cause::Resumed => 8.0,
        _ => 0.0,
    }
}
