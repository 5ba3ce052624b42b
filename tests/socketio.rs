//! The Socket.IO client against a server, in a browser: transports, namespaces, losses.
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

use std::{cell::Cell, rc::Rc, time::Duration};

use common::{eventually, js, key, received, stats};
use everwire::socketio::{
    AckError, Binary, Change, DisconnectReason, EmitError, EmitOptions, Error, TransportKind,
};
use futures_util::StreamExt;
use rig::{BOTH, POLLING, WEBSOCKET, join, joined, manager, next_change, over, recorded};
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

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

/// As behind a proxy that swallows upgrades: no answer, no end.
#[wasm_bindgen_test]
async fn a_websocket_that_hangs_does_not_hold_up_polling() {
    js(
        "globalThis.RealWebSocket = WebSocket;
        globalThis.WebSocket = class { readyState = 0; bufferedAmount = 0; close() { this.readyState = 3; } };",
    );
    let manager = over(&BOTH);
    let socket = joined(&manager).await;
    let mut answers = Vec::new();
    let mut written = false;
    // An answer may overtake the end of the request that asked for it: nothing can be written until then.
    while !written && answers.len() < 20 {
        answers.push(socket.emit_with_ack::<_, u32>("echo", &7).await);
        let volatile = EmitOptions::new().volatile();
        let emit = socket.emit_with("echo", &8, volatile).unwrap();
        written = emit.written().await.is_ok();
    }
    js("globalThis.WebSocket = RealWebSocket;");
    assert!(answers.iter().all(|answer| *answer == Ok(7)), "{answers:?}");
    assert!(written);
    assert_eq!(manager.transport(), Some(TransportKind::Polling));
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
    let (key, manager, main) = recorded(&WEBSOCKET).await;
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
