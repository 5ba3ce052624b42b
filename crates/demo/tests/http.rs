//! The page side: files, headers, configuration, and who may ask.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{fs, path::PathBuf};

use common::{Client, call, get, server, server_with};
use everwire_demo::{Config, Server, StartError};

#[tokio::test]
async fn files_are_served_with_their_types_and_strict_headers() {
    let dist =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dist-{}", std::process::id()));
    fs::create_dir_all(dist.join("yew")).unwrap();
    fs::write(dist.join("index.html"), "<!doctype html>main").unwrap();
    fs::write(dist.join("yew/index.html"), "<!doctype html>yew").unwrap();
    fs::write(dist.join("app.js"), "export {}").unwrap();
    fs::write(dist.join("app.wasm"), b"\0asm").unwrap();
    let server = server_with(Config {
        vehicles: 0,
        dist,
        ..Config::default()
    })
    .await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/yew/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/app.wasm", "application/wasm"),
    ] {
        let response = get(&server, path).await;
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.header("content-type"), Some(kind), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-cache"), "{path}");
        let policy = response.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
    }
    assert!(get(&server, "/yew/").await.body.ends_with("yew"));
    let moved = get(&server, "/ticker/").await;
    assert_eq!(moved.status, 307);
    assert_eq!(moved.header("location"), Some("../ticker"));
    assert_eq!(get(&server, "/../Cargo.toml").await.status, 404);
    let missing = get(&server, "/missing.js").await;
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("cargo xtask demo"));
}

#[tokio::test]
async fn the_configuration_leads_to_the_websocket() {
    let server = server().await;
    let config = get(&server, "/config.json").await.json();
    assert_eq!(config["ws"], format!("ws://{}/ws", server.ws_address()));
    assert_eq!(config["defaultRoom"], "seoul");
    Client::dial(server.ws_address(), "").await.unwrap();

    let address = server.http_address();
    let head = format!(
        "GET /config.json HTTP/1.1\r\nHost: localhost:{}",
        address.port()
    );
    let config = call(address, &head, "").await.json();
    assert_eq!(
        config["ws"],
        format!("ws://localhost:{}/ws", server.ws_address().port())
    );
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_everywhere() {
    let server = server().await;
    for path in ["/", "/config.json", "/chaos", "/stats"] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: example.com");
        assert_eq!(
            call(server.http_address(), &head, "").await.status,
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn stats_count_what_happens() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    a.post("p1", "hello").await;
    let stats = get(&server, "/stats").await.json();
    assert_eq!(stats["connections"], 1);
    assert_eq!(stats["posts"], 1);
    assert_eq!(stats["messagesIn"], 2);
    assert_eq!(stats["rooms"]["seoul"]["seq"], 1);
    assert_eq!(stats["rooms"]["seoul"]["present"], 1);
    assert!(stats["bytesIn"].as_u64().unwrap() > 100);
    assert!(stats["bytesOut"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn a_taken_port_that_was_asked_for_is_an_error_that_names_it() {
    let server = server().await;
    let port = server.http_address().port();
    let second = Server::start(Config {
        port: Some(port),
        vehicles: 0,
        ..Config::default()
    })
    .await;
    let error = second.unwrap_err();
    assert!(matches!(error, StartError::Listen { port: named, .. } if named == port));
    assert!(error.to_string().contains(&port.to_string()));
}
