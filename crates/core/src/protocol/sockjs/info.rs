//! The answer to `GET base/info`: what the server offers.

use alloc::string::String;
use core::fmt::Write;

use super::text::{read_string, write_string};
use crate::protocol::json::{Malformed, Scanner};

/// Longest answer in bytes; real ones have about 100.
const MAX_LEN: usize = 64 << 10;

/// What a server says about itself. A client uses `websocket` and `base_url`, as sockjs-client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Whether WebSocket may be tried. Default true; only `false` itself says no.
    pub websocket: bool,
    /// Base URL of the transports instead of that of `/info`.
    pub base_url: Option<String>,
    /// Whether a load balancer needs the cookie `JSESSIONID`. Default false.
    pub cookie_needed: bool,
    /// A random number, for clients without a random source. Write a new one into each answer.
    pub entropy: u32,
}

impl Default for Info {
    fn default() -> Self {
        Self {
            websocket: true,
            base_url: None,
            cookie_needed: false,
            entropy: 0,
        }
    }
}

impl Info {
    /// Reads an answer with status 200. Unknown members and members of another type are skipped; of those that come twice
    /// the last counts.
    ///
    /// # Errors
    /// Anything but a JSON object of at most 64 KiB. sockjs-client goes on with the defaults then.
    pub fn parse(text: &str) -> Result<Self, InfoError> {
        if text.len() > MAX_LEN {
            return Err(InfoError);
        }
        let mut info = Self::default();
        let mut json = Scanner::new(text);
        json.expect('{')?;
        let mut more = !json.take('}');
        while more {
            let name = read_string(&mut json)?;
            json.expect(':')?;
            let is_string = json.peek() == Some(b'"');
            match name.as_str() {
                "base_url" if is_string => info.base_url = Some(read_string(&mut json)?),
                "websocket" => info.websocket = json.value()? != "false",
                "cookie_needed" => info.cookie_needed = json.value()? == "true",
                "entropy" => info.entropy = json.value()?.parse().unwrap_or_default(),
                _ => json.skip()?,
            }
            more = json.take(',');
            if !more {
                json.expect('}')?;
            }
        }
        json.peek().map_or(Ok(info), |_| Err(InfoError))
    }

    /// Appends the answer. Serve it as `application/json; charset=UTF-8` and forbid caching.
    pub fn write(&self, out: &mut String) {
        // A String takes everything.
        let _ = write!(
            out,
            r#"{{"websocket":{},"origins":["*:*"],"cookie_needed":{},"entropy":{}"#,
            self.websocket, self.cookie_needed, self.entropy
        );
        if let Some(base_url) = &self.base_url {
            out.push_str(",\"base_url\":");
            write_string(base_url, out);
        }
        out.push('}');
    }
}

/// No answer of a SockJS server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the JSON object of a SockJS server's /info: check the address")]
pub struct InfoError;

impl From<Malformed> for InfoError {
    fn from(Malformed: Malformed) -> Self {
        Self
    }
}
