//! The Socket.IO client against a server, in a browser.
#![cfg(all(target_arch = "wasm32", feature = "socketio"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{cell::Cell, rc::Rc, time::Duration};

use common::{eventually, key, quick, received, stats};
use everwire::{
    InboundLimits, InboundOverflow, Offline, OutboxConfig, Span, State, Status, Url,
    socketio::{
        AckError, Binary, Change, DisconnectReason, EmitError, EmitOptions, Error, Manager,
        ManagerBuilder, RetryConfig, Socket, TransportKind,
    },
};
use futures_util::{StreamExt, future::join_all};
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const POLLING: [TransportKind; 1] = [TransportKind::Polling];
const WEBSOCKET: [TransportKind; 1] = [TransportKind::WebSocket];
const BOTH: [TransportKind; 2] = [TransportKind::Polling, TransportKind::WebSocket];

fn server() -> String {
    common::url("").replace("ws://", "http://")
}

fn manager() -> ManagerBuilder {
    Manager::builder(server()).backoff(quick())
}

fn over(transports: &[TransportKind]) -> Manager {
    manager().transports(transports).open().unwrap()
}

/// A joined socket of the main namespace.
async fn joined(manager: &Manager) -> Socket {
    let socket = manager.socket("/").build().unwrap();
    join(&socket).await;
    socket
}

async fn join(socket: &Socket) {
    let mut changes = socket.changes();
    socket.connect();
    while !socket.connected() {
        changes.next().await.expect("the socket is alive");
    }
}

async fn next_change(socket: &Socket, wanted: impl Fn(&Change) -> bool) -> Change {
    let mut changes = socket.changes();
    loop {
        let change = changes.next().await.expect("the socket is alive");
        if wanted(&change) {
            return change;
        }
    }
}

#[wasm_bindgen_test]
async fn events_go_both_ways_over_every_transport() {
    for transports in [&POLLING[..], &WEBSOCKET, &BOTH] {
        let socket = joined(&over(transports)).await;
        let mut echo = socket.on::<(u32, String, Vec<Option<bool>>)>("echo");
        for number in 0..50 {
            let text = format!("héllo 세계 🌍 \" \\ \u{1e} \n {number}");
            socket
                .emit("echo", &(number, text.as_str(), vec![Some(true), None]))
                .unwrap();
        }
        for number in 0..50 {
            let (back, text, flags) = echo.next().await.unwrap().unwrap();
            assert_eq!(back, number);
            assert_eq!(text, format!("héllo 세계 🌍 \" \\ \u{1e} \n {number}"));
            assert_eq!(flags, [Some(true), None]);
        }
    }
}

#[wasm_bindgen_test]
async fn attachments_go_both_ways_over_every_transport() {
    for transports in [&POLLING[..], &WEBSOCKET, &BOTH] {
        let socket = joined(&over(transports)).await;
        let mut echo = socket.on::<(Binary, Vec<Binary>)>("echo");
        let value = (
            Binary::from((0..=255).collect::<Vec<u8>>()),
            vec![Binary::default(), vec![1; 70_000].into()],
        );
        let acked: (Binary, Vec<Binary>) = socket.emit_with_ack("echo", &value).await.unwrap();
        assert_eq!(acked, value);
        assert_eq!(echo.next().await.unwrap().unwrap(), value);
    }
}

#[wasm_bindgen_test]
async fn polling_is_upgraded_without_loss_or_reorder() {
    let manager = over(&BOTH);
    let socket = joined(&manager).await;
    let mut echo = socket.on::<u32>("echo");
    let mut sent = 0;
    // Emits go on while the transports change.
    while manager.transport() != Some(TransportKind::WebSocket) || sent < 200 {
        socket.emit("echo", &sent).unwrap().written().await.unwrap();
        sent += 1;
    }
    for number in 0..sent {
        assert_eq!(echo.next().await.unwrap().unwrap(), number);
    }
}

#[wasm_bindgen_test]
async fn a_websocket_that_is_refused_leaves_polling_or_moves_on_to_it() {
    let upgrading = manager().query("refuse", "websocket").open().unwrap();
    let socket = joined(&upgrading).await;
    let answer: u32 = socket.emit_with_ack("echo", &7).await.unwrap();
    assert_eq!(answer, 7);
    let first = manager()
        .query("refuse", "websocket")
        .transports([TransportKind::WebSocket, TransportKind::Polling])
        .try_all_transports(None)
        .open()
        .unwrap();
    let socket = joined(&first).await;
    assert_eq!(first.transport(), Some(TransportKind::Polling));
    let answer: u32 = socket.emit_with_ack("echo", &8).await.unwrap();
    assert_eq!(answer, 8);
}

#[wasm_bindgen_test]
async fn what_is_emitted_before_the_connection_arrives_in_order() {
    let key = key();
    let manager = manager().query("key", &key).open().unwrap();
    let socket = manager.socket("/").build().unwrap();
    for number in 0..20 {
        socket.emit("early", &number).unwrap();
    }
    assert!(socket.pending());
    socket.connect();
    socket.emit("early", &20).unwrap().written().await.unwrap();
    eventually(|| async { received(&key).await.len() == 22 }).await;
    let texts = received(&key).await;
    assert_eq!(texts[0], "0");
    for (number, text) in texts[1..].iter().enumerate() {
        assert_eq!(*text, format!(r#"2["early",{number}]"#));
    }
}

#[wasm_bindgen_test]
async fn an_ack_that_does_not_come_is_a_timeout() {
    let socket = joined(&over(&WEBSOCKET)).await;
    let answer = socket
        .emit_with_ack::<_, ()>("mute", &())
        .timeout(Duration::from_millis(30))
        .await;
    assert_eq!(answer, Err(Error::Ack(AckError::TimedOut)));
    assert_eq!(socket.pending_acks(), 0);
}

#[wasm_bindgen_test]
async fn an_answer_of_another_type_is_an_error_with_its_json() {
    let socket = joined(&over(&WEBSOCKET)).await;
    let answer = socket.emit_with_ack::<_, u32>("echo", &"text").await;
    let Err(Error::Decode { event, payload, .. }) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((event.as_str(), payload.as_str()), ("echo", r#"["text"]"#));
}

#[wasm_bindgen_test]
async fn events_of_the_server_can_be_answered_once() {
    let socket = joined(&over(&BOTH)).await;
    let mut questions = socket.incoming("question");
    let mut answered = socket.on::<(u32, Binary)>("answered");
    socket
        .emit("ask", &("how many", Binary::from(vec![9])))
        .unwrap();
    let question = questions.next().await.unwrap().unwrap();
    let (text, bytes): (String, Binary) = question.args().unwrap();
    assert_eq!((text.as_str(), bytes.as_slice()), ("how many", &[9][..]));
    assert!(question.expects_reply());
    question.reply(&(42, &bytes)).unwrap();
    assert!(!question.expects_reply());
    assert_eq!(question.reply(&()), Err(Error::Emit(EmitError::StaleReply)));
    assert_eq!(answered.next().await.unwrap().unwrap(), (42, bytes));
}

#[wasm_bindgen_test]
async fn namespaces_share_a_connection_and_have_their_own_auth() {
    let key = key();
    let manager = manager()
        .query("key", &key)
        .transports(WEBSOCKET)
        .open()
        .unwrap();
    let main = joined(&manager).await;
    let other = manager
        .socket("/other")
        .auth(&json!({"name": "mina"}))
        .build()
        .unwrap();
    join(&other).await;
    assert_ne!(main.id(), other.id());
    let auth: Value = other.emit_with_ack("auth", &()).await.unwrap();
    assert_eq!(auth, json!({"name": "mina"}));
    let mut echo = main.on::<u32>("echo");
    other.emit("echo", &1).unwrap();
    main.emit("echo", &2).unwrap();
    assert_eq!(echo.next().await.unwrap().unwrap(), 2);
    assert_eq!(stats(&key).await["connections"], 1);
    // Leaving one keeps the other.
    drop(other);
    let answer: u32 = main.emit_with_ack("echo", &3).await.unwrap();
    assert_eq!(answer, 3);
    assert!(matches!(
        manager.socket("/").build(),
        Err(Error::Namespace(_))
    ));
}

#[wasm_bindgen_test]
async fn a_refusal_has_the_servers_message_and_data_and_ends_the_tries() {
    let manager = over(&BOTH);
    let socket = manager.socket("/private").build().unwrap();
    let mut changes = socket.changes();
    socket.connect();
    let Some(Change::Refused { error, retry_in }) = changes.next().await else {
        panic!("not refused");
    };
    assert_eq!(error.message, "not authorized");
    assert_eq!(error.data::<Value>(), Some(json!({"code": 7})));
    assert_eq!(retry_in, None);
    assert!(!socket.active());
}

#[wasm_bindgen_test]
async fn a_provider_is_asked_before_every_join_and_again_when_it_failed() {
    let calls = Rc::new(Cell::new(0));
    let manager = over(&WEBSOCKET);
    let counted = Rc::clone(&calls);
    let socket = manager
        .socket("/private")
        .auth_with(move || {
            counted.set(counted.get() + 1);
            let call = counted.get();
            async move {
                match call {
                    1 => Err("token server is down".into()),
                    2 => Ok(json!({"token": "stale"})),
                    _ => Ok(json!({"token": "secret"})),
                }
            }
        })
        .retry_refused(true)
        .build()
        .unwrap();
    let mut changes = socket.changes();
    socket.connect();
    for message in ["token server is down", "not authorized"] {
        let Some(Change::Refused { error, retry_in }) = changes.next().await else {
            panic!("not refused");
        };
        assert_eq!(error.message, message);
        assert!(retry_in.is_some());
    }
    assert!(matches!(
        changes.next().await,
        Some(Change::Connected { .. })
    ));
    assert_eq!(calls.get(), 3);
}

#[wasm_bindgen_test]
async fn every_loss_has_its_reason_and_most_are_repaired() {
    for (event, args, reason) in [
        ("cut", Value::Null, DisconnectReason::TransportClose),
        ("raw", json!("4garbage"), DisconnectReason::ParseError),
        ("raw", json!("9"), DisconnectReason::TransportError),
    ] {
        let socket = joined(&over(&WEBSOCKET)).await;
        let mut changes = socket.changes();
        socket.emit(event, &args).unwrap();
        let Some(Change::Disconnected {
            reason: told,
            reconnects,
            ..
        }) = changes.next().await
        else {
            panic!("not disconnected");
        };
        assert_eq!((told, reconnects), (reason, true), "{event} {args}");
        assert!(matches!(
            changes.next().await,
            Some(Change::Connected { .. })
        ));
        let answer: u32 = socket.emit_with_ack("echo", &1).await.unwrap();
        assert_eq!(answer, 1);
    }
}

#[wasm_bindgen_test]
async fn a_session_that_the_server_closes_over_polling_is_begun_anew() {
    for event in ["close", "cut"] {
        let socket = joined(&over(&POLLING)).await;
        let id = socket.id();
        let mut changes = socket.changes();
        socket.emit(event, &()).unwrap();
        assert!(matches!(
            changes.next().await,
            Some(Change::Disconnected {
                reconnects: true,
                ..
            })
        ));
        while !matches!(changes.next().await, Some(Change::Connected { .. })) {}
        assert_ne!(socket.id(), id);
    }
}

#[wasm_bindgen_test]
async fn a_namespace_that_the_server_leaves_is_joined_again_only_if_asked() {
    let manager = over(&WEBSOCKET);
    let socket = joined(&manager).await;
    let rejoining = manager.socket("/again").rejoin(true).build().unwrap();
    join(&rejoining).await;
    let mut changes = rejoining.changes();
    rejoining.emit("leave", &()).unwrap();
    assert!(matches!(
        changes.next().await,
        Some(Change::Disconnected {
            reason: DisconnectReason::ServerDisconnect,
            reconnects: true,
            ..
        })
    ));
    assert!(matches!(
        changes.next().await,
        Some(Change::Connected { .. })
    ));
    socket.emit("leave", &()).unwrap();
    next_change(&socket, |change| {
        matches!(
            change,
            Change::Disconnected {
                reconnects: false,
                ..
            }
        )
    })
    .await;
    assert!(!socket.active());
    join(&socket).await;
}

#[wasm_bindgen_test]
async fn a_server_that_stops_pinging_is_left() {
    let manager = manager()
        .query("interval", "100")
        .query("timeout", "100")
        .query("mute", "1")
        .open()
        .unwrap();
    let socket = joined(&manager).await;
    next_change(&socket, |change| {
        matches!(
            change,
            Change::Disconnected {
                reason: DisconnectReason::PingTimeout,
                ..
            }
        )
    })
    .await;
}

#[wasm_bindgen_test]
async fn pings_are_answered_over_every_transport() {
    for transports in [&POLLING[..], &WEBSOCKET] {
        let manager = manager()
            .query("interval", "50")
            .query("timeout", "500")
            .transports(transports)
            .open()
            .unwrap();
        let socket = joined(&manager).await;
        let id = socket.id();
        // Twice the heartbeat's patience, in round trips that wait for nothing else.
        let started = js_sys::Date::now();
        while js_sys::Date::now() - started < 1_100.0 {
            let _: () = socket.emit_with_ack("echo", &()).await.unwrap();
        }
        assert_eq!(socket.id(), id);
    }
}

#[wasm_bindgen_test]
async fn a_lost_session_is_recovered_with_what_was_missed() {
    let manager = manager()
        .query("recover", "1")
        .transports(WEBSOCKET)
        .open()
        .unwrap();
    let socket = joined(&manager).await;
    assert!(!socket.recovered());
    let mut missed = socket.on::<u32>("missed");
    let mut echo = socket.on::<String>("echo");
    // Without an event there is no offset, and nothing could be recovered.
    socket.emit("echo", &"offset, please").unwrap();
    assert_eq!(echo.next().await.unwrap().unwrap(), "offset, please");
    let mut changes = socket.changes();
    socket.emit("miss", &3).unwrap();
    for number in 0..3 {
        assert_eq!(missed.next().await.unwrap().unwrap(), number);
    }
    while !matches!(
        changes.next().await,
        Some(Change::Connected {
            recovered: true,
            ..
        })
    ) {}
    assert!(socket.recovered());
}

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
    let key = key();
    let manager = manager()
        .query("key", &key)
        .transports(POLLING)
        .open()
        .unwrap();
    let socket = joined(&manager).await;
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
    let key = key();
    let manager = manager()
        .query("key", &key)
        .transports(POLLING)
        .open()
        .unwrap();
    let socket = joined(&manager).await;
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
    let key = key();
    let manager = manager().query("key", &key).open().unwrap();
    let socket = joined(&manager).await;
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
        let key = key();
        let manager = manager()
            .query("key", &key)
            .transports(transports)
            .open()
            .unwrap();
        let socket = joined(&manager).await;
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
