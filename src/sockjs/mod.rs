//! SockJS for Rust front ends: messages over WebSocket, or over HTTP where WebSocket does not get through.
//!
//! It is a way to carry a [`Socket`](crate::Socket), not another one: queue, policies, topics, states and reconnecting are
//! the same. The server must speak SockJS (sockjs-node, Spring, and others), which carries text only.
//!
//! ```no_run
//! use everwire::{Raw, Socket, sockjs};
//! use futures_util::{SinkExt, StreamExt};
//!
//! # async fn run() -> Result<(), everwire::Error> {
//! let mut socket = Socket::<String, String>::builder("https://example.com/echo")
//!     .codec(Raw)
//!     .sockjs(sockjs::Options::new())
//!     .open()?;
//! socket.send("hello".to_owned()).await?;
//! let answer = socket.next().await;
//! # Ok(())
//! # }
//! ```
//!
//! The detail of the [change](crate::StateChange) to `Open` is the name of the transport that carries it. Each connection
//! begins with WebSocket again, because the next network may let it through.

mod wire;

pub use everwire_core::protocol::sockjs::{HeartbeatCheck, Transport};
pub(crate) use wire::SockJs;

use std::time::Duration;

use everwire_core::{
    Span,
    protocol::sockjs::{SessionConfig, Transports},
};

/// Options of SockJS.
///
/// ```
/// use everwire::sockjs::{Options, Transport};
/// let only_http = Options::new().transports([Transport::XhrStreaming, Transport::XhrPolling]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    config: SessionConfig,
    headers: Vec<(String, String)>,
    credentials: bool,
}

impl Options {
    /// All transports.
    pub fn new() -> Self {
        Self::default()
    }

    /// What may be tried, always in the order WebSocket, xhr-streaming, eventsource, xhr-polling. Default all.
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        let mut set = Transports::default();
        for transport in transports {
            set.insert(transport);
        }
        self.config.transports = set;
        self
    }

    /// The shortest patience with one transport. Default 5 s for WebSocket, 3 s for the others, 10 s for the last one. The
    /// connect timeout of the socket covers all of them together: raise it for networks that need several.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = Some(Span::from(timeout));
        self
    }

    /// How long `/info` may take. Default 8 s.
    pub fn info_timeout(mut self, timeout: Duration) -> Self {
        self.config.info_timeout = timeout.into();
        self
    }

    /// When silence means that the connection is dead. Default [`HeartbeatCheck::Learned`].
    pub fn heartbeat(mut self, check: HeartbeatCheck) -> Self {
        self.config.heartbeat = check;
        self
    }

    /// Adds a header to HTTP requests; browsers have none for WebSockets. From another origin it costs preflights.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Whether cookies go with HTTP requests to another origin, as load balancers with sticky sessions need them. Default
    /// false.
    pub fn with_credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }
}
