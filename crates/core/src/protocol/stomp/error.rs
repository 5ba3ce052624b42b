//! What can be wrong with a frame that came in or with one that is to go out.
//!
//! Each fault has a variant of its own: a shell sends it to JavaScript as a number and the texts stay where they are shown.

use thiserror::Error;

/// Why received bytes are not STOMP. The rest of the stream means nothing after it: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The command is longer than [`Limits::command`](super::Limits::command).
    #[error("command is too long: check that the endpoint speaks STOMP")]
    CommandTooLong,
    /// There are more headers than [`Limits::headers`](super::Limits::headers).
    #[error("frame has too many headers: raise the limit or send fewer")]
    TooManyHeaders,
    /// Command and headers together are longer than [`Limits::head_bytes`](super::Limits::head_bytes).
    #[error("command and headers are too long: raise the limit or move data into the body")]
    HeadTooLarge,
    /// The body is longer than [`Limits::body`](super::Limits::body).
    #[error("body is too large: raise the limit or split the message")]
    BodyTooLarge,
    /// A header line has no colon.
    #[error("header line without a colon: check how the sender escapes line feeds")]
    NoColon,
    /// A backslash is followed by something that the version does not define.
    #[error("undefined escape in a header: check which STOMP version the sender escapes for")]
    BadEscape,
    /// Command or headers are not UTF-8.
    #[error("command or headers are not UTF-8: check the sender's encoding")]
    NotUtf8,
    /// `content-length` is not a number in decimal digits.
    #[error("content-length is not a number: check the sender")]
    BadContentLength,
    /// `content-length` is given twice with different numbers.
    #[error("content-length is given twice and differs: check what proxies add to frames")]
    ConflictingContentLength,
    /// The octet behind `content-length` octets of body is not NUL.
    #[error(
        "no NUL after content-length octets: check that the sender counts octets, not characters"
    )]
    MissingNul,
    /// A NUL comes before the blank line that ends the headers.
    #[error("NUL inside the headers: check that the sender ends them with a blank line")]
    NulInHead,
}

/// Why a frame cannot be written. Nothing was appended to the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The command is empty or contains a line feed, a carriage return or NUL.
    #[error("command must be one line that is not empty")]
    Command,
    /// A header contains what the version in use cannot express: NUL always; a line feed, or a colon in the name, where
    /// there are no escapes (1.0, `CONNECT`, `CONNECTED`); a carriage return at the end of a `CONNECT` value.
    #[error("header cannot be written in this STOMP version: remove NUL, line feeds and colons")]
    Header,
    /// The body contains NUL and `content-length` was switched off, so that the receiver would cut it.
    #[error("body contains NUL: send it with content-length")]
    NulInBody,
}
