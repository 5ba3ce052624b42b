//! From the outboxes to the session, as late as possible.

use alloc::string::String;
use alloc::vec::Vec;

use super::event::{Action, EmitError, Item, ItemKind, Message, NamespaceId, Part, TransportId};
use super::{Client, Phase};
use crate::Time;
use crate::link::State;
use crate::protocol::engine_io::{Outgoing, Session, TransportKind};
use crate::protocol::socket_io::{Header, PacketType};
use crate::send::{Frame, Ticket};

/// Most bytes of a header: type, count of attachments, namespace, ack id.
const HEADER_ROOM: usize = 24;

impl<P: Message> Client<P> {
    /// Whether an event of the namespace would be written at once.
    pub(super) fn is_writable(&self, namespace: NamespaceId) -> bool {
        let Some(it) = self.namespaces.get(&namespace) else {
            return false;
        };
        it.phase == Phase::Joined
            && !self.in_flight
            && self.queued == 0
            && self.buffered < it.config.outbox.high_water
            && it.outbox.is_drained()
    }

    /// Tells what became of emits, launches reliable ones, completes what leaves. Returns whether there was anything.
    pub(super) fn collect(&mut self, now: Time) -> bool {
        let mut any = false;
        let mut gone = Vec::new();
        for it in self.namespaces.values_mut() {
            any |= it.collect(&mut self.actions);
            if it.phase == Phase::Joined {
                it.calls.launch(now, &it.config.retry, &mut it.outbox);
            } else if it.has_left(now) {
                gone.push(it.id);
            }
        }
        for namespace in &gone {
            self.leave(now, *namespace);
        }
        any || !gone.is_empty()
    }

    /// The next write, if the transport can take one.
    pub(super) fn write(&mut self, now: Time) -> Option<Action<P>> {
        // While an upgrade brings the old transport to rest, what waits can still be replaced or taken back.
        let ready = self.session.as_ref().is_some_and(Session::may_write);
        if self.link.state() == State::Open && ready && !self.in_flight && self.queued == 0 {
            self.fill(now);
        }
        let batch = self.session.as_mut().and_then(Session::take_batch);
        if let Some(batch) = batch {
            let messages = |packet: &&Outgoing<_>| matches!(packet, Outgoing::Message(_));
            let taken = batch.packets.iter().filter(messages).count();
            self.queued = self.queued.saturating_sub(taken);
            if self.queued == 0 {
                self.queued_bytes = 0;
            }
            self.in_flight = true;
            return Some(Action::Write {
                id: TransportId {
                    generation: self.link.generation(),
                    transport: batch.transport,
                },
                packets: batch.packets,
            });
        }
        // Writing changed statuses that are still to be told.
        let more = self.follow_session(now) || self.collect(now);
        if more || !self.actions.is_empty() {
            return self.poll(now, self.buffered);
        }
        None
    }

    /// Moves frames of all namespaces to the session, each in turn first.
    fn fill(&mut self, now: Time) {
        let mut order: Vec<NamespaceId> = self
            .namespaces
            .values()
            .filter(|it| it.is_joined())
            .map(|it| it.id)
            .collect();
        if order.is_empty() {
            return;
        }
        let first = self.turn as usize % order.len();
        order.rotate_left(first);
        self.turn = self.turn.wrapping_add(1);
        let mut frame = core::mem::take(&mut self.frame);
        for namespace in order {
            loop {
                let buffered = self.buffered.saturating_add(self.queued_bytes);
                let Some(it) = self.namespaces.get_mut(&namespace) else {
                    break;
                };
                let found = it.outbox.poll_write(now, buffered, &mut frame);
                if found == Frame::None {
                    break;
                }
                let ok = self.pass_on(namespace, found == Frame::Batch, &mut frame);
                if let Some(it) = self.namespaces.get_mut(&namespace) {
                    it.outbox.wrote(now, ok);
                }
            }
        }
        self.frame = frame;
    }

    /// Hands a frame to the session. `false` if it cannot be sent.
    fn pass_on(
        &mut self,
        namespace: NamespaceId,
        batch: bool,
        frame: &mut Vec<(Ticket, Item<P>)>,
    ) -> bool {
        let max = self.handshake().and_then(|handshake| handshake.max_payload);
        let extra = frame
            .iter()
            .skip(1)
            .map(|(_, item)| item.payload.text_len());
        let extra = extra.fold(0, usize::saturating_add);
        let Some((ticket, first)) = frame.first() else {
            return false;
        };
        if let Some(max) = max
            && self.fits(&first.payload, extra, max).is_err()
        {
            return false;
        }
        let (ticket, kind) = (*ticket, first.kind);
        let attachments = first.payload.attachments();
        let Some(it) = self.namespaces.get_mut(&namespace) else {
            return false;
        };
        let binary = attachments > 0;
        let (kind, id) = match kind {
            ItemKind::Event { ack } => (
                if binary {
                    PacketType::BinaryEvent
                } else {
                    PacketType::Event
                },
                ack.then(|| it.calls.ack_id(ticket)).flatten(),
            ),
            ItemKind::Reply { epoch, id } if epoch == it.epoch => (
                if binary {
                    PacketType::BinaryAck
                } else {
                    PacketType::Ack
                },
                Some(id),
            ),
            ItemKind::Reply { .. } => return false,
        };
        let mut header = String::new();
        let encoded = Header {
            kind,
            attachments: u32::try_from(attachments).unwrap_or(u32::MAX),
            namespace: &it.name,
            id,
        }
        .encode(self.config.limits, &mut header);
        if encoded.is_err() {
            return false;
        }
        let websocket = self.transport_kind() == Some(TransportKind::WebSocket);
        let Some(session) = self.session.as_mut() else {
            return false;
        };
        let mut payloads = frame.drain(..).map(|(_, item)| item.payload);
        let mut push = |part: Part<P>, len: usize| {
            let sent = session.send(part, len).is_ok();
            if sent {
                self.queued += 1;
                self.queued_bytes = self.queued_bytes.saturating_add(len);
            }
            sent
        };
        if batch {
            let payloads: Vec<P> = payloads.collect();
            let len = payloads.iter().map(P::text_len);
            let len = len.fold(header.len() + 1, usize::saturating_add);
            return push(Part::Batch { header, payloads }, len);
        }
        let Some(payload) = payloads.next() else {
            return false;
        };
        let len = (header.len() + 1).saturating_add(payload.text_len());
        let mut sent = push(
            Part::Packet {
                header,
                payload: payload.clone(),
            },
            len,
        );
        for index in 0..attachments {
            let bytes = wire_len(payload.attachment_len(index), websocket);
            let payload = payload.clone();
            sent &= push(Part::Attachment { payload, index }, bytes);
        }
        sent
    }

    /// Whether each message of an event is within the server's limit.
    pub(super) fn fits(&self, payload: &P, extra: usize, max: u64) -> Result<(), EmitError> {
        let websocket = self.transport_kind() == Some(TransportKind::WebSocket);
        let name = self.config.limits.max_namespace;
        let longest_name = self.namespaces.values().map(|it| it.name.len()).max();
        let header = HEADER_ROOM + longest_name.unwrap_or(0).min(name);
        let text = payload
            .text_len()
            .saturating_add(extra)
            .saturating_add(header);
        let parts = (0..payload.attachments()).map(|index| payload.attachment_len(index));
        let longest = parts
            .map(|bytes| wire_len(bytes, websocket))
            .fold(text, usize::max);
        if u64::try_from(longest).map_or(true, |len| len > max) {
            return Err(EmitError::TooLong { len: longest, max });
        }
        Ok(())
    }
}

/// Bytes of an attachment on the wire: as they are, or `b` and base64.
fn wire_len(bytes: usize, websocket: bool) -> usize {
    if websocket {
        bytes
    } else {
        bytes.div_ceil(3).saturating_mul(4).saturating_add(1)
    }
}
