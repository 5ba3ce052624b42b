//! A WebSocket server that misbehaves on request, so that browser tests can meet every fault on purpose.
//!
//! It listens on a free port of 127.0.0.1 (or the port given as an argument) and prints `listening 127.0.0.1:PORT`. With
//! `--until-stdin-ends` it ends when its standard input does, which happens at the latest when its parent dies. The path
//! says what a connection does, `key=` in the query says under which name it is counted:
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
//! | `/meter?rate=` | reads `rate` bytes a second; the statistics tell how old the newest `{"k": key, "t": ms}` of each key was |
//! | `/protocol?choose=` | selects this subprotocol |
//! | `/ack` | answers `{"id": n, ..}` with `{"ack": n}` |
//! | `/rpc` | answers `{"id": n, ..}` with `{"reply": n, "value": ..}`; `"ignore": true` gets no answer, `"late": ms` a late one |
//! | `/refuse-first?n=` | HTTP 503 for the first `n` handshakes of the key, then echo |
//! | `/drop-after?ms=` | echo, and after `ms` milliseconds the TCP connection ends without a close frame |
//! | `/stomp?passcode=&receipts=&beat=` | a small STOMP broker; the destinations it obeys are listed in `stomp.rs` |
//! | `/socket.io/` | a small Socket.IO server; its options and events are listed in `socketio.rs` |
//! | `/sockjs/NAME` | a small SockJS server that echoes; see `sockjs.rs` |
//! | `/stats/KEY` | one text message (or HTTP answer) with the counters of the key, then 1000 |
//! | `/received/KEY` | one text message (or HTTP answer) with every text received under the key, then 1000 |

mod behaviour;
mod meter;
mod request;
mod socketio;
mod sockjs;
mod stats;
mod stomp;

use std::{env, io, process, sync::Arc, thread};

use tokio::net::TcpListener;

use crate::stats::Stats;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut port = 0;
    for argument in env::args().skip(1) {
        if argument == "--until-stdin-ends" {
            thread::spawn(end_with_stdin);
            continue;
        }
        port = argument
            .parse::<u16>()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    }
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

/// Ends the process at the end of its standard input, whatever was in it.
fn end_with_stdin() {
    // An input that cannot be read has ended as well.
    io::copy(&mut io::stdin(), &mut io::sink()).ok();
    process::exit(0);
}
