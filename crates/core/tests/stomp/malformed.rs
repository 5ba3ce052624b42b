//! Each fault has a name, ends the stream, and is found wherever the input is cut.

use everwire_core::protocol::stomp::{Escapes, Limits, ParseError, Parser};

use crate::read::feed;

const LIMITS: Limits = Limits {
    command: 11,
    headers: 3,
    head_bytes: 60,
    body: 8,
};

const TABLE: &[(&str, &[u8], ParseError)] = &[
    (
        "header without colon",
        b"SEND\nfoo\nbar:1\n\n\0",
        ParseError::NoColon,
    ),
    (
        "undefined escape",
        b"SEND\nfoo:a\\tb\n\n\0",
        ParseError::BadEscape,
    ),
    (
        "undefined escape in a name",
        b"SEND\nf\\xo:a\n\n\0",
        ParseError::BadEscape,
    ),
    (
        "backslash at the end",
        b"SEND\nfoo:a\\\n\n\0",
        ParseError::BadEscape,
    ),
    (
        "length of letters",
        b"SEND\ncontent-length:abc\n\n\0",
        ParseError::BadContentLength,
    ),
    (
        "negative length",
        b"SEND\ncontent-length:-1\n\n\0",
        ParseError::BadContentLength,
    ),
    (
        "length with a sign",
        b"SEND\ncontent-length:+1\n\nx\0",
        ParseError::BadContentLength,
    ),
    (
        "length with a blank",
        b"SEND\ncontent-length: 1\n\nx\0",
        ParseError::BadContentLength,
    ),
    (
        "empty length",
        b"SEND\ncontent-length:\n\n\0",
        ParseError::BadContentLength,
    ),
    (
        "two lengths",
        b"SEND\ncontent-length:1\ncontent-length:2\n\nxx\0",
        ParseError::ConflictingContentLength,
    ),
    (
        "length of more digits than any machine has",
        b"SEND\ncontent-length:99999999999999999999999\n\n\0",
        ParseError::BodyTooLarge,
    ),
    (
        "no NUL",
        b"SEND\ncontent-length:1\n\nxx\0",
        ParseError::MissingNul,
    ),
    (
        "no NUL after an empty body",
        b"SEND\ncontent-length:0\n\n\n",
        ParseError::MissingNul,
    ),
    (
        "command is not UTF-8",
        b"SE\xffND\n\n\0",
        ParseError::NotUtf8,
    ),
    (
        "header is not UTF-8",
        b"SEND\nfoo:\xc3\n\n\0",
        ParseError::NotUtf8,
    ),
    ("NUL in the command", b"SEND\0\n\n\0", ParseError::NulInHead),
    (
        "NUL in a header",
        b"SEND\nfoo:\0\n\n\0",
        ParseError::NulInHead,
    ),
    ("no blank line", b"SEND\nfoo:bar\n\0", ParseError::NulInHead),
    (
        "long command",
        b"UNSUBSCRIBES\n\n\0",
        ParseError::CommandTooLong,
    ),
    (
        "endless command",
        b"{\"type\":\"not stomp\"",
        ParseError::CommandTooLong,
    ),
    (
        "many headers",
        b"SEND\na:1\nb:2\nc:3\nd:4\n\n\0",
        ParseError::TooManyHeaders,
    ),
    (
        "endless header",
        b"SEND\na:12345678901234567890123456789012345678901234567890123456",
        ParseError::HeadTooLarge,
    ),
    (
        "large head",
        b"SEND\na:1234567890123456789012345\nb:123456789012345678901234567\n\n\0",
        ParseError::HeadTooLarge,
    ),
    (
        "large body",
        b"SEND\n\n123456789\0",
        ParseError::BodyTooLarge,
    ),
    (
        "endless body",
        b"SEND\n\n123456789",
        ParseError::BodyTooLarge,
    ),
    (
        "large counted body",
        b"SEND\ncontent-length:9\n\n",
        ParseError::BodyTooLarge,
    ),
];

fn parser() -> Parser {
    let mut parser = Parser::new(LIMITS);
    parser.set_escapes(Escapes::V1_2);
    parser
}

#[test]
fn each_fault_has_its_name_however_it_is_cut() {
    for (name, message, error) in TABLE {
        for size in 1..=message.len() {
            let mut parser = parser();
            let result = message
                .chunks(size)
                .try_for_each(|part| feed(&mut parser, part, &mut Vec::new()));
            assert_eq!(result, Err(*error), "{name} in parts of {size}");
        }
    }
}

#[test]
fn nothing_is_read_after_a_fault() {
    for (name, message, error) in TABLE {
        let mut parser = parser();
        let mut found = Vec::new();
        for part in [message, &b"\0\nRECEIPT\nreceipt-id:1\n\n\0"[..]] {
            assert_eq!(feed(&mut parser, part, &mut found), Err(*error), "{name}");
        }
        assert_eq!(found, [], "{name}");
    }
}

#[test]
fn frames_before_a_fault_are_handed_out() {
    let mut found = Vec::new();
    let result = feed(
        &mut parser(),
        b"\nRECEIPT\n\n\0RECEIPT\nx\n\n\0",
        &mut found,
    );
    assert_eq!((result, found.len()), (Err(ParseError::NoColon), 2));
}

#[test]
fn error_texts_are_lower_case_or_names_and_say_what_to_do() {
    for (_, _, error) in TABLE {
        let text = error.to_string();
        assert!(text.contains(": "), "{text}");
    }
}
