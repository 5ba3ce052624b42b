//! Frames of the server, and the JSON arrays that clients send.
//!
//! A frame is one character and, for some, JSON behind it. Clients have no frames: what they send is a JSON array of
//! strings, on a WebSocket also a bare string or nothing.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use super::text::{read_string, write_string};
use crate::protocol::json::{Malformed, Scanner};

/// What a server sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// `o`: the session begins.
    Open,
    /// `h`: the connection lives. Also the line of 2,048 `h` at the beginning of xhr-streaming.
    Heartbeat,
    /// `a[..]` or, from old servers, `m".."`: messages. What is no string in the array is kept as JSON.
    Messages(Vec<String>),
    /// `c[code,reason]`: the server closed the session.
    Close {
        /// Close code as in RFC 6455 section 7.4, or 2010 for a second receiver on a session.
        code: u16,
        /// Reason, as the server put it.
        reason: String,
    },
    /// Anything else: an empty frame, a type of a later version, `a` without an array, `c` without two elements.
    /// To be ignored, as sockjs-client does.
    Unknown,
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// Bad JSON behind `a`, `m` or `c`, and a `c` whose code is no integer up to 65,535. Close with 1002, for what was in
    /// it is lost.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let mut chars = text.chars();
        let kind = chars.next();
        let mut json = Scanner::new(chars.as_str());
        let frame = match kind {
            Some('o') => return Ok(Self::Open),
            Some('h') => return Ok(Self::Heartbeat),
            _ if json.peek().is_none() => return Ok(Self::Unknown),
            Some('a') if json.peek() == Some(b'[') => Self::Messages(strings(&mut json)?),
            Some('m') => Self::Messages(Vec::from([element(&mut json)?])),
            Some('c') => close(&mut json)?,
            Some('a') => {
                json.skip()?;
                Self::Unknown
            }
            _ => return Ok(Self::Unknown),
        };
        end(&mut json)?;
        Ok(frame)
    }

    /// Appends the frame as it goes on the wire. [`Self::Unknown`] has no form and appends nothing.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Open => out.push('o'),
            Self::Heartbeat => out.push('h'),
            Self::Messages(messages) => {
                out.push('a');
                write_messages(messages, out);
            }
            Self::Close { code, reason } => {
                // A String takes everything.
                let _ = write!(out, "c[{code},");
                write_string(reason, out);
                out.push(']');
            }
            Self::Unknown => {}
        }
    }
}

/// Appends messages as a client sends them: a JSON array of strings.
pub fn write_messages<T: AsRef<str>>(messages: impl IntoIterator<Item = T>, out: &mut String) {
    out.push('[');
    let mut separator = "";
    for message in messages {
        out.push_str(separator);
        write_string(message.as_ref(), out);
        separator = ",";
    }
    out.push(']');
}

/// Reads what a client sent, as a WebSocket message or as the body of `xhr_send`: a JSON array, or a bare string. Nothing
/// at all means no messages on a WebSocket; a server answers it on `xhr_send` with 500, `Payload expected.`
///
/// # Errors
/// Bad JSON, and JSON that is neither. sockjs-node closes a WebSocket with `c[3000,"Broken framing."]`, and answers
/// `xhr_send` with 500, `Broken JSON encoding.`
pub fn read_messages(text: &str) -> Result<Vec<String>, FrameError> {
    let mut json = Scanner::new(text);
    let messages = match json.peek() {
        None => Vec::new(),
        Some(b'[') => strings(&mut json)?,
        Some(b'"') => Vec::from([read_string(&mut json)?]),
        Some(_) => return Err(FrameError),
    };
    end(&mut json)?;
    Ok(messages)
}

fn strings(json: &mut Scanner<'_>) -> Result<Vec<String>, Malformed> {
    let mut items = Vec::new();
    json.expect('[')?;
    let mut more = !json.take(']');
    while more {
        items.push(element(json)?);
        more = json.take(',');
        if !more {
            json.expect(']')?;
        }
    }
    Ok(items)
}

/// A string, or the JSON of anything else.
fn element(json: &mut Scanner<'_>) -> Result<String, Malformed> {
    match json.peek() {
        Some(b'"') => read_string(json),
        _ => json.value().map(String::from),
    }
}

fn close(json: &mut Scanner<'_>) -> Result<Frame, FrameError> {
    let mut whole = *json;
    whole.skip()?;
    let mut items = Vec::new();
    let mut more = json.take('[') && !json.take(']');
    while more {
        items.push((json.peek() == Some(b'"'), element(json)?));
        more = json.take(',');
    }
    *json = whole;
    let Ok([(false, code), (_, reason)]) = <[_; 2]>::try_from(items) else {
        return Ok(Frame::Unknown);
    };
    let code = code.parse().map_err(|_| FrameError)?;
    Ok(Frame::Close { code, reason })
}

fn end(json: &mut Scanner<'_>) -> Result<(), FrameError> {
    json.peek().map_or(Ok(()), |_| Err(FrameError))
}

/// A frame or a list of messages that cannot be read. Nothing of it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed SockJS frame: check what a proxy or another server on this path sends")]
pub struct FrameError;

impl From<Malformed> for FrameError {
    fn from(Malformed: Malformed) -> Self {
        Self
    }
}
