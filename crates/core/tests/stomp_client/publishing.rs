//! Messages: offline, with receipts, over losses.

use everwire_core::Span;
use everwire_core::link::State;
use everwire_core::protocol::stomp::client::{Outgoing, OutgoingBody, PublishError, TopicError};
use everwire_core::send::{
    DropReason, Policy, SendError, SendOptions, Status, TopicConfig, TopicId,
};

use crate::rig::{Rig, config, header, status, text, with_receipt};

#[test]
fn what_is_published_while_offline_goes_out_in_order_once() {
    let mut rig = Rig::new(config());
    for body in ["1", "2", "3"] {
        rig.publish(text("/q", body), SendOptions::default());
    }
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    let bodies: Vec<_> = rig.written[1..]
        .iter()
        .map(|frame| frame.split("\n\n").nth(1).unwrap())
        .collect();
    assert_eq!(bodies, ["1\0", "2\0", "3\0"]);
    rig.written.clear();
    rig.reconnect();
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn a_receipt_acknowledges() {
    let mut rig = Rig::connected();
    let ticket = rig.publish(text("/q", "x"), with_receipt());
    assert!(rig.logged(&status(ticket, Status::Written)));
    assert_eq!(header(&rig.written[0], "receipt"), Some("r-1"));
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Acked)));
    rig.take_log();
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert_eq!(rig.take_log(), [""; 0]);
    rig.receive("RECEIPT\nreceipt-id:r-2\n\n\0");
    assert_eq!(rig.take_log(), ["unhandled RECEIPT"]);
}

#[test]
fn without_an_id_a_lost_receipt_is_unknown_and_nothing_is_written_again() {
    let mut rig = Rig::connected();
    let ticket = rig.publish(text("/q", "x"), with_receipt());
    rig.written.clear();
    rig.reconnect();
    assert!(rig.logged(&status(ticket, Status::Unknown)));
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn with_an_id_it_is_written_again_under_the_same_receipt_and_id() {
    let mut rig = Rig::connected();
    let message = Outgoing {
        id: Some("order-7".into()),
        ..text("/q", "x")
    };
    let ticket = rig.publish(message, SendOptions::default());
    let first = rig.written.remove(0);
    assert_eq!(header(&first, "idempotency-key"), Some("order-7"));
    rig.reconnect();
    assert_eq!(rig.written[1], first);
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Acked)));
    rig.written.clear();
    rig.reconnect();
    assert_eq!(rig.commands(), ["CONNECT"]);
}

#[test]
fn the_users_receipt_header_does_not_stand_in_the_way() {
    let mut rig = Rig::connected();
    let mut message = text("/q", "x");
    message.headers.push(("receipt".into(), "mine".into()));
    rig.publish(message, with_receipt());
    assert_eq!(header(&rig.written[0], "receipt"), Some("r-1"));
}

#[test]
fn binary_goes_as_binary_and_text_as_text() {
    let mut rig = Rig::connected();
    let message = Outgoing {
        body: OutgoingBody::Binary(b"ab".to_vec()),
        ..text("/q", "")
    };
    rig.publish(message, SendOptions::default());
    rig.publish(text("/q", "ab"), SendOptions::default());
    assert_eq!(
        rig.written,
        [
            "binary SEND\ndestination:/q\ncontent-length:2\n\nab\0",
            "SEND\ndestination:/q\ncontent-length:2\n\nab\0"
        ]
    );
}

#[test]
fn a_topic_conflates_per_key_while_the_link_is_down() {
    let mut rig = Rig::new(config());
    let topic = rig
        .client
        .topic(TopicConfig {
            policy: Policy::conflate(),
            ..TopicConfig::default()
        })
        .unwrap();
    let (a, b) = (
        rig.client.slot(topic).unwrap(),
        rig.client.slot(topic).unwrap(),
    );
    for (slot, body) in [(a, "a1"), (b, "b1"), (a, "a2")] {
        rig.client
            .publish(
                rig.now,
                topic,
                Some(slot),
                text("/q", body),
                SendOptions::default(),
            )
            .unwrap();
    }
    rig.client.start(rig.now);
    rig.pump();
    rig.open();
    rig.connect();
    let all = rig.written.concat();
    assert!(!all.contains("a1"));
    assert!(all.contains("a2") && all.contains("b1"));
}

#[test]
fn a_throttled_topic_keeps_its_distance() {
    let mut rig = Rig::connected();
    let topic = rig
        .client
        .topic(TopicConfig {
            policy: Policy::throttle(Span::from_millis(100)),
            ..TopicConfig::default()
        })
        .unwrap();
    for body in ["1", "2", "3"] {
        rig.client
            .publish(rig.now, topic, None, text("/q", body), with_receipt())
            .unwrap();
        rig.pump();
    }
    assert_eq!(rig.commands().len(), 1);
    rig.pass(99);
    assert!(rig.written.is_empty());
    rig.pass(1);
    assert_eq!(rig.written.len(), 1);
    assert!(rig.written[0].ends_with("\n\n3\0"));
}

#[test]
fn a_batch_is_refused() {
    let mut rig = Rig::new(config());
    let batch = Policy::Batch {
        max_items: 2,
        max_bytes: usize::MAX,
        max_wait: Span::MAX,
    };
    let topic = rig.client.topic(TopicConfig {
        policy: batch,
        ..TopicConfig::default()
    });
    assert_eq!(topic, Err(TopicError::Batch));
}

#[test]
fn what_no_version_can_express_is_refused_at_once() {
    let mut rig = Rig::new(config());
    let mut publish = |message| {
        let options = SendOptions::default();
        rig.client
            .publish(rig.now, TopicId(0), None, message, options)
    };
    let mut nul = text("/q", "");
    nul.headers.push(("a".into(), "\0".into()));
    assert!(matches!(publish(nul), Err(PublishError::Write(_))));
    let uncounted = Outgoing {
        body: OutgoingBody::UncountedText("\0".into()),
        ..text("/q", "")
    };
    assert!(matches!(publish(uncounted), Err(PublishError::Write(_))));
    assert_eq!(publish(text("", "")), Err(PublishError::NoDestination));
}

#[test]
fn what_the_agreed_version_cannot_express_is_refused_at_the_write() {
    let mut rig = Rig::dialled(config());
    rig.receive("CONNECTED\nversion:1.0\n\n\0");
    rig.written.clear();
    let mut message = text("/q", "");
    message.headers.push(("a".into(), "two\nlines".into()));
    let ticket = rig.publish(message, SendOptions::default());
    assert!(rig.written.is_empty());
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Refused))));
    assert!(rig.log.iter().any(|line| line.starts_with("Unwritable")));
}

#[test]
fn receipts_and_the_queue_are_bounded() {
    let mut config = config();
    config.max_receipts = 2;
    config.outbox.max_messages = 3;
    let mut rig = Rig::new(config);
    rig.publish(text("/q", ""), with_receipt());
    rig.publish(text("/q", ""), with_receipt());
    let (now, zero) = (rig.now, TopicId(0));
    assert_eq!(
        rig.client
            .publish(now, zero, None, text("/q", ""), with_receipt()),
        Err(PublishError::TooManyReceipts)
    );
    rig.publish(text("/q", ""), SendOptions::default());
    assert_eq!(
        rig.client
            .publish(now, zero, None, text("/q", ""), SendOptions::default()),
        Err(PublishError::Send(SendError::QueueFull))
    );
}

#[test]
fn a_full_socket_holds_messages_back_but_not_subscriptions() {
    let mut rig = Rig::connected();
    rig.buffered = 1 << 20;
    rig.publish(text("/q", ""), SendOptions::default());
    rig.subscribe("/topic/a");
    assert_eq!(rig.commands(), ["SUBSCRIBE"]);
    rig.buffered = 0;
    rig.pass(50);
    assert_eq!(rig.commands(), ["SEND"]);
}

#[test]
fn a_socket_that_takes_nothing_says_so() {
    let mut rig = Rig::connected();
    rig.takes = false;
    let ticket = rig.publish(text("/q", ""), SendOptions::default());
    assert!(rig.logged(&status(ticket, Status::Dropped(DropReason::Refused))));
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_receipt_before_the_write_confirms_nothing() {
    let mut rig = Rig::connected();
    rig.buffered = usize::MAX;
    let ticket = rig.publish(text("/q", "a"), with_receipt());
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(!rig.logged(&status(ticket, Status::Acked)));
    rig.buffered = 0;
    rig.pump();
    assert_eq!(header(&rig.written[0], "receipt"), Some("r-1"));
    rig.receive("RECEIPT\nreceipt-id:r-1\n\n\0");
    assert!(rig.logged(&status(ticket, Status::Acked)));
}
