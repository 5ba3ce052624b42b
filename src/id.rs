//! Keys of topics and ids of messages.

use std::rc::Rc;

/// What tells messages apart: the key of a slot within its topic, or the id of a message over reconnects.
///
/// Integers and texts convert into it, so closures may return `post.id` whatever its type. A number never equals a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Id {
    /// An integer.
    Number(i128),
    /// A text.
    Text(Rc<str>),
}

macro_rules! from_integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Id {
            fn from(number: $integer) -> Self {
                Self::Number(number as i128)
            }
        })*
    };
}

from_integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, i128);

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<&String> for Id {
    fn from(text: &String) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl From<Rc<str>> for Id {
    fn from(text: Rc<str>) -> Self {
        Self::Text(text)
    }
}
