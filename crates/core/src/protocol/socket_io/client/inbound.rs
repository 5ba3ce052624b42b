//! Packets that arrive.

use alloc::string::String;
use alloc::vec::Vec;

use super::event::{DisconnectReason, Event, Refusal, TransportId};
use super::{Client, Message, NamespaceId, Phase};
use crate::Time;
use crate::protocol::engine_io::{self, Packet as EnginePacket};
use crate::protocol::socket_io::{Assembled, Packet, PacketType};

/// A packet that may wait for its attachments.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    kind: PacketType,
    /// `None` if there is no such namespace: its packets are read and ignored.
    namespace: Option<NamespaceId>,
    id: Option<u64>,
    payload: String,
}

impl<P: Message> Client<P> {
    /// Takes in an Engine.IO packet that arrived at `now`. Report undecodable ones as [`Input::Lost`](super::Input::Lost),
    /// failed.
    pub fn receive(&mut self, now: Time, id: TransportId, packet: &EnginePacket<'_>) {
        self.tick_session(now);
        if id.generation != self.link.generation() {
            return;
        }
        let Some(session) = self.session.as_mut() else {
            return;
        };
        if session.receive(now, id.transport, packet) != engine_io::Received::Deliver {
            // What it said comes first: the link must know of the opening before the next message.
            while self.follow_session(now) {}
            return;
        }
        let read = match packet {
            EnginePacket::Text { data, .. } => self.text(now, data),
            EnginePacket::Binary(bytes) => {
                let len = bytes.len();
                match self.assembler.binary(bytes.to_vec(), len) {
                    Ok(Some(packet)) => self.packet(now, packet),
                    Ok(None) => Ok(()),
                    Err(_) => Err(Unreadable),
                }
            }
        };
        if read.is_err() {
            self.unreadable(now);
        }
    }

    fn text(&mut self, now: Time, text: &str) -> Result<(), Unreadable> {
        let Packet { header, payload } =
            Packet::decode(text, self.config.limits).map_err(|_| Unreadable)?;
        let path = header.path();
        let namespace = self.namespaces.values().find(|it| it.name == path);
        let pending = Pending {
            kind: header.kind,
            namespace: namespace.map(|it| it.id),
            id: header.id,
            payload: String::from(payload),
        };
        match self.assembler.text(pending, header.attachments) {
            Ok(Some(packet)) => self.packet(now, packet),
            Ok(None) => Ok(()),
            Err(_) => Err(Unreadable),
        }
    }

    fn packet(&mut self, now: Time, packet: Assembled<Pending, Vec<u8>>) -> Result<(), Unreadable> {
        let Assembled {
            packet:
                Pending {
                    kind,
                    namespace,
                    id,
                    payload,
                },
            attachments,
        } = packet;
        let Some(namespace) = namespace else {
            return Ok(());
        };
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return Ok(());
        };
        match kind {
            PacketType::Connect if it.phase == Phase::Joining => {
                match it.recovery.connected(&payload).map_err(|_| Unreadable)? {
                    Some(reply) => {
                        it.joined(now, reply.sid);
                        let recovered = reply.recovered;
                        self.tell(Event::Connected {
                            namespace,
                            recovered,
                        });
                    }
                    None => self.refused(now, namespace, Refusal::OldProtocol),
                }
            }
            PacketType::ConnectError if it.phase == Phase::Joining => {
                self.refused(now, namespace, Refusal::Server(payload));
            }
            PacketType::Disconnect if it.is_joined() || it.phase == Phase::Joining => {
                self.thrown_out(now, namespace);
            }
            // Events that were missed come before the reply to CONNECT. One without a payload has no name.
            PacketType::Event | PacketType::BinaryEvent
                if (it.is_joined() || it.phase == Phase::Joining) && !payload.is_empty() =>
            {
                let event = it.received(payload, attachments, id);
                self.tell(event);
            }
            // Behind a goodbye in the same body the emits have failed already, even if nobody was told yet.
            PacketType::Ack | PacketType::BinaryAck if it.is_joined() => {
                let answered = id.and_then(|id| it.calls.acked(id));
                if let Some((emit, ticket)) = answered {
                    self.tell(Event::Acked {
                        namespace,
                        emit,
                        payload,
                        attachments,
                    });
                    self.acked(namespace, ticket);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn acked(&mut self, namespace: NamespaceId, ticket: crate::send::Ticket) {
        if let Some(it) = self.namespaces.get_mut(&namespace) {
            it.outbox.ack(ticket);
            // Before another packet can meet the ticket's next owner.
            it.collect(&mut self.actions);
        }
    }

    /// The server left the namespace.
    fn thrown_out(&mut self, now: Time, namespace: NamespaceId) {
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return;
        };
        let rejoins = it.config.rejoin && it.phase != Phase::Leaving;
        let event = it.disconnected(DisconnectReason::ServerDisconnect, rejoins);
        if rejoins {
            self.plan(now, namespace);
        } else {
            it.left(now, Phase::Idle);
        }
        self.tell(event);
        self.close_unless_wanted(now);
    }
}

/// The connection ends with `parse error`.
struct Unreadable;
