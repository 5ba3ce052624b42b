//! Socket.IO for Rust front ends: a client of protocol v5 (servers of version 3 and 4), over polling and WebSocket.
//!
//! It is no server, and it does not speak to servers of version 2. Its wire format is JSON; a server with another parser needs
//! another client.
//!
//! ```no_run
//! use everwire::socketio::{self, Change};
//! use futures_util::StreamExt;
//!
//! # async fn run() -> Result<(), socketio::Error> {
//! let socket = socketio::connect("https://example.com")?;
//!
//! // Events that arrive, with the types that you expect.
//! let mut chat = socket.on::<(String, String)>("chat");
//!
//! // Events that go out: at once, or as soon as the connection is there.
//! socket.emit("chat", &("mina", "hello"))?;
//!
//! // With an answer.
//! let members: Vec<String> = socket.emit_with_ack("members", &()).await?;
//!
//! while let Some(message) = chat.next().await {
//!     let (author, text) = message?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`Manager`] is the connection; [`Socket`]s are namespaces over it, each with its own auth data.
//! - [`Socket::on`] is a stream of typed events, [`Socket::incoming`] one of events to be answered.
//! - [`Socket::emit`] queues within bounds; [`Socket::emit_with_ack`] awaits the server's answer,
//!   [`Socket::emit_reliable`] emits until there is one.
//! - [`Topic`] paces an event per key: debounce, throttle, conflate, batch, rate limit.
//! - [`Socket::changes`] tells of joining, refusals and losses with their reasons.
//! - [`Binary`] inside of arguments is an attachment.

mod args;
mod binary;
mod change;
mod emit;
mod engine;
mod error;
mod hub;
mod manager;
mod packet;
mod shape;
mod socket;
mod socket_builder;
mod stream;
mod topic;
mod wire;

pub use self::{
    binary::Binary,
    change::{Change, Changes, ConnectError},
    emit::{Answer, Emit, EmitOptions},
    error::Error,
    manager::{Manager, ManagerBuilder},
    socket::Socket,
    socket_builder::SocketBuilder,
    stream::{Events, IncomingEvent, IncomingEvents},
    topic::{Topic, TopicBuilder},
};
pub use everwire_core::protocol::{
    engine_io::TransportKind,
    socket_io::{
        HeaderError,
        client::{AckError, DisconnectReason, EmitError, NamespaceError, RetryConfig},
    },
};

/// The main namespace of the server at `url`, with all options at their defaults; see [`Manager`] for others.
///
/// # Errors
/// [`Error::BadUrl`].
pub fn connect(url: impl Into<crate::Url>) -> Result<Socket, Error> {
    Manager::builder(url).open()?.socket("/").connect()
}

/// The examples of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/socketio-rust.md")]
struct Guide;
