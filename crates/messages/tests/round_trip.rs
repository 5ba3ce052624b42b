//! Every message survives JSON, postcard and MessagePack, and JSON looks as documented.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fmt::Debug;

use everwire_messages::{
    ClientMessage, ServerMessage,
    location::{Kind, Left, OwnPosition, Position, Positions, Snapshot, Viewport},
    request::{AskTime, Found, Profile, Search, ServerTime, WhoIs},
    session::{Ack, Hello, Ping, Pong, Reason, Rejected, Welcome},
    social::{
        History, Like, Liked, NewPost, OwnReadMark, OwnTyping, Post, Presence, ReadMark, Replay,
        Typing,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

fn client_messages() -> Vec<ClientMessage> {
    vec![
        Hello {
            user: "u1".into(),
            name: "민수".into(),
            epoch: Some("e1".into()),
            last_seq: Some(7),
        }
        .into(),
        Hello {
            user: "u1".into(),
            name: "민수".into(),
            epoch: None,
            last_seq: None,
        }
        .into(),
        Ping {
            at: 1_795_000_000_123.25,
        }
        .into(),
        NewPost {
            id: "p1".into(),
            text: "안녕 \u{1F68C}\n\"quoted\"".into(),
        }
        .into(),
        Like {
            id: "l1".into(),
            post: "p1".into(),
            count: 3,
        }
        .into(),
        OwnTyping { active: true }.into(),
        OwnReadMark {
            seq: 9_007_199_254_740_991,
        }
        .into(),
        Replay {
            id: "r1".into(),
            since: 4,
        }
        .into(),
        Viewport {
            west: 124.0,
            south: 33.0,
            east: 132.0,
            north: 39.5,
        }
        .into(),
        OwnPosition {
            lat: 37.5665,
            lon: 126.978,
            heading: None,
            speed: Some(1.5),
        }
        .into(),
        Search {
            id: "s1".into(),
            query: "bus".into(),
        }
        .into(),
        WhoIs {
            id: "w1".into(),
            user: "u2".into(),
        }
        .into(),
        AskTime { id: "t1".into() }.into(),
    ]
}

fn position() -> Position {
    Position {
        id: "bus-7".into(),
        kind: Kind::Bus,
        lat: 37.5,
        lon: 127.0,
        heading: 90.0,
        speed: 700.0,
        at: 1_795_000_000_000,
    }
}

fn post() -> Post {
    Post {
        seq: 8,
        id: "p1".into(),
        user: "u1".into(),
        name: "민수".into(),
        text: "안녕".into(),
        at: 1_795_000_000_000,
        likes: 2,
    }
}

fn liked() -> Liked {
    Liked {
        seq: 9,
        id: "l1".into(),
        post: "p1".into(),
        user: "u2".into(),
        likes: 3,
    }
}

fn server_messages() -> Vec<ServerMessage> {
    let viewport = Viewport {
        west: 124.0,
        south: 33.0,
        east: 132.0,
        north: 39.5,
    };
    let presence = Presence {
        user: "u1".into(),
        name: "민수".into(),
        online: true,
    };
    let read = ReadMark {
        user: "u1".into(),
        seq: 7,
    };
    vec![
        Welcome {
            client: "c1".into(),
            user: "u1".into(),
            room: "seoul".into(),
            epoch: "e1".into(),
            seq: 9,
            server_time: 1_795_000_000_000,
            present: vec![presence.clone()],
            reads: vec![read.clone()],
        }
        .into(),
        History {
            id: None,
            seq: 9,
            recovered: true,
            snapshot: false,
            posts: vec![post()],
            likes: vec![liked()],
        }
        .into(),
        Ack {
            id: "p1".into(),
            seq: 8,
            duplicate: false,
        }
        .into(),
        Rejected {
            id: None,
            reason: Reason::UnknownType,
            message: "no such type".into(),
        }
        .into(),
        Pong {
            at: 12.5,
            server_time: 1_795_000_000_000,
            seq: 9,
        }
        .into(),
        post().into(),
        liked().into(),
        Typing {
            user: "u1".into(),
            name: "민수".into(),
            active: false,
        }
        .into(),
        presence.into(),
        read.into(),
        Snapshot {
            viewport,
            positions: vec![position()],
        }
        .into(),
        Positions {
            positions: vec![position()],
        }
        .into(),
        Left {
            ids: vec!["bus-7".into()],
        }
        .into(),
        Found {
            id: "s1".into(),
            posts: vec![post()],
            positions: vec![position()],
        }
        .into(),
        Profile {
            id: "w1".into(),
            user: "u2".into(),
            name: "지우".into(),
            online: false,
            posts: 4,
        }
        .into(),
        ServerTime {
            id: "t1".into(),
            server_time: 1_795_000_000_000,
        }
        .into(),
    ]
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: &T) {
    let json = serde_json::to_string(message).unwrap();
    assert_eq!(
        &serde_json::from_str::<T>(&json).unwrap(),
        message,
        "json: {json}"
    );

    let bytes = postcard::to_allocvec(message).unwrap();
    assert_eq!(
        &postcard::from_bytes::<T>(&bytes).unwrap(),
        message,
        "postcard: {bytes:?}"
    );

    let named = rmp_serde::to_vec_named(message).unwrap();
    assert_eq!(
        &rmp_serde::from_slice::<T>(&named).unwrap(),
        message,
        "named: {named:?}"
    );

    let compact = rmp_serde::to_vec(message).unwrap();
    assert_eq!(
        &rmp_serde::from_slice::<T>(&compact).unwrap(),
        message,
        "compact: {compact:?}"
    );
}

#[test]
fn client_messages_survive_every_codec() {
    client_messages().iter().for_each(survives);
}

#[test]
fn server_messages_survive_every_codec() {
    server_messages().iter().for_each(survives);
}

#[test]
fn json_is_one_flat_object_with_the_name_in_type() {
    let names = |values: Vec<serde_json::Value>| -> Vec<String> {
        values
            .iter()
            .map(|value| value["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let client = client_messages()
        .iter()
        .map(|m| serde_json::to_value(m).unwrap())
        .collect();
    let server = server_messages()
        .iter()
        .map(|m| serde_json::to_value(m).unwrap())
        .collect();
    assert_eq!(
        names(client),
        [
            "hello", "hello", "ping", "post", "like", "typing", "read", "replay", "viewport",
            "position", "search", "whoIs", "time"
        ]
    );
    assert_eq!(
        names(server),
        [
            "welcome",
            "history",
            "ack",
            "rejected",
            "pong",
            "posted",
            "liked",
            "typing",
            "presence",
            "read",
            "snapshot",
            "positions",
            "left",
            "found",
            "profile",
            "time"
        ]
    );
    assert_eq!(
        serde_json::to_value(&client_messages()[0]).unwrap(),
        json!({"type": "hello", "user": "u1", "name": "민수", "epoch": "e1", "lastSeq": 7})
    );
}

#[test]
fn missing_and_null_optional_fields_are_the_same() {
    let missing: ClientMessage =
        serde_json::from_value(json!({"type": "hello", "user": "u", "name": "n"})).unwrap();
    let null: ClientMessage = serde_json::from_value(
        json!({"type": "hello", "user": "u", "name": "n", "epoch": null, "lastSeq": null}),
    )
    .unwrap();
    assert_eq!(missing, null);
}

#[test]
fn the_type_may_come_last_and_unknown_fields_are_ignored() {
    let text = r#"{"text": "hi", "mood": ["new"], "id": "p1", "type": "post"}"#;
    let message: ClientMessage = serde_json::from_str(text).unwrap();
    assert_eq!(
        message,
        NewPost {
            id: "p1".into(),
            text: "hi".into()
        }
        .into()
    );
}

#[test]
fn whole_numbers_are_accepted_for_coordinates() {
    let text = r#"{"type":"viewport","west":124,"south":33,"east":132,"north":39}"#;
    let message: ClientMessage = serde_json::from_str(text).unwrap();
    assert_eq!(
        message,
        Viewport {
            west: 124.0,
            south: 33.0,
            east: 132.0,
            north: 39.0
        }
        .into()
    );
}

#[test]
fn unknown_types_and_missing_tags_are_errors() {
    for text in [
        r#"{"type":"nonsense"}"#,
        r#"{"id":"p1","text":"x"}"#,
        "[]",
        "7",
        "",
        r#"{"type":7}"#,
    ] {
        assert!(
            serde_json::from_str::<ClientMessage>(text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn cut_binary_messages_are_errors_and_never_panic() {
    for message in server_messages() {
        let bytes = postcard::to_allocvec(&message).unwrap();
        for end in 0..bytes.len() {
            assert!(postcard::from_bytes::<ServerMessage>(&bytes[..end]).is_err());
        }
    }
}
