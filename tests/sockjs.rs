//! Sockets carried by SockJS, in a browser.
#![cfg(all(target_arch = "wasm32", feature = "sockjs"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{key, quick, received, until, url};
use everwire::{
    Cause, CloseOptions, Frame, Raw, Socket, State, Status,
    sockjs::{Options, Transport},
};
use futures_util::{SinkExt, StreamExt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const ALL: [Transport; 4] = Transport::ALL;

fn open(path: &str, transports: impl IntoIterator<Item = Transport>) -> Socket<String, String> {
    Socket::builder(url(path).replace("ws://", "http://"))
        .codec(Raw)
        .backoff(quick())
        .sockjs(Options::new().transports(transports))
        .open()
        .unwrap()
}

#[wasm_bindgen_test]
async fn messages_go_both_ways_in_order_over_every_transport() {
    for transport in ALL {
        let mut socket = open("/sockjs/echo", [transport]);
        let mut states = socket.states();
        let sent: Vec<String> = (0..100)
            .map(|number| format!("{number}: héllo 세계 🌍 \"\\ \n \u{2028} %"))
            .collect();
        for message in &sent {
            socket.send(message.clone()).await.unwrap();
        }
        for message in &sent {
            assert_eq!(socket.next().await.unwrap().unwrap(), *message);
        }
        // The state says what carries it.
        let mut change = states.next().await.unwrap();
        while change.state != State::Open {
            change = states.next().await.unwrap();
        }
        assert_eq!(&*change.detail, transport.name());
    }
}

#[wasm_bindgen_test]
async fn large_messages_come_back_over_every_transport() {
    for transport in ALL {
        let mut socket = open("/sockjs/echo", [transport]);
        let large = "x".repeat(300_000);
        socket.send(large.clone()).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap() == large);
    }
}

#[wasm_bindgen_test]
async fn a_refused_websocket_is_followed_by_http() {
    let mut socket = open("/sockjs/echo?refuse=websocket", ALL);
    let mut states = socket.states();
    socket.send("hello".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "hello");
    let mut change = states.next().await.unwrap();
    while change.state != State::Open {
        change = states.next().await.unwrap();
    }
    assert_eq!(&*change.detail, "xhr-streaming");
}

#[wasm_bindgen_test]
async fn a_server_that_closes_says_why_and_is_dialled_again() {
    for transport in ALL {
        let mut socket = open("/sockjs/echo", [transport]);
        until(&socket, State::Open).await;
        let mut states = socket.states();
        socket.send("!close".to_owned()).await.unwrap();
        let change = states.next().await.unwrap();
        assert_eq!(
            change.cause,
            Cause::SocketClosed {
                code: 3_000,
                clean: true
            }
        );
        assert_eq!(&*change.detail, "on request");
        socket.send("again".to_owned()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), "again");
    }
}

#[wasm_bindgen_test]
async fn what_is_queued_is_sent_before_the_end() {
    for transport in ALL {
        let key = key();
        let socket = open(&format!("/sockjs/echo?key={key}"), [transport]);
        until(&socket, State::Open).await;
        for number in 0..20 {
            socket.client().send(&number.to_string()).unwrap();
        }
        socket.close(CloseOptions::new()).await.unwrap();
        assert_eq!(socket.state(), State::Closed);
        let texts: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        assert_eq!(received(&key).await, texts, "{transport:?}");
    }
}

#[wasm_bindgen_test]
async fn policies_hold_over_http() {
    let key = key();
    let socket = open(&format!("/sockjs/echo?key={key}"), [Transport::XhrPolling]);
    let topic = socket.topic::<String>("value").conflate().build().unwrap();
    // While there is no connection, the latest value alone is kept.
    for number in 0..100 {
        topic.send(&number.to_string()).unwrap();
    }
    until(&socket, State::Open).await;
    topic.flush().await;
    socket.close(CloseOptions::new()).await.unwrap();
    assert_eq!(received(&key).await, ["99"]);
}

#[wasm_bindgen_test]
async fn a_server_that_is_no_sockjs_is_tried_again_with_a_reason() {
    let socket = open("/nowhere", ALL);
    let mut states = socket.states();
    let mut change = states.next().await.unwrap();
    while change.state != State::Waiting {
        change = states.next().await.unwrap();
    }
    assert!(change.detail.contains("404"), "{}", change.detail);
}

#[wasm_bindgen_test]
async fn bytes_are_refused() {
    let socket = Socket::<Frame, Frame>::builder(url("/sockjs/echo").replace("ws://", "http://"))
        .codec(Raw)
        .sockjs(Options::new())
        .open()
        .unwrap();
    let handle = socket.client().send(&Frame::Binary(vec![1])).unwrap();
    assert!(handle.written().await.is_err());
    assert!(matches!(handle.status(), Status::Dropped(_)));
}
