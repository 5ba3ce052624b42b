//! A frame's head on its own, for shells whose bodies stay where they are.
//!
//! In JavaScript a message is a string or a buffer of the host's. Handing all of it over would copy the body twice; so only
//! the beginning comes in here, and the shell cuts the body off by what the head says: after `content-length` octets, or
//! at the first NUL.

use core::ops::Range;

use super::{Escapes, Limits, ParseError};

/// A complete head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

/// Where things are in a frame, in octets from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Length of the first line with its line feed.
    pub(super) first_line: usize,
    /// Where the blank line begins.
    pub(super) blank: usize,
    /// Where the body begins.
    pub(super) len: usize,
    pub(super) content_length: Option<usize>,
    pub(super) escapes: Escapes,
    pub(super) crlf: bool,
    subscription: (usize, usize),
}

/// Reads the head at the beginning of `bytes`, whose encoding is for the caller to check: text of the host's is UTF-8 in
/// any case, and decoding octets finds out. `bytes` may end anywhere behind the head; `None` if the
/// blank line is not among them yet: call again with more. Not for what lies between frames: skip line feeds, CR and NUL first.
///
/// # Errors
///
/// What is wrong with it, as soon as it can be seen.
pub fn read_head<'a>(
    bytes: &'a [u8],
    escapes: Escapes,
    limits: &Limits,
) -> Result<Option<Head<'a>>, ParseError> {
    let layout = scan(bytes, escapes, limits)?;
    Ok(layout.map(|layout| Head {
        bytes: bytes.get(..layout.len).unwrap_or_default(),
        layout,
    }))
}

/// Looks at each octet of a head once.
pub(super) fn scan(
    bytes: &[u8],
    mut escapes: Escapes,
    limits: &Limits,
) -> Result<Option<Layout>, ParseError> {
    let crlf = escapes.allows_crlf();
    let mut first_line = 0;
    let mut lines = 0;
    let mut begin = 0;
    let mut has_colon = false;
    let mut backslash = false;
    let mut content_length = None;
    let mut subscription = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        if at >= limits.head_bytes {
            return Err(ParseError::HeadTooLarge);
        }
        if lines == 0 && at > limits.command {
            return Err(ParseError::CommandTooLong);
        }
        if backslash && escapes.meaning(*byte).is_none() && escapes.is_strict() {
            return Err(ParseError::BadEscape);
        }
        backslash = *byte == b'\\' && !backslash && lines > 0;
        has_colon |= *byte == b':';
        if *byte == 0 {
            return Err(ParseError::NulInHead);
        }
        if *byte != b'\n' {
            continue;
        }
        let line = line(bytes.get(begin..at).unwrap_or_default(), crlf);
        if line.is_empty() {
            return Ok(Some(Layout {
                first_line: if lines == 0 { at + 1 } else { first_line },
                blank: begin,
                len: at + 1,
                content_length,
                escapes,
                crlf,
                subscription,
            }));
        }
        if lines > limits.headers {
            return Err(ParseError::TooManyHeaders);
        }
        if lines == 0 {
            first_line = at + 1;
            if matches!(line, b"CONNECT" | b"STOMP" | b"CONNECTED") {
                escapes = Escapes::None;
            }
        } else if !has_colon {
            return Err(ParseError::NoColon);
        } else if let Some(value) = line.strip_prefix(b"content-length:") {
            let length = number(value, escapes)?;
            if content_length.is_some_and(|first| first != length) {
                return Err(ParseError::ConflictingContentLength);
            }
            if length > limits.body {
                return Err(ParseError::BodyTooLarge);
            }
            content_length = Some(length);
        } else if subscription.0 == 0
            && let Some(value) = line.strip_prefix(b"subscription:")
        {
            let end = begin + line.len();
            subscription = (end - value.len(), end);
        }
        lines += 1;
        begin = at + 1;
        has_colon = false;
    }
    if lines == 0 && bytes.len() > limits.command {
        return Err(ParseError::CommandTooLong);
    }
    Ok(None)
}

/// A line without the CR that 1.2 allows at its end.
pub(super) fn line(bytes: &[u8], crlf: bool) -> &[u8] {
    match bytes.strip_suffix(b"\r") {
        Some(stripped) if crlf => stripped,
        _ => bytes,
    }
}

/// The value of a `content-length` header. One that no machine could hold is [`ParseError::BodyTooLarge`].
fn number(value: &[u8], escapes: Escapes) -> Result<usize, ParseError> {
    let digits = if escapes.is_strict() {
        value
    } else {
        // 1.0 leaves blanks to the receiver, and its own examples have them.
        value.trim_ascii()
    };
    if digits.is_empty() {
        return Err(ParseError::BadContentLength);
    }
    let mut number = 0_usize;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(ParseError::BadContentLength);
        }
        // Stops far above every limit, with room for adding the head's length.
        if number < usize::MAX / 32 {
            number = number * 10 + usize::from(digit - b'0');
        }
    }
    if number >= usize::MAX / 32 {
        return Err(ParseError::BodyTooLarge);
    }
    Ok(number)
}

impl<'a> Head<'a> {
    /// The command.
    pub fn command(&self) -> &'a [u8] {
        let command = self.bytes.get(..self.layout.first_line - 1);
        line(command.unwrap_or_default(), self.layout.crlf)
    }

    /// Where the value of the `subscription` header lies, as it is on the wire; empty if there is none.
    pub const fn subscription(&self) -> Range<usize> {
        let (start, end) = self.layout.subscription;
        start..end
    }

    /// Its length with the blank line: here the body begins.
    pub const fn octets(&self) -> usize {
        self.bytes.len()
    }

    /// The same in UTF-16 code units: one per character and a second one for those of four bytes.
    pub fn units(&self) -> usize {
        self.bytes
            .iter()
            .map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0))
            .sum()
    }

    /// Octets of the body; `None` if it ends at the first NUL.
    pub const fn content_length(&self) -> Option<usize> {
        self.layout.content_length
    }

    /// How the frame is escaped.
    pub const fn escapes(&self) -> Escapes {
        self.layout.escapes
    }
}
