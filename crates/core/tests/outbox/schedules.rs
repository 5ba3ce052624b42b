//! Random schedules over topics of every policy, and the shell that runs them.

use std::collections::HashMap;

use everwire_core::send::{
    Lane, Offline, Order, OutboxConfig, Overflow, Policy, RateLimit, RateOverflow, Scope,
    SendOptions, SlotId, Status, TopicConfig, TopicId,
};
use proptest::prelude::*;

use crate::rig::{Handle, Msg, Rig, ms};

pub(crate) const MAX_MESSAGES: usize = 12;
pub(crate) const MAX_BYTES: usize = 120;

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Send {
        topic: usize,
        key: u8,
        size: usize,
        options: SendOptions,
    },
    Advance(u64),
    /// The page slept: no timer went off.
    Sleep(u64),
    Up,
    Down,
    Block,
    Unblock,
    SocketOk(bool),
    Cancel(usize),
    CancelAll(usize),
    Flush(Option<usize>),
    Ack(usize),
    SetClockBack(u64),
}

/// One accepted call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) topic: usize,
    pub(crate) key: u8,
    pub(crate) size: usize,
    pub(crate) options: SendOptions,
}

pub(crate) fn topics() -> Vec<TopicConfig> {
    let rate = |per_token, burst, overflow| {
        Some(RateLimit {
            per_token: ms(per_token),
            burst,
            overflow,
        })
    };
    let paced = |policy| TopicConfig {
        policy,
        ..TopicConfig::default()
    };
    let debounce = |leading, trailing| {
        paced(Policy::Debounce {
            wait: ms(30),
            max_wait: ms(100),
            leading,
            trailing,
        })
    };
    let throttle = |leading, trailing| {
        paced(Policy::Throttle {
            interval: ms(50),
            leading,
            trailing,
        })
    };
    vec![
        TopicConfig::default(),
        debounce(false, true),
        debounce(true, true),
        debounce(true, false),
        throttle(true, true),
        throttle(false, true),
        throttle(true, false),
        paced(Policy::conflate()),
        paced(Policy::Conflate {
            min_interval: ms(20),
        }),
        paced(Policy::Batch {
            max_items: 3,
            max_bytes: 25,
            max_wait: ms(25),
        }),
        TopicConfig {
            rate: rate(20, 3, RateOverflow::Queue),
            ..TopicConfig::default()
        },
        TopicConfig {
            rate: rate(20, 2, RateOverflow::Conflate),
            ..TopicConfig::default()
        },
        TopicConfig {
            rate: rate(20, 2, RateOverflow::DropOldest),
            ..TopicConfig::default()
        },
        TopicConfig {
            rate: rate(30, 2, RateOverflow::Queue),
            order: Order::Supersede,
            ..throttle(true, true)
        },
        TopicConfig {
            order: Order::Independent,
            ttl: Some(ms(40)),
            ..throttle(true, true)
        },
    ]
}

pub(crate) fn config() -> impl Strategy<Value = OutboxConfig> {
    let overflow = prop::sample::select(vec![
        Overflow::Reject,
        Overflow::DropOldest,
        Overflow::DropNewest,
    ]);
    (overflow, any::<bool>(), any::<bool>()).prop_map(|(overflow, rate, ramp)| OutboxConfig {
        max_messages: MAX_MESSAGES,
        max_bytes: MAX_BYTES,
        overflow,
        rate: rate.then_some(RateLimit {
            per_token: ms(5),
            burst: 4,
            overflow: RateOverflow::Queue,
        }),
        ramp: ramp.then_some(RateLimit {
            per_token: ms(10),
            burst: 2,
            overflow: RateOverflow::Queue,
        }),
        ..OutboxConfig::default()
    })
}

fn options() -> impl Strategy<Value = SendOptions> {
    let lane = prop::option::weighted(
        0.2,
        prop::sample::select(vec![Lane::Control, Lane::Rpc, Lane::Normal, Lane::Bulk]),
    );
    let rules = vec![
        Offline::Queue,
        Offline::Latest,
        Offline::Drop,
        Offline::Reject,
    ];
    let offline = prop::option::weighted(0.2, prop::sample::select(rules));
    let ttl = prop::option::weighted(0.1, (1_u64..100).prop_map(ms));
    let rarely = || prop::bool::weighted(0.2);
    (lane, offline, ttl, rarely(), rarely(), rarely()).prop_map(
        |(lane, offline, ttl, immediate, resend, expect_ack)| SendOptions {
            immediate,
            lane,
            offline,
            ttl,
            resend,
            expect_ack,
            merged: false,
        },
    )
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let topic = || 0..topics().len();
    prop_oneof![
        20 => (topic(), 0_u8..3, 1_usize..20, options())
            .prop_map(|(topic, key, size, options)| Op::Send { topic, key, size, options }),
        10 => (0_u64..60).prop_map(Op::Advance),
        1 => (0_u64..100_000).prop_map(Op::Sleep),
        2 => Just(Op::Up),
        1 => Just(Op::Down),
        1 => Just(Op::Block),
        2 => Just(Op::Unblock),
        1 => prop::bool::weighted(0.7).prop_map(Op::SocketOk),
        2 => (0_usize..10).prop_map(Op::Cancel),
        1 => topic().prop_map(Op::CancelAll),
        1 => prop::option::of(topic()).prop_map(Op::Flush),
        3 => (0_usize..10).prop_map(Op::Ack),
        1 => (0_u64..1_000_000_000).prop_map(Op::SetClockBack),
    ]
}

pub(crate) struct World {
    pub(crate) rig: Rig,
    pub(crate) configs: Vec<TopicConfig>,
    pub(crate) topics: Vec<TopicId>,
    /// The limit of the whole connection.
    pub(crate) rate: Option<RateLimit>,
    /// By handle.
    pub(crate) calls: Vec<Call>,
    slots: HashMap<(usize, u8), SlotId>,
    /// Whether the clock may be set back.
    bad_clock: bool,
}

impl World {
    pub(crate) fn new(config: OutboxConfig, bad_clock: bool) -> Self {
        let mut rig = Rig::down(config);
        rig.clock_offset = u64::MAX / 4;
        let configs = topics();
        let topics = configs.iter().map(|topic| rig.configured(*topic)).collect();
        let rate = config.rate;
        Self {
            rig,
            configs,
            topics,
            rate,
            calls: Vec::new(),
            slots: HashMap::new(),
            bad_clock,
        }
    }

    pub(crate) fn run(&mut self, op: &Op) {
        let rig = &mut self.rig;
        match op {
            Op::Send {
                topic,
                key,
                size,
                options,
            } => {
                self.send(*topic, *key, *size, *options);
            }
            Op::Advance(millis) => drop(rig.at(rig.now + millis)),
            Op::Sleep(millis) => {
                rig.now += millis;
                rig.pump();
            }
            Op::Up => rig.link_up(),
            Op::Down => rig.link_down(),
            Op::Block => rig.block(),
            Op::Unblock => rig.unblock(),
            Op::SocketOk(ok) => rig.socket_ok = *ok,
            Op::Cancel(nth) => {
                if let Some(handle) = self.calls.len().checked_sub(nth + 1)
                    && let Some(ticket) = rig.ticket(handle)
                {
                    let written = !matches!(rig.last(handle), Status::Paced | Status::Queued);
                    assert_eq!(rig.outbox.cancel(ticket), !written);
                    rig.pump();
                }
            }
            Op::CancelAll(topic) => {
                rig.outbox.cancel_all(Scope::Topic(self.topics[*topic]));
                assert!(!rig.outbox.pending(Scope::Topic(self.topics[*topic])) || rig.pending());
                rig.pump();
            }
            Op::Flush(topic) => {
                rig.forced = true;
                let scope = topic.map_or(Scope::All, |topic| Scope::Topic(self.topics[topic]));
                rig.outbox.flush(rig.time(), scope);
                rig.pump();
                rig.forced = false;
            }
            Op::Ack(nth) => {
                if let Some(handle) = self.calls.len().checked_sub(nth + 1) {
                    rig.ack(handle);
                }
            }
            Op::SetClockBack(micros) => {
                if self.bad_clock {
                    rig.clock_offset -= micros;
                    rig.outbox.tick(rig.time());
                    rig.pump();
                }
            }
        }
        self.forget();
    }

    fn send(&mut self, topic: usize, key: u8, size: usize, options: SendOptions) {
        let rig = &mut self.rig;
        let id = self.topics[topic];
        let slot = (key > 0).then(|| {
            *self
                .slots
                .entry((topic, key))
                .or_insert_with(|| rig.outbox.slot(id).unwrap())
        });
        // What is due is admitted on its own account before the call can force anything.
        rig.outbox.tick(rig.time());
        rig.pump();
        rig.forced = options.immediate;
        let msg = Msg(self.calls.len().to_string(), size);
        if rig.try_send(id, slot, msg, options).is_ok() {
            self.calls.push(Call {
                topic,
                key,
                size,
                options,
            });
        }
        rig.forced = false;
    }

    fn forget(&mut self) {
        for idle in self.rig.idle.drain(..) {
            self.slots.retain(|_, slot| *slot != idle);
        }
    }

    /// Brings everything back to work and lets all timers run out.
    pub(crate) fn settle(&mut self) {
        self.rig.socket_ok = true;
        self.rig.link_up();
        self.rig.unblock();
        self.rig.at(self.rig.now + 100_000);
        self.forget();
    }

    /// Whether the outbox paced this call by a policy that replaces values.
    pub(crate) fn slotted(&self, handle: Handle) -> bool {
        let call = &self.calls[handle];
        let policy = self.configs[call.topic].policy;
        !call.options.immediate && !matches!(policy, Policy::Immediate | Policy::Batch { .. })
    }

    pub(crate) fn same_slot(&self, a: Handle, b: Handle) -> bool {
        let (a, b) = (&self.calls[a], &self.calls[b]);
        (a.topic, a.key) == (b.topic, b.key)
    }

    /// First writes in order, as `(time, handle)`.
    pub(crate) fn first_writes(&self) -> Vec<(u64, Handle)> {
        let mut seen = vec![false; self.calls.len()];
        self.rig
            .writes()
            .into_iter()
            .map(|(at, name)| (at, name.parse().unwrap()))
            .filter(|(_, handle): &(u64, Handle)| !std::mem::replace(&mut seen[*handle], true))
            .collect()
    }
}
