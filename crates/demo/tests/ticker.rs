//! The stock market behind the ticker page, met over STOMP as the page does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;
#[path = "common/stomp.rs"]
mod raw;

use common::{get, server, server_with};
use everwire_demo::{Config, Server};
use raw::Raw;
use serde_json::{Value, json};

fn parsed(frame: &raw::Frame) -> Value {
    serde_json::from_slice(&frame.body).unwrap()
}

/// Sends a request and gives the answer that comes to the reply queue.
async fn ask(raw: &mut Raw, destination: &str, body: &Value) -> Value {
    let head = format!("SEND\ndestination:{destination}\nreply-to:/temp-queue/answers");
    raw.send(&format!("{head}\n\n{body}\0")).await;
    loop {
        let frame = raw.frame().await;
        assert_eq!(frame.command, "MESSAGE", "{frame:?}");
        if frame.header("subscription") == Some("/temp-queue/answers") {
            return parsed(&frame);
        }
    }
}

#[tokio::test]
async fn ticks_come_in_the_agreed_number_and_without_holes() {
    let server = server().await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    raw.send("SUBSCRIBE\nid:t\ndestination:/topic/ticks\n\n\0")
        .await;
    let first = parsed(&raw.frame().await);
    let mut number = first["n"].as_u64().unwrap();
    let config = get(&server, "/ticker.json").await.json();
    let symbols = config["symbols"].as_array().unwrap();
    assert_eq!(symbols.len(), 300);
    for _ in 0..2_000 {
        let tick = parsed(&raw.frame().await);
        number += 1;
        assert_eq!(tick["n"], number);
        assert!(symbols.iter().any(|symbol| symbol["code"] == tick["s"]));
        assert!(tick["p"].as_u64().unwrap() > 0);
    }
    assert_eq!(config["embedded"], true);
    let own = format!("ws://127.0.0.1:{}/stomp", server.ws_address().port());
    assert_eq!(config["brokers"], json!([own]));
    let history = get(&server, "/ticker/history?symbol=HNLE").await.json();
    assert_eq!(history.as_array().unwrap().len(), 120);
    assert_eq!(
        get(&server, "/ticker/history?symbol=NONE").await.status,
        404
    );
    server.stop().await;
}

#[tokio::test]
async fn an_order_counts_once_however_often_it_is_sent() {
    let server = server().await;
    let mut watcher = Raw::open(server.ws_address(), "1.2").await;
    watcher
        .confirmed(
            "SUBSCRIBE\nid:f\ndestination:/topic/ticker.fills\n\n\0",
            "r",
        )
        .await;
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let order = json!({"id":"o-1","symbol":"HNLE","side":"buy","quantity":10});
    let first = ask(&mut raw, "/queue/ticker.orders", &order).await;
    assert_eq!(
        (&first["status"], &first["duplicate"]),
        (&json!("filled"), &json!(false))
    );
    // Another connection, as after a reconnect.
    let mut raw = Raw::open(server.ws_address(), "1.2").await;
    let again = ask(&mut raw, "/queue/ticker.orders", &order).await;
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["fill"], first["fill"]);
    let snapshot = ask(&mut raw, "/queue/ticker.snapshot", &json!(null)).await;
    assert_eq!(snapshot["fills"], json!([first["fill"]]));
    assert_eq!(snapshot["prices"].as_array().unwrap().len(), 300);
    assert_eq!(parsed(&watcher.frame().await), first["fill"]);
    for bad in [
        json!({"id":"o-2","symbol":"NONE","side":"buy","quantity":1}),
        json!({"id":"o-2","symbol":"HNLE","side":"buy","quantity":0}),
        json!({"id":"o-2","symbol":"HNLE","side":"keep","quantity":1}),
        json!("nonsense"),
    ] {
        let answer = ask(&mut raw, "/queue/ticker.orders", &bad).await;
        assert_eq!(answer["status"], "refused", "{bad}");
    }
    assert_eq!(watcher.arrived(), []);
    server.stop().await;
}

#[tokio::test]
async fn an_order_is_remembered_by_the_next_process() {
    let folder = std::env::temp_dir().join(format!("everwire-ticker-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = Config {
        vehicles: 0,
        state: Some(folder.join("feed")),
        ..Config::default()
    };
    let order = json!({"id":"o-1","symbol":"HNLE","side":"sell","quantity":3});
    let mut fills = Vec::new();
    for duplicate in [false, true] {
        let server = server_with(config.clone()).await;
        let mut raw = Raw::open(server.ws_address(), "1.1").await;
        let answer = ask(&mut raw, "/queue/ticker.orders", &order).await;
        assert_eq!(answer["duplicate"], duplicate);
        fills.push(answer["fill"].clone());
        server.stop().await;
    }
    assert_eq!(fills[0], fills[1]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_service_works_over_a_broker_elsewhere_and_moves_on_when_it_is_gone() {
    // Two servers stand in for two brokers; the first address leads nowhere.
    let quiet = || Config {
        vehicles: 0,
        ticks_per_s: 1,
        ..Config::default()
    };
    let (one, two) = (server_with(quiet()).await, server_with(quiet()).await);
    let url = |server: &Server| format!("ws://{}/stomp", server.ws_address());
    let market = server_with(Config {
        vehicles: 0,
        broker: vec!["ws://127.0.0.1:9/none".into(), url(&one), url(&two)],
        broker_login: ("user".into(), "secret".into()),
        ..Config::default()
    })
    .await;
    let config = get(&market, "/ticker.json").await.json();
    assert_eq!(config["embedded"], false);
    assert_eq!(config["brokers"].as_array().unwrap().len(), 3);
    assert_eq!(config["login"], "user");
    let page = get(&market, "/ticker").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains(&format!("ws://{}", one.ws_address())),
        "{policy}"
    );

    let mut raw = Raw::open(one.ws_address(), "1.2").await;
    raw.send("SUBSCRIBE\nid:t\ndestination:/topic/ticks\n\n\0")
        .await;
    for _ in 0..100 {
        raw.frame().await;
    }
    let mut raw = Raw::open(two.ws_address(), "1.2").await;
    raw.send("SUBSCRIBE\nid:t\ndestination:/topic/ticks\n\n\0")
        .await;
    one.stop().await;
    for _ in 0..100 {
        raw.frame().await;
    }
    two.stop().await;
    market.stop().await;
}
