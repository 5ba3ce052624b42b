//! Just enough JSON (RFC 8259) to read a handshake, the name of an event, and lists of strings.
//!
//! A whole JSON parser would cost more bytes of WebAssembly than the rest of the protocol, and payloads are left to the
//! application's own. The scanner reads each byte once and nests without recursion, so depth cannot exhaust the stack.

#[cfg(feature = "socketio")]
use alloc::string::String;

/// Deepest nesting in a value that is skipped. One bit each remembers whether an array or an object is open.
const MAX_DEPTH: u32 = 64;

/// Not JSON, or nested too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Malformed;

/// A position in a JSON text.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(in crate::protocol) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The next byte that is not white space, without taking it.
    pub(in crate::protocol) fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.bytes().next()
    }

    /// Takes `token` if it is next.
    pub(in crate::protocol) fn take(&mut self, token: char) -> bool {
        self.peek();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(in crate::protocol) fn expect(&mut self, token: char) -> Result<(), Malformed> {
        self.take(token).then_some(()).ok_or(Malformed)
    }

    /// A string with its escapes resolved. Lone surrogates are malformed: no Rust string can hold them.
    #[cfg(feature = "socketio")]
    pub(in crate::protocol) fn string(&mut self) -> Result<String, Malformed> {
        let raw = self.raw_string()?;
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
                    let (char, behind) = unicode_escape(chars.as_str())?;
                    chars = behind.chars();
                    char
                }
                _ => return Err(Malformed),
            });
            rest = chars.as_str();
        }
        out.push_str(rest);
        Ok(out)
    }

    /// A string as it is written, without its quotes.
    pub(in crate::protocol) fn raw_string(&mut self) -> Result<&'a str, Malformed> {
        self.expect('"')?;
        let mut escaped = false;
        for (index, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if byte < b' ' => return Err(Malformed),
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let raw = self.rest.get(..index).ok_or(Malformed)?;
                    self.rest = self.rest.get(index + 1..).ok_or(Malformed)?;
                    return Ok(raw);
                }
                _ => {}
            }
        }
        Err(Malformed)
    }

    /// A literal or a number as it is written: everything up to white space or punctuation.
    pub(in crate::protocol) fn word(&mut self) -> &'a str {
        self.peek();
        let end = self
            .rest
            .find(|c: char| !matches!(c, 'a'..='z' | 'E' | '0'..='9' | '+' | '-' | '.'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Skips one value of any kind.
    pub(in crate::protocol) fn skip(&mut self) -> Result<(), Malformed> {
        // The innermost open container is the lowest bit: 1 for an object.
        let (mut open, mut depth) = (0u64, 0);
        loop {
            let container = match self.peek().ok_or(Malformed)? {
                b'{' => Some(('{', '}', 1)),
                b'[' => Some(('[', ']', 0)),
                b'"' => {
                    self.raw_string()?;
                    None
                }
                _ if is_scalar(self.word()) => None,
                _ => return Err(Malformed),
            };
            if let Some((start, end, bit)) = container {
                self.expect(start)?;
                if !self.take(end) {
                    if depth == MAX_DEPTH {
                        return Err(Malformed);
                    }
                    depth += 1;
                    open = open << 1 | bit;
                    self.key(bit)?;
                    continue;
                }
            }
            // A value ended, and with it perhaps the containers around it.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                if self.take(',') {
                    self.key(open & 1)?;
                    break;
                }
                self.expect(if open & 1 == 1 { '}' } else { ']' })?;
                depth -= 1;
                open >>= 1;
            }
        }
    }

    /// Takes one value of any kind as it is written.
    #[cfg(feature = "sockjs")]
    pub(in crate::protocol) fn value(&mut self) -> Result<&'a str, Malformed> {
        self.peek();
        let before = self.rest;
        self.skip()?;
        before.strip_suffix(self.rest).ok_or(Malformed)
    }

    /// Skips a key if an object is open.
    fn key(&mut self, object: u64) -> Result<(), Malformed> {
        if object == 1 {
            self.raw_string()?;
            self.expect(':')?;
        }
        Ok(())
    }
}

/// The character of `\u` and what is behind it; a pair of surrogates is one character.
#[cfg(feature = "socketio")]
fn unicode_escape(text: &str) -> Result<(char, &str), Malformed> {
    let (high, rest) = hex4(text)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok((char::from_u32(high).ok_or(Malformed)?, rest));
    }
    let (low, rest) = hex4(rest.strip_prefix("\\u").ok_or(Malformed)?)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(Malformed);
    }
    let char = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Ok((char::from_u32(char).ok_or(Malformed)?, rest))
}

/// The number behind `\u` and what follows it.
pub(in crate::protocol) fn hex4(text: &str) -> Result<(u32, &str), Malformed> {
    let (digits, rest) = text.split_at_checked(4).ok_or(Malformed)?;
    let mut value = 0;
    for digit in digits.chars() {
        value = value << 4 | digit.to_digit(16).ok_or(Malformed)?;
    }
    Ok((value, rest))
}

fn is_scalar(word: &str) -> bool {
    matches!(word, "true" | "false" | "null") || is_number(word)
}

/// Whether `word` is a number (RFC 8259 section 6).
pub(in crate::protocol) fn is_number(word: &str) -> bool {
    let rest = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
        ),
        None => (rest, "0"),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(integer)
        && (integer == "0" || !integer.starts_with('0'))
        && digits(fraction)
        && digits(exponent)
}
