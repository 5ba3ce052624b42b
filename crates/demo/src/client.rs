//! One connection over a WebSocket: a reader that feeds the hub and a writer that empties the client's queue.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{select, time::timeout};

use crate::{
    chaos::Link,
    clock::now_ms,
    intake::{Intake, OneIn},
    outbound::End,
    seat::Seat,
    stats::Stats,
};

/// Largest message of a client, bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// A connection is given up after this much silence of the client, ms.
pub const IDLE_TIMEOUT_MS: u64 = 60_000;
/// How long a closing handshake may take before TCP is ended anyway.
const CLOSE_WAIT: Duration = Duration::from_secs(3);

/// How messages stand in the frames of a WebSocket.
pub trait Framing: Send + Sync {
    /// Sent before anything else.
    fn greeting(&self) -> Option<Utf8Bytes>;
    /// The frame of a message to the client.
    fn wrap(&self, text: Utf8Bytes) -> Utf8Bytes;
    /// The messages in a frame of the client; one that is none makes a message that is refused.
    fn unwrap(&self, text: Utf8Bytes) -> Vec<Utf8Bytes>;
    /// Sent before the close frame.
    fn farewell(&self, end: &End) -> Option<Utf8Bytes>;
}

/// A frame is a message.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

impl Framing for Bare {
    fn greeting(&self) -> Option<Utf8Bytes> {
        None
    }

    fn wrap(&self, text: Utf8Bytes) -> Utf8Bytes {
        text
    }

    fn unwrap(&self, text: Utf8Bytes) -> Vec<Utf8Bytes> {
        vec![text]
    }

    fn farewell(&self, _: &End) -> Option<Utf8Bytes> {
        None
    }
}

/// Runs a connection to its end.
pub async fn run(
    socket: WebSocket,
    seat: Seat,
    link: Arc<Link>,
    stats: &Stats,
    framing: impl Framing,
) {
    let (mut sink, mut stream) = socket.split();
    let end = select! {
        end = write(&mut sink, &seat, &link, stats, &framing) => end,
        end = read(&mut stream, &seat, &link, stats, &framing) => end,
    };
    // Who is cut off is away at once, however long its close takes on a bad link.
    drop(seat);
    if let Some(end) = end {
        let farewell = framing.farewell(&end);
        let frame = CloseFrame {
            code: end.code,
            reason: end.reason.into(),
        };
        let closing = async {
            if let Some(text) = farewell {
                let _ = sink.send(Message::Text(text)).await;
            }
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
    framing: &impl Framing,
) -> Option<End> {
    if let Some(text) = framing.greeting() {
        sink.send(Message::Text(text)).await.ok()?;
    }
    let mut drops = OneIn::default();
    loop {
        let text = match seat.out.next().await {
            Ok(item) => item.into_text(),
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
            sent = sink.send(Message::Text(framing.wrap(text))) => sent.ok()?,
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
    framing: &impl Framing,
) -> Option<End> {
    let mut intake = Intake::new(now_ms());
    loop {
        // A client that says nothing, not even ping, is gone for all that can be known.
        let message = timeout(Duration::from_millis(IDLE_TIMEOUT_MS), stream.next())
            .await
            .ok()??;
        let texts = match message {
            Ok(Message::Text(text)) => framing.unwrap(text).into_iter().map(Some).collect(),
            Ok(Message::Binary(_)) => vec![None],
            // The closing handshake is answered by the stream itself.
            Ok(Message::Close(_) | Message::Ping(_) | Message::Pong(_)) => continue,
            Err(error) => return too_big(error),
        };
        for text in texts {
            let end = intake.take(text.as_deref(), seat, link.settings(), stats, now_ms());
            if end.is_some() {
                return end;
            }
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
