//! Ready-made message families for location and social front ends.
//!
//! This crate is neither a client nor a server, and it does no I/O: it holds plain serde types that both
//! sides of a wire share, and the bounds that a receiver checks before it believes them.
//!
//! | module | families |
//! |---|---|
//! | [`session`] | hello and welcome, ping and pong, ack, rejected |
//! | [`location`] | viewport subscription, snapshot, positions, left |
//! | [`social`] | post, like, typing, presence, read mark, history |
//! | [`request`] | search, who is, server time: requests and their replies by correlation id |
//! | [`envelope`] | [`ClientMessage`] and [`ServerMessage`]: one enum per direction |
//! | [`bounds`] | [`Check`], [`Valid`], [`Invalid`]: the limits, and the proof that they hold |
//!
//! # Representation on the wire
//!
//! In a human-readable format (JSON, JavaScript values) a message is one flat object with its name in
//! `type`, the form that reads best and that TypeScript narrows as a discriminated union:
//!
//! ```
//! use everwire_messages::{ClientMessage, social::NewPost};
//! let message = ClientMessage::Post(NewPost { id: "p1".into(), text: "hello".into() });
//! let json = serde_json::to_string(&message).unwrap();
//! assert_eq!(json, r#"{"type":"post","id":"p1","text":"hello"}"#);
//! ```
//!
//! A tag inside the object can only be read by a self-describing format, so the binary formats use the
//! enum's own form instead: a variant index in postcard, `{"post": {…}}` in MessagePack. The choice follows
//! [`Serializer::is_human_readable`](serde::Serializer::is_human_readable); all three round-trip.
//!
//! An absent optional field is written as `null`, because leaving it out would make the positions of fields
//! in postcard ambiguous; a reader accepts `null` and a missing field alike. Unknown fields are ignored, so a
//! newer peer may add some; an unknown `type` is an error.
//!
//! # Units
//!
//! Times are milliseconds since the Unix epoch by the clock of the side that the field names, angles are
//! degrees (WGS 84), headings degrees clockwise from north, speeds metres per second.
//!
//! # Features
//!
//! `tsify`: derives TypeScript types and the conversion from and to JavaScript values for wasm32.
#![cfg_attr(not(feature = "tsify"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod bounds;
pub mod envelope;
pub mod location;
pub mod request;
pub mod session;
pub mod social;

pub use bounds::{Check, Invalid, Valid};
pub use envelope::{ClientMessage, ServerMessage};
