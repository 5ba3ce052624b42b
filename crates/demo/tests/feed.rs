//! Posts, likes, history, presence, typing, read marks and requests, over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Client, get, server};
use serde_json::{Value, json};

#[tokio::test]
async fn a_post_is_acknowledged_and_reaches_everyone_once() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    assert_eq!(
        a.post("p1", "안녕").await,
        json!({"type":"ack","id":"p1","seq":1,"duplicate":false})
    );
    for client in [&mut a, &mut b] {
        let posted = client.get("posted").await;
        assert_eq!(posted["id"], "p1");
        assert_eq!(posted["seq"], 1);
        assert_eq!(posted["text"], "안녕");
        assert_eq!(posted["user"], "a");
        assert_eq!(posted["name"], "name of a");
    }
}

#[tokio::test]
async fn a_post_sent_again_is_acknowledged_again_and_has_no_other_effect() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    a.post("p1", "once").await;
    assert_eq!(
        a.post("p1", "once").await,
        json!({"type":"ack","id":"p1","seq":1,"duplicate":true})
    );
    // Over a new connection too.
    drop(a);
    let mut a = Client::join(&server, "a").await;
    assert_eq!(a.post("p1", "once").await["duplicate"], true);
    a.post("p2", "twice").await;
    b.get("posted").await;
    assert_eq!(b.get("posted").await["id"], "p2", "p1 was told once");
    let stats = get(&server, "/stats").await.json();
    assert_eq!(
        (&stats["posts"], &stats["duplicates"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn the_id_of_another_user_is_refused() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    a.post("p1", "mine").await;
    let refused = b.post("p1", "also mine").await;
    assert_eq!(
        (&refused["type"], &refused["reason"]),
        (&json!("rejected"), &json!("idTaken"))
    );
}

#[tokio::test]
async fn likes_add_up_and_a_repeated_like_does_not() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    a.post("p1", "like me").await;
    let like = json!({"type":"like","id":"l1","post":"p1","count":3});
    assert_eq!(b.ask(like.clone()).await["seq"], 2);
    assert_eq!(
        b.ask(like).await,
        json!({"type":"ack","id":"l1","seq":2,"duplicate":true})
    );
    b.ask(json!({"type":"like","id":"l2","post":"p1","count":2}))
        .await;
    assert_eq!(a.get("liked").await["likes"], 3);
    let liked = a.get("liked").await;
    assert_eq!(
        (&liked["likes"], &liked["seq"], &liked["user"]),
        (&json!(5), &json!(3), &json!("b"))
    );
    let refused = b
        .ask(json!({"type":"like","id":"l3","post":"nothing","count":1}))
        .await;
    assert_eq!(refused["reason"], "notFound");
}

#[tokio::test]
async fn a_returning_client_gets_exactly_what_it_missed() {
    let server = server().await;
    let mut a = Client::dial(server.ws_address(), "").await.unwrap();
    a.hello("a", Value::Null, Value::Null).await;
    let epoch = a.get("welcome").await["epoch"].clone();
    let first = a.get("history").await;
    assert_eq!(
        (&first["recovered"], &first["snapshot"]),
        (&json!(true), &json!(true))
    );

    let mut b = Client::join(&server, "b").await;
    b.post("p1", "seen").await;
    a.get("posted").await;
    drop(a);
    b.post("p2", "missed").await;
    b.ask(json!({"type":"like","id":"l1","post":"p1","count":4}))
        .await;

    let (_a, history) = Client::join_since(&server, "a", epoch, json!(1)).await;
    assert_eq!(
        (&history["recovered"], &history["snapshot"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(history["seq"], 3);
    assert_eq!(history["posts"].as_array().unwrap().len(), 1);
    assert_eq!(history["posts"][0]["id"], "p2");
    assert_eq!(
        (&history["likes"][0]["post"], &history["likes"][0]["likes"]),
        (&json!("p1"), &json!(4))
    );
}

#[tokio::test]
async fn another_epoch_is_a_gap_and_says_so() {
    let server = server().await;
    let mut b = Client::join(&server, "b").await;
    b.post("p1", "hello").await;
    let (_a, history) = Client::join_since(&server, "a", json!("other"), json!(1)).await;
    assert_eq!(
        (&history["recovered"], &history["snapshot"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(history["posts"][0]["id"], "p1");
}

#[tokio::test]
async fn pong_shows_the_newest_seq_and_replay_fills_the_gap() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    a.post("p1", "one").await;
    a.post("p2", "two").await;
    a.send(json!({"type":"ping","at":12.5})).await;
    let pong = a.get("pong").await;
    assert_eq!((&pong["at"], &pong["seq"]), (&json!(12.5), &json!(2)));
    assert!(pong["serverTime"].as_u64().unwrap() > 1_700_000_000_000);
    let history = a.ask(json!({"type":"replay","id":"r1","since":1})).await;
    assert_eq!(
        (&history["type"], &history["recovered"]),
        (&json!("history"), &json!(true))
    );
    assert_eq!(history["posts"][0]["id"], "p2");
}

#[tokio::test]
async fn rooms_are_apart() {
    let server = server().await;
    let mut seoul = Client::join(&server, "a").await;
    let mut busan = Client::dial(server.ws_address(), "room=busan")
        .await
        .unwrap();
    busan.hello("b", Value::Null, Value::Null).await;
    assert_eq!(busan.get("welcome").await["room"], "busan");
    seoul.post("p1", "in seoul").await;
    assert_eq!(busan.post("p1", "in busan").await["seq"], 1);
    assert_eq!(busan.get("posted").await["text"], "in busan");
}

#[tokio::test]
async fn presence_is_told_at_once_on_coming_and_after_a_grace_period_on_going() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    let b = Client::join(&server, "b").await;
    assert_eq!(
        a.get("presence").await,
        json!({"type":"presence","user":"b","name":"name of b","online":true})
    );
    // A reconnect within the grace period is not told at all.
    drop(b);
    let b = Client::join(&server, "b").await;
    drop(b);
    assert_eq!(a.get("presence").await["online"], false);
    // Who comes now sees only who is here.
    let mut c = Client::dial(server.ws_address(), "").await.unwrap();
    c.hello("c", Value::Null, Value::Null).await;
    let present = c.get("welcome").await["present"].clone();
    let users: Vec<&str> = present
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["user"].as_str().unwrap())
        .collect();
    assert_eq!(users, ["a", "c"]);
}

#[tokio::test]
async fn typing_reaches_the_others_and_ends_by_a_post_or_by_itself() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    a.send(json!({"type":"typing","active":true})).await;
    assert_eq!(b.get("typing").await["active"], true);
    a.post("p1", "done").await;
    assert_eq!(b.get("typing").await["active"], false);
    a.send(json!({"type":"typing","active":true})).await;
    assert_eq!(b.get("typing").await["active"], true);
    assert_eq!(b.get("typing").await["active"], false, "it expires");
    let own = a.arrived();
    assert!(
        own.iter().all(|message| message["type"] != "typing"),
        "{own:?}"
    );
}

#[tokio::test]
async fn read_marks_move_forward_only_and_not_past_the_feed() {
    let server = server().await;
    let (mut a, mut b) = (
        Client::join(&server, "a").await,
        Client::join(&server, "b").await,
    );
    for id in ["p1", "p2", "p3"] {
        a.post(id, "text").await;
    }
    for seq in [2, 1, 99] {
        b.send(json!({"type":"read","seq":seq})).await;
    }
    assert_eq!(
        a.get("read").await,
        json!({"type":"read","user":"b","seq":2})
    );
    assert_eq!(a.get("read").await["seq"], 3);
    let mut c = Client::dial(server.ws_address(), "").await.unwrap();
    c.hello("c", Value::Null, Value::Null).await;
    assert_eq!(
        c.get("welcome").await["reads"],
        json!([{"user":"b","seq":3}])
    );
}

#[tokio::test]
async fn requests_are_answered_by_correlation_id() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    a.post("p1", "The Ferry to Jeju").await;
    a.post("p2", "nothing").await;
    let found = a
        .ask(json!({"type":"search","id":"q1","query":"ferry"}))
        .await;
    assert_eq!(found["type"], "found");
    assert_eq!(found["posts"].as_array().unwrap().len(), 1);
    assert_eq!(found["posts"][0]["id"], "p1");
    assert_eq!(
        a.ask(json!({"type":"whoIs","id":"q2","user":"a"})).await,
        json!({"type":"profile","id":"q2","user":"a","name":"name of a","online":true,"posts":2})
    );
    assert_eq!(
        a.ask(json!({"type":"whoIs","id":"q3","user":"x"})).await["reason"],
        "notFound"
    );
    assert_eq!(
        a.ask(json!({"type":"time","id":"q4"})).await["type"],
        "time"
    );
}

#[tokio::test]
async fn a_repeated_hello_is_harmless_and_before_it_nothing_is_told() {
    let server = server().await;
    let mut a = Client::join(&server, "a").await;
    let mut b = Client::dial(server.ws_address(), "").await.unwrap();
    assert_eq!(b.post("p1", "too early").await["reason"], "helloRequired");
    a.post("p2", "hello").await;
    assert_eq!(b.ask(json!({"type":"time","id":"t"})).await["type"], "time");
    assert!(b.arrived().is_empty(), "no posted before hello");
    for _ in 0..2 {
        b.hello("b", Value::Null, Value::Null).await;
        b.get("welcome").await;
        assert_eq!(b.get("history").await["posts"][0]["id"], "p2");
    }
    drop(b);
    // One of two hellos must not keep the user present for ever.
    a.get_where("presence", |presence| presence["online"] == false)
        .await;
}
