//! The wall clock of the server, in the unit of the protocol.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, ms since the Unix epoch; 0 if the machine's clock stands before it.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
