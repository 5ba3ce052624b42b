//! The `heart-beat` header and what both ends make of it.

use alloc::string::String;

use super::write::push_decimal;
use crate::Span;

/// One end's offer, the `heart-beat` header of `CONNECT` or `CONNECTED`. The default, no beats in either direction, is also
/// what a missing header means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeartBeat {
    /// The shortest interval, in milliseconds, in which this end can send; 0 if it cannot.
    pub send: u32,
    /// The interval, in milliseconds, in which this end wants to hear from the other; 0 if it does not care.
    pub expect: u32,
}

/// The beats that two offers lead to, as one end sees them. `None`: no beats in that direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Beats {
    /// Send something at least this often.
    pub send: Option<Span>,
    /// The other end sends something at least this often. Allow it more: timers and networks are late.
    pub expect: Option<Span>,
}

impl HeartBeat {
    /// Reads a header value: two numbers of milliseconds with a comma between. `None` if it is anything else; numbers
    /// beyond `u32` count as its end, 49 days.
    pub fn parse(value: &str) -> Option<Self> {
        let (send, expect) = value.split_once(',')?;
        Some(Self {
            send: millis(send)?,
            expect: millis(expect)?,
        })
    }

    /// The header value of this offer.
    pub fn to_value(self) -> String {
        let mut value = String::new();
        push_decimal(u64::from(self.send), &mut value);
        value.push(',');
        push_decimal(u64::from(self.expect), &mut value);
        value
    }

    /// What this end's offer and the `other` end's lead to: in each direction the longer of the two intervals, and nothing
    /// if either is 0.
    pub fn agree(self, other: Self) -> Beats {
        Beats {
            send: slower(self.send, other.expect),
            expect: slower(self.expect, other.send),
        }
    }
}

fn slower(one: u32, other: u32) -> Option<Span> {
    (one != 0 && other != 0).then(|| Span::from_millis(u64::from(one.max(other))))
}

fn millis(text: &str) -> Option<u32> {
    let digits = text.trim_ascii();
    let mut number = (!digits.is_empty()).then_some(0_u32);
    for octet in digits.bytes() {
        let digit = octet.is_ascii_digit().then(|| u32::from(octet - b'0'))?;
        number = number.map(|number| number.saturating_mul(10).saturating_add(digit));
    }
    number
}
