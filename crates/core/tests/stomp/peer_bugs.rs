//! Defects that were measured in @stomp/stompjs 7.5.0, as tests of the opposite.

use everwire_core::protocol::stomp::{Body, Escapes, Event, ParseError, Parser, Version, Writer};

use crate::read::{frames, read};

fn round_trip(escapes: Escapes, name: &str, value: &str) {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes, escapes)
        .send("/d", &[(name, value)], Body::Empty)
        .unwrap();
    assert_eq!(frames(escapes, [bytes])[0].header(name), Some(value));
}

#[test]
fn d1_a_path_with_backslashes_survives_the_round_trip() {
    for escapes in [Escapes::None, Escapes::V1_1, Escapes::V1_2] {
        round_trip(escapes, "path", "C:\\new\\cat\\r");
    }
}

#[test]
fn d2_a_bad_content_length_is_an_error_and_holds_nothing_back() {
    for length in ["abc", "-1"] {
        let message = ["MESSAGE\ncontent-length:", length, "\n\nbody\0"].concat();
        assert_eq!(
            read(Escapes::V1_2, [message]),
            Err(ParseError::BadContentLength)
        );
    }
}

#[test]
fn d3_the_octet_behind_the_body_must_be_nul() {
    let message = "MESSAGE\ncontent-length:4\n\nbodyX\0";
    assert_eq!(read(Escapes::V1_2, [message]), Err(ParseError::MissingNul));
}

#[test]
fn d4_a_header_line_without_colon_does_not_merge_with_the_next() {
    let message = "MESSAGE\nfoo\nbar:1\n\n\0";
    assert_eq!(read(Escapes::V1_2, [message]), Err(ParseError::NoColon));
}

#[test]
fn d5_bad_escapes_are_errors_in_1_1_and_1_2() {
    let bad = |escapes, code: &str| read(escapes, [["MESSAGE\nh:\\", code, "\n\n\0"].concat()]);
    for escapes in [Escapes::V1_1, Escapes::V1_2] {
        assert_eq!(bad(escapes, "t"), Err(ParseError::BadEscape));
    }
    assert_eq!(bad(Escapes::V1_1, "r"), Err(ParseError::BadEscape));
    assert!(bad(Escapes::V1_2, "r").is_ok());
}

#[test]
fn d5_blanks_carriage_returns_and_names_survive() {
    for escapes in [Escapes::V1_1, Escapes::V1_2] {
        round_trip(escapes, "h", "  a\rb\t ");
        round_trip(escapes, "na:me\\\n", "v");
    }
    round_trip(Escapes::None, "h", "  a\rb ");
}

#[test]
fn d6_escapes_are_read_in_1_1_too() {
    let message = "MESSAGE\nh:a\\cb\n\n\0";
    assert_eq!(
        frames(Version::V1_1.escapes(), [message])[0].header("h"),
        Some("a:b")
    );
}

#[test]
fn d7_a_byte_order_mark_and_odd_header_names_are_kept_and_bad_text_is_told() {
    let message = b"MESSAGE\n__proto__:1\nconstructor:2\n\n\xef\xbb\xbfhi\0MESSAGE\n\n\xff\0";
    let mut parser = Parser::default();
    let mut input = &message[..];
    let Some(Event::Frame(frame)) = parser.next(&mut input).unwrap() else {
        panic!("no frame");
    };
    assert_eq!(frame.text(), Ok("\u{feff}hi"));
    assert_eq!(frame.header("__proto__").as_deref(), Some("1"));
    assert_eq!(frame.header("constructor").as_deref(), Some("2"));
    assert_eq!(frame.header("toString"), None);
    let Some(Event::Frame(frame)) = parser.next(&mut input).unwrap() else {
        panic!("no second frame");
    };
    assert!(frame.text().is_err());
    assert_eq!(frame.body(), b"\xff");
}
