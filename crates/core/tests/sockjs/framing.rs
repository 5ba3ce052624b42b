//! Frames and messages as text.

use everwire_core::protocol::sockjs::{
    Frame, FrameError, Info, InfoError, read_messages, write_messages,
};

fn messages(items: &[&str]) -> Frame {
    Frame::Messages(items.iter().map(ToString::to_string).collect())
}

fn written(frame: &Frame) -> String {
    let mut out = String::new();
    frame.write(&mut out);
    out
}

#[test]
fn frames_are_read_as_sockjs_node_writes_them() {
    for (text, frame) in [
        ("o", Frame::Open),
        ("h", Frame::Heartbeat),
        ("a[]", messages(&[])),
        (r#"a["one","two"]"#, messages(&["one", "two"])),
        (r#"m"old""#, messages(&["old"])),
        (
            r#"c[3000,"Go away!"]"#,
            Frame::Close {
                code: 3000,
                reason: "Go away!".into(),
            },
        ),
    ] {
        assert_eq!(Frame::parse(text), Ok(frame), "{text}");
    }
    assert_eq!(Frame::parse(&"h".repeat(2_048)), Ok(Frame::Heartbeat));
}

#[test]
fn what_has_no_meaning_is_ignored() {
    for text in [
        "",
        "x",
        "x[1]",
        "a",
        "c",
        "m",
        "a ",
        r#"a"x""#,
        r#"a{"a":1}"#,
        "c[1]",
        "c[]",
        "c{}",
        "c7",
        r#"c["1000",1]"#,
        "c[1,2,3]",
    ] {
        assert_eq!(Frame::parse(text), Ok(Frame::Unknown), "{text}");
    }
}

#[test]
fn bad_json_is_an_error() {
    for text in [
        "a[",
        "a[1",
        r#"a["x]"#,
        "a[,]",
        "a[1,]",
        "a[] x",
        "m{",
        "m\"",
        "c[1,",
        "c[1000,\"x\"",
        r#"a["\u12"]"#,
        r#"a["\x"]"#,
        "a[\"\n\"]",
        "c[70000,\"\"]",
        "c[-1,\"\"]",
        "c[1.5,\"\"]",
        "c[null,\"\"]",
        "afalse!",
    ] {
        assert_eq!(Frame::parse(text), Err(FrameError), "{text}");
    }
}

#[test]
fn what_is_no_string_in_a_batch_is_kept_as_json() {
    assert_eq!(
        Frame::parse(r#"a[1, null ,{"a":[1,"x]"]},"s"]"#),
        Ok(messages(&["1", "null", r#"{"a":[1,"x]"]}"#, "s"]))
    );
}

#[test]
fn half_a_surrogate_pair_does_not_cost_the_connection() {
    assert_eq!(
        Frame::parse(r#"a["\ud83d\ude00 \ud83d \ude00 \ud83dx \ud83d\u0041"]"#),
        Ok(messages(&["😀 \u{fffd} \u{fffd} \u{fffd}x \u{fffd}A"]))
    );
}

#[test]
fn a_server_writes_what_a_client_reads() {
    for (frame, text) in [
        (Frame::Open, "o"),
        (Frame::Heartbeat, "h"),
        (Frame::Unknown, ""),
        (
            messages(&["a\"\\\n\r\t\0\u{1f}\u{2028}é"]),
            "a[\"a\\\"\\\\\\n\\r\\t\\u0000\\u001f\\u2028é\"]",
        ),
        (
            Frame::Close {
                code: 2010,
                reason: "Another connection still open".into(),
            },
            r#"c[2010,"Another connection still open"]"#,
        ),
    ] {
        assert_eq!(written(&frame), text);
        assert_eq!(Frame::parse(text), Ok(frame));
    }
}

#[test]
fn a_server_reads_what_clients_send() {
    let mut out = String::new();
    write_messages(["one", "\"two\""], &mut out);
    assert_eq!(out, r#"["one","\"two\""]"#);
    assert_eq!(
        read_messages(&out),
        Ok(vec!["one".into(), "\"two\"".into()])
    );
    assert_eq!(read_messages(r#""bare""#), Ok(vec!["bare".into()]));
    assert_eq!(read_messages(""), Ok(vec![]));
    assert_eq!(read_messages(" [] "), Ok(vec![]));
    for text in ["x", "{}", "[1", "7", "null", r#"["a"]["#, "[\"a\",]"] {
        assert_eq!(read_messages(text), Err(FrameError), "{text}");
    }
}

#[test]
fn info_of_sockjs_node_is_read_and_unknown_members_are_skipped() {
    let info = Info::parse(
        r#"{"websocket":false,"origins":["*:*"],"cookie_needed":true,"entropy":3914720465,"new":{"a":[]}}"#,
    );
    let expected = Info {
        websocket: false,
        base_url: None,
        cookie_needed: true,
        entropy: 3_914_720_465,
    };
    assert_eq!(info, Ok(expected));
}

#[test]
fn info_with_members_of_other_types_says_nothing_by_them() {
    let info = Info::parse(r#"{"websocket":null,"base_url":7,"cookie_needed":1,"entropy":"x"}"#);
    assert_eq!(info, Ok(Info::default()));
    assert_eq!(Info::parse("{}"), Ok(Info::default()));
}

#[test]
fn info_that_is_no_object_is_an_error() {
    for text in ["", "[]", "<html>", "{", "{\"websocket\":}", "{} x"] {
        assert_eq!(Info::parse(text), Err(InfoError), "{text}");
    }
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(70_000));
    assert_eq!(Info::parse(&long), Err(InfoError));
}

#[test]
fn info_survives_writing_and_reading() {
    for base_url in [None, Some("https://other.example/\"x\"".to_owned())] {
        let info = Info {
            websocket: false,
            base_url,
            cookie_needed: true,
            entropy: 7,
        };
        let mut out = String::new();
        info.write(&mut out);
        assert_eq!(Info::parse(&out), Ok(info));
    }
}
