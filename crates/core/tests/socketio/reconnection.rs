//! Waits between attempts.

use everwire_core::Span;
use everwire_core::protocol::socket_io::Reconnection;

fn range(reconnection: Reconnection, attempts: u32) -> (u64, u64) {
    let millis = |random| (reconnection.delay(attempts, random).as_micros() + 500) / 1_000;
    (millis(0), millis(u32::MAX))
}

#[test]
fn waits_double_and_stray_by_the_factor_up_to_the_maximum() {
    let waits: Vec<_> = (0..5).map(|n| range(Reconnection::default(), n)).collect();
    assert_eq!(
        waits,
        [
            (500, 1_500),
            (1_000, 3_000),
            (2_000, 5_000),
            (2_500, 5_000),
            (2_500, 5_000)
        ]
    );
}

#[test]
fn a_factor_of_zero_gives_the_exact_row() {
    let exact = Reconnection {
        factor_milli: 0,
        ..Reconnection::default()
    };
    let waits: Vec<_> = (0..5).map(|n| range(exact, n)).collect();
    assert_eq!(
        waits,
        [
            (1_000, 1_000),
            (2_000, 2_000),
            (4_000, 4_000),
            (5_000, 5_000),
            (5_000, 5_000)
        ]
    );
}

#[test]
fn a_factor_above_one_counts_as_none_as_in_the_reference_client() {
    let wild = Reconnection {
        factor_milli: 1_001,
        ..Reconnection::default()
    };
    assert_eq!(range(wild, 0), (1_000, 1_000));
}

#[test]
fn endless_attempts_and_spans_stay_within_the_maximum() {
    let endless = Reconnection {
        min: Span::from_millis(1),
        max: Span::MAX,
        factor_milli: 1_000,
    };
    assert!(endless.delay(u32::MAX, u32::MAX) > Span::from_millis(1_000_000));
    assert_eq!(range(Reconnection::default(), u32::MAX), (2_500, 5_000));
}

#[test]
fn a_first_wait_above_the_maximum_is_capped() {
    let flat = Reconnection {
        min: Span::from_millis(9_000),
        factor_milli: 0,
        ..Reconnection::default()
    };
    assert_eq!(range(flat, 0), (5_000, 5_000));
}
