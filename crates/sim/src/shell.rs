//! The thin shell of each client: does what the connection says, owns its one timer.

use everwire_core::connection::Action;
use everwire_core::link::Output;
use everwire_core::send::OutboxEvent;

use crate::client::ClientId;
use crate::wire::{Direction, Packet, Socket, SocketId};
use crate::world::{Event, World};

impl World {
    /// Does what the connection asks for until it asks for nothing, then arms its timer.
    pub(crate) fn drain(&mut self, client: ClientId) {
        let mut frame = std::mem::take(&mut self.clients[client.0].frame);
        loop {
            let buffered = self.buffered(client);
            let action = self.clients[client.0]
                .connection
                .poll(self.now, buffered, &mut frame);
            match action {
                None => break,
                Some(Action::Link(output)) => self.follow(client, output),
                Some(Action::Write { .. }) => {
                    let messages = frame.iter().map(|(_, message)| *message).collect();
                    if let Some(socket) = self.clients[client.0].socket {
                        self.transmit(socket, Direction::Up, Packet::Frame(messages));
                    }
                    self.clients[client.0].connection.wrote(self.now, true);
                }
                Some(Action::Event(event)) => self.record(client, event),
            }
        }
        self.clients[client.0].frame = frame;
        self.arm(client);
    }

    fn arm(&mut self, client: ClientId) {
        let it = &mut self.clients[client.0];
        let wake = it.connection.next_wake();
        if let Some(at) = wake.filter(|_| wake != it.wake) {
            it.wake = wake;
            self.push(at.max(self.now), Event::Wake(client));
        }
        self.clients[client.0].wake = wake;
    }

    fn buffered(&self, client: ClientId) -> usize {
        self.clients[client.0]
            .socket
            .map_or(0, |id| self.sockets[id.0].up.buffered(self.now, &self.wire))
    }

    fn follow(&mut self, client: ClientId, output: Output) {
        match output {
            Output::Dial { generation, .. } => {
                let id = SocketId(self.sockets.len());
                self.sockets.push(Socket::new(client, generation));
                let it = &mut self.clients[client.0];
                assert_eq!(it.socket, None, "two sockets of one client");
                it.socket = Some(id);
                it.dials.push(self.now);
                self.transmit(id, Direction::Up, Packet::Dial);
            }
            Output::CloseSocket { .. } => {
                if let Some(id) = self.clients[client.0].socket {
                    if self.sockets[id.0].open {
                        self.transmit(
                            id,
                            Direction::Up,
                            Packet::Close {
                                code: 1000,
                                retry_after: None,
                            },
                        );
                    } else {
                        self.cut(id);
                    }
                }
            }
            Output::Detach { .. } => {
                if let Some(id) = self.clients[client.0].socket.take() {
                    self.sockets[id.0].detached = true;
                    self.transmit(id, Direction::Up, Packet::Fin);
                }
            }
            Output::Ping { .. } => {
                if let Some(id) = self.clients[client.0].socket {
                    self.transmit(id, Direction::Up, Packet::Ping);
                }
            }
            Output::State { to, cause, .. } => {
                self.clients[client.0].states.push((self.now, to, cause))
            }
            Output::Ended(reason) => self.clients[client.0].ended = Some(reason),
            _ => {}
        }
    }

    fn record(&mut self, client: ClientId, event: OutboxEvent) {
        let it = &mut self.clients[client.0];
        let (ticket, status, terminal) = match event {
            OutboxEvent::Status {
                ticket,
                status,
                terminal,
            } => (ticket, status, terminal),
            OutboxEvent::SlotIdle(idle) => return it.keys.retain(|_, slot| *slot != idle),
            _ => return,
        };
        let id = it.tickets.get(&ticket).copied();
        let Some(sent) = id.and_then(|id| it.sent.get_mut(&id)) else {
            panic!("{status:?} for {ticket:?}, which has ended or never began");
        };
        sent.statuses.push((self.now, status, terminal));
        if terminal {
            it.tickets.remove(&ticket);
        }
    }
}
