//! MessagePack: binary, and readable for every language.

use alloc::{string::ToString, vec::Vec};

use serde::{Serialize, de::DeserializeOwned};

use super::{Decode, DecodeError, Encode, EncodeError, Frame, MsgPack};

const NAME: &str = "msgpack";
/// Deepest nesting that is read, as in `serde_json`. The library's own 1,024 overflows the 1 MiB stack of a wasm module.
const MAX_DEPTH: usize = 128;

impl<T: Serialize + ?Sized> Encode<T> for MsgPack {
    fn encode(&self, value: &T) -> Result<Frame, EncodeError> {
        // With field names: positional structs, the library's default, are unreadable for JavaScript peers.
        rmp_serde::to_vec_named(value)
            .map(Frame::Binary)
            .map_err(|error| EncodeError::new(NAME, error.to_string()))
    }

    /// A MessagePack array: fixarray, array 16 or array 32.
    fn join(&self, frames: &[&Frame]) -> Option<Frame> {
        let count = u32::try_from(frames.len()).ok()?;
        let mut bytes =
            Vec::with_capacity(frames.iter().map(|frame| frame.len()).sum::<usize>() + 5);
        match count {
            0..=15 => bytes.push(0x90 | count as u8),
            16..=0xffff => {
                bytes.push(0xdc);
                bytes.extend_from_slice(&(count as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0xdd);
                bytes.extend_from_slice(&count.to_be_bytes());
            }
        }
        for frame in frames {
            bytes.extend_from_slice(frame.as_bytes());
        }
        Some(Frame::Binary(bytes))
    }
}

impl<T: DeserializeOwned> Decode<T> for MsgPack {
    fn decode(&self, frame: Frame) -> Result<T, DecodeError> {
        let Frame::Binary(bytes) = &frame else {
            return Err(DecodeError::new(NAME, "expected binary", frame));
        };
        let mut rest = bytes.as_slice();
        let mut deserializer = rmp_serde::Deserializer::new(&mut rest);
        deserializer.set_max_depth(MAX_DEPTH);
        match T::deserialize(&mut deserializer) {
            Ok(value) if rest.is_empty() => Ok(value),
            Ok(_) => {
                let reason = alloc::format!("{} bytes left over", rest.len());
                Err(DecodeError::new(NAME, reason, frame))
            }
            Err(error) => Err(DecodeError::new(NAME, error.to_string(), frame)),
        }
    }
}
