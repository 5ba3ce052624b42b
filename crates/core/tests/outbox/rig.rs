//! A shell on a virtual clock: it writes what it may at once, arms one timer, and records everything.

use std::collections::HashMap;

use everwire_core::send::{
    Frame, Outbox, OutboxConfig, OutboxEvent, Payload, Policy, Scope, SendError, SendOptions,
    SlotId, Status, Ticket, TopicConfig, TopicId,
};
use everwire_core::{Span, Time};

/// A message: a name and a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Msg(pub(crate) String, pub(crate) usize);

impl Payload for Msg {
    fn size(&self) -> usize {
        self.1
    }
}

/// One send, identified over the whole test although ticket numbers are reused.
pub(crate) type Handle = usize;

pub(crate) struct Rig {
    pub(crate) outbox: Outbox<Msg>,
    /// Milliseconds.
    pub(crate) now: u64,
    /// Bytes that the socket claims to hold.
    pub(crate) buffered: usize,
    /// Whether the socket takes frames.
    pub(crate) socket_ok: bool,
    /// Every frame: when, and what.
    pub(crate) frames: Vec<(u64, Frame, Vec<String>)>,
    /// Every status of every handle, in order.
    pub(crate) statuses: Vec<Vec<Status>>,
    pub(crate) idle: Vec<SlotId>,
    /// Timers that went off.
    pub(crate) wakes: usize,
    /// Every status of every handle with its circumstances.
    pub(crate) log: Vec<Entry>,
    /// Marks what happens from now on as forced by a flush, a close or ordering rule O2.
    pub(crate) forced: bool,
    /// Microseconds between the test's time and the clock that the outbox is shown.
    pub(crate) clock_offset: u64,
    /// Time without a link so far, and since when there is none.
    paused: u64,
    down_since: Option<u64>,
    handles: HashMap<Ticket, Handle>,
    ended: Vec<bool>,
}

/// A status and its circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    /// The same on a clock that stands still without a link.
    pub(crate) pace_at: u64,
    pub(crate) handle: Handle,
    pub(crate) status: Status,
    /// The handle that superseded this one.
    pub(crate) by: Option<Handle>,
    pub(crate) forced: bool,
}

pub(crate) fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

impl Rig {
    /// Link down, no ramp.
    pub(crate) fn down(config: OutboxConfig) -> Self {
        Self {
            outbox: Outbox::new(config).unwrap(),
            now: 0,
            buffered: 0,
            socket_ok: true,
            frames: Vec::new(),
            statuses: Vec::new(),
            idle: Vec::new(),
            wakes: 0,
            log: Vec::new(),
            forced: false,
            clock_offset: 0,
            paused: 0,
            down_since: Some(0),
            handles: HashMap::new(),
            ended: Vec::new(),
        }
    }

    /// Link up at 0, no ramp, default bounds.
    pub(crate) fn up() -> Self {
        let mut rig = Self::down(OutboxConfig {
            ramp: None,
            ..OutboxConfig::default()
        });
        rig.link_up();
        rig
    }

    pub(crate) fn with(config: OutboxConfig) -> Self {
        let mut rig = Self::down(config);
        rig.link_up();
        rig
    }

    pub(crate) fn topic(&mut self, policy: Policy) -> TopicId {
        self.configured(TopicConfig {
            policy,
            ..TopicConfig::default()
        })
    }

    pub(crate) fn configured(&mut self, config: TopicConfig) -> TopicId {
        self.outbox.topic(config).unwrap()
    }

    /// The clock that the outbox is shown.
    pub(crate) fn time(&self) -> Time {
        Time::from_micros(self.now * 1_000 + self.clock_offset)
    }

    /// Runs all timers up to and including `now`.
    pub(crate) fn at(&mut self, now: u64) -> &mut Self {
        let end = Time::from_micros(now * 1_000 + self.clock_offset);
        while let Some(wake) = self.outbox.next_wake().filter(|wake| *wake <= end) {
            let millis = wake
                .as_micros()
                .saturating_sub(self.clock_offset)
                .div_ceil(1_000);
            self.now = self.now.max(millis);
            self.wakes += 1;
            assert!(self.wakes < 1_000_000, "a timer that never ends");
            self.outbox.tick(self.time());
            self.pump();
        }
        self.now = self.now.max(now);
        self.pump();
        self
    }

    pub(crate) fn try_send(
        &mut self,
        topic: TopicId,
        slot: Option<SlotId>,
        msg: Msg,
        options: SendOptions,
    ) -> Result<Handle, SendError> {
        let result = self.outbox.send(self.time(), topic, slot, msg, options);
        let Ok(ticket) = result else {
            self.pump();
            return result.map(|_| 0);
        };
        let handle = self.statuses.len();
        self.statuses.push(Vec::new());
        self.ended.push(false);
        let previous = self.handles.insert(ticket, handle);
        assert!(previous.is_none(), "{ticket:?} was still in use");
        self.pump();
        Ok(handle)
    }

    pub(crate) fn send(&mut self, topic: TopicId, name: &str) -> Handle {
        self.send_with(topic, name, SendOptions::default())
    }

    pub(crate) fn send_with(&mut self, topic: TopicId, name: &str, options: SendOptions) -> Handle {
        self.try_send(topic, None, Msg(name.into(), 1), options)
            .unwrap()
    }

    pub(crate) fn send_key(&mut self, topic: TopicId, slot: SlotId, name: &str) -> Handle {
        self.try_send(
            topic,
            Some(slot),
            Msg(name.into(), 1),
            SendOptions::default(),
        )
        .unwrap()
    }

    pub(crate) fn send_now(&mut self, topic: TopicId, name: &str) -> Handle {
        self.send_with(
            topic,
            name,
            SendOptions {
                immediate: true,
                ..SendOptions::default()
            },
        )
    }

    pub(crate) fn slot(&mut self, topic: TopicId) -> SlotId {
        self.outbox.slot(topic).unwrap()
    }

    pub(crate) fn flush(&mut self) {
        self.outbox.flush(self.time(), Scope::All);
        self.pump();
    }

    pub(crate) fn cancel(&mut self, handle: Handle) -> bool {
        let cancelled = self.outbox.cancel(self.ticket(handle).unwrap());
        self.pump();
        cancelled
    }

    pub(crate) fn cancel_all(&mut self) {
        self.outbox.cancel_all(Scope::All);
        self.pump();
    }

    pub(crate) fn pending(&self) -> bool {
        self.outbox.pending(Scope::All)
    }

    pub(crate) fn ack(&mut self, handle: Handle) -> bool {
        let acked = self
            .ticket(handle)
            .is_some_and(|ticket| self.outbox.ack(ticket));
        self.pump();
        acked
    }

    pub(crate) fn abandon(&mut self, handle: Handle) -> bool {
        let abandoned = self
            .ticket(handle)
            .is_some_and(|ticket| self.outbox.abandon(ticket));
        self.pump();
        abandoned
    }

    pub(crate) fn link_up(&mut self) {
        if let Some(since) = self.down_since.take() {
            self.paused += self.now - since;
        }
        self.outbox.up(self.time());
        self.pump();
    }

    pub(crate) fn link_down(&mut self) {
        self.down_since.get_or_insert(self.now);
        self.outbox.down(self.time());
        self.pump();
    }

    pub(crate) fn block(&mut self) {
        self.buffered = usize::MAX;
    }

    pub(crate) fn unblock(&mut self) {
        self.buffered = 0;
        self.pump();
    }

    /// Writes whatever may be written and drains the events.
    pub(crate) fn pump(&mut self) {
        self.events();
        let mut frame = Vec::new();
        loop {
            let kind = self
                .outbox
                .poll_write(self.time(), self.buffered, &mut frame);
            self.events();
            if kind == Frame::None {
                assert!(frame.is_empty());
                break;
            }
            assert!(!frame.is_empty());
            assert!(frame.len() == 1 || kind == Frame::Batch);
            if self.socket_ok {
                let names = frame.drain(..).map(|(_, msg)| msg.0).collect();
                self.frames.push((self.now, kind, names));
            }
            self.outbox.wrote(self.time(), self.socket_ok);
            self.events();
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.outbox.poll_event() {
            match event {
                OutboxEvent::Status {
                    ticket,
                    status,
                    terminal,
                } => {
                    let handle = self.handles.get(&ticket).copied();
                    let handle = handle.unwrap_or_else(|| panic!("{ticket:?} is not in use"));
                    assert!(
                        !self.ended[handle],
                        "{handle} changed after its end: {status:?}"
                    );
                    self.statuses[handle].push(status);
                    let by = match status {
                        Status::Superseded { by, .. } => Some(self.handles[&by]),
                        _ => None,
                    };
                    let pace_at = self.down_since.unwrap_or(self.now) - self.paused;
                    let (at, forced) = (self.now, self.forced);
                    self.log.push(Entry {
                        at,
                        pace_at,
                        handle,
                        status,
                        by,
                        forced,
                    });
                    if terminal {
                        self.ended[handle] = true;
                        self.handles.remove(&ticket);
                        assert_eq!(self.outbox.status(ticket), None);
                    }
                }
                OutboxEvent::SlotIdle(slot) => self.idle.push(slot),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    pub(crate) fn ticket(&self, handle: Handle) -> Option<Ticket> {
        self.handles
            .iter()
            .find(|(_, other)| **other == handle)
            .map(|(ticket, _)| *ticket)
    }

    pub(crate) fn ended(&self, handle: Handle) -> bool {
        self.ended[handle]
    }

    pub(crate) fn last(&self, handle: Handle) -> Status {
        *self.statuses[handle].last().unwrap()
    }

    /// Single messages with their times.
    pub(crate) fn writes(&self) -> Vec<(u64, &str)> {
        self.frames
            .iter()
            .flat_map(|(at, _, names)| names.iter().map(move |name| (*at, name.as_str())))
            .collect()
    }

    /// What was written, without the times.
    pub(crate) fn order(&self) -> Vec<&str> {
        self.writes().into_iter().map(|(_, name)| name).collect()
    }
}
