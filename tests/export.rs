//! A class that `export_socket!` wrote, as JavaScript sees it.
#![cfg(all(target_arch = "wasm32", feature = "export", feature = "postcard"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod common;

use common::{Recorder, eventually, key, received, stats, url};
use everwire::{Json, Postcard, export_socket};
use js_sys::{Function, Reflect};
use serde::{Deserialize, Serialize};
use tsify::Tsify;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Serialize, Deserialize, Tsify)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Message {
    Moved { id: u32, lat: f64 },
    Said { text: String },
}

#[derive(Serialize, Deserialize, Tsify)]
pub struct Point {
    x: i32,
    y: i32,
}

export_socket! {
    /// JSON on the wire.
    pub class JsonSocket {
        incoming: Message,
        outgoing: Message,
        codec: Json,
        configure: |builder| builder.backoff(common::quick()),
    }
}

export_socket! {
    /// postcard on the wire.
    pub class PointSocket { incoming: Point, outgoing: Point, codec: Postcard }
}

/// Runs an asynchronous function body with `socket` in scope.
async fn run(socket: &JsValue, body: &str) -> Result<JsValue, JsValue> {
    let function =
        Function::new_with_args("socket", &format!("return (async () => {{ {body} }})()"));
    let promise = function.call1(&JsValue::UNDEFINED, socket)?;
    JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await
}

fn json_socket(path: &str) -> JsValue {
    JsonSocket::new(url(path).into(), None).unwrap().into()
}

fn text(value: &JsValue, name: &str) -> String {
    Reflect::get(value, &name.into())
        .unwrap()
        .as_string()
        .unwrap_or_default()
}

#[wasm_bindgen_test]
async fn plain_objects_go_out_and_come_in() {
    let key = key();
    let socket = json_socket(&format!("/echo?key={key}"));
    let echoed = run(
        &socket,
        r#"const reply = new Promise(resolve => socket.on("message", resolve));
           socket.send({ type: "moved", id: 7, lat: 37.5 });
           return JSON.stringify([await reply, socket.state]);"#,
    )
    .await
    .unwrap();
    assert_eq!(echoed, r#"[{"type":"moved","id":7,"lat":37.5},"open"]"#);
    assert_eq!(
        received(&key).await,
        [r#"{"type":"moved","id":7,"lat":37.5}"#]
    );
}

#[wasm_bindgen_test]
async fn the_wire_may_be_binary() {
    let key = key();
    let socket =
        JsValue::from(PointSocket::new(url(&format!("/echo?key={key}")).into(), None).unwrap());
    let echoed = run(
        &socket,
        r#"const reply = new Promise(resolve => socket.on("message", resolve));
           socket.send({ x: 1, y: -2 });
           return JSON.stringify(await reply);"#,
    )
    .await
    .unwrap();
    assert_eq!(echoed, r#"{"x":1,"y":-2}"#);
    // Two varints instead of names.
    assert_eq!(stats(&key).await["bytes"], 2);
}

#[wasm_bindgen_test]
async fn what_cannot_be_decoded_is_an_error_with_the_raw_message() {
    let socket = json_socket("/flood?n=1");
    let error = run(
        &socket,
        r#"const error = new Promise(resolve => socket.on("error", resolve));
           socket.on("message", () => {});
           return await error;"#,
    )
    .await
    .unwrap();
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(
        (text(&error, "code"), text(&error, "raw")),
        ("decode".into(), "0".into())
    );
    assert_eq!(text(&socket, "state"), "open");
}

#[wasm_bindgen_test]
async fn errors_do_not_wait_for_a_message_listener() {
    let socket = json_socket("/flood?n=1");
    let error = run(
        &socket,
        r#"return await new Promise(resolve => socket.on("error", resolve));"#,
    )
    .await
    .unwrap();
    assert_eq!(text(&error, "code"), "decode");
}

#[wasm_bindgen_test]
async fn bad_calls_throw_errors_with_codes() {
    let code = |result: Result<JsonSocket, JsValue>| text(&result.map(drop).unwrap_err(), "code");
    assert_eq!(code(JsonSocket::new("ftp://x".into(), None)), "bad-url");
    assert_eq!(code(JsonSocket::new(7.into(), None)), "bad-url");
    assert_eq!(
        code(JsonSocket::new(url("/echo").into(), Some("a b".into()))),
        "bad-protocol"
    );
    let socket = json_socket("/echo");
    for (call, expected) in [
        ("socket.send({ type: 'nonsense' })", "encode"),
        ("socket.on('mesage', () => {})", "bad-options"),
        ("socket.on('message', 7)", "bad-options"),
        ("socket.close(1001)", "bad-close"),
        ("socket.close(3000, 'x'.repeat(124))", "bad-close"),
        (
            "socket.close(); socket.send({ type: 'said', text: '' })",
            "closed",
        ),
    ] {
        assert_eq!(
            text(&run(&socket, call).await.unwrap_err(), "code"),
            expected,
            "{call}"
        );
    }
}

#[wasm_bindgen_test]
async fn states_are_told_with_their_causes() {
    let socket = json_socket(&format!("/refuse-first?n=1&key={}", key()));
    let log = run(
        &socket,
        r#"const log = [];
           const open = new Promise(resolve => socket.on("state", change => {
               log.push([change.state, change.cause, change.code ?? 0, typeof change.retryIn]);
               if (change.state === "open") resolve();
           }));
           await open;
           await socket.close(4000, "done");
           return JSON.stringify(log);"#,
    )
    .await
    .unwrap();
    assert_eq!(
        log,
        r#"[["waiting","socket-closed",1006,"number"],["connecting","retry-due",0,"undefined"],["open","opened",0,"undefined"],["closing","user",0,"undefined"],["closed","socket-closed",4000,"undefined"]]"#
    );
}

#[wasm_bindgen_test]
async fn a_throwing_listener_is_reported_and_harms_nobody() {
    let socket = json_socket("/echo");
    let log = run(
        &socket,
        r#"const log = [];
           const report = globalThis.reportError;
           globalThis.reportError = error => log.push("reported " + error.message);
           socket.on("message", () => { throw new Error("mine"); });
           const off = socket.on("message", message => { log.push(message.text); off(); off(); });
           const end = new Promise(resolve => socket.on("message", message => message.text === "2" && resolve()));
           socket.send({ type: "said", text: "1" });
           socket.send({ type: "said", text: "2" });
           await end;
           globalThis.reportError = report;
           return JSON.stringify(log);"#,
    )
    .await
    .unwrap();
    assert_eq!(log, r#"["reported mine","1","reported mine"]"#);
}

#[wasm_bindgen_test]
async fn freeing_the_object_closes_the_connection() {
    let recorder = Recorder::install();
    let key = key();
    let socket = json_socket(&format!("/echo?key={key}"));
    run(
        &socket,
        r#"await new Promise(resolve => socket.on("state", change => change.state === "open" && resolve()));
           socket.free();"#,
    )
    .await
    .unwrap();
    assert_eq!(
        recorder.number("sockets[0].onmessage === null && sockets[0].readyState >= 2"),
        1.0
    );
    drop(recorder);
    eventually(|| async { stats(&key).await["open"] == 0 }).await;
}
