//! One connection: a reader that feeds the hub and a writer that empties the client's queue.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use everwire_messages::{
    ServerMessage,
    location::{Left, Positions},
    session::Reason,
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{select, time::timeout};

use crate::{
    chaos::Link,
    clock::now_ms,
    outbound::{End, Item},
    rate::RateBound,
    room::encode,
    seat::Seat,
    stats::Stats,
};

/// Largest message of a client, bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// A connection is given up after this much silence of the client, ms.
pub const IDLE_TIMEOUT_MS: u64 = 60_000;
/// Refusals in a row after which the client is taken for broken.
const MAX_REFUSALS: u32 = 50;
/// How long a closing handshake may take before TCP is ended anyway.
const CLOSE_WAIT: Duration = Duration::from_secs(3);

/// Runs a connection to its end.
pub async fn run(socket: WebSocket, seat: Seat, link: Arc<Link>, stats: &Stats) {
    let (mut sink, mut stream) = socket.split();
    let end = select! {
        end = write(&mut sink, &seat, &link, stats) => end,
        end = read(&mut stream, &seat, &link, stats) => end,
    };
    // Who is cut off is away at once, however long its close takes on a bad link.
    drop(seat);
    if let Some(End { code, reason }) = end {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let closing = async {
            if sink.send(Message::Close(Some(frame))).await.is_ok() {
                // The client's own close frame ends the stream.
                while let Some(Ok(_)) = stream.next().await {}
            }
        };
        let _ = timeout(CLOSE_WAIT, closing).await;
    }
}

/// Writes until the hub wants an end or the link is broken (`None`).
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    seat: &Seat,
    link: &Link,
    stats: &Stats,
) -> Option<End> {
    let mut drops = OneIn::default();
    loop {
        let text = match seat.out.next().await {
            Ok(Item::Event(text)) => text,
            Ok(Item::Snapshot(snapshot)) => encode(&ServerMessage::Snapshot(snapshot)),
            Ok(Item::Left(ids)) => encode(&ServerMessage::Left(Left { ids })),
            Ok(Item::Positions(positions)) => {
                encode(&ServerMessage::Positions(Positions { positions }))
            }
            Err(end) => return Some(end),
        };
        stats.superseded.add(seat.out.take_superseded());
        if drops.hits(link.settings().drop_outbound) {
            stats.dropped_out.one();
            continue;
        }
        select! {
            // A full link must not keep a slow client from being cut off.
            biased;
            end = seat.out.ended() => return Some(end),
            sent = sink.send(Message::Text(text)) => sent.ok()?,
        }
        stats.messages_out.one();
    }
}

/// Reads until the client goes (`None`) or has to be closed.
async fn read(
    stream: &mut SplitStream<WebSocket>,
    seat: &Seat,
    link: &Link,
    stats: &Stats,
) -> Option<End> {
    let mut drops = OneIn::default();
    let mut rate = RateBound::new(now_ms());
    let mut refusals = 0;
    loop {
        // A client that says nothing, not even ping, is gone for all that can be known.
        let message = timeout(Duration::from_millis(IDLE_TIMEOUT_MS), stream.next())
            .await
            .ok()??;
        let text = match message {
            Ok(Message::Text(text)) => Some(text),
            Ok(Message::Binary(_)) => None,
            // The closing handshake is answered by the stream itself.
            Ok(Message::Close(_) | Message::Ping(_) | Message::Pong(_)) => continue,
            Err(error) => return too_big(error),
        };
        stats.messages_in.one();
        if drops.hits(link.settings().drop_inbound) {
            stats.dropped_in.one();
            continue;
        }
        let now = now_ms();
        if !rate.allows(now) {
            let limit = "too many messages; at most 100 per second, send it again later";
            seat.refuse_unread(
                text.as_deref().unwrap_or_default(),
                Reason::RateLimited,
                limit,
            );
            continue;
        }
        if take(text, seat, now) {
            refusals = 0;
        } else {
            refusals += 1;
        }
        if refusals >= MAX_REFUSALS {
            return Some(End {
                code: 1008,
                reason: "too many messages were refused".into(),
            });
        }
    }
}

fn take(text: Option<Utf8Bytes>, seat: &Seat, now: u64) -> bool {
    match text {
        Some(text) => seat.take(&text, now),
        None => {
            let hint = "binary messages are not understood; send json as text";
            seat.refuse_unread("", Reason::Malformed, hint);
            false
        }
    }
}

/// Close frame for a message over the limit; other failures have no one left to be told.
fn too_big(error: axum::Error) -> Option<End> {
    let inner = error.into_inner();
    match inner.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Some(End {
            code: 1009,
            reason: "a message may have 65536 bytes".into(),
        }),
        _ => None,
    }
}

/// Counts messages and hits every Nth.
#[derive(Debug, Default)]
struct OneIn {
    count: u32,
}

impl OneIn {
    fn hits(&mut self, n: u32) -> bool {
        self.count = if n == 0 { 0 } else { self.count + 1 };
        let hit = n > 0 && self.count >= n;
        if hit {
            self.count = 0;
        }
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nth_is_hit_and_none_when_off() {
        let mut drops = OneIn::default();
        let hits: Vec<bool> = (0..7).map(|_| drops.hits(3)).collect();
        assert_eq!(hits, [false, false, true, false, false, true, false]);
        assert!((0..9).all(|_| !drops.hits(0)));
        assert!(drops.hits(1));
    }
}
