//! With a state file nothing that was acknowledged is lost or doubled over a restart, not even one by kill -9.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use common::{Client, DEADLINE, call, server_with};
use everwire_demo::Config;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

fn state_file(name: &str) -> PathBuf {
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[tokio::test]
async fn a_second_server_on_the_same_file_goes_on_where_the_first_ended() {
    let config = Config {
        vehicles: 0,
        state: Some(state_file("second")),
        ..Config::default()
    };
    let server = server_with(config.clone()).await;
    let mut a = Client::dial(server.ws_address(), "").await.unwrap();
    a.hello("a", Value::Null, Value::Null).await;
    let epoch = a.get("welcome").await["epoch"].clone();
    a.post("p1", "one").await;
    a.post("p2", "two").await;
    a.ask(json!({"type":"like","id":"l1","post":"p1","count":2}))
        .await;
    a.send(json!({"type":"read","seq":2})).await;
    a.get("read").await;
    server.stop().await;
    assert_eq!(a.end().await.unwrap(), 1001);

    let server = server_with(config).await;
    let (mut a, history) = Client::join_since(&server, "a", epoch, json!(1)).await;
    assert_eq!(
        (&history["recovered"], &history["snapshot"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(history["posts"][0]["id"], "p2");
    assert_eq!(history["likes"][0]["likes"], 2);
    assert_eq!(a.post("p1", "one").await["duplicate"], true);
    let like = json!({"type":"like","id":"l1","post":"p1","count":2});
    assert_eq!(a.ask(like).await["duplicate"], true);
    assert_eq!(a.post("p3", "three").await["seq"], 4);
}

#[tokio::test]
async fn without_a_file_a_restart_is_a_new_epoch() {
    let config = Config {
        vehicles: 0,
        ..Config::default()
    };
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let server = server_with(config.clone()).await;
        let mut a = Client::dial(server.ws_address(), "").await.unwrap();
        a.hello("a", Value::Null, Value::Null).await;
        epochs.push(a.get("welcome").await["epoch"].clone());
        server.stop().await;
    }
    assert_ne!(epochs[0], epochs[1]);
}

/// Starts the program itself; gives its WebSocket address.
async fn spawn(state: &PathBuf) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_everwire-demo"))
        .args(["--port", "0", "--vehicles", "0", "--state"])
        .arg(state)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(DEADLINE, lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let http: SocketAddr = line
        .strip_prefix("everwire demo on http://")
        .and_then(|rest| rest.strip_suffix('/'))
        .unwrap_or_else(|| panic!("unexpected line {line}"))
        .parse()
        .unwrap();
    let config = call(
        http,
        &format!("GET /config.json HTTP/1.1\r\nHost: {http}"),
        "",
    )
    .await
    .json();
    let ws = config["ws"].as_str().unwrap();
    let ws = ws
        .strip_prefix("ws://")
        .unwrap()
        .strip_suffix("/ws")
        .unwrap()
        .parse()
        .unwrap();
    (child, ws)
}

#[tokio::test]
async fn a_process_killed_under_load_has_lost_nothing_that_it_acknowledged() {
    let state = state_file("killed");
    let (mut child, address) = spawn(&state).await;
    let mut a = Client::dial(address, "").await.unwrap();
    a.hello("a", Value::Null, Value::Null).await;
    // 150 posts at once; after 40 acks the process is killed in the middle of the rest.
    for n in 0..150 {
        a.send(json!({"type":"post","id":format!("p{n}"),"text":format!("text {n}")}))
            .await;
    }
    let mut acked = Vec::new();
    for _ in 0..40 {
        acked.push(a.get("ack").await["id"].clone());
    }
    child.kill().await.unwrap();

    let (_child, address) = spawn(&state).await;
    let mut a = Client::dial(address, "").await.unwrap();
    a.hello("a", Value::Null, Value::Null).await;
    for id in acked {
        assert_eq!(
            a.post(id.as_str().unwrap(), "again").await["duplicate"],
            true,
            "{id} was lost"
        );
    }
    for n in 40..150 {
        assert_eq!(a.post(&format!("p{n}"), "again").await["type"], "ack");
    }
    let history = a.ask(json!({"type":"replay","id":"r","since":0})).await;
    let mut ids: Vec<&str> = history["posts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| post["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 150);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 150, "every post is there once");
}
