//! Options of a client.

use alloc::string::String;

use super::super::SessionConfig;
use crate::Span;
use crate::link::LinkConfig;
use crate::send::OutboxConfig;

/// Options of a [`Client`](super::Client).
#[derive(Clone, Debug, PartialEq)]
pub struct ClientConfig {
    /// Dialling, backoff, failover. Its connect timeout covers provider, handshake, `CONNECT` and the confirmation of
    /// restored subscriptions. Its heartbeat is not used: STOMP has its own.
    pub link: LinkConfig,
    /// Bounds and rates of the queue.
    pub outbox: OutboxConfig,
    /// Versions, heart-beats, bounds of received frames. Its connect timeout and error timeout are not used: the link's
    /// connect timeout covers the first, and a connection ends right at an `ERROR`.
    pub session: SessionConfig,
    /// How long a `SUBSCRIBE` waits for its receipt. Default 1 s; zero asks for none. What is queued waits for the
    /// restored subscriptions as long; a server that let one whole wait pass is not waited for again (Spring's simple
    /// broker sends no receipts).
    pub confirm: Span,
    /// Whether an `ERROR` in answer to `CONNECT` that speaks of credentials ends the client instead of being followed by
    /// another dial. Default true; false where a provider gives a fresh token for each attempt.
    pub stop_on_refused_login: bool,
    /// Most subscriptions at a time. Default 1,000.
    pub max_subscriptions: usize,
    /// Most requests that wait for an answer. Default 1,000.
    pub max_requests: usize,
    /// Most messages that wait for a receipt, queued ones included. Default 10,000.
    pub max_receipts: usize,
    /// The header that carries the id of a message that may be written twice. Default `idempotency-key`; RabbitMQ hands
    /// `amqp-message-id` on as the message's id.
    pub id_header: String,
    /// Where answers to requests go unless the request says otherwise. Default `/temp-queue/replies`, which RabbitMQ
    /// understands without a subscription; any destination that does not begin with `/temp-queue/` is subscribed to.
    pub reply_to: String,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            link: LinkConfig::default(),
            outbox: OutboxConfig::default(),
            session: SessionConfig::default(),
            confirm: Span::from_millis(1_000),
            stop_on_refused_login: true,
            max_subscriptions: 1_000,
            max_requests: 1_000,
            max_receipts: 10_000,
            id_header: String::from("idempotency-key"),
            reply_to: String::from("/temp-queue/replies"),
        }
    }
}
