//! Viewports and positions, over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::collections::{HashMap, HashSet};

use common::{Client, chaos, get, server, server_with};
use everwire_demo::Config;
use serde_json::{Value, json};

fn area(west: f64, south: f64, east: f64, north: f64) -> Value {
    json!({"type":"viewport","west":west,"south":south,"east":east,"north":north})
}

fn ids(message: &Value) -> HashSet<String> {
    let positions = message["positions"].as_array().unwrap();
    positions
        .iter()
        .map(|p| p["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn fleet(vehicles: u16) -> everwire_demo::Server {
    server_with(Config {
        vehicles,
        tick_ms: 50,
        ..Config::default()
    })
    .await
}

#[tokio::test]
async fn a_viewport_gives_a_snapshot_and_then_only_what_is_inside() {
    let server = fleet(300).await;
    let mut a = Client::join(&server, "a").await;
    a.send(area(126.0, 36.0, 128.0, 38.0)).await;
    let snapshot = a.get("snapshot").await;
    assert_eq!(
        snapshot["viewport"],
        json!({"west":126.0,"south":36.0,"east":128.0,"north":38.0})
    );
    let inside = ids(&snapshot);
    assert!(
        inside.len() > 10 && inside.len() < 200,
        "{} of 300 in a part of Korea",
        inside.len()
    );
    let mut updates = 0;
    while updates < 200 {
        let message = a.get("positions").await;
        let positions = message["positions"].as_array().unwrap();
        assert!(positions.len() <= 32);
        for position in positions {
            let (lat, lon) = (
                position["lat"].as_f64().unwrap(),
                position["lon"].as_f64().unwrap(),
            );
            assert!(
                (36.0..=38.0).contains(&lat) && (126.0..=128.0).contains(&lon),
                "{position}"
            );
        }
        updates += positions.len();
    }
}

#[tokio::test]
async fn vehicles_that_drive_out_of_the_viewport_are_told_as_left() {
    let server = fleet(300).await;
    let mut a = Client::join(&server, "a").await;
    // Around Incheon airport, where planes pass at kilometres per second.
    a.send(area(126.2, 37.2, 126.7, 37.7)).await;
    let mut known = ids(&a.get("snapshot").await);
    loop {
        let message = a.next().await;
        if message["type"] == "positions" {
            known.extend(ids(&message));
        } else if message["type"] == "left" {
            // One that came and went between two writes may be named as well.
            let left = message["ids"].as_array().unwrap();
            if left.iter().any(|id| known.contains(id.as_str().unwrap())) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn people_see_each_other_move_but_not_themselves() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    let world = area(-180.0, -90.0, 180.0, 90.0);
    a.send(world.clone()).await;
    b.send(world.clone()).await;
    a.get("snapshot").await;
    b.get("snapshot").await;
    a.send(json!({"type":"position","lat":37.5,"lon":127.0,"heading":null,"speed":null}))
        .await;
    let seen = b.get("positions").await["positions"][0].clone();
    assert_eq!(
        (&seen["id"], &seen["kind"], &seen["lat"]),
        (&json!("a"), &json!("person"), &json!(37.5))
    );

    // A new viewport holds who is there, and a person who walks out of it has left.
    b.send(area(126.0, 37.0, 128.0, 38.0)).await;
    assert_eq!(
        ids(&b.get("snapshot").await),
        HashSet::from(["a".to_owned()])
    );
    a.send(json!({"type":"position","lat":35.0,"lon":129.0}))
        .await;
    assert_eq!(b.get("left").await["ids"], json!(["a"]));

    a.ask(json!({"type":"time","id":"t"})).await;
    let own = a.arrived();
    assert!(
        own.iter().all(|message| message["type"] != "positions"),
        "{own:?}"
    );
}

#[tokio::test]
async fn a_person_who_goes_offline_leaves_the_map() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    b.send(area(-180.0, -90.0, 180.0, 90.0)).await;
    b.get("snapshot").await;
    a.send(json!({"type":"position","lat":37.5,"lon":127.0}))
        .await;
    b.get("positions").await;
    drop(a);
    assert_eq!(b.get("left").await["ids"], json!(["a"]));
}

#[tokio::test]
async fn a_slow_link_gets_fewer_positions_and_each_newer_than_the_one_before() {
    let server = fleet(300).await;
    let mut a = Client::join(&server, "a").await;
    chaos(&server, "?client=a", json!({"downBytesPerS": 30_000})).await;
    a.send(area(-180.0, -90.0, 180.0, 90.0)).await;
    let mut newest: HashMap<String, u64> = HashMap::new();
    let mut note = |message: &Value| {
        for position in message["positions"].as_array().unwrap() {
            let at = position["at"].as_u64().unwrap();
            let before = newest.insert(position["id"].as_str().unwrap().to_owned(), at);
            assert!(
                before.is_none_or(|before| before < at),
                "{position} after {before:?}"
            );
        }
    };
    note(&a.get("snapshot").await);
    for _ in 0..20 {
        note(&a.get("positions").await);
    }
    // 300 vehicles 20 times a second do not fit through: most updates were replaced by newer ones.
    let superseded = get(&server, "/stats").await.json()["positionsSuperseded"]
        .as_u64()
        .unwrap();
    assert!(superseded > 640, "{superseded} superseded of many thousand");
}

#[tokio::test]
async fn a_post_overtakes_the_positions_that_wait_on_a_slow_link() {
    let server = fleet(2000).await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    chaos(&server, "?client=a", json!({"downBytesPerS": 60_000})).await;
    a.send(area(-180.0, -90.0, 180.0, 90.0)).await;
    a.get("snapshot").await;
    a.get("positions").await;
    b.post("p1", "make way").await;
    // 2000 positions wait in 63 messages, which take seconds; the post is before most of them.
    let mut before = 0;
    while a.next().await["type"] != "posted" {
        before += 1;
    }
    assert!(before < 60, "{before} messages came first");
}
