//! STOMP for Rust front ends: a client that outlives its connections.
//!
//! It connects, reconnects and fails over by itself, brings subscriptions back before anything queued goes out, and says
//! of every message what became of it. It is for brokers that speak STOMP over WebSocket: RabbitMQ (web-stomp), ActiveMQ,
//! Artemis, and servers with Spring's message brokers.
//!
//! ```no_run
//! use std::time::Duration;
//! use everwire::stomp::{Client, Publish};
//! use futures_util::StreamExt;
//!
//! # async fn run() -> Result<(), everwire::stomp::Error> {
//! let client = Client::builder("wss://broker.example.com/ws")
//!     .header("host", "/")
//!     .header("login", "guest")
//!     .header("passcode", "guest")
//!     .open()?;
//!
//! // Subscriptions may be made before the connection is there, and survive its losses.
//! let mut prices = client.subscribe("/topic/prices")?;
//!
//! // Confirmed by the broker, and written again after a loss under the same id.
//! let order = client.publish(Publish::text("/queue/orders", "buy").id("order-17"))?;
//! order.acked().await?;
//!
//! while let Some(message) = prices.next().await {
//!     let message = message?;
//!     web_sys::console::log_1(&message.text().unwrap_or_default().into());
//! }
//! client.disconnect(Duration::from_secs(1)).await;
//! # Ok(())
//! # }
//! ```
//!
//! | What | With |
//! |---|---|
//! | paced values, per key | [`Client::topic`] |
//! | questions and answers | [`Client::request`] |
//! | several messages, all or none | [`Client::begin`] |
//! | acknowledging | [`Client::subscribe_with`], [`Client::ack`], [`Client::nack`] |
//! | what the server complains of | [`Client::events`] |
//!
//! How the pieces work together is written in [`everwire_core::protocol::stomp::client`].

mod backlog;
mod builder;
mod client;
mod engine;
mod error;
mod event;
mod handle;
mod headers;
mod message;
mod publish;
mod request;
mod subscription;
mod topic;
mod transaction;

pub use builder::Builder;
pub use client::Client;
pub use error::Error;
pub use event::{Event, Events, Loss};
pub use handle::Handle;
pub use headers::ConnectHeaders;
pub use message::Message;
pub use publish::Publish;
pub use request::Request;
pub use subscription::{SubscribeOptions, Subscription};
pub use topic::{Topic, TopicBuilder};
pub use transaction::Transaction;

pub use everwire_core::protocol::stomp::{
    CloseReason, FrameBuf, HeartBeat, Limits, Version,
    client::{About, AckError, AckMode, PublishError, SubscribeError},
};
