//! What a link costs: one delay, one life, one received message.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use everwire_core::link::{
    Backoff, Heartbeat, Input, Jitter, Link, LinkConfig, PongTimeout, Verdict,
};
use everwire_core::{Span, Time};

fn link(heartbeat: bool) -> Option<Link> {
    let beat = Heartbeat {
        interval: Span::from_millis(15_000),
        timeout: PongTimeout::Adaptive,
        answered: true,
    };
    Link::new(
        LinkConfig {
            heartbeat: heartbeat.then_some(beat),
            ..LinkConfig::default()
        },
        1,
    )
    .ok()
}

fn drain(link: &mut Link) {
    while let Some(output) = link.poll() {
        black_box(output);
    }
}

fn delay(criterion: &mut Criterion) {
    for (name, jitter) in [("equal", Jitter::Equal), ("above", Jitter::Above)] {
        let backoff = Backoff {
            jitter,
            ..Backoff::default()
        };
        for attempt in [1, 3, 1_000] {
            criterion.bench_function(&format!("backoff/{name}/attempt {attempt}"), |bencher| {
                bencher
                    .iter(|| black_box(&backoff).delay(black_box(attempt), black_box(0x9e37_79b9)));
            });
        }
    }
}

fn lifecycle(criterion: &mut Criterion) {
    criterion.bench_function("link/dial, open, lose, wait", |bencher| {
        let Some(mut link) = link(true) else { return };
        let mut now = Time::ZERO;
        link.handle(now, Input::Start);
        bencher.iter(|| {
            let generation = link.generation();
            link.handle(now, Input::Opened { generation });
            drain(&mut link);
            now = now + Span::from_millis(6_000);
            link.handle(
                now,
                Input::SocketClosed {
                    generation,
                    code: 1006,
                    clean: false,
                    verdict: Verdict::Default,
                },
            );
            drain(&mut link);
            now = link.next_wake().unwrap_or(now);
            link.handle(now, Input::Tick);
            drain(&mut link);
        });
    });
}

fn received(criterion: &mut Criterion) {
    criterion.bench_function("link/received", |bencher| {
        let Some(mut link) = link(true) else { return };
        link.handle(Time::ZERO, Input::Start);
        link.handle(Time::ZERO, Input::Opened { generation: 1 });
        drain(&mut link);
        let mut now = Time::ZERO;
        bencher.iter(|| {
            now = now + Span::from_micros(10);
            link.handle(black_box(now), Input::Received { pong: false });
            black_box(link.poll())
        });
    });
}

criterion_group!(benches, delay, lifecycle, received);
criterion_main!(benches);
