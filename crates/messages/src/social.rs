//! The social family: posts, likes, typing, presence, read marks, and the history that closes gaps.
//!
//! Posts and likes are events of one sequence per room: `seq` rises by one from event to event, so a receiver
//! that sees a jump knows that it missed something and asks with [`Replay`].

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::bounds::{self, Check, Invalid};

/// A post to publish. Answered by [`Ack`](crate::session::Ack) once it is stored; safe to send again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct NewPost {
    /// Id made by the client, unique (a UUID is best): the key of deduplication and of the ack.
    pub id: String,
    /// The text, 1 to 2000 characters, not only white space.
    pub text: String,
}

impl Check for NewPost {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)?;
        bounds::text("text", &self.text, bounds::MAX_TEXT_CHARS)
    }
}

/// A post as the feed holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// Place in the room's sequence, from 1.
    pub seq: u64,
    /// The author's id for it.
    pub id: String,
    /// Who wrote it.
    pub user: String,
    /// The author's name at that time.
    pub name: String,
    /// The text.
    pub text: String,
    /// When it was stored: server clock, ms since the Unix epoch.
    pub at: u64,
    /// All likes so far.
    pub likes: u64,
}

/// Likes to add to a post. Counts of one post add up, so a sender may merge several into one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Like {
    /// Id made by the client, unique: the key of deduplication and of the ack.
    pub id: String,
    /// Id of the post.
    pub post: String,
    /// How many likes to add, 1 to 100.
    pub count: u32,
}

impl Check for Like {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)?;
        bounds::id("post", &self.post)?;
        bounds::range(
            "count",
            f64::from(self.count),
            1.0,
            f64::from(bounds::MAX_LIKE_COUNT),
        )
    }
}

/// A post has more likes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Liked {
    /// Place in the room's sequence.
    pub seq: u64,
    /// Id of the like that did it.
    pub id: String,
    /// Id of the post.
    pub post: String,
    /// Who liked it.
    pub user: String,
    /// All likes of the post now: absolute, so an event seen twice does no harm.
    pub likes: u64,
}

/// The client's user is typing, or has stopped. Refresh it at least every 4 s while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct OwnTyping {
    /// True while typing.
    pub active: bool,
}

impl Check for OwnTyping {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// Another user is typing, or has stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// Who.
    pub user: String,
    /// The name to show.
    pub name: String,
    /// True while typing.
    pub active: bool,
}

/// Whether a user is there. Going offline is told after a grace period, so that a reconnect does not flicker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Who.
    pub user: String,
    /// The name to show.
    pub name: String,
    /// True if at least one client of the user is connected, or was until just now.
    pub online: bool,
}

/// How far the client's user has read. Never goes back; send it with debounce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct OwnReadMark {
    /// Sequence number of the last event read.
    pub seq: u64,
}

impl Check for OwnReadMark {
    fn check(&self) -> Result<(), Invalid> {
        bounds::safe_integer("seq", self.seq)
    }
}

/// How far a user has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ReadMark {
    /// Who.
    pub user: String,
    /// Sequence number of the last event read.
    pub seq: u64,
}

/// Asks for the events after `since`: the answer to a jump in `seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// Correlation id, comes back in [`History`].
    pub id: String,
    /// Last sequence number seen without a gap.
    pub since: u64,
}

impl Check for Replay {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)?;
        bounds::safe_integer("since", self.since)
    }
}

/// Part of the feed: after a welcome, or the reply to [`Replay`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Correlation id of the [`Replay`], none after a welcome.
    pub id: Option<String>,
    /// Newest sequence number that this brings the client to.
    pub seq: u64,
    /// True if nothing is missing between what the client had seen and `seq`.
    pub recovered: bool,
    /// True if this replaces what the client knew (first visit, or a gap too old to fill), false if it adds to it.
    pub snapshot: bool,
    /// Posts, oldest first, with their likes as of now.
    pub posts: Vec<Post>,
    /// Posts from before that were liked meanwhile, with their likes as of now.
    pub likes: Vec<Liked>,
}
