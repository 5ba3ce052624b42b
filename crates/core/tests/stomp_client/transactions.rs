//! Transactions are written as a whole or not at all.

use everwire_core::protocol::stomp::Acknowledge;
use everwire_core::protocol::stomp::client::{AckMode, PublishError, TransactionBuilder};
use everwire_core::send::{DropReason, SendOptions, Status};

use crate::rig::{Rig, config, header, status, text, with_receipt};

fn two() -> TransactionBuilder {
    let mut transaction = TransactionBuilder::new();
    transaction.publish(text("/q", "1")).unwrap();
    transaction.publish(text("/q", "2")).unwrap();
    transaction
}

#[test]
fn a_transaction_is_begin_frames_commit_and_one_receipt() {
    let mut rig = Rig::connected();
    let ticket = rig.client.commit(rig.now, two(), with_receipt()).unwrap();
    rig.pump();
    for frame in &rig.written {
        assert_eq!(header(frame, "transaction"), Some("tx-0"));
    }
    assert_eq!(header(rig.written.last().unwrap(), "receipt"), Some("r-1"));
    assert_eq!(rig.commands(), ["BEGIN", "SEND", "SEND", "COMMIT"]);
    assert!(rig.logged(&status(ticket, Status::Written)));
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Acked)));
}

#[test]
fn a_transaction_waits_for_the_connection() {
    let mut rig = Rig::new(config());
    rig.client
        .commit(rig.now, two(), SendOptions::default())
        .unwrap();
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    assert_eq!(
        rig.commands(),
        ["CONNECT", "BEGIN", "SEND", "SEND", "COMMIT"]
    );
}

#[test]
fn an_empty_transaction_is_refused_and_a_dropped_one_writes_nothing() {
    let mut rig = Rig::connected();
    drop(two());
    let empty = rig
        .client
        .commit(rig.now, TransactionBuilder::new(), SendOptions::default());
    assert_eq!(empty, Err(PublishError::EmptyTransaction));
    rig.pump();
    assert!(rig.written.is_empty());
}

#[test]
fn a_transaction_with_a_late_acknowledgement_is_refused_as_a_whole() {
    let mut rig = Rig::connected();
    rig.subscribe_with("/queue/a", AckMode::Client);
    rig.receive("MESSAGE\nsubscription:sub-1\nmessage-id:1\nack:x\ndestination:/queue/a\n\nhi\0");
    let delivery = rig.deliveries.pop().unwrap();
    let with_ack = || {
        let mut transaction = two();
        transaction.acknowledge(Acknowledge::Ack, delivery.clone());
        transaction
    };
    rig.written.clear();
    rig.client
        .commit(rig.now, with_ack(), SendOptions::default())
        .unwrap();
    rig.pump();
    assert_eq!(rig.commands(), ["BEGIN", "SEND", "SEND", "ACK", "COMMIT"]);
    rig.reconnect();
    rig.receive("RECEIPT\nreceipt-id:r-2\n\n\0");
    rig.written.clear();
    let ticket = rig
        .client
        .commit(rig.now, with_ack(), SendOptions::default())
        .unwrap();
    rig.pump();
    assert!(rig.written.is_empty(), "{:?}", rig.written);
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Refused))));
}

#[test]
fn a_socket_that_stops_taking_frames_ends_the_transaction() {
    let mut rig = Rig::connected();
    rig.takes = false;
    let ticket = rig.client.commit(rig.now, two(), with_receipt()).unwrap();
    rig.pump();
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Refused))));
    rig.takes = true;
    rig.publish(text("/q", "after"), SendOptions::default());
    assert_eq!(rig.commands(), ["SEND"]);
}
