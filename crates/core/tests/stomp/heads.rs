//! Heads that are read on their own, and that they agree with the parser of whole frames.

use everwire_core::protocol::stomp::{Escapes, Event, Limits, ParseError, Parser, read_head};
use proptest::prelude::*;

fn read(text: &str) -> Option<(usize, usize, Option<usize>, String)> {
    let head = read_head(text.as_bytes(), Escapes::V1_2, &Limits::default()).unwrap()?;
    let subscription = text.as_bytes()[head.subscription()].to_vec();
    Some((
        head.octets(),
        head.units(),
        head.content_length(),
        String::from_utf8(subscription).unwrap(),
    ))
}

#[test]
fn a_head_ends_with_its_blank_line_whatever_follows() {
    let text = "MESSAGE\na:ü😀\nsubscription:s-1\nsubscription:s-2\ncontent-length:3\n\n";
    let expected = Some((text.len(), text.len() - 3, Some(3), String::from("s-1")));
    assert_eq!(read(text), expected);
    assert_eq!(read(&format!("{text}ab\0MESSAGE\n\n\0")), expected);
    for cut in 0..text.len() {
        let bytes = &text.as_bytes()[..cut];
        assert!(
            read_head(bytes, Escapes::V1_2, &Limits::default())
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn lines_may_end_with_cr_lf_in_1_2_and_a_command_stands_alone() {
    assert_eq!(
        read("MESSAGE\r\nsubscription:x\r\n\r\n"),
        Some((27, 27, None, String::from("x")))
    );
    let head = read_head(b"RECEIPT\r\n\r\n", Escapes::V1_2, &Limits::default())
        .unwrap()
        .unwrap();
    assert_eq!(head.command(), b"RECEIPT");
    assert_eq!(head.subscription(), 0..0);
}

#[test]
fn connected_is_never_escaped() {
    let head = read_head(b"CONNECTED\na:\\x\n\n", Escapes::V1_2, &Limits::default())
        .unwrap()
        .unwrap();
    assert_eq!(head.escapes(), Escapes::None);
}

#[test]
fn a_limit_is_noticed_before_the_head_is_complete() {
    let limits = Limits {
        command: 8,
        headers: 2,
        head_bytes: 40,
        body: 10,
    };
    let read = |text: &str| read_head(text.as_bytes(), Escapes::V1_2, &limits).unwrap_err();
    assert_eq!(read("MESSAGESX"), ParseError::CommandTooLong);
    assert_eq!(read("MESSAGE\na:b\na:b\na:b\n"), ParseError::TooManyHeaders);
    assert_eq!(
        read(&format!("MESSAGE\na:{}", "x".repeat(40))),
        ParseError::HeadTooLarge
    );
    assert_eq!(
        read("MESSAGE\ncontent-length:11\n"),
        ParseError::BodyTooLarge
    );
}

proptest! {
    #[test]
    fn both_readers_agree(
        lines in proptest::collection::vec("[a-d:\\\\nrc ü\r]{0,8}|content-length:[0-9x]{0,3}", 0..6),
        escapes in prop_oneof![Just(Escapes::None), Just(Escapes::Lenient), Just(Escapes::V1_1), Just(Escapes::V1_2)],
    ) {
        let mut text = String::from("MESSAGE\n");
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        let mut whole = text.clone().into_bytes();
        let alone = read_head(text.as_bytes(), escapes, &Limits::default());
        if let Ok(Some(head)) = &alone {
            whole.truncate(head.octets());
            whole.extend(std::iter::repeat_n(b'x', head.content_length().unwrap_or(0)));
        }
        whole.push(0);
        let mut parser = Parser::default();
        parser.set_escapes(escapes);
        let mut input = whole.as_slice();
        match (alone, parser.next(&mut input)) {
            (Ok(Some(head)), Ok(Some(Event::Frame(frame)))) => {
                prop_assert_eq!(head.command(), frame.command().as_bytes());
                prop_assert_eq!(head.content_length().unwrap_or(0), frame.body().len());
            }
            (Err(one), Err(other)) => prop_assert_eq!(one, other),
            (one, other) => prop_assert!(false, "{one:?} and {other:?}"),
        }
    }
}
