//! A look at both ends of a payload: enough to refuse what no packet of a type may carry.
//!
//! Source: `isPayloadValid` of socket.io-parser 4.2.7, as far as it goes without a JSON parser.

use super::packet::PacketType;
use crate::protocol::engine_io::json::Scanner;

/// Names of events that the client raises itself; a server that sends one could fake them.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];
/// The longest reserved name with each letter as `\uXXXX`: longer names need no second look.
const LONGEST: usize = 6 * 14;

pub(super) fn fits(kind: PacketType, payload: &str) -> bool {
    if payload.is_empty() {
        return true;
    }
    match kind {
        PacketType::Connect => enclosed(payload, '{', '}'),
        PacketType::Disconnect => false,
        PacketType::ConnectError => enclosed(payload, '{', '}') || enclosed(payload, '"', '"'),
        PacketType::Ack | PacketType::BinaryAck => enclosed(payload, '[', ']'),
        PacketType::Event | PacketType::BinaryEvent => {
            enclosed(payload, '[', ']') && has_event_name(payload)
        }
    }
}

fn enclosed(payload: &str, start: char, end: char) -> bool {
    let white = [' ', '\t', '\n', '\r'];
    payload
        .trim_matches(white)
        .strip_prefix(start)
        .is_some_and(|rest| rest.ends_with(end))
}

fn has_event_name(payload: &str) -> bool {
    let mut json = Scanner::new(payload);
    if !json.take('[') {
        return false;
    }
    match json.peek() {
        // Numbers are names too in the reference parser.
        Some(b'-' | b'0'..=b'9') => true,
        Some(b'"') => {
            let mut name = json;
            match json.raw_string() {
                Err(_) => false,
                Ok(raw) if raw.contains('\\') && raw.len() <= LONGEST => {
                    // Without a Rust form because of a lone surrogate: then it is no reserved name.
                    name.string()
                        .map_or(true, |name| !RESERVED.contains(&name.as_str()))
                }
                Ok(raw) => !RESERVED.contains(&raw),
            }
        }
        _ => false,
    }
}
