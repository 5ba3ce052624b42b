//! The limits of every field, checked once at the edge.
//!
//! A receiver turns a decoded message into a [`Valid`] one with [`Check::parse`]; what comes after takes
//! `Valid<T>` and needs no checks of its own.

use core::{fmt, ops::Deref};

/// Longest id of a message, user or client, in bytes.
pub const MAX_ID_BYTES: usize = 64;
/// Longest display name, in characters.
pub const MAX_NAME_CHARS: usize = 40;
/// Longest post, in characters.
pub const MAX_TEXT_CHARS: usize = 2000;
/// Longest search query, in characters.
pub const MAX_QUERY_CHARS: usize = 80;
/// Most likes one message may add.
pub const MAX_LIKE_COUNT: u32 = 100;
/// Largest number that JavaScript holds exactly (2^53 - 1); times and sequence numbers stay within.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Why a message is not acceptable. The text names the field and the allowed range.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Invalid {
    /// An id is empty, too long or holds something other than visible ASCII.
    Id {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A text is empty or too long.
    Length {
        /// The field's name on the wire.
        field: &'static str,
        /// Longest allowed length, in characters.
        max: usize,
    },
    /// A text holds control characters where only a line of text is allowed.
    Control {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A number is not finite or out of its range.
    Range {
        /// The field's name on the wire.
        field: &'static str,
        /// Least allowed value.
        min: f64,
        /// Greatest allowed value.
        max: f64,
    },
    /// A viewport's southern edge lies north of its northern edge.
    UpsideDown,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { field } => {
                write!(
                    f,
                    "{field} must be 1 to {MAX_ID_BYTES} visible ascii characters"
                )
            }
            Self::Length { field, max } => write!(f, "{field} must have 1 to {max} characters"),
            Self::Control { field } => write!(f, "{field} must not contain control characters"),
            Self::Range { field, min, max } => {
                write!(f, "{field} must be a finite number from {min} to {max}")
            }
            Self::UpsideDown => f.write_str("south must not be greater than north"),
        }
    }
}

impl core::error::Error for Invalid {}

/// A message with bounds on its fields.
pub trait Check: Sized {
    /// Tells the first bound that is broken.
    ///
    /// # Errors
    /// [`Invalid`] with the name of the field.
    fn check(&self) -> Result<(), Invalid>;

    /// Turns the message into one that is known to keep its bounds.
    ///
    /// # Errors
    /// As [`Check::check`].
    fn parse(self) -> Result<Valid<Self>, Invalid> {
        self.check()?;
        Ok(Valid(self))
    }
}

/// A message whose bounds were checked; made by [`Check::parse`] only, and read-only.
#[derive(Debug, Clone, PartialEq)]
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// Gives the message up to be changed or stored.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Checks an id: 1 to [`MAX_ID_BYTES`] visible ASCII characters, so that it can stand in urls and logs.
///
/// # Errors
/// [`Invalid::Id`] with the name of the field.
pub fn id(field: &'static str, value: &str) -> Result<(), Invalid> {
    let fits = (1..=MAX_ID_BYTES).contains(&value.len());
    if fits && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Invalid::Id { field })
    }
}

/// Checks one line of text: something other than white space, at most `max` characters, no control characters.
///
/// # Errors
/// [`Invalid::Length`] or [`Invalid::Control`] with the name of the field.
pub fn line(field: &'static str, value: &str, max: usize) -> Result<(), Invalid> {
    text(field, value, max)?;
    if value.chars().any(char::is_control) {
        return Err(Invalid::Control { field });
    }
    Ok(())
}

/// Checks a text of several lines: something other than white space, at most `max` characters.
///
/// # Errors
/// [`Invalid::Length`] with the name of the field.
pub fn text(field: &'static str, value: &str, max: usize) -> Result<(), Invalid> {
    // The byte length bounds the count from above and below, so a huge text is never counted.
    let too_long = value.len() > max.saturating_mul(4) || value.chars().count() > max;
    if too_long || value.trim().is_empty() {
        return Err(Invalid::Length { field, max });
    }
    Ok(())
}

/// Checks a number: finite and from `min` to `max`, both included.
///
/// # Errors
/// [`Invalid::Range`] with the name of the field.
pub fn range(field: &'static str, value: f64, min: f64, max: f64) -> Result<(), Invalid> {
    // NaN is in no range and infinities are outside of every finite one.
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(Invalid::Range { field, min, max })
    }
}

/// Checks a time or sequence number: at most [`MAX_SAFE_INTEGER`].
///
/// # Errors
/// [`Invalid::Range`] with the name of the field.
pub fn safe_integer(field: &'static str, value: u64) -> Result<(), Invalid> {
    if value <= MAX_SAFE_INTEGER {
        Ok(())
    } else {
        Err(Invalid::Range {
            field,
            min: 0.0,
            max: MAX_SAFE_INTEGER as f64,
        })
    }
}

/// Checks an optional field with `check` when it is there.
///
/// # Errors
/// What `check` returns.
pub fn optional<T>(
    value: Option<T>,
    check: impl FnOnce(T) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    value.map_or(Ok(()), check)
}

/// Checks a display name, see [`line()`] and [`MAX_NAME_CHARS`].
///
/// # Errors
/// What [`line()`] returns.
pub fn name(value: &str) -> Result<(), Invalid> {
    line("name", value, MAX_NAME_CHARS)
}
