//! The SockJS endpoint: every transport, the errors of its HTTP side, and the rules of its sessions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Client, DEADLINE, call, chaos, server};
use everwire_demo::Server;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{client_async, tungstenite::Message};

const HELLO: &str = r#"{"type":"hello","user":"u1","name":"하나","epoch":null,"lastSeq":null}"#;

fn post(id: &str) -> String {
    json!({"type":"post","id":id,"text":"50 % \u{2028}\n안녕"}).to_string()
}

/// Sends a request to a session and gives the status and the body.
async fn ask(server: &Server, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = server.ws_address();
    let head = format!("{method} /sockjs{path} HTTP/1.1\r\nHost: {address}");
    let response = call(address, &head, body).await;
    let body = match response.header("transfer-encoding") {
        Some(_) => whole(&response.body),
        None => response.body.clone(),
    };
    (response.status, body)
}

/// The text of a body that came in chunks (RFC 9112, section 7.1).
fn whole(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body.as_bytes();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return text;
        }
        let begin = end + 2;
        text += std::str::from_utf8(&rest[begin..begin + size]).unwrap();
        rest = &rest[begin + size + 2..];
    }
}

async fn send(server: &Server, session: &str, messages: &[&str]) -> u16 {
    let body = json!(messages).to_string();
    ask(server, "POST", &format!("/000/{session}/xhr_send"), &body)
        .await
        .0
}

/// A response that goes on: its text is read as it comes.
struct Stream {
    tcp: TcpStream,
    text: String,
}

impl Stream {
    async fn open(server: &Server, method: &str, path: &str) -> Self {
        let address = server.ws_address();
        let mut tcp = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{method} /sockjs{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n"
        );
        tcp.write_all(head.as_bytes()).await.unwrap();
        Self {
            tcp,
            text: String::new(),
        }
    }

    /// Reads until the text holds `wanted`, and gives all of it.
    async fn until(&mut self, wanted: &str) -> &str {
        let mut buffer = vec![0; 4096];
        while !self.text.contains(wanted) {
            let count = timeout(DEADLINE, self.tcp.read(&mut buffer))
                .await
                .unwrap_or_else(|_| panic!("no {wanted} in {}", self.text))
                .unwrap();
            assert!(count > 0, "no {wanted} in {}", self.text);
            self.text
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        &self.text
    }
}

#[tokio::test]
async fn the_server_says_what_it_offers_to_pages_of_this_machine_only() {
    let server = server().await;
    let address = server.ws_address();
    let from =
        |origin: &str| format!("GET /sockjs/info HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}");
    let response = call(address, &from("http://127.0.0.1:8080"), "").await;
    let info = response.json();
    assert_eq!(info["websocket"], true);
    assert_eq!(info["cookie_needed"], false);
    assert!(info["entropy"].is_u64());
    let allowed = response.header("access-control-allow-origin");
    assert_eq!(allowed, Some("http://127.0.0.1:8080"));
    assert_eq!(
        response.header("access-control-allow-credentials"),
        Some("true")
    );
    assert!(
        response
            .header("cache-control")
            .unwrap()
            .contains("no-store")
    );
    let foreign = call(address, &from("http://example.com"), "").await;
    assert_eq!(foreign.status, 403);
    let asked = format!(
        "OPTIONS /sockjs/000/x/xhr_send HTTP/1.1\r\nHost: {address}\r\nOrigin: http://localhost:1\r\n\
         Access-Control-Request-Headers: content-type"
    );
    let preflight = call(address, &asked, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("content-type")
    );
}

#[tokio::test]
async fn polling_brings_one_frame_per_request_and_a_post_is_stored_once() {
    let server = server().await;
    let poll = async || ask(&server, "POST", "/000/s1/xhr?client=c1", "").await;
    assert_eq!(poll().await, (200, "o\n".into()));
    assert_eq!(send(&server, "s1", &[HELLO]).await, 204);
    let (_, welcome) = poll().await;
    assert!(
        welcome.starts_with(r#"a["{\"type\":\"welcome\""#),
        "{welcome}"
    );
    assert!(poll().await.1.contains("history"));

    let text = post("p1");
    assert_eq!(send(&server, "s1", &[&text, &text]).await, 204);
    let mut frames = Vec::new();
    for _ in 0..3 {
        let (_, frame) = poll().await;
        let messages: Vec<String> = serde_json::from_str(&frame[1..]).unwrap();
        frames.extend(
            messages
                .iter()
                .map(|text| serde_json::from_str::<Value>(text).unwrap()),
        );
    }
    let kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str()).collect();
    assert_eq!(kinds, [Some("ack"), Some("posted"), Some("ack")]);
    assert_eq!(frames[1]["text"], "50 % \u{2028}\n안녕");
    assert_eq!(frames[2]["duplicate"], true);
}

#[tokio::test]
async fn streaming_begins_with_a_prelude_and_keeps_bringing() {
    let server = server().await;
    let mut stream = Stream::open(&server, "POST", "/000/s2/xhr_streaming").await;
    let text = stream.until("o\n").await;
    assert!(text.contains(&format!("{}\n", "h".repeat(2048))));
    assert_eq!(send(&server, "s2", &[HELLO]).await, 204);
    stream.until("history").await;
    assert_eq!(send(&server, "s2", &[&post("p1")]).await, 204);
    stream.until(r#"a["{\"type\":\"posted\""#).await;
}

#[tokio::test]
async fn events_are_escaped_so_that_the_client_can_undo_it() {
    let server = server().await;
    let mut stream = Stream::open(&server, "GET", "/000/s3/eventsource").await;
    let text = stream.until("data: o\r\n\r\n").await;
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert_eq!(send(&server, "s3", &[HELLO]).await, 204);
    assert_eq!(send(&server, "s3", &[&post("p1")]).await, 204);
    let text = stream.until("posted").await;
    assert!(text.contains("50 %25"), "{text}");
}

#[tokio::test]
async fn a_stream_ends_after_128_kib_and_the_next_one_goes_on() {
    let server = server().await;
    let mut stream = Stream::open(&server, "POST", "/000/s4/xhr_streaming").await;
    stream.until("o\n").await;
    assert_eq!(send(&server, "s4", &[HELLO]).await, 204);
    let long = "x".repeat(2_000);
    for index in 0..80 {
        let text = json!({"type":"post","id":format!("p{index}"),"text":long}).to_string();
        assert_eq!(send(&server, "s4", &[&text]).await, 204);
    }
    // The end of a response without a length.
    stream.until("\r\n0\r\n\r\n").await;
    let mut next = Stream::open(&server, "POST", "/000/s4/xhr_streaming").await;
    let text = next.until(r#"\"id\":\"p79\""#).await;
    assert!(!text.contains("\no\n"), "the session goes on");
}

#[tokio::test]
async fn a_second_receiver_is_sent_away_and_the_first_stays() {
    let server = server().await;
    let mut first = Stream::open(&server, "POST", "/000/s5/xhr_streaming").await;
    first.until("o\n").await;
    let second = ask(&server, "POST", "/000/s5/xhr", "").await;
    assert_eq!(
        second,
        (200, "c[2010,\"Another connection still open\"]\n".into())
    );
    assert_eq!(send(&server, "s5", &[HELLO]).await, 204);
    first.until("welcome").await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_answered_as_sockjs_does() {
    let server = server().await;
    assert_eq!(send(&server, "nobody", &[HELLO]).await, 404);
    ask(&server, "POST", "/000/s6/xhr", "").await;
    let broken = ask(&server, "POST", "/000/s6/xhr_send", "[").await;
    assert_eq!(broken, (500, "Broken JSON encoding.".into()));
    let empty = ask(&server, "POST", "/000/s6/xhr_send", "").await;
    assert_eq!(empty, (500, "Payload expected.".into()));
    assert_eq!(ask(&server, "POST", "/000/s7/xhr?room=No", "").await.0, 400);
    // No message of the protocol: the session lives, and the hub says what was wrong.
    assert_eq!(send(&server, "s6", &["nonsense"]).await, 204);
    let (_, refusal) = ask(&server, "POST", "/000/s6/xhr", "").await;
    assert!(refusal.contains("malformed"), "{refusal}");
}

#[tokio::test]
async fn a_session_ends_with_a_close_frame() {
    let server = server().await;
    ask(&server, "POST", "/000/s8/xhr?client=c8", "").await;
    chaos(
        &server,
        "?client=c8",
        json!({"close":{"code":4001,"reason":"enough"}}),
    )
    .await;
    let end = ask(&server, "POST", "/000/s8/xhr?client=c8", "").await;
    assert_eq!(end, (200, "c[4001,\"enough\"]\n".into()));
}

#[tokio::test]
async fn a_websocket_carries_the_same_frames() {
    let server = server().await;
    let address = server.ws_address();
    let tcp = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/sockjs/000/s9/websocket"), tcp)
        .await
        .unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("o"));
    socket
        .send(Message::text(json!([HELLO]).to_string()))
        .await
        .unwrap();
    let Message::Text(frame) = socket.next().await.unwrap().unwrap() else {
        panic!("no text");
    };
    assert!(frame.starts_with(r#"a["{\"type\":\"welcome\""#), "{frame}");
    socket.send(Message::text("{")).await.unwrap();
    loop {
        let message = socket.next().await.unwrap().unwrap();
        if message.to_text().unwrap().contains("malformed") {
            break;
        }
    }
}

#[tokio::test]
async fn blocked_websockets_are_refused_for_that_client_only_and_http_goes_on() {
    let server = server().await;
    chaos(&server, "?client=c10", json!({"webSocketBlocked":true})).await;
    let address = server.ws_address();
    for path in ["/ws?client=c10", "/sockjs/000/s10/websocket?client=c10"] {
        let tcp = TcpStream::connect(address).await.unwrap();
        let error = client_async(format!("ws://{address}{path}"), tcp)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("403"), "{path}: {error}");
    }
    assert!(Client::dial(address, "client=other").await.is_ok());
    let (status, _) = ask(&server, "POST", "/000/s10/xhr?client=c10", "").await;
    assert_eq!(status, 200);
    chaos(&server, "?client=c10", json!({"webSocketBlocked":null})).await;
    assert!(Client::dial(address, "client=c10").await.is_ok());
}
