//! postcard: no field names and no types on the wire, so the smallest frames between Rust and Rust.

use alloc::{string::ToString, vec::Vec};

use serde::{Serialize, de::DeserializeOwned};

use super::{Decode, DecodeError, Encode, EncodeError, Frame, Postcard};

const NAME: &str = "postcard";

impl<T: Serialize + ?Sized> Encode<T> for Postcard {
    fn encode(&self, value: &T) -> Result<Frame, EncodeError> {
        postcard::to_allocvec(value)
            .map(Frame::Binary)
            .map_err(|error| EncodeError::new(NAME, error.to_string()))
    }

    /// A sequence: its length as a varint, then the elements, as `Vec<T>` is written.
    fn join(&self, frames: &[&Frame]) -> Option<Frame> {
        let mut bytes: Vec<u8> = postcard::to_allocvec(&frames.len()).ok()?;
        for frame in frames {
            bytes.extend_from_slice(frame.as_bytes());
        }
        Some(Frame::Binary(bytes))
    }
}

impl<T: DeserializeOwned> Decode<T> for Postcard {
    fn decode(&self, frame: Frame) -> Result<T, DecodeError> {
        let Frame::Binary(bytes) = &frame else {
            return Err(DecodeError::new(NAME, "expected binary", frame));
        };
        // postcard itself ignores what follows; left-over bytes mean that the two ends disagree about the type.
        match postcard::take_from_bytes(bytes) {
            Ok((value, [])) => Ok(value),
            Ok((_, rest)) => {
                let reason = alloc::format!("{} bytes left over", rest.len());
                Err(DecodeError::new(NAME, reason, frame))
            }
            Err(error) => Err(DecodeError::new(NAME, error.to_string(), frame)),
        }
    }
}
