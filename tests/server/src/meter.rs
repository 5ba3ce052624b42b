//! `/meter`: a slow link's far end, which tells how old what it shows is.
//!
//! It reads `rate` bytes a second through small buffers, as a link of that bandwidth delivers. Each text is one update
//! `{"k": key, "t": sent, ..}` or an array of them, `sent` in milliseconds since the epoch. At every sample the age of a
//! key is the time since the newest value known of it was made: what somebody who looks at the receiver sees.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::StreamExt;
use serde_json::Value;
use socket2::SockRef;
use tokio::{
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use crate::stats::Stats;

/// Receive buffer in bytes; with the usual megabytes the system would take what the link cannot.
const BUFFER: usize = 16 * 1024;
/// What is read at once, in bytes; the usual 128 KiB would be seconds of a slow link.
const READ_BUFFER: usize = 4 * 1024;
/// How much the reader may be behind and still catch up: timers are no finer than milliseconds, and a short message takes one.
const CATCH_UP: Duration = Duration::from_millis(50);
/// How often the ages are looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// Header and mask of a client's short frame.
const FRAME_OVERHEAD: usize = 8;

/// Narrows the socket; before the handshake, while nothing is buffered yet.
pub(crate) fn narrow(stream: &TcpStream) -> Result<(), Error> {
    Ok(SockRef::from(stream).set_recv_buffer_size(BUFFER)?)
}

pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BUFFER)
}

/// Reads until the peer closes and counts under `key`.
pub(crate) async fn read(
    socket: &mut WebSocketStream<TcpStream>,
    rate: u64,
    key: &str,
    stats: &Stats,
) -> Result<(), Error> {
    let mut newest: HashMap<u64, f64> = HashMap::new();
    let mut samples = interval(SAMPLE_EVERY);
    samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut free_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = samples.tick() => {
                let now = epoch_millis();
                stats.update(key, |counters| counters.ages.extend(newest.values().map(|sent| now - sent)));
            }
            message = next(socket, free_at) => {
                let Some(message) = message else { return Ok(()) };
                let Message::Text(text) = message? else { continue };
                let took = Duration::from_secs_f64((text.len() + FRAME_OVERHEAD) as f64 / rate.max(1) as f64);
                free_at = free_at.max(Instant::now() - CATCH_UP) + took;
                stats.update(key, |counters| {
                    counters.messages += 1;
                    counters.bytes += text.len() as u64;
                });
                match serde_json::from_str(&text) {
                    Ok(Value::Array(updates)) => updates.iter().for_each(|update| note(&mut newest, update)),
                    Ok(update) => note(&mut newest, &update),
                    Err(_) => {}
                }
            }
        }
    }
}

/// The next message, once the link has carried the one before.
async fn next(
    socket: &mut WebSocketStream<TcpStream>,
    free_at: Instant,
) -> Option<Result<Message, Error>> {
    sleep_until(free_at).await;
    socket.next().await
}

fn note(newest: &mut HashMap<u64, f64>, update: &Value) {
    let (Some(key), Some(sent)) = (
        update.get("k").and_then(Value::as_u64),
        update.get("t").and_then(Value::as_f64),
    ) else {
        return;
    };
    let known = newest.entry(key).or_insert(sent);
    *known = known.max(sent);
}

fn epoch_millis() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1_000.0
}
