//! One enum per direction, flat in readable formats and indexed in binary ones; see the crate's docs.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    bounds::{Check, Invalid},
    location::{Left, OwnPosition, Positions, Snapshot, Viewport},
    request::{AskTime, Found, Profile, Search, ServerTime, WhoIs},
    session::{Ack, Hello, Ping, Pong, Rejected, Welcome},
    social::{
        History, Like, Liked, NewPost, OwnReadMark, OwnTyping, Post, Presence, ReadMark, Replay,
        Typing,
    },
};

/// Declares an enum of messages with both of its representations.
///
/// The two mirrors are serde "remote" definitions: they read and write the public enum itself, so nothing is
/// converted between types, and a variant missing in one does not compile.
macro_rules! messages {
    (
        $(#[$meta:meta])*
        $name:ident = $path:literal { $( $(#[$doc:meta])* $variant:ident($payload:ty), )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(
            feature = "tsify",
            derive(tsify::Tsify),
            serde(tag = "type", rename_all = "camelCase")
        )]
        pub enum $name {
            $( $(#[$doc])* $variant($payload), )*
        }

        const _: () = {
            #[derive(Serialize, Deserialize)]
            #[serde(remote = $path, tag = "type", rename_all = "camelCase")]
            enum Flat { $( $variant($payload), )* }

            #[derive(Serialize, Deserialize)]
            #[serde(remote = $path, rename_all = "camelCase")]
            enum Indexed { $( $variant($payload), )* }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    if serializer.is_human_readable() {
                        Flat::serialize(self, serializer)
                    } else {
                        Indexed::serialize(self, serializer)
                    }
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    if deserializer.is_human_readable() {
                        Flat::deserialize(deserializer)
                    } else {
                        Indexed::deserialize(deserializer)
                    }
                }
            }
        };

        $(
            impl From<$payload> for $name {
                fn from(message: $payload) -> Self {
                    Self::$variant(message)
                }
            }
        )*
    };
}

messages! {
    /// What a client sends.
    ///
    /// Exhaustive on purpose: a new message is a change that every server must decide about.
    ClientMessage = "ClientMessage" {
        /// First message of a connection.
        Hello(Hello),
        /// Asks for proof of life.
        Ping(Ping),
        /// Publishes a post.
        Post(NewPost),
        /// Adds likes to a post.
        Like(Like),
        /// The user types, or has stopped.
        Typing(OwnTyping),
        /// How far the user has read.
        Read(OwnReadMark),
        /// Asks for missed events.
        Replay(Replay),
        /// The area to watch.
        Viewport(Viewport),
        /// The user's own position.
        Position(OwnPosition),
        /// Looks for posts and moving things.
        Search(Search),
        /// Asks about a user.
        WhoIs(WhoIs),
        /// Asks for the server's clock.
        Time(AskTime),
    }
}

messages! {
    /// What a server sends.
    ///
    /// Exhaustive on purpose: a new message is a change that every client must decide about.
    ServerMessage = "ServerMessage" {
        /// Answer to hello.
        Welcome(Welcome),
        /// Part of the feed.
        History(History),
        /// A post or like is stored.
        Ack(Ack),
        /// A message was refused.
        Rejected(Rejected),
        /// Answer to ping.
        Pong(Pong),
        /// A new post, sent to its author as well.
        Posted(Post),
        /// A post has more likes.
        Liked(Liked),
        /// Another user types, or has stopped.
        Typing(Typing),
        /// A user came, went or changed name.
        Presence(Presence),
        /// A user has read on.
        Read(ReadMark),
        /// Everything in a new viewport.
        Snapshot(Snapshot),
        /// Newer positions.
        Positions(Positions),
        /// Things that left the viewport.
        Left(Left),
        /// Reply to search.
        Found(Found),
        /// Reply to who is.
        Profile(Profile),
        /// Reply to time.
        Time(ServerTime),
    }
}

impl Check for ClientMessage {
    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Hello(message) => message.check(),
            Self::Ping(message) => message.check(),
            Self::Post(message) => message.check(),
            Self::Like(message) => message.check(),
            Self::Typing(message) => message.check(),
            Self::Read(message) => message.check(),
            Self::Replay(message) => message.check(),
            Self::Viewport(message) => message.check(),
            Self::Position(message) => message.check(),
            Self::Search(message) => message.check(),
            Self::WhoIs(message) => message.check(),
            Self::Time(message) => message.check(),
        }
    }
}
