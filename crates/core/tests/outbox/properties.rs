//! The contract's properties under random schedules. Proptest shrinks a failure and prints it with its seed.

use everwire_core::send::{DropReason, Order, OutboxConfig, Policy, Status};
use proptest::prelude::*;

use crate::rig::{Handle, Rig, ms};
use crate::schedules::{MAX_BYTES, MAX_MESSAGES, Op, World, config, op};

/// What must hold at every moment.
fn check_now(world: &World) {
    let rig = &world.rig;
    let counters = rig.outbox.counters();
    assert!(counters.queued_messages <= MAX_MESSAGES);
    assert!(counters.queued_bytes <= MAX_BYTES);
    let live: Vec<Handle> = (0..world.calls.len())
        .filter(|handle| !rig.ended(*handle))
        .collect();
    let unwritten = |h: &Handle| matches!(rig.last(*h), Status::Paced | Status::Queued);
    let held = live
        .iter()
        .filter(|h| unwritten(h) || world.calls[**h].options.resend);
    let sizes: Vec<usize> = held.map(|handle| world.calls[*handle].size).collect();
    assert_eq!(counters.queued_messages, sizes.len());
    assert_eq!(counters.queued_bytes, sizes.iter().sum::<usize>());
    let would_write = live
        .iter()
        .filter(|h| unwritten(h) || rig.last(**h) == Status::Unknown);
    assert_eq!(rig.pending(), would_write.count() > 0, "property 13");
}

/// What must hold of a whole run that has been settled and terminated.
fn check_run(world: &World) {
    statuses(world);
    order_in_slots(world);
    flush_before(world);
    spacing(world);
    token_buckets(world);
}

fn statuses(world: &World) {
    let rig = &world.rig;
    let mut written = vec![0; world.calls.len()];
    for (_, name) in rig.writes() {
        written[name.parse::<Handle>().unwrap()] += 1;
    }
    for (handle, call) in world.calls.iter().enumerate() {
        assert!(
            rig.ended(handle),
            "property 8: {handle} {:?}",
            rig.statuses[handle]
        );
        let statuses = &rig.statuses[handle];
        let told = statuses
            .iter()
            .filter(|status| **status == Status::Written)
            .count();
        assert_eq!(
            told, written[handle],
            "told and written differ for {handle}"
        );
        assert!(
            written[handle] <= 1 || call.options.resend,
            "property 1: {handle} twice"
        );
        let rank = |status: &Status| match status {
            Status::Paced => 0,
            Status::Queued => 1,
            _ => 2,
        };
        assert!(statuses.is_sorted_by_key(rank), "{statuses:?}");
    }
    for entry in &rig.log {
        if let Some(by) = entry.by {
            assert!(world.same_slot(entry.handle, by));
            assert!(entry.handle < by);
        }
    }
}

fn order_in_slots(world: &World) {
    let writes = world.first_writes();
    // A lane asked for by a single send is a wish for another order.
    let reordered: Vec<usize> = world
        .calls
        .iter()
        .filter(|call| call.options.lane.is_some())
        .map(|call| call.topic)
        .collect();
    for (index, (_, later)) in writes.iter().enumerate() {
        for (_, earlier) in &writes[..index] {
            let same = world.same_slot(*earlier, *later);
            let slotted = world.slotted(*earlier) && world.slotted(*later);
            if same && (slotted || !reordered.contains(&world.calls[*later].topic)) {
                assert!(earlier < later, "property 4: {later} after {earlier}");
            }
        }
    }
}

fn flush_before(world: &World) {
    let writes = world.first_writes();
    for (index, (_, immediate)) in writes.iter().enumerate() {
        let call = &world.calls[*immediate];
        if !call.options.immediate || world.configs[call.topic].order != Order::FlushBefore {
            continue;
        }
        for (_, value) in &writes[index..] {
            let late = world.slotted(*value) && world.calls[*value].topic == call.topic;
            assert!(
                !late || value > immediate,
                "property 9: {immediate} before {value}"
            );
        }
    }
}

fn spacing(world: &World) {
    for (topic, config) in world.configs.iter().enumerate() {
        let Policy::Throttle { interval, .. } = config.policy else {
            continue;
        };
        if config.rate.is_some() {
            continue;
        }
        for key in 0..3 {
            let mut last = None;
            for (_, handle) in world.first_writes() {
                let call = &world.calls[handle];
                if (call.topic, call.key) != (topic, key) || !world.slotted(handle) {
                    continue;
                }
                let (at, forced) = admission(world, handle);
                if let Some(last) = last.filter(|_| !forced) {
                    let gap = ms(at) - ms(last);
                    assert!(
                        gap >= interval,
                        "property 3: {handle} {gap:?} after the one before"
                    );
                }
                last = Some(at);
            }
        }
    }
}

/// When the value was admitted, or the one whose place it took: on the pacing clock, and whether by force.
fn admission(world: &World, handle: Handle) -> (u64, bool) {
    let log = &world.rig.log;
    let queued = |handle| {
        log.iter()
            .find(|entry| entry.handle == handle && entry.status == Status::Queued)
    };
    let own = queued(handle).unwrap();
    let replaced = log.iter().rev().find(|entry| entry.by == Some(handle));
    match replaced.filter(|old| queued(old.handle).is_some()) {
        Some(old) => admission(world, old.handle),
        None => (own.pace_at, own.forced),
    }
}

fn token_buckets(world: &World) {
    let window = |times: &[u64], burst: u32, per_token: u64| {
        for (first, start) in times.iter().enumerate() {
            for (last, end) in times.iter().enumerate().skip(first) {
                let most = u64::from(burst) + (end - start) / per_token;
                assert!(
                    (last - first + 1) as u64 <= most,
                    "property 12: {start} to {end}"
                );
            }
        }
    };
    for (topic, config) in world.configs.iter().enumerate() {
        let Some(limit) = config.rate else { continue };
        let frames = world.rig.frames.iter();
        let times: Vec<u64> = frames
            .filter(|(_, _, names)| world.calls[names[0].parse::<Handle>().unwrap()].topic == topic)
            .map(|(at, _, _)| *at)
            .collect();
        window(&times, limit.burst, limit.per_token.as_micros() / 1_000);
    }
    if let Some(limit) = world.rate {
        let times: Vec<u64> = world.rig.frames.iter().map(|(at, _, _)| *at).collect();
        window(&times, limit.burst, limit.per_token.as_micros() / 1_000);
    }
}

fn run(config: OutboxConfig, ops: &[Op], bad_clock: bool, check: bool) -> World {
    let mut world = World::new(config, bad_clock);
    for op in ops {
        let (pending, frames) = (world.rig.pending(), world.rig.frames.len());
        world.run(op);
        let passive = matches!(
            op,
            Op::Advance(_) | Op::Sleep(_) | Op::Up | Op::Down | Op::Unblock
        );
        if passive && !pending {
            assert_eq!(
                world.rig.frames.len(),
                frames,
                "property 13: nothing was pending"
            );
        }
        if check {
            check_now(&world);
        }
    }
    world.settle();
    assert!(
        !world.rig.pending(),
        "property 2: everything goes out in the end"
    );
    assert!(world.rig.outbox.is_drained());
    world.rig.outbox.terminate();
    world.rig.pump();
    assert_eq!(world.rig.outbox.next_wake(), None, "property 6");
    world
}

proptest! {
    #[test]
    fn random_schedules_keep_the_contract(
        config in config(),
        ops in prop::collection::vec(op(), 0..150),
    ) {
        check_run(&run(config, &ops, true, true));
    }

    #[test]
    fn property_5_a_clock_set_back_changes_nothing(
        config in config(),
        ops in prop::collection::vec(op(), 0..100),
    ) {
        let (good, bad) = (run(config, &ops, false, false), run(config, &ops, true, false));
        prop_assert_eq!(&good.rig.frames, &bad.rig.frames);
        let key = |world: &World| -> Vec<_> {
            world.rig.log.iter().map(|e| (e.at, e.handle, e.by, e.forced)).collect()
        };
        prop_assert_eq!(key(&good), key(&bad));
    }

    #[test]
    fn property_2_the_last_value_is_written_in_time(
        wait in 1_u64..50,
        factor in 1_u64..4,
        leading: bool,
        throttle: bool,
        gaps in prop::collection::vec(0_u64..60, 1..40),
    ) {
        let policy = if throttle {
            Policy::Throttle { interval: ms(wait), leading, trailing: true }
        } else {
            Policy::Debounce { wait: ms(wait), max_wait: ms(wait * factor), leading, trailing: true }
        };
        let longest = if throttle { wait } else { wait * factor };
        let mut rig = Rig::up();
        let topic = rig.topic(policy);
        let mut calls = Vec::new();
        for gap in gaps {
            rig.at(rig.now + gap);
            calls.push(rig.now);
            rig.send(topic, &calls.len().to_string());
        }
        rig.at(rig.now + longest);
        let writes = rig.writes();
        prop_assert_eq!(writes.last().unwrap().1, calls.len().to_string());
        // No call waits longer for itself or a newer value than the longest wait.
        for (index, at) in calls.iter().enumerate() {
            let served = writes.iter().find(|(_, name)| name.parse::<usize>().unwrap() > index);
            prop_assert!(served.unwrap().0 <= at + longest);
        }
        prop_assert!(!rig.pending());
        prop_assert_eq!(rig.outbox.next_wake(), None);
    }

    #[test]
    fn property_14_cancel_then_send_behaves_as_on_a_fresh_slot(
        leading: bool,
        before in prop::collection::vec(0_u64..150, 0..10),
        after in prop::collection::vec(0_u64..150, 1..10),
    ) {
        let wait = ms(100);
        let policies = [
            Policy::Debounce { wait, max_wait: ms(300), leading, trailing: true },
            Policy::Throttle { interval: wait, leading, trailing: true },
            Policy::Conflate { min_interval: wait },
        ];
        for policy in policies {
            let mut rig = Rig::up();
            let topic = rig.topic(policy);
            // The link is blocked, so that nothing is written and every admission is taken back.
            rig.block();
            for gap in &before {
                rig.at(rig.now + gap).send(topic, "before");
            }
            rig.cancel_all();
            rig.unblock();
            let start = rig.now;
            let mut fresh = Rig::up();
            let same = fresh.topic(policy);
            for (index, gap) in after.iter().enumerate() {
                rig.at(rig.now + gap).send(topic, &index.to_string());
                fresh.at(fresh.now + gap).send(same, &index.to_string());
            }
            rig.at(rig.now + 1_000);
            fresh.at(fresh.now + 1_000);
            let writes: Vec<_> = rig.writes().iter().map(|(at, name)| (at - start, *name)).collect();
            prop_assert_eq!(writes, fresh.writes());
        }
    }
}

#[test]
fn closing_at_any_moment_ends_everything() {
    for steps in 0..40 {
        let mut rig = Rig::up();
        let topic = rig.topic(Policy::debounce(ms(7)));
        let handles: Vec<_> = (0..steps)
            .map(|step| rig.at(step * 3).send(topic, &step.to_string()))
            .collect();
        rig.block();
        rig.outbox.start_closing(rig.time(), true);
        rig.outbox.terminate();
        rig.pump();
        assert!(handles.iter().all(|handle| rig.ended(*handle)));
        let last = handles.last().map(|handle| rig.last(*handle));
        assert!(last.is_none_or(|status| status == Status::Dropped(DropReason::Close)));
        assert_eq!(rig.outbox.next_wake(), None);
    }
}
