//! The STOMP broker, met by clients that write their frames by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;
#[path = "common/stomp.rs"]
mod raw;

use common::{DEADLINE, server};
use raw::Raw;

#[tokio::test]
async fn the_highest_common_version_is_agreed_and_a_subprotocol_chosen() {
    let server = server().await;
    for (accepted, version) in [("1.2,1.1,1.0", "1.2"), ("1.0,1.1", "1.1"), ("1.0", "1.0")] {
        let mut raw = Raw::dial(server.ws_address(), Some("v12.stomp, v11.stomp")).await;
        assert_eq!(raw.protocol.as_deref(), Some("v12.stomp"));
        raw.send(&format!("STOMP\naccept-version:{accepted}\nhost:/\n\n\0"))
            .await;
        let connected = raw.frame().await;
        assert_eq!(connected.header("version"), Some(version));
        assert!(connected.header("server").unwrap().starts_with("everwire"));
    }
    let mut raw = Raw::dial(server.ws_address(), None).await;
    assert_eq!(raw.protocol, None);
    raw.send("CONNECT\naccept-version:2.0\nhost:/\n\n\0").await;
    let error = raw.frame().await;
    assert_eq!(error.header("message"), Some("unsupported version"));
    assert_eq!(error.header("version"), Some("1.2,1.1,1.0"));
    assert_eq!(raw.end().await, 1002);
    server.stop().await;
}

#[tokio::test]
async fn a_topic_gives_every_subscriber_a_copy_with_the_senders_headers() {
    let server = server().await;
    let mut one = Raw::open(server.ws_address(), "1.2").await;
    let mut two = Raw::open(server.ws_address(), "1.1").await;
    one.confirmed("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", "r1")
        .await;
    one.confirmed("SUBSCRIBE\nid:b\ndestination:/topic/t\n\n\0", "r2")
        .await;
    two.confirmed("SUBSCRIBE\nid:x\ndestination:/topic/t\n\n\0", "r3")
        .await;
    two.confirmed(
        "SEND\ndestination:/topic/t\ncolour:a\\cb\\nc\nmessage-id:mine\n\nhéllo\0",
        "r4",
    )
    .await;
    let got = [one.frame().await, one.frame().await, two.frame().await];
    for (message, subscription) in got.iter().zip(["a", "b", "x"]) {
        assert_eq!(message.command, "MESSAGE");
        assert_eq!(message.header("subscription"), Some(subscription));
        assert_eq!(message.header("destination"), Some("/topic/t"));
        assert_eq!(message.header("colour"), Some("a\\cb\\nc"));
        assert_eq!(message.header("content-length"), Some("6"));
        assert_ne!(message.header("message-id"), Some("mine"));
        assert_eq!(message.header("receipt"), None);
        assert_eq!(message.text(), "héllo");
    }
    one.confirmed("UNSUBSCRIBE\nid:a\n\n\0", "r5").await;
    two.confirmed("SEND\ndestination:/topic/t\n\nagain\0", "r6")
        .await;
    assert_eq!(one.frame().await.header("subscription"), Some("b"));
    one.confirmed("SEND\ndestination:/topic/none\n\n\0", "r7")
        .await;
    assert_eq!(one.arrived(), []);
    server.stop().await;
}

#[tokio::test]
async fn a_queue_keeps_messages_and_gives_each_to_one_consumer_in_turn() {
    let server = server().await;
    let mut sender = Raw::open(server.ws_address(), "1.2").await;
    for n in 1..=2 {
        let frame = format!("SEND\ndestination:/queue/q\n\n{n}\0");
        sender.confirmed(&frame, &format!("s{n}")).await;
    }
    let mut one = Raw::open(server.ws_address(), "1.2").await;
    one.confirmed("SUBSCRIBE\nid:a\ndestination:/queue/q\n\n\0", "r1")
        .await;
    assert_eq!(one.frame().await.text(), "1");
    assert_eq!(one.frame().await.text(), "2");
    let mut two = Raw::open(server.ws_address(), "1.2").await;
    two.confirmed("SUBSCRIBE\nid:a\ndestination:/queue/q\n\n\0", "r2")
        .await;
    for n in 3..=6 {
        let frame = format!("SEND\ndestination:/queue/q\n\n{n}\0");
        sender.confirmed(&frame, &format!("s{n}")).await;
    }
    let mut bodies = Vec::new();
    for raw in [&mut one, &mut two] {
        let pair = [raw.frame().await, raw.frame().await];
        bodies.extend(pair.map(|frame| frame.text().to_owned()));
    }
    bodies.sort();
    assert_eq!(bodies, ["3", "4", "5", "6"]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_acknowledged_goes_to_the_next_consumer() {
    let server = server().await;
    let mut sender = Raw::open(server.ws_address(), "1.2").await;
    for n in 1..=4 {
        sender
            .send(&format!("SEND\ndestination:/queue/q\n\n{n}\0"))
            .await;
    }
    let mut one = Raw::open(server.ws_address(), "1.2").await;
    let subscribe = "SUBSCRIBE\nid:a\ndestination:/queue/q\nack:client\nprefetch-count:3\n\n\0";
    one.send(subscribe).await;
    let got = [one.frame().await, one.frame().await, one.frame().await];
    assert_eq!(got.each_ref().map(|frame| frame.text()), ["1", "2", "3"]);
    // Up to the second, so the first too.
    let ack = got[1].header("ack").unwrap();
    one.confirmed(&format!("ACK\nid:{ack}\n\n\0"), "r").await;
    assert_eq!(one.frame().await.text(), "4");
    drop(one);

    let mut two = Raw::open(server.ws_address(), "1.1").await;
    two.send("SUBSCRIBE\nid:b\ndestination:/queue/q\nack:client-individual\n\n\0")
        .await;
    let got = [two.frame().await, two.frame().await];
    assert_eq!(got.each_ref().map(|frame| frame.text()), ["3", "4"]);
    assert_eq!(got[0].header("redelivered"), Some("true"));
    assert_eq!(got[0].header("ack"), None, "1.1 names the message id");
    let ids = got
        .each_ref()
        .map(|frame| frame.header("message-id").unwrap().to_owned());
    two.confirmed(
        &format!("ACK\nmessage-id:{}\nsubscription:b\n\n\0", ids[1]),
        "r1",
    )
    .await;
    two.confirmed(
        &format!("NACK\nmessage-id:{}\nsubscription:b\n\n\0", ids[0]),
        "r2",
    )
    .await;
    let again = two.frame().await;
    assert_eq!(again.text(), "3");
    let id = again.header("message-id").unwrap();
    let nack = format!("NACK\nmessage-id:{id}\nsubscription:b\nrequeue:false\n\n\0");
    two.confirmed(&nack, "r3").await;
    assert_eq!(two.arrived(), []);
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_takes_effect_at_its_commit_and_not_at_all_when_aborted() {
    let server = server().await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    raw.confirmed("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", "r0")
        .await;
    for tx in ["yes", "no"] {
        raw.confirmed(&format!("BEGIN\ntransaction:{tx}\n\n\0"), tx)
            .await;
        for n in 1..=2 {
            let frame = format!("SEND\ndestination:/topic/t\ntransaction:{tx}\n\n{tx}{n}\0");
            raw.confirmed(&frame, &format!("{tx}{n}")).await;
        }
    }
    assert_eq!(raw.arrived(), []);
    raw.confirmed("ABORT\ntransaction:no\n\n\0", "r1").await;
    raw.confirmed("COMMIT\ntransaction:yes\n\n\0", "r2").await;
    assert_eq!(raw.frame().await.text(), "yes1");
    assert_eq!(raw.frame().await.text(), "yes2");
    assert_eq!(raw.arrived(), []);
    raw.send("COMMIT\ntransaction:no\n\n\0").await;
    let error = raw.frame().await;
    assert_eq!(error.header("message"), Some("unknown transaction"));
    server.stop().await;
}

#[tokio::test]
async fn a_reply_goes_to_the_connection_that_asked_and_to_no_other() {
    let server = server().await;
    let mut service = Raw::open(server.ws_address(), "1.2").await;
    service
        .confirmed("SUBSCRIBE\nid:s\ndestination:/queue/ask\n\n\0", "r")
        .await;
    let mut asker = Raw::open(server.ws_address(), "1.2").await;
    asker
        .send("SEND\ndestination:/queue/ask\nreply-to:/temp-queue/answers\n\nwhat?\0")
        .await;
    let question = service.frame().await;
    let reply_to = question.header("reply-to").unwrap();
    assert!(reply_to.starts_with("/reply-queue/"), "{reply_to}");
    service
        .confirmed(&format!("SEND\ndestination:{reply_to}\n\nthat\0"), "r1")
        .await;
    let answer = asker.frame().await;
    assert_eq!(answer.header("subscription"), Some("/temp-queue/answers"));
    assert_eq!(answer.text(), "that");
    // The same name is the same queue.
    asker
        .send("SEND\ndestination:/queue/ask\nreply-to:/temp-queue/answers\n\n\0")
        .await;
    assert_eq!(service.frame().await.header("reply-to"), Some(reply_to));
    // After the asker has gone replies go nowhere, and that is no error.
    asker.confirmed("DISCONNECT\n\n\0", "bye").await;
    assert_eq!(asker.end().await, 1000);
    service
        .confirmed(&format!("SEND\ndestination:{reply_to}\n\nlate\0"), "r2")
        .await;
    service
        .send(&format!(
            "SUBSCRIBE\nid:thief\ndestination:{reply_to}\n\n\0"
        ))
        .await;
    assert_eq!(
        service.frame().await.header("message"),
        Some("unknown destination")
    );
    server.stop().await;
}

#[tokio::test]
async fn frames_may_be_cut_and_joined_anywhere_and_bodies_may_be_binary() {
    let server = server().await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let frames = "SUBSCRIBE\r\nid:a\r\ndestination:/topic/t\r\n\r\n\0\n\nSEND\ndestination:/topic/t\n\none\0\
                  SEND\ndestination:/topic/t\ncontent-length:5\n\na\0b\0c\0";
    let (first, rest) = frames.split_at(17);
    let (second, third) = rest.split_at(40);
    for part in [first, second, third] {
        raw.send(part).await;
    }
    assert_eq!(raw.frame().await.text(), "one");
    assert_eq!(raw.frame().await.body, b"a\0b\0c");
    let binary: Vec<u8> = (0..=255).collect();
    let mut frame = b"SEND\ndestination:/topic/t\ncontent-length:256\n\n".to_vec();
    frame.extend(&binary);
    frame.push(0);
    raw.send_binary(&frame).await;
    assert_eq!(raw.frame().await.body, binary);
    server.stop().await;
}

#[tokio::test]
async fn heart_beats_go_both_ways_and_silence_ends_the_connection() {
    let server = server().await;
    let mut raw = Raw::dial(server.ws_address(), None).await;
    raw.send("CONNECT\naccept-version:1.2\nhost:/\nheart-beat:500,200\n\n\0")
        .await;
    assert_eq!(raw.frame().await.header("heart-beat"), Some("1000,1000"));
    raw.beats(1).await;
    // Nothing was promised more often than once a second, and nothing is sent: that is too long.
    let error = raw.frame().await;
    assert_eq!(error.header("message"), Some("silent"));
    assert_eq!(raw.end().await, 1002);
    server.stop().await;
}

#[tokio::test]
async fn whoever_misbehaves_gets_an_error_with_its_receipt_id_and_is_closed() {
    let server = server().await;
    let long = format!("SEND\ndestination:/queue/q\nh:{}\n\n\0", "x".repeat(20_000));
    for (frame, message) in [
        ("SEND\nno colon\n\n\0", "malformed frame"),
        ("SEND\ndestination:/queue/a\\t\n\n\0", "malformed frame"),
        (
            "SEND\ndestination:/queue/q\ncontent-length:x\n\n\0",
            "malformed frame",
        ),
        (
            "SEND\ndestination:/queue/q\ncontent-length:1\n\nab\0",
            "malformed frame",
        ),
        (
            "SEND\ndestination:/queue/q\ncontent-length:99999999\n\n",
            "malformed frame",
        ),
        (&long, "malformed frame"),
        (
            "SEND\nreceipt:7\ndestination:nowhere\n\n\0",
            "unknown destination",
        ),
        ("SEND\nreceipt:7\n\n\0", "missing header"),
        (
            "SUBSCRIBE\nreceipt:7\ndestination:/queue/q\n\n\0",
            "missing header",
        ),
        (
            "SUBSCRIBE\nid:a\nreceipt:7\ndestination:/topic/q\nack:maybe\n\n\0",
            "unknown ack mode",
        ),
        ("ACK\nreceipt:7\nid:m-9\n\n\0", "unknown message"),
        (
            "UNSUBSCRIBE\nreceipt:7\nid:m-9\n\n\0",
            "unknown subscription",
        ),
        (
            "CONNECT\naccept-version:1.2\nhost:/\n\n\0",
            "already connected",
        ),
        ("HELLO\nreceipt:7\n\n\0", "unknown command"),
    ] {
        let mut raw = Raw::open(server.ws_address(), "1.2").await;
        raw.send(frame).await;
        let error = raw.frame().await;
        assert_eq!(error.command, "ERROR", "{frame}");
        assert_eq!(error.header("message"), Some(message), "{frame}");
        let receipt = frame.contains("receipt:7").then_some("7");
        assert_eq!(error.header("receipt-id"), receipt, "{frame}");
        assert!(!error.body.is_empty());
        assert_eq!(raw.end().await, 1002, "{frame}");
    }
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let subscribe = "SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0";
    raw.send(subscribe).await;
    raw.send(subscribe).await;
    assert_eq!(
        raw.frame().await.header("message"),
        Some("duplicate subscription")
    );
    let mut raw = Raw::dial(server.ws_address(), None).await;
    raw.send("SEND\ndestination:/queue/q\n\n\0").await;
    assert_eq!(raw.frame().await.header("message"), Some("not connected"));
    assert_eq!(raw.end().await, 1002);
    server.stop().await;
}

#[tokio::test]
async fn a_full_queue_refuses_more_and_keeps_what_it_has() {
    let server = server().await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let hundred = "SEND\ndestination:/queue/full\n\nx\0".repeat(100);
    for _ in 0..100 {
        raw.send(&hundred).await;
    }
    raw.confirmed("SEND\ndestination:/topic/nobody\n\n\0", "all-in")
        .await;
    raw.send("SEND\ndestination:/queue/full\n\none more\0")
        .await;
    assert_eq!(raw.frame().await.header("message"), Some("queue is full"));
    let mut reader = Raw::open(server.ws_address(), "1.2").await;
    reader
        .send("SUBSCRIBE\nid:a\ndestination:/queue/full\n\n\0")
        .await;
    for _ in 0..10_000 {
        assert_eq!(reader.frame().await.text(), "x");
    }
    assert_eq!(reader.arrived(), []);
    server.stop().await;
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_cut_off_and_the_others_go_on() {
    let server = server().await;
    let mut lazy = Raw::open(server.ws_address(), "1.2").await;
    lazy.confirmed("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", "r")
        .await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    raw.confirmed("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0", "r")
        .await;
    let megabyte = format!("SEND\ndestination:/topic/t\n\n{}\0", "x".repeat(1 << 20));
    for n in 0..20 {
        raw.confirmed(&megabyte, &format!("m{n}")).await;
    }
    let mut last = lazy.frame().await;
    while last.command == "MESSAGE" {
        last = lazy.frame().await;
    }
    assert_eq!(last.header("message"), Some("too slow"));
    assert_eq!(lazy.end().await, 1013);
    assert_eq!(raw.arrived().len(), 20);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_ends_leaves_nothing_behind_and_a_stopping_server_says_so() {
    let server = server().await;
    // The ticker's own service is connected too.
    let before = server.broker().connected();
    let mut gone = Raw::open(server.ws_address(), "1.2").await;
    gone.send("SUBSCRIBE\nid:a\ndestination:/topic/t\n\n\0")
        .await;
    drop(gone);
    let waiting = async {
        while server.broker().connected() != before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .expect("the connection is forgotten");
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let ends = tokio::spawn(async move { raw.end().await });
    server.stop().await;
    assert_eq!(ends.await.unwrap(), 1001);
}
