//! Requests and their replies, matched by a correlation id that the client makes.
//!
//! A request that fails is answered by [`Rejected`](crate::session::Rejected) with the same id.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    bounds::{self, Check, Invalid},
    location::Position,
    social::Post,
};

/// Looks for posts and moving things. Answered by [`Found`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// Correlation id.
    pub id: String,
    /// Text to look for, 1 to 80 characters; letter case does not matter.
    pub query: String,
}

impl Check for Search {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)?;
        bounds::line("query", &self.query, bounds::MAX_QUERY_CHARS)
    }
}

/// Reply to [`Search`]: at most 20 of each, newest posts first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Correlation id.
    pub id: String,
    /// Posts of the room whose text or author's name holds the query.
    pub posts: Vec<Post>,
    /// Moving things whose id holds the query, wherever they are.
    pub positions: Vec<Position>,
}

/// Asks about a user of the room. Answered by [`Profile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct WhoIs {
    /// Correlation id.
    pub id: String,
    /// Id of the user.
    pub user: String,
}

impl Check for WhoIs {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)?;
        bounds::id("user", &self.user)
    }
}

/// Reply to [`WhoIs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Correlation id.
    pub id: String,
    /// Id of the user.
    pub user: String,
    /// Name last used.
    pub name: String,
    /// Whether the user is present.
    pub online: bool,
    /// How many posts of the user the room's feed holds.
    pub posts: u64,
}

/// Asks for the server's clock. Answered by [`ServerTime`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct AskTime {
    /// Correlation id.
    pub id: String,
}

impl Check for AskTime {
    fn check(&self) -> Result<(), Invalid> {
        bounds::id("id", &self.id)
    }
}

/// Reply to [`AskTime`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ServerTime {
    /// Correlation id.
    pub id: String,
    /// Server clock, ms since the Unix epoch.
    pub server_time: u64,
}
