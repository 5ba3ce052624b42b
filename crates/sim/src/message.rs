//! What clients send in the simulation.

use everwire_core::send::{Payload, TopicId};

/// The number of a send, unique over all clients of a world, in call order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub usize);

/// A message without content: its identity is what the checks look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number. The server deduplicates and acknowledges by it.
    pub id: MessageId,
    /// Topic it was sent to.
    pub topic: TopicId,
    /// Key it was sent with.
    pub key: Option<u32>,
    /// Whether it is written again after a reconnect until it is acknowledged.
    pub by_id: bool,
    /// Whether the server acknowledges it.
    pub wants_ack: bool,
    /// Bytes on the wire.
    pub size: usize,
}

impl Payload for Message {
    fn size(&self) -> usize {
        self.size
    }
}
