//! Backslash escapes in header names and values, which differ by version.
//!
//! Decoding runs once from left to right: replacing one sequence after the other turns `C:\\new` into a line feed.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr;

/// Which escapes apply. [`Version::escapes`](super::Version::escapes) gives those of a version.
///
/// `CONNECT`, `STOMP` and `CONNECTED` are never escaped, whatever is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Escapes {
    /// Reads the escapes of 1.2 and leaves undefined ones as they are; writes those of 1.2. The default of a parser,
    /// for the `ERROR` that may come before a version is agreed, and the right choice for RabbitMQ with 1.0, as it
    /// escapes in every version.
    #[default]
    Lenient,
    /// A backslash is a backslash (1.0).
    None,
    /// `\n`, `\c` and `\\`; anything else is [`ParseError::BadEscape`](super::ParseError::BadEscape).
    V1_1,
    /// `\r`, `\n`, `\c` and `\\`; anything else is [`ParseError::BadEscape`](super::ParseError::BadEscape).
    V1_2,
}

impl Escapes {
    /// Whether a line may end with CR LF: new in 1.2, so a CR before it belongs to the value.
    pub(super) const fn allows_crlf(self) -> bool {
        matches!(self, Self::Lenient | Self::V1_2)
    }

    /// Whether an undefined escape is an error, and other rules of 1.1 and 1.2 hold.
    pub(super) const fn is_strict(self) -> bool {
        matches!(self, Self::V1_1 | Self::V1_2)
    }

    /// The text that `raw` stands for.
    pub(super) fn decode(self, raw: &str) -> Cow<'_, str> {
        if self == Self::None || memchr(b'\\', raw.as_bytes()).is_none() {
            return Cow::Borrowed(raw);
        }
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((plain, behind)) = rest.split_once('\\') {
            text.push_str(plain);
            rest = match behind.bytes().next().and_then(|code| self.meaning(code)) {
                Some(meant) => {
                    text.push(meant);
                    behind.get(1..).unwrap_or_default()
                }
                None => {
                    text.push('\\');
                    behind
                }
            };
        }
        text.push_str(rest);
        Cow::Owned(text)
    }

    /// Appends `text` as it goes on the wire.
    pub(super) fn encode(self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|octet| self.code(*octet).is_some()) {
            let (plain, special) = rest.split_at(at);
            out.extend_from_slice(plain);
            let Some((octet, behind)) = special.split_first() else {
                break;
            };
            if let Some(code) = self.code(*octet) {
                out.extend_from_slice(&[b'\\', code]);
            }
            rest = behind;
        }
        out.extend_from_slice(rest);
    }

    /// What a backslash and `code` stand for.
    pub(super) const fn meaning(self, code: u8) -> Option<char> {
        match code {
            b'\\' => Some('\\'),
            b'n' => Some('\n'),
            b'c' => Some(':'),
            b'r' if self.allows_crlf() => Some('\r'),
            _ => None,
        }
    }

    /// What follows the backslash that `octet` is written with.
    const fn code(self, octet: u8) -> Option<u8> {
        match (self, octet) {
            (Self::None, _) => None,
            (_, b'\\') => Some(b'\\'),
            (_, b'\n') => Some(b'n'),
            (_, b':') => Some(b'c'),
            (Self::V1_2 | Self::Lenient, b'\r') => Some(b'r'),
            _ => None,
        }
    }
}
