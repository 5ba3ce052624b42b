//! Carries bytes between the real TCP stream and the in-memory stream that the hub sees.
//!
//! Each way has two stages. The first takes bytes no faster than the bandwidth allows, the second holds each piece
//! until its delay is over and the link is not silent. Between them is a short queue, so a slow stage stops the one
//! before it, and in the end the hub: the limit acts as back-pressure, as on a real link.

use std::{sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream},
    net::TcpStream,
    select,
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};

use super::link::{Direction, Link, State, Until};
use crate::random::Random;

/// Largest piece that is moved at once.
const PIECE: usize = 4096;
/// Largest piece under a bandwidth limit: small, so that the flow is even.
const SMALL_PIECE: usize = 1024;
/// Pieces on their way during the added delay.
const IN_FLIGHT: usize = 64;
/// How long bytes of the client are still read after the hub has closed. A TCP stream that is closed with unread
/// bytes sends a RST, which would destroy the close frame on its way to the client.
const LINGER: Duration = Duration::from_secs(2);

struct Piece {
    bytes: Vec<u8>,
    read_at: Instant,
    /// Share of the jitter that this piece gets, 0 to 1.
    luck: f64,
}

/// Runs until both ways have ended or the link is reset.
pub(super) async fn run(mut tcp: TcpStream, hub: DuplexStream, link: Arc<Link>) {
    let mut changes = link.changes();
    let was_reset = {
        let (tcp_read, tcp_write) = tcp.split();
        let (hub_read, hub_write) = tokio::io::split(hub);
        let down = carry(hub_read, tcp_write, &link, Direction::Down);
        let up = carry(tcp_read, hub_write, &link, Direction::Up);
        let both = async {
            tokio::pin!(down, up);
            select! {
                // A failure is no less an end: what counts is that this way is over.
                _ = &mut down => { let _ = timeout(LINGER, up).await; }
                _ = &mut up => { let _ = down.await; }
            }
        };
        select! {
            biased;
            _ = changes.wait_for(|state| state.reset) => true,
            () = both => false,
        }
    };
    if was_reset {
        // Closing with a linger time of zero makes the kernel send RST instead of FIN.
        let _ = SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
    }
}

async fn carry(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    link: &Link,
    direction: Direction,
) -> std::io::Result<()> {
    let (queue, queued) = mpsc::channel(IN_FLIGHT);
    let ((), delivered) = tokio::join!(
        take(from, queue, link, direction),
        deliver(to, queued, link, direction)
    );
    delivered
}

/// First stage: reads, and then pays for the bytes by waiting.
async fn take(
    mut from: impl AsyncRead + Unpin,
    queue: mpsc::Sender<Piece>,
    link: &Link,
    direction: Direction,
) {
    let mut changes = link.changes();
    let mut random = Random::new(link.id() << 1 | u64::from(direction == Direction::Up));
    let mut buffer = vec![0; PIECE];
    loop {
        let limited = rate(&changes.borrow_and_update(), direction).is_some();
        let size = if limited { SMALL_PIECE } else { PIECE };
        let (room, _) = buffer.split_at_mut(size);
        let count = match from.read(room).await {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        if direction == Direction::Up {
            link.count(direction, count);
        }
        let read_at = Instant::now();
        settled(&mut changes, |state| {
            let seconds = count as f64 / f64::from(rate(state, direction)?);
            Some(Until::Time(read_at + Duration::from_secs_f64(seconds)))
        })
        .await;
        let (bytes, _) = room.split_at(count);
        let piece = Piece {
            bytes: bytes.to_vec(),
            read_at: Instant::now(),
            luck: random.unit(),
        };
        if queue.send(piece).await.is_err() {
            return;
        }
    }
}

/// Second stage: holds every piece back, then writes it. One after another, so the order stays.
async fn deliver(
    mut to: impl AsyncWrite + Unpin,
    mut queue: mpsc::Receiver<Piece>,
    link: &Link,
    direction: Direction,
) -> std::io::Result<()> {
    let mut changes = link.changes();
    let mut broken = None;
    while let Some(piece) = queue.recv().await {
        settled(&mut changes, |state| {
            let settings = &state.settings;
            let ms = f64::from(settings.latency_ms) + piece.luck * f64::from(settings.jitter_ms);
            Some(Until::Time(
                piece.read_at + Duration::from_secs_f64(ms / 1000.0),
            ))
        })
        .await;
        settled(&mut changes, |state| state.half_open).await;
        if broken.is_some() {
            continue;
        }
        if direction == Direction::Down {
            link.count(direction, piece.bytes.len());
        }
        if let Err(error) = to.write_all(&piece.bytes).await {
            match direction {
                // The client is gone: nothing can be delivered any more.
                Direction::Down => return Err(error),
                // The hub is gone: go on reading, see LINGER.
                Direction::Up => broken = Some(error),
            }
        }
    }
    settled(&mut changes, |state| state.half_open).await;
    match broken {
        Some(error) => Err(error),
        None => to.shutdown().await,
    }
}

fn rate(state: &State, direction: Direction) -> Option<u32> {
    let rate = match direction {
        Direction::Up => state.settings.up_bytes_per_s,
        Direction::Down => state.settings.down_bytes_per_s,
    };
    (rate > 0).then_some(rate)
}

/// Waits until the time that `end` names is over, and looks again whenever the controls change something.
async fn settled(changes: &mut watch::Receiver<State>, end: impl Fn(&State) -> Option<Until>) {
    loop {
        let end = end(&changes.borrow_and_update());
        match end {
            None => return,
            Some(Until::Time(time)) if time <= Instant::now() => return,
            Some(Until::Time(time)) => select! {
                () = sleep_until(time) => return,
                changed = changes.changed() => if changed.is_err() { return },
            },
            Some(Until::Cleared) => {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}
