//! A server that does what it is told, and remembers everything.

use std::collections::BTreeMap;

use everwire_core::{Span, Time};

use crate::client::ClientId;
use crate::message::{Message, MessageId};
use crate::wire::{Packet, SocketId};

/// What the server does with a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDial {
    /// Accepts it.
    Accept,
    /// Refuses it: the client sees 1006.
    Refuse,
    /// Lets it hang.
    Ignore,
    /// Accepts it and closes after a while: flapping.
    AcceptThenClose {
        /// Close code.
        code: u16,
        /// How long the connection lasts.
        after: Span,
    },
}

/// One arrival of a message, duplicates included.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// When.
    pub at: Time,
    /// From whom.
    pub client: ClientId,
    /// Over which connection, counted from 0 over all clients.
    pub connection: usize,
    /// What.
    pub message: Message,
    /// Whether it had its effect now; a duplicate by id has none.
    pub effect: bool,
}

/// The scripted server. Its effects survive a restart, its connections do not.
#[derive(Debug)]
pub struct Server {
    /// What it does with dials. Default accept.
    pub on_dial: OnDial,
    /// Whether it answers pings. Default true.
    pub answers_pings: bool,
    /// Whether it acknowledges messages that want it. Default true.
    pub acknowledges: bool,
    up: bool,
    paused: bool,
    pub(crate) inbox: Vec<(SocketId, Packet)>,
    pub(crate) sockets: Vec<SocketId>,
    receipts: Vec<Receipt>,
    copies: BTreeMap<MessageId, usize>,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            on_dial: OnDial::Accept,
            answers_pings: true,
            acknowledges: true,
            up: true,
            paused: false,
            inbox: Vec::new(),
            sockets: Vec::new(),
            receipts: Vec::new(),
            copies: BTreeMap::new(),
        }
    }

    /// Whether the process runs.
    pub const fn is_up(&self) -> bool {
        self.up
    }

    /// Whether the process is stopped: its kernel takes bytes, nobody reads them.
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Connections it holds.
    pub fn connections(&self) -> usize {
        self.sockets.len()
    }

    /// Everything that arrived, in order.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// How often a message arrived.
    pub fn copies(&self, message: MessageId) -> usize {
        self.copies.get(&message).copied().unwrap_or(0)
    }

    pub(crate) fn set_up(&mut self, up: bool) {
        self.up = up;
        self.paused = false;
        self.inbox.clear();
    }

    pub(crate) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(crate) fn take(&mut self, at: Time, client: ClientId, socket: SocketId, message: Message) {
        let copies = self.copies.entry(message.id).or_default();
        *copies += 1;
        self.receipts.push(Receipt {
            at,
            client,
            connection: socket.0,
            message,
            effect: *copies == 1,
        });
    }
}
