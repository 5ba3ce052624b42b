//! Typed messages to frames and back.
//!
//! A codec is a marker value ([`Json`], [`Postcard`], [`MsgPack`], [`Raw`]) that implements [`Encode`] for what it can
//! write and [`Decode`] for what it can read. Implement the traits for a type of your own to bring another format.
//!
//! What arrives is hostile until proven otherwise: decoding never panics, and a [`DecodeError`] keeps the frame, so that
//! an application can log or re-interpret what it could not read.

mod frame;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "postcard")]
mod postcard;
#[cfg(all(test, feature = "json", feature = "postcard", feature = "msgpack"))]
mod tests;

use alloc::string::String;

pub use frame::Frame;

/// JSON text frames through `serde_json`; feature `json`. Reads binary frames too, as UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json;

/// Binary frames in the [postcard](https://postcard.jamesmunns.com) format: the smallest on the wire, and both ends must
/// share the Rust types; feature `postcard`.
///
/// The format has no depth limit of its own: do not decode recursive types from peers that you do not trust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Postcard;

/// Binary frames in [MessagePack](https://msgpack.org), structs as maps with field names, as other languages write and
/// read them; feature `msgpack`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MsgPack;

/// No conversion: messages are [`Frame`]s, or `String`s for text only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw;

/// Writes values of type `T` as frames.
pub trait Encode<T: ?Sized> {
    /// One value as one frame.
    ///
    /// # Errors
    /// When the value has no representation in the format, for example a map with keys that are not strings in JSON.
    fn encode(&self, value: &T) -> Result<Frame, EncodeError>;

    /// Several encoded values as one frame that reads back as a list, or `None` if the format has no container. Only
    /// formats with one can carry a batch policy.
    fn join(&self, frames: &[&Frame]) -> Option<Frame> {
        let _ = frames;
        None
    }
}

/// Reads values of type `T` from frames.
pub trait Decode<T> {
    /// One frame as one value.
    ///
    /// # Errors
    /// When the frame is of the wrong kind, is malformed, does not match the type, or has bytes left over. The error
    /// contains the frame.
    fn decode(&self, frame: Frame) -> Result<T, DecodeError>;
}

/// A value that a codec could not write. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{codec} cannot encode the message: {reason}")]
#[non_exhaustive]
pub struct EncodeError {
    /// Name of the format.
    pub codec: &'static str,
    /// What the format's library says.
    pub reason: String,
}

impl EncodeError {
    /// An error of the format `codec`.
    pub fn new(codec: &'static str, reason: impl Into<String>) -> Self {
        Self {
            codec,
            reason: reason.into(),
        }
    }
}

/// A frame that a codec could not read, with the frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{codec} cannot decode the {} frame of {} bytes: {reason}", .frame.kind(), .frame.len())]
#[non_exhaustive]
pub struct DecodeError {
    /// Name of the format.
    pub codec: &'static str,
    /// What the format's library says.
    pub reason: String,
    /// The frame as it arrived.
    pub frame: Frame,
}

impl DecodeError {
    /// An error of the format `codec` about `frame`.
    pub fn new(codec: &'static str, reason: impl Into<String>, frame: Frame) -> Self {
        Self {
            codec,
            reason: reason.into(),
            frame,
        }
    }
}

impl Encode<Frame> for Raw {
    fn encode(&self, value: &Frame) -> Result<Frame, EncodeError> {
        Ok(value.clone())
    }
}

impl Decode<Frame> for Raw {
    fn decode(&self, frame: Frame) -> Result<Frame, DecodeError> {
        Ok(frame)
    }
}

impl Encode<String> for Raw {
    fn encode(&self, value: &String) -> Result<Frame, EncodeError> {
        Ok(Frame::Text(value.clone()))
    }
}

impl Decode<String> for Raw {
    fn decode(&self, frame: Frame) -> Result<String, DecodeError> {
        match frame {
            Frame::Text(text) => Ok(text),
            frame @ Frame::Binary(_) => Err(DecodeError::new("text", "expected text", frame)),
        }
    }
}
