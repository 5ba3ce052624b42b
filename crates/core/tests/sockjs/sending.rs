//! Batches, what waits for them, and closing with messages under way.

use everwire_core::protocol::sockjs::{
    Arrival, Cause, Input, Loss, NotOpen, Output, Received, SessionConfig, Transport,
};

use crate::rig::{Rig, end, ms};

const SENT: Input = Input::Sent { attempt: 1 };

fn write(count: u32) -> [Output; 1] {
    [Output::Write { attempt: 1, count }]
}

impl Rig {
    fn send(&mut self) -> Vec<Output> {
        self.session.send(self.now).expect("an open session");
        self.outputs()
    }
}

#[test]
fn one_batch_is_in_flight_and_the_next_comes_25_ms_after_its_answer() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    assert_eq!(rig.send(), write(1));
    assert!(rig.send().is_empty());
    assert!(rig.send().is_empty());
    assert_eq!(rig.session.queued(), 2);
    assert_eq!(rig.wait(), None);
    rig.pass(500);
    assert!(rig.input(SENT).is_empty());
    assert_eq!(rig.wait(), Some(ms(25)));
    assert!(rig.send().is_empty());
    assert_eq!(rig.wake(), write(3));
    rig.pass(1);
    rig.input(SENT);
    rig.pass(24);
    assert!(rig.send().is_empty());
    assert_eq!(rig.wake(), write(1));
}

#[test]
fn after_a_pause_a_message_goes_at_once() {
    let mut rig = Rig::open(Transport::XhrPolling);
    rig.send();
    rig.input(SENT);
    rig.pass(25);
    assert_eq!(rig.send(), write(1));
}

#[test]
fn a_websocket_takes_every_message_at_once() {
    let mut rig = Rig::open(Transport::WebSocket);
    for _ in 0..3 {
        assert_eq!(rig.send(), write(1));
    }
    assert_eq!(rig.input(Input::Close), end(1, 1000, Cause::User, true));
}

#[test]
fn nothing_is_sent_before_and_after_the_session_is_open() {
    let (mut rig, _) = Rig::dialling(SessionConfig::default(), 10);
    assert_eq!(rig.session.send(rig.now), Err(NotOpen));
    let mut rig = Rig::open(Transport::XhrPolling);
    rig.send();
    rig.input(Input::Close);
    assert_eq!(rig.session.send(rig.now), Err(NotOpen));
    rig.input(SENT);
    assert_eq!(rig.session.send(rig.now), Err(NotOpen));
}

#[test]
fn a_batch_that_fails_ends_the_session() {
    let mut rig = Rig::open(Transport::XhrPolling);
    rig.send();
    let lost = Input::Lost {
        attempt: 1,
        loss: Loss::Sender,
    };
    assert_eq!(rig.input(lost), end(1, 1006, Cause::Sender, false));
}

#[test]
fn closing_with_nothing_to_send_is_at_once() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.send();
    rig.input(SENT);
    assert_eq!(rig.input(Input::Close), end(1, 1000, Cause::User, true));
}

#[test]
fn closing_sends_what_waits_first_and_without_a_pause() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.send();
    rig.send();
    assert!(rig.input(Input::Close).is_empty());
    // Neither what comes meanwhile nor the end of the receiver matters any more.
    assert_eq!(rig.receive(Arrival::Messages { len: 1 }), Received::Done);
    assert!(rig.input(Input::Answered { attempt: 1 }).is_empty());
    assert_eq!(rig.input(SENT), write(1));
    assert_eq!(rig.input(SENT), end(1, 1000, Cause::User, true));
}

#[test]
fn closing_in_the_pause_after_a_batch_sends_the_rest_at_once() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.send();
    rig.input(SENT);
    assert!(rig.send().is_empty());
    assert_eq!(rig.input(Input::Close), write(1));
}

#[test]
fn closing_waits_five_seconds_at_most() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.send();
    rig.input(Input::Close);
    assert_eq!(rig.wait(), Some(ms(5_000)));
    assert_eq!(rig.wake(), end(1, 1000, Cause::User, true));
}

#[test]
fn a_loss_or_a_close_frame_while_closing_is_the_end_that_was_wished_for() {
    for loss in [Loss::Receiver, Loss::Sender] {
        let mut rig = Rig::open(Transport::XhrStreaming);
        rig.send();
        rig.input(Input::Close);
        assert_eq!(
            rig.input(Input::Lost { attempt: 1, loss }),
            end(1, 1000, Cause::User, true)
        );
    }
    let mut rig = Rig::open(Transport::XhrStreaming);
    rig.send();
    rig.input(Input::Close);
    assert_eq!(rig.receive(Arrival::Close { code: 3000 }), Received::Done);
    assert_eq!(rig.outputs(), end(1, 1000, Cause::User, true));
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut rig = Rig::open(Transport::XhrStreaming);
    assert!(rig.input(SENT).is_empty());
    assert_eq!(rig.send(), write(1));
}
