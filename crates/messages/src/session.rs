//! The session family: who is there, is the link alive, was a message taken.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    bounds::{self, Check, Invalid},
    social::{Presence, ReadMark},
};

/// First message of a client on every connection. Repeating it is harmless: the server answers again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Id of the user, chosen by the client and kept over reconnects; 1 to 64 visible ASCII characters.
    pub user: String,
    /// Name to show to others, 1 to 40 characters.
    pub name: String,
    /// Epoch from the last [`Welcome`], none on the first visit.
    pub epoch: Option<String>,
    /// Last sequence number of the feed that this client has seen, none on the first visit.
    pub last_seq: Option<u64>,
}

impl Check for Hello {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("user", &self.user)?;
        bounds::name(&self.name)?;
        bounds::optional(self.epoch.as_deref(), |epoch| bounds::id("epoch", epoch))?;
        bounds::optional(self.last_seq, |seq| bounds::safe_integer("lastSeq", seq))
    }
}

/// Answer to [`Hello`]; a [`History`](crate::social::History) follows at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// Id of this client: the one in the url's `client` parameter, else made by the server.
    pub client: String,
    /// The user, as in [`Hello`].
    pub user: String,
    /// Name of the room that was joined.
    pub room: String,
    /// Identity of the feed's sequence; another epoch means that sequence numbers are not comparable.
    pub epoch: String,
    /// Newest sequence number of the feed, 0 if it is empty.
    pub seq: u64,
    /// Server clock, ms since the Unix epoch.
    pub server_time: u64,
    /// Who is present in the room, this user included.
    pub present: Vec<Presence>,
    /// How far each user has read.
    pub reads: Vec<ReadMark>,
}

/// Proof of life asked by a client; a browser cannot see protocol pings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// Any number of the client's, usually its clock in ms; comes back in [`Pong`]. Finite.
    pub at: f64,
}

impl Check for Ping {
    fn check(&self) -> Result<(), Invalid> {
        bounds::range("at", self.at, 0.0, bounds::MAX_SAFE_INTEGER as f64)
    }
}

/// Answer to [`Ping`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// The ping's `at`, unchanged.
    pub at: f64,
    /// Server clock, ms since the Unix epoch: with `at`, an estimate of the clock offset.
    pub server_time: u64,
    /// Newest sequence number of the room's feed: greater than the last one seen means that an event was
    /// missed, see [`Replay`](crate::social::Replay).
    pub seq: u64,
}

/// The message with this id took effect and is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Ack {
    /// Id of the acknowledged message.
    pub id: String,
    /// Sequence number that its effect has in the feed.
    pub seq: u64,
    /// True if the id was known already: the message had taken effect before, and did not again.
    pub duplicate: bool,
}

/// A message that was not taken; the link stays up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// Id of the refused message, if it had a readable one.
    pub id: Option<String>,
    /// The class of the reason, stable.
    pub reason: Reason,
    /// What to do about it, in lower-case English, not stable.
    pub message: String,
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Reason {
    /// Not a JSON object, or a field is missing or of the wrong type. Sending it again is useless.
    Malformed,
    /// The message's `type` is not known. Sending it again is useless.
    UnknownType,
    /// A field is out of its bounds. Sending it again is useless.
    Invalid,
    /// Something else than hello or ping came before hello. Say hello, then send it again.
    HelloRequired,
    /// Too many messages in too short a time. Send it again later.
    RateLimited,
    /// The id is in use by another user. Send it again under a new id.
    IdTaken,
    /// The post, user or other thing that the message names does not exist.
    NotFound,
    /// The server could not store it. Send it again later, under the same id.
    Storage,
}
