//! What a close code says about dialling again.

/// Classes of close codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A retry would meet the same refusal.
    Fatal,
    /// Dial again with backoff.
    Retry,
    /// Dial again with backoff and an additional spread: the server said goodbye to everybody at once.
    Spread,
}

/// The built-in policy, by RFC 6455 section 7.4.1 and the IANA registry of close codes.
///
/// - 1002, 1003, 1007, 1008, 1009, 1010: protocol error, unacceptable data, bad encoding, policy violation, message too
///   big, missing extension. The same client would fail in the same way; 1009 in particular must never loop
///   (socketio/socket.io#3946).
/// - 1012 service restart and 1013 try again later reach all clients in the same moment.
/// - Everything else is retried. That includes 1000 and 1001: the user still wants the connection, and a server that
///   restarts or sheds load often uses them. It includes 3000-4999, whose meaning only the application knows: a refusal
///   like 4401 or 4403 is for the user's override to recognise.
pub(super) const fn class(code: u16) -> Class {
    match code {
        1002 | 1003 | 1007..=1010 => Class::Fatal,
        1012 | 1013 => Class::Spread,
        _ => Class::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_table() {
        for code in [1002, 1003, 1007, 1008, 1009, 1010] {
            assert_eq!(class(code), Class::Fatal, "{code}");
        }
        for code in [1012, 1013] {
            assert_eq!(class(code), Class::Spread, "{code}");
        }
        for code in [
            0,
            999,
            1000,
            1001,
            1004,
            1005,
            1006,
            1011,
            1014,
            1015,
            1016,
            2999,
            3000,
            3999,
            4000,
            4401,
            4999,
            5000,
            u16::MAX,
        ] {
            assert_eq!(class(code), Class::Retry, "{code}");
        }
    }
}
