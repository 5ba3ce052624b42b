//! A WebSocket server that misbehaves on request, so that browser tests can meet every fault on purpose.
//!
//! It listens on a free port of 127.0.0.1 (or the port given as the only argument) and prints `listening
//! 127.0.0.1:PORT`. The path says what a connection does, `key=` in the query says under which name it is counted:
//!
//! | Path | Behaviour |
//! |---|---|
//! | `/echo` | sends every message back |
//! | `/command` | as echo; `!close CODE REASON`, `!drop`, `!reset`, `!silent` are obeyed instead |
//! | `/close?code=&reason=` | closes at once; without `code` the close frame is empty |
//! | `/silent` | completes the handshake, then neither reads nor writes: a half-open link |
//! | `/reset` | completes the handshake, then resets the TCP connection |
//! | `/flood?n=&size=&binary=` | sends `n` numbered messages of at least `size` bytes, then echoes |
//! | `/slow?ms=` | small receive buffer, reads one message every `ms` milliseconds |
//! | `/protocol?choose=` | selects this subprotocol |
//! | `/ack` | answers `{"id": n, ..}` with `{"ack": n}` |
//! | `/rpc` | answers `{"id": n, ..}` with `{"reply": n, "value": ..}`; `"ignore": true` gets no answer, `"late": ms` a late one |
//! | `/refuse-first?n=` | HTTP 503 for the first `n` handshakes of the key, then echo |
//! | `/drop-after?ms=` | echo, and after `ms` milliseconds the TCP connection ends without a close frame |
//! | `/stats/KEY` | one text message (or HTTP answer) with the counters of the key, then 1000 |
//! | `/received/KEY` | one text message (or HTTP answer) with every text received under the key, then 1000 |

mod behaviour;
mod request;
mod stats;

use std::{env, io, sync::Arc};

use tokio::net::TcpListener;

use crate::stats::Stats;

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = env::args()
        .nth(1)
        .map(|port| port.parse::<u16>())
        .transpose()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?
        .unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening {}", listener.local_addr()?);
    let stats = Arc::new(Stats::default());
    loop {
        let (stream, _) = listener.accept().await?;
        let stats = Arc::clone(&stats);
        // A peer that goes away mid-way is the purpose of this program, not an error.
        tokio::spawn(async move { behaviour::serve(stream, &stats).await.ok() });
    }
}
