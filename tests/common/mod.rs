//! What the browser tests share: the server's address, waiting for conditions, a look at the server's side.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{cell::Cell, future::Future};

use everwire::{Backoff, Builder, Client, Jitter, Raw, Socket, Span, State};
use futures_util::StreamExt;
use serde_json::Value;
use wasm_bindgen::prelude::*;

thread_local! {
    static LAST_KEY: Cell<u32> = const { Cell::new(0) };
}

/// The address of a path of `everwire-test-server`, which the runner of the tests starts.
pub(crate) fn url(path: &str) -> String {
    let Some(server) = option_env!("EVERWIRE_TEST_SERVER") else {
        panic!(
            "set EVERWIRE_TEST_SERVER to the ws:// address of everwire-test-server when building the tests"
        );
    };
    format!("{server}{path}")
}

/// A key of the server's statistics that nobody else uses.
pub(crate) fn key() -> String {
    LAST_KEY.set(LAST_KEY.get() + 1);
    format!(
        "{}-{}",
        (js_sys::Math::random() * 1e12) as u64,
        LAST_KEY.get()
    )
}

/// Delays that suit a test.
pub(crate) fn quick() -> Backoff {
    Backoff {
        min: Span::from_millis(10),
        max: Span::from_millis(20),
        jitter: Jitter::None,
        first_spread: Span::ZERO,
        ..Backoff::default()
    }
}

/// A socket that speaks plain text, with quick redials.
pub(crate) fn text(path: &str) -> Builder<String, String, Raw> {
    Socket::builder(url(path)).codec(Raw).backoff(quick())
}

/// Waits for a state.
pub(crate) async fn until<In, Out>(client: &Client<In, Out>, state: State) {
    let mut states = client.states();
    while client.state() != state {
        states.next().await.expect("the socket is alive");
    }
}

/// Asks again, each time with a round trip to the server, until the answer is yes.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    while !condition().await {}
}

/// The server's counters of a key.
pub(crate) async fn stats(key: &str) -> Value {
    ask(&format!("/stats/{key}")).await
}

/// The texts that the server received under a key.
pub(crate) async fn received(key: &str) -> Vec<String> {
    serde_json::from_value(ask(&format!("/received/{key}")).await).expect("a list of texts")
}

async fn ask(path: &str) -> Value {
    let mut socket = text(path).reconnect(false).open().expect("opens");
    let answer = socket.next().await.expect("an answer").expect("a text");
    serde_json::from_str(&answer).expect("json")
}

/// Runs JavaScript in the test's global scope.
pub(crate) fn js(code: &str) -> JsValue {
    js_sys::Function::new_no_args(code)
        .call0(&JsValue::UNDEFINED)
        .expect("the script runs")
}

/// Replaces the global `WebSocket` by one that remembers its instances in `sockets`, until dropped.
pub(crate) struct Recorder;

impl Recorder {
    pub(crate) fn install() -> Self {
        js(
            "globalThis.sockets = []; globalThis.NativeWebSocket = WebSocket;
            globalThis.WebSocket = class extends NativeWebSocket {
                constructor(...args) { super(...args); sockets.push(this); }
            };",
        );
        Self
    }

    /// Evaluates an expression over `sockets`.
    pub(crate) fn number(&self, expression: &str) -> f64 {
        js(&format!("return Number({expression})"))
            .as_f64()
            .expect("a number")
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        js("globalThis.WebSocket = NativeWebSocket; delete globalThis.sockets;");
    }
}
