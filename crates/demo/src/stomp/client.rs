//! A STOMP client for programs of the demo: over the WebSocket of any broker, or straight to the one in this process.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use everwire_core::{
    Time,
    protocol::stomp::{
        Acknowledge, Body, CallError, CloseReason, Fields, FrameBuf, HeartBeat, Received, Session,
        SessionConfig, Version, WriteError,
    },
};
use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, select, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, Uri, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::{Broker, Connection};

/// How long a dial may take, and a write that the broker does not read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a broker is.
#[derive(Debug, Clone)]
pub enum Address {
    /// In this process.
    Here(Arc<Broker>),
    /// At a WebSocket address, `ws://HOST:PORT/PATH`.
    At(String),
}

/// A connection to a broker.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    session: Session,
    began: Instant,
    out: Vec<u8>,
    arrived: VecDeque<Arrival>,
}

#[derive(Debug)]
enum Transport {
    Here(Box<Connection>),
    At(Box<WebSocketStream<TcpStream>>),
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// `CONNECTED`.
    Connected,
    /// A message, with the token of its subscription.
    Message(Option<u32>, FrameBuf),
}

/// Why there is no connection (any more).
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The address cannot be used.
    #[error("{0} is no address of a broker: use ws://HOST:PORT/PATH")]
    Address(String),
    /// It cannot be reached, or its WebSocket failed.
    #[error("{0}")]
    WebSocket(#[from] tungstenite::Error),
    /// It closed the connection.
    #[error("the broker closed the connection")]
    Closed,
    /// It does not answer or does not read.
    #[error("the broker does not answer")]
    Silent,
    /// It sent `ERROR`.
    #[error("the broker refused: {0}")]
    Refused(String),
    /// What it says is not STOMP.
    #[error(transparent)]
    Protocol(#[from] CloseReason),
    /// A frame cannot be sent.
    #[error(transparent)]
    Call(#[from] CallError),
    /// `CONNECT` cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Client {
    /// Dials and waits until the session stands. `login` is a user and a passcode.
    ///
    /// # Errors
    /// Why that was not possible.
    pub async fn connect(address: &Address, login: Option<(&str, &str)>) -> Result<Self, Lost> {
        let transport = match address {
            Address::Here(broker) => Transport::Here(Box::new(Connection::new(broker.clone()))),
            Address::At(url) => Transport::At(Box::new(
                timeout(PATIENCE, dial(url))
                    .await
                    .map_err(|_| Lost::Silent)??,
            )),
        };
        let config = SessionConfig {
            // Within a process nobody falls silent unnoticed.
            heart_beat: match address {
                Address::Here(_) => HeartBeat::default(),
                Address::At(_) => SessionConfig::default().heart_beat,
            },
            ..SessionConfig::default()
        };
        let mut fields = vec![("host", "/")];
        if let Some((login, passcode)) = login {
            fields.extend([("login", login), ("passcode", passcode)]);
        }
        let mut out = Vec::new();
        let session = Session::connect(config, Time::ZERO, &fields, &mut out)?;
        let mut client = Self {
            transport,
            session,
            began: Instant::now(),
            out,
            arrived: VecDeque::new(),
        };
        client.flush().await?;
        while !client.session.is_connected() {
            client.read().await?;
        }
        client
            .arrived
            .retain(|arrival| *arrival != Arrival::Connected);
        Ok(client)
    }

    fn now(&self) -> Time {
        Time::from_micros(self.began.elapsed().as_micros() as u64)
    }

    /// Prepares a `SUBSCRIBE`; the messages come with `token`.
    ///
    /// # Errors
    /// When the session is over.
    pub fn subscribe(
        &mut self,
        token: u32,
        destination: &str,
        fields: Fields<'_>,
    ) -> Result<String, Lost> {
        let now = self.now();
        Ok(self
            .session
            .subscribe(now, token, destination, fields, &mut self.out)?)
    }

    /// Prepares a `SEND`.
    ///
    /// # Errors
    /// When the session is over.
    pub fn send(&mut self, destination: &str, fields: Fields<'_>, body: &str) -> Result<(), Lost> {
        let now = self.now();
        let body = Body::Text(body);
        Ok(self
            .session
            .send(now, destination, fields, body, &mut self.out)?)
    }

    /// Prepares the `ACK` of a message.
    ///
    /// # Errors
    /// When the session is over.
    pub fn ack(&mut self, message: &FrameBuf) -> Result<(), Lost> {
        let name = match self.session.version() {
            Some(Version::V1_2) => "ack",
            _ => "message-id",
        };
        let header = |name| message.header(name).unwrap_or_default();
        let named = (header(name), header("subscription"));
        let now = self.now();
        Ok(self
            .session
            .acknowledge(now, Acknowledge::Ack, named, &[], &mut self.out)?)
    }

    /// Sends what was prepared, as one WebSocket message.
    ///
    /// # Errors
    /// When the connection is lost; the client is of no use then.
    pub async fn flush(&mut self) -> Result<(), Lost> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        match &mut self.transport {
            Transport::Here(connection) => connection.receive(&out),
            Transport::At(socket) => {
                let message = match String::from_utf8(out) {
                    Ok(text) => Message::text(text),
                    Err(error) => Message::binary(error.into_bytes()),
                };
                timeout(PATIENCE, socket.send(message))
                    .await
                    .map_err(|_| Lost::Silent)??;
            }
        }
        Ok(())
    }

    /// The next message. May be cancelled without losing one.
    ///
    /// # Errors
    /// When the connection is lost; the client is of no use then.
    pub async fn next(&mut self) -> Result<(Option<u32>, FrameBuf), Lost> {
        loop {
            if let Some(Arrival::Message(token, frame)) = self.arrived.pop_front() {
                return Ok((token, frame));
            }
            self.read().await?;
        }
    }

    /// Waits for bytes or for a timer, and handles them.
    async fn read(&mut self) -> Result<(), Lost> {
        let wake = self.session.next_wake();
        let due = self.began + wake.map_or(PATIENCE, |at| Duration::from_micros(at.as_micros()));
        select! {
            bytes = receive(&mut self.transport) => {
                let bytes = bytes?;
                self.handle(&bytes)
            }
            () = tokio::time::sleep_until(due.into()), if wake.is_some() => {
                let now = self.now();
                self.session.tick(now, &mut self.out)?;
                self.flush().await
            }
        }
    }

    fn handle(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        let now = self.now();
        let mut input = bytes;
        while let Some(received) = self.session.receive(now, &mut input)? {
            match received {
                Received::Connected { .. } => self.arrived.push_back(Arrival::Connected),
                Received::Message {
                    subscription,
                    frame,
                } => {
                    let arrival = Arrival::Message(subscription, frame.to_owned());
                    self.arrived.push_back(arrival);
                }
                Received::Error { frame, .. } => {
                    let message = frame.header("message").unwrap_or_default();
                    let body = String::from_utf8_lossy(frame.body());
                    return Err(Lost::Refused(format!("{message}: {}", body.trim())));
                }
                Received::Disconnected => return Err(Lost::Closed),
                Received::Receipt { .. } | Received::Unknown(_) | Received::HeartBeat => {}
            }
        }
        Ok(())
    }
}

/// The next bytes. May be cancelled without losing any.
async fn receive(transport: &mut Transport) -> Result<Vec<u8>, Lost> {
    match transport {
        Transport::Here(connection) => {
            let out = connection.out().clone();
            out.next().await.map_err(|_| Lost::Closed)
        }
        Transport::At(socket) => loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_bytes().to_vec()),
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
                Some(Ok(Message::Close(_))) | None => return Err(Lost::Closed),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        },
    }
}

async fn dial(url: &str) -> Result<WebSocketStream<TcpStream>, Lost> {
    let wrong = || Lost::Address(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("ws") {
        return Err(wrong());
    }
    let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']);
    let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))
        .await
        .map_err(tungstenite::Error::Io)?;
    // Small frames are to go out at once; without it they come a little later.
    let _ = tcp.set_nodelay(true);
    let mut request = url.into_client_request()?;
    request.headers_mut().insert(
        SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(Version::V1_2.subprotocol()),
    );
    let (socket, _) = client_async(request, tcp).await?;
    Ok(socket)
}
