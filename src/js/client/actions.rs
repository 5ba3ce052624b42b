//! Actions and numbers: from the core's types to codes and registers. Enums without data are their position in the core's
//! declaration (`pkg/src/client/core.ts` lists the names in the same order).

use everwire_core::link::{Cause, Output};
use everwire_core::send::{OutboxEvent, Status};

use super::{Entry, millis, set, with};

/// Fills the registers: 0 attempt, 1 reconnects, 2 time of the next dial, 3 time of the last receive, 4 suspect,
/// 5 to 8 round trip (last, smoothed, variance, min; `Infinity` without one), 9 queued messages, 10 queued bytes,
/// 11 to 19 accepted, written, acked, superseded, dropped, expired, cancelled, unknown, resent.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn stats(id: u32) {
    with(id, (), |entry| {
        let link = entry.connection.link();
        let rtt = link
            .rtt()
            .map(|rtt| [rtt.last, rtt.smoothed, rtt.variance, rtt.min]);
        set(0, f64::from(link.attempt()));
        set(1, f64::from(link.reconnects()));
        set(2, millis(link.retry_at()));
        set(3, millis(link.last_received()));
        set(4, f64::from(u8::from(link.suspect())));
        for part in 0..4 {
            let span = rtt.and_then(|rtt| rtt.get(part).copied());
            set(
                5 + part,
                span.map_or(f64::INFINITY, |span| span.as_millis_f64()),
            );
        }
        let counters = entry.connection.outbox().counters();
        set(9, counters.queued_messages as f64);
        set(10, counters.queued_bytes as f64);
        set(11, counters.accepted as f64);
        set(12, counters.written as f64);
        set(13, counters.acked as f64);
        set(14, counters.superseded as f64);
        set(15, counters.dropped as f64);
        set(16, counters.expired as f64);
        set(17, counters.cancelled as f64);
        set(18, counters.unknown as f64);
        set(19, counters.resent as f64);
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
            set(0, f64::from(from as u8));
            set(1, f64::from(to as u8));
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
            set(0, f64::from(reason as u8));
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
