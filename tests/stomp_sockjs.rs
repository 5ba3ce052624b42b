//! STOMP carried by SockJS, as Spring offers it, in a browser.
#![cfg(all(target_arch = "wasm32", feature = "stomp", feature = "sockjs"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{key, quick, received, url};
use everwire::{
    DropReason, State, Status,
    sockjs::{Options, Transport},
    stomp::{Client, Publish},
};
use futures_util::StreamExt;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn open(query: &str, transports: impl IntoIterator<Item = Transport>) -> Client {
    let url = url(&format!("/sockjs/stomp?{query}")).replace("ws://", "http://");
    Client::builder(url)
        .sockjs(Options::new().transports(transports))
        .backoff(quick())
        .open()
        .unwrap()
}

#[wasm_bindgen_test]
async fn messages_and_receipts_come_back_over_every_transport() {
    for transport in Transport::ALL {
        let client = open(&format!("key={}", key()), [transport]);
        let mut inbox = client.subscribe("/topic/a").unwrap();
        let body = "grüß: dich \u{2028} 세계 🌍\n";
        let message = Publish::text("/topic/a", body).receipt();
        let handle = client.publish(message).unwrap();
        assert_eq!(inbox.next().await.unwrap().unwrap().text().unwrap(), body);
        handle.acked().await.unwrap();
        assert_eq!(handle.status(), Status::Acked);
    }
}

#[wasm_bindgen_test]
async fn subscriptions_are_restored_after_a_lost_session() {
    let key = key();
    let query = format!("refuse=websocket&key={key}");
    let client = open(&query, Transport::ALL);
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let mut states = client.states();
    client.publish(Publish::text("/command/drop", "")).unwrap();
    while states.next().await.unwrap().state != State::Waiting {}
    client.publish(Publish::text("/topic/a", "again")).unwrap();
    let message = inbox.next().await.unwrap().unwrap();
    assert_eq!(message.text().unwrap(), "again");
    let mut frames = received(&key).await;
    frames.retain(|frame| frame.starts_with("SUBSCRIBE"));
    assert_eq!(frames.len(), 2);
}

#[wasm_bindgen_test]
async fn a_binary_body_is_refused_and_costs_no_connection() {
    let client = open(&format!("key={}", key()), Transport::ALL);
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let octets = client
        .publish(Publish::binary("/topic/a", vec![0, 255]))
        .unwrap();
    client.publish(Publish::text("/topic/a", "text")).unwrap();
    let message = inbox.next().await.unwrap().unwrap();
    assert_eq!(message.text().unwrap(), "text");
    assert_eq!(octets.status(), Status::Dropped(DropReason::Refused));
}
