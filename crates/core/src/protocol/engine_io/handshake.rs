//! The server's first packet: who we are, how long silence may last, how much may be sent at once.
//!
//! Source: Engine.IO protocol v4, "Handshake". Unknown members are skipped, so that newer servers stay readable. An
//! unreadable handshake is a typed error at once; the reference client throws, and hangs until its connect timeout.

use alloc::{string::String, vec::Vec};

use super::json::{Malformed, Scanner, is_number};
use crate::Span;

/// Longest handshake in bytes; real ones have about 120.
const MAX_LEN: usize = 64 << 10;
/// Longest session id in bytes; it becomes part of each request's URL. Real ones have 20.
const MAX_SID: usize = 1_024;
/// Most transports to upgrade to; the protocol knows three.
const MAX_UPGRADES: usize = 16;
/// Longest interval and timeout, about 24 days: the longest that timers of browsers can wait.
const MAX_MILLIS: u64 = i32::MAX as u64;

/// What the `open` packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// `sid`: names the session in the URL of each further request. 1 to 1,024 bytes; percent-encode it.
    pub sid: String,
    /// `upgrades`: transports that the session can move to, as the server spells them, at most 16. Empty if missing.
    pub upgrades: Vec<String>,
    /// `pingInterval`: a ping comes this often. 0 to 2^31-1 ms.
    pub ping_interval: Span,
    /// `pingTimeout`: how late a ping may be. 0 to 2^31-1 ms, not zero together with the interval.
    pub ping_timeout: Span,
    /// `maxPayload`: most bytes in one request body. `None` if missing or `null`: servers before Engine.IO 6.1 do not
    /// tell, and those without limit write `null`.
    pub max_payload: Option<u64>,
}

impl Handshake {
    /// Reads the data of an `open` packet. Of members that come twice the last counts, as with `JSON.parse`.
    ///
    /// # Errors
    /// Text that is too long or no JSON object, and members that are missing, of the wrong type or out of range. Close
    /// the transport with `transport error`.
    pub fn parse(data: &str) -> Result<Self, HandshakeError> {
        if data.len() > MAX_LEN {
            return Err(HandshakeError::TooLong);
        }
        let (mut sid, mut upgrades) = (None, Vec::new());
        let (mut interval, mut timeout, mut max_payload) = (None, None, None);
        let mut json = Scanner::new(data);
        json.expect('{')?;
        let mut more = !json.take('}');
        while more {
            let name = json.string()?;
            json.expect(':')?;
            match name.as_str() {
                "sid" => sid = Some(text(&mut json, Field::Sid)?),
                "upgrades" => upgrades = list(&mut json)?,
                "pingInterval" => interval = integer(&mut json, Field::PingInterval)?,
                "pingTimeout" => timeout = integer(&mut json, Field::PingTimeout)?,
                "maxPayload" => max_payload = integer(&mut json, Field::MaxPayload)?,
                _ => json.skip()?,
            }
            more = json.take(',');
            if !more {
                json.expect('}')?;
            }
        }
        if json.peek().is_some() {
            return Err(HandshakeError::Malformed);
        }
        let sid = sid.ok_or(HandshakeError::Missing(Field::Sid))?;
        if sid.is_empty() || sid.len() > MAX_SID {
            return Err(HandshakeError::OutOfRange(Field::Sid));
        }
        Self::from_parts(sid, upgrades, interval, timeout, max_payload)
    }

    /// A handshake that the host has read with a JSON parser of its own; it may keep the session's id to itself. `None`
    /// stands for a member that is missing or `null`; lengths are milliseconds.
    ///
    /// # Errors
    /// Members that are missing or out of range. Close the transport with `transport error`.
    pub fn from_parts(
        sid: String,
        upgrades: Vec<String>,
        ping_interval: Option<u64>,
        ping_timeout: Option<u64>,
        max_payload: Option<u64>,
    ) -> Result<Self, HandshakeError> {
        if max_payload == Some(0) {
            return Err(HandshakeError::OutOfRange(Field::MaxPayload));
        }
        let ping_interval = millis(ping_interval, Field::PingInterval)?;
        let ping_timeout = millis(ping_timeout, Field::PingTimeout)?;
        if (ping_interval + ping_timeout).is_zero() {
            return Err(HandshakeError::OutOfRange(Field::PingTimeout));
        }
        Ok(Self {
            sid,
            upgrades,
            ping_interval,
            ping_timeout,
            max_payload,
        })
    }

    /// How long the session lives without a ping, counted from the last one: interval and timeout together. Other
    /// traffic does not count, as in the reference client.
    pub fn silence_limit(&self) -> Span {
        self.ping_interval + self.ping_timeout
    }
}

fn text(json: &mut Scanner<'_>, field: Field) -> Result<String, HandshakeError> {
    match json.peek() {
        Some(b'"') => Ok(json.string()?),
        _ => Err(HandshakeError::WrongType(field)),
    }
}

fn list(json: &mut Scanner<'_>) -> Result<Vec<String>, HandshakeError> {
    if !json.take('[') {
        return Err(HandshakeError::WrongType(Field::Upgrades));
    }
    let mut items = Vec::new();
    let mut more = !json.take(']');
    while more {
        if items.len() == MAX_UPGRADES {
            return Err(HandshakeError::OutOfRange(Field::Upgrades));
        }
        items.push(text(json, Field::Upgrades)?);
        more = json.take(',');
        if !more {
            json.expect(']')?;
        }
    }
    Ok(items)
}

/// A whole number, `None` for `null`. Fractions are cut off: some servers write floats.
fn integer(json: &mut Scanner<'_>, field: Field) -> Result<Option<u64>, HandshakeError> {
    let word = json.word();
    if word == "null" {
        return Ok(None);
    }
    if !is_number(word) {
        return Err(HandshakeError::WrongType(field));
    }
    let integer = word.split_once('.').map_or(word, |(integer, _)| integer);
    match integer.parse() {
        Ok(number) if !word.contains(['e', 'E']) => Ok(Some(number)),
        _ => Err(HandshakeError::OutOfRange(field)),
    }
}

fn millis(number: Option<u64>, field: Field) -> Result<Span, HandshakeError> {
    match number {
        None => Err(HandshakeError::Missing(field)),
        Some(millis) if millis > MAX_MILLIS => Err(HandshakeError::OutOfRange(field)),
        Some(millis) => Ok(Span::from_millis(millis)),
    }
}

/// A member of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `sid`.
    Sid,
    /// `upgrades`.
    Upgrades,
    /// `pingInterval`.
    PingInterval,
    /// `pingTimeout`.
    PingTimeout,
    /// `maxPayload`.
    MaxPayload,
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Sid => "sid",
            Self::Upgrades => "upgrades",
            Self::PingInterval => "pingInterval",
            Self::PingTimeout => "pingTimeout",
            Self::MaxPayload => "maxPayload",
        })
    }
}

/// Why an `open` packet is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// More than 64 KiB.
    #[error("handshake longer than 64 KiB: check that the url is that of a socket.io server")]
    TooLong,
    /// Not a JSON object, or with values nested deeper than 64.
    #[error("handshake is not a json object: check that the url is that of a socket.io server")]
    Malformed,
    /// A member that must be there is missing or `null`.
    #[error("handshake without {0}: check that the server speaks engine.io v4")]
    Missing(Field),
    /// A member of another type than the protocol says.
    #[error("handshake with a {0} of the wrong type: check that the server speaks engine.io v4")]
    WrongType(Field),
    /// A member that is too small, too large or too long.
    #[error("handshake with a {0} out of range: correct the server's options")]
    OutOfRange(Field),
}

impl From<Malformed> for HandshakeError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}
