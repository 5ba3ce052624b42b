//! The contract's timelines: calls at these milliseconds give writes at those.

use everwire_core::Span;
use everwire_core::send::Policy::{self, Batch, Conflate, Debounce, Throttle};
use everwire_core::send::{RateLimit, RateOverflow, TopicConfig};

use crate::rig::{Rig, ms};

enum Step {
    Call(&'static str),
    Flush,
    Cancel,
}
use Step::{Call, Cancel, Flush};

struct Timeline {
    name: &'static str,
    policy: Policy,
    steps: &'static [(u64, Step)],
    writes: &'static [(u64, &'static str)],
}

const DEBOUNCE: Policy = Policy::debounce(Span::from_millis(100));
const THROTTLE: Policy = Policy::throttle(Span::from_millis(100));
const BOTH_EDGES: Policy = Debounce {
    wait: Span::from_millis(100),
    max_wait: Span::from_millis(500),
    leading: true,
    trailing: true,
};
const LEADING_DEBOUNCE: Policy = Debounce {
    wait: Span::from_millis(100),
    max_wait: Span::from_millis(500),
    leading: true,
    trailing: false,
};
const TRAILING_THROTTLE: Policy = Throttle {
    interval: Span::from_millis(100),
    leading: false,
    trailing: true,
};
const LEADING_THROTTLE: Policy = Throttle {
    interval: Span::from_millis(100),
    leading: true,
    trailing: false,
};
const HOUR: u64 = 3_600_000;

const TIMELINES: &[Timeline] = &[
    Timeline {
        name: "debounce: the latest value, a quiet wait after the last call",
        policy: DEBOUNCE,
        steps: &[(0, Call("a")), (50, Call("b")), (120, Call("c"))],
        writes: &[(220, "c")],
    },
    Timeline {
        name: "debounce leading and trailing, one call",
        policy: BOTH_EDGES,
        steps: &[(0, Call("a"))],
        writes: &[(0, "a")],
    },
    Timeline {
        name: "debounce leading and trailing, two calls",
        policy: BOTH_EDGES,
        steps: &[(0, Call("a")), (50, Call("b"))],
        writes: &[(0, "a"), (150, "b")],
    },
    Timeline {
        name: "debounce leading and trailing, flush after the leading call",
        policy: BOTH_EDGES,
        steps: &[(0, Call("a")), (10, Flush)],
        writes: &[(0, "a")],
    },
    Timeline {
        name: "debounce leading: a slot is quiet again a wait after the last call",
        policy: LEADING_DEBOUNCE,
        steps: &[
            (0, Call("a")),
            (80, Call("b")),
            (170, Call("c")),
            (270, Call("d")),
        ],
        writes: &[(0, "a"), (270, "d")],
    },
    Timeline {
        name: "debounce: the longest wait counts from the first unsent call",
        policy: Debounce {
            wait: ms_const(100),
            max_wait: ms_const(150),
            leading: true,
            trailing: true,
        },
        steps: &[
            (0, Call("a")),
            (60, Call("b")),
            (120, Call("c")),
            (190, Call("d")),
            (280, Call("e")),
        ],
        writes: &[(0, "a"), (210, "d"), (380, "e")],
    },
    Timeline {
        name: "debounce: flush sends now, and nothing is left for the timer",
        policy: DEBOUNCE,
        steps: &[(0, Call("a")), (30, Flush), (200, Flush)],
        writes: &[(30, "a")],
    },
    Timeline {
        name: "throttle: first at once, last at the end of the interval",
        policy: THROTTLE,
        steps: &[
            (0, Call("a")),
            (30, Call("b")),
            (60, Call("c")),
            (150, Call("d")),
        ],
        writes: &[(0, "a"), (100, "c"), (200, "d")],
    },
    Timeline {
        name: "throttle without leading edge waits a full interval even after idle",
        policy: TRAILING_THROTTLE,
        steps: &[(HOUR, Call("a"))],
        writes: &[(HOUR + 100, "a")],
    },
    Timeline {
        name: "throttle without leading edge, calls that go on",
        policy: TRAILING_THROTTLE,
        steps: &[
            (0, Call("a")),
            (60, Call("b")),
            (130, Call("c")),
            (450, Call("d")),
        ],
        writes: &[(100, "b"), (200, "c"), (550, "d")],
    },
    Timeline {
        name: "throttle: flush shortens one gap and restarts the interval",
        policy: THROTTLE,
        steps: &[
            (0, Call("a")),
            (30, Call("b")),
            (40, Flush),
            (50, Call("c")),
        ],
        writes: &[(0, "a"), (40, "b"), (140, "c")],
    },
    Timeline {
        name: "throttle without trailing edge",
        policy: LEADING_THROTTLE,
        steps: &[(0, Call("a")), (99, Call("b")), (100, Call("c"))],
        writes: &[(0, "a"), (100, "c")],
    },
    Timeline {
        name: "throttle: cancel drops the trailing value and keeps the distance to what was written",
        policy: THROTTLE,
        steps: &[
            (0, Call("a")),
            (30, Call("b")),
            (40, Cancel),
            (50, Call("c")),
        ],
        writes: &[(0, "a"), (100, "c")],
    },
    Timeline {
        name: "debounce leading: cancel makes the slot quiet",
        policy: BOTH_EDGES,
        steps: &[
            (0, Call("a")),
            (50, Call("b")),
            (60, Cancel),
            (70, Call("c")),
            (80, Call("d")),
        ],
        writes: &[(0, "a"), (70, "c"), (180, "d")],
    },
    Timeline {
        name: "conflate with a shortest time between writes",
        policy: Conflate {
            min_interval: ms_const(100),
        },
        steps: &[
            (0, Call("a")),
            (10, Call("b")),
            (20, Call("c")),
            (300, Call("d")),
        ],
        writes: &[(0, "a"), (100, "c"), (300, "d")],
    },
    Timeline {
        name: "conflate on a free link sends every value",
        policy: Policy::conflate(),
        steps: &[(0, Call("a")), (1, Call("b")), (1, Call("c"))],
        writes: &[(0, "a"), (1, "b"), (1, "c")],
    },
    Timeline {
        name: "batch: longest wait of the first message",
        policy: Batch {
            max_items: 3,
            max_bytes: usize::MAX,
            max_wait: ms_const(50),
        },
        steps: &[(0, Call("a")), (40, Call("b")), (60, Call("c"))],
        writes: &[(50, "a"), (50, "b"), (110, "c")],
    },
    Timeline {
        name: "batch: full before its time",
        policy: Batch {
            max_items: 2,
            max_bytes: usize::MAX,
            max_wait: ms_const(50),
        },
        steps: &[(0, Call("a")), (10, Call("b")), (20, Call("c"))],
        writes: &[(10, "a"), (10, "b"), (70, "c")],
    },
];

const fn ms_const(millis: u64) -> Span {
    Span::from_millis(millis)
}

#[test]
fn policies_follow_the_timelines() {
    for timeline in TIMELINES {
        let mut rig = Rig::up();
        let topic = rig.topic(timeline.policy);
        for (at, step) in timeline.steps {
            rig.at(*at);
            match step {
                Call(name) => drop(rig.send(topic, name)),
                Flush => rig.flush(),
                Cancel => rig.cancel_all(),
            }
        }
        rig.at(2 * HOUR);
        assert_eq!(rig.writes(), timeline.writes, "{}", timeline.name);
        assert!(!rig.pending(), "{}", timeline.name);
        assert_eq!(rig.outbox.next_wake(), None, "{}", timeline.name);
    }
}

#[test]
fn a_debounce_that_never_comes_to_rest_is_admitted_every_max_wait() {
    let mut rig = Rig::up();
    let topic = rig.topic(DEBOUNCE);
    for call in 0..100 {
        rig.at(call * 30).send(topic, &call.to_string());
    }
    rig.at(10_000);
    // First unsent calls: 0, then the first call after each admission.
    assert_eq!(
        rig.writes(),
        [
            (500, "16"),
            (1_010, "33"),
            (1_520, "50"),
            (2_030, "67"),
            (2_540, "84"),
            (3_050, "99")
        ]
        .map(|(at, name)| (at, name))
    );
}

#[test]
fn pending_is_false_at_once_after_a_lone_leading_call() {
    for policy in [
        BOTH_EDGES,
        LEADING_DEBOUNCE,
        THROTTLE,
        LEADING_THROTTLE,
        Policy::conflate(),
    ] {
        let mut rig = Rig::up();
        let topic = rig.topic(policy);
        rig.send(topic, "a");
        assert_eq!(rig.writes(), [(0, "a")]);
        assert!(!rig.pending());
        assert_eq!(rig.outbox.next_wake(), None);
    }
}

#[test]
fn a_conflated_slot_keeps_its_place_while_the_link_is_blocked() {
    let mut rig = Rig::up();
    let topic = rig.topic(Policy::conflate());
    let (k1, k2) = (rig.slot(topic), rig.slot(topic));
    rig.block();
    rig.send_key(topic, k1, "k1=1");
    rig.send_key(topic, k2, "k2=1");
    rig.send_key(topic, k1, "k1=2");
    rig.unblock();
    assert_eq!(rig.order(), ["k1=2", "k2=1"]);
}

#[test]
fn a_rate_limit_lets_the_burst_through_and_spaces_the_rest() {
    let limit = RateLimit {
        per_token: ms(100),
        burst: 5,
        overflow: RateOverflow::Queue,
    };
    let mut rig = Rig::up();
    let topic = rig.configured(TopicConfig {
        rate: Some(limit),
        ..TopicConfig::default()
    });
    for call in 0..9 {
        rig.send(topic, &call.to_string());
    }
    rig.at(10_000);
    let times: Vec<u64> = rig.writes().into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 0, 0, 0, 0, 100, 200, 300, 400]);
    assert_eq!(rig.order(), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn slots_are_paced_independently_of_each_other() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    let (k1, k2) = (rig.slot(topic), rig.slot(topic));
    rig.send_key(topic, k1, "a1");
    rig.send_key(topic, k1, "a2");
    rig.at(30).send_key(topic, k2, "b1");
    rig.send_key(topic, k2, "b2");
    rig.send(topic, "c1");
    rig.at(1_000);
    let expected = [(0, "a1"), (30, "b1"), (30, "c1"), (100, "a2"), (130, "b2")];
    assert_eq!(rig.writes(), expected);
}

#[test]
fn a_late_tick_still_keeps_the_distance_from_the_real_admission() {
    let mut rig = Rig::up();
    let topic = rig.topic(THROTTLE);
    rig.send(topic, "a");
    rig.at(10).send(topic, "b");
    // The page slept over the timer of 100.
    rig.now = 170;
    rig.pump();
    rig.send(topic, "c");
    rig.at(1_000);
    assert_eq!(rig.writes(), [(0, "a"), (170, "b"), (270, "c")]);
}
