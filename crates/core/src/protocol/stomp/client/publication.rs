//! What waits in the queue: messages and transactions, as values.
//!
//! They become frames as late as the write: only then are the version, and so the escapes, known.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::{Acknowledge, Body, Escapes, Writer};
use super::{Delivery, PublishError};
use crate::send::Payload;

/// What a frame costs beside its destination, headers and body, roughly.
const FRAME_OVERHEAD: usize = 32;

/// One `SEND`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub destination: String,
    /// The user's headers. `receipt` and `transaction` are set by the client.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: OutgoingBody,
    /// Under which id it may be written twice; goes into [`ClientConfig::id_header`](super::ClientConfig::id_header).
    pub id: Option<String>,
}

/// A body that waits. Text travels in a text message, binary in a binary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutgoingBody {
    /// Text, with `content-length` unless it is empty.
    Text(String),
    /// Text without `content-length`, for brokers that take the header as a sign of binary data (ActiveMQ). It must not
    /// contain NUL.
    UncountedText(String),
    /// Octets.
    Binary(Vec<u8>),
}

impl Default for OutgoingBody {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl OutgoingBody {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::UncountedText(text) => text.len(),
            Self::Binary(octets) => octets.len(),
        }
    }
}

impl Outgoing {
    pub(super) const fn is_text(&self) -> bool {
        !matches!(self.body, OutgoingBody::Binary(_))
    }

    pub(super) fn body(&self) -> Body<'_> {
        match &self.body {
            OutgoingBody::Text(text) => Body::Text(text),
            OutgoingBody::UncountedText(text) => Body::UncountedText(text),
            OutgoingBody::Binary(octets) => Body::Binary(octets),
        }
    }

    /// The headers as the writer takes them, but those that the client sets itself.
    pub(super) fn fields(&self) -> Vec<(&str, &str)> {
        self.headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "receipt" | "transaction"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Whether every version that has escapes can express it.
    pub(super) fn check(&self) -> Result<(), PublishError> {
        if self.destination.is_empty() {
            return Err(PublishError::NoDestination);
        }
        let mut out = Vec::new();
        let mut fields = self.fields();
        if let Some(id) = &self.id {
            fields.push(("id", id));
        }
        let body = match self.body() {
            body @ Body::UncountedText(_) => body,
            _ => Body::Empty,
        };
        Writer::new(&mut out, Escapes::V1_2).send(&self.destination, &fields, body)?;
        Ok(())
    }

    fn size(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        self.destination.len() + headers + self.body.len() + FRAME_OVERHEAD
    }
}

/// A message or a transaction in the queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Publication(pub(super) Rc<Content>);

#[derive(Debug)]
pub(super) enum Content {
    Send(Outgoing),
    Transaction(Vec<Part>),
}

#[derive(Debug)]
pub(super) enum Part {
    Send(Outgoing),
    Acknowledge(Acknowledge, Delivery),
}

impl Publication {
    /// The message, unless it is a transaction.
    pub fn message(&self) -> Option<&Outgoing> {
        match &*self.0 {
            Content::Send(message) => Some(message),
            Content::Transaction(_) => None,
        }
    }
}

impl Payload for Publication {
    fn size(&self) -> usize {
        match &*self.0 {
            Content::Send(message) => message.size(),
            Content::Transaction(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Send(message) => message.size(),
                    Part::Acknowledge(..) => FRAME_OVERHEAD,
                })
                .sum(),
        }
    }
}

/// A transaction being collected. Nothing of it is written before it is committed; dropping it aborts it.
#[derive(Debug, Default)]
pub struct TransactionBuilder {
    parts: Vec<Part>,
}

impl TransactionBuilder {
    /// An empty transaction.
    pub const fn new() -> Self {
        Self { parts: Vec::new() }
    }

    /// Adds a message.
    ///
    /// # Errors
    ///
    /// [`PublishError::NoDestination`], or [`PublishError::Write`] for what no version can express.
    pub fn publish(&mut self, message: Outgoing) -> Result<(), PublishError> {
        message.check()?;
        self.parts.push(Part::Send(message));
        Ok(())
    }

    /// Adds an acknowledgement. When its connection is gone at the time of the write, the transaction is refused as a
    /// whole.
    pub fn acknowledge(&mut self, what: Acknowledge, delivery: Delivery) {
        self.parts.push(Part::Acknowledge(what, delivery));
    }

    pub(super) fn finish(self) -> Option<Publication> {
        (!self.parts.is_empty()).then(|| Publication(Rc::new(Content::Transaction(self.parts))))
    }
}
