//! A raw STOMP client: frames are written and read as texts, so that nothing of the code under test checks itself.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::common::DEADLINE;

pub(crate) struct Raw {
    socket: WebSocketStream<TcpStream>,
    /// Subprotocol that the server chose.
    pub(crate) protocol: Option<String>,
    received: Vec<u8>,
    frames: VecDeque<Frame>,
    /// Line feeds between frames.
    pub(crate) beats: usize,
    closed: Option<u16>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) command: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Raw {
    /// Connects the WebSocket only.
    pub(crate) async fn dial(address: SocketAddr, protocols: Option<&'static str>) -> Self {
        let mut request = format!("ws://{address}/stomp")
            .into_client_request()
            .unwrap();
        if let Some(protocols) = protocols {
            let value = HeaderValue::from_static(protocols);
            request
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        let tcp = TcpStream::connect(address).await.unwrap();
        let (socket, response) = client_async(request, tcp).await.unwrap();
        let chosen = response.headers().get("sec-websocket-protocol");
        Self {
            socket,
            protocol: chosen.map(|value| value.to_str().unwrap().to_owned()),
            received: Vec::new(),
            frames: VecDeque::new(),
            beats: 0,
            closed: None,
        }
    }

    /// Connects up to `CONNECTED` in one version and without heart-beats.
    pub(crate) async fn open(address: SocketAddr, version: &str) -> Self {
        let mut raw = Self::dial(address, Some("v12.stomp, v11.stomp, v10.stomp")).await;
        raw.send(&format!("CONNECT\naccept-version:{version}\nhost:/\n\n\0"))
            .await;
        let connected = raw.frame().await;
        assert_eq!(connected.command, "CONNECTED");
        assert_eq!(connected.header("version"), Some(version));
        raw
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.socket
            .send(Message::binary(bytes.to_vec()))
            .await
            .unwrap();
    }

    /// Sends a frame with a receipt and waits for it; frames that come before it stay for later.
    pub(crate) async fn confirmed(&mut self, frame: &str, receipt: &str) {
        let (command, rest) = frame.split_once('\n').unwrap();
        self.send(&format!("{command}\nreceipt:{receipt}\n{rest}"))
            .await;
        let mut before = VecDeque::new();
        loop {
            let frame = self.frame().await;
            if frame.command == "RECEIPT" && frame.header("receipt-id") == Some(receipt) {
                break;
            }
            assert_ne!(frame.command, "ERROR", "{frame:?}");
            before.push_back(frame);
        }
        before.append(&mut self.frames);
        self.frames = before;
    }

    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            assert_eq!(self.closed, None, "the connection has ended");
            self.read().await;
        }
    }

    /// What has arrived by now, without waiting.
    pub(crate) fn arrived(&mut self) -> Vec<Frame> {
        while let Some(Some(Ok(message))) = self.socket.next().now_or_never() {
            self.take(message);
        }
        self.frames.drain(..).collect()
    }

    /// Waits until the connection ends; its close code.
    pub(crate) async fn end(&mut self) -> u16 {
        while self.closed.is_none() {
            self.read().await;
        }
        self.closed.unwrap()
    }

    /// Waits until there were that many heart-beats.
    pub(crate) async fn beats(&mut self, count: usize) {
        while self.beats < count {
            self.read().await;
        }
    }

    async fn read(&mut self) {
        let next = timeout(DEADLINE, self.socket.next())
            .await
            .expect("a message in time");
        match next {
            Some(Ok(message)) => self.take(message),
            Some(Err(_)) | None => self.closed = Some(1006),
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Text(text) => self.received.extend_from_slice(text.as_bytes()),
            Message::Binary(bytes) => self.received.extend_from_slice(&bytes),
            Message::Close(frame) => {
                self.closed = Some(frame.map_or(1005, |frame| frame.code.into()));
            }
            _ => {}
        }
        while self.split() {}
    }

    /// Takes one frame or beat from what was received.
    fn split(&mut self) -> bool {
        if self.received.first() == Some(&b'\n') {
            self.received.remove(0);
            self.beats += 1;
            return true;
        }
        let Some(blank) = self.received.windows(2).position(|two| two == b"\n\n") else {
            return false;
        };
        let head = String::from_utf8(self.received.get(..blank).unwrap().to_vec()).unwrap();
        let mut lines = head.split('\n');
        let command = lines.next().unwrap().to_owned();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let start = blank + 2;
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = match length {
            Some((_, length)) => length.parse().unwrap(),
            None => self
                .received
                .iter()
                .skip(start)
                .take_while(|octet| **octet != 0)
                .count(),
        };
        if self.received.len() <= start + length {
            return false;
        }
        let body = self.received.get(start..start + length).unwrap().to_vec();
        assert_eq!(self.received.get(start + length), Some(&0));
        self.received.drain(..=start + length);
        self.frames.push_back(Frame {
            command,
            headers,
            body,
        });
        true
    }
}
