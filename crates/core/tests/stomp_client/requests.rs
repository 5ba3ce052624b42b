//! Requests and what becomes of them.

use everwire_core::protocol::stomp::client::{PublishError, RequestEnd};
use everwire_core::send::{DropReason, Status};
use everwire_core::{Span, Time};

use crate::rig::{Rig, config, ended, header, text};

fn reply(rig: &Rig, at: usize, subscription: &str, body: &str) -> String {
    let correlation = header(&rig.written[at], "correlation-id").unwrap();
    format!(
        "MESSAGE\nsubscription:{subscription}\nmessage-id:1\ncorrelation-id:{correlation}\n\n{body}\0"
    )
}

#[test]
fn an_answer_over_a_temporary_queue_needs_no_subscription() {
    let mut rig = Rig::connected();
    let request = rig.request(None, 5_000);
    assert_eq!(
        header(&rig.written[0], "reply-to"),
        Some("/temp-queue/replies")
    );
    let answer = reply(&rig, 0, "/temp-queue/replies", "yes");
    assert_eq!(rig.commands(), ["SEND"]);
    rig.take_log();
    rig.receive(&answer);
    assert_eq!(rig.take_log(), [format!("reply {} yes", request.0)]);
    rig.receive(&answer);
    assert_eq!(rig.take_log(), ["unhandled MESSAGE"]);
    rig.pass(10_000);
    assert!(rig.take_log().is_empty());
}

#[test]
fn a_reply_destination_is_subscribed_to_once_and_restored() {
    let mut rig = Rig::connected();
    rig.request(Some("/queue/mine"), 5_000);
    let second = rig.request(Some("/queue/mine"), 5_000);
    let answer = reply(&rig, 2, "sub-1", "yes");
    assert_eq!(rig.commands(), ["SUBSCRIBE", "SEND", "SEND"]);
    rig.receive(&answer);
    assert!(rig.logged(&format!("reply {} yes", second.0)));
    rig.reconnect();
    assert_eq!(rig.commands(), ["CONNECT", "SUBSCRIBE"]);
}

#[test]
fn a_request_ends_in_time() {
    let mut rig = Rig::connected();
    let request = rig.request(None, 5_000);
    rig.pass(4_999);
    assert!(!rig.logged(&ended(request, RequestEnd::Timeout)));
    rig.pass(1);
    assert!(rig.logged(&ended(request, RequestEnd::Timeout)));
}

#[test]
fn a_request_that_was_never_written_ends_in_time_and_is_taken_back() {
    let mut rig = Rig::new(config());
    let request = rig.request(None, 500);
    rig.client.start(rig.now);
    rig.pump();
    rig.pass(500);
    assert!(rig.logged(&ended(request, RequestEnd::Timeout)));
    rig.open();
    rig.connect();
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn a_loss_after_the_write_is_unknown_and_before_it_is_none() {
    let mut rig = Rig::connected();
    let written = rig.request(None, 60_000);
    rig.buffered = 1 << 20;
    let queued = rig.request(None, 60_000);
    rig.cut();
    assert!(rig.logged(&ended(written, RequestEnd::Unknown)));
    rig.buffered = 0;
    rig.written.clear();
    rig.pass(1_000);
    rig.open();
    rig.connect();
    let answer = reply(&rig, 1, "/temp-queue/replies", "yes");
    rig.receive(&answer);
    assert!(rig.logged(&format!("reply {} yes", queued.0)));
}

#[test]
fn the_end_of_the_client_ends_requests() {
    let mut rig = Rig::new(config());
    let request = rig.request(None, 60_000);
    rig.client.terminate(rig.now);
    rig.pump();
    let close = RequestEnd::NotSent(Status::Dropped(DropReason::Close));
    assert!(rig.logged(&ended(request, close)));
    assert_eq!(rig.client.next_wake(), None::<Time>);
}

#[test]
fn a_cancelled_request_is_silent() {
    let mut rig = Rig::connected();
    let request = rig.request(None, 1_000);
    rig.client.cancel_request(request);
    let answer = reply(&rig, 0, "/temp-queue/replies", "late");
    rig.take_log();
    rig.receive(&answer);
    rig.pass(5_000);
    assert_eq!(rig.take_log(), ["unhandled MESSAGE"]);
}

#[test]
fn requests_are_bounded() {
    let mut config = config();
    config.max_requests = 1;
    let mut rig = Rig::new(config);
    rig.request(None, 1_000);
    let timeout = Span::from_millis(1_000);
    assert_eq!(
        rig.client.request(rig.now, text("/q", ""), None, timeout),
        Err(PublishError::TooManyRequests)
    );
}
