//! What a handshake sees of its socket, and what becomes of the messages that it does not take.
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

use std::{cell::RefCell, rc::Rc};

use common::{eventually, key, quick, stats, text, until, url};
use everwire::{Error, InboundLimits, InboundOverflow, Raw, Socket, State};
use futures_util::{FutureExt, SinkExt, StreamExt, future::join};
use greeting::{Gate, hanging, is};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn what_it_does_not_take_comes_out_of_the_stream_afterwards() {
    let gate = Gate::default();
    let inside = gate.clone();
    let taken = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&taken);
    let mut socket = text("/flood?n=6")
        .handshake(move |link| {
            let (gate, seen) = (inside.clone(), Rc::clone(&seen));
            async move {
                let (four, two) = join(
                    link.expect(|message| message == "4"),
                    link.expect(|message| message == "2"),
                )
                .await;
                let next = link.next().await?;
                seen.borrow_mut().extend([four?, two?, next]);
                gate.passed().await;
                Ok(())
            }
        })
        .open()
        .unwrap();
    eventually(|| async {
        stats("none").await;
        socket.stats().unread == 3
    })
    .await;
    assert!(socket.next().now_or_never().is_none());
    gate.open();
    for expected in ["1", "3", "5"] {
        assert_eq!(socket.next().await.unwrap().unwrap(), expected);
    }
    assert_eq!(*taken.borrow(), ["4", "2", "0"]);
    assert_eq!(socket.state(), State::Open);
}

#[wasm_bindgen_test]
async fn what_a_lost_one_did_not_take_is_delivered_before_the_end() {
    let mut socket = text("/flood?n=3")
        .reconnect(false)
        .handshake(|link| async move {
            link.expect(|message| message == "2").await?;
            Err("enough".into())
        })
        .open()
        .unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "0");
    assert_eq!(socket.next().await.unwrap().unwrap(), "1");
    assert!(matches!(
        socket.next().await,
        Some(Err(Error::Ended { .. }))
    ));
    assert!(socket.next().await.is_none());
}

#[wasm_bindgen_test]
async fn an_undecodable_message_is_an_error_of_next_and_passed_over_by_expect() {
    let seen = Rc::new(RefCell::new(None));
    let first = Rc::clone(&seen);
    let mut socket = text("/flood?n=2&binary=1")
        .handshake(move |link| {
            let first = Rc::clone(&first);
            async move {
                first.replace(Some(link.next().await));
                link.send(&"hello".to_owned())?;
                link.expect(|_| true).await?;
                Ok(())
            }
        })
        .open()
        .unwrap();
    assert!(matches!(socket.next().await, Some(Err(Error::Decode(_)))));
    assert!(matches!(seen.take(), Some(Err(Error::Decode(_)))));
    assert_eq!(socket.state(), State::Open);
    assert_eq!(socket.stats().unread, 0);
}

#[wasm_bindgen_test]
async fn the_inbound_bounds_hold_meanwhile() {
    let limited = |overflow| {
        text("/flood?n=5").inbound(InboundLimits {
            max_messages: 2,
            overflow,
            ..InboundLimits::default()
        })
    };
    let mut socket = limited(InboundOverflow::DropOldest)
        .handshake(|link| async move {
            link.expect(|message| message == "4").await?;
            Ok(())
        })
        .open()
        .unwrap();
    assert_eq!(
        socket.next().await.unwrap(),
        Err(Error::InboundOverflow { dropped: 3 })
    );
    assert_eq!(socket.next().await.unwrap().unwrap(), "3");
    let (dropped, hang) = hanging();
    let socket = limited(InboundOverflow::Disconnect)
        .handshake(hang)
        .open()
        .unwrap();
    until(&socket, State::Closed).await;
    is(&dropped, 1).await;
}

#[wasm_bindgen_test]
async fn a_link_that_is_over_refuses() {
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    let waiting = Rc::new(RefCell::new(None));
    let result = Rc::clone(&waiting);
    let socket = text("/echo")
        .handshake(move |link| {
            let link = Rc::new(link);
            keep.replace(Some(Rc::clone(&link)));
            let (waiting, result) = (Rc::clone(&link), Rc::clone(&result));
            wasm_bindgen_futures::spawn_local(async move {
                result.replace(Some(waiting.expect(|_| false).await));
            });
            async move {
                link.send(&"hello".to_owned())?;
                link.expect(|message| message == "hello").await?;
                Ok(())
            }
        })
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    let link = kept.take().unwrap();
    assert_eq!(link.send(&"late".to_owned()), Err(Error::HandshakeOver));
    assert_eq!(link.next().await, Err(Error::HandshakeOver));
    eventually(|| async {
        stats("none").await;
        waiting.borrow().is_some()
    })
    .await;
    assert_eq!(waiting.take(), Some(Err(Error::HandshakeOver)));
    assert_eq!((link.protocol(), link.attempt().endpoint), ("", 0));
}

#[wasm_bindgen_test]
async fn it_sees_the_protocol_the_attempt_and_the_endpoint() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let inside = Rc::clone(&seen);
    let refusing = url(&format!("/refuse-first?n=1000&key={}", key()));
    let chosen = url("/protocol?choose=v1");
    let mut socket = Socket::<String, String>::builder([refusing.as_str(), &chosen])
        .codec(Raw)
        .backoff(quick())
        .protocols("v1")
        .handshake(move |link| {
            let attempt = link.attempt();
            let protocol = link.protocol().to_owned();
            inside
                .borrow_mut()
                .push((protocol, attempt.number, attempt.endpoint));
            async { Ok(()) }
        })
        .open()
        .unwrap();
    let mut states = socket.states();
    socket.send("hi".to_owned()).await.unwrap();
    assert_eq!(*seen.borrow(), [("v1".to_owned(), 1, 1)]);
    while states.next().await.unwrap().state != State::Connecting {}
    assert_eq!(&*states.next().await.unwrap().detail, "v1");
    assert_eq!(socket.next().await.unwrap().unwrap(), "hi");
}
