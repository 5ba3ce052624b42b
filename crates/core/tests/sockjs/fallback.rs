//! What is tried, in which order, for how long, and what ends it.

use everwire_core::protocol::sockjs::{
    Arrival, Cause, Input, Loss, MAX_HELD_FRAMES, MAX_HELD_LEN, Output, Received, SessionConfig,
    Transport, Transports, attempt_limit, retransmission_timeout,
};
use everwire_core::{Span, Time};

use crate::rig::{Rig, closed, end, ms, only};

fn dial(attempt: u32, transport: Transport) -> Output {
    Output::Dial { attempt, transport }
}

fn refused(attempt: u32) -> Input {
    Input::Lost {
        attempt,
        loss: Loss::Socket { code: 1006 },
    }
}

#[test]
fn transports_are_tried_in_the_order_of_sockjs_client_each_as_a_new_attempt() {
    let (mut rig, outputs) = Rig::dialling(SessionConfig::default(), 10);
    assert_eq!(outputs, [dial(1, Transport::WebSocket)]);
    assert_eq!(
        rig.input(refused(1)),
        [
            Output::Detach { attempt: 1 },
            dial(2, Transport::XhrStreaming)
        ]
    );
    let lost = |attempt| Input::Lost {
        attempt,
        loss: Loss::Receiver,
    };
    assert_eq!(
        rig.input(lost(2)),
        [
            Output::Detach { attempt: 2 },
            dial(3, Transport::EventSource)
        ]
    );
    assert_eq!(
        rig.wake(),
        [
            Output::Detach { attempt: 3 },
            dial(4, Transport::XhrPolling)
        ]
    );
    assert_eq!(
        rig.input(lost(4)),
        [
            Output::Detach { attempt: 4 },
            closed(2000, Cause::AllFailed, false)
        ]
    );
    assert_eq!(rig.wait(), None);
}

#[test]
fn names_are_a_whitelist_and_unknown_ones_are_skipped() {
    let names = [
        "xhr-polling",
        "jsonp-polling",
        "websocket",
        "iframe-eventsource",
    ];
    let mut expected = Transports::default();
    assert!(expected.is_empty());
    expected.insert(Transport::WebSocket);
    expected.insert(Transport::XhrPolling);
    assert_eq!(Transports::from_names(names), expected);
    assert_eq!(Transports::from_bits(0b1001), expected);
    assert_eq!(Transports::from_bits(0xff), Transports::ALL);
}

#[test]
fn nothing_to_try_ends_with_2000() {
    let (_, outputs) = Rig::dialling(only(&[]), 10);
    assert_eq!(outputs, [closed(2000, Cause::AllFailed, false)]);
}

#[test]
fn a_server_without_websocket_is_not_asked_for_one() {
    let mut rig = Rig::new(SessionConfig::default());
    rig.input(Input::Start);
    assert_eq!(
        rig.input(Input::Info { websocket: false }),
        [dial(1, Transport::XhrStreaming)]
    );
}

#[test]
fn info_that_fails_or_takes_too_long_ends_with_1002() {
    let mut rig = Rig::new(SessionConfig::default());
    rig.input(Input::Start);
    assert_eq!(rig.wait(), Some(ms(8_000)));
    assert_eq!(
        rig.clone_input(Input::InfoFailed),
        [closed(1002, Cause::Info, false)]
    );
    assert_eq!(rig.wake(), [closed(1002, Cause::Info, false)]);
    assert!(rig.input(Input::Info { websocket: true }).is_empty());
    assert!(rig.input(Input::Start).is_empty());
}

impl Rig {
    fn clone_input(&self, input: Input) -> Vec<Output> {
        let mut other = Rig {
            session: self.session.clone(),
            now: self.now,
            attempt: self.attempt,
        };
        other.input(input)
    }
}

#[test]
fn patience_follows_the_round_trip_but_has_a_minimum() {
    assert_eq!(retransmission_timeout(ms(20)), ms(320));
    assert_eq!(retransmission_timeout(ms(100)), ms(400));
    assert_eq!(retransmission_timeout(ms(101)), ms(404));
    let limit = |rtt, transport, timeout, last| attempt_limit(ms(rtt), transport, timeout, last);
    assert_eq!(limit(20, Transport::WebSocket, None, false), ms(5_000));
    assert_eq!(limit(20, Transport::XhrStreaming, None, false), ms(3_000));
    assert_eq!(limit(20, Transport::XhrPolling, None, true), ms(10_000));
    assert_eq!(limit(1_000, Transport::WebSocket, None, false), ms(8_000));
    // As sockjs-client, whose minimum is the option alone.
    assert_eq!(
        limit(20, Transport::WebSocket, Some(Span::ZERO), true),
        ms(640)
    );
    assert_eq!(
        limit(20, Transport::WebSocket, Some(ms(2_000)), true),
        ms(2_000)
    );
}

#[test]
fn the_round_trip_of_info_is_measured() {
    let config = SessionConfig {
        timeout: Some(Span::ZERO),
        ..SessionConfig::default()
    };
    let (rig, _) = Rig::dialling(config, 50);
    assert_eq!(rig.wait(), Some(ms(700)));
}

#[test]
fn the_timer_of_a_failed_attempt_does_not_reach_the_next_one() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    rig.pass(4_999);
    rig.input(refused(1));
    assert_eq!(rig.wait(), Some(ms(3_000)));
    rig.pass(1);
    assert!(rig.input(Input::Tick).is_empty());
}

#[test]
fn events_of_an_attempt_that_does_not_count_are_ignored() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    rig.input(refused(1));
    assert!(rig.input(refused(1)).is_empty());
    assert_eq!(
        rig.session.receive(rig.now, 1, Arrival::Open),
        Received::Done
    );
    assert!(rig.outputs().is_empty());
}

#[test]
fn a_close_frame_before_the_open_frame_ends_it_with_its_code() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    assert_eq!(rig.receive(Arrival::Close { code: 2010 }), Received::Done);
    assert_eq!(rig.outputs(), end(1, 2010, Cause::Server, true));
}

#[test]
fn a_websocket_that_a_server_closes_on_purpose_ends_it() {
    for code in [1000, 2000, 3000, 4999] {
        let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
        let lost = Input::Lost {
            attempt: 1,
            loss: Loss::Socket { code },
        };
        assert_eq!(rig.input(lost), end(1, code, Cause::Socket, false));
    }
    for code in [1001, 1002, 1006, 1011, 2001, 5000] {
        let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
        let lost = Input::Lost {
            attempt: 1,
            loss: Loss::Socket { code },
        };
        assert_eq!(
            rig.input(lost)[1],
            dial(2, Transport::XhrStreaming),
            "{code}"
        );
    }
}

#[test]
fn messages_before_the_open_frame_are_held_within_bounds() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    for _ in 0..MAX_HELD_FRAMES {
        assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Hold);
    }
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Done);
    assert_eq!(
        rig.outputs(),
        [
            Output::Detach { attempt: 1 },
            dial(2, Transport::XhrStreaming)
        ]
    );
    // Counted anew for the next attempt.
    assert_eq!(
        rig.receive(Arrival::Messages { len: MAX_HELD_LEN }),
        Received::Hold
    );
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Done);
    assert_eq!(rig.outputs().len(), 2);
}

#[test]
fn garbage_before_the_open_frame_is_the_next_transports_chance() {
    for arrival in [Arrival::Malformed, Arrival::TooLong] {
        let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
        assert_eq!(rig.receive(Arrival::Heartbeat), Received::Heartbeat);
        assert_eq!(rig.receive(Arrival::Prelude), Received::Heartbeat);
        assert_eq!(rig.receive(Arrival::Unknown), Received::Done);
        assert_eq!(rig.receive(arrival), Received::Done);
        assert_eq!(rig.outputs()[1], dial(2, Transport::XhrStreaming));
    }
}

#[test]
fn closing_before_it_is_open_is_at_once_and_clean() {
    let mut idle = Rig::new(SessionConfig::default());
    assert_eq!(idle.input(Input::Close), [closed(1000, Cause::User, true)]);
    let mut asking = Rig::new(SessionConfig::default());
    asking.input(Input::Start);
    assert_eq!(
        asking.input(Input::Close),
        [closed(1000, Cause::User, true)]
    );
    let (mut dialling, _) = Rig::dialling(SessionConfig::default(), 10);
    assert_eq!(
        dialling.input(Input::Close),
        end(1, 1000, Cause::User, true)
    );
    assert!(dialling.input(Input::Close).is_empty());
}

#[test]
fn a_timer_that_slept_with_its_page_gives_the_attempt_a_grace() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    rig.pass(60_000);
    assert!(rig.input(Input::Tick).is_empty());
    assert_eq!(rig.wait(), Some(ms(5_000)));
    // Once, however late the next tick is.
    rig.pass(60_000);
    assert_eq!(rig.input(Input::Tick)[1], dial(2, Transport::XhrStreaming));
}

#[test]
fn a_clock_at_the_end_of_time_does_no_harm() {
    let mut rig = Rig::new(SessionConfig::default());
    rig.now = Time::from_micros(u64::MAX);
    rig.input(Input::Start);
    assert_eq!(rig.wait(), None);
}
