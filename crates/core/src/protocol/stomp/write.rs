//! Frames to bytes, header for header in the order of `@stomp/stompjs`, which users' tools and tests parse.
//!
//! Several sources name headers: the method's arguments, the user, the protocol. They merge as the peer's objects do:
//! first those that the user may override, then the user's, then those that nobody may; a name appears at its first
//! place and with its last value.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr;

use super::{Escapes, Version, WriteError};

/// The longest decimal of a `u64`.
const DIGITS: usize = 20;

/// Headers that the user adds to a frame: names and values in order.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

/// A body and how it is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body<'a> {
    /// No body and no `content-length`.
    #[default]
    Empty,
    /// Text, with `content-length` unless it is empty.
    Text(&'a str),
    /// Text without `content-length`, for brokers that take the header as a sign of binary data (ActiveMQ). It must not
    /// contain NUL.
    UncountedText(&'a str),
    /// Octets, always with `content-length`.
    Binary(&'a [u8]),
}

/// Which of the two acknowledgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acknowledge {
    /// The message was consumed.
    Ack,
    /// It was not. Not in 1.0.
    Nack,
}

/// Appends frames, each with its NUL, to a buffer.
///
/// # Errors
///
/// All methods that write fail with a [`WriteError`] on what the version cannot express, and then append nothing. A line
/// feed in a value is never written as one: nobody can smuggle in a header.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    escapes: Escapes,
}

impl<'o> Writer<'o> {
    /// A writer that appends to `out` and escapes as told. Before a version is agreed the escapes do not matter: `CONNECT`
    /// and `CONNECTED` have none.
    pub const fn new(out: &'o mut Vec<u8>, escapes: Escapes) -> Self {
        Self { out, escapes }
    }

    /// `CONNECT`: the user's headers (`host`, `login`, `passcode`), `accept-version`, `heart-beat`. Values come from
    /// [`accept_version`](super::accept_version) and [`HeartBeat::to_value`](super::HeartBeat::to_value).
    pub fn connect(
        &mut self,
        fields: Fields<'_>,
        accept_version: &str,
        heart_beat: &str,
    ) -> Result<(), WriteError> {
        let last = [
            ("accept-version", accept_version),
            ("heart-beat", heart_beat),
        ];
        self.write("CONNECT", &[], fields, &last, Body::Empty)
    }

    /// `SEND`: `destination`, the user's headers, `content-length`.
    pub fn send(
        &mut self,
        destination: &str,
        fields: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        let first = [("destination", destination)];
        self.write("SEND", &first, fields, &[], body)
    }

    /// `SUBSCRIBE`: the user's headers (`ack`), `id`, `destination`. An `id` among the user's headers keeps its place there;
    /// pass the same one.
    pub fn subscribe(
        &mut self,
        id: &str,
        destination: &str,
        fields: Fields<'_>,
    ) -> Result<(), WriteError> {
        let last = [("id", id), ("destination", destination)];
        self.write("SUBSCRIBE", &[], fields, &last, Body::Empty)
    }

    /// `UNSUBSCRIBE`: the user's headers, `id`.
    pub fn unsubscribe(&mut self, id: &str, fields: Fields<'_>) -> Result<(), WriteError> {
        self.write("UNSUBSCRIBE", &[], fields, &[("id", id)], Body::Empty)
    }

    /// `ACK` or `NACK`: the user's headers (`transaction`), then `id` in 1.2 and `message-id` before, then `subscription`.
    /// `message` is the `MESSAGE`'s `ack` header in 1.2 and its `message-id` before.
    pub fn acknowledge(
        &mut self,
        what: Acknowledge,
        version: Version,
        message: &str,
        subscription: &str,
        fields: Fields<'_>,
    ) -> Result<(), WriteError> {
        let command = match what {
            Acknowledge::Ack => "ACK",
            Acknowledge::Nack => "NACK",
        };
        let name = match version {
            Version::V1_2 => "id",
            Version::V1_0 | Version::V1_1 => "message-id",
        };
        let last = [(name, message), ("subscription", subscription)];
        self.write(command, &[], fields, &last, Body::Empty)
    }

    /// `BEGIN` of a transaction.
    pub fn begin(&mut self, transaction: &str) -> Result<(), WriteError> {
        self.transaction("BEGIN", transaction)
    }

    /// `COMMIT` of a transaction.
    pub fn commit(&mut self, transaction: &str) -> Result<(), WriteError> {
        self.transaction("COMMIT", transaction)
    }

    /// `ABORT` of a transaction.
    pub fn abort(&mut self, transaction: &str) -> Result<(), WriteError> {
        self.transaction("ABORT", transaction)
    }

    /// `DISCONNECT`: the user's headers, `receipt`.
    pub fn disconnect(&mut self, receipt: &str, fields: Fields<'_>) -> Result<(), WriteError> {
        let last = [("receipt", receipt)];
        self.write("DISCONNECT", &[], fields, &last, Body::Empty)
    }

    /// A server's `CONNECTED`: `version`, `heart-beat`, then other headers (`session`, `server`).
    pub fn connected(
        &mut self,
        version: Version,
        heart_beat: &str,
        fields: Fields<'_>,
    ) -> Result<(), WriteError> {
        let first = [("version", version.as_str()), ("heart-beat", heart_beat)];
        self.write("CONNECTED", &first, fields, &[], Body::Empty)
    }

    /// A server's `MESSAGE`: `subscription`, `message-id`, `destination`, other headers (`ack` in 1.2 unless the
    /// subscription is automatic, and the sender's own), `content-length`.
    pub fn message(
        &mut self,
        subscription: &str,
        message_id: &str,
        destination: &str,
        fields: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        let first = [
            ("subscription", subscription),
            ("message-id", message_id),
            ("destination", destination),
        ];
        self.write("MESSAGE", &first, fields, &[], body)
    }

    /// A server's `RECEIPT`.
    pub fn receipt(&mut self, id: &str) -> Result<(), WriteError> {
        self.write("RECEIPT", &[("receipt-id", id)], &[], &[], Body::Empty)
    }

    /// A server's `ERROR`: `message`, other headers (`receipt-id`, `version`), `content-length`. Close after it.
    pub fn error(
        &mut self,
        message: &str,
        fields: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        self.write("ERROR", &[("message", message)], fields, &[], body)
    }

    /// Any frame: the headers in their order, then `content-length` if the body asks for it.
    pub fn frame(
        &mut self,
        command: &str,
        fields: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        self.write(command, &[], fields, &[], body)
    }

    fn transaction(&mut self, command: &str, id: &str) -> Result<(), WriteError> {
        self.write(command, &[("transaction", id)], &[], &[], Body::Empty)
    }

    fn write(
        &mut self,
        command: &str,
        first: Fields<'_>,
        fields: Fields<'_>,
        last: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        let start = self.out.len();
        let written = self.write_parts(command, first, fields, last, body);
        if written.is_err() {
            self.out.truncate(start);
        }
        written
    }

    fn write_parts(
        &mut self,
        command: &str,
        first: Fields<'_>,
        fields: Fields<'_>,
        last: Fields<'_>,
        body: Body<'_>,
    ) -> Result<(), WriteError> {
        if command.is_empty() || command.contains(['\n', '\r', '\0']) {
            return Err(WriteError::Command);
        }
        let escapes = match command {
            "CONNECT" | "STOMP" | "CONNECTED" => Escapes::None,
            _ => self.escapes,
        };
        let (octets, counted): (&[u8], bool) = match body {
            Body::Empty => (&[], false),
            Body::Text(text) => (text.as_bytes(), !text.is_empty()),
            Body::UncountedText(text) => (text.as_bytes(), false),
            Body::Binary(octets) => (octets, true),
        };
        if !counted && memchr(0, octets).is_some() {
            return Err(WriteError::NulInBody);
        }
        let mut length = String::new();
        if counted {
            length.reserve(DIGITS);
            push_decimal(octets.len() as u64, &mut length);
        }
        let length = [("content-length", length.as_str())];
        let length: Fields<'_> = if counted { &length } else { &[] };

        self.out.extend_from_slice(command.as_bytes());
        self.out.push(b'\n');
        for (name, value) in first {
            let value = find(fields, name).unwrap_or(value);
            self.header(escapes, name, value)?;
        }
        for (name, value) in fields {
            // A count that is not ours would cut the frame elsewhere.
            let stray_count = !counted && *name == "content-length";
            if stray_count || find(first, name).is_some() {
                continue;
            }
            let value = find(last, name).or(find(length, name)).unwrap_or(value);
            self.header(escapes, name, value)?;
        }
        for (name, value) in last.iter().chain(length) {
            if find(fields, name).is_none() {
                self.header(escapes, name, value)?;
            }
        }
        self.out.reserve(octets.len() + 2);
        self.out.push(b'\n');
        self.out.extend_from_slice(octets);
        self.out.push(0);
        Ok(())
    }

    fn header(&mut self, escapes: Escapes, name: &str, value: &str) -> Result<(), WriteError> {
        let plain = escapes == Escapes::None;
        let unwritable = name.contains('\0')
            || value.contains('\0')
            || (plain && (name.contains(['\n', ':']) || value.contains('\n')))
            // Readers that know 1.2 take CR LF for the line's end.
            || (plain && value.ends_with('\r'));
        if unwritable {
            return Err(WriteError::Header);
        }
        escapes.encode(name, self.out);
        self.out.push(b':');
        escapes.encode(value, self.out);
        self.out.push(b'\n');
        Ok(())
    }
}

fn find<'a>(fields: Fields<'a>, name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| *value)
}

/// Appends a number: `format!` would bring its whole machinery into the module.
pub(super) fn push_decimal(mut number: u64, text: &mut String) {
    let mut digits = [b'0'; DIGITS];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        used += 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(
        digits
            .iter()
            .skip(DIGITS - used)
            .map(|digit| char::from(*digit)),
    );
}
