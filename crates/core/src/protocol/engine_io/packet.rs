//! One packet: a type character and its text, or the bytes of a binary message.
//!
//! Source: Engine.IO protocol v4, "Packet encoding". Binary packets have no type: they are always messages.

use alloc::{borrow::Cow, string::String};

use super::base64::{Base64Error, decode_base64, encode_base64, encoded_len};

/// Begins a binary message where only text can be carried.
const BASE64_MARK: char = 'b';

/// What a text packet means (Engine.IO protocol v4, "Packet types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketType {
    /// `0`, from the server: the [`Handshake`](super::Handshake). From the client on WebTransport only.
    Open,
    /// `1`, from both: the session ends. Clients that use a WebSocket close it instead.
    Close,
    /// `2`, from the server: answer with [`Pong`](Self::Pong) and the same text. From the client while upgrading only.
    Ping,
    /// `3`: the answer to a ping.
    Pong,
    /// `4`, from both: a message of the layer above.
    Message,
    /// `5`, from the client: the last step of an upgrade.
    Upgrade,
    /// `6`, from the server: ends a hanging poll during an upgrade. Carries nothing.
    Noop,
}

impl PacketType {
    /// The type's character on the wire, `'0'` to `'6'`.
    pub const fn to_char(self) -> char {
        match self {
            Self::Open => '0',
            Self::Close => '1',
            Self::Ping => '2',
            Self::Pong => '3',
            Self::Message => '4',
            Self::Upgrade => '5',
            Self::Noop => '6',
        }
    }

    /// The type of a character on the wire, `None` outside of `'0'` to `'6'`.
    pub const fn from_char(char: char) -> Option<Self> {
        Some(match char {
            '0' => Self::Open,
            '1' => Self::Close,
            '2' => Self::Ping,
            '3' => Self::Pong,
            '4' => Self::Message,
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            _ => return None,
        })
    }
}

/// One packet, borrowed from what it was read from where possible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet<'a> {
    /// A packet with a type character.
    Text {
        /// What it means.
        kind: PacketType,
        /// What follows the type character, often nothing. Meaningless text is kept, as in the reference client.
        data: &'a str,
    },
    /// A binary message.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Packet<'a> {
    /// A text message.
    pub const fn message(data: &'a str) -> Self {
        Self::Text {
            kind: PacketType::Message,
            data,
        }
    }

    /// A binary message.
    pub const fn binary(bytes: &'a [u8]) -> Self {
        Self::Binary(Cow::Borrowed(bytes))
    }

    /// Reads a text message of a WebSocket, or one packet of a polling payload. `b` begins a binary message in base64.
    ///
    /// There is no bound of its own: the packet borrows the text, and decoded bytes take three quarters of its length.
    ///
    /// # Errors
    /// Empty text, an unknown type character, or damaged base64. The reference client closes with `transport error`.
    pub fn decode_text(text: &'a str) -> Result<Self, PacketError> {
        let mut chars = text.chars();
        let first = chars.next().ok_or(PacketError::Empty)?;
        let data = chars.as_str();
        if first == BASE64_MARK {
            return Ok(Self::Binary(Cow::Owned(decode_base64(data)?)));
        }
        match PacketType::from_char(first) {
            Some(kind) => Ok(Self::Text { kind, data }),
            None => Err(PacketError::UnknownType(first)),
        }
    }

    /// Reads a binary message of a WebSocket: its bytes are the message, an empty one included.
    pub const fn decode_binary(bytes: &'a [u8]) -> Self {
        Self::binary(bytes)
    }

    /// Appends the packet as text, binary ones as `b` and base64. WebSockets carry the bytes of binary ones as they are
    /// instead, except for clients that asked for text only (`b64=1`).
    pub fn encode_text(&self, out: &mut String) {
        match self {
            Self::Text { kind, data } => {
                out.reserve(data.len().saturating_add(1));
                out.push(kind.to_char());
                out.push_str(data);
            }
            Self::Binary(bytes) => {
                out.push(BASE64_MARK);
                encode_base64(bytes, out);
            }
        }
    }

    /// Bytes that [`encode_text`](Self::encode_text) appends, to compare with the server's `maxPayload`. The reference
    /// client estimates base64 as 1.33 times the bytes, which is too little for long ones; this is exact.
    pub fn encoded_len(&self) -> usize {
        let data = match self {
            Self::Text { data, .. } => data.len(),
            Self::Binary(bytes) => encoded_len(bytes.len()),
        };
        data.saturating_add(1)
    }
}

/// Why text is not a packet. Close the transport: what follows cannot be trusted either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// No type character.
    #[error("empty engine.io packet: check that the server speaks engine.io v4")]
    Empty,
    /// A type character that the protocol does not have.
    #[error("unknown engine.io packet type {0:?}: check that the server speaks engine.io v4")]
    UnknownType(char),
    /// A binary message whose base64 is damaged.
    #[error(transparent)]
    Base64(#[from] Base64Error),
}
