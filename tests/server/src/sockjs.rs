//! A small SockJS server under `/sockjs/NAME`: it echoes messages, `!close` ends the session with 3000. Behind the name
//! `stomp` is the broker of `/stomp`, with its options.
//!
//! `refuse=websocket` in the query answers 503 to WebSockets. Each answer of xhr-streaming and eventsource ends after 4 KB.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use everwire_core::protocol::sockjs::{Frame, Info, read_messages, write_event};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use tokio_tungstenite::{
    accept_async,
    tungstenite::{Error, Message},
};

use crate::{request::Request, stats::Stats, stomp};

static SESSIONS: LazyLock<Mutex<HashMap<String, Arc<Session>>>> = LazyLock::new(Mutex::default);

/// How much a streaming answer carries.
const STREAM_LIMIT: usize = 4_096;

struct Session {
    frames: Mutex<Vec<Frame>>,
    changed: Notify,
    service: Mutex<Service>,
}

impl Session {
    fn new(request: &Request) -> Self {
        Self {
            frames: Mutex::default(),
            changed: Notify::new(),
            service: Mutex::new(Service::new(request)),
        }
    }

    fn push(&self, frame: Frame) {
        self.frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(frame);
        self.changed.notify_one();
    }

    /// The next frames, at least one.
    async fn next(&self) -> Vec<Frame> {
        loop {
            let frames =
                std::mem::take(&mut *self.frames.lock().unwrap_or_else(PoisonError::into_inner));
            if !frames.is_empty() {
                return frames;
            }
            self.changed.notified().await;
        }
    }
}

/// What is behind a session.
enum Service {
    Echo,
    Stomp(Box<stomp::Texts>),
}

impl Service {
    fn new(request: &Request) -> Self {
        match request.path.split('/').nth(2) {
            Some("stomp") => Self::Stomp(Box::new(stomp::Texts::new(request))),
            _ => Self::Echo,
        }
    }

    /// The answer to a message, if there is one.
    fn answer(&mut self, message: String, request: &Request, stats: &Stats) -> Option<Frame> {
        let answers = match self {
            Self::Stomp(broker) => broker.answer(&message, request, stats),
            Self::Echo => {
                record(stats, request.key(), &message);
                (message != "!close").then(|| vec![message])
            }
        };
        match answers {
            Some(answers) if answers.is_empty() => None,
            Some(answers) => Some(Frame::Messages(answers)),
            None => Some(Frame::Close {
                code: 3_000,
                reason: "on request".to_owned(),
            }),
        }
    }
}

fn record(stats: &Stats, key: &str, text: &str) {
    stats.update(key, |counters| {
        counters.messages += 1;
        counters.text(text);
    });
}

pub(crate) async fn serve(
    mut stream: TcpStream,
    request: &Request,
    stats: &Stats,
) -> Result<(), Error> {
    let segments: Vec<&str> = request.path.split('/').skip(3).collect();
    match (&segments[..], request.upgrade) {
        (_, true) if request.text("refuse") == Some("websocket") => {
            respond(&mut stream, "503 Refused", "refused on request")
                .await
                .map_err(Error::Io)
        }
        ([_, _, "websocket"], true) => websocket(stream, request, stats).await,
        (["info"], false) => {
            read(&mut stream).await.map_err(Error::Io)?;
            let mut info = String::new();
            Info::default().write(&mut info);
            respond(&mut stream, "200 OK", &info)
                .await
                .map_err(Error::Io)
        }
        ([_, id, what], false) => http(stream, id, what, request, stats)
            .await
            .map_err(Error::Io),
        _ => respond(&mut stream, "404 Not Found", "")
            .await
            .map_err(Error::Io),
    }
}

async fn websocket(stream: TcpStream, request: &Request, stats: &Stats) -> Result<(), Error> {
    let mut service = Service::new(request);
    let mut socket = accept_async(stream).await?;
    socket.send(Message::text("o")).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if let Ok(text) = message.to_text()
            && message.is_text()
        {
            for message in read_messages(text).unwrap_or_default() {
                let Some(frame) = service.answer(message, request, stats) else {
                    continue;
                };
                let mut text = String::new();
                frame.write(&mut text);
                socket.send(Message::text(text)).await?;
                if matches!(frame, Frame::Close { .. }) {
                    return socket.close(None).await;
                }
            }
        }
    }
    Ok(())
}

async fn http(
    mut stream: TcpStream,
    id: &str,
    what: &str,
    request: &Request,
    stats: &Stats,
) -> io::Result<()> {
    let body = read(&mut stream).await?;
    let mut new = false;
    let session = {
        let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry(id.to_owned()).or_insert_with(|| {
            new = true;
            Arc::new(Session::new(request))
        }))
    };
    if new {
        session.push(Frame::Open);
    }
    match what {
        "xhr_send" => {
            for message in read_messages(&body).unwrap_or_default() {
                let mut service = session
                    .service
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                if let Some(frame) = service.answer(message, request, stats) {
                    session.push(frame);
                }
            }
            respond(&mut stream, "204 No Content", "").await
        }
        "xhr" => {
            let mut text = String::new();
            for frame in session.next().await {
                frame.write(&mut text);
                text.push('\n');
            }
            respond(&mut stream, "200 OK", &text).await
        }
        _ => {
            let is_event_stream = what == "eventsource";
            // Browsers hold the beginning of a text back to guess its type.
            let kind = if is_event_stream {
                "text/event-stream"
            } else {
                "application/javascript"
            };
            head(&mut stream, "200 OK", kind, None).await?;
            if is_event_stream {
                stream.write_all(b"\r\n").await?;
            } else {
                stream.write_all("h".repeat(2_048).as_bytes()).await?;
                stream.write_all(b"\n").await?;
            }
            let mut written = 0;
            while written < STREAM_LIMIT {
                for frame in session.next().await {
                    let mut text = String::new();
                    frame.write(&mut text);
                    let mut out = String::new();
                    if is_event_stream {
                        write_event(&text, &mut out);
                    } else {
                        out = text + "\n";
                    }
                    written += out.len();
                    stream.write_all(out.as_bytes()).await?;
                    if matches!(frame, Frame::Close { .. }) {
                        written = STREAM_LIMIT;
                    }
                }
            }
            stream.shutdown().await
        }
    }
}

/// Reads a request and gives its body.
async fn read(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            let start = head.len() + 4;
            if bytes.len() >= start + length {
                let body = bytes.get(start..).unwrap_or_default();
                return Ok(String::from_utf8_lossy(body).into_owned());
            }
        }
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
}

async fn head(
    stream: &mut TcpStream,
    status: &str,
    kind: &str,
    length: Option<usize>,
) -> io::Result<()> {
    let length = length.map_or(String::new(), |length| {
        format!("content-length: {length}\r\n")
    });
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}; charset=UTF-8\r\naccess-control-allow-origin: *\r\n\
         cache-control: no-store\r\n{length}connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await
}

async fn respond(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    head(stream, status, "text/plain", Some(body.len())).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
