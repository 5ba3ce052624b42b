//! The path between a client and the server: in order, late, slow, sometimes silent.

use everwire_core::{Span, Time};

use crate::client::ClientId;
use crate::message::{Message, MessageId};
use crate::random::Random;

/// Which way something travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to server.
    Up,
    /// From server to client.
    Down,
}

/// Properties of every path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Shortest one-way time. Default 20 ms.
    pub latency: Span,
    /// Random addition to it. Default 5 ms.
    pub jitter: Span,
    /// Bytes per second and direction; `None` for no limit, the default.
    pub bandwidth: Option<u64>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            latency: Span::from_millis(20),
            jitter: Span::from_millis(5),
            bandwidth: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SocketId(pub(crate) usize);

/// What travels.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    Dial,
    Accept,
    Refuse,
    Frame(Vec<Message>),
    Ping,
    Pong,
    Ack(MessageId),
    /// Traffic that nobody asked for.
    Broadcast,
    /// A close frame, and what the server asks for with it.
    Close {
        code: u16,
        retry_after: Option<Span>,
    },
    /// The end of the byte stream without a close frame.
    Fin,
}

impl Packet {
    fn bytes(&self) -> u64 {
        match self {
            Self::Frame(messages) => {
                messages
                    .iter()
                    .map(|message| message.size as u64)
                    .sum::<u64>()
                    + 6
            }
            _ => 6,
        }
    }
}

/// One direction of a socket.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// When the sender's buffer is empty.
    busy_until: Time,
    /// Arrivals keep their order.
    last_arrival: Time,
    /// What arrived while the path was blocked: TCP delivers it when the path comes back.
    pub(crate) held: Vec<Packet>,
}

impl Lane {
    /// When a packet that is sent now arrives.
    pub(crate) fn send(
        &mut self,
        now: Time,
        wire: &Wire,
        packet: &Packet,
        random: &mut Random,
    ) -> Time {
        if let Some(bandwidth) = wire.bandwidth {
            let duration = Span::from_micros(packet.bytes() * 1_000_000 / bandwidth.max(1));
            self.busy_until = self.busy_until.max(now) + duration;
        }
        let arrival = self.busy_until.max(now) + wire.latency + random.within(wire.jitter);
        self.last_arrival = arrival.max(self.last_arrival);
        self.last_arrival
    }

    /// `bufferedAmount`: what has not left yet.
    pub(crate) fn buffered(&self, now: Time, wire: &Wire) -> usize {
        let waiting = self.busy_until.since(now).as_micros();
        usize::try_from(waiting.saturating_mul(wire.bandwidth.unwrap_or(0)) / 1_000_000)
            .unwrap_or(usize::MAX)
    }
}

/// A socket seen from both ends.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) client: ClientId,
    pub(crate) generation: u32,
    /// Nothing travels any more: reset, refused, or closed by both.
    pub(crate) gone: bool,
    /// The client took its handlers off.
    pub(crate) detached: bool,
    /// The client saw the handshake succeed.
    pub(crate) open: bool,
    pub(crate) up: Lane,
    pub(crate) down: Lane,
}

impl Socket {
    pub(crate) fn new(client: ClientId, generation: u32) -> Self {
        Self {
            client,
            generation,
            gone: false,
            detached: false,
            open: false,
            up: Lane::default(),
            down: Lane::default(),
        }
    }

    pub(crate) fn lane(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
