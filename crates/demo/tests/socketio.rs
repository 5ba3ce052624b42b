//! The Socket.IO endpoint on the wire: Engine.IO version 4 over polling and WebSocket, events, acknowledgements.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Client, DEADLINE, call, chaos, server, server_with};
use everwire_demo::{Config, Server};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// A Socket.IO client of the least kind: packets as text, pings answered.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    async fn dial(server: &Server, query: &str) -> Self {
        let address = server.ws_address();
        let tcp = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket&{query}");
        let (socket, _) = client_async(url, tcp).await.unwrap();
        let mut peer = Self(socket);
        assert!(peer.text().await.starts_with("0{"), "no handshake");
        peer.send("40").await;
        peer
    }

    /// Connects as a user; gives the client past its history.
    async fn join(server: &Server, user: &str) -> Self {
        let mut peer = Self::dial(server, &format!("client={user}")).await;
        assert!(peer.text().await.starts_with("40{"), "not admitted");
        let hello = json!({"user":user,"name":user,"epoch":null,"lastSeq":null});
        peer.emit("hello", hello, None).await;
        peer.event("welcome").await;
        peer.event("history").await;
        peer
    }

    async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    async fn emit(&mut self, event: &str, data: Value, ack: Option<u32>) {
        let ack = ack.map_or(String::new(), |id| id.to_string());
        self.send(&format!("42{ack}{}", json!([event, data]))).await;
    }

    /// The next packet that is not a ping.
    async fn text(&mut self) -> String {
        loop {
            let message = timeout(DEADLINE, self.0.next())
                .await
                .expect("a packet in time")
                .expect("the connection is open")
                .unwrap();
            match message {
                Message::Text(text) if text == "2" => self.send("3").await,
                Message::Text(text) => return text.to_string(),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The argument of the next event of a name, and the number of the acknowledgement that it asks for.
    async fn event(&mut self, name: &str) -> (Value, Option<u32>) {
        loop {
            let packet = self.text().await;
            let Some(rest) = packet.strip_prefix("42") else {
                continue;
            };
            let begin = rest.find('[').unwrap();
            let data: Value = serde_json::from_str(&rest[begin..]).unwrap();
            if data[0] == name {
                return (data[1].clone(), rest[..begin].parse().ok());
            }
        }
    }

    /// The argument of an acknowledgement.
    async fn acked(&mut self, id: u32) -> Value {
        let prefix = format!("43{id}[");
        loop {
            let packet = self.text().await;
            if packet.starts_with(&prefix) {
                let data: Value = serde_json::from_str(&packet[prefix.len() - 1..]).unwrap();
                return data[0].clone();
            }
        }
    }
}

#[tokio::test]
async fn a_post_is_acknowledged_and_told_to_clients_of_every_transport() {
    let server = server().await;
    let mut peer = Peer::join(&server, "u1").await;
    let mut bare = Client::join(&server, "u2").await;
    let post = json!({"id":"p1","text":"안녕"});
    peer.emit("post", post.clone(), Some(7)).await;
    assert_eq!(
        peer.acked(7).await,
        json!({"type":"ack","id":"p1","seq":1,"duplicate":false})
    );
    let (posted, _) = peer.event("posted").await;
    assert_eq!(
        (&posted["seq"], &posted["text"]),
        (&json!(1), &json!("안녕"))
    );
    assert!(posted.get("type").is_none());
    assert_eq!(bare.get("posted").await["id"], "p1");
    // The same once more, and an answer that nobody asked for is an event.
    peer.emit("post", post.clone(), Some(8)).await;
    assert_eq!(peer.acked(8).await["duplicate"], true);
    peer.emit("post", post, None).await;
    assert_eq!(peer.event("ack").await.0["id"], "p1");
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_nonsense_harms_nobody() {
    let server = server().await;
    let mut peer = Peer::join(&server, "u1").await;
    peer.emit("post", json!({"id":"p1","text":""}), Some(0))
        .await;
    assert_eq!(peer.acked(0).await["reason"], "invalid");
    peer.emit("nonsense", json!({}), None).await;
    assert_eq!(peer.event("rejected").await.0["reason"], "unknownType");
    peer.send(r#"42["post",[1,2]]"#).await;
    assert_eq!(peer.event("rejected").await.0["reason"], "malformed");
    peer.send(r#"421["time",{"id":"t1"}]"#).await;
    assert!(peer.acked(1).await["serverTime"].is_u64());
}

#[tokio::test]
async fn events_are_taken_in_the_order_of_the_wire() {
    let server = server().await;
    let mut peer = Peer::join(&server, "u1").await;
    for index in 0..150 {
        let post = json!({"id":format!("p{index}"),"text":"x"});
        peer.emit("post", post, None).await;
    }
    for index in 0..150 {
        assert_eq!(peer.event("posted").await.0["id"], format!("p{index}"));
    }
}

#[tokio::test]
async fn positions_wait_for_the_client_and_the_newest_are_shown() {
    let server = server_with(Config {
        vehicles: 40,
        tick_ms: 50,
        ..Config::default()
    })
    .await;
    let mut peer = Peer::join(&server, "u1").await;
    let world = json!({"west":-180,"south":-90,"east":180,"north":90});
    peer.emit("viewport", world, None).await;
    let (snapshot, ack) = peer.event("snapshot").await;
    assert_eq!(snapshot["positions"].as_array().unwrap().len(), 40);
    // Nothing is shown until the snapshot is acknowledged; events pass, and what waits is conflated.
    let superseded = server.hub().stats().superseded.value();
    while server.hub().stats().superseded.value() < superseded + 200 {
        peer.emit("ping", json!({"at":1}), None).await;
        loop {
            let packet = peer.text().await;
            assert!(!packet.contains(r#"["positions""#), "{packet}");
            // Too many of them are refused, which is an event as well.
            if packet.contains(r#"["pong""#) || packet.contains(r#"["rejected""#) {
                break;
            }
        }
    }
    peer.send(&format!("43{}[]", ack.unwrap())).await;
    let (positions, ack) = peer.event("positions").await;
    assert_eq!(positions["positions"].as_array().unwrap().len(), 32);
    assert!(ack.is_some());
}

#[tokio::test]
async fn polling_works_without_any_websocket() {
    let server = server().await;
    chaos(&server, "", json!({"webSocketBlocked":true})).await;
    let address = server.ws_address();
    let request = async |method: &str, sid: &str, body: &str| {
        let query = format!("EIO=4&transport=polling&client=u1{sid}");
        let head = format!("{method} /socket.io/?{query} HTTP/1.1\r\nHost: {address}");
        call(address, &head, body).await
    };
    let handshake = request("GET", "", "").await;
    let open: Value = serde_json::from_str(&handshake.body[1..]).unwrap();
    let sid = format!("&sid={}", open["sid"].as_str().unwrap());
    let hello = json!(["hello", {"user":"u1","name":"u1","epoch":null,"lastSeq":null}]);
    assert_eq!(request("POST", &sid, "40").await.body, "ok");
    assert!(request("GET", &sid, "").await.body.starts_with("40{"));
    assert_eq!(
        request("POST", &sid, &format!("42{hello}")).await.body,
        "ok"
    );
    let mut seen = String::new();
    while !seen.contains(r#"["history""#) {
        seen += &request("GET", &sid, "").await.body;
    }
    assert!(seen.contains(r#"["welcome""#), "{seen}");
}

#[tokio::test]
async fn an_end_says_its_code_and_a_wrong_room_is_refused() {
    let server = server().await;
    let mut peer = Peer::join(&server, "u1").await;
    chaos(
        &server,
        "?client=u1",
        json!({"close":{"code":4001,"reason":"enough"}}),
    )
    .await;
    assert_eq!(
        peer.event("end").await.0,
        json!({"code":4001,"reason":"enough"})
    );
    assert_eq!(peer.text().await, "41");

    let mut peer = Peer::dial(&server, "room=No").await;
    let refusal = peer.text().await;
    assert!(
        refusal.starts_with("44{") && refusal.contains("room must be"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_client_that_goes_leaves_its_room_and_a_kill_ends_every_session() {
    let server = server().await;
    let peer = Peer::join(&server, "u1").await;
    let mut watcher = Client::join(&server, "u2").await;
    assert_eq!(server.hub().connected(), 2);
    drop(peer);
    watcher
        .get_where("presence", |message| {
            message["user"] == "u1" && message["online"] == false
        })
        .await;
    assert_eq!(server.hub().connected(), 1);

    let mut peer = Peer::join(&server, "u3").await;
    chaos(&server, "", json!({"kill":{"seconds":null}})).await;
    assert_eq!(server.hub().connected(), 0);
    while let Some(Ok(_)) = timeout(DEADLINE, peer.0.next()).await.unwrap() {}
    chaos(&server, "", json!({"kill":false})).await;
    Peer::join(&server, "u3").await;
}

#[tokio::test]
async fn the_page_is_told_where_to_connect_and_may() {
    let own = server().await;
    let config = common::get(&own, "/config.json").await;
    let origin = format!("http://{}", own.ws_address());
    assert_eq!(config.json()["socketio"], origin);
    assert_eq!(config.json()["sockjs"], format!("{origin}/sockjs"));
    let other = server_with(Config {
        vehicles: 0,
        socketio: Some("http://192.0.2.1:3000".into()),
        ..Config::default()
    })
    .await;
    let config = common::get(&other, "/config.json").await;
    assert_eq!(config.json()["socketio"], "http://192.0.2.1:3000");
    let policy = config.header("content-security-policy").unwrap();
    assert!(
        policy.contains(" http://192.0.2.1:3000 ws://192.0.2.1:3000"),
        "{policy}"
    );
}
