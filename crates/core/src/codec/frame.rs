//! One WebSocket message as it goes over the wire.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// Characters or bytes of a frame that its `Debug` form shows.
const SHOWN: usize = 64;

/// The payload of one WebSocket message (RFC 6455 section 5.6).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Frame {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Frame {
    /// Payload bytes, UTF-8 for text.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload, UTF-8 for text.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text of a text frame.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// `"text"` or `"binary"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        }
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Frame {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

/// Shows the beginning only: a frame may be megabytes long, and errors that contain one are logged.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => match text.char_indices().nth(SHOWN) {
                None => write!(f, "Text({text:?})"),
                Some((end, _)) => {
                    let start = text.get(..end).unwrap_or_default();
                    write!(f, "Text({start:?}.. {} bytes)", text.len())
                }
            },
            Self::Binary(bytes) => match bytes.get(..SHOWN) {
                Some(start) if bytes.len() > SHOWN => {
                    write!(f, "Binary({start:?}.. {} bytes)", bytes.len())
                }
                _ => write!(f, "Binary({bytes:?})"),
            },
        }
    }
}
