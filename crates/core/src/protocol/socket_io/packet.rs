//! The header of a packet: `<type>[<attachments>-][<namespace>,][<ack id>]`, then the payload.
//!
//! Source: Socket.IO protocol v5, "Packet encoding". The reference parser reads numbers with JavaScript's `Number()`, so
//! that `51e1-` announces ten attachments and white space is zero; here numbers are decimal digits, as the protocol says.

use alloc::string::String;

use super::outline;

const DEFAULT_NAMESPACE: &str = "/";
/// Largest ack id: the largest integer that JavaScript peers count exactly.
const MAX_ID: u64 = (1 << 53) - 1;

/// What a packet means (Socket.IO protocol v5, "Packet types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketType {
    /// `0`: joins a namespace, with auth data as payload; the server answers with the session's id.
    Connect,
    /// `1`: leaves a namespace. Has no payload.
    Disconnect,
    /// `2`: an event, `["name", ...arguments]`. Asks for an ack if it has an id.
    Event,
    /// `3`: the answer to the event with the same id, `[...arguments]`.
    Ack,
    /// `4`: the server refuses a namespace, `{"message": ..}`.
    ConnectError,
    /// `5`: an event with attachments.
    BinaryEvent,
    /// `6`: an ack with attachments.
    BinaryAck,
}

impl PacketType {
    /// The type's digit on the wire, `'0'` to `'6'`.
    pub const fn to_char(self) -> char {
        match self {
            Self::Connect => '0',
            Self::Disconnect => '1',
            Self::Event => '2',
            Self::Ack => '3',
            Self::ConnectError => '4',
            Self::BinaryEvent => '5',
            Self::BinaryAck => '6',
        }
    }

    /// The type of a digit on the wire, `None` outside of `'0'` to `'6'`.
    pub const fn from_char(char: char) -> Option<Self> {
        Some(match char {
            '0' => Self::Connect,
            '1' => Self::Disconnect,
            '2' => Self::Event,
            '3' => Self::Ack,
            '4' => Self::ConnectError,
            '5' => Self::BinaryEvent,
            '6' => Self::BinaryAck,
            _ => return None,
        })
    }

    /// Whether packets of the type have attachments: at least one, as in socket.io-parser 4.2.7.
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }

    /// Whether packets of the type are an answer and thus need an ack id.
    pub const fn is_ack(self) -> bool {
        matches!(self, Self::Ack | Self::BinaryAck)
    }
}

/// How much of a packet is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most attachments of one packet. Default 10, as in the reference parser.
    pub max_attachments: u32,
    /// Longest namespace in bytes, query included. Default 1,024; the reference parser has no limit.
    pub max_namespace: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_namespace: 1_024,
        }
    }
}

/// Everything before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header<'a> {
    /// What the packet means.
    pub kind: PacketType,
    /// How many binary messages follow: 0 exactly for types that are not binary.
    pub attachments: u32,
    /// The namespace with its query if it has one, `/` by default. Begins with `/` and contains no comma.
    pub namespace: &'a str,
    /// The ack id, up to 2^53-1: asks for an answer in an event, names the event in an ack.
    pub id: Option<u64>,
}

impl<'a> Header<'a> {
    /// A header without attachments and ack id. The namespace `/` is left out on the wire.
    pub const fn new(kind: PacketType, namespace: &'a str) -> Self {
        Self {
            kind,
            attachments: 0,
            namespace,
            id: None,
        }
    }

    /// The namespace without its query: what clients and servers compare.
    pub fn path(&self) -> &'a str {
        self.namespace
            .split_once('?')
            .map_or(self.namespace, |(path, _)| path)
    }

    /// What follows the first `?` of the namespace, as older servers and clients write it.
    pub fn query(&self) -> Option<&'a str> {
        self.namespace.split_once('?').map(|(_, query)| query)
    }

    /// Appends the header. Append the payload's JSON next: it begins with `[`, `{` or `"`, so nothing runs together.
    ///
    /// # Errors
    /// A header that a peer would refuse or read differently. Nothing is appended then.
    pub fn encode(&self, limits: Limits, out: &mut String) -> Result<(), HeaderError> {
        if self.kind.is_binary() != (self.attachments > 0) {
            return Err(HeaderError::Attachments);
        }
        if self.attachments > limits.max_attachments {
            return Err(HeaderError::TooManyAttachments);
        }
        check_namespace(self.namespace, limits)?;
        if !self.namespace.starts_with('/') || self.namespace.contains(',') {
            return Err(HeaderError::Namespace);
        }
        match (self.id, self.kind) {
            (None, PacketType::Ack | PacketType::BinaryAck) => return Err(HeaderError::MissingId),
            (Some(_), PacketType::Connect | PacketType::Disconnect | PacketType::ConnectError) => {
                return Err(HeaderError::UnexpectedId);
            }
            (Some(id), _) if id > MAX_ID => return Err(HeaderError::Id),
            _ => {}
        }
        out.push(self.kind.to_char());
        if self.attachments > 0 {
            push_number(u64::from(self.attachments), out);
            out.push('-');
        }
        if self.namespace != DEFAULT_NAMESPACE {
            out.push_str(self.namespace);
            out.push(',');
        }
        if let Some(id) = self.id {
            push_number(id, out);
        }
        Ok(())
    }

    /// Takes the header off a text message and returns what follows it, unseen: for hosts that check the payload with a
    /// JSON parser of their own. Empty text joins the namespace `/`, as in the reference parser.
    ///
    /// # Errors
    /// A header that the reference parser refuses, or that exceeds `limits`. Close with `parse error`.
    pub fn decode(text: &'a str, limits: Limits) -> Result<(Self, &'a str), HeaderError> {
        let mut chars = text.chars();
        let kind = match chars.next() {
            Some(first) => PacketType::from_char(first).ok_or(HeaderError::UnknownType(first))?,
            None => PacketType::Connect,
        };
        let mut rest = chars.as_str();
        let mut header = Header::new(kind, DEFAULT_NAMESPACE);
        if kind.is_binary() {
            let (digits, behind) = split_digits(rest);
            rest = behind.strip_prefix('-').ok_or(HeaderError::Attachments)?;
            header.attachments = match parse_number(digits) {
                Some(0) => return Err(HeaderError::Attachments),
                None if digits.is_empty() => return Err(HeaderError::Attachments),
                Some(count) if count <= u64::from(limits.max_attachments) => count as u32,
                _ => return Err(HeaderError::TooManyAttachments),
            };
        }
        if rest.starts_with('/') {
            (header.namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            check_namespace(header.namespace, limits)?;
        }
        let (digits, payload) = split_digits(rest);
        if !digits.is_empty() {
            let id = parse_number(digits).filter(|&id| id <= MAX_ID);
            header.id = Some(id.ok_or(HeaderError::Id)?);
        }
        Ok((header, payload))
    }
}

/// A text message taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet<'a> {
    /// What was before the payload.
    pub header: Header<'a>,
    /// The JSON, untouched, empty if there is none. Its outline fits the type (see [`decode`](Self::decode)), but only
    /// a JSON parser knows whether it is well-formed: a failure there is the same `parse error`.
    pub payload: &'a str,
}

impl<'a> Packet<'a> {
    /// Takes a text message apart. Empty text joins the namespace `/`, as in the reference parser.
    ///
    /// The payload's outline is checked as far as one look at its two ends goes: `CONNECT` has an object, `CONNECT_ERROR`
    /// an object or a string, acks an array, events an array that begins with a number or with a string that is not
    /// reserved (`connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener`, `removeListener`), and
    /// `DISCONNECT` has none. Any other type may come without a payload too. Takes time in proportion to the text.
    ///
    /// # Errors
    /// Whatever the reference parser refuses so far, and what exceeds `limits`. Close with `parse error`.
    pub fn decode(text: &'a str, limits: Limits) -> Result<Self, HeaderError> {
        let (header, payload) = Header::decode(text, limits)?;
        if !outline::fits(header.kind, payload) {
            return Err(HeaderError::Payload);
        }
        Ok(Self { header, payload })
    }
}

fn check_namespace(namespace: &str, limits: Limits) -> Result<(), HeaderError> {
    if namespace.len() > limits.max_namespace {
        return Err(HeaderError::NamespaceTooLong);
    }
    Ok(())
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The number that decimal digits mean, `None` without digits or above 2^64-1.
fn parse_number(digits: &str) -> Option<u64> {
    digits.parse().ok()
}

fn push_number(number: u64, out: &mut String) {
    let mut divisor = 1;
    while number / divisor >= 10 {
        divisor *= 10;
    }
    while divisor > 0 {
        out.push(char::from(b'0' + (number / divisor % 10) as u8));
        divisor /= 10;
    }
}

/// Why a packet's header is refused, when read or when written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A type that the protocol does not have.
    #[error("unknown socket.io packet type {0:?}: check that the server speaks socket.io v5")]
    UnknownType(char),
    /// A binary type without a count of attachments before a dash, or a count that does not fit the type.
    #[error("illegal number of attachments: binary packets announce at least one, others none")]
    Attachments,
    /// More attachments than [`Limits::max_attachments`].
    #[error("too many attachments: raise the limit on both sides or send fewer at once")]
    TooManyAttachments,
    /// A namespace that does not begin with a slash or contains a comma.
    #[error("illegal namespace: begin it with a slash and leave out commas")]
    Namespace,
    /// A namespace longer than [`Limits::max_namespace`].
    #[error("namespace too long: raise the limit or shorten it")]
    NamespaceTooLong,
    /// An ack id above 2^53-1.
    #[error("ack id out of range: use integers from 0 to 2^53-1")]
    Id,
    /// An ack that does not say what it answers.
    #[error("ack without id: copy the id of the event that it answers")]
    MissingId,
    /// An ack id in a packet that is neither event nor ack.
    #[error("unexpected ack id: only events and acks have one")]
    UnexpectedId,
    /// A payload that does not fit the packet's type.
    #[error("payload does not fit the packet type: check what the other side sends")]
    Payload,
}
