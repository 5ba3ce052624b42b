//! JSON strings of messages.

use alloc::string::String;

use crate::protocol::json::{Malformed, Scanner, hex4};

/// Appends `text` as a JSON string (RFC 8259 section 7).
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // sockjs-client hands these on; some proxies and old parsers take them for line ends.
            '\0'..' ' | '\u{2028}' | '\u{2029}' => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    let digit = u32::from(char) >> shift & 0xf;
                    out.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}

/// Takes a JSON string. Half a surrogate pair, which JavaScript strings may hold, becomes U+FFFD: the user who cut an
/// emoji in two shall not lose the connection.
pub(super) fn read_string(json: &mut Scanner<'_>) -> Result<String, Malformed> {
    let raw = json.raw_string()?;
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        out.push(match chars.next().ok_or(Malformed)? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (first, mut behind) = hex4(chars.as_str())?;
                let low = behind.strip_prefix("\\u").map(hex4).transpose()?;
                let char = match (first, low) {
                    (0xd800..0xdc00, Some((low @ 0xdc00..0xe000, after))) => {
                        behind = after;
                        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00))
                    }
                    _ => char::from_u32(first),
                };
                chars = behind.chars();
                char.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(Malformed),
        });
        rest = chars.as_str();
    }
    out.push_str(rest);
    Ok(out)
}
