//! Base64 as binary messages use it where only text can be carried.
//!
//! The standard alphabet of RFC 4648 section 4. Writing pads; reading accepts both, because servers differ, but nothing
//! else: the reference client decodes damaged text to garbage, and an application would never learn of it.

use alloc::{string::String, vec::Vec};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Marks bytes outside of the alphabet in [`VALUES`].
const NONE: u8 = 0xff;
const VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing)] // Evaluated at compile time: an index out of range would not compile.
const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// Characters that [`encode_base64`] writes for `bytes` bytes: four for each three begun.
pub(super) const fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Appends `bytes` in base64 with padding (RFC 4648 section 4).
pub fn encode_base64(bytes: &[u8], out: &mut String) {
    out.reserve(encoded_len(bytes.len()));
    for chunk in bytes.chunks(3) {
        let mut bits = 0u32;
        for index in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let sextet = (bits >> (18 - 6 * index)) as usize & 0x3f;
            let digit = ALPHABET.get(sextet).copied().unwrap_or(b'=');
            out.push(char::from(if index <= chunk.len() { digit } else { b'=' }));
        }
    }
}

/// Reads base64, padded or not (RFC 4648 section 4).
///
/// # Errors
/// A character outside of the alphabet, a length that no input has, wrong padding, or bits behind the last byte.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let digits = match text.strip_suffix('=') {
        Some(rest) if text.len().is_multiple_of(4) => rest.strip_suffix('=').unwrap_or(rest),
        Some(_) => return Err(Base64Error),
        None => text,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for digit in chunk {
            let value = VALUES.get(usize::from(*digit)).copied().unwrap_or(NONE);
            if value == NONE {
                return Err(Base64Error);
            }
            bits = bits << 6 | u32::from(value);
        }
        // Left over: 4 bits of two digits, 2 bits of three. One digit alone is not even a byte.
        let [_, a, b, c] = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
        match (chunk.len(), b, c) {
            (4, ..) => bytes.extend_from_slice(&[a, b, c]),
            (3, _, 0) => bytes.extend_from_slice(&[a, b]),
            (2, 0, 0) => bytes.push(a),
            _ => return Err(Base64Error),
        }
    }
    Ok(bytes)
}

/// Text that is not base64. Treat it as an undecodable packet and close the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64: check what the server or a proxy does to binary messages")]
pub struct Base64Error;
