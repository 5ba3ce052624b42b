//! A client and an HTTP caller for the tests. Every wait is for a condition, with a deadline only to end a broken run.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use everwire_demo::{Config, Server};
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

/// Far longer than anything here takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn server() -> Server {
    server_with(Config {
        vehicles: 0,
        ..Config::default()
    })
    .await
}

pub(crate) async fn server_with(config: Config) -> Server {
    Server::start(config)
        .await
        .expect("the server starts on free ports")
}

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    unread: VecDeque<Value>,
}

impl Client {
    /// Connects without saying hello.
    pub(crate) async fn dial(address: SocketAddr, query: &str) -> Result<Self, Error> {
        let request = format!("ws://{address}/ws?{query}").into_client_request()?;
        let tcp = TcpStream::connect(address).await?;
        let (socket, _) = client_async(request, tcp).await?;
        Ok(Self {
            socket,
            unread: VecDeque::new(),
        })
    }

    /// Connects and says hello as `user`, who is also the client; returns past the history.
    pub(crate) async fn join(server: &Server, user: &str) -> Self {
        let (client, _) = Self::join_since(server, user, Value::Null, Value::Null).await;
        client
    }

    /// The same with what was seen before; gives the history as well.
    pub(crate) async fn join_since(
        server: &Server,
        user: &str,
        epoch: Value,
        seq: Value,
    ) -> (Self, Value) {
        let mut client = Self::dial(server.ws_address(), &format!("client={user}"))
            .await
            .unwrap();
        client.hello(user, epoch, seq).await;
        client.get("welcome").await;
        let history = client.get("history").await;
        (client, history)
    }

    pub(crate) async fn hello(&mut self, user: &str, epoch: Value, seq: Value) {
        let name = format!("name of {user}");
        self.send(json!({"type":"hello","user":user,"name":name,"epoch":epoch,"lastSeq":seq}))
            .await;
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next message, whatever it is.
    pub(crate) async fn next(&mut self) -> Value {
        match self.unread.pop_front() {
            Some(message) => message,
            None => self.read().await.unwrap(),
        }
    }

    /// The next message of a type; others stay for later.
    pub(crate) async fn get(&mut self, kind: &str) -> Value {
        self.get_where(kind, |_| true).await
    }

    /// The next message of a type that fits; others stay for later.
    pub(crate) async fn get_where(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let wanted = |message: &Value| message["type"] == kind && fits(message);
        if let Some(index) = self.unread.iter().position(wanted) {
            return self.unread.remove(index).unwrap();
        }
        loop {
            let message = self
                .read()
                .await
                .unwrap_or_else(|end| panic!("no {kind}: {end:?}"));
            if wanted(&message) {
                return message;
            }
            self.unread.push_back(message);
        }
    }

    /// Everything that has arrived by now, without waiting.
    pub(crate) fn arrived(&mut self) -> Vec<Value> {
        while let Some(Some(Ok(message))) = self.socket.next().now_or_never() {
            if let Message::Text(text) = message {
                self.unread.push_back(serde_json::from_str(&text).unwrap());
            }
        }
        self.unread.drain(..).collect()
    }

    /// Sends a request and gives its reply, or its refusal.
    pub(crate) async fn ask(&mut self, request: Value) -> Value {
        let id = request["id"].clone();
        self.send(request).await;
        loop {
            let message = self.read().await.unwrap();
            if message["id"] == id && !matches!(message["type"].as_str(), Some("posted" | "liked"))
            {
                return message;
            }
            self.unread.push_back(message);
        }
    }

    pub(crate) async fn post(&mut self, id: &str, text: &str) -> Value {
        self.ask(json!({"type":"post","id":id,"text":text})).await
    }

    /// How the connection ended: the code of the close frame, or the error.
    pub(crate) async fn end(&mut self) -> Result<u16, Error> {
        loop {
            match timeout(DEADLINE, self.socket.next())
                .await
                .expect("the connection ends")
            {
                Some(Ok(Message::Close(frame))) => return Ok(frame.map_or(1005, |f| f.code.into())),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(Error::ConnectionClosed),
            }
        }
    }

    async fn read(&mut self) -> Result<Value, Error> {
        loop {
            let next = timeout(DEADLINE, self.socket.next())
                .await
                .expect("a message in time");
            match next.ok_or(Error::ConnectionClosed)?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return Err(Error::ConnectionClosed),
                _ => {}
            }
        }
    }
}

/// Response of a plain HTTP call.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not json: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) async fn call(address: SocketAddr, head: &str, body: &str) -> Response {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    timeout(DEADLINE, tcp.read_to_end(&mut text))
        .await
        .expect("an answer in time")
        .unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) async fn get(server: &Server, path: &str) -> Response {
    let address = server.http_address();
    call(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {address}"),
        "",
    )
    .await
}

/// Posts to `/chaos` and gives the new state.
pub(crate) async fn chaos(server: &Server, query: &str, command: Value) -> Value {
    let address = server.http_address();
    let head =
        format!("POST /chaos{query} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json");
    let response = call(address, &head, &command.to_string()).await;
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}
