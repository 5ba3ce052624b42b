//! One namespace: joined or not, what waits to be sent, what waits for an answer.

use alloc::{collections::VecDeque, string::String, vec::Vec};

use super::NamespaceConfig;
use super::calls::{Calls, Change};
use super::event::{
    AckError, Action, DisconnectReason, EmitError, EmitId, EmitOptions, Event, Item, ItemKind,
    Message, NamespaceError, NamespaceId, Received, ReplyTo,
};
use super::recovery::Recovery;
use crate::send::{
    DropReason, Offline, Outbox, OutboxEvent, Scope, SendOptions, SlotId, Status, TopicId,
};
use crate::{Span, Time};

/// Where a namespace is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Left, refused, or never asked for: nothing happens until [`Client::connect`](super::Client::connect).
    Idle,
    /// It shall be joined as soon as the connection is open, or after a wait.
    Waiting,
    /// Its auth data is being found out.
    Authenticating,
    /// CONNECT was sent.
    Joining,
    /// Joined: events go both ways.
    Joined,
    /// To be left as soon as what is queued was written.
    Leaving,
}

pub(super) struct Namespace<P: Message> {
    pub(super) id: NamespaceId,
    pub(super) name: String,
    pub(super) config: NamespaceConfig,
    pub(super) phase: Phase,
    /// Number of the attempt to join.
    pub(super) epoch: u32,
    pub(super) sid: String,
    pub(super) outbox: Outbox<Item<P>>,
    pub(super) calls: Calls<P>,
    pub(super) recovery: Recovery,
    /// Attempts to join again in a row.
    pub(super) attempt: u32,
    /// When it is tried again, while waiting for that.
    pub(super) retry_at: Time,
    /// When flushing before leaving ends.
    pub(super) leave_at: Time,
    pub(super) joined_at: Time,
}

impl<P: Message> Namespace<P> {
    pub(super) fn new(
        id: NamespaceId,
        name: String,
        config: NamespaceConfig,
    ) -> Result<Self, NamespaceError> {
        if config.retry.ack_timeout.is_zero() || config.retry.window == 0 {
            return Err(NamespaceError::Retry);
        }
        Ok(Self {
            id,
            name,
            config,
            phase: Phase::Idle,
            epoch: 0,
            sid: String::new(),
            outbox: Outbox::new(config.outbox)?,
            calls: Calls::new(),
            recovery: Recovery::default(),
            attempt: 0,
            retry_at: Time::NEVER,
            leave_at: Time::NEVER,
            joined_at: Time::ZERO,
        })
    }

    pub(super) fn is_joined(&self) -> bool {
        matches!(self.phase, Phase::Joined | Phase::Leaving)
    }

    /// Queues an event.
    pub(super) fn emit(
        &mut self,
        now: Time,
        emit: EmitId,
        topic: TopicId,
        slot: Option<SlotId>,
        payload: P,
        options: EmitOptions,
    ) -> Result<(), EmitError> {
        if options.ack {
            self.calls.check_room(&self.config)?;
        }
        let mut send = SendOptions {
            expect_ack: options.ack,
            // Only reliable emits are repeated: an ack id is never used for two writes.
            resend: false,
            ..options.send
        };
        if options.volatile {
            send.offline = Some(Offline::Drop);
        }
        let item = Item {
            payload,
            kind: ItemKind::Event { ack: options.ack },
        };
        let ticket = self.outbox.send(now, topic, slot, item, send)?;
        let deadline = options.timeout.map_or(Time::NEVER, |span| now + span);
        self.calls
            .add(emit, ticket, options.ack.then_some(deadline));
        Ok(())
    }

    pub(super) fn reply(&mut self, now: Time, to: ReplyTo, payload: P) -> Result<(), EmitError> {
        if to.epoch != self.epoch || !self.is_joined() {
            return Err(EmitError::StaleReply);
        }
        let item = Item {
            payload,
            kind: ItemKind::Reply {
                epoch: to.epoch,
                id: to.id,
            },
        };
        let options = SendOptions {
            offline: Some(Offline::Drop),
            ..SendOptions::default()
        };
        self.outbox.send(now, TopicId(0), None, item, options)?;
        Ok(())
    }

    /// The server answered CONNECT.
    pub(super) fn joined(&mut self, now: Time, sid: String) {
        self.phase = Phase::Joined;
        self.sid = sid;
        self.joined_at = now;
        self.outbox.up(now);
    }

    /// It is not joined any more. Returns whether it was.
    pub(super) fn left(&mut self, now: Time, phase: Phase) -> bool {
        let was = self.is_joined();
        self.phase = phase;
        self.sid.clear();
        self.leave_at = Time::NEVER;
        self.retry_at = Time::NEVER;
        self.outbox.down(now);
        was
    }

    /// Begins to leave: what is queued has `deadline` to be written.
    pub(super) fn start_leaving(&mut self, now: Time, deadline: Span) {
        self.outbox.flush(now, Scope::All);
        self.phase = Phase::Leaving;
        self.leave_at = now + deadline;
    }

    pub(super) fn has_left(&self, now: Time) -> bool {
        self.phase == Phase::Leaving && (self.outbox.is_drained() || self.leave_at <= now)
    }

    /// Ends everything that was to be sent.
    pub(super) fn terminate(&mut self, actions: &mut VecDeque<Action<P>>) {
        self.outbox.terminate();
        for emit in self.calls.drop_waiting() {
            self.failed(emit, DropReason::Close, actions);
        }
        self.collect(actions);
    }

    pub(super) fn cancel(&mut self, emit: EmitId, actions: &mut VecDeque<Action<P>>) -> bool {
        let (cancelled, waited) = self.calls.cancel(emit, &mut self.outbox);
        if waited {
            self.ended(emit, Status::Cancelled, actions);
        }
        cancelled
    }

    /// Lets time pass.
    pub(super) fn tick(&mut self, now: Time) {
        self.outbox.tick(now);
        self.calls.expire(now, &mut self.outbox);
    }

    /// Tells what became of emits. Returns whether there was anything.
    pub(super) fn collect(&mut self, actions: &mut VecDeque<Action<P>>) -> bool {
        let mut any = false;
        while let Some(event) = self.outbox.poll_event() {
            any = true;
            match event {
                OutboxEvent::Status {
                    ticket,
                    status,
                    terminal,
                } => {
                    let retries = self.config.retry.retries;
                    let change = self.calls.changed(ticket, status, terminal, retries);
                    if let Some(change) = change {
                        self.tell(change, actions);
                    }
                }
                OutboxEvent::SlotIdle(slot) => {
                    actions.push_back(Action::Event(Event::SlotIdle {
                        namespace: self.id,
                        slot,
                    }));
                }
            }
        }
        any
    }

    pub(super) fn wake(&self) -> Time {
        self.outbox
            .next_wake()
            .unwrap_or(Time::NEVER)
            .min(self.calls.wake())
            .min(self.retry_at)
            .min(self.leave_at)
    }

    pub(super) fn received(
        &mut self,
        payload: String,
        attachments: Vec<Vec<u8>>,
        id: Option<u64>,
    ) -> Event {
        if id.is_none() {
            self.recovery.received(&payload);
        }
        Event::Received(Received {
            namespace: self.id,
            payload,
            attachments,
            reply: id.map(|id| ReplyTo {
                namespace: self.id,
                epoch: self.epoch,
                id,
            }),
        })
    }

    pub(super) fn disconnected(&self, reason: DisconnectReason, rejoins: bool) -> Event {
        Event::Disconnected {
            namespace: self.id,
            reason,
            rejoins,
        }
    }

    fn tell(&self, change: Change, actions: &mut VecDeque<Action<P>>) {
        let Change {
            emit,
            status,
            failed,
        } = change;
        if let Some((status, terminal)) = status {
            actions.push_back(Action::Event(Event::Status {
                namespace: self.id,
                emit,
                status,
                terminal,
            }));
        }
        if let Some(error) = failed {
            actions.push_back(Action::Event(Event::Unanswered {
                namespace: self.id,
                emit,
                error,
            }));
        }
    }

    fn failed(&self, emit: EmitId, reason: DropReason, actions: &mut VecDeque<Action<P>>) {
        self.ended(emit, Status::Dropped(reason), actions);
    }

    /// An emit ended that is not in the outbox.
    pub(super) fn ended(&self, emit: EmitId, status: Status, actions: &mut VecDeque<Action<P>>) {
        let change = Change {
            emit,
            status: Some((status, true)),
            failed: Some(AckError::NotSent(status)),
        };
        self.tell(change, actions);
    }
}
