//! Frames of an open session, and the requests that bring them.

use everwire_core::protocol::sockjs::{Arrival, Cause, Input, Loss, Output, Received, Transport};

use crate::rig::{Rig, end, ms};

const ANSWERED: Input = Input::Answered { attempt: 1 };
const RECEIVE: [Output; 1] = [Output::Receive { attempt: 1 }];

#[test]
fn messages_and_heartbeats_are_handed_on() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    assert_eq!(rig.receive(Arrival::Messages { len: 9 }), Received::Deliver);
    assert_eq!(rig.receive(Arrival::Heartbeat), Received::Heartbeat);
    assert_eq!(rig.receive(Arrival::Unknown), Received::Done);
    assert!(rig.outputs().is_empty());
}

#[test]
fn what_the_server_says_at_the_end_is_told() {
    for (arrival, code, cause, clean) in [
        (Arrival::Close { code: 4001 }, 4001, Cause::Server, true),
        (Arrival::Open, 1006, Cause::SessionLost, false),
        (Arrival::Malformed, 1002, Cause::Malformed, false),
        (Arrival::TooLong, 1009, Cause::TooLong, false),
    ] {
        let mut rig = Rig::open(Transport::WebSocket);
        assert_eq!(rig.receive(arrival), Received::Done);
        assert_eq!(rig.outputs(), end(1, code, cause, clean));
        assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Done);
        assert_eq!(rig.wait(), None);
    }
}

#[test]
fn a_websocket_that_closes_shows_its_own_code() {
    let mut rig = Rig::open(Transport::WebSocket);
    let lost = Input::Lost {
        attempt: 1,
        loss: Loss::Socket { code: 1011 },
    };
    assert_eq!(rig.input(lost), end(1, 1011, Cause::Socket, false));
}

#[test]
fn a_receiver_that_fails_ends_the_session() {
    let mut rig = Rig::open(Transport::XhrPolling);
    let lost = Input::Lost {
        attempt: 1,
        loss: Loss::Receiver,
    };
    assert_eq!(rig.input(lost), end(1, 1006, Cause::Receiver, false));
}

#[test]
fn an_answer_with_frames_is_followed_by_the_next_request_at_once() {
    let mut rig = Rig::open(Transport::XhrPolling);
    for _ in 0..100 {
        assert_eq!(rig.receive(Arrival::Heartbeat), Received::Heartbeat);
        assert_eq!(rig.input(ANSWERED), RECEIVE);
    }
}

#[test]
fn empty_answers_are_asked_for_ever_more_slowly_and_then_given_up() {
    let mut rig = Rig::open(Transport::XhrPolling);
    assert_eq!(rig.input(ANSWERED), RECEIVE);
    // The first empty one.
    assert_eq!(rig.input(ANSWERED), RECEIVE);
    for wait in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000] {
        assert!(rig.input(ANSWERED).is_empty());
        assert_eq!(rig.wait(), Some(ms(wait)));
        assert_eq!(rig.wake(), RECEIVE);
    }
    assert_eq!(rig.input(ANSWERED), end(1, 1006, Cause::Empty, false));
}

#[test]
fn the_prelude_alone_is_as_good_as_nothing() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.input(ANSWERED);
    for _ in 0..2 {
        assert_eq!(rig.receive(Arrival::Prelude), Received::Heartbeat);
        rig.input(ANSWERED);
    }
    assert_eq!(rig.wait(), Some(ms(100)));
}

#[test]
fn lines_of_a_page_that_a_proxy_puts_in_are_as_good_as_nothing() {
    let mut rig = Rig::open(Transport::XhrPolling);
    rig.input(ANSWERED);
    for _ in 0..2 {
        assert_eq!(rig.receive(Arrival::Unknown), Received::Done);
        rig.input(ANSWERED);
    }
    assert_eq!(rig.wait(), Some(ms(100)));
}

#[test]
fn a_frame_makes_up_for_empty_answers_and_so_does_a_long_one() {
    let mut rig = Rig::open(Transport::XhrPolling);
    for _ in 0..3 {
        rig.input(ANSWERED);
    }
    assert_eq!(rig.wake(), RECEIVE);
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Deliver);
    assert_eq!(rig.input(ANSWERED), RECEIVE);
    // A proxy that ends idle requests after a minute is no reason to slow down.
    for _ in 0..50 {
        rig.pass(60_000);
        assert_eq!(rig.input(ANSWERED), RECEIVE);
    }
}

#[test]
fn an_attempt_whose_answers_stay_empty_is_given_up_for_the_next_transport() {
    let (mut rig, _) = Rig::dialling(
        crate::rig::only(&[Transport::XhrStreaming, Transport::XhrPolling]),
        10,
    );
    let mut outputs = Vec::new();
    while outputs.len() != 2 {
        outputs = rig.input(ANSWERED);
        if outputs.is_empty() {
            outputs = rig.wake();
        }
    }
    let dial = Output::Dial {
        attempt: 2,
        transport: Transport::XhrPolling,
    };
    assert_eq!(outputs, [Output::Detach { attempt: 1 }, dial]);
}
