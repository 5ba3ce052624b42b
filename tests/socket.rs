//! One connection against a real server: messages, errors, closing.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::time::Duration;

use common::{Recorder, eventually, key, stats, text, until, url};
use everwire::{
    Cause, CloseOptions, EndReason, Error, Frame, InboundLimits, InboundOverflow, OutboxConfig,
    Raw, SendError, Socket, State, Status,
};
use futures_util::{SinkExt, StreamExt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn text_and_binary_come_back_unchanged_and_in_order() {
    let mut socket = Socket::<Frame, Frame>::builder(url("/echo"))
        .codec(Raw)
        .open()
        .unwrap();
    let frames = [
        Frame::from("héllo, 세계 🌍"),
        Frame::Binary((0..=255).collect()),
        Frame::from(""),
        Frame::Binary(Vec::new()),
        Frame::Binary(vec![7; 300_000]),
        Frame::Text("x".repeat(300_000)),
    ];
    for frame in frames.clone() {
        socket.send(frame).await.unwrap();
    }
    for frame in frames {
        assert_eq!(socket.next().await.unwrap().unwrap(), frame);
    }
}

#[wasm_bindgen_test]
async fn a_thousand_messages_keep_their_order() {
    let key = key();
    let socket = text(&format!("/echo?key={key}")).open().unwrap();
    let (mut sink, stream) = socket.split();
    let sent: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let sending = async {
        for message in &sent {
            sink.feed(message.clone()).await.unwrap();
        }
        sink.flush().await.unwrap();
    };
    let receiving = stream.take(1_000).map(Result::unwrap).collect::<Vec<_>>();
    let ((), echoed) = futures_util::future::join(sending, receiving).await;
    assert_eq!(echoed, sent);
    assert_eq!(common::received(&key).await, sent);
}

#[wasm_bindgen_test]
async fn json_is_the_default_and_a_bad_message_is_an_item_with_the_frame() {
    let mut socket = Socket::<(u32, String), serde_json::Value>::builder(url("/echo"))
        .open()
        .unwrap();
    socket.send(serde_json::json!([1, "one"])).await.unwrap();
    socket
        .send(serde_json::json!({"not": "a pair"}))
        .await
        .unwrap();
    socket.send(serde_json::json!([2, "two"])).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), (1, "one".to_owned()));
    let Some(Err(Error::Decode(error))) = socket.next().await else {
        panic!("expected a decode error");
    };
    assert_eq!(error.frame, Frame::from(r#"{"not":"a pair"}"#));
    assert_eq!(error.codec, "json");
    assert_eq!(socket.next().await.unwrap().unwrap(), (2, "two".to_owned()));
    assert_eq!(socket.state(), State::Open);
}

#[cfg(feature = "msgpack")]
#[wasm_bindgen_test]
async fn messagepack_goes_as_binary() {
    let mut socket = Socket::<Vec<u8>, Vec<u8>>::builder(url("/echo"))
        .codec(everwire::MsgPack)
        .open()
        .unwrap();
    socket.send(vec![1, 2, 3]).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), [1, 2, 3]);
}

#[cfg(feature = "postcard")]
#[wasm_bindgen_test]
async fn postcard_goes_as_binary() {
    let mut socket = Socket::<(u64, String), (u64, String)>::builder(url("/echo"))
        .codec(everwire::Postcard)
        .open()
        .unwrap();
    let message = (7, "seven".to_owned());
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), message);
}

#[wasm_bindgen_test]
fn urls_that_cannot_work_are_errors_at_once() {
    let open = |url: &str| Socket::<String, String>::builder(url).open().map(drop);
    for bad in ["ftp://x", "ws://[", "ws://x/#fragment", "wss://x#"] {
        let Err(Error::BadUrl { url, .. }) = open(bad) else {
            panic!("{bad} was accepted");
        };
        assert_eq!(url, bad);
    }
    let none = Socket::<String, String>::builder(Vec::new()).open();
    assert_eq!(none.map(drop), Err(Error::NoUrl));
    // Relative to the page, and http, as in the standard.
    assert_eq!(open("/relative"), Ok(()));
    assert_eq!(open(&url("/echo").replace("ws://", "http://")), Ok(()));
}

#[wasm_bindgen_test]
fn subprotocols_that_cannot_work_are_errors_at_once() {
    let open = |names: Vec<String>| text("/echo").protocols(names).open().map(drop);
    for bad in [
        vec!["a b"],
        vec!["a, b"],
        vec![""],
        vec!["a", "a"],
        vec!["ä"],
    ] {
        let bad: Vec<String> = bad.into_iter().map(str::to_owned).collect();
        assert!(matches!(open(bad), Err(Error::BadProtocol { .. })));
    }
}

#[wasm_bindgen_test]
fn options_out_of_range_are_errors_at_once() {
    let heartbeat = text("/echo")
        .heartbeat(Duration::ZERO, || "ping".to_owned())
        .open();
    assert!(matches!(heartbeat.map(drop), Err(Error::Options(text)) if text.contains("heartbeat")));
    let pong = text("/echo").pong(|_| true).open();
    assert!(matches!(pong.map(drop), Err(Error::Options(text)) if text.contains("heartbeat")));
}

#[wasm_bindgen_test]
async fn the_chosen_subprotocol_is_the_detail_of_opening() {
    let socket = text("/protocol?choose=v2")
        .protocols(["v2", "v1"])
        .open()
        .unwrap();
    let mut states = socket.states();
    let change = states.next().await.unwrap();
    assert_eq!((change.state, change.cause), (State::Open, Cause::Opened));
    assert_eq!(&*change.detail, "v2");
}

#[wasm_bindgen_test]
async fn the_close_code_and_reason_of_the_peer_are_told() {
    for (query, code, reason, clean) in [
        ("?code=4001&reason=go%20away", 4001, "go away", true),
        ("", 1005, "", true),
    ] {
        let mut socket = text(&format!("/close{query}"))
            .reconnect(false)
            .open()
            .unwrap();
        let mut states = socket.states();
        let mut last = states.next().await.unwrap();
        while last.state != State::Closed {
            last = states.next().await.unwrap();
        }
        assert_eq!(last.cause, Cause::SocketClosed { code, clean });
        assert_eq!(&*last.detail, reason);
        assert_eq!(last.ended, Some(EndReason::ReconnectOff));
        assert!(matches!(
            socket.next().await,
            Some(Err(Error::Ended { .. }))
        ));
        assert!(socket.next().await.is_none());
    }
}

#[wasm_bindgen_test]
async fn a_connection_that_is_cut_ends_with_1006() {
    for command in ["!drop", "!reset"] {
        let mut socket = text("/command").reconnect(false).open().unwrap();
        socket.send(command.to_owned()).await.unwrap();
        let Some(Err(Error::Ended { cause, .. })) = socket.next().await else {
            panic!("expected the end");
        };
        assert_eq!(
            cause,
            Cause::SocketClosed {
                code: 1006,
                clean: false
            }
        );
    }
}

#[wasm_bindgen_test]
async fn closing_flushes_and_says_goodbye() {
    let key = key();
    let mut socket = text(&format!("/echo?key={key}")).open().unwrap();
    let handle = socket.client().send(&"last words".to_owned()).unwrap();
    socket
        .close(CloseOptions::new().code(4002).reason("bye"))
        .await
        .unwrap();
    assert_eq!(handle.status(), Status::Written);
    assert_eq!(socket.state(), State::Closed);
    let stats = stats(&key).await;
    assert_eq!(
        (&stats["closeCode"], &stats["closeReason"]),
        (&4002.into(), &"bye".into())
    );
    assert_eq!(common::received(&key).await, ["last words"]);
    let refused = socket.client().send(&"too late".to_owned()).map(drop);
    assert_eq!(refused, Err(Error::Send(SendError::Closed)));
    while let Some(message) = socket.next().await {
        message.expect("a close at the user's wish is no error");
    }
}

#[wasm_bindgen_test]
async fn close_codes_are_checked() {
    let socket = text("/echo").open().unwrap();
    for code in [0, 999, 1001, 1005, 1006, 1011, 1015, 2999, 5000] {
        let closed = socket.close(CloseOptions::new().code(code)).await;
        assert_eq!(closed, Err(Error::BadCloseCode { code }));
    }
    let long = socket
        .close(CloseOptions::new().reason("é".repeat(62)))
        .await;
    assert_eq!(long, Err(Error::CloseReasonTooLong { bytes: 124 }));
    until(&socket, State::Open).await;
}

#[wasm_bindgen_test]
async fn the_sink_closes_too() {
    let key = key();
    let (mut sink, mut stream) = text(&format!("/echo?key={key}")).open().unwrap().split();
    sink.send("hello".to_owned()).await.unwrap();
    // Before the close: a browser drops what arrives while it is closing.
    assert_eq!(stream.next().await.unwrap().unwrap(), "hello");
    sink.close().await.unwrap();
    assert_eq!(stats(&key).await["closeCode"], 1000);
    assert!(stream.next().await.is_none());
    assert_eq!(
        sink.send("late".to_owned()).await,
        Err(Error::Send(SendError::Closed))
    );
}

#[wasm_bindgen_test]
async fn a_revived_sink_closes_again() {
    let mut socket = text("/echo").open().unwrap();
    for _ in 0..2 {
        socket.send("hello".to_owned()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), "hello");
        SinkExt::close(&mut socket).await.unwrap();
        assert_eq!(socket.state(), State::Closed);
        socket.reconnect();
        until(&socket, State::Open).await;
    }
}

#[wasm_bindgen_test]
async fn dropping_the_socket_closes_it_and_takes_the_handlers_off_first() {
    let recorder = Recorder::install();
    let key = key();
    let socket = text(&format!("/echo?key={key}")).open().unwrap();
    let client = socket.client();
    until(&client, State::Open).await;
    let mut states = client.states();
    drop(socket);
    assert_eq!(
        recorder.number(
            "sockets.every(s => s.onopen === null && s.onmessage === null && s.onclose === null)"
        ),
        1.0
    );
    assert_eq!(recorder.number("sockets[0].readyState"), 2.0);
    assert_eq!(client.state(), State::Closed);
    assert!(matches!(
        client.send(&String::new()),
        Err(Error::Send(SendError::Closed))
    ));
    client.reconnect();
    assert_eq!(
        client.state(),
        State::Closed,
        "a dropped socket stays closed"
    );
    assert_eq!(
        states.next().await.map(|change| change.state),
        Some(State::Closed)
    );
    assert!(states.next().await.is_none());
    drop(recorder);
    eventually(|| async { stats(&key).await["open"] == 0 }).await;
}

#[wasm_bindgen_test]
async fn dropping_mid_handshake_leaves_nothing_behind() {
    let recorder = Recorder::install();
    drop(text("/echo").open().unwrap());
    assert_eq!(
        recorder.number(
            "sockets.every(s => s.onopen === null && s.onclose === null && s.readyState >= 2)"
        ),
        1.0
    );
}

#[wasm_bindgen_test]
async fn an_unread_stream_is_bounded_and_says_what_is_missing() {
    let limits = |overflow| InboundLimits {
        max_messages: 10,
        overflow,
        ..InboundLimits::default()
    };
    for (overflow, first_gap) in [
        (InboundOverflow::DropOldest, true),
        (InboundOverflow::DropNewest, false),
    ] {
        let mut socket = text("/flood?n=1000")
            .inbound(limits(overflow))
            .open()
            .unwrap();
        let client = socket.client();
        until(&client, State::Open).await;
        // The echo of this comes after the flood.
        client.send(&"end".to_owned()).unwrap();
        eventually(|| async {
            stats("none").await;
            client.stats().messages_received == 1_001
        })
        .await;
        let mut missing = 0;
        let mut messages = Vec::new();
        for _ in 0..client.stats().unread {
            match socket.next().await.unwrap() {
                Ok(message) => messages.push(message),
                Err(Error::InboundOverflow { dropped }) => {
                    assert_eq!(messages.is_empty(), first_gap);
                    missing += dropped;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(missing + messages.len() as u64, 1_001);
        assert!(messages.len() <= 11);
        assert_eq!(messages.contains(&"end".to_owned()), first_gap);
    }
}

#[wasm_bindgen_test]
async fn a_stream_that_must_not_have_gaps_disconnects() {
    let key = key();
    let limits = InboundLimits {
        max_messages: 10,
        overflow: InboundOverflow::Disconnect,
        ..InboundLimits::default()
    };
    let mut socket = text(&format!("/flood?n=1000&key={key}"))
        .inbound(limits)
        .open()
        .unwrap();
    until(&socket, State::Closed).await;
    for number in 0..10 {
        assert_eq!(socket.next().await.unwrap().unwrap(), number.to_string());
    }
    assert!(matches!(
        socket.next().await,
        Some(Err(Error::InboundOverflow { .. }))
    ));
    eventually(|| async { stats(&key).await["closeCode"] == 4008 }).await;
}

/// An empty buffer always takes one frame, whatever the mark.
#[wasm_bindgen_test]
async fn a_high_water_mark_of_zero_writes_one_frame_at_a_time() {
    let mut socket = text("/echo")
        .queue(OutboxConfig {
            high_water: 0,
            ..OutboxConfig::default()
        })
        .open()
        .unwrap();
    for number in 0..3 {
        socket.send(number.to_string()).await.unwrap();
    }
    for number in 0..3 {
        assert_eq!(socket.next().await.unwrap().unwrap(), number.to_string());
    }
    let stats = socket.stats();
    assert_eq!((stats.messages_received, stats.bytes_received), (3, 3));
}

#[wasm_bindgen_test]
async fn debug_output_names_the_state_and_no_message() {
    let socket = text("/echo").open().unwrap();
    let debug = format!("{socket:?} {:?}", socket.client());
    assert!(
        debug.contains("Socket") && debug.contains("Connecting"),
        "{debug}"
    );
}
