//! Frames in a stream of text: one per line, in pieces of any size.

use alloc::string::String;
use core::mem;

/// Longest line in bytes, 16 MiB; the same limit holds for one message on a WebSocket.
pub const MAX_LINE: usize = 16 << 20;

/// Takes lines out of a stream. What is behind the last line end waits for the rest.
#[derive(Clone, Debug)]
pub struct Lines {
    begun: String,
    max: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new(MAX_LINE)
    }
}

impl Lines {
    /// Takes lines of up to `max` bytes.
    pub const fn new(max: usize) -> Self {
        Self {
            begun: String::new(),
            max,
        }
    }

    /// Takes a piece of the stream and gives each complete line to `line`, without its LF or CR LF. Empty ones are skipped.
    ///
    /// # Errors
    /// A line longer than the maximum. Close with 1009; lines before it were given.
    pub fn push(&mut self, piece: &str, mut line: impl FnMut(&str)) -> Result<(), LineTooLong> {
        let mut rest = piece;
        while let Some((end, behind)) = rest.split_once('\n') {
            let begun = mem::take(&mut self.begun);
            self.check(begun.len() + end.len())?;
            let joined;
            let mut text = end;
            if !begun.is_empty() {
                joined = begun + end;
                text = &joined;
            }
            let text = text.strip_suffix('\r').unwrap_or(text);
            if !text.is_empty() {
                line(text);
            }
            rest = behind;
        }
        self.check(self.begun.len() + rest.len())?;
        self.begun.push_str(rest);
        Ok(())
    }

    fn check(&self, len: usize) -> Result<(), LineTooLong> {
        (len <= self.max)
            .then_some(())
            .ok_or(LineTooLong { max: self.max })
    }
}

/// A line that never seems to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SockJS frame of more than {max} bytes: send large content in parts")]
pub struct LineTooLong {
    /// The limit.
    pub max: usize,
}
