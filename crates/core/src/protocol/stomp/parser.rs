//! Frames out of WebSocket messages that may cut or join them anywhere.
//!
//! A frame that lies in one message is read where it lies. Only what a message leaves unfinished is copied, once, into a
//! buffer that the next messages complete. The ends of lines and bodies are searched for, each octet once, so the work is
//! linear in the input however it is cut.

use alloc::vec::Vec;

use memchr::{memchr, memchr2};

use super::head::{Layout, scan};
use super::{Escapes, Frame, ParseError};

/// Buffers beyond this are given back after the frame, so that one large message does not cost memory for good.
const KEEP: usize = 64 * 1024;

/// How much of a frame a peer may make this end hold. Exceeding one is an error of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a command. Default 64 (the longest that STOMP defines has 11).
    pub command: usize,
    /// Headers of a frame, repeated ones too. Default 1,000.
    pub headers: usize,
    /// Octets of command and headers together with their line ends. Default 64 KiB.
    pub head_bytes: usize,
    /// Octets of a body. Default 64 MiB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command: 64,
            headers: 1_000,
            head_bytes: 64 * 1024,
            body: 64 * 1024 * 1024,
        }
    }
}

/// What a parser found.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A whole frame.
    Frame(Frame<'a>),
    /// A line feed between frames. RabbitMQ appends one to each frame.
    HeartBeat,
}

/// Reads one connection's frames. Make a new one for each connection.
///
/// ```
/// use everwire_core::protocol::stomp::{Event, Parser};
///
/// let mut parser = Parser::default();
/// let mut frames = 0;
/// for message in ["RECEIPT\nreceipt-id:7\n", "\n\0\n"] {
///     let mut input = message.as_bytes();
///     while let Some(event) = parser.next(&mut input)? {
///         if let Event::Frame(frame) = event {
///             assert_eq!(frame.header("receipt-id").as_deref(), Some("7"));
///             frames += 1;
///         }
///     }
/// }
/// assert_eq!(frames, 1);
/// # Ok::<(), everwire_core::protocol::stomp::ParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Parser {
    limits: Limits,
    escapes: Escapes,
    stage: Stage,
    /// The beginning of a frame that goes on in the next message; or the frame that was handed out last.
    buffer: Vec<u8>,
    handed_out: bool,
    failed: Option<ParseError>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Between,
    /// In the head: complete lines so far, and octets of the line that is not complete.
    Head {
        lines: usize,
        partial: usize,
    },
    Body(Layout),
}

/// A frame is complete: it has `len` octets before its NUL.
struct Complete {
    head: Layout,
    len: usize,
    buffered: bool,
}

impl Parser {
    /// A parser with these limits, which expects the first frame of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Sets how the next frames are escaped. Call it between two frames, when the version is agreed.
    pub const fn set_escapes(&mut self, escapes: Escapes) {
        self.escapes = escapes;
    }

    /// Whether a frame has begun and not ended. When a connection closes in such a moment, that frame is lost.
    pub const fn is_inside_frame(&self) -> bool {
        !matches!(self.stage, Stage::Between)
    }

    /// The next frame or heart-beat in `input`, which moves on behind it; `None` when all of `input` is used up. Call it
    /// until then for each message, whether text or binary.
    ///
    /// NUL and CR between frames are skipped. So where a platform cuts the last NUL off messages (React Native), passing
    /// a NUL after each message is all that is needed, as long as frames are not split.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes; the same again for all that follows.
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Event<'a>>, ParseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if core::mem::take(&mut self.handed_out) {
            if self.buffer.capacity() > KEEP {
                self.buffer = Vec::new();
            }
            self.buffer.clear();
        }
        if !self.is_inside_frame() && skip(input) {
            return Ok(Some(Event::HeartBeat));
        }
        let data = *input;
        let complete = match self.advance(input) {
            Ok(Some(complete)) => complete,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.failed = Some(error);
                self.buffer = Vec::new();
                return Err(error);
            }
        };
        let bytes = if complete.buffered {
            self.handed_out = true;
            self.buffer.as_slice()
        } else {
            data.get(..complete.len).unwrap_or_default()
        };
        Ok(Some(Event::Frame(view(bytes, &complete.head))))
    }

    /// Goes on with a frame, up to its end or to that of the input.
    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Complete>, ParseError> {
        if input.is_empty() {
            return Ok(None);
        }
        let head = match self.stage {
            Stage::Body(head) => head,
            Stage::Between => match self.read_head(input, 0, 0)? {
                Some(head) => head,
                None => return Ok(None),
            },
            Stage::Head { lines, partial } => match self.read_head(input, lines, partial)? {
                Some(head) => head,
                None => return Ok(None),
            },
        };
        self.read_body(input, head)
    }

    /// Looks for the blank line. `input` stays at the frame's beginning if the frame lies in it alone.
    fn read_head(
        &mut self,
        input: &mut &[u8],
        mut lines: usize,
        mut partial: usize,
    ) -> Result<Option<Layout>, ParseError> {
        let data = *input;
        let held = self.buffer.len();
        let crlf = self.escapes.allows_crlf();
        let mut at = 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let found = memchr2(b'\n', 0, rest);
            let line = partial + found.unwrap_or(rest.len());
            self.check_line(
                lines,
                line,
                held + at + found.map_or(rest.len(), |end| end + 1),
            )?;
            let Some(end) = found else {
                self.stage = Stage::Head {
                    lines,
                    partial: line,
                };
                self.hold(input);
                return Ok(None);
            };
            if rest.get(end) == Some(&0) {
                return Err(ParseError::NulInHead);
            }
            let last = match end.checked_sub(1) {
                Some(last) => rest.get(last),
                None => self.buffer.last(),
            };
            at += end + 1;
            if line == 0 || (line == 1 && crlf && last == Some(&b'\r')) {
                break;
            }
            lines += 1;
            partial = 0;
            if lines > self.limits.headers.saturating_add(1) {
                return Err(ParseError::TooManyHeaders);
            }
        }
        let (start, behind) = data.split_at_checked(at).unwrap_or_default();
        let bytes = if held == 0 {
            start
        } else {
            self.buffer.extend_from_slice(start);
            *input = behind;
            &self.buffer
        };
        if core::str::from_utf8(bytes).is_err() {
            return Err(ParseError::NotUtf8);
        }
        // The blank line is there, so it is complete.
        let Some(head) = scan(bytes, self.escapes, &self.limits)? else {
            return Ok(None);
        };
        self.stage = Stage::Body(head);
        Ok(Some(head))
    }

    fn check_line(&self, lines: usize, line: usize, head: usize) -> Result<(), ParseError> {
        if lines == 0 && line > self.limits.command {
            Err(ParseError::CommandTooLong)
        } else if head > self.limits.head_bytes {
            Err(ParseError::HeadTooLarge)
        } else {
            Ok(())
        }
    }

    /// Looks for the NUL that ends the frame.
    fn read_body(
        &mut self,
        input: &mut &[u8],
        head: Layout,
    ) -> Result<Option<Complete>, ParseError> {
        let data = *input;
        let held = self.buffer.len();
        let nul = match head.content_length {
            Some(length) => {
                // Not before `held`: never more than the body is held back without its NUL.
                let nul = (head.len + length).saturating_sub(held);
                match data.get(nul) {
                    Some(0) => Some(nul),
                    Some(_) => return Err(ParseError::MissingNul),
                    None => None,
                }
            }
            None => {
                let begin = head.len.saturating_sub(held);
                memchr(0, data.get(begin..).unwrap_or_default()).map(|nul| begin + nul)
            }
        };
        let len = held + nul.unwrap_or(data.len());
        if len - head.len > self.limits.body {
            return Err(ParseError::BodyTooLarge);
        }
        let Some(nul) = nul else {
            self.hold(input);
            return Ok(None);
        };
        self.stage = Stage::Between;
        let buffered = held > 0;
        if buffered {
            self.buffer
                .extend_from_slice(data.get(..nul).unwrap_or_default());
        }
        *input = data.get(nul + 1..).unwrap_or_default();
        Ok(Some(Complete {
            head,
            len,
            buffered,
        }))
    }

    /// Keeps all of the input for later.
    fn hold(&mut self, input: &mut &[u8]) {
        self.buffer.extend_from_slice(input);
        *input = &[];
    }
}

/// Moves to the next frame's first octet, or behind a heart-beat; true for the latter.
fn skip(input: &mut &[u8]) -> bool {
    while let Some((octet, rest)) = input.split_first() {
        if !matches!(octet, b'\n' | b'\r' | 0) {
            return false;
        }
        *input = rest;
        if *octet == b'\n' {
            return true;
        }
    }
    false
}

/// The frame in `bytes`, which end before its NUL.
fn view<'a>(bytes: &'a [u8], head: &Layout) -> Frame<'a> {
    let text = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        core::str::from_utf8(part).unwrap_or_default()
    };
    let command = text(0, head.first_line.saturating_sub(1));
    let command = match command.strip_suffix('\r') {
        Some(stripped) if head.crlf => stripped,
        _ => command,
    };
    Frame::new(
        command,
        text(head.first_line, head.blank),
        bytes.get(head.len..).unwrap_or_default(),
        head.escapes,
        head.crlf,
    )
}
