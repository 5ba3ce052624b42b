//! The cases of `worker.rs` and `shared_worker.rs`.

use std::time::Duration;

use everwire::{Backoff, Frame, Raw, Socket, Span, State, Url};
use futures_util::{SinkExt, StreamExt};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::common::{eventually, js, key, quick, received, stats, text, until, url};

#[wasm_bindgen_test]
async fn messages_go_both_ways_without_a_window() {
    assert!(js("return globalThis.document === undefined").is_truthy());
    let mut socket = Socket::<Frame, Frame>::builder(url("/echo"))
        .codec(Raw)
        .open()
        .unwrap();
    for frame in [Frame::from("hi"), Frame::Binary(vec![1, 2, 3])] {
        socket.send(frame.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), frame);
    }
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_dialled_again_after_a_timer() {
    let mut socket = text("/command").open().unwrap();
    until(&socket, State::Open).await;
    socket.send("!drop".to_owned()).await.unwrap();
    until(&socket, State::Waiting).await;
    socket.send("back".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "back");
}

#[wasm_bindgen_test]
async fn network_events_reach_a_worker() {
    let slow = Backoff {
        min: Span::from_millis(3_600_000),
        max: Span::from_millis(3_600_000),
        ..quick()
    };
    let socket = text(&format!("/refuse-first?n=1&key={}", key()))
        .backoff(slow)
        .open()
        .unwrap();
    until(&socket, State::Waiting).await;
    js("dispatchEvent(new Event('online'))");
    until(&socket, State::Open).await;
}

#[wasm_bindgen_test]
async fn a_throttled_topic_works_in_a_worker() {
    let key = key();
    let socket = text(&format!("/echo?key={key}")).open().unwrap();
    until(&socket, State::Open).await;
    let topic = socket
        .topic::<String>("cursor")
        .throttle(Duration::from_millis(20))
        .build()
        .unwrap();
    for value in ["a", "b", "c"] {
        topic.send(&value.to_owned()).unwrap();
    }
    topic.slot("no such key").flush().await;
    eventually(|| async { received(&key).await == ["a", "c"] }).await;
}

#[wasm_bindgen_test]
async fn an_asynchronous_provider_works_in_a_worker() {
    let key = key();
    let path = url(&format!("/echo?key={key}"));
    let provider = Url::from_async_fn(move |_| {
        let path = path.clone();
        async move { Ok(path) }
    });
    let socket = Socket::<String, String>::builder(provider)
        .codec(Raw)
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    drop(socket);
    eventually(|| async { stats(&key).await["open"] == 0 }).await;
}
