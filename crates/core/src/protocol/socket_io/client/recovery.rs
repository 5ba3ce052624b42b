//! Connection state recovery: what the client remembers of a session, and how it asks for it back.
//!
//! Source: Socket.IO 4.6 and later. The reply to CONNECT may have a `pid`; then each event without an ack id ends in a string,
//! its offset. The next CONNECT sends both, and the server answers with the same `pid` if it could restore the session.
//! Strings are kept as they are written in JSON and never resolved: they are only compared and sent back.

use alloc::string::String;

use crate::protocol::json::{Malformed, Scanner};

/// Longest id or offset in bytes that is remembered; real ones have about 20.
const MAX_TOKEN: usize = 1_024;

/// What is known of the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recovery {
    pid: Option<String>,
    offset: Option<String>,
}

/// A reply to CONNECT.
pub(super) struct Reply {
    pub(super) recovered: bool,
    pub(super) sid: String,
}

impl Recovery {
    /// The payload of CONNECT: pid and offset, then the members of `auth`, which is a JSON object or empty.
    pub(super) fn connect(&self, auth: &str, out: &mut String) {
        let (Some(pid), Some(offset)) = (&self.pid, &self.offset) else {
            out.push_str(auth);
            return;
        };
        out.push_str("{\"pid\":\"");
        out.push_str(pid);
        out.push_str("\",\"offset\":\"");
        out.push_str(offset);
        out.push('"');
        let members = auth.trim().strip_prefix('{').unwrap_or("}");
        if members.trim() != "}" {
            out.push(',');
        }
        out.push_str(members);
    }

    /// Reads the reply to CONNECT. `None` if it has no session id: the server speaks an older protocol.
    pub(super) fn connected(&mut self, payload: &str) -> Result<Option<Reply>, Malformed> {
        let (mut sid, mut pid) = (None, None);
        if !payload.is_empty() {
            let mut json = Scanner::new(payload);
            json.expect('{')?;
            let mut more = !json.take('}');
            while more {
                let name = json.string()?;
                json.expect(':')?;
                match name.as_str() {
                    "sid" if json.peek() == Some(b'"') => sid = Some(token(&mut json)?),
                    "pid" if json.peek() == Some(b'"') => pid = Some(token(&mut json)?),
                    _ => json.skip()?,
                }
                more = json.take(',');
                if !more {
                    json.expect('}')?;
                }
            }
        }
        let Some(sid) = sid else {
            return Ok(None);
        };
        let recovered = pid.is_some() && pid == self.pid.as_deref();
        if !recovered {
            // The offset belongs to the session that is gone.
            self.offset = None;
            self.pid = pid.map(String::from);
        }
        Ok(Some(Reply {
            recovered,
            sid: String::from(sid),
        }))
    }

    /// Remembers the offset of an event that asks for no ack.
    pub(super) fn received(&mut self, payload: &str) {
        if self.pid.is_some()
            && let Some(offset) = last_string(payload)
        {
            self.offset = Some(String::from(offset));
        }
    }
}

fn token<'a>(json: &mut Scanner<'a>) -> Result<&'a str, Malformed> {
    let raw = json.raw_string()?;
    (raw.len() <= MAX_TOKEN).then_some(raw).ok_or(Malformed)
}

/// The last element of an array if it is a string behind another element, as it is written. Found from the end, because
/// everything in between need not be looked at.
fn last_string(array: &str) -> Option<&str> {
    let white = [' ', '\t', '\n', '\r'];
    let inner = array
        .trim_end_matches(white)
        .strip_suffix(']')?
        .trim_end_matches(white)
        .strip_suffix('"')?;
    let mut end = inner.len();
    loop {
        let quote = inner.get(..end)?.rfind('"')?;
        let before = inner.get(..quote)?;
        let backslashes = before.bytes().rev().take_while(|b| *b == b'\\').count();
        // Within a string each quote is escaped, so the first one that is not begins it.
        if backslashes % 2 == 0 {
            let text = inner.get(quote + 1..)?;
            let is_behind_another = before.trim_end_matches(white).ends_with(',');
            return (is_behind_another && text.len() <= MAX_TOKEN).then_some(text);
        }
        end = quote;
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn the_last_string_of_an_array_is_found_from_its_end() {
        assert_eq!(last_string(r#"["ev",1,"abc"]"#), Some("abc"));
        assert_eq!(last_string(r#"[ "ev" , "a\"b" ] "#), Some(r#"a\"b"#));
        assert_eq!(last_string(r#"["ev","a\\"]"#), Some(r"a\\"));
        assert_eq!(last_string(r#"["ev","",""]"#), Some(""));
        assert_eq!(last_string(r#"["ev"]"#), None);
        assert_eq!(last_string(r#"["ev",{"a":"b"}]"#), None);
        assert_eq!(last_string(r#"["ev",["b"]]"#), None);
        assert_eq!(last_string(r#""]"#), None);
        assert_eq!(last_string(""), None);
    }

    #[test]
    fn auth_follows_what_is_asked_back() {
        let recovery = Recovery {
            pid: Some("p".into()),
            offset: Some("o".into()),
        };
        for (auth, expected) in [
            ("", r#"{"pid":"p","offset":"o"}"#),
            ("{ }", r#"{"pid":"p","offset":"o" }"#),
            (r#"{"token":1}"#, r#"{"pid":"p","offset":"o","token":1}"#),
        ] {
            let mut out = String::new();
            recovery.connect(auth, &mut out);
            assert_eq!(out, expected);
        }
        let mut out = String::new();
        Recovery::default().connect(r#"{"token":1}"#, &mut out);
        assert_eq!(out, r#"{"token":1}"#);
    }
}
