//! The body of a polling request: packets with a record separator between them.
//!
//! Source: Engine.IO protocol v4, "HTTP long-polling": packets are joined by U+001E, binary ones are base64.

use alloc::string::String;

use super::packet::{Packet, PacketError};

const SEPARATOR: char = '\x1e';

/// How much of a response body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadLimits {
    /// Longest body in bytes of UTF-8. Default 16 MiB; the reference client has no limit.
    pub max_bytes: usize,
    /// Most packets in one body. Default 65,536; the reference client has no limit.
    pub max_packets: usize,
}

impl Default for PayloadLimits {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            max_packets: 1 << 16,
        }
    }
}

/// The packets of a received body, in order.
///
/// The first undecodable packet ends the iteration with its error: the packets before it count, the rest is dropped, as
/// in the reference client. Nothing is copied except for binary messages, and one packet is decoded at a time.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    /// What is not read yet, `None` after the last packet or an error.
    rest: Option<&'a str>,
    left: usize,
}

impl<'a> Payload<'a> {
    /// Reads `body`. An empty body is one empty packet, thus an error of the first [`next`](Iterator::next).
    ///
    /// # Errors
    /// The body is longer than `limits.max_bytes`.
    pub const fn new(body: &'a str, limits: PayloadLimits) -> Result<Self, PayloadError> {
        if body.len() > limits.max_bytes {
            return Err(PayloadError::TooLong);
        }
        Ok(Self {
            rest: Some(body),
            left: limits.max_packets,
        })
    }
}

impl<'a> Iterator for Payload<'a> {
    type Item = Result<Packet<'a>, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let Some(left) = self.left.checked_sub(1) else {
            return Some(Err(PayloadError::TooManyPackets));
        };
        let (text, behind) = match rest.split_once(SEPARATOR) {
            Some((text, behind)) => (text, Some(behind)),
            None => (rest, None),
        };
        let packet = Packet::decode_text(text);
        if packet.is_ok() {
            self.rest = behind;
            self.left = left;
        }
        Some(packet.map_err(PayloadError::Packet))
    }
}

impl core::iter::FusedIterator for Payload<'_> {}

/// Finds out how many packets fit one request body, without the packets.
#[derive(Clone, Copy, Debug)]
pub struct PayloadMeter {
    body: usize,
    limit: usize,
    empty: bool,
}

impl PayloadMeter {
    /// An empty body of at most `limit` bytes: the handshake's `maxPayload`, or `None` if the server named none.
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            body: 0,
            limit: limit.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX)),
            empty: true,
        }
    }

    /// Takes in the next packet's length, as [`Packet::encoded_len`] tells it. False if the packet belongs into the next
    /// body; the first one always fits, whatever its length.
    pub const fn offer(&mut self, len: usize) -> bool {
        let body = self.body.saturating_add(len);
        let body = if self.empty {
            body
        } else {
            body.saturating_add(1)
        };
        if !self.empty && body > self.limit {
            return false;
        }
        self.body = body;
        self.empty = false;
        true
    }
}

/// Joins packets to one request body that the server accepts.
#[derive(Clone, Debug, Default)]
pub struct PayloadWriter {
    body: String,
    limit: Option<usize>,
}

impl PayloadWriter {
    /// An empty body of at most `limit` bytes: the handshake's `maxPayload`, or `None` if the server named none.
    pub const fn new(limit: Option<usize>) -> Self {
        Self {
            body: String::new(),
            limit,
        }
    }

    /// Appends a packet if the body stays within the limit. The first packet always goes, whatever its size, as in the
    /// reference client: refuse what [`Packet::encoded_len`] shows to be too long before it is queued.
    ///
    /// # Errors
    /// The packet's text contains the separator U+001E, and the server would read two packets. Nothing is appended.
    pub fn push(&mut self, packet: &Packet<'_>) -> Result<Pushed, PayloadError> {
        if matches!(packet, Packet::Text { data, .. } if data.contains(SEPARATOR)) {
            return Err(PayloadError::Separator);
        }
        if !self.body.is_empty() {
            let len = (self.body.len() + 1).saturating_add(packet.encoded_len());
            if self.limit.is_some_and(|limit| len > limit) {
                return Ok(Pushed::Full);
            }
            self.body.push(SEPARATOR);
        }
        packet.encode_text(&mut self.body);
        Ok(Pushed::Added)
    }

    /// The body, empty if nothing was pushed: then there is nothing to send.
    pub fn finish(self) -> String {
        self.body
    }
}

/// What became of a pushed packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// It is part of the body.
    Added,
    /// It is not: send this body and begin the next one with the packet.
    Full,
}

/// Why a polling body cannot be read or written. After a failed read, close the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The body is longer than [`PayloadLimits::max_bytes`].
    #[error("polling response too long: raise the limit or let the server send less at once")]
    TooLong,
    /// The body has more packets than [`PayloadLimits::max_packets`].
    #[error("too many packets in one polling response: raise the limit or use websocket")]
    TooManyPackets,
    /// One packet is undecodable.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// Text to be sent contains U+001E, which separates packets.
    #[error("text with U+001E cannot be sent by polling: escape it, as JSON does, or send bytes")]
    Separator,
}
