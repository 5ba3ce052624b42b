//! How long an attempt may take.

use super::transport::Transport;
use crate::Span;

/// A handshake may lose a packet (1 s until it is sent again), look up a name and wake up a radio.
const WEBSOCKET_PATIENCE: Span = Span::from_millis(5_000);
/// HTTP begins on the connection that `/info` has opened. What holds it back is a proxy that collects the answer.
const HTTP_PATIENCE: Span = Span::from_millis(3_000);
/// With nothing to fall back to, giving up early helps nobody.
const LAST_PATIENCE: Span = Span::from_millis(10_000);
/// Round trips until the open frame, as sockjs-client counts them.
const ROUND_TRIPS: u64 = 2;

/// Estimate of the longest time until an answer: `4 * rtt` above 100 ms, `300 ms + rtt` else (sockjs-client 1.6.1,
/// `countRTO`).
pub fn retransmission_timeout(rtt: Span) -> Span {
    if rtt > Span::from_millis(100) {
        rtt.times(4)
    } else {
        Span::from_millis(300) + rtt
    }
}

/// How long an attempt may take until its open frame: two retransmission timeouts, and not less than `timeout`.
///
/// sockjs-client has no minimum unless the user sets one, so a fast `/info` leaves 0.6 s for a WebSocket: the cause of
/// needless fallbacks. Here it is 5 s for WebSocket, 3 s for the others, and 10 s if this is the last attempt.
pub fn attempt_limit(
    rtt: Span,
    transport: Transport,
    timeout: Option<Span>,
    is_last: bool,
) -> Span {
    let minimum = timeout.unwrap_or(if is_last {
        LAST_PATIENCE
    } else if transport.is_http() {
        HTTP_PATIENCE
    } else {
        WEBSOCKET_PATIENCE
    });
    retransmission_timeout(rtt).times(ROUND_TRIPS).max(minimum)
}
