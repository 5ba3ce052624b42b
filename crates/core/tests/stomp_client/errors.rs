//! What the server refuses, and what is not STOMP.

use everwire_core::link::{State, Verdict};
use everwire_core::protocol::stomp::client::{Loss, Subscribed};
use everwire_core::protocol::stomp::{CloseReason, ParseError};
use everwire_core::send::{DropReason, Status};

use crate::rig::{Rig, config, status, subscription, text, with_receipt};

#[test]
fn a_refused_login_ends_the_client() {
    let mut rig = Rig::dialled(config());
    rig.receive("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'x'\n\0");
    assert_eq!(rig.state(), State::Closed);
    assert!(rig.logged("error Connect Bad CONNECT"));
    assert!(rig.logged("Ended(Fatal)"));
}

#[test]
fn a_refused_login_is_tried_again_where_tokens_are_fresh() {
    let mut config = config();
    config.stop_on_refused_login = false;
    let mut rig = Rig::dialled(config);
    rig.receive("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'x'\n\0");
    assert_eq!(rig.state(), State::Waiting);
}

#[test]
fn a_server_in_trouble_is_tried_again() {
    let mut rig = Rig::dialled(config());
    rig.receive("ERROR\nmessage:Broker not available.\n\n\0");
    assert_eq!(rig.state(), State::Waiting);
    rig.pass(1_000);
    rig.open();
    rig.connect();
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn the_login_of_one_attempt_does_not_decide_about_the_next() {
    let mut rig = Rig::dialled(config());
    rig.receive("ERROR\nmessage:Bad CONNECT\n\n\0");
    rig.client.reconnect(rig.now);
    rig.pump();
    rig.lose(Loss::Dial, Verdict::Default);
    assert_eq!(rig.state(), State::Waiting);
}

#[test]
fn a_refused_subscription_is_dropped_and_the_others_come_back() {
    let mut rig = Rig::connected();
    rig.subscribe("/topic/good");
    let bad = rig.subscribe("/topic/secret");
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    rig.receive("ERROR\nmessage:no\nreceipt-id:r-2\n\n\0");
    assert!(rig.logged(&subscription(bad, Subscribed::Refused)));
    assert_eq!(rig.state(), State::Waiting);
    rig.pass(1_000);
    rig.open();
    rig.written.clear();
    rig.connect();
    assert_eq!(rig.written.len(), 1);
    assert!(rig.written[0].contains("/topic/good"));
}

#[test]
fn a_refusal_without_a_name_is_found_by_the_order_of_answers() {
    let mut rig = Rig::connected();
    let good = rig.subscribe("/topic/good");
    let bad = rig.subscribe("/topic/secret");
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    rig.receive("ERROR\nmessage:access_refused\n\n\0");
    let refused = subscription(bad, Subscribed::Refused);
    for round in 0..3 {
        assert!(!rig.logged(&refused), "round {round}");
        rig.pass(1_000);
        rig.open();
        rig.written.clear();
        rig.connect();
        let receipt = crate::rig::header(&rig.written[0], "receipt")
            .unwrap()
            .to_owned();
        rig.receive(&format!("RECEIPT\nreceipt-id:{receipt}\n\n\0"));
        rig.receive("ERROR\nmessage:access_refused\n\n\0");
    }
    assert!(rig.logged(&refused));
    assert!(!rig.logged(&subscription(good, Subscribed::Refused)));
    rig.pass(1_000);
    rig.open();
    rig.written.clear();
    rig.connect();
    assert_eq!(rig.commands(), ["SUBSCRIBE"]);
}

#[test]
fn a_refused_message_is_not_written_again() {
    let mut rig = Rig::connected();
    let mut message = text("/q", "x");
    message.id = Some("1".into());
    let ticket = rig.publish(message, with_receipt());
    rig.receive("ERROR\nmessage:no\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Refused))));
    rig.written.clear();
    rig.pass(1_000);
    rig.open();
    rig.connect();
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn malformed_input_ends_the_connection_and_follows_the_policy() {
    for (input, fault) in [
        ("MESSAGE\nno colon\n\n\0", ParseError::NoColon),
        ("MESSAGE\na:\\t\n\n\0", ParseError::BadEscape),
        (
            "MESSAGE\ncontent-length:-1\n\n\0",
            ParseError::BadContentLength,
        ),
        ("MESSAGE\ncontent-length:1\n\nabc\0", ParseError::MissingNul),
    ] {
        let mut rig = Rig::connected();
        rig.receive(input);
        let fault = CloseReason::Malformed(fault);
        assert!(rig.logged(&format!("fault {fault:?}")), "{:?}", rig.log);
        assert_eq!(rig.state(), State::Waiting);
        rig.pass(1_000);
        rig.open();
        rig.connect();
        assert_eq!(rig.state(), State::Open);
    }
}

#[test]
fn a_first_frame_that_is_neither_is_a_fault() {
    let mut rig = Rig::dialled(config());
    rig.receive("MESSAGE\n\n\0");
    assert!(rig.logged("fault FirstFrame"));
    assert_eq!(rig.state(), State::Waiting);
}

#[test]
fn no_answer_to_connect_ends_with_the_links_timeout() {
    let mut rig = Rig::dialled(config());
    rig.pass(10_000);
    assert_eq!(rig.state(), State::Waiting);
    assert!(rig.logged("Detach { generation: 1 }"));
}

#[test]
fn silence_ends_the_connection() {
    let mut rig = Rig::dialled(config());
    rig.receive("CONNECTED\nversion:1.2\nheart-beat:10000,10000\n\n\0");
    rig.written.clear();
    rig.pass(19_999);
    assert_eq!(rig.written, ["\n"]);
    assert_eq!(rig.state(), State::Open);
    rig.pass(1);
    assert!(rig.logged("fault Silent"));
    assert_eq!(rig.state(), State::Waiting);
}

#[test]
fn what_is_queued_when_the_server_refuses_goes_out_on_the_next_connection() {
    let mut rig = Rig::connected();
    rig.buffered = 1 << 20;
    let ticket = rig.publish(text("/q", "x"), Default::default());
    let generation = rig.generation();
    let mut input: &[u8] = b"ERROR\nmessage:no\n\n\0MESSAGE\nno colon\n\n\0";
    while rig
        .client
        .receive(rig.now, generation, &mut input)
        .is_some()
    {}
    rig.buffered = 0;
    rig.pump();
    rig.written.clear();
    rig.pass(1_000);
    rig.open();
    rig.connect();
    assert_eq!(rig.commands(), ["CONNECT", "SEND"]);
    assert!(rig.logged(&status(ticket, Status::Written)));
}

#[test]
fn a_stale_socket_is_ignored() {
    let mut rig = Rig::connected();
    rig.client.reconnect(rig.now);
    rig.pump();
    rig.take_log();
    let mut input: &[u8] = b"MESSAGE\nno colon\n\n\0";
    assert!(rig.client.receive(rig.now, 1, &mut input).is_none());
    rig.client.lost(rig.now, 1, Loss::Fault, Verdict::Stop);
    rig.pump();
    assert!(rig.take_log().is_empty());
    rig.open();
    rig.connect();
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_refused_login_is_understood_although_its_text_is_cut_within_a_character() {
    let mut rig = Rig::dialled(config());
    let body = format!("Access refused{}\u{e4}\u{e4}", "x".repeat(1_009));
    rig.receive(&format!("ERROR\nmessage:no\n\n{body}\0"));
    assert_eq!(rig.state(), State::Closed);
}
