//! A frame as it came in, and one that is kept.
//!
//! [`Frame`] is a view into the received bytes; reading it decodes only what is asked for. Headers stay a list of slices in
//! the order of the wire, so no name that a peer chooses can mean anything but itself.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::str::Utf8Error;

use super::{Escapes, Version};

/// A received frame. Escapes, lengths and encoding of its head have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    command: &'a str,
    /// The header lines with their line ends, without the blank line.
    lines: &'a str,
    body: &'a [u8],
    escapes: Escapes,
    crlf: bool,
}

impl<'a> Frame<'a> {
    pub(super) const fn new(
        command: &'a str,
        lines: &'a str,
        body: &'a [u8],
        escapes: Escapes,
        crlf: bool,
    ) -> Self {
        Self {
            command,
            lines,
            body,
            escapes,
            crlf,
        }
    }

    /// The command, as it was written: commands are case-sensitive, and it may be one that no version defines.
    pub const fn command(&self) -> &'a str {
        self.command
    }

    /// The decoded value of the first header of this name: a repeated header does not count (1.2, "Repeated Header
    /// Entries"). Names are case-sensitive. Borrowed unless the value contains an escape.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.headers()
            .find(|header| header.is(name))
            .map(|header| header.value())
    }

    /// What an `ACK` or `NACK` of this `MESSAGE` names: its `ack` header in 1.2, its `message-id` before.
    pub fn ack_id(&self, version: Version) -> Option<Cow<'a, str>> {
        self.header(match version {
            Version::V1_2 => "ack",
            Version::V1_0 | Version::V1_1 => "message-id",
        })
    }

    /// All headers in the order of the wire, repeated ones too.
    pub const fn headers(&self) -> Headers<'a> {
        Headers {
            lines: self.lines,
            escapes: self.escapes,
            crlf: self.crlf,
        }
    }

    /// The octets of the body, without NUL.
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The body as text, with a byte order mark if it has one.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8: read [`body`](Self::body) then.
    pub fn text(&self) -> Result<&'a str, Utf8Error> {
        core::str::from_utf8(self.body)
    }

    /// A copy that outlives the received bytes, with all headers decoded.
    pub fn to_owned(&self) -> FrameBuf {
        FrameBuf {
            command: String::from(self.command),
            headers: self
                .headers()
                .map(|header| (header.name().into_owned(), header.value().into_owned()))
                .collect(),
            body: Vec::from(self.body),
        }
    }
}

/// Goes through the headers of a frame; made by [`Frame::headers`].
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    lines: &'a str,
    escapes: Escapes,
    crlf: bool,
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        let (line, rest) = self.lines.split_once('\n')?;
        self.lines = rest;
        let line = match line.strip_suffix('\r') {
            Some(stripped) if self.crlf => stripped,
            _ => line,
        };
        let (name, value) = line.split_once(':')?;
        Some(Header {
            name,
            value,
            escapes: self.escapes,
        })
    }
}

/// One header, decoded when it is read.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    name: &'a str,
    value: &'a str,
    escapes: Escapes,
}

impl<'a> Header<'a> {
    /// Whether this is the decoded name.
    pub fn is(&self, name: &str) -> bool {
        self.name == name && !self.name.contains('\\') || self.name() == name
    }

    /// The decoded name.
    pub fn name(&self) -> Cow<'a, str> {
        self.escapes.decode(self.name)
    }

    /// The decoded value. Blanks around it belong to it.
    pub fn value(&self) -> Cow<'a, str> {
        self.escapes.decode(self.value)
    }

    /// The value as it is on the wire.
    pub const fn raw_value(&self) -> &'a str {
        self.value
    }
}

/// A frame that owns its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameBuf {
    /// The command.
    pub command: String,
    /// Decoded names and values in the order of the wire.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl FrameBuf {
    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}
