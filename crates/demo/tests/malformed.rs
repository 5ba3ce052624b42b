//! Bad input is refused with a reason, and the link stays up; too much of it ends the link with a code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Client, server};
use everwire_demo::client::MAX_MESSAGE_BYTES;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

#[tokio::test]
async fn bad_messages_are_refused_by_reason_and_the_link_stays_up() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    let deep = "[".repeat(20_000);
    let long = "x".repeat(20_000);
    for (text, reason, id) in [
        ("", "malformed", None),
        ("nonsense", "malformed", None),
        ("[]", "malformed", None),
        ("null", "malformed", None),
        (&deep, "malformed", None),
        (r#"{"text":"no type"}"#, "malformed", None),
        (r#"{"type":"post","id":"p1"}"#, "malformed", Some("p1")),
        (r#"{"type":"post","id":7,"text":"x"}"#, "malformed", None),
        (r#"{"type":"dance","id":"d1"}"#, "unknownType", Some("d1")),
        (r#"{"type":"__proto__"}"#, "unknownType", None),
        (&format!(r#"{{"type":"{long}"}}"#), "unknownType", None),
        (
            &format!(r#"{{"type":"ping","at":"{long}"}}"#),
            "malformed",
            None,
        ),
        (
            r#"{"type":"post","id":"p1","text":"  "}"#,
            "invalid",
            Some("p1"),
        ),
        (
            r#"{"type":"post","id":"not ascii 가","text":"x"}"#,
            "invalid",
            None,
        ),
        (
            r#"{"type":"like","id":"l1","post":"p1","count":0}"#,
            "invalid",
            Some("l1"),
        ),
        (
            r#"{"type":"like","id":"l1","post":"p1","count":-1}"#,
            "malformed",
            Some("l1"),
        ),
        (r#"{"type":"position","lat":91,"lon":0}"#, "invalid", None),
        (
            r#"{"type":"position","lat":1e999,"lon":0}"#,
            "malformed",
            None,
        ),
        (
            r#"{"type":"viewport","west":0,"south":1,"east":0,"north":0}"#,
            "invalid",
            None,
        ),
    ] {
        a.send_raw(Message::text(text.to_owned())).await;
        let refused = a.get("rejected").await;
        assert_eq!(refused["reason"], reason, "{text}: {refused}");
        assert_eq!(refused["id"].as_str(), id, "{text}: {refused}");
        // It says what to do, and does not send back what was sent.
        assert!(
            (10..400).contains(&refused["message"].as_str().unwrap().len()),
            "{refused}"
        );
    }
    a.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(a.get("rejected").await["reason"], "malformed");
    assert_eq!(a.post("p1", "still here").await["seq"], 1);
}

#[tokio::test]
async fn fifty_refusals_in_a_row_end_the_link() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    for _ in 0..49 {
        a.send_raw(Message::text("nonsense")).await;
    }
    assert_eq!(
        a.post("p1", "a good one starts the count anew").await["type"],
        "ack"
    );
    for _ in 0..50 {
        a.send_raw(Message::text("nonsense")).await;
    }
    assert_eq!(a.end().await.unwrap(), 1008);
}

#[tokio::test]
async fn a_message_of_64_kib_is_read_and_a_longer_one_ends_the_link_with_1009() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    a.send_raw(Message::text("x".repeat(MAX_MESSAGE_BYTES)))
        .await;
    assert_eq!(a.get("rejected").await["reason"], "malformed");
    a.send_raw(Message::text("x".repeat(MAX_MESSAGE_BYTES + 1)))
        .await;
    assert_eq!(a.end().await.unwrap(), 1009);
}

#[tokio::test]
async fn a_flood_is_refused_by_rate_and_each_message_is_answered() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    for n in 0..900 {
        a.send(json!({"type":"time","id":format!("t{n}")})).await;
    }
    let mut refused = 0;
    for n in 0..900 {
        let message = a.next().await;
        assert_eq!(message["id"], format!("t{n}"));
        refused += usize::from(message["reason"] == "rateLimited");
    }
    assert!((1..=700).contains(&refused), "{refused} of 900 refused");
}

#[tokio::test]
async fn handshakes_with_wrong_parameters_or_of_foreign_pages_are_refused() {
    let server = server().await;
    let status = async |query: &str, origin: Option<&str>| {
        let address = server.ws_address();
        let mut request = format!("ws://{address}/ws?{query}")
            .into_client_request()
            .unwrap();
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().unwrap());
        }
        match client_async(request, TcpStream::connect(address).await.unwrap()).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(status("room=Seoul", None).await, 400);
    assert_eq!(status("room=", None).await, 400);
    assert_eq!(status("room=a&client=a%20b", None).await, 400);
    assert_eq!(status("room=a", Some("http://example.com")).await, 403);
    assert_eq!(status("room=a", Some("null")).await, 403);
    assert_eq!(status("room=a", Some("http://127.0.0.1:1234")).await, 101);
    assert_eq!(status("room=a-1", None).await, 101);
}

#[tokio::test]
async fn rooms_are_bounded() {
    let server = server().await;
    for n in 0..29 {
        Client::dial(server.ws_address(), &format!("room=r{n}"))
            .await
            .unwrap();
    }
    let full = Client::dial(server.ws_address(), "room=one-more").await;
    assert!(matches!(full, Err(Error::Http(response)) if response.status() == 400));
    Client::dial(server.ws_address(), "room=r3")
        .await
        .expect("existing rooms stay open");
}
