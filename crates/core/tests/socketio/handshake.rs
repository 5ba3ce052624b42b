//! The server's first packet.

use everwire_core::Span;
use everwire_core::protocol::engine_io::{Field, Handshake, HandshakeError};

const REST: &str = r#""pingInterval":25000,"pingTimeout":20000"#;

fn with(members: &str) -> Result<Handshake, HandshakeError> {
    Handshake::parse(&["{\"sid\":\"s\",", REST, ",", members, "}"].concat())
}

#[test]
fn the_handshake_of_a_server_is_read() {
    let handshake = Handshake::parse(
        r#"{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
    )
    .unwrap();
    assert_eq!(handshake.sid, "lv_VI97HAXpY6yYWAAAC");
    assert_eq!(handshake.upgrades, ["websocket"]);
    assert_eq!(handshake.ping_interval, Span::from_millis(25_000));
    assert_eq!(handshake.ping_timeout, Span::from_millis(20_000));
    assert_eq!(handshake.max_payload, Some(1_000_000));
    assert_eq!(handshake.silence_limit(), Span::from_millis(45_000));
}

#[test]
fn what_other_servers_write_is_tolerated() {
    let handshake = Handshake::parse(
        " { \"new\" : {\"a\":[1,{},[],\"]}\\\"\",-1.5e+3,true,{\"b\":null}]} ,\r\n\"maxPayload\":null, \"pingTimeout\" : 20000.0,\t\"pingInterval\":25000.75,\"sid\":\"a\",\"\\u0073id\":\"\\u00e9\\ud83d\\ude00\\n\\/\" } ",
    )
    .unwrap();
    assert_eq!(handshake.sid, "é😀\n/");
    assert!(handshake.upgrades.is_empty());
    assert_eq!(handshake.ping_interval, Span::from_millis(25_000));
    assert_eq!(handshake.max_payload, None);
    assert_eq!(with(r#""upgrades":[]"#).unwrap().upgrades, [""; 0]);
    assert_eq!(with(r#""__proto__":{"sid":1}"#).unwrap().sid, "s");
}

#[test]
fn text_that_is_no_json_object_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "\"sid\"",
        "{",
        "}",
        "{}x",
        "{,}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":nul}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":{\"b\":1]}",
        "{\"a\":{1:1}}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"\\x\":1}",
        "{\"\\u12\":1}",
        "{\"\\ud800\":1}",
        "{\"\\ud800\\u0041\":1}",
        "{\"\\udc00\":1}",
        "{\"\\u00é\":1}",
        "{\"a\":1 2}",
        "<html>",
        "{\"a\":1}{}",
        "{\"a\":[}",
        "{\"a\":[[]}",
    ] {
        assert_eq!(
            Handshake::parse(text),
            Err(HandshakeError::Malformed),
            "{text:?}"
        );
    }
}

#[test]
fn missing_members_are_named() {
    for (text, field) in [
        ("{}", Field::Sid),
        (r#"{"sid":"s","pingTimeout":1}"#, Field::PingInterval),
        (r#"{"sid":"s","pingInterval":1}"#, Field::PingTimeout),
        (
            r#"{"sid":"s","pingInterval":null,"pingTimeout":1}"#,
            Field::PingInterval,
        ),
    ] {
        assert_eq!(Handshake::parse(text), Err(HandshakeError::Missing(field)));
    }
}

#[test]
fn members_of_a_wrong_type_are_named() {
    for (members, field) in [
        (r#""sid":1"#, Field::Sid),
        (r#""sid":null"#, Field::Sid),
        (r#""upgrades":"websocket""#, Field::Upgrades),
        (r#""upgrades":[1]"#, Field::Upgrades),
        (r#""pingInterval":"25000""#, Field::PingInterval),
        (r#""pingTimeout":[1]"#, Field::PingTimeout),
        (r#""maxPayload":true"#, Field::MaxPayload),
        (r#""maxPayload":NaN"#, Field::MaxPayload),
    ] {
        assert_eq!(
            with(members),
            Err(HandshakeError::WrongType(field)),
            "{members}"
        );
    }
}

#[test]
fn absurd_members_are_named() {
    let sid = ["\"sid\":\"", &"x".repeat(1_025), "\""].concat();
    let upgrades = ["\"upgrades\":[", &"\"a\",".repeat(16), "\"a\"]"].concat();
    for (members, field) in [
        (r#""sid":"""#, Field::Sid),
        (sid.as_str(), Field::Sid),
        (upgrades.as_str(), Field::Upgrades),
        (r#""pingInterval":-1"#, Field::PingInterval),
        (r#""pingInterval":2147483648"#, Field::PingInterval),
        (r#""pingInterval":1e3"#, Field::PingInterval),
        (
            r#""pingTimeout":99999999999999999999999"#,
            Field::PingTimeout,
        ),
        (r#""pingInterval":0,"pingTimeout":0"#, Field::PingTimeout),
        (r#""maxPayload":0"#, Field::MaxPayload),
    ] {
        assert_eq!(
            with(members),
            Err(HandshakeError::OutOfRange(field)),
            "{members}"
        );
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let long = ["\"pad\":\"", &"x".repeat(64 << 10), "\""].concat();
    assert_eq!(with(&long), Err(HandshakeError::TooLong));
    for (depth, fits) in [(64, true), (65, false), (20_000, false)] {
        let deep = ["\"pad\":", &"[".repeat(depth), "1", &"]".repeat(depth)].concat();
        assert_eq!(with(&deep).is_ok(), fits, "{depth}");
    }
}
