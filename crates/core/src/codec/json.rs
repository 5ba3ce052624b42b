//! JSON: the default, readable in every developer tool.

use alloc::string::{String, ToString};

use serde::{Serialize, de::DeserializeOwned};

use super::{Decode, DecodeError, Encode, EncodeError, Frame, Json};

const NAME: &str = "json";

impl<T: Serialize + ?Sized> Encode<T> for Json {
    fn encode(&self, value: &T) -> Result<Frame, EncodeError> {
        serde_json::to_string(value)
            .map(Frame::Text)
            .map_err(|error| EncodeError::new(NAME, error.to_string()))
    }

    /// A JSON array.
    fn join(&self, frames: &[&Frame]) -> Option<Frame> {
        let mut text = String::with_capacity(frames.iter().map(|frame| frame.len() + 1).sum());
        text.push('[');
        for (index, frame) in frames.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(frame.as_text()?);
        }
        text.push(']');
        Some(Frame::Text(text))
    }
}

impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(&self, frame: Frame) -> Result<T, DecodeError> {
        let decoded = match &frame {
            Frame::Text(text) => serde_json::from_str(text),
            Frame::Binary(bytes) => serde_json::from_slice(bytes),
        };
        decoded.map_err(|error| DecodeError::new(NAME, error.to_string(), frame))
    }
}
