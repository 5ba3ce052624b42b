//! Messages that wait for an answer: acknowledgements and requests.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use common::{eventually, key, quick, received, stats, until, url};
use everwire::{Builder, Error, Id, Json, SendError, Socket, State, Status};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3_600);

fn acked(path: &str) -> Builder<Value, Value, Json> {
    let id = |message: &Value, name: &str| message.get(name).and_then(Value::as_u64).map(Id::from);
    Socket::<Value, Value>::builder(url(path))
        .backoff(quick())
        .acks(move |out| id(out, "id"), move |inbound| id(inbound, "ack"))
}

#[wasm_bindgen_test]
async fn an_id_belongs_to_one_message_at_a_time() {
    let socket = common::text("/echo")
        .acks(|out| Some(out.into()), |inbound| Some(inbound.into()))
        .open()
        .unwrap();
    let client = socket.client();
    let hello = "hello".to_owned();
    let first = client.send(&hello).unwrap();
    let second = client.send(&hello).map(drop);
    assert_eq!(second, Err(Error::Send(SendError::DuplicateId)));
    first.acked().await.unwrap();
    client.send(&hello).unwrap().acked().await.unwrap();

    // A newer value may have the id of the one whose place it takes.
    let topic = socket
        .topic::<String>("cursor")
        .debounce(Duration::from_millis(20))
        .build()
        .unwrap();
    topic.send(&hello).unwrap();
    let latest = topic.send(&hello).unwrap();
    latest.acked().await.unwrap();
}

#[wasm_bindgen_test]
async fn acknowledgements_confirm_messages_by_id() {
    let socket = acked("/ack").open().unwrap();
    let client = socket.client();
    let confirmed = client.send(&json!({"id": 7})).unwrap();
    let plain = client.send(&json!("no id")).unwrap();
    confirmed.acked().await.unwrap();
    assert_eq!(confirmed.status(), Status::Acked);
    assert_eq!(plain.acked().await, Err(Error::NoAck));
    assert_eq!(plain.status(), Status::Written);
}

#[wasm_bindgen_test]
async fn what_is_written_cannot_be_taken_back_while_its_confirmation_is_awaited() {
    let socket = acked("/echo").open().unwrap();
    let message = socket.client().send(&json!({"id": 7})).unwrap();
    message.written().await.unwrap();
    assert!(!message.cancel());
    assert_eq!(message.status(), Status::Written);
}

#[wasm_bindgen_test]
async fn an_unconfirmed_message_is_written_again_after_a_reconnect() {
    let key = key();
    let silent = Rc::new(Cell::new(true));
    let flag = Rc::clone(&silent);
    let path = format!("?key={key}");
    // Written to a server that never answers, confirmed by the next one.
    let provider = everwire::Url::from_fn(move |_| {
        Ok(url(&if flag.get() {
            format!("/slow{path}&ms=0")
        } else {
            format!("/ack{path}")
        }))
    });
    let id = |message: &Value, name: &str| message.get(name).and_then(Value::as_u64).map(Id::from);
    let socket = Socket::<Value, Value>::builder(provider)
        .acks(move |out| id(out, "id"), move |inbound| id(inbound, "ack"))
        .open()
        .unwrap();
    let handle = socket.client().send(&json!({"id": 1})).unwrap();
    handle.written().await.unwrap();
    eventually(|| async { received(&key).await.len() == 1 }).await;
    assert_eq!(handle.status(), Status::Written);
    silent.set(false);
    socket.reconnect();
    handle.acked().await.unwrap();
    assert_eq!(received(&key).await, [r#"{"id":1}"#, r#"{"id":1}"#]);
    assert_eq!(socket.stats().sent.resent, 1);
}

fn rpc(path: &str) -> Builder<Value, Value, Json> {
    Socket::<Value, Value>::builder(url(path))
        .backoff(quick())
        .correlate(
            |request, number| request["id"] = number.into(),
            |reply| reply.get("reply").and_then(Value::as_u64),
        )
}

#[wasm_bindgen_test]
async fn requests_get_their_own_replies() {
    let mut socket = rpc("/rpc").open().unwrap();
    let late = socket.request(json!({"value": "late", "late": 30}), HOUR);
    let quick = socket.request(json!({"value": "quick"}), HOUR);
    let (late, quick) = futures_util::future::join(late, quick).await;
    assert_eq!(late.unwrap()["value"], "late");
    assert_eq!(quick.unwrap()["value"], "quick");
    assert!(
        socket.next().now_or_never().is_none(),
        "replies do not come out of the stream"
    );
}

#[wasm_bindgen_test]
async fn a_request_without_a_reply_times_out() {
    let socket = rpc("/rpc").open().unwrap();
    let request = socket.request(json!({"ignore": true}), Duration::from_millis(50));
    assert_eq!(request.await, Err(Error::Timeout));
    // The same while the connection never opens.
    let gone = rpc(&format!("/refuse-first?n=1000000&key={}", key()))
        .open()
        .unwrap();
    let request = gone.request(json!({}), Duration::from_millis(50));
    assert_eq!(request.await, Err(Error::Timeout));
    assert!(!gone.pending());
}

#[wasm_bindgen_test]
async fn a_request_is_unknown_when_the_connection_is_lost_after_the_write() {
    let key = key();
    let socket = rpc(&format!("/rpc?key={key}")).open().unwrap();
    let request = socket.request(json!({"ignore": true}), HOUR);
    eventually(|| async { stats(&key).await["messages"] == 1 }).await;
    socket.reconnect();
    assert_eq!(request.await, Err(Error::NotDelivered(Status::Unknown)));
}

/// A timeout of an hour would hide that it was not woken.
#[wasm_bindgen_test]
async fn a_loss_wakes_who_awaits_the_reply() {
    let key = key();
    let socket = rpc(&format!("/rpc?key={key}")).open().unwrap();
    let request = socket.request(json!({"ignore": true}), HOUR);
    let outcome = Rc::new(RefCell::new(None));
    let told = Rc::clone(&outcome);
    spawn_local(async move {
        told.replace(Some(request.await));
    });
    eventually(|| async { stats(&key).await["messages"] == 1 }).await;
    assert_eq!(*outcome.borrow(), None);
    socket.reconnect();
    until(&socket, State::Open).await;
    assert_eq!(
        outcome.take(),
        Some(Err(Error::NotDelivered(Status::Unknown)))
    );
}

#[wasm_bindgen_test]
async fn a_dropped_request_is_taken_back_and_its_late_reply_is_a_message() {
    let mut socket = rpc("/rpc").open().unwrap();
    drop(socket.request(json!({"value": "never sent"}), HOUR));
    assert!(!socket.pending());
    until(&socket, State::Open).await;
    drop(socket.request(json!({"value": "given up"}), HOUR));
    assert_eq!(socket.next().await.unwrap().unwrap()["value"], "given up");
    let plain = Socket::<Value, Value>::builder(url("/rpc")).open().unwrap();
    assert_eq!(
        plain.request(json!({}), HOUR).await,
        Err(Error::NoCorrelation)
    );
}
