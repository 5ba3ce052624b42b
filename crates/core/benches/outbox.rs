//! What the outbox costs: pacing a million sends over ten thousand keys, and filling and draining a queue.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use everwire_core::send::{
    Frame, Outbox, OutboxConfig, OutboxEvent, Payload, Policy, RateLimit, SendOptions, SlotId,
    TopicConfig, TopicId,
};
use everwire_core::{Span, Time};

const SENDS: u64 = 1_000_000;
const KEYS: usize = 10_000;
/// Frames a second under a rate limit.
const RATE: u32 = 1_000;

/// As in the browser: the payload stays outside, only its length is here.
#[derive(Clone, Copy)]
struct Handle(u32);

impl Payload for Handle {
    fn size(&self) -> usize {
        64
    }
}

fn roomy() -> OutboxConfig {
    OutboxConfig {
        max_messages: 1 << 20,
        max_bytes: 1 << 30,
        ramp: None,
        ..OutboxConfig::default()
    }
}

/// An outbox with its link up, and the slot of every key as a shell's map would hold it.
struct Shell {
    outbox: Outbox<Handle>,
    topic: TopicId,
    slots: Vec<Option<SlotId>>,
    keys: Vec<usize>,
    frame: Vec<(everwire_core::send::Ticket, Handle)>,
    written: usize,
}

impl Shell {
    fn new(policy: Policy, rate: Option<RateLimit>) -> Self {
        let mut outbox = Outbox::new(roomy()).unwrap();
        let topic = outbox
            .topic(TopicConfig {
                policy,
                rate,
                ..TopicConfig::default()
            })
            .unwrap();
        outbox.up(Time::ZERO);
        Self {
            outbox,
            topic,
            slots: vec![None; KEYS],
            keys: Vec::new(),
            frame: Vec::new(),
            written: 0,
        }
    }

    fn send(&mut self, now: Time, key: usize) {
        let slot = match self.slots[key] {
            Some(slot) => slot,
            None => {
                let slot = self.outbox.slot(self.topic).unwrap();
                self.slots[key] = Some(slot);
                self.keys
                    .resize(self.keys.len().max(slot.0 as usize + 1), 0);
                self.keys[slot.0 as usize] = key;
                slot
            }
        };
        let payload = Handle(key as u32);
        self.outbox
            .send(now, self.topic, Some(slot), payload, SendOptions::default())
            .unwrap();
    }

    fn pump(&mut self, now: Time) {
        while self.outbox.poll_write(now, 0, &mut self.frame) != Frame::None {
            self.written += self.frame.len();
            black_box(self.frame.first().map(|(_, handle)| handle.0));
            self.outbox.wrote(now, true);
        }
        while let Some(event) = self.outbox.poll_event() {
            if let OutboxEvent::SlotIdle(slot) = event {
                self.slots[self.keys[slot.0 as usize]] = None;
            }
        }
    }
}

/// A million sends in ten simulated seconds: every key is sent a hundred times, ten per interval.
fn pace(policy: Policy, rate: Option<RateLimit>) -> usize {
    let mut shell = Shell::new(policy, rate);
    for send in 0..SENDS {
        let now = Time::from_micros(send * 10);
        shell.send(now, (send as usize * 7_919) % KEYS);
        shell.pump(now);
    }
    shell.written
}

fn pacing(c: &mut Criterion) {
    let mut group = c.benchmark_group("pacing 1 M sends over 10 k keys");
    group
        .throughput(Throughput::Elements(SENDS))
        .sample_size(10);
    let second = Span::from_millis(1_000);
    group.bench_function("throttle", |b| {
        b.iter(|| pace(Policy::throttle(second), None))
    });
    group.bench_function("debounce", |b| {
        b.iter(|| pace(Policy::debounce(second), None))
    });
    group.bench_function("conflate", |b| b.iter(|| pace(Policy::conflate(), None)));
    // Nearly every key waits for a token all the time.
    let rate = RateLimit::per_second(RATE, 1);
    group.bench_function("conflate with a rate limit", |b| {
        b.iter(|| pace(Policy::conflate(), Some(rate)))
    });
    group.finish();
}

fn queue(c: &mut Criterion) {
    const QUEUED: u64 = 100_000;
    let mut group = c.benchmark_group("queue of 100 k messages");
    group
        .throughput(Throughput::Elements(QUEUED))
        .sample_size(20);
    let fill = || {
        let mut outbox = Outbox::new(roomy()).unwrap();
        for number in 0..QUEUED {
            let options = SendOptions::default();
            outbox
                .send(Time::ZERO, TopicId(0), None, Handle(number as u32), options)
                .unwrap();
            black_box(outbox.poll_event());
        }
        outbox
    };
    group.bench_function("push", |b| b.iter(fill));
    let drain = |mut outbox: Outbox<Handle>| {
        let mut frame = Vec::new();
        outbox.up(Time::ZERO);
        while outbox.poll_write(Time::ZERO, 0, &mut frame) != Frame::None {
            outbox.wrote(Time::ZERO, true);
            black_box(outbox.poll_event());
        }
        outbox
    };
    group.bench_function("drain", |b| {
        b.iter_batched(fill, drain, BatchSize::PerIteration)
    });
    group.finish();
}

criterion_group!(benches, pacing, queue);
criterion_main!(benches);
