//! A thousand Socket.IO managers and as many SockJS sessions in one page: nothing of the former ones may be left.
#![cfg(all(target_arch = "wasm32", feature = "socketio", feature = "sockjs"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "common/allocator.rs"]
mod allocator;
mod common;
#[path = "common/socketio.rs"]
mod rig;

use std::future::Future;

use allocator::live;
use common::{js, quick, until, url};
use everwire::{
    Raw, Socket, State,
    sockjs::{Options, Transport},
};
use futures_util::StreamExt;
use rig::{BOTH, POLLING, WEBSOCKET, joined, over};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Counts what a page holds for others: listeners, timers, and handlers of requests and sockets.
const WATCH: &str = "
    globalThis.held = { listeners: 0, timers: new Set(), natives: [], undo: [] };
    for (const target of [globalThis, document]) {
        const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
        target.addEventListener = function (...rest) { held.listeners++; return add.apply(this, rest); };
        target.removeEventListener = function (...rest) { held.listeners--; return remove.apply(this, rest); };
        held.undo.push(() => { delete target.addEventListener; delete target.removeEventListener; });
    }
    for (const name of ['WebSocket', 'XMLHttpRequest']) {
        const Native = globalThis[name];
        globalThis[name] = class extends Native { constructor(...rest) { super(...rest); held.natives.push(this); } };
        held.undo.push(() => { globalThis[name] = Native; });
    }
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    globalThis.setTimeout = (f, ms) => { const id = set(() => { held.timers.delete(id); f(); }, ms); held.timers.add(id); return id; };
    globalThis.clearTimeout = id => { held.timers.delete(id); clear(id); };
    held.undo.push(() => { globalThis.setTimeout = set; globalThis.clearTimeout = clear; });";

const HELD: &str = "
    const handled = held.natives.filter(it => it.onload || it.onerror || it.ontimeout || it.onprogress
        || it.onopen || it.onmessage || it.onclose);
    const alive = held.natives.filter(it => it instanceof XMLHttpRequest ? it.readyState % 4 : it.readyState < 2);
    return held.listeners + held.timers.size + handled.length + alive.length;";

async fn leaves_nothing<F: Future<Output = ()>>(cycle: impl Fn(u32) -> F) {
    js(WATCH);
    // What is taken once and kept is taken here.
    for number in 0..100 {
        cycle(number).await;
    }
    let before = live();
    for number in 0..1_000 {
        cycle(number).await;
    }
    let grown = live().saturating_sub(before);
    let held = js(HELD).as_f64();
    let natives = js("held.undo.forEach(f => f()); return held.natives.length").as_f64();
    // The smallest thing that one of them could leave behind, a closure, is larger than 8 bytes.
    assert!(grown < 8_000, "{grown} bytes were not freed");
    assert_eq!(held, Some(0.0));
    assert!(natives.unwrap() >= 1_100.0);
}

#[wasm_bindgen_test]
async fn a_thousand_managers_leave_nothing_behind() {
    leaves_nothing(|number| async move {
        let manager = match number % 3 {
            0 => over(&POLLING),
            1 => over(&WEBSOCKET),
            _ => over(&BOTH),
        };
        // Dropped at every stage: dialling, joined, and with an answer that nobody waits for.
        if number % 4 == 0 {
            drop(manager.socket("/").connect().unwrap());
            return;
        }
        let socket = joined(&manager).await;
        let unread = socket.on::<u32>("echo");
        socket.emit("echo", &number).unwrap();
        if number % 4 == 1 {
            let answer: u32 = socket.emit_with_ack("echo", &number).await.unwrap();
            assert_eq!(answer, number);
        } else {
            drop(socket.emit_with_ack::<_, u32>("mute", &()));
        }
        drop(unread);
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_thousand_streams_that_nobody_reads_leave_nothing_behind() {
    let socket = joined(&over(&WEBSOCKET)).await;
    let kept = socket.on::<u32>("silence");
    let take = || {
        drop(socket.on::<u32>("silence"));
        drop(socket.any());
        drop(socket.changes());
    };
    take();
    let before = live();
    (0..1_000).for_each(|_| take());
    let grown = live().saturating_sub(before);
    assert!(grown < 8_000, "{grown} bytes were not freed");
    drop(kept);
}

#[wasm_bindgen_test]
async fn a_thousand_sockjs_sessions_leave_nothing_behind() {
    leaves_nothing(|number| async move {
        let transport = Transport::ALL[number as usize % 4];
        let mut socket =
            Socket::<String, String>::builder(url("/sockjs/echo").replace("ws://", "http://"))
                .codec(Raw)
                .backoff(quick())
                .sockjs(Options::new().transports([transport]))
                .open()
                .unwrap();
        if number % 5 == 0 {
            return;
        }
        until(&socket, State::Open).await;
        socket.client().send(&"hello".to_owned()).unwrap();
        if number % 5 > 2 {
            assert_eq!(socket.next().await.unwrap().unwrap(), "hello");
        }
    })
    .await;
}
