//! The controls do to a real link what they say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use common::{Client, call, chaos, get, server, server_with};
use everwire_demo::Config;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

/// Round trip of a ping.
async fn rtt(client: &mut Client) -> Duration {
    let start = Instant::now();
    client.send(json!({"type":"ping","at":1})).await;
    client.get("pong").await;
    start.elapsed()
}

#[tokio::test]
async fn latency_is_added_each_way_and_can_be_set_for_one_client() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    chaos(&server, "", json!({"latencyMs": 150})).await;
    assert!(rtt(&mut a).await >= Duration::from_millis(300));
    let state = chaos(&server, "?client=b", json!({"latencyMs": 400})).await;
    assert_eq!(state["clients"]["b"]["latencyMs"], 400);
    assert_eq!(state["clients"]["b"]["jitterMs"], Value::Null);
    assert!(rtt(&mut b).await >= Duration::from_millis(800));
    // It stays with the client when that reconnects.
    drop(b);
    let mut b = Client::join(&server, "b").await;
    assert!(rtt(&mut b).await >= Duration::from_millis(800));
    let state = chaos(&server, "", json!({"clear": true})).await;
    assert_eq!(state["clients"], json!({}));
    assert_eq!(state["settings"]["latencyMs"], 0);
}

#[tokio::test]
async fn clearing_a_long_latency_releases_what_it_held_back() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    chaos(
        &server,
        "",
        json!({"latencyMs": 60_000, "jitterMs": 60_000}),
    )
    .await;
    a.send(json!({"type":"ping","at":1})).await;
    chaos(&server, "", json!({"latencyMs": 0, "jitterMs": 0})).await;
    // Would take minutes, and so run into the deadline, if it were still held.
    a.get("pong").await;
}

#[tokio::test]
async fn bandwidth_is_bounded_both_ways() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    let mut b = Client::join(&server, "b").await;
    chaos(&server, "?client=a", json!({"upBytesPerS": 20_000})).await;
    let start = Instant::now();
    for n in 0..20 {
        a.send(json!({"type":"post","id":format!("p{n}"),"text":"x".repeat(2000)}))
            .await;
    }
    a.get_where("ack", |ack| ack["id"] == "p19").await;
    // 40 kB at 20 kB/s.
    assert!(
        start.elapsed() >= Duration::from_millis(1900),
        "up took {:?}",
        start.elapsed()
    );

    chaos(&server, "?client=b", json!({"downBytesPerS": 20_000})).await;
    let start = Instant::now();
    b.ask(json!({"type":"replay","id":"r1","since":0})).await;
    assert!(
        start.elapsed() >= Duration::from_millis(1900),
        "down took {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_half_open_link_is_silent_while_others_go_on_and_delivers_when_it_ends() {
    let server = server_with(Config {
        vehicles: 10,
        tick_ms: 50,
        ..Config::default()
    })
    .await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    let world = json!({"type":"viewport","west":-180,"south":-90,"east":180,"north":90});
    a.send(world.clone()).await;
    b.send(world).await;
    a.get("positions").await;
    let state = chaos(&server, "?client=a", json!({"halfOpen": {"seconds": null}})).await;
    let links = state["links"].as_array().unwrap();
    assert!(
        links
            .iter()
            .all(|link| link["halfOpen"] == (link["client"] == "a")),
        "{state}"
    );
    // Bytes that were in the kernel already do arrive; a marker sent from now on must not.
    a.send(json!({"type":"ping","at":77})).await;
    b.post("p1", "marker").await;
    a.arrived();
    for _ in 0..10 {
        b.get("positions").await;
    }
    assert_eq!(
        a.arrived(),
        Vec::<Value>::new(),
        "ten ticks have passed in silence"
    );
    // New dials of the same client do work.
    let mut again = Client::join(&server, "a").await;
    again.post("p2", "from the new link").await;

    chaos(&server, "?client=a", json!({"halfOpen": false})).await;
    a.get_where("posted", |posted| posted["id"] == "p1").await;
    assert_eq!(a.get("pong").await["at"], 77.0);
}

#[tokio::test]
async fn half_open_ends_by_itself() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    let start = Instant::now();
    chaos(&server, "", json!({"halfOpen": {"seconds": 0.5}})).await;
    rtt(&mut a).await;
    assert!(start.elapsed() >= Duration::from_millis(500));
    assert_eq!(
        get(&server, "/chaos").await.json()["links"][0]["halfOpen"],
        false
    );
}

#[tokio::test]
async fn reset_is_a_real_rst_even_on_a_half_open_link() {
    let server = server().await;
    for half_open in [false, true] {
        let mut a = Client::join(&server, "a").await;
        if half_open {
            chaos(&server, "", json!({"halfOpen": {"seconds": null}})).await;
        }
        chaos(&server, "?client=a", json!({"reset": true})).await;
        match a.end().await {
            Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            other => panic!("no reset but {other:?}"),
        }
    }
}

#[tokio::test]
async fn close_sends_the_code_to_the_named_client_only() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    chaos(
        &server,
        "?client=a",
        json!({"close": {"code": 4001, "reason": "test"}}),
    )
    .await;
    assert_eq!(a.end().await.unwrap(), 4001);
    assert_eq!(b.post("p1", "still here").await["type"], "ack");
    chaos(&server, "", json!({"close": {"code": 1012}})).await;
    assert_eq!(b.end().await.unwrap(), 1012);
}

#[tokio::test]
async fn a_killed_server_refuses_dials_and_comes_back_with_its_feed() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    a.post("p1", "before").await;
    let state = chaos(&server, "", json!({"kill": {"seconds": null}})).await;
    assert_eq!(state["down"], true);
    assert_eq!(state["links"], json!([]));
    match a.end().await {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("no abrupt end but {other:?}"),
    }
    let refused = TcpStream::connect(server.ws_address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(get(&server, "/stats").await.json()["connections"], 0);

    let state = chaos(&server, "", json!({"kill": false})).await;
    assert_eq!(state["down"], false);
    let mut a = Client::join(&server, "a").await;
    assert_eq!(
        a.post("p1", "before").await,
        json!({"type":"ack","id":"p1","seq":1,"duplicate":true}),
        "the same address, and the feed knows the post"
    );
}

#[tokio::test]
async fn a_killed_server_comes_back_by_itself() {
    let server = server().await;
    let state = chaos(&server, "", json!({"kill": {"seconds": 0.2}})).await;
    assert!(state["down"] == true || state["downForMs"].is_null());
    loop {
        match Client::dial(server.ws_address(), "").await {
            Ok(_) => break,
            Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                tokio::task::yield_now().await;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(get(&server, "/chaos").await.json()["down"], false);
}

#[tokio::test]
async fn every_nth_message_is_lost_on_the_way_in() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    chaos(&server, "", json!({"dropInbound": 3})).await;
    for n in 1..=10 {
        a.send(json!({"type":"time","id":format!("t{n}")})).await;
    }
    for n in [1, 2, 4, 5, 7, 8, 10] {
        assert_eq!(a.next().await["id"], format!("t{n}"));
    }
    assert_eq!(get(&server, "/stats").await.json()["droppedIn"], 3);
}

#[tokio::test]
async fn every_nth_message_is_lost_on_the_way_out_and_the_gap_can_be_filled() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    chaos(&server, "", json!({"dropOutbound": 2})).await;
    // Answers: ack 1, posted 1 (lost), ack 2, posted 2 (lost), pong.
    for n in 1..=2 {
        a.send(json!({"type":"post","id":format!("p{n}"),"text":"x"}))
            .await;
    }
    a.send(json!({"type":"ping","at":1})).await;
    assert_eq!(a.next().await["id"], "p1");
    assert_eq!(a.next().await["id"], "p2");
    assert_eq!(a.next().await["seq"], 2);
    chaos(&server, "", json!({"clear": true})).await;
    let history = a.ask(json!({"type":"replay","id":"r","since":0})).await;
    assert_eq!(history["posts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_harms_nobody() {
    let server = server().await;
    let mut slow = Client::join(&server, "slow").await;
    chaos(
        &server,
        "?client=slow",
        json!({"halfOpen": {"seconds": null}}),
    )
    .await;
    let mut sender = Client::join(&server, "sender").await;
    // 190 posts of 8 kB, within the sender's rate, are more than 1 MiB and what the buffers on the way hold.
    for n in 0..190 {
        let text = "\u{1F68C}".repeat(2000);
        assert_eq!(sender.post(&format!("p{n}"), &text).await["type"], "ack");
    }
    let stats = get(&server, "/stats").await.json();
    assert_eq!(
        (&stats["slowClosed"], &stats["connections"]),
        (&json!(1), &json!(1))
    );
    chaos(&server, "", json!({"clear": true})).await;
    // The close frame stands behind all that waits; if that takes too long, TCP is ended without it.
    assert!(matches!(slow.end().await, Ok(1013) | Err(_)));
}

#[tokio::test]
async fn bad_commands_are_refused_and_change_nothing() {
    let server = server().await;
    let address = server.http_address();
    let post = async |query: &str, kind: &str, body: &str| {
        let head =
            format!("POST /chaos{query} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}");
        call(address, &head, body).await
    };
    let json = "application/json";
    for (query, kind, body, status) in [
        ("", json, "nonsense", 400),
        ("", json, r#"{"latency":1}"#, 400),
        ("", json, r#"{"latencyMs":60001,"jitterMs":5}"#, 400),
        ("?client=a", json, r#"{"kill":{"seconds":1}}"#, 400),
        ("?client=a%20b", json, r#"{"jitterMs":5}"#, 400),
        ("", "text/plain", r#"{"jitterMs":5}"#, 415),
    ] {
        let response = post(query, kind, body).await;
        assert_eq!(response.status, status, "{body}: {}", response.body);
        assert!(
            response.json()["error"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
    let state = get(&server, "/chaos").await.json();
    assert_eq!(state["settings"]["jitterMs"], 0);
    assert_eq!(state["clients"], json!({}));
}
