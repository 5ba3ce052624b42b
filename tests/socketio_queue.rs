//! The queue of the Socket.IO client, its streams and its ends, in a browser.
#![cfg(all(target_arch = "wasm32", feature = "socketio"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;
#[path = "common/socketio.rs"]
mod rig;

use std::time::Duration;

use common::{eventually, key, quick, received, stats};
use everwire::{
    InboundLimits, InboundOverflow, Offline, OutboxConfig, Span, State, Status, Url,
    socketio::{
        AckError, Change, EmitError, EmitOptions, Error, Manager, RetryConfig, TransportKind,
    },
};
use futures_util::{StreamExt, future::join_all};
use rig::{BOTH, POLLING, WEBSOCKET, join, joined, manager, over, recorded, server};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn written_emits_fail_with_the_connection_and_waiting_ones_go_out_with_the_next() {
    let socket = joined(&over(&WEBSOCKET)).await;
    let lost = socket.emit_with_ack::<_, ()>("mute", &());
    lost.emit().unwrap().written().await.unwrap();
    socket.emit("cut", &()).unwrap();
    assert_eq!(lost.await, Err(Error::Ack(AckError::Disconnected)));
    let answer: u32 = socket.emit_with_ack("echo", &5).await.unwrap();
    assert_eq!(answer, 5);
}

#[wasm_bindgen_test]
async fn reliable_emits_are_repeated_until_they_are_answered() {
    let manager = over(&WEBSOCKET);
    let retry = RetryConfig {
        retries: 20,
        ack_timeout: Span::from_millis(50),
        window: 4,
    };
    let socket = manager.socket("/").retries(retry).build().unwrap();
    join(&socket).await;
    let names: Vec<String> = (0..8).map(|_| key()).collect();
    let answers = names
        .iter()
        .map(|name| socket.emit_reliable::<_, u32>("flaky", &(name, 3), None));
    for times in join_all(answers).await {
        // More often if an answer took longer than its time.
        assert!(times.unwrap() >= 3);
    }
    let never = socket.emit_reliable::<_, ()>("mute", &(), None).await;
    assert_eq!(never, Err(Error::Ack(AckError::TimedOut)));
    // Over a lost connection as well.
    let name = key();
    let answer = socket.emit_reliable::<_, u32>("flaky", &(name, 2), None);
    socket.emit("cut", &()).unwrap();
    assert!(answer.await.unwrap() >= 2);
}

#[wasm_bindgen_test]
async fn a_conflated_topic_sends_the_latest_value_per_key() {
    let (key, _manager, socket) = recorded(&POLLING).await;
    let topic = socket
        .topic::<(u32, u32)>("position")
        .conflate()
        .key(|(vehicle, _)| *vehicle)
        .build()
        .unwrap();
    for value in 0..100 {
        for vehicle in 0..3 {
            topic.emit(&(vehicle, value)).unwrap();
        }
    }
    let _: u32 = socket.emit_with_ack("echo", &0).await.unwrap();
    let positions: Vec<_> = received(&key)
        .await
        .into_iter()
        .filter(|text| text.contains("position"))
        .collect();
    // One was written at once, with nothing else under way.
    assert!(positions.len() <= 6, "{positions:?}");
    for vehicle in 0..3 {
        assert!(positions.contains(&format!(r#"2["position",{vehicle},99]"#)));
    }
}

#[wasm_bindgen_test]
async fn merged_and_batched_topics_keep_every_value() {
    let (key, _manager, socket) = recorded(&POLLING).await;
    let sums = socket
        .topic::<u64>("sum")
        .conflate()
        .merge(|pending, new| pending + new)
        .build()
        .unwrap();
    let batch = socket
        .topic::<(u32, &str)>("batch")
        .batch(2, Duration::from_secs(60))
        .build()
        .unwrap();
    for _ in 0..100 {
        sums.emit(&1).unwrap();
    }
    batch.emit(&(1, "a")).unwrap();
    batch.emit(&(2, "b")).unwrap();
    batch.emit(&(3, "c")).unwrap();
    drop(batch);
    let _: u32 = socket.emit_with_ack("echo", &0).await.unwrap();
    let texts = received(&key).await;
    let total: u64 = texts
        .iter()
        .filter_map(|text| text.strip_prefix(r#"2["sum","#)?.strip_suffix(']'))
        .map(|number| number.parse::<u64>().unwrap())
        .sum();
    assert_eq!(total, 100);
    assert!(texts.contains(&r#"2["batch",[[1,"a"],[2,"b"]]]"#.to_owned()));
    assert!(texts.contains(&r#"2["batch",[[3,"c"]]]"#.to_owned()));
}

#[wasm_bindgen_test]
async fn volatile_and_rejected_events_do_not_wait_for_a_connection() {
    let manager = over(&WEBSOCKET);
    let socket = manager.socket("/").build().unwrap();
    let volatile = socket
        .emit_with("volatile", &(), EmitOptions::new().volatile())
        .unwrap();
    assert!(matches!(volatile.status(), Status::Dropped(_)));
    assert!(matches!(
        volatile.written().await,
        Err(Error::NotDelivered(Status::Dropped(_)))
    ));
    let options = EmitOptions::new().offline(Offline::Reject);
    assert!(matches!(
        socket.emit_with("now or never", &(), options),
        Err(Error::Emit(EmitError::Send(_)))
    ));
    let queued = socket.emit("later", &()).unwrap();
    assert!(queued.cancel());
    assert_eq!(queued.status(), Status::Cancelled);
}

#[wasm_bindgen_test]
async fn a_full_queue_and_a_message_over_the_servers_limit_are_errors_at_once() {
    let manager = manager().query("max", "500").open().unwrap();
    let socket = manager
        .socket("/")
        .outbox(OutboxConfig {
            max_messages: 1,
            ..OutboxConfig::default()
        })
        .build()
        .unwrap();
    socket.emit("a", &()).unwrap();
    assert!(matches!(socket.emit("b", &()), Err(Error::Emit(_))));
    join(&socket).await;
    let id = socket.id();
    let long = "x".repeat(600);
    assert!(matches!(
        socket.emit("long", &long),
        Err(Error::Emit(EmitError::TooLong { max: 500, .. }))
    ));
    let _: () = socket.emit_with_ack("echo", &()).await.unwrap();
    assert_eq!(socket.id(), id);
}

#[wasm_bindgen_test]
async fn a_slow_reader_is_told_how_many_events_are_missing() {
    let manager = over(&WEBSOCKET);
    for (overflow, expected) in [
        (
            InboundOverflow::DropOldest,
            vec![Err(97), Ok(97), Ok(98), Ok(99)],
        ),
        (
            InboundOverflow::DropNewest,
            vec![Ok(0), Ok(1), Ok(2), Err(97)],
        ),
    ] {
        let socket = manager
            .socket("/")
            .inbound(InboundLimits {
                max_messages: 3,
                overflow,
                ..InboundLimits::default()
            })
            .build()
            .unwrap();
        join(&socket).await;
        let mut numbers = socket.on::<u32>("number");
        socket.emit("flood", &100).unwrap();
        let _: () = socket.emit_with_ack("echo", &()).await.unwrap();
        for item in expected {
            match (numbers.next().await.unwrap(), item) {
                (Ok(number), Ok(wanted)) => assert_eq!(number, wanted),
                (Err(Error::InboundOverflow { dropped }), Err(wanted)) => {
                    assert_eq!(dropped, wanted);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[wasm_bindgen_test]
async fn an_event_of_another_type_is_an_error_in_its_place() {
    let socket = joined(&over(&WEBSOCKET)).await;
    let mut echo = socket.on::<u32>("echo");
    let mut any = socket.any();
    for value in [json!(1), json!("two"), json!(3)] {
        socket.emit("echo", &value).unwrap();
    }
    assert_eq!(echo.next().await.unwrap(), Ok(1));
    assert!(matches!(
        echo.next().await.unwrap(),
        Err(Error::Decode { .. })
    ));
    assert_eq!(echo.next().await.unwrap(), Ok(3));
    let first = any.next().await.unwrap().unwrap();
    assert_eq!((first.name(), first.json()), ("echo", r#"["echo",1]"#));
}

#[wasm_bindgen_test]
async fn names_and_urls_that_cannot_be_are_errors_at_once() {
    let manager = over(&WEBSOCKET);
    let socket = manager.socket("/").build().unwrap();
    for name in ["connect", "disconnect", "connect_error", "newListener"] {
        assert_eq!(
            socket.emit(name, &()).map(drop),
            Err(Error::ReservedName(name.to_owned()))
        );
    }
    for name in ["__proto__", "constructor", "toString"] {
        assert!(socket.emit(name, &()).is_ok());
    }
    for name in ["admin", "", "/a,b", "/a?b=c"] {
        assert!(matches!(
            manager.socket(name).build(),
            Err(Error::Namespace(_))
        ));
    }
    for url in ["ftp://x", "http://[", "http://x/path"] {
        assert!(matches!(
            Manager::builder(url).open(),
            Err(Error::BadUrl { .. })
        ));
    }
    assert!(matches!(
        manager.socket("/b").auth(&[1]).build(),
        Err(Error::Options(_))
    ));
}

#[wasm_bindgen_test]
async fn a_second_url_takes_over_when_the_first_is_dead() {
    // Port 1 refuses at once.
    let urls = Url::from(vec!["http://127.0.0.1:1".to_owned(), server()]);
    let manager = Manager::builder(urls).backoff(quick()).open().unwrap();
    let socket = manager.socket("/").build().unwrap();
    let mut changes = socket.changes();
    socket.connect();
    assert!(matches!(
        changes.next().await,
        Some(Change::Unreachable { .. })
    ));
    assert!(matches!(
        changes.next().await,
        Some(Change::Connected { .. })
    ));
}

#[wasm_bindgen_test]
async fn closing_says_goodbye_and_connecting_again_works() {
    for transports in [&POLLING[..], &WEBSOCKET, &BOTH] {
        let manager = over(transports);
        let socket = joined(&manager).await;
        manager.close().await;
        assert_eq!(manager.state(), State::Closed);
        assert!(!socket.connected());
        join(&socket).await;
    }
}

#[wasm_bindgen_test]
async fn disconnecting_writes_what_is_queued_first() {
    let (key, _manager, socket) = recorded(&BOTH).await;
    for number in 0..10 {
        socket.emit("last", &number).unwrap();
    }
    socket.disconnect();
    eventually(|| async { received(&key).await.last() == Some(&"1".to_owned()) }).await;
    let texts = received(&key).await;
    assert_eq!(texts.len(), 12);
    assert_eq!(texts[10], r#"2["last",9]"#);
}

#[wasm_bindgen_test]
async fn dropping_the_last_handle_ends_the_connection_and_all_streams() {
    for transports in [&POLLING[..], &WEBSOCKET, &BOTH] {
        let (key, manager, socket) = recorded(transports).await;
        if transports.contains(&TransportKind::WebSocket) {
            eventually(|| async { stats(&key).await["open"] == 1 }).await;
        }
        let mut events = socket.on::<()>("x");
        let mut changes = socket.changes();
        let answer = socket.emit_with_ack::<_, ()>("mute", &());
        drop(manager);
        assert!(socket.connected(), "a socket keeps its connection");
        drop(socket);
        assert!(events.next().await.is_none());
        while changes.next().await.is_some() {}
        assert!(matches!(answer.await, Err(Error::Ack(_))));
        eventually(|| async { stats(&key).await["open"] == 0 }).await;
    }
}
