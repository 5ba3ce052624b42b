//! A small Socket.IO server that misbehaves on request: Engine.IO sessions over polling and WebSocket, with upgrade.
//!
//! The query of the first request says how a session is: `interval=` and `timeout=` of its heartbeat in milliseconds, `mute=1`
//! without pings, `max=` its `maxPayload`, `recover=1` with connection state recovery, `refuse=websocket` answers 503 to that
//! transport. What events do is listed in `socketio/events.rs`.

mod events;

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use everwire_core::protocol::engine_io::{
    Packet, PacketType, Payload, PayloadLimits, PayloadWriter,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    time::sleep,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{Error, Message},
};

use crate::{request::Request, stats::Stats};
use events::Conversation;

static SESSIONS: LazyLock<Mutex<HashMap<String, Arc<Session>>>> = LazyLock::new(Mutex::default);
static LAST_SID: AtomicU64 = AtomicU64::new(0);

/// What goes to the client: a packet's text, or bytes.
enum Out {
    Text(String),
    Bytes(Vec<u8>),
}

struct Session {
    key: String,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    out: VecDeque<Out>,
    conversation: Conversation,
    /// The WebSocket has taken over, or is about to.
    upgraded: bool,
    end: Option<End>,
}

/// How a session ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a goodbye.
    Close,
    /// The TCP connection is cut.
    Cut,
}

impl Session {
    fn begin(request: &Request, stats: &Stats) -> Arc<Self> {
        let number = LAST_SID.fetch_add(1, Ordering::Relaxed);
        let sid = format!("engine-{number}");
        let interval = request.number("interval").unwrap_or(25_000);
        let handshake = json!({
            "sid": sid,
            "upgrades": ["websocket"],
            "pingInterval": interval,
            "pingTimeout": request.number("timeout").unwrap_or(20_000),
            "maxPayload": request.number("max").unwrap_or(1_000_000),
        });
        let session = Arc::new(Self {
            key: request.key().to_owned(),
            state: Mutex::new(State {
                out: [Out::Text(format!("0{handshake}"))].into(),
                conversation: Conversation::new(request.text("recover").is_some()),
                upgraded: false,
                end: None,
            }),
            changed: Notify::new(),
        });
        lock(&SESSIONS).insert(sid, Arc::clone(&session));
        stats.update(&session.key, |counters| counters.connections += 1);
        if request.text("mute").is_none() {
            let session = Arc::downgrade(&session);
            tokio::spawn(async move {
                loop {
                    sleep(Duration::from_millis(interval)).await;
                    let Some(session) = session.upgrade() else {
                        return;
                    };
                    if session.state().end.is_some() {
                        return;
                    }
                    session.send(Out::Text("2".to_owned()));
                }
            });
        }
        session
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn send(&self, packet: Out) {
        self.state().out.push_back(packet);
        self.changed.notify_waiters();
    }

    /// Takes in an Engine.IO packet of the client.
    fn receive(&self, packet: &Packet<'_>, stats: &Stats) {
        let mut state = self.state();
        match packet {
            Packet::Text {
                kind: PacketType::Message,
                data,
            } => {
                stats.update(&self.key, |counters| {
                    counters.messages += 1;
                    counters.text(data);
                });
                state.conversation.text(data);
            }
            Packet::Binary(bytes) => state.conversation.binary(bytes),
            Packet::Text {
                kind: PacketType::Close,
                ..
            } => state.end = Some(End::Close),
            Packet::Text { .. } => {}
        }
        let said = state.conversation.take_said();
        state.out.extend(said);
        state.end = state.end.or(state.conversation.end());
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits for something to write. `None` if the session is over.
    async fn next(&self, websocket: bool) -> Result<Vec<Out>, End> {
        loop {
            // Made before the look, so that no change in between is missed.
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                if !state.out.is_empty() {
                    return Ok(state.out.drain(..).collect());
                }
                if let Some(end) = state.end {
                    return Err(end);
                }
                if state.upgraded && !websocket {
                    return Ok(vec![Out::Text("6".to_owned())]);
                }
            }
            changed.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) async fn serve(
    stream: TcpStream,
    request: &Request,
    stats: &Stats,
) -> Result<(), Error> {
    let known = request
        .text("sid")
        .map(|sid| lock(&SESSIONS).get(sid).cloned());
    stats.update(request.key(), |counters| counters.attempts += 1);
    match (request.upgrade, known) {
        (true, None) if request.text("refuse") == Some("websocket") => {
            respond(stream, 503, "refused on request")
                .await
                .map_err(Error::Io)
        }
        (true, None) => {
            let session = Session::begin(request, stats);
            websocket(accept_async(stream).await?, &session, stats).await
        }
        (true, Some(Some(session))) => {
            let mut socket = accept_async(stream).await?;
            if !probed(&mut socket, &session).await? {
                return Ok(());
            }
            websocket(socket, &session, stats).await
        }
        (false, known) => polling(stream, request, known, stats)
            .await
            .map_err(Error::Io),
        (true, Some(None)) => unknown(stream).await.map_err(Error::Io),
    }
}

/// The server's part of an upgrade. `false` if the client went away.
async fn probed(socket: &mut WebSocketStream<TcpStream>, session: &Session) -> Result<bool, Error> {
    while let Some(message) = socket.next().await {
        match message?.to_text() {
            Ok("2probe") => {
                socket.send(Message::text("3probe")).await?;
                // The poll in flight is answered, so that the client can go on.
                session.state().upgraded = true;
                session.changed.notify_waiters();
            }
            Ok("5") => return Ok(true),
            _ => return Ok(false),
        }
    }
    Ok(false)
}

async fn websocket(
    mut socket: WebSocketStream<TcpStream>,
    session: &Session,
    stats: &Stats,
) -> Result<(), Error> {
    session.state().upgraded = true;
    stats.update(&session.key, |counters| counters.open += 1);
    let end = talk(&mut socket, session, stats).await;
    stats.update(&session.key, |counters| counters.open -= 1);
    session.state().end.get_or_insert(End::Cut);
    if let Ok(End::Close) = end {
        socket.close(None).await?;
    }
    Ok(())
}

async fn talk(
    socket: &mut WebSocketStream<TcpStream>,
    session: &Session,
    stats: &Stats,
) -> Result<End, Error> {
    loop {
        tokio::select! {
            packets = session.next(true) => match packets {
                Ok(packets) => {
                    for packet in packets {
                        socket.feed(match packet {
                            Out::Text(text) => Message::text(text),
                            Out::Bytes(bytes) => Message::binary(bytes),
                        }).await?;
                    }
                    socket.flush().await?;
                }
                Err(end) => return Ok(end),
            },
            message = socket.next() => match message.transpose()? {
                Some(Message::Text(text)) => {
                    if let Ok(packet) = Packet::decode_text(&text) {
                        session.receive(&packet, stats);
                    }
                }
                Some(Message::Binary(bytes)) => {
                    session.receive(&Packet::decode_binary(&bytes), stats);
                }
                Some(Message::Close(_)) | None => return Ok(End::Cut),
                Some(_) => {}
            },
        }
    }
}

async fn polling(
    mut stream: TcpStream,
    request: &Request,
    known: Option<Option<Arc<Session>>>,
    stats: &Stats,
) -> io::Result<()> {
    let (method, body) = read(&mut stream).await?;
    let session = match known {
        _ if method == "OPTIONS" => return respond(stream, 204, "").await,
        Some(None) => return unknown(stream).await,
        Some(Some(session)) => session,
        None => Session::begin(request, stats),
    };
    if method == "POST" {
        let packets = Payload::new(&body, PayloadLimits::default());
        for packet in packets.into_iter().flatten().map_while(Result::ok) {
            session.receive(&packet, stats);
        }
        return respond(stream, 200, "ok").await;
    }
    let packets = match session.next(false).await {
        Ok(packets) => packets,
        Err(End::Close) => vec![Out::Text("1".to_owned())],
        Err(End::Cut) => return Ok(()),
    };
    let mut payload = PayloadWriter::new(None);
    for packet in &packets {
        let packet = match packet {
            Out::Text(text) => Packet::decode_text(text).ok(),
            Out::Bytes(bytes) => Some(Packet::binary(bytes)),
        };
        // What is no packet is written by nobody but the misbehaving events, which use WebSocket.
        if let Some(packet) = packet {
            payload.push(&packet).ok();
        }
    }
    respond(stream, 200, &payload.finish()).await
}

/// Method and body of the request.
async fn read(stream: &mut TcpStream) -> io::Result<(String, String)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= length {
                let method = head.split(' ').next().unwrap_or_default();
                return Ok((method.to_owned(), body.to_owned()));
            }
        }
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
}

async fn unknown(mut stream: TcpStream) -> io::Result<()> {
    // Already read for polling; a handshake of a WebSocket is still there.
    let mut head = [0; 16 * 1024];
    stream.try_read(&mut head).ok();
    stream.flush().await?;
    respond(stream, 400, r#"{"code":1,"message":"Session ID unknown"}"#).await
}

async fn respond(mut stream: TcpStream, status: u16, body: &str) -> io::Result<()> {
    let response = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: text/plain; charset=UTF-8\r\naccess-control-allow-origin: *\r\n\
         access-control-allow-headers: *\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}
