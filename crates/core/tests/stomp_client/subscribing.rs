//! Subscriptions over connections.

use everwire_core::link::State;
use everwire_core::protocol::stomp::Acknowledge;
use everwire_core::protocol::stomp::client::{AckError, AckMode, SubscribeError, Subscribed};
use everwire_core::send::SendOptions;

use crate::rig::{Rig, config, header, subscription, text};

#[test]
fn a_subscription_made_before_the_connection_goes_out_before_what_is_queued() {
    let mut rig = Rig::new(config());
    rig.publish(text("/q", "first"), SendOptions::default());
    rig.subscribe("/topic/a");
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    assert_eq!(rig.commands(), ["CONNECT"]);
    rig.connect();
    assert_eq!(rig.state(), State::Connecting);
    assert_eq!(rig.commands(), ["SUBSCRIBE"]);
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert_eq!(rig.state(), State::Open);
    assert_eq!(rig.commands(), ["SEND"]);
}

#[test]
fn open_waits_for_all_confirmations_but_no_longer_than_told() {
    let mut rig = Rig::new(config());
    let (a, b) = (rig.subscribe("/topic/a"), rig.subscribe("/topic/b"));
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert_eq!(rig.state(), State::Connecting);
    rig.pass(999);
    assert_eq!(rig.state(), State::Connecting);
    rig.pass(1);
    assert_eq!(rig.state(), State::Open);
    assert!(rig.logged(&subscription(a, Subscribed::Confirmed)));
    assert!(rig.logged(&subscription(b, Subscribed::Unconfirmed)));
}

#[test]
fn a_server_that_confirms_nothing_is_not_waited_for_again() {
    let mut rig = Rig::new(config());
    rig.subscribe("/topic/a");
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    rig.pass(1_000);
    assert_eq!(rig.state(), State::Open);
    rig.reconnect();
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn each_subscription_is_restored_once_and_under_its_id() {
    let mut rig = Rig::connected();
    rig.subscribe("/topic/a");
    rig.subscribe("/topic/a");
    rig.subscribe("/topic/b");
    let first: Vec<_> = rig.written.clone();
    assert_eq!(rig.commands(), ["SUBSCRIBE", "SUBSCRIBE"]);
    for _ in 0..3 {
        rig.reconnect();
        let ids: Vec<_> = rig.written[1..]
            .iter()
            .map(|frame| header(frame, "id").unwrap().to_owned())
            .collect();
        assert_eq!(
            ids,
            [
                header(&first[0], "id").unwrap(),
                header(&first[1], "id").unwrap()
            ]
        );
        rig.written.clear();
    }
}

#[test]
fn all_listeners_of_a_destination_hear_a_message_and_the_last_one_ends_it() {
    let mut rig = Rig::connected();
    let (a, b) = (rig.subscribe("/topic/a"), rig.subscribe("/topic/a"));
    assert_eq!(rig.commands(), ["SUBSCRIBE"]);
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&subscription(a, Subscribed::Confirmed)));
    assert!(rig.logged(&subscription(b, Subscribed::Confirmed)));
    rig.take_log();
    rig.receive("MESSAGE\nsubscription:sub-1\nmessage-id:1\ndestination:/topic/a\n\nhi\0");
    assert_eq!(rig.take_log(), ["message [1, 2] hi"]);
    rig.unsubscribe(a);
    assert!(rig.commands().is_empty());
    rig.unsubscribe(b);
    assert_eq!(rig.commands(), ["UNSUBSCRIBE"]);
    rig.receive("MESSAGE\nsubscription:sub-1\nmessage-id:2\ndestination:/topic/a\n\nlate\0");
    assert_eq!(rig.take_log(), ["unhandled MESSAGE"]);
    rig.reconnect();
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn a_listener_that_joins_late_is_told_at_once() {
    let mut rig = Rig::connected();
    rig.subscribe("/topic/a");
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    rig.take_log();
    let late = rig.subscribe("/topic/a");
    assert_eq!(rig.take_log(), [subscription(late, Subscribed::Confirmed)]);
}

#[test]
fn listeners_that_acknowledge_do_not_share() {
    let mut rig = Rig::connected();
    rig.subscribe_with("/queue/a", AckMode::ClientIndividual);
    rig.subscribe_with("/queue/a", AckMode::ClientIndividual);
    assert_eq!(rig.commands(), ["SUBSCRIBE", "SUBSCRIBE"]);
}

#[test]
fn subscriptions_are_bounded_and_ids_are_not_used_twice() {
    let mut config = config();
    config.max_subscriptions = 2;
    let mut rig = Rig::new(config);
    let id = vec![("id".to_owned(), "durable".to_owned())];
    rig.client
        .subscribe(rig.now, "/topic/a", id.clone(), AckMode::Auto)
        .unwrap();
    assert_eq!(
        rig.client.subscribe(rig.now, "/topic/b", id, AckMode::Auto),
        Err(SubscribeError::DuplicateId)
    );
    rig.subscribe("/topic/c");
    assert_eq!(
        rig.client
            .subscribe(rig.now, "/topic/d", Vec::new(), AckMode::Auto),
        Err(SubscribeError::TooMany)
    );
    assert_eq!(
        rig.client.subscribe(rig.now, "", Vec::new(), AckMode::Auto),
        Err(SubscribeError::NoDestination)
    );
}

#[test]
fn a_message_is_acknowledged_on_its_connection_only() {
    let mut rig = Rig::connected();
    rig.subscribe_with("/queue/a", AckMode::ClientIndividual);
    rig.receive("MESSAGE\nsubscription:sub-1\nmessage-id:1\nack:x\ndestination:/queue/a\n\nhi\0");
    let delivery = rig.deliveries.pop().unwrap();
    rig.written.clear();
    rig.client
        .acknowledge(rig.now, Acknowledge::Ack, &delivery)
        .unwrap();
    rig.pump();
    assert_eq!(rig.written, ["ACK\nid:x\nsubscription:sub-1\n\n\0"]);
    rig.reconnect();
    rig.written.clear();
    assert_eq!(
        rig.client
            .acknowledge(rig.now, Acknowledge::Nack, &delivery),
        Err(AckError::Late)
    );
    rig.pump();
    assert!(rig.written.is_empty());
}

#[test]
fn a_subscription_while_the_others_are_being_restored_goes_out_too() {
    let mut rig = Rig::connected();
    rig.subscribe("/topic/a");
    rig.cut();
    rig.pass(1_000);
    rig.open();
    let b = rig.subscribe("/topic/b");
    assert_eq!(rig.commands(), ["SUBSCRIBE", "CONNECT"]);
    rig.connect();
    assert_eq!(rig.commands(), ["SUBSCRIBE", "SUBSCRIBE"]);
    rig.subscribe("/topic/c");
    assert_eq!(rig.commands(), ["SUBSCRIBE"]);
    rig.unsubscribe(b);
    assert_eq!(rig.commands(), ["UNSUBSCRIBE"]);
}

#[test]
fn a_server_without_receipts_does_not_make_the_client_hoard() {
    let mut rig = Rig::connected();
    for _ in 0..100 {
        let listener = rig.subscribe("/topic/a");
        rig.pass(1_000);
        rig.unsubscribe(listener);
    }
    assert!(format!("{:?}", rig.client).contains("receipts: 0"));
}

#[test]
fn a_receipt_that_comes_after_the_unsubscribe_is_nothing_to_tell() {
    let mut rig = Rig::connected();
    let listener = rig.subscribe("/topic/a");
    rig.unsubscribe(listener);
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert_eq!(rig.take_log(), [""; 0]);
    rig.receive("RECEIPT\nreceipt-id:r-2\n\n\0");
    assert_eq!(rig.take_log(), ["unhandled RECEIPT"]);
}
