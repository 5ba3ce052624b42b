//! What happens to packets, and what the server makes of them.

use everwire_core::Span;
use everwire_core::link::{Input, Verdict};

use crate::client::ClientId;
use crate::server::OnDial;
use crate::wire::{Direction, Packet, SocketId};
use crate::world::{Event, World};

impl World {
    pub(crate) fn transmit(&mut self, id: SocketId, direction: Direction, packet: Packet) {
        let socket = &mut self.sockets[id.0];
        if socket.gone {
            return;
        }
        let at = socket
            .lane(direction)
            .send(self.now, &self.wire, &packet, &mut self.random);
        self.push(at, Event::Arrive(id, direction, packet));
    }

    pub(crate) fn arrive(&mut self, id: SocketId, direction: Direction, packet: Packet) {
        let socket = &mut self.sockets[id.0];
        let client = &self.clients[socket.client.0];
        let asleep = direction == Direction::Down && client.asleep;
        if socket.gone {
            return;
        }
        if client.is_blocked(direction) || asleep {
            socket.lane(direction).held.push(packet);
            return;
        }
        match direction {
            Direction::Up if self.server.is_paused() => self.server.inbox.push((id, packet)),
            Direction::Up => self.serve(id, packet),
            Direction::Down => self.receive(id, packet),
        }
    }

    /// Delivers what waited for a path.
    pub(crate) fn release(&mut self, client: ClientId, direction: Direction) {
        for id in (0..self.sockets.len()).map(SocketId) {
            let socket = &mut self.sockets[id.0];
            if socket.client == client {
                for packet in std::mem::take(&mut socket.lane(direction).held) {
                    self.arrive(id, direction, packet);
                }
            }
        }
    }

    pub(crate) fn serve(&mut self, id: SocketId, packet: Packet) {
        let client = self.sockets[id.0].client;
        if self.sockets[id.0].gone {
            return;
        }
        match packet {
            Packet::Dial => self.answer_dial(id),
            Packet::Close { .. } => {
                self.server.sockets.retain(|&other| other != id);
                self.transmit(
                    id,
                    Direction::Down,
                    Packet::Close {
                        code: 1000,
                        retry_after: None,
                    },
                );
            }
            Packet::Fin => self.server.sockets.retain(|&other| other != id),
            _ if !self.server.sockets.contains(&id) => {}
            Packet::Ping if self.server.answers_pings => {
                self.transmit(id, Direction::Down, Packet::Pong)
            }
            Packet::Frame(messages) => {
                for message in messages {
                    self.server.take(self.now, client, id, message);
                    if message.wants_ack && self.server.acknowledges {
                        self.transmit(id, Direction::Down, Packet::Ack(message.id));
                    }
                }
            }
            _ => {}
        }
    }

    fn answer_dial(&mut self, id: SocketId) {
        let accept = match self.server.on_dial {
            _ if !self.server.is_up() => false,
            OnDial::Accept | OnDial::AcceptThenClose { .. } => true,
            OnDial::Refuse => false,
            OnDial::Ignore => return,
        };
        if !accept {
            return self.transmit(id, Direction::Down, Packet::Refuse);
        }
        self.server.sockets.push(id);
        self.transmit(id, Direction::Down, Packet::Accept);
        if let OnDial::AcceptThenClose { code, after } = self.server.on_dial {
            self.push(self.now + after, Event::ServerClose(id, code));
        }
    }

    fn receive(&mut self, id: SocketId, packet: Packet) {
        let socket = &mut self.sockets[id.0];
        if socket.detached {
            return;
        }
        let (client, generation) = (socket.client, socket.generation);
        match packet {
            Packet::Accept => {
                socket.open = true;
                self.input(client, Input::Opened { generation });
            }
            Packet::Refuse | Packet::Fin => self.closed(id, 1006, false, None),
            Packet::Close { code, retry_after } => self.closed(id, code, true, retry_after),
            Packet::Pong => self.input(client, Input::Received { pong: true }),
            Packet::Ack(message) => {
                let it = &mut self.clients[client.0];
                it.connection
                    .handle(self.now, Input::Received { pong: false });
                if let Some(ticket) = it.ticket(message) {
                    it.connection.outbox().ack(ticket);
                }
                self.drain(client);
            }
            Packet::Broadcast => self.input(client, Input::Received { pong: false }),
            Packet::Dial | Packet::Frame(_) | Packet::Ping => {}
        }
    }

    /// Both ends lose the socket; the client hears of it within 20 ms.
    pub(crate) fn cut(&mut self, id: SocketId) {
        self.server.sockets.retain(|&other| other != id);
        if !std::mem::replace(&mut self.sockets[id.0].gone, true) {
            let at = self.now + self.random.within(Span::from_millis(20));
            self.push(
                at,
                Event::Closed {
                    socket: id,
                    code: 1006,
                    clean: false,
                    retry_after: None,
                },
            );
        }
    }

    /// The client's socket fires its close event.
    pub(crate) fn closed(
        &mut self,
        id: SocketId,
        code: u16,
        clean: bool,
        retry_after: Option<Span>,
    ) {
        let socket = &mut self.sockets[id.0];
        socket.gone = true;
        let (client, generation) = (socket.client, socket.generation);
        if std::mem::replace(&mut socket.detached, true) {
            return;
        }
        let it = &mut self.clients[client.0];
        if it.asleep {
            self.sockets[id.0].detached = false;
            let again = self.now + Span::from_millis(100);
            return self.push(
                again,
                Event::Closed {
                    socket: id,
                    code,
                    clean,
                    retry_after,
                },
            );
        }
        it.socket = None;
        if let Some(span) = retry_after {
            it.connection.handle(self.now, Input::RetryHint(span));
        }
        self.input(
            client,
            Input::SocketClosed {
                generation,
                code,
                clean,
                verdict: Verdict::Default,
            },
        );
    }
}
