//! Well-formed input, however it is cut.

use everwire_core::protocol::stomp::{Escapes, Event, Limits, Parser};

use crate::read::{Found, feed, frame, frames, read};

const TWO: &str =
    "MESSAGE\nsubscription:sub-0\ncontent-length:3\n\na\0b\0\nRECEIPT\nreceipt-id:x\n\n\0\n";

fn two() -> Vec<Found> {
    let message = frame(
        "MESSAGE",
        &[("subscription", "sub-0"), ("content-length", "3")],
        "a\0b",
    );
    vec![
        Found::Frame(message),
        Found::HeartBeat,
        Found::Frame(frame("RECEIPT", &[("receipt-id", "x")], "")),
        Found::HeartBeat,
    ]
}

#[test]
fn frames_joined_in_one_message_come_out_one_by_one() {
    assert_eq!(read(Escapes::V1_2, [TWO]).unwrap(), two());
}

#[test]
fn a_frame_may_be_cut_anywhere() {
    for first in 0..=TWO.len() {
        for second in first..=TWO.len() {
            let cut = [&TWO[..first], &TWO[first..second], &TWO[second..]];
            assert_eq!(
                read(Escapes::V1_2, cut).unwrap(),
                two(),
                "cut at {first} and {second}"
            );
        }
    }
}

#[test]
fn octet_by_octet_gives_the_same() {
    assert_eq!(
        read(Escapes::V1_2, TWO.as_bytes().chunks(1)).unwrap(),
        two()
    );
}

#[test]
fn line_feeds_between_frames_are_heart_beats_and_stray_nul_and_cr_are_nothing() {
    let found = read(Escapes::V1_2, ["\n\r\n\0\0\r", "\n"]).unwrap();
    assert_eq!(found, vec![Found::HeartBeat; 3]);
}

#[test]
fn a_whole_frame_is_read_where_it_lies() {
    let message = b"MESSAGE\nh:v\n\nbody\0";
    let mut parser = Parser::default();
    let mut input = &message[..];
    let Some(Event::Frame(frame)) = parser.next(&mut input).unwrap() else {
        panic!("no frame");
    };
    let body = message.as_ptr_range().start.wrapping_add(13);
    assert_eq!(frame.body().as_ptr(), body);
    assert!(matches!(
        frame.header("h"),
        Some(std::borrow::Cow::Borrowed("v"))
    ));
}

#[test]
fn the_first_of_repeated_headers_wins_and_all_are_listed() {
    let frames = frames(Escapes::V1_2, ["MESSAGE\nfoo:World\nfoo:Hello\n\n\0"]);
    assert_eq!(frames[0].header("foo"), Some("World"));
    assert_eq!(frames[0].headers.len(), 2);
}

#[test]
fn header_names_are_decoded_for_lookup() {
    let message = b"MESSAGE\na\\cb:1\na\\\\:2\n\n\0";
    let mut parser = Parser::default();
    parser.set_escapes(Escapes::V1_2);
    let mut input = &message[..];
    let Some(Event::Frame(frame)) = parser.next(&mut input).unwrap() else {
        panic!("no frame");
    };
    assert_eq!(frame.header("a:b").as_deref(), Some("1"));
    assert_eq!(frame.header("a\\").as_deref(), Some("2"));
    assert_eq!(frame.header("a\\cb"), None);
}

#[test]
fn only_1_2_ends_lines_with_cr_lf() {
    let message = "MESSAGE\r\nh:v\r\n\r\nbody\0";
    assert_eq!(
        frames(Escapes::V1_2, [message])[0],
        frame("MESSAGE", &[("h", "v")], "body")
    );
    let message = "MESSAGE\nh:v\r\n\nbody\0";
    assert_eq!(
        frames(Escapes::V1_1, [message])[0],
        frame("MESSAGE", &[("h", "v\r")], "body")
    );
}

#[test]
fn the_blank_line_of_cr_lf_may_be_cut() {
    let message = ["SEND\r\nh:v\r\n\r", "\n", "\0"];
    assert_eq!(
        frames(Escapes::V1_2, message)[0],
        frame("SEND", &[("h", "v")], "")
    );
}

#[test]
fn connect_frames_are_never_unescaped() {
    for command in ["CONNECT", "STOMP", "CONNECTED"] {
        let message = [command, "\npasscode:a\\cb\\x\n\n\0"].concat();
        let frames = frames(Escapes::V1_2, [message]);
        assert_eq!(frames[0].header("passcode"), Some("a\\cb\\x"));
    }
}

#[test]
fn version_1_0_has_no_escapes_unless_rabbitmqs_are_asked_for() {
    let message = "MESSAGE\nh:a\\cb \\t\n\n\0";
    assert_eq!(
        frames(Escapes::None, [message])[0].header("h"),
        Some("a\\cb \\t")
    );
    assert_eq!(
        frames(Escapes::Lenient, [message])[0].header("h"),
        Some("a:b \\t")
    );
}

#[test]
fn escapes_may_change_between_two_frames_of_one_message() {
    let message = b"CONNECTED\nversion:1.0\n\n\0MESSAGE\nh:\\n\n\n\0";
    let mut parser = Parser::default();
    let mut input = &message[..];
    assert!(parser.next(&mut input).unwrap().is_some());
    parser.set_escapes(Escapes::None);
    let Some(Event::Frame(frame)) = parser.next(&mut input).unwrap() else {
        panic!("no frame");
    };
    assert_eq!(frame.header("h").as_deref(), Some("\\n"));
}

#[test]
fn a_repeated_equal_content_length_is_fine() {
    let message = "SEND\ncontent-length:1\ncontent-length:01\n\nx\0";
    assert_eq!(frames(Escapes::V1_2, [message])[0].body, b"x");
}

#[test]
fn an_unknown_command_is_a_frame_like_any_other() {
    assert_eq!(frames(Escapes::V1_2, ["Hello\n\n\0"])[0].command, "Hello");
}

#[test]
fn a_parser_knows_whether_a_frame_is_unfinished() {
    let mut parser = Parser::default();
    let mut found = Vec::new();
    for (message, inside) in [
        ("\n", false),
        ("SEND\n\n", true),
        ("x", true),
        ("\0", false),
    ] {
        feed(&mut parser, message.as_bytes(), &mut found).unwrap();
        assert_eq!(parser.is_inside_frame(), inside, "after {message:?}");
    }
}

#[test]
fn what_is_exactly_at_the_limits_passes() {
    let limits = Limits {
        command: 4,
        headers: 2,
        head_bytes: "SEND\na:1\nb:2\n\n".len(),
        body: 3,
    };
    for message in ["SEND\na:1\nb:2\n\nxyz\0", "SEND\n\nxyz\0"] {
        for size in [1, 100] {
            let mut parser = Parser::new(limits);
            let mut found = Vec::new();
            for part in message.as_bytes().chunks(size) {
                feed(&mut parser, part, &mut found).unwrap();
            }
            assert_eq!(found.len(), 1);
        }
    }
}
