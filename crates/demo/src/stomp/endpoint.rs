//! The WebSocket around a connection: handshake, reading, writing, heart-beats and close codes.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::get,
};
use everwire_core::{
    Span,
    protocol::stomp::{Beats, Version},
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{select, sync::watch, time::timeout};

use super::{
    Broker, Connection, Refusal,
    connection::LIMITS,
    outbox::{End, Outbox},
};

/// Largest WebSocket message: a frame with the largest body, and its head.
const MAX_MESSAGE_BYTES: usize = LIMITS.body + 2 * LIMITS.head_bytes;
/// How long a client may take to send `CONNECT`.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// How much later than agreed a heart-beat may come, as a factor.
const TOLERANCE: u32 = 2;
/// How long a closing handshake may take before TCP is ended anyway.
const CLOSE_WAIT: Duration = Duration::from_secs(3);

/// The route `/stomp`.
pub fn router(broker: Arc<Broker>) -> Router {
    Router::new()
        .route("/stomp", get(upgrade))
        .with_state(broker)
}

async fn upgrade(State(broker): State<Arc<Broker>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(Version::ALL.map(Version::subprotocol))
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| serve(socket, Connection::new(broker)).await)
}

/// Runs a connection to its end.
async fn serve(socket: WebSocket, mut connection: Connection) {
    let (mut sink, mut stream) = socket.split();
    let out = connection.out().clone();
    let (connected, beats) = watch::channel(None);
    let end = {
        let writing = write(&mut sink, &out, beats);
        let reading = read(&mut stream, &mut connection, &connected);
        tokio::pin!(writing, reading);
        select! {
            end = &mut writing => end,
            // What was said before the end still goes out, the ERROR that explains it above all.
            gone = &mut reading => match gone {
                Reading::Over => timeout(CLOSE_WAIT, writing).await.ok().flatten(),
                Reading::Gone => None,
            },
        }
    };
    // Who is cut off is away at once, however long its close takes on a bad link.
    drop(connection);
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

/// Writes until the connection ends or the link is broken (`None`).
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    out: &Outbox,
    mut beats: watch::Receiver<Option<Beats>>,
) -> Option<End> {
    loop {
        let every = beats.borrow_and_update().and_then(|beats| beats.send);
        let next = select! {
            next = out.next() => next,
            () = pause(every) => Ok(b"\n".to_vec()),
            // From now on there are heart-beats.
            Ok(()) = beats.changed() => continue,
        };
        match next {
            Ok(frame) => sink.send(encode(frame)).await.ok()?,
            Err(end) => return Some(end),
        }
    }
}

async fn pause(every: Option<Span>) {
    match every {
        Some(every) => tokio::time::sleep(duration(every)).await,
        None => std::future::pending().await,
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(span.as_micros())
}

/// As text where it is text: a browser hands that over without conversion.
fn encode(frame: Vec<u8>) -> Message {
    match String::from_utf8(frame) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    }
}

/// Why reading stopped.
enum Reading {
    /// The connection was told to end.
    Over,
    /// The link is broken or closed by the client.
    Gone,
}

async fn read(
    stream: &mut SplitStream<WebSocket>,
    connection: &mut Connection,
    connected: &watch::Sender<Option<Beats>>,
) -> Reading {
    loop {
        let (wait, silence) = match connection.beats() {
            None => (
                Some(CONNECT_WAIT),
                Refusal::new("too late", "send CONNECT within ten seconds"),
            ),
            Some(beats) => (
                beats.expect.map(|every| duration(every) * TOLERANCE),
                Refusal::new("silent", "send the heart-beats that were agreed on"),
            ),
        };
        let message = match wait {
            None => stream.next().await,
            Some(wait) => match timeout(wait, stream.next()).await {
                Ok(message) => message,
                Err(_) => {
                    connection.fail(&silence);
                    return Reading::Over;
                }
            },
        };
        match message {
            Some(Ok(Message::Text(text))) => connection.receive(text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => connection.receive(&bytes),
            // The closing handshake is answered by the stream itself.
            Some(Ok(Message::Close(_) | Message::Ping(_) | Message::Pong(_))) => {}
            Some(Err(error)) => {
                if !is_too_big(error) {
                    return Reading::Gone;
                }
                connection.fail(&Refusal::new(
                    "message is too large",
                    "a frame may have a body of four megabytes",
                ));
                return Reading::Over;
            }
            None => return Reading::Gone,
        }
        if let Some(beats) = connection.beats() {
            connected.send_if_modified(|known| known.replace(beats).is_none());
        }
    }
}

fn is_too_big(error: axum::Error) -> bool {
    let inner = error.into_inner();
    matches!(
        inner.downcast_ref::<tungstenite::Error>(),
        Some(tungstenite::Error::Capacity(_))
    )
}
