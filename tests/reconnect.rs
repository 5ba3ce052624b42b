//! Losing and regaining the connection.
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
    future::pending,
    rc::Rc,
    time::Duration,
};

use common::{Recorder, eventually, js, key, quick, stats, text, until, url};
use everwire::{
    Cause, EndReason, Error, PongTimeout, Protocols, Raw, Socket, Span, State, Url, Verdict,
};
use futures_util::{SinkExt, StreamExt};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_stream_goes_on_after_a_reconnect() {
    let key = key();
    let mut socket = text(&format!("/command?key={key}")).open().unwrap();
    let mut states = socket.states();
    for (round, command) in ["!drop", "!reset", "!close 1012 restart"]
        .into_iter()
        .enumerate()
    {
        let message = format!("round {round}");
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
        socket.send(command.to_owned()).await.unwrap();
        while states.next().await.unwrap().state != State::Waiting {}
        // 1012 asks for patience; the test has none.
        socket.reconnect();
    }
    socket.send("after".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "after");
    assert_eq!(socket.stats().reconnects, 3);
    assert_eq!(stats(&key).await["connections"], 4);
}

#[wasm_bindgen_test]
async fn messages_queued_while_down_go_out_on_the_next_connection() {
    let key = key();
    let mut socket = text(&format!("/refuse-first?n=2&key={key}"))
        .open()
        .unwrap();
    for number in 0..5 {
        socket.feed(number.to_string()).await.unwrap();
    }
    socket.flush().await.unwrap();
    for number in 0..5 {
        assert_eq!(socket.next().await.unwrap().unwrap(), number.to_string());
    }
    assert_eq!(stats(&key).await["attempts"], 3);
}

#[wasm_bindgen_test]
async fn a_change_to_waiting_says_when_and_why() {
    let socket = text(&format!("/refuse-first?n=1&key={}", key()))
        .open()
        .unwrap();
    let mut states = socket.states();
    let change = states.next().await.unwrap();
    assert_eq!(
        (change.from, change.state),
        (State::Connecting, State::Waiting)
    );
    assert_eq!(
        change.cause,
        Cause::SocketClosed {
            code: 1006,
            clean: false
        }
    );
    let retry = change.retry.unwrap();
    assert_eq!((retry.attempt, retry.delay), (1, Duration::from_millis(10)));
    assert_eq!(states.next().await.unwrap().cause, Cause::RetryDue);
    assert_eq!(states.next().await.unwrap().state, State::Open);
}

#[wasm_bindgen_test]
async fn retries_end_at_the_limit_and_reconnect_revives() {
    let key = key();
    let mut socket = text(&format!("/refuse-first?n=3&key={key}"))
        .max_retries(2)
        .open()
        .unwrap();
    let Some(Err(Error::Ended { reason, .. })) = socket.next().await else {
        panic!("expected the end");
    };
    assert_eq!(reason, EndReason::RetriesExhausted);
    assert!(socket.next().await.is_none());
    socket.reconnect();
    socket.send("alive".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "alive");
    assert_eq!(stats(&key).await["attempts"], 4);
}

#[wasm_bindgen_test]
async fn the_override_decides_about_each_loss() {
    let losses = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&losses);
    let mut socket = text("/command")
        .retry_on(move |loss| {
            seen.borrow_mut()
                .push((loss.code(), loss.reason.to_owned()));
            match loss.code() {
                Some(4001) => Verdict::Stop,
                Some(1008) => Verdict::RetryAfter(Span::from_millis(1)),
                _ => Verdict::Default,
            }
        })
        .open()
        .unwrap();
    socket
        .send("!close 1008 fatal by default".to_owned())
        .await
        .unwrap();
    until(&socket, State::Waiting).await;
    until(&socket, State::Open).await;
    socket
        .send("!close 4001 session over".to_owned())
        .await
        .unwrap();
    let Some(Err(Error::Ended { reason, cause })) = socket.next().await else {
        panic!("expected the end");
    };
    assert_eq!(reason, EndReason::Fatal);
    assert_eq!(
        cause,
        Cause::SocketClosed {
            code: 4001,
            clean: true
        }
    );
    assert_eq!(
        *losses.borrow(),
        [
            (Some(1008), "fatal by default".to_owned()),
            (Some(4001), "session over".to_owned())
        ]
    );
}

#[wasm_bindgen_test]
async fn a_list_of_urls_is_failed_over() {
    let dead = key();
    let refusing = url(&format!("/refuse-first?n=1000&key={dead}"));
    let mut socket = Socket::<String, String>::builder([refusing.as_str(), &url("/echo")])
        .codec(Raw)
        .backoff(quick())
        .open()
        .unwrap();
    socket.send("hi".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "hi");
    assert_eq!(stats(&dead).await["attempts"], 1);
}

#[wasm_bindgen_test]
async fn a_provider_is_asked_before_every_dial_and_may_fail() {
    let attempts = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&attempts);
    let provider = Url::from_async_fn(move |attempt| {
        seen.borrow_mut().push(attempt.number);
        async move {
            wasm_bindgen_futures::JsFuture::from(
                js("return Promise.resolve()").unchecked_into::<js_sys::Promise>(),
            )
            .await
            .map_err(|_| "rejected")?;
            match attempt.number {
                0 => Err("no token yet".into()),
                1 => Ok("ftp://bad".to_owned()),
                _ => Ok(url("/command")),
            }
        }
    });
    let mut socket = Socket::<String, String>::builder(provider)
        .codec(Raw)
        .backoff(quick())
        .min_uptime(Duration::ZERO)
        .open()
        .unwrap();
    let mut states = socket.states();
    let first = states.next().await.unwrap();
    assert_eq!(
        (first.cause, &*first.detail),
        (Cause::DialFailed, "no token yet")
    );
    states.next().await.unwrap();
    let second = states.next().await.unwrap();
    assert_eq!(second.cause, Cause::DialFailed);
    assert!(second.detail.contains("SyntaxError"), "{}", second.detail);
    socket.send("hello".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "hello");
    assert_eq!(*attempts.borrow(), [0, 1, 2]);
}

#[wasm_bindgen_test]
async fn a_provider_that_calls_reconnect_gives_no_socket_to_the_dial_it_replaced() {
    type Held = Rc<RefCell<Option<everwire::Client<String, String>>>>;
    for asynchronous in [false, true] {
        let recorder = Recorder::install();
        let (client, asked) = (Held::default(), Rc::new(Cell::new(0)));
        let (inside, count) = (Rc::clone(&client), Rc::clone(&asked));
        let answer = move || {
            count.set(count.get() + 1);
            let once = inside.borrow_mut().take();
            if let Some(client) = once {
                client.reconnect();
            }
            Ok(url("/echo"))
        };
        let provider = if asynchronous {
            let answer = Rc::new(answer);
            Url::from_async_fn(move |_| {
                let answer = Rc::clone(&answer);
                async move {
                    stats("none").await;
                    answer()
                }
            })
        } else {
            Url::from_fn(move |_| answer())
        };
        let mut socket = Socket::<String, String>::builder(provider)
            .codec(Raw)
            .open()
            .unwrap();
        until(&socket, State::Open).await;
        client.replace(Some(socket.client()));
        let before = recorder.number("sockets.length");
        socket.reconnect();
        until(&socket, State::Open).await;
        socket.send("alive".to_owned()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), "alive");
        assert_eq!(asked.get(), 3);
        assert_eq!(
            recorder.number(&format!(
                "sockets.slice({before}).filter(s => s.url.endsWith('/echo')).length"
            )),
            1.0
        );
    }
}

#[wasm_bindgen_test]
async fn a_synchronous_provider_dials_in_the_same_turn() {
    let recorder = Recorder::install();
    let socket =
        Socket::<String, String>::builder(Url::from_fn(|_| Ok(url("/protocol?choose=v1"))))
            .codec(Raw)
            .protocols(Protocols::from_fn(|_| Ok(vec!["v1".to_owned()])))
            .open()
            .unwrap();
    assert_eq!(recorder.number("sockets.length"), 1.0);
    until(&socket, State::Open).await;
}

#[wasm_bindgen_test]
async fn a_provider_that_never_answers_is_given_up_after_the_connect_timeout() {
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let socket = Socket::<String, String>::builder(Url::from_async_fn(move |_| {
        count.set(count.get() + 1);
        pending()
    }))
    .codec(Raw)
    .backoff(quick())
    .connect_timeout(Some(Duration::from_millis(20)))
    .max_retries(2)
    .open()
    .unwrap();
    until(&socket, State::Closed).await;
    assert_eq!(asked.get(), 3);
}

#[wasm_bindgen_test]
async fn dropping_the_socket_drops_a_running_provider() {
    struct Probe(Rc<Cell<bool>>);
    impl Drop for Probe {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let flag = Rc::clone(&dropped);
    let socket = Socket::<String, String>::builder(Url::from_async_fn(move |_| {
        let probe = Probe(Rc::clone(&flag));
        async move {
            let _probe = probe;
            pending::<()>().await;
            Ok(String::new())
        }
    }))
    .codec(Raw)
    .open()
    .unwrap();
    assert!(!dropped.get());
    drop(socket);
    eventually(|| async {
        stats("none").await;
        dropped.get()
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_half_open_link_is_noticed_by_the_heartbeat_and_replaced_at_once() {
    let recorder = Recorder::install();
    let mut socket = text("/command")
        .heartbeat(Duration::from_millis(30), || "ping".to_owned())
        .pong(|message| message == "ping")
        .pong_timeout(PongTimeout::Fixed(Span::from_millis(50)))
        .open()
        .unwrap();
    let mut states = socket.states();
    while states.next().await.unwrap().state != State::Open {}
    eventually(|| async {
        stats("none").await;
        socket.stats().rtt.is_some()
    })
    .await;
    socket.send("!silent".to_owned()).await.unwrap();
    let change = states.next().await.unwrap();
    assert_eq!((change.from, change.cause), (State::Open, Cause::Dead));
    while states.next().await.unwrap().state != State::Open {}
    assert_eq!(
        recorder.number("sockets.filter(s => s.onclose !== null).length"),
        1.0
    );
    socket.send("alive".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "alive");
}

/// Kept, an event of the old socket must not reach the new connection.
#[wasm_bindgen_test]
async fn events_of_a_replaced_socket_are_ignored() {
    let recorder = Recorder::install();
    let mut socket = text("/echo").open().unwrap();
    until(&socket, State::Open).await;
    js("const s = sockets[0]; globalThis.old = { message: s.onmessage, close: s.onclose };");
    let old = |name: &str| {
        let handlers = js("return old");
        js_sys::Reflect::get(&handlers, &name.into())
            .unwrap()
            .unchecked_into::<js_sys::Function>()
    };
    socket.reconnect();
    // wasm-bindgen throws when a dropped closure is called; what counts is that nothing arrives.
    let _ = old("message").call1(
        &js("return sockets[0]"),
        &js("return new MessageEvent('message', { data: 'ghost' })"),
    );
    let _ = old("close").call1(
        &js("return sockets[0]"),
        &js("return new CloseEvent('close', { code: 4001 })"),
    );
    until(&socket, State::Open).await;
    socket.send("real".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "real");
    assert_eq!(recorder.number("sockets.length"), 2.0);
}

#[wasm_bindgen_test]
async fn calls_from_inside_callbacks_are_safe() {
    let client = Rc::new(RefCell::new(None::<everwire::Client<String, String>>));
    let inside = Rc::clone(&client);
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let mut socket = text("/command")
        .retry_on(move |_| {
            count.set(count.get() + 1);
            let client = inside.borrow();
            let client = client.as_ref().unwrap();
            client.send(&"from the override".to_owned()).unwrap();
            drop(client.flush());
            client.reconnect();
            client.stats();
            Verdict::Default
        })
        .open()
        .unwrap();
    client.replace(Some(socket.client()));
    socket.send("!drop".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "from the override");
    assert_eq!(asked.get(), 1);
    assert_eq!(socket.state(), State::Open);
    client.replace(None);
}

#[wasm_bindgen_test]
async fn going_online_cuts_the_wait_short() {
    let slow = everwire::Backoff {
        min: Span::from_millis(3_600_000),
        max: Span::from_millis(3_600_000),
        ..quick()
    };
    let socket = text(&format!("/refuse-first?n=1&key={}", key()))
        .backoff(slow)
        .open()
        .unwrap();
    until(&socket, State::Waiting).await;
    assert!(socket.stats().retry_in.unwrap() > Duration::from_secs(3_000));
    js("dispatchEvent(new Event('online'))");
    until(&socket, State::Open).await;
}
