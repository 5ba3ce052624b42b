//! The clock, the queue of what happens next, and everybody in it.

use std::collections::BTreeMap;
use std::fmt;

use everwire_core::connection::Connection;
use everwire_core::link::{Input, LinkConfig, NetworkEvent, PageEvent};
use everwire_core::send::{Outbox, OutboxConfig, SendError, SendOptions, TopicId};
use everwire_core::{Span, Time};

use crate::client::{Client, ClientId, Sent};
use crate::message::{Message, MessageId};
use crate::random::Random;
use crate::server::Server;
use crate::wire::{Direction, Packet, Socket, SocketId, Wire};

/// Bytes of a message unless told otherwise.
const MESSAGE_SIZE: usize = 100;
/// More wake-ups than this in one instant mean that a deadline is never consumed.
const WAKES_PER_INSTANT: u32 = 1_000;

/// A simulated world: clients, wire, one server, one clock, one seed.
pub struct World {
    seed: u64,
    pub(crate) now: Time,
    sequence: u64,
    queue: BTreeMap<(Time, u64), Event>,
    pub(crate) random: Random,
    pub(crate) wire: Wire,
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    pub(crate) sockets: Vec<Socket>,
    messages: usize,
    wakes: (Time, u32),
}

type Script = Box<dyn FnOnce(&mut World)>;

pub(crate) enum Event {
    /// A client's timer.
    Wake(ClientId),
    /// A packet reaches the other end.
    Arrive(SocketId, Direction, Packet),
    /// The client's socket reports its end.
    Closed {
        socket: SocketId,
        code: u16,
        clean: bool,
        retry_after: Option<Span>,
    },
    /// The server closes a connection.
    ServerClose(SocketId, u16),
    Script(Script),
}

impl World {
    /// An empty world at time zero with a server that accepts and answers.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            now: Time::ZERO,
            sequence: 0,
            queue: BTreeMap::new(),
            random: Random::new(seed),
            wire: Wire::default(),
            server: Server::new(),
            clients: Vec::new(),
            sockets: Vec::new(),
            messages: 0,
            wakes: (Time::ZERO, 0),
        }
    }

    /// Adds a client with a seed of its own. It is idle until [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// When an option is refused.
    pub fn add_client(&mut self, link: LinkConfig, outbox: OutboxConfig) -> ClientId {
        let seed = self.random.bits();
        match Connection::new(link, outbox, seed) {
            Ok(connection) => self.clients.push(Client::new(connection)),
            Err(error) => panic!("{error}"),
        }
        ClientId(self.clients.len() - 1)
    }

    /// The time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The path of everybody, to be changed at any time.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// The server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The server's behaviour, to be changed at any time.
    pub fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    /// A client.
    pub fn client(&self, client: ClientId) -> &Client {
        &self.clients[client.0]
    }

    /// All clients.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The world's own random numbers.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Runs for a while.
    pub fn run(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(entry) = self
            .queue
            .first_entry()
            .filter(|entry| entry.key().0 <= end)
        {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.step(event);
        }
        self.now = end;
    }

    /// Runs until `done` or for at most `limit`; says whether it is done.
    pub fn run_until(&mut self, limit: Span, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !done(self) {
            let Some(entry) = self
                .queue
                .first_entry()
                .filter(|entry| entry.key().0 <= end)
            else {
                self.now = end;
                return done(self);
            };
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.step(event);
        }
        true
    }

    /// Does something after a while.
    pub fn after(&mut self, span: Span, script: impl FnOnce(&mut Self) + 'static) {
        self.push(self.now + span, Event::Script(Box::new(script)));
    }

    /// Starts a client.
    pub fn start(&mut self, client: ClientId) {
        self.input(client, Input::Start);
    }

    /// Gives a client an input of its user or its page.
    pub fn input(&mut self, client: ClientId, input: Input) {
        self.clients[client.0].connection.handle(self.now, input);
        self.drain(client);
    }

    /// Closes a client as [`Connection::close`] does.
    pub fn close(&mut self, client: ClientId, flush: bool, deadline: Span) {
        self.clients[client.0]
            .connection
            .close(self.now, flush, deadline);
        self.drain(client);
    }

    /// Changes the client's outbox, then lets the shell poll.
    pub fn with_outbox<T>(
        &mut self,
        client: ClientId,
        change: impl FnOnce(&mut Outbox<Message>, Time) -> T,
    ) -> T {
        let result = change(self.clients[client.0].connection.outbox(), self.now);
        self.drain(client);
        result
    }

    /// Sends a message of 100 bytes.
    ///
    /// # Errors
    ///
    /// As [`Outbox::send`](everwire_core::send::Outbox::send).
    pub fn send(
        &mut self,
        client: ClientId,
        topic: TopicId,
        key: Option<u32>,
        options: SendOptions,
    ) -> Result<MessageId, SendError> {
        self.send_sized(client, topic, key, options, MESSAGE_SIZE)
    }

    /// Sends a message of `size` bytes.
    ///
    /// # Errors
    ///
    /// As [`Outbox::send`](everwire_core::send::Outbox::send).
    pub fn send_sized(
        &mut self,
        client: ClientId,
        topic: TopicId,
        key: Option<u32>,
        options: SendOptions,
        size: usize,
    ) -> Result<MessageId, SendError> {
        let id = MessageId(self.messages);
        let message = Message {
            id,
            topic,
            key,
            by_id: options.resend,
            wants_ack: options.expect_ack,
            size,
        };
        let it = &mut self.clients[client.0];
        let outbox = it.connection.outbox();
        let slot = match key.map(|key| it.keys.get(&(topic, key)).copied().ok_or(key)) {
            None => None,
            Some(Ok(slot)) => Some(slot),
            Some(Err(key)) => {
                let slot = outbox.slot(topic)?;
                it.keys.insert((topic, key), slot);
                Some(slot)
            }
        };
        let ticket = outbox.send(self.now, topic, slot, message, options);
        if ticket.is_err() {
            self.drain(client);
        }
        let ticket = ticket?;
        let it = &mut self.clients[client.0];
        self.messages += 1;
        let earlier = it.tickets.insert(ticket, id);
        assert_eq!(
            earlier, None,
            "seed {}: {ticket:?} given out while its status is open",
            self.seed
        );
        it.sent.insert(
            id,
            Sent {
                message,
                at: self.now,
                options,
                statuses: Vec::new(),
            },
        );
        self.drain(client);
        Ok(id)
    }

    /// Blocks or frees the path of a client in one direction. What is sent meanwhile arrives once it is free again, as
    /// with TCP.
    pub fn block(&mut self, client: ClientId, direction: Direction, blocked: bool) {
        self.clients[client.0].set_blocked(direction, blocked);
        if !blocked {
            self.release(client, direction);
        }
    }

    /// Blocks or frees both directions: half-open, or a network that is gone without a word.
    pub fn silence(&mut self, client: ClientId, silent: bool) {
        self.block(client, Direction::Up, silent);
        self.block(client, Direction::Down, silent);
    }

    /// Resets the client's socket, if it has one: both ends lose it, what was under way is gone.
    pub fn reset(&mut self, client: ClientId) {
        if let Some(socket) = self.clients[client.0].socket {
            self.cut(socket);
        }
    }

    /// Puts the page to sleep: no timer fires, nothing is delivered to it. Waking delivers what waited and fires late timers
    /// first, then tells that the page was resumed.
    pub fn sleep(&mut self, client: ClientId, asleep: bool) {
        self.clients[client.0].asleep = asleep;
        if asleep {
            self.input(client, Input::Page(PageEvent::Frozen));
        } else {
            self.clients[client.0].wake = None;
            self.input(client, Input::Tick);
            self.release(client, Direction::Down);
            self.input(client, Input::Page(PageEvent::Resumed));
        }
    }

    /// Takes the client's network away with the browser's signal, or brings it back.
    pub fn network(&mut self, client: ClientId, online: bool) {
        self.silence(client, !online);
        let event = if online {
            NetworkEvent::Online
        } else {
            NetworkEvent::Offline
        };
        self.input(client, Input::Network(event));
    }

    /// Kills the server: its connections are reset within 20 ms, dials are refused.
    pub fn kill_server(&mut self) {
        self.server.set_up(false);
        for socket in std::mem::take(&mut self.server.sockets) {
            self.cut(socket);
        }
    }

    /// Starts a killed server again. What it had applied and acknowledged is still there.
    pub fn start_server(&mut self) {
        if !self.server.is_up() {
            self.server.set_up(true);
        }
    }

    /// Stops the server's process or lets it go on: TCP stays up, nobody reads.
    pub fn pause_server(&mut self, paused: bool) {
        self.server.set_paused(paused);
        if !paused {
            for (socket, packet) in std::mem::take(&mut self.server.inbox) {
                self.serve(socket, packet);
            }
        }
    }

    /// The server closes all its connections with a code and, perhaps, a hint when to come back.
    pub fn close_all(&mut self, code: u16, retry_after: Option<Span>) {
        for socket in std::mem::take(&mut self.server.sockets) {
            self.transmit(socket, Direction::Down, Packet::Close { code, retry_after });
        }
    }

    /// The server ends TCP to a client without a close frame, if it holds a connection of it.
    pub fn finish(&mut self, client: ClientId) {
        if let Some(socket) = self.clients[client.0].socket
            && self.server.sockets.contains(&socket)
        {
            self.server.sockets.retain(|&other| other != socket);
            self.transmit(socket, Direction::Down, Packet::Fin);
        }
    }

    /// The server sends everybody something.
    pub fn broadcast(&mut self) {
        for socket in self.server.sockets.clone() {
            self.transmit(socket, Direction::Down, Packet::Broadcast);
        }
    }

    pub(crate) fn push(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Wake(client) => self.wake(client),
            Event::Arrive(socket, direction, packet) => self.arrive(socket, direction, packet),
            Event::Closed {
                socket,
                code,
                clean,
                retry_after,
            } => self.closed(socket, code, clean, retry_after),
            Event::ServerClose(socket, code) => {
                if self.server.sockets.contains(&socket) {
                    self.server.sockets.retain(|&other| other != socket);
                    self.transmit(
                        socket,
                        Direction::Down,
                        Packet::Close {
                            code,
                            retry_after: None,
                        },
                    );
                }
            }
            Event::Script(script) => script(self),
        }
    }

    fn wake(&mut self, client: ClientId) {
        let it = &mut self.clients[client.0];
        if it.asleep || it.wake.is_none_or(|wake| wake > self.now) {
            return;
        }
        it.wake = None;
        self.wakes = if self.wakes.0 == self.now {
            (self.now, self.wakes.1 + 1)
        } else {
            (self.now, 0)
        };
        assert!(
            self.wakes.1 < WAKES_PER_INSTANT + self.clients.len() as u32,
            "a deadline of {client:?} is never consumed"
        );
        self.input(client, Input::Tick);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("world of seed {0}: EVERWIRE_SEED={0} repeats it", self.seed);
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &self.now)
            .field("clients", &self.clients.len())
            .finish_non_exhaustive()
    }
}
