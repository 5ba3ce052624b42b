//! A message to be sent, and how.

use std::time::Duration;

use everwire_core::{
    protocol::stomp::client::{Outgoing, OutgoingBody},
    send::{Lane, Offline, SendOptions},
};

/// A message to be published: destination, headers, body, and how to treat it.
///
/// ```
/// # use std::time::Duration;
/// # use everwire::stomp::Publish;
/// let message = Publish::text("/queue/orders", "buy").header("priority", "5").receipt().ttl(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a message goes out with `Client::publish`"]
pub struct Publish {
    pub(super) message: Outgoing,
    pub(super) options: SendOptions,
}

impl Publish {
    fn new(destination: impl Into<String>, body: OutgoingBody) -> Self {
        Self {
            message: Outgoing {
                destination: destination.into(),
                body,
                ..Outgoing::default()
            },
            options: SendOptions::default(),
        }
    }

    /// A text.
    pub fn text(destination: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new(destination, OutgoingBody::Text(body.into()))
    }

    /// A text without `content-length`, for brokers that take the header as a sign of binary data (ActiveMQ). It must not
    /// contain NUL.
    pub fn uncounted_text(destination: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new(destination, OutgoingBody::UncountedText(body.into()))
    }

    /// Octets. RabbitMQ hands them to subscribers only with `web_stomp.ws_frame = binary`.
    pub fn binary(destination: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new(destination, OutgoingBody::Binary(body.into()))
    }

    /// A value as JSON, with `content-type:application/json`.
    ///
    /// # Errors
    /// When the value has no representation in JSON.
    #[cfg(feature = "json")]
    pub fn json<T: ?Sized>(
        destination: impl Into<String>,
        value: &T,
    ) -> Result<Self, everwire_core::codec::EncodeError>
    where
        everwire_core::codec::Json: everwire_core::codec::Encode<T>,
    {
        use everwire_core::codec::{Encode, Frame, Json};
        let body = match Json.encode(value)? {
            Frame::Text(text) => OutgoingBody::Text(text),
            Frame::Binary(octets) => OutgoingBody::Binary(octets),
        };
        Ok(Self::new(destination, body).header("content-type", "application/json"))
    }

    /// Adds a header. `receipt` and `transaction` are set by the client.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.message.headers.push((name.into(), value.into()));
        self
    }

    /// Asks for a receipt: [`Handle::acked`](super::Handle::acked) waits for it. When the connection is lost before it
    /// comes, the status is `Unknown`. (Spring's simple broker sends no receipts for messages.)
    pub fn receipt(mut self) -> Self {
        self.options.expect_ack = true;
        self
    }

    /// Gives it an id, and with it a receipt: it is kept until confirmed and written again after a loss, with the same
    /// id in the header of [`Builder::id_header`](super::Builder::id_header). The consumer must ignore ids that it has
    /// seen; then the message has its effect once.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.message.id = Some(id.into());
        self.options.expect_ack = true;
        self
    }

    /// How long it may wait to be written; it is `Expired` afterwards. Default no limit.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(ttl.into());
        self
    }

    /// Priority class.
    pub fn lane(mut self, lane: Lane) -> Self {
        self.options.lane = Some(lane);
        self
    }

    /// What happens while the connection is down. Default: it is queued.
    pub fn offline(mut self, offline: Offline) -> Self {
        self.options.offline = Some(offline);
        self
    }
}
