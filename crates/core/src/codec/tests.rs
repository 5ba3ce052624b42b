//! The promises that all codecs share, checked on the same values.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use std::format;

use proptest::{collection, prelude::*};
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Position {
    id: u64,
    at: (f64, f64),
    note: Option<String>,
    tags: Vec<String>,
    extra: BTreeMap<String, i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Message {
    Hello,
    Chat(String),
    Move { position: Position, raw: Vec<u8> },
}

fn position() -> impl Strategy<Value = Position> {
    (
        any::<u64>(),
        (-180.0..180.0f64, -90.0..90.0f64),
        any::<Option<String>>(),
        collection::vec(any::<String>(), 0..4),
        collection::btree_map(any::<String>(), any::<i32>(), 0..4),
    )
        .prop_map(|(id, at, note, tags, extra)| Position {
            id,
            at,
            note,
            tags,
            extra,
        })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        Just(Message::Hello),
        any::<String>().prop_map(Message::Chat),
        (position(), collection::vec(any::<u8>(), 0..64))
            .prop_map(|(position, raw)| Message::Move { position, raw }),
    ]
}

fn round_trip<C: Encode<Message> + Decode<Message>>(codec: &C, message: &Message) {
    assert_eq!(
        &codec.decode(codec.encode(message).unwrap()).unwrap(),
        message
    );
}

fn joined<C>(codec: &C, messages: &[Message])
where
    C: Encode<Message> + Decode<Vec<Message>>,
{
    let frames: Vec<Frame> = messages.iter().map(|m| codec.encode(m).unwrap()).collect();
    let frame = codec.join(&frames.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(codec.decode(frame).unwrap(), messages);
}

/// Whatever arrives, the answer is a value or an error with the very frame in it.
fn survives<C: Decode<Message>>(codec: &C, frame: Frame) {
    if let Err(error) = codec.decode(frame.clone()) {
        assert_eq!(error.frame, frame);
        assert!(!error.reason.is_empty());
    }
}

proptest! {
    #[test]
    fn every_codec_reads_what_it_wrote(message in message()) {
        round_trip(&Json, &message);
        round_trip(&Postcard, &message);
        round_trip(&MsgPack, &message);
    }

    #[test]
    fn joined_frames_read_back_as_a_list(messages in collection::vec(message(), 0..40)) {
        joined(&Json, &messages);
        joined(&Postcard, &messages);
        joined(&MsgPack, &messages);
    }

    #[test]
    fn garbage_is_an_error_with_the_frame(bytes in collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        for frame in [Frame::Binary(bytes), Frame::Text(text)] {
            survives(&Json, frame.clone());
            survives(&Postcard, frame.clone());
            survives(&MsgPack, frame);
        }
    }

    #[test]
    fn a_cut_or_extended_frame_is_an_error(message in message(), cut in 1usize..8) {
        for frame in [Postcard.encode(&message).unwrap(), MsgPack.encode(&message).unwrap()] {
            let binary_codec_is_postcard = frame == Postcard.encode(&message).unwrap();
            let Frame::Binary(bytes) = frame else { unreachable!() };
            let mut longer = bytes.clone();
            longer.push(0);
            let shorter = bytes[..bytes.len().saturating_sub(cut)].to_vec();
            for bytes in [longer, shorter] {
                let result: Result<Message, _> = if binary_codec_is_postcard {
                    Postcard.decode(Frame::Binary(bytes))
                } else {
                    MsgPack.decode(Frame::Binary(bytes))
                };
                prop_assert!(result.is_err());
            }
        }
    }
}

#[test]
fn large_batches_use_the_wide_array_headers() {
    for count in [15, 16, 0xffff, 0x1_0000] {
        let messages = vec![Message::Hello; count];
        joined(&MsgPack, &messages);
    }
}

#[test]
fn messagepack_structs_are_maps_with_field_names() {
    #[derive(Serialize)]
    struct Point {
        x: u8,
    }
    // fixmap of one pair, fixstr "x", 7: what @msgpack/msgpack and msgpackr write for {x: 7}.
    let frame = MsgPack.encode(&Point { x: 7 }).unwrap();
    assert_eq!(frame, Frame::Binary(vec![0x81, 0xa1, b'x', 7]));
}

#[test]
fn json_reads_utf8_in_binary_frames() {
    let frame = Frame::Binary(b"{\"Chat\":\"hi\"}".to_vec());
    let decoded: Message = Json.decode(frame).unwrap();
    assert_eq!(decoded, Message::Chat("hi".into()));
}

#[test]
fn binary_codecs_refuse_text_frames() {
    for error in [
        Decode::<Message>::decode(&Postcard, "x".into()).unwrap_err(),
        Decode::<Message>::decode(&MsgPack, "x".into()).unwrap_err(),
    ] {
        assert!(error.to_string().contains("text frame of 1 bytes"));
        assert_eq!(error.frame, Frame::Text("x".into()));
    }
}

#[test]
fn what_json_cannot_say_is_a_typed_error() {
    let map = BTreeMap::from([(vec![1u8], 1)]);
    let error = Json.encode(&map).unwrap_err();
    assert_eq!(error.codec, "json");
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    #[derive(Debug, Deserialize)]
    struct Deep(#[allow(dead_code)] Vec<Deep>);
    let json = Frame::Text("[".repeat(100_000));
    let msgpack = Frame::Binary(vec![0x91; 100_000]);
    assert!(Decode::<Deep>::decode(&Json, json).is_err());
    assert!(Decode::<Deep>::decode(&MsgPack, msgpack).is_err());
}

#[test]
fn debug_shows_the_beginning_of_a_large_frame() {
    let text = format!("{:?}", Frame::Text("é".repeat(1_000)));
    assert!(
        text.ends_with(".. 2000 bytes)") && text.len() < 250,
        "{text}"
    );
    let binary = format!("{:?}", Frame::Binary(vec![7; 1_000]));
    assert!(
        binary.ends_with(".. 1000 bytes)") && binary.len() < 250,
        "{binary}"
    );
}

#[test]
fn raw_passes_frames_and_text_through() {
    let frame = Frame::Binary(vec![1, 2]);
    assert_eq!(
        Decode::<Frame>::decode(&Raw, Raw.encode(&frame).unwrap()).unwrap(),
        frame
    );
    assert_eq!(
        Decode::<String>::decode(&Raw, "hi".into()),
        Ok("hi".to_string())
    );
    assert_eq!(
        Decode::<String>::decode(&Raw, frame.clone())
            .unwrap_err()
            .frame,
        frame
    );
}
