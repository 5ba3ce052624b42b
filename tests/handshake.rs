//! What the application's protocol says first: ahead of everything queued, confirmed, on every socket.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;
#[path = "common/greeting.rs"]
mod greeting;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Recorder, eventually, js, key, received, stats, text, until};
use everwire::{
    Cause, CloseOptions, DropReason, EndReason, Error, MessageOptions, State, Status, Verdict,
};
use futures_util::StreamExt;
use greeting::{Gate, greet, hanging, is};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn it_precedes_what_was_queued_and_open_waits_for_its_end() {
    let (key, gate) = (key(), Gate::default());
    let inside = gate.clone();
    let mut socket = text(&format!("/echo?key={key}"))
        .handshake(move |link| {
            let gate = inside.clone();
            async move {
                greet(link).await?;
                gate.passed().await;
                Ok(())
            }
        })
        .open()
        .unwrap();
    let mut states = socket.states();
    let first = socket.client().send(&"first".to_owned()).unwrap();
    eventually(|| async { received(&key).await == ["hello 0"] }).await;
    assert_eq!(
        (socket.state(), first.status()),
        (State::Connecting, Status::Queued)
    );
    gate.open();
    first.written().await.unwrap();
    assert_eq!(socket.state(), State::Open);
    let change = states.next().await.unwrap();
    assert_eq!(
        (change.from, change.state, change.cause),
        (State::Connecting, State::Open, Cause::Opened)
    );
    assert_eq!(socket.next().await.unwrap().unwrap(), "first");
    assert_eq!(received(&key).await, ["hello 0", "first"]);
}

#[wasm_bindgen_test]
async fn at_a_reconnect_it_precedes_resends_then_the_queue_then_latest_values() {
    let (key, gate) = (key(), Gate::default());
    let inside = gate.clone();
    let socket = text(&format!("/command?key={key}"))
        .min_uptime(Duration::ZERO)
        .handshake(move |link| {
            let gate = inside.clone();
            async move {
                let again = link.attempt().number > 0;
                greet(link).await?;
                if again {
                    gate.passed().await;
                }
                Ok(())
            }
        })
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    let state = socket.topic::<String>("state").conflate().build().unwrap();
    let kept = socket
        .send_with(&"kept".to_owned(), MessageOptions::new().id("k"))
        .unwrap();
    kept.written().await.unwrap();
    let mut states = socket.states();
    let drop = socket.client().send(&"!drop".to_owned()).unwrap();
    drop.written().await.unwrap();
    while states.next().await.unwrap().state != State::Connecting {}
    state.send(&"slot".to_owned()).unwrap();
    let queued = socket.client().send(&"queued".to_owned()).unwrap();
    eventually(|| async { received(&key).await.len() == 4 }).await;
    assert_eq!(
        (socket.state(), queued.status()),
        (State::Connecting, Status::Queued)
    );
    gate.open();
    eventually(|| async { received(&key).await.len() == 7 }).await;
    assert_eq!(
        received(&key).await,
        [
            "hello 0", "kept", "!drop", "hello 1", "kept", "queued", "slot"
        ]
    );
}

#[wasm_bindgen_test]
async fn a_failure_is_told_and_tried_again_with_the_next_socket() {
    let key = key();
    let reasons = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&reasons);
    let socket = text(&format!("/echo?key={key}"))
        .retry_on(move |loss| {
            let reason = loss.reason.to_owned();
            seen.borrow_mut().push((loss.cause, reason, loss.attempt));
            Verdict::Default
        })
        .handshake(|link| async move {
            if link.attempt().number == 0 {
                return Err("no token".into());
            }
            greet(link).await
        })
        .open()
        .unwrap();
    let mut states = socket.states();
    let failed = states.next().await.unwrap();
    assert_eq!(
        (failed.from, failed.state, failed.cause, &*failed.detail),
        (
            State::Connecting,
            State::Waiting,
            Cause::DialFailed,
            "no token"
        )
    );
    assert_eq!(failed.retry.unwrap().attempt, 1);
    until(&socket, State::Open).await;
    assert_eq!(
        *reasons.borrow(),
        [(Cause::DialFailed, "no token".to_owned(), 0)]
    );
    assert_eq!(received(&key).await, ["hello 1"]);
    eventually(|| async { stats(&key).await["open"] == 1 }).await;
}

#[wasm_bindgen_test]
async fn one_that_never_succeeds_ends_as_the_options_say() {
    let attempts = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&attempts);
    let mut socket = text("/echo")
        .max_retries(2)
        .handshake(move |link| {
            seen.borrow_mut().push(link.attempt().number);
            async { Err("never".into()) }
        })
        .open()
        .unwrap();
    let handle = socket.client().send(&"queued".to_owned()).unwrap();
    let end = |reason| Error::Ended {
        reason,
        cause: Cause::DialFailed,
    };
    assert_eq!(
        socket.next().await.unwrap(),
        Err(end(EndReason::RetriesExhausted))
    );
    assert_eq!(*attempts.borrow(), [0, 1, 2]);
    assert_eq!(handle.status(), Status::Dropped(DropReason::Close));
    let mut once = text("/echo")
        .reconnect(false)
        .handshake(|_| async { Err("never".into()) })
        .open()
        .unwrap();
    assert_eq!(
        once.next().await.unwrap(),
        Err(end(EndReason::ReconnectOff))
    );
    let mut stopped = text("/echo")
        .retry_on(|loss| match loss.reason {
            "banned" => Verdict::Stop,
            _ => Verdict::Default,
        })
        .handshake(|_| async { Err("banned".into()) })
        .open()
        .unwrap();
    assert_eq!(stopped.next().await.unwrap(), Err(end(EndReason::Fatal)));
}

#[wasm_bindgen_test]
async fn one_that_hangs_ends_with_the_connect_timeout() {
    let (dropped, hang) = hanging();
    let socket = text("/echo")
        .connect_timeout(Some(Duration::from_millis(500)))
        .handshake(move |link| match link.attempt().number {
            0 => hang(link),
            _ => Box::pin(greet(link)),
        })
        .open()
        .unwrap();
    let mut states = socket.states();
    let change = states.next().await.unwrap();
    assert_eq!(
        (change.state, change.cause),
        (State::Waiting, Cause::ConnectTimeout)
    );
    until(&socket, State::Open).await;
    is(&dropped, 1).await;
}

#[wasm_bindgen_test]
async fn a_loss_meanwhile_is_a_loss_and_follows_the_close_code_policy() {
    let (dropped, hang) = hanging();
    let hang = Rc::new(hang);
    for (command, cause) in [
        ("!drop", None),
        ("!close 1008 bad token", Some(EndReason::Fatal)),
    ] {
        let hang = Rc::clone(&hang);
        let mut socket = text("/command")
            .handshake(move |link| match link.attempt().number {
                0 => {
                    link.send(&command.to_owned()).unwrap();
                    hang(link)
                }
                _ => Box::pin(greet(link)),
            })
            .open()
            .unwrap();
        let mut states = socket.states();
        let handle = socket.client().send(&"queued".to_owned()).unwrap();
        let change = states.next().await.unwrap();
        assert!(matches!(change.cause, Cause::SocketClosed { .. }));
        match cause {
            None => {
                assert_eq!(handle.status(), Status::Queued);
                handle.written().await.unwrap();
                assert_eq!(socket.next().await.unwrap().unwrap(), "queued");
            }
            Some(reason) => {
                assert_eq!((change.ended, &*change.detail), (Some(reason), "bad token"));
                assert!(matches!(
                    socket.next().await,
                    Some(Err(Error::Ended { .. }))
                ));
            }
        }
    }
    is(&dropped, 2).await;
}

#[wasm_bindgen_test]
async fn closing_terminating_reconnecting_and_dropping_end_it() {
    let (dropped, hang) = hanging();
    let hang = Rc::new(hang);
    let begin = |key: &str| {
        let hang = Rc::clone(&hang);
        text(&format!("/slow?ms=0&key={key}"))
            .handshake(move |link| hang(link))
            .open()
            .unwrap()
    };
    let greeted = |key: String, times: usize| async move {
        eventually(|| async { received(&key).await.len() == times }).await;
    };
    let one = key();
    let closing = begin(&one);
    greeted(one.clone(), 1).await;
    closing
        .close(CloseOptions::new().flush(false).code(4000))
        .await
        .unwrap();
    is(&dropped, 1).await;
    eventually(|| async { stats(&one).await["closeCode"] == 4000 }).await;
    let two = key();
    let ending = begin(&two);
    greeted(two.clone(), 1).await;
    ending.terminate();
    assert_eq!(ending.state(), State::Closed);
    is(&dropped, 2).await;
    let three = key();
    let again = begin(&three);
    greeted(three.clone(), 1).await;
    again.reconnect();
    is(&dropped, 3).await;
    greeted(three.clone(), 2).await;
    drop(again);
    is(&dropped, 4).await;
}

#[wasm_bindgen_test]
async fn a_close_with_flush_lets_it_finish_first() {
    let key = key();
    let socket = text(&format!("/echo?key={key}"))
        .handshake(greet)
        .open()
        .unwrap();
    let last = socket.client().send(&"last".to_owned()).unwrap();
    socket
        .close(CloseOptions::new().deadline(Duration::from_secs(30)))
        .await
        .unwrap();
    assert_eq!(last.status(), Status::Written);
    assert_eq!(received(&key).await, ["hello 0", "last"]);
}

/// The native `send` of a closing socket drops the message without a word.
#[wasm_bindgen_test]
async fn a_send_on_a_socket_that_is_closing_is_an_error() {
    let _recorder = Recorder::install();
    let told = Rc::new(RefCell::new(None));
    let seen = Rc::clone(&told);
    let socket = text("/echo")
        .handshake(move |link| {
            let seen = Rc::clone(&seen);
            async move {
                if link.attempt().number == 0 {
                    js("sockets[0].close()");
                    seen.replace(Some(link.send(&"hello".to_owned())));
                    return Err("closing".into());
                }
                greet(link).await
            }
        })
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    assert_eq!(told.take(), Some(Err(Error::HandshakeOver)));
}

/// The outcome of a handshake that gave its own socket up belongs to no socket.
#[wasm_bindgen_test]
async fn a_handshake_may_replace_its_own_socket() {
    let client = Rc::new(RefCell::new(None::<everwire::Client<String, String>>));
    let inside = Rc::clone(&client);
    let key = key();
    let socket = text(&format!("/echo?key={key}"))
        .handshake(move |link| {
            let client = inside.borrow_mut().take();
            async move {
                match client {
                    Some(client) => client.reconnect(),
                    None => greet(link).await?,
                }
                Ok(())
            }
        })
        .open()
        .unwrap();
    client.replace(Some(socket.client()));
    let mut states = socket.states();
    assert_eq!(states.next().await.unwrap().state, State::Open);
    assert_eq!(stats(&key).await["connections"], 2);
    assert_eq!(received(&key).await.len(), 1);
}
