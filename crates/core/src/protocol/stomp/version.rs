//! Protocol versions and how both ends agree on one.

use alloc::string::String;

use super::Escapes;

/// A STOMP version, older ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.0: no heart-beats, no `NACK`, no escapes.
    V1_0,
    /// 1.1
    V1_1,
    /// 1.2
    V1_2,
}

impl Version {
    /// All versions in the order in which clients offer them: the newest first.
    pub const ALL: [Self; 3] = [Self::V1_2, Self::V1_1, Self::V1_0];

    /// The version of this name, `"1.2"` for example. `None` for a version that does not exist.
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim_ascii() {
            "1.0" => Some(Self::V1_0),
            "1.1" => Some(Self::V1_1),
            "1.2" => Some(Self::V1_2),
            _ => None,
        }
    }

    /// The name in `version` and `accept-version` headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }

    /// The WebSocket subprotocol. Informative only: RabbitMQ picks `v12.stomp` where `CONNECT` leads to 1.1.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::V1_0 => "v10.stomp",
            Self::V1_1 => "v11.stomp",
            Self::V1_2 => "v12.stomp",
        }
    }

    /// How headers are escaped once this version is agreed.
    pub const fn escapes(self) -> Escapes {
        match self {
            Self::V1_0 => Escapes::None,
            Self::V1_1 => Escapes::V1_1,
            Self::V1_2 => Escapes::V1_2,
        }
    }

    /// The server's choice: the highest of `supported` in the client's `accept-version` header. Without the header the
    /// client speaks 1.0 only. `None` if there is no common one: answer with `ERROR` and a `version` header that lists
    /// `supported`, then close.
    pub fn negotiate(accept_version: Option<&str>, supported: &[Self]) -> Option<Self> {
        accept_version
            .unwrap_or(Self::V1_0.as_str())
            .split(',')
            .filter_map(Self::parse)
            .filter(|version| supported.contains(version))
            .max()
    }

    /// What the client makes of the `version` header of `CONNECTED`; without the header it is 1.0. `None` if the server
    /// chose what was not offered: close the connection.
    pub fn accepted(version: Option<&str>, offered: &[Self]) -> Option<Self> {
        Self::parse(version.unwrap_or(Self::V1_0.as_str()))
            .filter(|version| offered.contains(version))
    }
}

/// The value of an `accept-version` header, or of the `version` header of an `ERROR`: `versions` in their order, joined by
/// commas.
pub fn accept_version(versions: &[Version]) -> String {
    let mut list = String::with_capacity(4 * versions.len());
    for version in versions {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(version.as_str());
    }
    list
}
