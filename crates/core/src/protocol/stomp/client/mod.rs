//! A STOMP client that outlives its connections.
//!
//! A [`Session`] lasts as long as one socket; a [`Client`] as long as the application wants. It joins a
//! [`Connection`] (link and outbox) with one session after the other, by these rules:
//!
//! | What | Rule |
//! |---|---|
//! | opening | `CONNECT` belongs to dialling: the link opens when `CONNECTED` is there and the subscriptions are back, so `Open` means usable |
//! | subscriptions | may be made at any time; restored on each connection, under the same ids, before anything queued goes out |
//! | several listeners | of one destination share a subscription; the last one ends it |
//! | publishing | the outbox with its policies; with a receipt it is acknowledged, with an id it is written again after a loss, under the same receipt |
//! | transactions | are collected and written as a whole, so that a lost connection never leaves half of one |
//! | requests | carry `reply-to` and `correlation-id`; the answer, or why there is none, comes under the request's number |
//! | `ERROR` | ends the connection at once; what its `receipt-id` names is not tried again |
//! | faults | malformed input and silence end the connection; the link's policy decides what follows |
//! | disconnecting | drains within a deadline, then `DISCONNECT` and a bounded wait for its receipt, then the closing handshake |
//!
//! It is as pure as the rest: the shell owns the socket and the timer. After each call that takes the time:
//! [`Client::poll`] until `None`, then arm the timer for [`Client::next_wake`].

mod config;
mod event;
mod incoming;
mod lifecycle;
mod outgoing;
mod poll;
mod publication;
mod requests;
mod subscriptions;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use config::ClientConfig;
pub use event::{
    About, AckError, Action, CallFault, Incoming, Loss, PublishError, RequestEnd, SubscribeError,
    Subscribed, TopicError,
};
pub use incoming::Delivery;
pub use publication::{Outgoing, OutgoingBody, Publication, TransactionBuilder};
pub use requests::RequestId;
pub use subscriptions::{AckMode, ListenerId};

use requests::Requests;
use subscriptions::Subscriptions;

use super::table::Table;
use super::write::push_decimal;
use super::{CloseReason, Frame, Session};
use crate::Time;
use crate::connection::{Connection, ConnectionConfigError};
use crate::link::{Link, State};
use crate::send::{Counters, OutboxEvent, Ticket};

/// A STOMP client over any number of connections.
pub struct Client {
    config: ClientConfig,
    connection: Connection<Publication>,
    /// The session of the current socket, once that is open.
    session: Option<Session>,
    /// The socket that the session belongs to.
    generation: u32,
    /// Whether the link was told that the socket can be used.
    opened: bool,
    /// A session's end that the shell was told of and has not answered.
    faulted: bool,
    /// Why the session ended, if it ended by itself.
    fault: Option<CloseReason>,
    /// What is to be done once no received frame is borrowed any more.
    duties: Duties,
    subscriptions: Subscriptions,
    requests: Requests,
    /// What was written on this connection and waits for its receipt, by the receipt's number.
    receipts: Table<u32, Awaited>,
    /// The receipts of messages that want one; kept over connections, so that a message is written again under its own.
    tickets: Table<Ticket, u32>,
    last_receipt: u32,
    /// Frames to be written, and what each completes.
    frames: VecDeque<Ready>,
    /// The frame that the shell is writing.
    in_hand: Completes,
    actions: VecDeque<Action>,
    scratch: Vec<(Ticket, Publication)>,
    /// When to stop waiting for the confirmation of restored subscriptions.
    confirm_by: Time,
    /// The server let a whole wait pass without a receipt for a `SUBSCRIBE`.
    no_receipts: bool,
    /// The server refused the login, and the same login would be refused again.
    stop: bool,
}

/// Work that a received frame brings and that needs the session it is borrowed from.
#[derive(Default)]
struct Duties {
    /// `CONNECTED` came.
    restore: bool,
    /// The receipt of `DISCONNECT` came.
    close: bool,
    /// An `ERROR` refused this.
    refused: Option<Awaited>,
    /// The session is over.
    over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Publish(Ticket),
    Subscribe(u32),
}

/// A frame to be written.
struct Ready {
    bytes: Vec<u8>,
    text: bool,
    completes: Completes,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Completes {
    /// Nothing that the outbox waits for.
    #[default]
    Nothing,
    /// A part of a message; more parts follow.
    Part,
    /// A message of the outbox.
    Message,
}

impl Client {
    /// An idle client. Subscriptions, publishes and requests are accepted at once. `seed` decides the jitter and sets the
    /// client's correlation ids apart from others': give each client another one.
    ///
    /// # Errors
    ///
    /// The option of the link or the outbox that is out of range.
    pub fn new(mut config: ClientConfig, seed: u64) -> Result<Self, ConnectionConfigError> {
        // One wait covers provider, handshake and CONNECT: the link's.
        config.session.connect_timeout = crate::Span::MAX;
        let mut link = config.link;
        link.close_timeout = link.close_timeout + config.session.disconnect_timeout;
        Ok(Self {
            connection: Connection::new(link, config.outbox, seed)?,
            session: None,
            generation: 0,
            opened: false,
            faulted: false,
            fault: None,
            duties: Duties::default(),
            subscriptions: Subscriptions::new(config.max_subscriptions),
            requests: Requests::new(config.max_requests, seed),
            receipts: Table::new(),
            tickets: Table::new(),
            last_receipt: 0,
            frames: VecDeque::new(),
            in_hand: Completes::Nothing,
            actions: VecDeque::new(),
            scratch: Vec::new(),
            confirm_by: Time::NEVER,
            no_receipts: false,
            stop: false,
            config,
        })
    }

    /// The link, for its readable values.
    pub const fn link(&self) -> &Link {
        self.connection.link()
    }

    /// Whether a disconnect is draining the queue.
    pub const fn is_draining(&self) -> bool {
        self.connection.is_draining()
    }

    /// What became of the messages so far, and what is held now.
    pub fn counters(&mut self) -> Counters {
        self.connection.outbox().counters()
    }

    /// Whether frames can be written now.
    fn is_connected(&self) -> bool {
        !self.faulted && self.session.as_ref().is_some_and(Session::is_connected)
    }

    /// The number of a new receipt.
    const fn next_receipt(&mut self) -> u32 {
        self.last_receipt = self.last_receipt.wrapping_add(1);
        self.last_receipt
    }

    /// Keeps the books when the outbox tells something.
    fn note(&mut self, event: OutboxEvent) {
        let OutboxEvent::Status {
            ticket,
            status,
            terminal,
        } = event
        else {
            return;
        };
        if let Some(end) = self.requests.status(ticket, status, terminal) {
            self.actions.push_back(end);
        }
        if terminal && let Some(receipt) = self.tickets.remove(&ticket) {
            self.receipts.remove(&receipt);
        }
    }

    /// Forgets the socket's session when the link has moved on.
    fn follow(&mut self) {
        let link = self.connection.link();
        let lives = matches!(
            link.state(),
            State::Connecting | State::Open | State::Closing
        );
        if self.session.is_some() && (!lives || link.generation() != self.generation) {
            self.forget_session();
        }
    }

    fn forget_session(&mut self) {
        self.session = None;
        self.opened = false;
        self.faulted = false;
        self.duties = Duties::default();
        self.frames.clear();
        self.confirm_by = Time::NEVER;
        self.subscriptions.disconnected();
        self.receipts = Table::new();
        for end in self.requests.disconnected() {
            self.actions.push_back(end);
        }
    }
}

/// What begins the id of each receipt.
const RECEIPT: &str = "r-";

/// The number of a receipt that a frame names.
fn receipt_number(frame: &Frame<'_>) -> Option<u32> {
    let id = frame.header("receipt-id")?;
    id.strip_prefix(RECEIPT)?.parse().ok()
}

/// The id on the wire of a numbered thing.
fn numbered(prefix: &str, number: u32) -> String {
    let mut id = String::from(prefix);
    push_decimal(u64::from(number), &mut id);
    id
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("link", self.connection.link())
            .field("connected", &self.is_connected())
            .field("receipts", &self.receipts.len())
            .finish_non_exhaustive()
    }
}
