//! Round trips under random frames and cuts, and parsers under random octets.

use everwire_core::protocol::stomp::{Body, Escapes, FrameBuf, Limits, Parser, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::read::{Found, feed, read};

/// What frames are made of, right and wrong.
const PIECES: &[&[u8]] = &[
    b"SEND\n",
    b"CONNECT\n",
    b"a:b\n",
    b"\n",
    b"\r\n",
    b"\0",
    b"\\",
    b"x",
    b"\xff",
    b"content-length:",
    b"3",
    b":",
];

/// Text with what is special on the wire more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\\"),
        Just(":"),
        Just("\n"),
        Just("\r"),
        Just("\\n"),
        Just(" "),
        Just("a"),
        Just("é"),
        Just("\u{feff}"),
        Just("😀"),
        Just("content-length"),
        Just("__proto__"),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((text(), text()), 0..6).prop_map(|fields| {
        fields
            .into_iter()
            .filter(|(name, _)| name != "content-length")
            .collect()
    })
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![Just(0), Just(b'\n'), Just(b'\r'), any::<u8>()];
    vec(piece, 0..40)
}

fn escapes() -> impl Strategy<Value = Escapes> {
    prop_oneof![
        Just(Escapes::None),
        Just(Escapes::V1_1),
        Just(Escapes::V1_2),
        Just(Escapes::Lenient)
    ]
}

/// The parts of `bytes` between the cuts.
fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.push(bytes.len());
    at.sort_unstable();
    let mut from = 0;
    at.into_iter()
        .map(|to| {
            let part = bytes[from..to].to_vec();
            from = to;
            part
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_however_it_is_cut(
        escapes in escapes(),
        frames in vec((fields(), octets(), 0..3_usize), 1..5),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (fields, body, beats) in frames {
            let borrowed: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let written = Writer::new(&mut bytes, escapes).frame("MESSAGE", &borrowed, Body::Binary(&body));
            prop_assert!(written.is_ok() || escapes == Escapes::None);
            if written.is_ok() {
                let mut headers = fields;
                headers.push(("content-length".into(), body.len().to_string()));
                expected.push(Found::Frame(FrameBuf { command: "MESSAGE".into(), headers, body }));
            }
            bytes.resize(bytes.len() + beats, b'\n');
            expected.resize(expected.len() + beats, Found::HeartBeat);
        }
        prop_assert_eq!(read(escapes, cut(&bytes, &cuts)).unwrap(), expected);
    }

    #[test]
    fn random_octets_give_the_same_however_they_are_cut(
        escapes in escapes(),
        pieces in vec(prop::sample::select(PIECES), 0..30),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = pieces.concat();
        let limits = Limits { command: 8, headers: 3, head_bytes: 40, body: 6 };
        let run = |parts: &[Vec<u8>]| {
            let mut parser = Parser::new(limits);
            parser.set_escapes(escapes);
            let mut found = Vec::new();
            let result = parts.iter().try_for_each(|part| feed(&mut parser, part, &mut found));
            (result, found, parser.is_inside_frame() || result.is_err())
        };
        let whole = run(std::slice::from_ref(&bytes));
        prop_assert_eq!(run(&cut(&bytes, &cuts)), whole);
    }
}
