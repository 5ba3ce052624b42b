//! A client: a connection and the thin shell around it.

use std::collections::BTreeMap;

use everwire_core::Time;
use everwire_core::connection::Connection;
use everwire_core::link::{Cause, EndReason, State};
use everwire_core::send::{SendOptions, SlotId, Status, Ticket, TopicId};

use crate::message::{Message, MessageId};
use crate::wire::{Direction, SocketId};

/// A client of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub usize);

/// The record of one accepted send.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// When it was accepted.
    pub at: Time,
    /// Its options.
    pub options: SendOptions,
    /// All statuses that were reported, in order, with whether each was called the last one.
    pub statuses: Vec<(Time, Status, bool)>,
}

impl Sent {
    /// The terminal status, if there was one.
    pub fn outcome(&self) -> Option<Status> {
        self.statuses
            .iter()
            .find(|(_, _, terminal)| *terminal)
            .map(|&(_, status, _)| status)
    }
}

/// A client under simulation.
#[derive(Debug)]
pub struct Client {
    /// What is being tested.
    pub connection: Connection<Message>,
    /// Sends that were accepted, by message.
    pub sent: BTreeMap<MessageId, Sent>,
    /// Every change of state.
    pub states: Vec<(Time, State, Cause)>,
    /// When each dial started.
    pub dials: Vec<Time>,
    /// How the link ended, if it did.
    pub ended: Option<EndReason>,
    pub(crate) tickets: BTreeMap<Ticket, MessageId>,
    /// The slots of the keys in use.
    pub(crate) keys: BTreeMap<(TopicId, u32), SlotId>,
    pub(crate) frame: Vec<(Ticket, Message)>,
    pub(crate) socket: Option<SocketId>,
    pub(crate) wake: Option<Time>,
    /// Whether the page sleeps: no timer runs and nothing is delivered.
    pub(crate) asleep: bool,
    blocked: [bool; 2],
}

impl Client {
    pub(crate) fn new(connection: Connection<Message>) -> Self {
        Self {
            connection,
            sent: BTreeMap::new(),
            states: Vec::new(),
            dials: Vec::new(),
            ended: None,
            tickets: BTreeMap::new(),
            keys: BTreeMap::new(),
            frame: Vec::new(),
            socket: None,
            wake: None,
            asleep: false,
            blocked: [false; 2],
        }
    }

    /// The state of its link.
    pub fn state(&self) -> State {
        self.connection.link().state()
    }

    /// The ticket of a send that has not ended yet.
    pub fn ticket(&self, message: MessageId) -> Option<Ticket> {
        self.tickets
            .iter()
            .find(|&(_, &id)| id == message)
            .map(|(&ticket, _)| ticket)
    }

    pub(crate) const fn is_blocked(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.blocked[0],
            Direction::Down => self.blocked[1],
        }
    }

    pub(crate) const fn set_blocked(&mut self, direction: Direction, blocked: bool) {
        match direction {
            Direction::Up => self.blocked[0] = blocked,
            Direction::Down => self.blocked[1] = blocked,
        }
    }
}
