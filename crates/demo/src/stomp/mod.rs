//! A small STOMP broker on the same core code as the clients, so that the demo needs no other program.
//!
//! It does what RabbitMQ's web-stomp does for the same frames, as far as the demo and its tests use it: topics, queues
//! with competing consumers, acknowledgements, transactions, receipts, heart-beats and reply-to queues. Nothing is kept
//! over a restart, there are no accounts, and a destination has no wildcards.
//!
//! | part | module |
//! |---|---|
//! | who gets what | [`broker`] with its queues and subscriptions |
//! | one connection's frames | [`connection`], [`transaction`]; what goes out waits in [`outbox`] |
//! | the WebSocket around it | [`endpoint`] |
//! | the other side, for programs of the demo | [`client`] |

pub mod broker;
pub mod client;
pub mod connection;
pub mod destination;
pub mod endpoint;
pub mod message;
pub mod outbox;
pub mod transaction;

pub use broker::Broker;
pub use connection::Connection;

/// Why a frame is refused: what goes into an `ERROR` frame, after which the connection is closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {detail}")]
pub struct Refusal {
    /// The `message` header: what is wrong in a few words.
    pub message: &'static str,
    /// The body: what to do about it.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its reason and a hint.
    pub fn new(message: &'static str, detail: impl Into<String>) -> Self {
        Self {
            message,
            detail: detail.into(),
        }
    }
}
