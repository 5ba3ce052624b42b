//! Page and network events, manual closing and reopening, the socket's owner going away at odd moments.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Recorder, eventually, js, key, quick, received, stats, text, until, url};
use everwire::{Cause, CloseOptions, Frame, PongTimeout, Raw, Socket, Span, State, Url, Verdict};
use futures_util::{FutureExt, SinkExt, StreamExt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3_600);

#[wasm_bindgen_test]
async fn a_page_that_is_left_sends_its_last_values() {
    for event in ["new PageTransitionEvent('pagehide')", "new Event('freeze')"] {
        let key = key();
        let socket = text(&format!("/echo?key={key}")).open().unwrap();
        until(&socket, State::Open).await;
        let topic = socket
            .topic::<String>("cursor")
            .debounce(HOUR)
            .build()
            .unwrap();
        let last = topic.send(&"last".to_owned()).unwrap();
        let target = if event.contains("freeze") {
            "document."
        } else {
            ""
        };
        js(&format!("{target}dispatchEvent({event})"));
        assert_eq!(
            last.status(),
            everwire::Status::Written,
            "in the very turn of {event}"
        );
        eventually(|| async { received(&key).await == ["last"] }).await;
    }
}

/// The browser keeps such a socket in OPEN although it is dead.
#[wasm_bindgen_test]
async fn a_page_from_the_back_forward_cache_gets_a_new_connection() {
    let recorder = Recorder::install();
    let socket = text("/echo").open().unwrap();
    until(&socket, State::Open).await;
    js("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))");
    assert_eq!(recorder.number("sockets.length"), 1.0);
    js("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    assert_eq!(recorder.number("sockets[0].onclose === null"), 1.0);
    until(&socket, State::Open).await;
    assert_eq!(recorder.number("sockets.length"), 2.0);
}

#[wasm_bindgen_test]
async fn an_online_event_probes_an_open_connection() {
    let key = key();
    let socket = text(&format!("/echo?key={key}"))
        .heartbeat(HOUR, || "ping".to_owned())
        .pong(|message| message == "ping")
        .pong_timeout(PongTimeout::Adaptive)
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    js("dispatchEvent(new Event('offline'))");
    assert!(socket.stats().suspect);
    assert_eq!(socket.state(), State::Open, "offline proves nothing");
    js("dispatchEvent(new Event('online'))");
    eventually(|| async {
        stats("none").await;
        !socket.stats().suspect
    })
    .await;
    assert_eq!(received(&key).await, ["ping"]);
}

#[wasm_bindgen_test]
async fn a_manual_close_does_not_disable_later_reconnects() {
    let mut socket = text("/command").open().unwrap();
    until(&socket, State::Open).await;
    socket.close(CloseOptions::new()).await.unwrap();
    assert!(socket.next().await.is_none());
    socket.reconnect();
    socket.send("!drop".to_owned()).await.unwrap();
    until(&socket, State::Waiting).await;
    socket.send("hello".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "hello");
}

#[wasm_bindgen_test]
async fn only_consecutive_failures_count_towards_the_limit() {
    let mut socket = text("/command")
        .max_retries(2)
        .min_uptime(Duration::ZERO)
        .open()
        .unwrap();
    for round in 0..5 {
        let message = round.to_string();
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
        let mut states = socket.states();
        socket.send("!drop".to_owned()).await.unwrap();
        assert_eq!(states.next().await.unwrap().state, State::Waiting);
    }
}

#[wasm_bindgen_test]
async fn a_wait_beyond_the_limit_of_timers_does_not_end_early() {
    js(
        "globalThis.delays = []; globalThis.nativeSetTimeout = setTimeout;
        globalThis.setTimeout = (f, ms) => { delays.push(ms); return nativeSetTimeout(f, ms); };",
    );
    let key = key();
    // 60 days; `setTimeout` takes 24.8 and fires at once for more.
    let days = Span::from_millis(60 * 24 * 3_600 * 1_000);
    let socket = text(&format!("/refuse-first?n=1&key={key}"))
        .retry_on(move |_| Verdict::RetryAfter(days))
        .open()
        .unwrap();
    until(&socket, State::Waiting).await;
    for _ in 0..3 {
        assert_eq!(stats(&key).await["attempts"], 1);
    }
    let clamped = js("return delays.filter(ms => ms === 2147483647).length").as_f64();
    let beyond = js("return delays.filter(ms => ms > 2147483647).length").as_f64();
    js("globalThis.setTimeout = nativeSetTimeout");
    assert_eq!((clamped, beyond), (Some(1.0), Some(0.0)));
}

/// A message of an unexpected kind: `binaryType` was changed behind the socket's back.
#[wasm_bindgen_test]
async fn a_blob_is_ignored() {
    let _recorder = Recorder::install();
    let mut socket = Socket::<Frame, Frame>::builder(url("/echo"))
        .codec(Raw)
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    js("sockets[0].binaryType = 'blob'");
    socket.send(Frame::Binary(vec![1])).await.unwrap();
    socket.send(Frame::from("text")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Frame::from("text"));
}

#[wasm_bindgen_test]
async fn the_socket_may_be_dropped_inside_a_callback() {
    let recorder = Recorder::install();
    // Inside the close event, through the override.
    let owner = Rc::new(RefCell::new(None::<Socket<String, String>>));
    let inside = Rc::clone(&owner);
    let socket = text("/command")
        .retry_on(move |_| {
            drop(inside.take());
            Verdict::Default
        })
        .open()
        .unwrap();
    let client = socket.client();
    owner.replace(Some(socket));
    client.send(&"!drop".to_owned()).unwrap();
    until(&client, State::Closed).await;

    // Inside the running pump, through a provider.
    let owner = Rc::new(RefCell::new(None::<Socket<String, String>>));
    let inside = Rc::clone(&owner);
    let socket = Socket::<String, String>::builder(Url::from_fn(move |attempt| {
        if attempt.number > 0 {
            drop(inside.take());
        }
        Ok(url("/command"))
    }))
    .codec(Raw)
    .backoff(quick())
    .open()
    .unwrap();
    let client = socket.client();
    let mut states = client.states();
    owner.replace(Some(socket));
    client.send(&"!drop".to_owned()).unwrap();
    let mut causes = Vec::new();
    while let Some(change) = states.next().await {
        causes.push((change.state, change.cause));
    }
    assert_eq!(causes.last(), Some(&(State::Closed, Cause::User)));
    assert_eq!(client.state(), State::Closed);
    let handlers = "sockets.filter(s => s.onopen || s.onmessage || s.onclose).length";
    assert_eq!(recorder.number(handlers), 0.0);
}

#[wasm_bindgen_test]
async fn waiting_tasks_are_released_when_the_socket_is_dropped() {
    let key = key();
    let path = format!("/refuse-first?n=1000000&key={key}");
    let mut socket = text(&path).correlate(|_, _| {}, |_| None).open().unwrap();
    let client = socket.client();
    let handle = client.send(&"never".to_owned()).unwrap();
    let request = client.request("never".to_owned(), HOUR);
    let flushed = client.flush();
    let mut states = client.states();
    assert!(socket.next().now_or_never().is_none());
    drop(socket);
    assert!(handle.written().await.is_err());
    assert!(request.await.is_err());
    flushed.await;
    while states.next().await.is_some() {}
}
