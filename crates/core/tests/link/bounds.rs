//! What lies exactly at the bound of an option is allowed, and means what it says.

use everwire_core::Span;
use everwire_core::link::{Backoff, Heartbeat, Jitter, Link, LinkConfig, PongTimeout};

use crate::harness::millis;

fn row(min: Span, factor_milli: u32) -> Backoff {
    Backoff {
        min,
        max: millis(1_000_000),
        factor_milli,
        jitter: Jitter::None,
        first_spread: Span::ZERO,
    }
}

#[test]
fn options_at_their_bounds_are_accepted() {
    let flat = Backoff {
        max: millis(500),
        ..row(millis(500), 1_000)
    };
    let steep = row(millis(500), 1_000_000);
    let shortest = Heartbeat {
        interval: millis(10),
        timeout: PongTimeout::Fixed(millis(10)),
        answered: true,
    };
    for backoff in [flat, steep] {
        let config = LinkConfig {
            backoff,
            heartbeat: Some(shortest),
            connect_timeout: Some(Span::from_micros(1)),
            ..LinkConfig::default()
        };
        assert!(Link::new(config, 1).is_ok(), "{config:?}");
    }
}

#[test]
fn a_delay_grows_by_fractions_of_a_millisecond_too() {
    let backoff = row(Span::from_micros(100_500), 1_500);
    assert_eq!(backoff.delay(2, 0), Span::from_micros(150_750));
    assert_eq!(backoff.delay(3, 0), Span::from_micros(226_125));
}

/// Without an end of the growth the last attempt would take four thousand million steps.
#[test]
fn a_constant_delay_costs_nothing_at_any_attempt() {
    assert_eq!(row(millis(500), 1_000).delay(u32::MAX, 0), millis(500));
    assert_eq!(
        row(millis(500), 2_000).delay(u32::MAX, 0),
        millis(1_000_000)
    );
}
