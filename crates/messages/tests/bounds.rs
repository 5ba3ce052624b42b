//! Each bound holds at its edge and breaks one step further.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_messages::{
    Check, ClientMessage, Invalid,
    bounds::{MAX_ID_BYTES, MAX_QUERY_CHARS, MAX_SAFE_INTEGER, MAX_TEXT_CHARS},
    location::{OwnPosition, Viewport},
    request::Search,
    session::{Hello, Ping},
    social::{Like, NewPost, Replay},
};
use serde_json::{Value, json};

fn at(lat: f64, lon: f64) -> OwnPosition {
    OwnPosition {
        lat,
        lon,
        heading: None,
        speed: None,
    }
}

fn saying(text: impl Into<String>) -> NewPost {
    NewPost {
        id: "p1".into(),
        text: text.into(),
    }
}

fn by(id: impl Into<String>) -> NewPost {
    NewPost {
        id: id.into(),
        text: "hi".into(),
    }
}

#[test]
fn coordinates_end_at_the_poles_and_the_antimeridian() {
    for (lat, lon) in [(90.0, 180.0), (-90.0, -180.0), (0.0, 0.0)] {
        assert_eq!(at(lat, lon).check(), Ok(()));
    }
    let lat = Err(Invalid::Range {
        field: "lat",
        min: -90.0,
        max: 90.0,
    });
    let lon = Err(Invalid::Range {
        field: "lon",
        min: -180.0,
        max: 180.0,
    });
    for value in [
        90.000_001,
        -90.000_001,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        assert_eq!(at(value, 0.0).check(), lat);
    }
    for value in [180.000_001, -180.000_001, f64::NAN] {
        assert_eq!(at(0.0, value).check(), lon);
    }
}

#[test]
fn optional_numbers_are_checked_when_present() {
    let moving = |heading, speed| OwnPosition {
        heading,
        speed,
        ..at(0.0, 0.0)
    };
    assert_eq!(moving(Some(360.0), Some(100_000.0)).check(), Ok(()));
    assert!(matches!(
        moving(Some(360.1), None).check(),
        Err(Invalid::Range {
            field: "heading",
            ..
        })
    ));
    assert!(matches!(
        moving(None, Some(-0.1)).check(),
        Err(Invalid::Range { field: "speed", .. })
    ));
    assert!(matches!(
        moving(None, Some(f64::NAN)).check(),
        Err(Invalid::Range { field: "speed", .. })
    ));
}

#[test]
fn a_viewport_may_span_the_antimeridian_but_not_stand_on_its_head() {
    let pacific = Viewport {
        west: 170.0,
        south: -10.0,
        east: -170.0,
        north: 10.0,
    };
    assert_eq!(pacific.check(), Ok(()));
    assert!(pacific.contains(0.0, 175.0));
    assert!(pacific.contains(0.0, -175.0));
    assert!(!pacific.contains(0.0, 0.0));
    assert!(!pacific.contains(11.0, 175.0));

    let korea = Viewport {
        west: 124.0,
        south: 33.0,
        east: 132.0,
        north: 39.0,
    };
    assert!(korea.contains(33.0, 132.0));
    assert!(!korea.contains(32.999, 127.0));
    assert_eq!(
        Viewport {
            south: 40.0,
            ..korea
        }
        .check(),
        Err(Invalid::UpsideDown)
    );
}

#[test]
fn a_post_has_1_to_2000_characters_not_bytes() {
    assert_eq!(saying("가".repeat(MAX_TEXT_CHARS)).check(), Ok(()));
    let too = Err(Invalid::Length {
        field: "text",
        max: MAX_TEXT_CHARS,
    });
    assert_eq!(saying("가".repeat(MAX_TEXT_CHARS + 1)).check(), too);
    assert_eq!(saying("x".repeat(MAX_TEXT_CHARS + 1)).check(), too);
    assert_eq!(saying("").check(), too);
    assert_eq!(saying(" \n\t").check(), too);
    assert_eq!(saying("two\nlines").check(), Ok(()));
}

#[test]
fn an_id_is_visible_ascii_of_bounded_length() {
    assert_eq!(by("a".repeat(MAX_ID_BYTES)).check(), Ok(()));
    assert_eq!(by("__proto__").check(), Ok(()));
    let wrong = Err(Invalid::Id { field: "id" });
    for id in [
        String::new(),
        "a".repeat(MAX_ID_BYTES + 1),
        "a b".into(),
        "가".into(),
        "a\n".into(),
    ] {
        assert_eq!(by(id).check(), wrong);
    }
}

#[test]
fn a_name_and_a_query_are_one_line() {
    let named = |name: &str| Hello {
        user: "u".into(),
        name: name.into(),
        epoch: None,
        last_seq: None,
    };
    assert_eq!(named("민수").check(), Ok(()));
    assert_eq!(
        named("a\u{7}").check(),
        Err(Invalid::Control { field: "name" })
    );
    assert_eq!(
        named(&"x".repeat(41)).check(),
        Err(Invalid::Length {
            field: "name",
            max: 40
        })
    );
    let search = Search {
        id: "s".into(),
        query: "a\nb".into(),
    };
    assert_eq!(search.check(), Err(Invalid::Control { field: "query" }));
}

#[test]
fn counts_and_sequence_numbers_are_bounded() {
    let like = |count| Like {
        id: "l".into(),
        post: "p".into(),
        count,
    };
    assert_eq!(like(1).check(), Ok(()));
    assert_eq!(like(100).check(), Ok(()));
    assert!(like(0).check().is_err());
    assert!(like(101).check().is_err());
    let replay = |since| Replay {
        id: "r".into(),
        since,
    };
    assert_eq!(replay(MAX_SAFE_INTEGER).check(), Ok(()));
    assert!(replay(MAX_SAFE_INTEGER + 1).check().is_err());
}

/// Through the enum, as a server gets them: each message is right, and wrong in one field at a time.
#[test]
fn every_bounded_field_of_every_message_is_checked() {
    let long = "x".repeat(MAX_TEXT_CHARS + 1);
    let seq = json!(MAX_SAFE_INTEGER + 1);
    let messages = [
        (
            json!({"type": "hello", "user": "u", "name": "n", "epoch": "e", "lastSeq": 1}),
            json!({"user": "a b", "name": "", "epoch": "", "lastSeq": seq}),
        ),
        (json!({"type": "ping", "at": 0}), json!({"at": -1})),
        (
            json!({"type": "post", "id": "p", "text": "hi"}),
            json!({"id": "", "text": long}),
        ),
        (
            json!({"type": "like", "id": "l", "post": "p", "count": 1}),
            json!({"id": "", "post": "", "count": 0}),
        ),
        (json!({"type": "typing", "active": true}), json!({})),
        (json!({"type": "read", "seq": 1}), json!({"seq": seq})),
        (
            json!({"type": "replay", "id": "r", "since": 1}),
            json!({"id": "", "since": seq}),
        ),
        (
            json!({"type": "viewport", "west": 0, "south": 1, "east": 0, "north": 1}),
            json!({"west": -180.1, "south": -90.1, "east": 180.1, "north": 90.1}),
        ),
        (
            json!({"type": "position", "lat": 0, "lon": 0, "heading": 0, "speed": 0}),
            json!({"lat": 91, "lon": 181, "heading": -1, "speed": 100_001}),
        ),
        (
            json!({"type": "search", "id": "s", "query": "x".repeat(MAX_QUERY_CHARS)}),
            json!({"id": "", "query": "x".repeat(81)}),
        ),
        (
            json!({"type": "whoIs", "id": "w", "user": "u"}),
            json!({"id": "", "user": ""}),
        ),
        (json!({"type": "time", "id": "t"}), json!({"id": ""})),
    ];
    for (right, wrong) in messages {
        let check = |message: &Value| {
            serde_json::from_value::<ClientMessage>(message.clone())
                .unwrap()
                .check()
        };
        assert_eq!(check(&right), Ok(()), "{right}");
        for (field, value) in wrong.as_object().unwrap() {
            let mut message = right.clone();
            message[field] = value.clone();
            let error = check(&message).expect_err(field).to_string();
            assert!(error.starts_with(&format!("{field} must ")), "{error}");
        }
    }
}

#[test]
fn the_enum_checks_its_variant_and_parse_gives_the_proof() {
    assert!(ClientMessage::from(Ping { at: f64::NAN }).check().is_err());
    let valid = by("p9").parse().unwrap();
    assert_eq!(valid.id, "p9");
    assert_eq!(valid.into_inner(), by("p9"));
}

#[test]
fn error_texts_name_the_field_and_the_range() {
    assert_eq!(
        at(91.0, 0.0).check().unwrap_err().to_string(),
        "lat must be a finite number from -90 to 90"
    );
    assert_eq!(
        saying("").check().unwrap_err().to_string(),
        "text must have 1 to 2000 characters"
    );
    assert_eq!(
        by("").check().unwrap_err().to_string(),
        "id must be 1 to 64 visible ascii characters"
    );
}
