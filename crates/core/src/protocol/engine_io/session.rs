//! One session: handshake, heartbeat, upgrade and writing, without a socket.
//!
//! Source: Engine.IO protocol v4, and engine.io-client 6.6.8 where the protocol is silent. A session begins on the first
//! transport of the list. A session that began on polling moves to WebSocket if the server offers it: the new transport is
//! opened beside the old one and probed (`2probe`, `3probe`); then writing stops, the host finishes the requests in flight
//! ([`Output::Pause`], [`Input::Paused`]), `5` goes out on the new transport, and what was held follows. Nothing is written
//! twice or out of order, because at any time one transport alone takes messages.
//!
//! The host owns the transports and the messages. The session holds a handle and a length for each message, and numbers
//! transports in the order in which they were opened: reports about others than the current two are ignored.

mod host;

use alloc::{collections::VecDeque, string::String, vec::Vec};

use super::event::{
    Batch, CloseReason, Input, Outgoing, Output, Received, SendError, SessionConfig, TransportKind,
};
use super::handshake::Handshake;
use super::packet::{Packet, PacketType};
use super::payload::PayloadMeter;
use crate::Time;

const PROBE: &str = "probe";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Opening,
    Open,
    Closing,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upgrade {
    /// None under way.
    No,
    /// The new transport is being opened.
    Opening(u32),
    /// It is open, and its answer to the probe is awaited.
    Probing(u32),
    /// It answered, and the old transport comes to rest: first its write, then its poll.
    Pausing(u32),
}

/// One Engine.IO session over one or two transports. Each connection needs a new one.
///
/// After each call, [`poll`](Self::poll) until `None`, then [`take_batch`](Self::take_batch), then arm the one timer for
/// [`next_wake`](Self::next_wake).
#[derive(Clone, Debug)]
pub struct Session<M> {
    config: SessionConfig,
    state: State,
    upgrade: Upgrade,
    /// Position in the list of transports.
    at: usize,
    /// The transport that takes messages, and how many were opened.
    current: u32,
    kind: TransportKind,
    opened: u32,
    handshake: Option<Handshake>,
    deadline: Time,
    queue: VecDeque<(Outgoing<M>, usize)>,
    in_flight: bool,
    /// Whether the queue has a pong: one is enough, and a flood of pings cannot fill the queue.
    pong_queued: bool,
    outputs: VecDeque<Output>,
}

impl<M> Session<M> {
    /// A session that has not begun.
    pub const fn new(config: SessionConfig) -> Self {
        Self {
            config,
            state: State::Idle,
            upgrade: Upgrade::No,
            at: 0,
            current: 0,
            kind: TransportKind::Polling,
            opened: 0,
            handshake: None,
            deadline: Time::NEVER,
            queue: VecDeque::new(),
            in_flight: false,
            pong_queued: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Start => {
                if self.state == State::Idle {
                    self.open_next();
                }
            }
            Input::Opened { transport } => {
                if self.upgrade == Upgrade::Opening(transport) {
                    self.upgrade = Upgrade::Probing(transport);
                    self.control(transport, PacketType::Ping, PROBE);
                }
            }
            Input::Sent { transport } => {
                if self.is_current(transport) && self.in_flight {
                    self.in_flight = false;
                    if matches!(self.upgrade, Upgrade::Pausing(_)) {
                        self.outputs.push_back(Output::Pause { transport });
                    }
                    self.close_if_drained();
                }
            }
            Input::Paused { transport } => self.paused(transport),
            Input::Lost { transport, failed } => self.lost(transport, failed),
            Input::Close => self.close(),
            Input::Tick => {
                if self.next_wake().is_some_and(|deadline| deadline <= now) {
                    self.end(CloseReason::PingTimeout);
                }
            }
        }
    }

    /// Takes in a packet that arrived at `now` on `transport`. Report undecodable ones as [`Input::Lost`], failed.
    pub fn receive(&mut self, now: Time, transport: u32, packet: &Packet<'_>) -> Received {
        if self.probe() == Some(transport) {
            let answer = Packet::Text {
                kind: PacketType::Pong,
                data: PROBE,
            };
            self.probed(transport, *packet == answer);
        } else if self.is_current(transport) {
            match (self.state, packet) {
                (
                    State::Opening,
                    Packet::Text {
                        kind: PacketType::Open,
                        data,
                    },
                ) => {
                    self.accept(now, transport, Handshake::parse(data).ok());
                }
                // Anything else before the handshake: no server of this protocol.
                (State::Opening, _) => self.lost(transport, true),
                (
                    _,
                    Packet::Text {
                        kind: PacketType::Message,
                        ..
                    }
                    | Packet::Binary(_),
                ) => {
                    return Received::Deliver;
                }
                (
                    _,
                    Packet::Text {
                        kind: PacketType::Ping,
                        data,
                    },
                ) => {
                    self.arm(now);
                    self.pong(data);
                }
                (
                    _,
                    Packet::Text {
                        kind: PacketType::Close,
                        ..
                    },
                ) if self.kind == TransportKind::Polling => self.lost(transport, false),
                // A stray type. The reference client ignores a close on a WebSocket too, and waits for the socket's own.
                _ => {}
            }
        }
        Received::Done
    }

    /// Queues a message: a handle, and the packet's length as [`Packet::encoded_len`] tells it. Before the handshake too,
    /// without a check of its length. Give [`Input::Tick`] before it: browsers delay timers of hidden pages, and a session
    /// that is overdue shall not swallow messages.
    ///
    /// # Errors
    /// A message longer than the handshake's `maxPayload`, and any once the session is closing.
    pub fn send(&mut self, message: M, len: usize) -> Result<(), SendError> {
        if matches!(self.state, State::Closing | State::Closed) {
            return Err(SendError::Closed);
        }
        if let Some(max) = self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.max_payload)
            && u64::try_from(len).map_or(true, |len| len > max)
        {
            return Err(SendError::TooLong { len, max });
        }
        self.queue.push_back((Outgoing::Message(message), len));
        Ok(())
    }

    /// The next packets to write, if the transport is ready for them. Report [`Input::Sent`] when they left.
    ///
    /// A batch for polling fits `maxPayload`, separators included; its first packet goes whatever its length.
    pub fn take_batch(&mut self) -> Option<Batch<M>> {
        if !self.may_write() {
            return None;
        }
        let count = match self.kind {
            TransportKind::WebSocket => self.queue.len(),
            TransportKind::Polling => self.fitting(),
        };
        let packets: Vec<_> = self
            .queue
            .drain(..count)
            .map(|(packet, _)| packet)
            .collect();
        if packets.is_empty() {
            return None;
        }
        if packets
            .iter()
            .any(|packet| matches!(packet, Outgoing::Pong(_)))
        {
            self.pong_queued = false;
        }
        self.in_flight = true;
        Some(Batch {
            transport: self.current,
            packets,
        })
    }

    /// The next thing to do or to tell. Poll until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due: the end of the heartbeat's patience.
    pub fn next_wake(&self) -> Option<Time> {
        self.deadline.if_ever()
    }

    /// What the server said at the beginning, `None` before.
    pub const fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }

    /// The number and the kind of the transport that takes messages; number 0 before the start.
    pub const fn transport(&self) -> (u32, TransportKind) {
        (self.current, self.kind)
    }

    fn open_next(&mut self) {
        let Some(&kind) = self.config.transports.get(self.at) else {
            return self.end(CloseReason::TransportError);
        };
        self.at += 1;
        self.state = State::Opening;
        self.kind = kind;
        self.current = self.open(kind, false);
    }

    fn open(&mut self, kind: TransportKind, upgrade: bool) -> u32 {
        self.opened += 1;
        self.outputs.push_back(Output::Open {
            transport: self.opened,
            kind,
            upgrade,
        });
        self.opened
    }

    fn begin(&mut self, now: Time, handshake: Handshake) {
        let better = TransportKind::WebSocket;
        let upgrade = self.config.upgrade
            && self.kind == TransportKind::Polling
            && self.config.transports.contains(&better)
            && handshake.upgrades.iter().any(|name| name == better.name());
        self.handshake = Some(handshake);
        self.state = State::Open;
        self.arm(now);
        self.outputs.push_back(Output::Opened);
        if upgrade {
            self.upgrade = Upgrade::Opening(self.open(better, true));
        }
    }

    fn arm(&mut self, now: Time) {
        if let Some(handshake) = &self.handshake {
            self.deadline = now + handshake.silence_limit();
        }
    }

    fn pong(&mut self, data: &str) {
        // Behind the close packet of polling nothing may follow.
        let last = self.state == State::Closing && self.kind == TransportKind::Polling;
        if !last && !self.pong_queued {
            self.pong_queued = true;
            let len = data.len().saturating_add(1);
            let pong = Outgoing::Pong(String::from(data));
            self.queue.push_back((pong, len));
        }
    }

    /// How many packets fit one request body.
    fn fitting(&self) -> usize {
        let limit = self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.max_payload);
        let mut meter = PayloadMeter::new(limit);
        let fits = |(_, len): &&(_, usize)| meter.offer(*len);
        self.queue.iter().take_while(fits).count()
    }

    fn control(&mut self, transport: u32, kind: PacketType, data: &'static str) {
        self.outputs.push_back(Output::Control {
            transport,
            kind,
            data,
        });
    }

    fn is_current(&self, transport: u32) -> bool {
        let live = matches!(self.state, State::Opening | State::Open | State::Closing);
        live && transport == self.current
    }

    /// The transport that an upgrade under way moves to.
    fn probe(&self) -> Option<u32> {
        match self.upgrade {
            Upgrade::No => None,
            Upgrade::Opening(new) | Upgrade::Probing(new) | Upgrade::Pausing(new) => Some(new),
        }
    }

    fn probed(&mut self, transport: u32, right: bool) {
        if self.upgrade != Upgrade::Probing(transport) || !right {
            return self.fail_upgrade();
        }
        self.upgrade = Upgrade::Pausing(transport);
        // A write in flight is awaited first.
        if !self.in_flight {
            self.outputs.push_back(Output::Pause {
                transport: self.current,
            });
        }
    }

    fn paused(&mut self, transport: u32) {
        let Upgrade::Pausing(new) = self.upgrade else {
            return;
        };
        if self.is_current(transport) && !self.in_flight {
            self.upgrade = Upgrade::No;
            self.control(new, PacketType::Upgrade, "");
            self.outputs.push_back(Output::Detach { transport });
            self.current = new;
            self.kind = TransportKind::WebSocket;
            self.outputs.push_back(Output::Upgraded { transport: new });
        }
    }

    fn fail_upgrade(&mut self) {
        let Some(transport) = self.probe() else {
            return;
        };
        self.outputs.push_back(Output::Detach { transport });
        // With a write in flight the pause has not begun.
        if matches!(self.upgrade, Upgrade::Pausing(_)) && !self.in_flight {
            self.outputs.push_back(Output::Resume {
                transport: self.current,
            });
        }
        self.upgrade = Upgrade::No;
        self.outputs.push_back(Output::UpgradeFailed);
    }

    fn lost(&mut self, transport: u32, failed: bool) {
        if self.probe() == Some(transport) {
            self.fail_upgrade();
        } else if self.is_current(transport) {
            let next = self.at < self.config.transports.len();
            if self.state == State::Opening && failed && self.config.try_all_transports && next {
                self.outputs.push_back(Output::Detach { transport });
                self.open_next();
            } else if failed {
                self.end(CloseReason::TransportError);
            } else if self.state == State::Closing && self.queue.is_empty() {
                // The server was quicker to answer the close packet than its request.
                self.end(CloseReason::ForcedClose);
            } else {
                self.end(CloseReason::TransportClose);
            }
        }
    }

    fn close(&mut self) {
        match self.state {
            State::Idle | State::Opening => self.end(CloseReason::ForcedClose),
            State::Open => {
                self.fail_upgrade();
                self.state = State::Closing;
                if self.kind == TransportKind::Polling {
                    self.queue.push_back((Outgoing::Close, 1));
                }
                self.close_if_drained();
            }
            State::Closing | State::Closed => {}
        }
    }

    fn close_if_drained(&mut self) {
        if self.state == State::Closing && self.queue.is_empty() && !self.in_flight {
            self.end(CloseReason::ForcedClose);
        }
    }

    fn end(&mut self, reason: CloseReason) {
        if let Some(transport) = self.probe() {
            self.outputs.push_back(Output::Detach { transport });
        }
        if self.is_current(self.current) {
            self.outputs.push_back(Output::Detach {
                transport: self.current,
            });
        }
        self.upgrade = Upgrade::No;
        self.state = State::Closed;
        self.deadline = Time::NEVER;
        self.queue.clear();
        self.outputs.push_back(Output::Closed(reason));
    }
}
