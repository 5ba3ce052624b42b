//! Headers of Socket.IO packets, and what their payloads may look like.

use everwire_core::protocol::socket_io::{Header, HeaderError, Limits, Packet, PacketType};

fn decode(text: &str) -> Result<Packet<'_>, HeaderError> {
    Packet::decode(text, Limits::default())
}

fn encode(header: Header<'_>) -> Result<String, HeaderError> {
    let mut out = String::new();
    let encoded = header.encode(Limits::default(), &mut out);
    assert!(encoded.is_ok() || out.is_empty());
    encoded.map(|()| out)
}

#[test]
fn the_examples_of_the_protocol_read_and_write() {
    use PacketType::*;
    for (text, kind, attachments, namespace, id, payload) in [
        ("0", Connect, 0, "/", None, ""),
        (r#"0{"token":1}"#, Connect, 0, "/", None, r#"{"token":1}"#),
        (
            r#"0/admin,{"sid":"a"}"#,
            Connect,
            0,
            "/admin",
            None,
            r#"{"sid":"a"}"#,
        ),
        ("0/admin?a=1&b=/,", Connect, 0, "/admin?a=1&b=/", None, ""),
        ("1", Disconnect, 0, "/", None, ""),
        ("1/admin,", Disconnect, 0, "/admin", None, ""),
        (r#"2["ev",1]"#, Event, 0, "/", None, r#"["ev",1]"#),
        (r#"212["ev"]"#, Event, 0, "/", Some(12), r#"["ev"]"#),
        (
            r#"2/admin,0["ev"]"#,
            Event,
            0,
            "/admin",
            Some(0),
            r#"["ev"]"#,
        ),
        (r#"312["ok"]"#, Ack, 0, "/", Some(12), r#"["ok"]"#),
        ("3/admin,12[]", Ack, 0, "/admin", Some(12), "[]"),
        (
            "39007199254740991[]",
            Ack,
            0,
            "/",
            Some(9_007_199_254_740_991),
            "[]",
        ),
        (
            r#"4{"message":"no"}"#,
            ConnectError,
            0,
            "/",
            None,
            r#"{"message":"no"}"#,
        ),
        (r#"4/é,"no""#, ConnectError, 0, "/é", None, r#""no""#),
        (
            r#"51-/a,3["x",{"_placeholder":true,"num":0}]"#,
            BinaryEvent,
            1,
            "/a",
            Some(3),
            r#"["x",{"_placeholder":true,"num":0}]"#,
        ),
        (
            r#"610-12[{"_placeholder":true,"num":0}]"#,
            BinaryAck,
            10,
            "/",
            Some(12),
            r#"[{"_placeholder":true,"num":0}]"#,
        ),
    ] {
        let header = Header {
            kind,
            attachments,
            namespace,
            id,
        };
        assert_eq!(decode(text), Ok(Packet { header, payload }), "{text}");
        assert_eq!(encode(header).unwrap() + payload, text);
        assert_eq!(PacketType::from_char(kind.to_char()), Some(kind));
    }
}

#[test]
fn what_the_reference_parser_accepts_is_accepted() {
    for (text, kind, namespace, id, payload) in [
        ("", PacketType::Connect, "/", None, ""),
        ("2", PacketType::Event, "/", None, ""),
        ("31", PacketType::Ack, "/", Some(1), ""),
        ("3", PacketType::Ack, "/", None, ""),
        ("4", PacketType::ConnectError, "/", None, ""),
        ("0/admin", PacketType::Connect, "/admin", None, ""),
        ("2[1,2]", PacketType::Event, "/", None, "[1,2]"),
        ("2[-1]", PacketType::Event, "/", None, "[-1]"),
        ("2 [ \"a\" ] ", PacketType::Event, "/", None, " [ \"a\" ] "),
        ("2007[\"a\"]", PacketType::Event, "/", Some(7), "[\"a\"]"),
        (
            "2[\"__proto__\"]",
            PacketType::Event,
            "/",
            None,
            "[\"__proto__\"]",
        ),
        (
            "2/constructor,[\"\"]",
            PacketType::Event,
            "/constructor",
            None,
            "[\"\"]",
        ),
        (
            "2[\"connec\\u0054\"]",
            PacketType::Event,
            "/",
            None,
            "[\"connec\\u0054\"]",
        ),
        (
            "2[\"\\ud800\"]",
            PacketType::Event,
            "/",
            None,
            "[\"\\ud800\"]",
        ),
        ("2[\"\\\"]\"]", PacketType::Event, "/", None, "[\"\\\"]\"]"),
    ] {
        let packet = decode(text).unwrap();
        assert_eq!(packet.header.kind, kind, "{text}");
        assert_eq!(packet.header.namespace, namespace, "{text}");
        assert_eq!(packet.header.id, id, "{text}");
        assert_eq!(packet.payload, payload, "{text}");
    }
    assert_eq!(decode("503-[\"a\"]").unwrap().header.attachments, 3);
}

#[test]
fn malformed_headers_are_refused() {
    for (text, error) in [
        (r#"9["a"]"#, HeaderError::UnknownType('9')),
        ("7", HeaderError::UnknownType('7')),
        (" ", HeaderError::UnknownType(' ')),
        ("é", HeaderError::UnknownType('é')),
        (r#"["a"]"#, HeaderError::UnknownType('[')),
        (r#"51["a"]"#, HeaderError::Attachments),
        (r#"5["a"]"#, HeaderError::Attachments),
        ("5", HeaderError::Attachments),
        ("51", HeaderError::Attachments),
        (r#"5-["a"]"#, HeaderError::Attachments),
        (r#"5-1-["a"]"#, HeaderError::Attachments),
        (r#"51.5-["a"]"#, HeaderError::Attachments),
        (r#"51e1-["a"]"#, HeaderError::Attachments),
        (r#"50-["a"]"#, HeaderError::Attachments),
        ("60-[]", HeaderError::Attachments),
        (r#"511-["a"]"#, HeaderError::TooManyAttachments),
        (r#"54294967297-["a"]"#, HeaderError::TooManyAttachments),
        (
            r#"599999999999999999999999-["a"]"#,
            HeaderError::TooManyAttachments,
        ),
        ("39007199254740992[]", HeaderError::Id),
        ("399999999999999999999999[]", HeaderError::Id),
    ] {
        assert_eq!(decode(text), Err(error), "{text}");
    }
}

#[test]
fn payloads_that_do_not_fit_the_type_are_refused() {
    for text in [
        "2[]",
        "2[\"a\"",
        "2[",
        "2]",
        "2[{}]",
        "2[null]",
        "2[[\"a\"]]",
        "2{}",
        "2\"a\"",
        "2[\"]",
        "2[,\"a\"]",
        "2[\"connect\"]",
        "2[\"connect_error\"]",
        "2[\"disconnect\"]",
        "2[\"disconnecting\",1]",
        "2[\"newListener\"]",
        "2[\"removeListener\"]",
        "2[\"\\u0064isconnect\"]",
        "2/a,1[ \"disconnect\" ]",
        "51-[\"connect\"]",
        "51-[]",
        "31{}",
        "31[",
        "3\"a\"",
        "61-1{}",
        "0\"x\"",
        "0null",
        "0[]",
        "0{",
        "01x",
        "1{}",
        "1[]",
        "1x",
        "1/a,{}",
        "4[]",
        "4null",
        "4\"",
        "4{\"",
        "4true",
        "2a",
        "2-1[\"a\"]",
    ] {
        assert_eq!(decode(text), Err(HeaderError::Payload), "{text}");
    }
}

#[test]
fn a_name_spelled_with_escapes_only_is_still_reserved() {
    let escaped: String = "removeListener"
        .bytes()
        .map(|byte| ["\\u00", &hex(byte)].concat())
        .collect();
    let text = ["2[\"", &escaped, "\"]"].concat();
    assert_eq!(decode(&text), Err(HeaderError::Payload));
}

fn hex(byte: u8) -> String {
    [byte >> 4, byte & 15]
        .iter()
        .map(|&digit| char::from_digit(u32::from(digit), 16).unwrap())
        .collect()
}

#[test]
fn the_limits_are_options() {
    let limits = Limits {
        max_attachments: 1_000_000,
        max_namespace: 3,
    };
    let packet = Packet::decode("51000000-/ab,[\"a\"]", limits).unwrap();
    assert_eq!(packet.header.attachments, 1_000_000);
    let mut out = String::new();
    packet.header.encode(limits, &mut out).unwrap();
    assert_eq!(out, "51000000-/ab,");
    for text in ["2/abc,[\"a\"]", "0/abc"] {
        let refused = Packet::decode(text, limits);
        assert_eq!(refused, Err(HeaderError::NamespaceTooLong));
    }
    let long = Header::new(PacketType::Connect, "/abc");
    let refused = long.encode(limits, &mut String::new());
    assert_eq!(refused, Err(HeaderError::NamespaceTooLong));
}

#[test]
fn headers_that_a_peer_would_misread_are_not_written() {
    use PacketType::*;
    for (kind, attachments, namespace, id, error) in [
        (Event, 1, "/", None, HeaderError::Attachments),
        (BinaryEvent, 0, "/", None, HeaderError::Attachments),
        (BinaryEvent, 11, "/", None, HeaderError::TooManyAttachments),
        (Event, 0, "", None, HeaderError::Namespace),
        (Event, 0, "admin", None, HeaderError::Namespace),
        (Event, 0, "/a,b", None, HeaderError::Namespace),
        (Ack, 0, "/", None, HeaderError::MissingId),
        (BinaryAck, 1, "/", None, HeaderError::MissingId),
        (Connect, 0, "/", Some(1), HeaderError::UnexpectedId),
        (Disconnect, 0, "/", Some(1), HeaderError::UnexpectedId),
        (ConnectError, 0, "/", Some(1), HeaderError::UnexpectedId),
        (Event, 0, "/", Some(1 << 53), HeaderError::Id),
    ] {
        let header = Header {
            kind,
            attachments,
            namespace,
            id,
        };
        assert_eq!(encode(header), Err(error), "{header:?}");
    }
}

#[test]
fn a_namespace_has_a_path_and_perhaps_a_query() {
    for (namespace, path, query) in [
        ("/", "/", None),
        ("/a", "/a", None),
        ("/a?", "/a", Some("")),
        ("/a?b=1?c", "/a", Some("b=1?c")),
    ] {
        let header = Header::new(PacketType::Connect, namespace);
        assert_eq!((header.path(), header.query()), (path, query));
    }
}
