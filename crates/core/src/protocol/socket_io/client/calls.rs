//! Which emit is which: tickets of the outbox, ack ids on the wire, deadlines, and reliable emits that wait for their turn.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::event::{AckError, EmitError, EmitId, Item, ItemKind, Message, index};
use super::{NamespaceConfig, RetryConfig};
use crate::Time;
use crate::send::{DropReason, Outbox, SendError, SendOptions, Status, Ticket, TopicId};

/// The emits of one namespace whose end is still to come.
pub(super) struct Calls<P> {
    /// By number of the ticket.
    tickets: Vec<Option<EmitId>>,
    /// Those that want an ack.
    calls: BTreeMap<EmitId, Call<P>>,
    by_ack: BTreeMap<u64, EmitId>,
    /// Ack ids count from 0 and are never used twice, so that a late ack cannot meet another emit.
    next_ack: u64,
    deadlines: BTreeSet<(Time, EmitId)>,
    /// Reliable emits that are not in the outbox, in order.
    waiting: BTreeSet<EmitId>,
    /// Reliable emits that are, with their keys.
    flying: BTreeMap<EmitId, Option<u64>>,
    /// Payload bytes of reliable emits, wherever they are.
    reliable_bytes: usize,
}

struct Call<P> {
    ticket: Option<Ticket>,
    ack: Option<u64>,
    deadline: Time,
    timed_out: bool,
    reliable: Option<Reliable<P>>,
}

struct Reliable<P> {
    payload: P,
    key: Option<u64>,
    sends: u32,
}

/// What a change of the outbox means for the emit.
pub(super) struct Change {
    pub(super) emit: EmitId,
    /// `None` if a reliable emit waits for another turn.
    pub(super) status: Option<(Status, bool)>,
    pub(super) failed: Option<AckError>,
}

impl<P: Message> Calls<P> {
    pub(super) const fn new() -> Self {
        Self {
            tickets: Vec::new(),
            calls: BTreeMap::new(),
            by_ack: BTreeMap::new(),
            next_ack: 0,
            deadlines: BTreeSet::new(),
            waiting: BTreeSet::new(),
            flying: BTreeMap::new(),
            reliable_bytes: 0,
        }
    }

    pub(super) fn check_room(&self, config: &NamespaceConfig) -> Result<(), EmitError> {
        if self.calls.len() >= config.max_pending_acks {
            return Err(EmitError::TooManyAcks);
        }
        Ok(())
    }

    /// Remembers an emit that the outbox took. With `deadline` its ack is awaited.
    pub(super) fn add(&mut self, emit: EmitId, ticket: Ticket, deadline: Option<Time>) {
        self.track(emit, ticket);
        if let Some(deadline) = deadline {
            self.calls.insert(
                emit,
                Call {
                    ticket: Some(ticket),
                    ack: None,
                    deadline,
                    timed_out: false,
                    reliable: None,
                },
            );
            self.arm(deadline, emit);
        }
    }

    pub(super) fn set_deadline(&mut self, emit: EmitId, deadline: Time) {
        let call = self.calls.get_mut(&emit);
        if let Some(call) = call.filter(|call| call.reliable.is_none()) {
            let old = core::mem::replace(&mut call.deadline, deadline);
            self.deadlines.remove(&(old, emit));
            self.arm(deadline, emit);
        }
    }

    pub(super) fn add_reliable(
        &mut self,
        emit: EmitId,
        payload: P,
        key: Option<u64>,
        config: &NamespaceConfig,
    ) -> Result<(), EmitError> {
        let size = payload.size();
        let bytes = self.reliable_bytes.saturating_add(size);
        if bytes > config.outbox.max_bytes {
            let alone = size > config.outbox.max_bytes;
            return Err(EmitError::Send(if alone {
                SendError::TooLarge
            } else {
                SendError::QueueFull
            }));
        }
        self.reliable_bytes = bytes;
        self.waiting.insert(emit);
        self.calls.insert(
            emit,
            Call {
                ticket: None,
                ack: None,
                deadline: Time::NEVER,
                timed_out: false,
                reliable: Some(Reliable {
                    payload,
                    key,
                    sends: 0,
                }),
            },
        );
        Ok(())
    }

    /// Hands reliable emits to the outbox while the window has room, each key in its order.
    pub(super) fn launch(&mut self, now: Time, retry: &RetryConfig, outbox: &mut Outbox<Item<P>>) {
        if self.waiting.is_empty() || self.flying.len() >= retry.window as usize {
            return;
        }
        let mut keys: BTreeSet<u64> = self.flying.values().flatten().copied().collect();
        let room = (retry.window as usize).saturating_sub(self.flying.len());
        let mut ready = Vec::new();
        for emit in &self.waiting {
            if ready.len() == room {
                break;
            }
            let key = self.reliable(*emit).and_then(|reliable| reliable.key);
            if key.is_none_or(|key| keys.insert(key)) {
                ready.push((*emit, key));
            }
        }
        for (emit, key) in ready {
            let Some(call) = self.calls.get_mut(&emit) else {
                continue;
            };
            let Some(reliable) = &mut call.reliable else {
                continue;
            };
            let item = Item {
                payload: reliable.payload.clone(),
                kind: ItemKind::Event { ack: true },
            };
            let options = SendOptions {
                expect_ack: true,
                ..SendOptions::default()
            };
            let Ok(ticket) = outbox.send(now, TopicId(0), None, item, options) else {
                // The outbox is full or closing: after the next change there is another try.
                return;
            };
            reliable.sends = reliable.sends.saturating_add(1);
            call.ticket = Some(ticket);
            call.timed_out = false;
            call.deadline = now + retry.ack_timeout;
            let deadline = call.deadline;
            self.arm(deadline, emit);
            self.waiting.remove(&emit);
            self.flying.insert(emit, key);
            self.track(emit, ticket);
        }
    }

    /// The ack id of an event that is being written.
    pub(super) fn ack_id(&mut self, ticket: Ticket) -> Option<u64> {
        let emit = self.tickets.get(index(ticket)).copied().flatten()?;
        let call = self.calls.get_mut(&emit)?;
        let id = self.next_ack;
        self.next_ack += 1;
        call.ack = Some(id);
        self.by_ack.insert(id, emit);
        Some(id)
    }

    /// The emit that an ack answers, and its ticket.
    pub(super) fn acked(&mut self, id: u64) -> Option<(EmitId, Ticket)> {
        let emit = self.by_ack.remove(&id)?;
        Some((emit, self.calls.get(&emit)?.ticket?))
    }

    /// An entry of the outbox changed its status.
    pub(super) fn changed(
        &mut self,
        ticket: Ticket,
        status: Status,
        terminal: bool,
        retries: u32,
    ) -> Option<Change> {
        let slot = self.tickets.get_mut(index(ticket))?;
        let emit = (*slot)?;
        if terminal {
            *slot = None;
        }
        let told = Change {
            emit,
            status: Some((status, terminal)),
            failed: None,
        };
        if !terminal || !self.calls.contains_key(&emit) {
            return Some(told);
        }
        self.land(emit);
        if status == Status::Acked {
            self.remove(emit);
            return Some(told);
        }
        let call = self.calls.get_mut(&emit)?;
        call.ticket = None;
        let error = match status {
            _ if call.timed_out => AckError::TimedOut,
            Status::Unknown => AckError::Disconnected,
            status => AckError::NotSent(status),
        };
        if let Some(reliable) = &mut call.reliable {
            // A lost connection says nothing about the server's will, and what was taken back unwritten never reached it.
            if error != AckError::TimedOut || status == Status::Cancelled {
                reliable.sends = reliable.sends.saturating_sub(1);
            }
            let over = matches!(
                status,
                Status::Cancelled | Status::Dropped(DropReason::Close)
            );
            if reliable.sends <= retries && (error == AckError::TimedOut || !over) {
                self.waiting.insert(emit);
                return Some(Change {
                    status: None,
                    ..told
                });
            }
        }
        self.remove(emit);
        Some(Change {
            failed: Some(error),
            ..told
        })
    }

    /// The emits whose time is up. Those in the outbox are taken out of it, and end with the change that follows.
    pub(super) fn expire(&mut self, now: Time, outbox: &mut Outbox<Item<P>>) {
        while let Some((deadline, emit)) = self.deadlines.first().copied()
            && deadline <= now
        {
            self.deadlines.remove(&(deadline, emit));
            let Some(call) = self.calls.get_mut(&emit) else {
                continue;
            };
            call.timed_out = true;
            if let Some(ticket) = call.ticket
                && !outbox.cancel(ticket)
            {
                outbox.abandon(ticket);
            }
        }
    }

    /// Takes an emit back, or stops waiting for its ack. Returns whether it was not written, and whether the outbox did not
    /// have it and thus tells no end.
    pub(super) fn cancel(&mut self, emit: EmitId, outbox: &mut Outbox<Item<P>>) -> (bool, bool) {
        let ticket = match self.calls.get(&emit) {
            Some(call) => call.ticket,
            None => self.ticket(emit),
        };
        if let Some(ticket) = ticket {
            // Not again: what was abandoned would otherwise wait for another turn.
            let call = self.calls.get_mut(&emit);
            if let Some(reliable) = call.and_then(|call| call.reliable.take()) {
                self.forget(&reliable);
            }
            let cancelled = outbox.cancel(ticket);
            if !cancelled {
                outbox.abandon(ticket);
            }
            return (cancelled, false);
        }
        let known = self.waiting.contains(&emit);
        self.remove(emit);
        (known, known)
    }

    /// Ends reliable emits that wait for their turn: the namespace is over.
    pub(super) fn drop_waiting(&mut self) -> Vec<EmitId> {
        let dropped: Vec<_> = self.waiting.iter().copied().collect();
        for emit in &dropped {
            self.remove(*emit);
        }
        dropped
    }

    pub(super) fn wake(&self) -> Time {
        self.deadlines
            .first()
            .map_or(Time::NEVER, |(time, _)| *time)
    }

    /// Emits that wait for an ack, or reliable ones for their turn.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    fn reliable(&self, emit: EmitId) -> Option<&Reliable<P>> {
        self.calls.get(&emit)?.reliable.as_ref()
    }

    fn ticket(&self, emit: EmitId) -> Option<Ticket> {
        let place = self.tickets.iter().position(|other| *other == Some(emit))?;
        u32::try_from(place).ok().map(Ticket)
    }

    fn track(&mut self, emit: EmitId, ticket: Ticket) {
        if self.tickets.len() <= index(ticket) {
            self.tickets.resize(index(ticket) + 1, None);
        }
        if let Some(slot) = self.tickets.get_mut(index(ticket)) {
            *slot = Some(emit);
        }
    }

    fn arm(&mut self, deadline: Time, emit: EmitId) {
        if deadline != Time::NEVER {
            self.deadlines.insert((deadline, emit));
        }
    }

    /// It is no longer in the outbox.
    fn land(&mut self, emit: EmitId) {
        self.flying.remove(&emit);
        if let Some(call) = self.calls.get_mut(&emit) {
            if let Some(ack) = call.ack.take() {
                self.by_ack.remove(&ack);
            }
            self.deadlines.remove(&(call.deadline, emit));
        }
    }

    fn remove(&mut self, emit: EmitId) {
        self.land(emit);
        self.waiting.remove(&emit);
        if let Some(call) = self.calls.remove(&emit)
            && let Some(reliable) = call.reliable
        {
            self.forget(&reliable);
        }
    }

    fn forget(&mut self, reliable: &Reliable<P>) {
        self.reliable_bytes = self.reliable_bytes.saturating_sub(reliable.payload.size());
    }
}
