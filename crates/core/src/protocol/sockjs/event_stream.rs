//! Frames as server-sent events: `data: FRAME`, CR LF, CR LF.
//!
//! A frame is one line, so CR, LF, NUL and `%` itself are percent-escaped, and nothing else may be undone: a general
//! decoder fails at a stray `%80` or damages it.

use alloc::{borrow::Cow, string::String};

const ESCAPES: [(&str, char); 4] = [("25", '%'), ("0D", '\r'), ("0A", '\n'), ("00", '\0')];

/// Appends `frame` as an event.
pub fn write_event(frame: &str, out: &mut String) {
    out.push_str("data: ");
    for char in frame.chars() {
        match ESCAPES.into_iter().find(|(_, escaped)| *escaped == char) {
            Some((code, _)) => {
                out.push('%');
                out.push_str(code);
            }
            None => out.push(char),
        }
    }
    out.push_str("\r\n\r\n");
}

/// The frame in a line of an event stream, `None` for lines without data. Servers write the space behind the colon or
/// not, and escape in upper or lower case.
pub fn event_data(line: &str) -> Option<Cow<'_, str>> {
    let data = line.strip_prefix("data:")?;
    let data = data.strip_prefix(' ').unwrap_or(data);
    if !data.contains('%') {
        return Some(Cow::Borrowed(data));
    }
    let mut text = String::with_capacity(data.len());
    let mut parts = data.split('%');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let code = part.get(..2).unwrap_or_default();
        match ESCAPES
            .into_iter()
            .find(|(escape, _)| escape.eq_ignore_ascii_case(code))
        {
            Some((_, char)) => {
                text.push(char);
                text.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                text.push('%');
                text.push_str(part);
            }
        }
    }
    Some(Cow::Owned(text))
}
