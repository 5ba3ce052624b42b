//! Graceful and other ends.

use everwire_core::Span;
use everwire_core::link::{State, Verdict};
use everwire_core::protocol::stomp::client::{AckMode, Loss, SubscribeError};
use everwire_core::send::{DropReason, SendOptions, Status};

use crate::rig::{Rig, config, status, text, with_receipt};

const SECOND: Span = Span::from_millis(1_000);

fn closed_by_peer(rig: &mut Rig) {
    let loss = Loss::Socket {
        code: 1000,
        clean: true,
    };
    rig.lose(loss, Verdict::Default);
}

#[test]
fn disconnect_writes_what_is_queued_then_says_goodbye_and_closes_on_the_receipt() {
    let mut rig = Rig::connected();
    rig.buffered = 1 << 20;
    rig.publish(text("/q", "last"), SendOptions::default());
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    assert!(rig.commands().is_empty());
    rig.buffered = 0;
    rig.pass(100);
    assert_eq!(rig.commands(), ["SEND", "DISCONNECT"]);
    assert_eq!(rig.state(), State::Closing);
    rig.receive("RECEIPT\nreceipt-id:close-0\n\n\0");
    assert!(rig.logged("CloseSocket { generation: 1 }"));
    closed_by_peer(&mut rig);
    assert_eq!(rig.state(), State::Closed);
    assert_eq!(rig.client.next_wake(), None);
}

#[test]
fn disconnect_waits_for_receipts_within_the_deadline() {
    let mut rig = Rig::connected();
    let ticket = rig.publish(text("/q", "x"), with_receipt());
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    assert_eq!(rig.commands(), ["SEND"]);
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Acked)));
    assert_eq!(rig.commands(), ["DISCONNECT"]);
}

#[test]
fn a_server_that_sends_no_receipt_for_disconnect_holds_nobody_up() {
    let mut rig = Rig::connected();
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    assert_eq!(rig.commands(), ["DISCONNECT"]);
    rig.pass(1_000);
    assert!(rig.logged("CloseSocket { generation: 1 }"));
    rig.pass(1_000);
    assert_eq!(rig.state(), State::Closed);
    assert!(rig.logged("Detach { generation: 1 }"));
    assert_eq!(rig.client.next_wake(), None);
}

#[test]
fn a_server_that_closes_after_disconnect_is_the_end() {
    let mut rig = Rig::connected();
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    closed_by_peer(&mut rig);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn an_error_in_answer_to_disconnect_is_the_end_too() {
    let mut rig = Rig::connected();
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    rig.receive("ERROR\nmessage:no\n\n\0");
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn disconnect_before_connected_closes_the_socket() {
    let mut rig = Rig::dialled(config());
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    assert!(rig.logged("CloseSocket { generation: 1 }"));
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn disconnect_while_the_socket_opens_sends_no_connect() {
    let mut rig = Rig::new(config());
    rig.client.start(rig.now);
    rig.pump();
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pump();
    rig.open();
    assert!(rig.commands().is_empty());
}

#[test]
fn a_deadline_drops_what_is_left() {
    let mut rig = Rig::connected();
    rig.buffered = 1 << 20;
    let ticket = rig.publish(text("/q", ""), SendOptions::default());
    rig.client.disconnect(rig.now, true, SECOND);
    rig.pass(1_000);
    rig.pump();
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Close))));
    assert_eq!(rig.commands(), ["DISCONNECT"]);
}

#[test]
fn after_the_end_calls_are_refused_and_a_start_begins_anew() {
    let mut rig = Rig::connected();
    rig.subscribe("/topic/a");
    rig.client.terminate(rig.now);
    rig.pump();
    assert_eq!(rig.state(), State::Closed);
    assert_eq!(
        rig.client
            .subscribe(rig.now, "/topic/b", Vec::new(), AckMode::Auto),
        Err(SubscribeError::Closed)
    );
    rig.written.clear();
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    assert_eq!(rig.commands(), ["CONNECT", "SUBSCRIBE"]);
}

#[test]
fn a_failure_moves_on_to_the_next_endpoint() {
    let mut config = config();
    config.link.endpoints = 2;
    let mut rig = Rig::dialled(config);
    rig.cut();
    rig.pass(1_000);
    rig.cut();
    rig.pass(1_000);
    let endpoints: Vec<u32> = rig.dials.iter().map(|(_, endpoint)| *endpoint).collect();
    assert_eq!(endpoints, [0, 1, 0]);
}
