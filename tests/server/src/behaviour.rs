//! What each path does with its connection.

use std::{future, io, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Error, Message,
        handshake::server::{Request as Handshake, Response},
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{meter, request::Request, socketio, sockjs, stats::Stats, stomp};

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Receive buffer of `/slow`: small enough that a browser notices within one test.
const SLOW_BUFFER: usize = 8 * 1024;

/// How a conversation ended.
pub(crate) enum End {
    /// Normally, or the peer went away.
    Done,
    /// Leave without a close frame.
    Drop,
    /// Leave with a TCP reset.
    Reset,
    /// Stay, without reading or writing.
    Silent,
}

pub(crate) async fn serve(mut stream: TcpStream, stats: &Stats) -> Result<(), Error> {
    let request = Request::peek(&stream).await?;
    if request.path == "/socket.io/" {
        return socketio::serve(stream, &request, stats).await;
    }
    if request.path.starts_with("/sockjs/") {
        return sockjs::serve(stream, &request, stats).await;
    }
    if !request.upgrade {
        return answer(&mut stream, &request, stats)
            .await
            .map_err(Error::Io);
    }
    let attempts = stats.update(request.key(), |counters| {
        counters.attempts += 1;
        counters.attempts
    });
    if request.path == "/refuse-first" && attempts <= request.number("n").unwrap_or(1) {
        return respond(&mut stream, "503 Service Unavailable", "refused on request")
            .await
            .map_err(Error::Io);
    }
    if request.path == "/slow" {
        SockRef::from(&stream).set_recv_buffer_size(SLOW_BUFFER)?;
    }
    let mut config = None;
    if request.path == "/meter" {
        meter::narrow(&stream)?;
        config = Some(meter::config());
    }
    let chosen = request.text("choose").map(HeaderValue::from_str);
    #[expect(clippy::result_large_err, reason = "the signature is the library's")]
    let callback = |_: &Handshake, mut response: Response| {
        if let Some(Ok(protocol)) = chosen {
            response
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
        }
        Ok(response)
    };
    let mut socket = accept_hdr_async_with_config(stream, callback, config).await?;
    stats.update(request.key(), |counters| {
        counters.connections += 1;
        counters.open += 1;
    });
    let end = converse(&mut socket, &request, stats).await;
    match end {
        Ok(End::Silent) => future::pending().await,
        Ok(End::Reset) => SockRef::from(socket.get_ref()).set_linger(Some(Duration::ZERO))?,
        Ok(End::Done | End::Drop) | Err(_) => {}
    }
    drop(socket);
    stats.update(request.key(), |counters| counters.open -= 1);
    end.map(|_| ())
}

async fn converse(socket: &mut Socket, request: &Request, stats: &Stats) -> Result<End, Error> {
    let path = request.path.as_str();
    if let Some(key) = path.strip_prefix("/stats/") {
        return say(socket, stats.report(key)).await;
    }
    if let Some(key) = path.strip_prefix("/received/") {
        return say(socket, stats.texts(key)).await;
    }
    match path {
        "/close" => {
            let frame = request.number("code").map(|code| CloseFrame {
                code: CloseCode::from(code as u16),
                reason: request.text("reason").unwrap_or_default().to_owned().into(),
            });
            close(socket, frame).await
        }
        "/silent" => Ok(End::Silent),
        "/stomp" => stomp::serve(socket, request, stats).await,
        "/reset" => Ok(End::Reset),
        "/flood" => {
            flood(socket, request).await?;
            receive(socket, request, stats).await
        }
        "/meter" => {
            let rate = request.number("rate").unwrap_or(u64::MAX);
            meter::read(socket, rate, request.key(), stats).await?;
            Ok(End::Done)
        }
        "/drop-after" => {
            let time = Duration::from_millis(request.number("ms").unwrap_or(0));
            tokio::select! {
                end = receive(socket, request, stats) => end,
                () = sleep(time) => Ok(End::Drop),
            }
        }
        _ => receive(socket, request, stats).await,
    }
}

/// Answers message by message until the peer closes.
async fn receive(socket: &mut Socket, request: &Request, stats: &Stats) -> Result<End, Error> {
    let pause = match request.path.as_str() {
        "/slow" => Duration::from_millis(request.number("ms").unwrap_or(10)),
        _ => Duration::ZERO,
    };
    while let Some(message) = socket.next().await {
        let message = message?;
        stats.update(request.key(), |counters| match &message {
            Message::Text(text) => {
                counters.messages += 1;
                counters.bytes += text.len() as u64;
                counters.text(text);
            }
            Message::Binary(bytes) => {
                counters.messages += 1;
                counters.bytes += bytes.len() as u64;
            }
            Message::Close(frame) => {
                counters.close_code = Some(frame.as_ref().map_or(1005, |frame| frame.code.into()));
                counters.close_reason = frame
                    .as_ref()
                    .map_or(String::new(), |frame| frame.reason.to_string());
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        });
        if !(message.is_text() || message.is_binary()) {
            continue;
        }
        match (request.path.as_str(), &message) {
            ("/command", Message::Text(text)) if text.starts_with('!') => {
                if let Some(end) = obey(socket, text).await? {
                    return Ok(end);
                }
            }
            ("/ack", Message::Text(text)) => {
                if let Some(id) = field(text, "id") {
                    socket
                        .send(Message::text(json!({ "ack": id }).to_string()))
                        .await?;
                }
            }
            ("/rpc", Message::Text(text)) => reply(socket, text).await?,
            ("/slow", _) => sleep(pause).await,
            _ => socket.send(message).await?,
        }
    }
    Ok(End::Done)
}

async fn obey(socket: &mut Socket, command: &str) -> Result<Option<End>, Error> {
    let mut words = command.splitn(3, ' ');
    Ok(match words.next() {
        Some("!close") => {
            let code = words.next().and_then(|code| code.parse::<u16>().ok());
            let frame = code.map(|code| CloseFrame {
                code: CloseCode::from(code),
                reason: words.next().unwrap_or_default().to_owned().into(),
            });
            Some(close(socket, frame).await?)
        }
        Some("!drop") => Some(End::Drop),
        Some("!reset") => Some(End::Reset),
        Some("!silent") => Some(End::Silent),
        _ => None,
    })
}

async fn reply(socket: &mut Socket, text: &str) -> Result<(), Error> {
    let Ok(question) = serde_json::from_str::<Value>(text) else {
        return Ok(());
    };
    if question.get("ignore") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    if let Some(late) = question.get("late").and_then(Value::as_u64) {
        sleep(Duration::from_millis(late)).await;
    }
    let answer = json!({ "reply": question.get("id"), "value": question.get("value") });
    socket.send(Message::text(answer.to_string())).await
}

async fn flood(socket: &mut Socket, request: &Request) -> Result<(), Error> {
    let count = request.number("n").unwrap_or(1_000);
    let size = request.number("size").unwrap_or(0) as usize;
    for number in 0..count {
        let mut text = number.to_string();
        if text.len() < size {
            let padding = ".".repeat(size - text.len());
            text.push_str(&padding);
        }
        let message = match request.text("binary") {
            Some(_) => Message::binary(text.into_bytes()),
            None => Message::text(text),
        };
        socket.feed(message).await?;
    }
    socket.flush().await
}

async fn say(socket: &mut Socket, value: Value) -> Result<End, Error> {
    socket.send(Message::text(value.to_string())).await?;
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    close(socket, Some(frame)).await
}

/// Runs the closing handshake to its end, so that the peer sees a clean close.
async fn close(socket: &mut Socket, frame: Option<CloseFrame>) -> Result<End, Error> {
    socket.close(frame).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(End::Done)
}

fn field(text: &str, name: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok()?.get(name).cloned()
}

/// Plain HTTP, for scripts without a WebSocket.
async fn answer(stream: &mut TcpStream, request: &Request, stats: &Stats) -> io::Result<()> {
    let (stats_key, texts_key) = (
        request.path.strip_prefix("/stats/"),
        request.path.strip_prefix("/received/"),
    );
    match (stats_key, texts_key) {
        (Some(key), _) => respond(stream, "200 OK", &stats.report(key).to_string()).await,
        (_, Some(key)) => respond(stream, "200 OK", &stats.texts(key).to_string()).await,
        _ => respond(stream, "404 Not Found", "unknown path").await,
    }
}

async fn respond(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    // The head was only peeked at; closing with unread bytes would reset the connection before the answer is read.
    let mut head = vec![0; 16 * 1024];
    let _ = stream.read(&mut head).await?;
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\naccess-control-allow-origin: *\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}
