//! Counters and gauges of a socket.

use std::time::Duration;

use everwire_core::{
    link::{Rtt, State},
    send::Counters,
};

use crate::{driver, engine::Engine};

/// A snapshot from [`Client::stats`](crate::Client::stats).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// The state.
    pub state: State,
    /// Consecutive attempts since the last stable connection.
    pub attempt: u32,
    /// Time until the next dial, while waiting for it.
    pub retry_in: Option<Duration>,
    /// How often the connection was opened again.
    pub reconnects: u32,
    /// Round-trip times of the heartbeat.
    pub rtt: Option<Rtt>,
    /// Whether the open connection is under suspicion and being probed.
    pub suspect: bool,
    /// What became of the messages sent.
    pub sent: Counters,
    /// Messages received.
    pub messages_received: u64,
    /// Bytes received, payloads only.
    pub bytes_received: u64,
    /// Messages that wait to be read from the stream.
    pub unread: usize,
    /// Bytes that the browser has not handed to the network yet.
    pub buffered_amount: usize,
}

impl Stats {
    pub(crate) fn read(engine: &Engine, unread: usize) -> Self {
        let (messages_received, bytes_received) = engine.received_so_far();
        let (sent, buffered_amount) = (engine.counters(), engine.buffered());
        engine.core(|core| {
            let link = core.link();
            Self {
                state: link.state(),
                attempt: link.attempt(),
                retry_in: link.retry_at().map(|due| due.since(driver::now()).into()),
                reconnects: link.reconnects(),
                rtt: link.rtt(),
                suspect: link.suspect(),
                sent,
                messages_received,
                bytes_received,
                unread,
                buffered_amount,
            }
        })
    }
}
