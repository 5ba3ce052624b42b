//! Packets of the engine, and the base64 in them.

use everwire_core::protocol::engine_io::{
    Base64Error, Packet, PacketError, PacketType, decode_base64, encode_base64,
};

fn encoded(packet: &Packet<'_>) -> String {
    let mut out = String::new();
    packet.encode_text(&mut out);
    assert_eq!(out.len(), packet.encoded_len());
    out
}

#[test]
fn each_type_character_reads_and_writes() {
    for (text, kind, data) in [
        ("0{\"sid\":\"a\"}", PacketType::Open, "{\"sid\":\"a\"}"),
        ("1", PacketType::Close, ""),
        ("2", PacketType::Ping, ""),
        ("2probe", PacketType::Ping, "probe"),
        ("3probe", PacketType::Pong, "probe"),
        ("42[\"a\"]", PacketType::Message, "2[\"a\"]"),
        ("4", PacketType::Message, ""),
        ("4é😀", PacketType::Message, "é😀"),
        ("5", PacketType::Upgrade, ""),
        ("6", PacketType::Noop, ""),
    ] {
        let packet = Packet::Text { kind, data };
        assert_eq!(Packet::decode_text(text), Ok(packet.clone()));
        assert_eq!(encoded(&packet), text);
        assert_eq!(text.chars().next(), Some(kind.to_char()));
    }
}

#[test]
fn text_that_is_no_packet_is_refused() {
    for (text, error) in [
        ("", PacketError::Empty),
        ("7", PacketError::UnknownType('7')),
        ("9abc", PacketError::UnknownType('9')),
        (" 4", PacketError::UnknownType(' ')),
        ("é", PacketError::UnknownType('é')),
        ("\u{1e}", PacketError::UnknownType('\u{1e}')),
        ("b!", PacketError::Base64(Base64Error)),
        ("bAB=C", PacketError::Base64(Base64Error)),
    ] {
        assert_eq!(Packet::decode_text(text), Err(error), "{text:?}");
    }
}

#[test]
fn binary_messages_are_bare_bytes_or_base64() {
    let bytes = [1, 2, 3, 4];
    assert_eq!(Packet::decode_binary(&bytes), Packet::binary(&bytes));
    assert_eq!(encoded(&Packet::binary(&bytes)), "bAQIDBA==");
    assert_eq!(Packet::decode_text("bAQIDBA=="), Ok(Packet::binary(&bytes)));
    assert_eq!(Packet::decode_text("b"), Ok(Packet::binary(&[])));
}

#[test]
fn base64_follows_the_vectors_of_rfc_4648() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        let mut out = String::new();
        encode_base64(bytes.as_bytes(), &mut out);
        assert_eq!(out, text);
        assert_eq!(decode_base64(text).unwrap(), bytes.as_bytes());
        let bare = text.trim_end_matches('=');
        assert_eq!(decode_base64(bare).unwrap(), bytes.as_bytes());
    }
}

#[test]
fn damaged_base64_is_refused() {
    for text in [
        "A", "AAAAA", "=", "==", "====", "A=", "A==", "A===", "AA=", "AAA==", "AAAA=", "AA=A",
        "A A=", "Zh==", "Zm9=", "AA\nA", "AA-_", "éé",
    ] {
        assert_eq!(decode_base64(text), Err(Base64Error), "{text:?}");
    }
}
