//! A message as the broker holds it, and as a `MESSAGE` frame.

use everwire_core::protocol::stomp::{Body, Frame, Version, WriteError, Writer};

/// Headers of a `SEND` that are instructions to the broker, or that it sets itself; all others go to the receivers.
const NOT_PASSED_ON: [&str; 9] = [
    "destination",
    "content-length",
    "receipt",
    "transaction",
    "subscription",
    "message-id",
    "ack",
    "reply-to",
    "redelivered",
];

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub destination: String,
    /// The sender's headers that concern the receiver.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What differs from receiver to receiver.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The receiver's subscription.
    pub subscription: &'a str,
    /// Its name within the receiver's connection.
    pub message_id: &'a str,
    /// Whether it has to be acknowledged.
    pub needs_ack: bool,
    /// Whether somebody got it before and did not acknowledge it.
    pub redelivered: bool,
}

impl Message {
    /// The message in a `SEND` frame; `reply_to` is the queue that takes the answers.
    pub fn of_send(frame: &Frame<'_>, destination: String, reply_to: Option<String>) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for header in frame.headers() {
            let name = header.name();
            let known = headers.iter().any(|(other, _)| *other == *name);
            if !known && !NOT_PASSED_ON.contains(&&*name) {
                headers.push((name.into_owned(), header.value().into_owned()));
            }
        }
        headers.extend(reply_to.map(|queue| ("reply-to".to_owned(), queue)));
        Self {
            destination,
            headers,
            body: frame.body().to_vec(),
        }
    }

    /// Bytes that it takes to hold it, roughly.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.destination.len() + headers + self.body.len()
    }

    /// The `MESSAGE` frame for one receiver.
    pub fn encode(&self, version: Version, delivery: Delivery<'_>) -> Vec<u8> {
        let mut headers: Vec<(&str, &str)> = Vec::with_capacity(self.headers.len() + 2);
        if delivery.needs_ack && version == Version::V1_2 {
            headers.push(("ack", delivery.message_id));
        }
        if delivery.redelivered {
            headers.push(("redelivered", "true"));
        }
        let own = headers.len();
        headers.extend(self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let mut frame = Vec::with_capacity(self.size() + 128);
        let mut write = |headers: &[(&str, &str)]| -> Result<(), WriteError> {
            Writer::new(&mut frame, version.escapes()).message(
                delivery.subscription,
                delivery.message_id,
                &self.destination,
                headers,
                Body::Binary(&self.body),
            )
        };
        if write(&headers).is_err() {
            // 1.0 has no way to write some values; the receiver gets the message without the sender's headers.
            headers.truncate(own);
            // These are the broker's own, and writable in every version.
            let _ = write(&headers);
        }
        frame
    }
}
