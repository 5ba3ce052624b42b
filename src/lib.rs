//! Real-time client for the browser: a reconnecting WebSocket with keyed send policies and typed messages.
//!
//! This crate is the browser half, for Rust front ends (Yew, Leptos, Dioxus, plain `web-sys`) on
//! `wasm32-unknown-unknown`. It is no server, no HTTP client and no client for native programs, and it decides nothing:
//! that is done by the state machines of `everwire-core`, which open no socket and read no clock.
//!
//! ```no_run
//! use std::time::Duration;
//! use everwire::Socket;
//! use futures_util::StreamExt;
//!
//! #[derive(Clone, serde::Serialize)]
//! struct Position { id: u32, lat: f64, lon: f64 }
//!
//! # async fn run() -> Result<(), everwire::Error> {
//! let mut socket = Socket::<String, Position>::builder("wss://example.com/positions").open()?;
//!
//! // Always the latest position of each vehicle, at most ten per second.
//! let positions = socket
//!     .topic::<Position>("position")
//!     .throttle(Duration::from_millis(100))
//!     .key(|position| position.id)
//!     .build()?;
//! positions.send(&Position { id: 7, lat: 37.57, lon: 126.98 })?;
//!
//! while let Some(message) = socket.next().await {
//!     // An undecodable message is one `Err` in its place; the stream goes on.
//!     let _text: String = message?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`Socket`] owns the connection: a `Stream` of what arrives, a `Sink` with back-pressure, closed by its drop.
//! - [`Client`] is a cheap handle to it: sends with a [`Handle`] each, [`request`](Client::request)s, [states](Client::states).
//! - [`Topic`] paces values per key: debounce, throttle, conflate, batch, rate limit.
//!
//! # Features
//!
//! | Feature | Brings |
//! |---|---|
//! | `json` (default) | the codec [`Json`] |
//! | `postcard`, `msgpack` | the codecs [`Postcard`] and [`MsgPack`] |
//! | `export` | `export_socket!`: a typed socket as a JavaScript class with TypeScript types |
//! | `socketio` | [`socketio`]: a Socket.IO client |
//! | `sockjs` | [`sockjs`]: sockets over SockJS, with its HTTP fallbacks |
//! | `socket` | the API itself; every codec switches it on |
//!
//! # Threads
//!
//! Windows, dedicated workers and shared workers are all supported. Nothing here is `Send`: a socket lives and dies in the
//! thread that opened it. With `wasm32` atomics and a shared memory it works too, since frames are copied out of the
//! memory before the browser gets them.

#[cfg(feature = "socket")]
mod builder;
#[cfg(feature = "socket")]
mod client;
#[cfg(feature = "socket")]
mod driver;
#[cfg(feature = "socket")]
mod endpoint;
#[cfg(feature = "socket")]
mod engine;
#[cfg(feature = "socket")]
mod error;
#[cfg(feature = "export")]
pub mod export;
#[cfg(feature = "socket")]
mod handle;
#[cfg(feature = "socket")]
mod handshake;
#[cfg(feature = "socket")]
mod id;
#[cfg(feature = "socket")]
mod inbound;
#[cfg(any(
    feature = "__npm_client",
    feature = "__npm_websocket",
    feature = "__npm_stomp",
    feature = "__npm_stomp_connect",
    feature = "__npm_socketio",
    feature = "__npm_socketio_policies",
    feature = "__npm_sockjs"
))]
mod js;
#[cfg(feature = "socket")]
mod options;
#[cfg(feature = "socket")]
mod request;
#[cfg(feature = "socket")]
mod socket;
#[cfg(feature = "socketio")]
pub mod socketio;
#[cfg(feature = "sockjs")]
pub mod sockjs;
#[cfg(feature = "socket")]
mod state;
#[cfg(feature = "socket")]
mod stats;
#[cfg(feature = "stomp")]
pub mod stomp;
#[cfg(feature = "socket")]
mod topic;

#[cfg(feature = "socket")]
pub use self::{
    builder::Builder,
    client::Client,
    endpoint::{Attempt, Protocols, ProviderError, Url},
    error::Error,
    handle::Handle,
    handshake::Handshake,
    id::Id,
    options::{CloseOptions, InboundLimits, InboundOverflow, Loss, MessageOptions},
    request::Request,
    socket::Socket,
    state::{Retry, StateChange, States},
    stats::Stats,
    topic::{Slot, Topic, TopicBuilder},
};
#[cfg(feature = "socket")]
pub use everwire_core::{
    Span,
    codec::{Decode, DecodeError, Encode, EncodeError, Frame, Json, MsgPack, Postcard, Raw},
    link::{Backoff, Cause, EndReason, Jitter, PongTimeout, Rtt, State, Verdict},
    send::{
        ConfigError, Counters, DropReason, Lane, Offline, Order, OutboxConfig, Overflow, Policy,
        RateLimit, RateOverflow, SendError, Status, Ticket,
    },
};
