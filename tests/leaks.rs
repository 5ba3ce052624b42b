//! Two thousand connections: nothing of the former ones may be left.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "common/allocator.rs"]
mod allocator;
mod common;

use std::{future::Future, time::Duration};

use allocator::live;
use common::{Recorder, eventually, js, key, received, text, until};
use everwire::{Socket, Span, State, Verdict};
use futures_util::{SinkExt, StreamExt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3_600);

async fn reconnect_times(count: u32, step: impl Fn(&Socket<String, String>) -> bool) {
    let mut socket = text("/command")
        .min_uptime(Duration::ZERO)
        .retry_on(|_| Verdict::RetryAfter(Span::ZERO))
        .open()
        .unwrap();
    for _ in 0..count {
        let mut states = socket.states();
        until(&socket, State::Open).await;
        if step(&socket) {
            while states.next().await.unwrap().state != State::Connecting {}
        }
    }
    until(&socket, State::Open).await;
    socket.send("still here".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "still here");
}

async fn leaks_nothing<F: Future<Output = ()>>(run: impl Fn(u32) -> F) {
    let recorder = Recorder::install();
    run(100).await;
    let before = live();
    run(1_000).await;
    let grown = live().saturating_sub(before);
    // The smallest thing that a connection could leave behind, a closure, is larger than 8 bytes.
    assert!(grown < 8_000, "{grown} bytes were not freed");
    let handlers = "sockets.filter(s => s.onopen || s.onmessage || s.onclose || s.onerror).length";
    assert_eq!(recorder.number(handlers), 0.0);
    assert!(recorder.number("sockets.length") >= 1_100.0);
}

#[wasm_bindgen_test]
async fn a_thousand_replaced_sockets_leave_nothing_behind() {
    leaks_nothing(|count| {
        reconnect_times(count, |socket| {
            socket.reconnect();
            false
        })
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_thousand_lost_sockets_leave_nothing_behind() {
    leaks_nothing(|count| {
        reconnect_times(count, |socket| {
            // A clean close: Firefox delays each dial after an unclean one by a third of a second.
            socket.client().send(&"!close 4000".to_owned()).unwrap();
            true
        })
    })
    .await;
}

/// Once what it had to send has gone out, and however long its slots would have kept their pace.
#[wasm_bindgen_test]
async fn hundreds_of_dropped_topics_leave_nothing_behind() {
    let key = key();
    let socket = text(&format!("/slow?ms=0&key={key}")).open().unwrap();
    let run = || async {
        until(&socket, State::Open).await;
        for _ in 0..400 {
            let idle = socket
                .topic::<u32>("position")
                .throttle(HOUR)
                .key(|vehicle| *vehicle)
                .build_with(|vehicle| vehicle.to_string())
                .unwrap();
            idle.send(&1).unwrap();
        }
        socket.reconnect();
        for _ in 0..400 {
            let pending = socket.topic::<String>("state").conflate().build().unwrap();
            pending.send(&"2".to_owned()).unwrap();
        }
        // After a reconnect the queue goes out by and by.
        eventually(|| async {
            received(&key).await;
            !socket.pending()
        })
        .await;
    };
    run().await;
    let before = live();
    run().await;
    let grown = live().saturating_sub(before);
    // Each round makes 800, and whatever is kept of a topic is larger than 8 bytes.
    assert!(grown < 6_400, "{grown} bytes were not freed");
    assert!(!received(&key).await.is_empty());
}

#[wasm_bindgen_test]
async fn a_dropped_socket_leaves_no_listener_and_no_timer() {
    js("globalThis.listeners = new Map(); globalThis.timers = new Set(); globalThis.undo = [];
        for (const target of [globalThis, document]) {
            const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
            target.addEventListener = function (type, f) { listeners.set(type, f); return add.call(this, type, f); };
            target.removeEventListener = function (type, f) {
                if (listeners.get(type) === f) listeners.delete(type);
                return remove.call(this, type, f);
            };
            undo.push(() => { delete target.addEventListener; delete target.removeEventListener; });
        }
        const { setTimeout: set, clearTimeout: clear } = globalThis;
        globalThis.setTimeout = (f, ms) => { const id = set(() => { timers.delete(id); f(); }, ms); timers.add(id); return id; };
        globalThis.clearTimeout = id => { timers.delete(id); clear(id); };
        undo.push(() => { globalThis.setTimeout = set; globalThis.clearTimeout = clear; });");
    let socket = text("/echo").open().unwrap();
    let heard = js("return [...listeners.keys()].sort().join()")
        .as_string()
        .unwrap();
    let timers = js("return timers.size").as_f64().unwrap();
    drop(socket);
    let left = js("return listeners.size + timers.size").as_f64().unwrap();
    js("undo.forEach(f => f())");
    assert_eq!(
        heard,
        "focus,freeze,offline,online,pagehide,pageshow,resume,visibilitychange"
    );
    assert_eq!((timers, left), (1.0, 0.0));
}
