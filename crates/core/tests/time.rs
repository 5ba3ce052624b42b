//! Milliseconds of the platform's clock to microseconds of the core and back.

use everwire_core::{Span, Time};
use proptest::prelude::*;

/// 8 years, more than any page is open.
const LONGEST: u64 = 1 << 48;

proptest! {
    /// A deadline is told in milliseconds; a clock that shows just these has reached it.
    #[test]
    fn a_deadline_survives_the_way_to_the_platform_and_back(micros in 0..LONGEST) {
        let deadline = Time::from_micros(micros);
        prop_assert_eq!(Time::from_millis_f64(deadline.as_millis_f64()), deadline);
    }

    /// Deadlines lie whole milliseconds after an instant that the clock has shown, and timers ring as much later.
    #[test]
    fn a_timer_that_rings_on_time_is_not_early(tenths in 0..1_000_000_000_u32, wait in 0..100_000_u32) {
        let shown = f64::from(tenths) / 10.0;
        let deadline = Time::from_millis_f64(shown) + Span::from_millis(wait.into());
        let rings = shown + (deadline.as_millis_f64() - shown).ceil();
        prop_assert!(Time::from_millis_f64(rings) >= deadline);
    }

    /// Clocks of finer resolution than the core's: a deadline must not lie a little after the whole millisecond.
    #[test]
    fn a_timer_is_not_set_a_millisecond_too_late(nanos in 0..1_000_000_000_000_000_u64, wait in 0..100_000_u32) {
        prop_assume!((1..999).contains(&(nanos % 1_000)));
        let shown = nanos as f64 / 1e6;
        let deadline = Time::from_millis_f64(shown) + Span::from_millis(wait.into());
        prop_assert_eq!((deadline.as_millis_f64() - shown).ceil(), f64::from(wait));
    }
}

#[test]
fn parts_of_a_microsecond_and_what_is_no_time_are_cut_off() {
    for millis in [f64::NAN, -1.0, f64::NEG_INFINITY, 0.0, 0.000_4] {
        assert_eq!(Time::from_millis_f64(millis), Time::ZERO);
        assert_eq!(Span::from_millis_f64(millis), Span::ZERO);
    }
    assert_eq!(Time::from_millis_f64(0.001_9), Time::from_micros(1));
    assert_eq!(Span::from_millis_f64(0.001_9), Span::from_micros(1));
    assert_eq!(Span::from_millis_f64(f64::INFINITY), Span::MAX);
}
