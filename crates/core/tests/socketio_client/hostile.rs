//! A server that means harm, or is broken: nothing panics, grows or hangs.

use everwire_core::link::State;
use everwire_core::protocol::engine_io::{Packet, Payload, PayloadLimits};
use everwire_core::protocol::socket_io::client::{DisconnectReason, Event, Input};
use proptest::prelude::*;

use crate::rig::{Json, Rig};

#[test]
fn undecodable_packets_end_as_parse_error() {
    for text in [
        r#"9["a"]"#,
        "2[]",
        r#"2["a""#,
        "2[{}]",
        r#"2["disconnect"]"#,
        "31{}",
        r#"0"x""#,
        "0null",
        "1{}",
        r#"51["a"]"#,
        r#"5-1-["a"]"#,
        r#"50-["a"]"#,
        r#"511-["a"]"#,
    ] {
        let (mut rig, main) = Rig::joined();
        rig.server(text);
        assert_eq!(
            rig.told()[0],
            Event::Disconnected {
                namespace: main,
                reason: DisconnectReason::ParseError,
                rejoins: true
            },
            "{text}"
        );
        assert_eq!(rig.abandoned.len(), 1, "{text}");
        assert_eq!(rig.state(), State::Waiting);
    }
}

#[test]
fn text_between_attachments_ends_as_parse_error() {
    let (mut rig, _) = Rig::joined();
    rig.server(r#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
    rig.engine(&Packet::binary(&[1]));
    rig.server(r#"2["b"]"#);
    assert!(matches!(
        rig.told()[..],
        [Event::Disconnected {
            reason: DisconnectReason::ParseError,
            ..
        }]
    ));
}

#[test]
fn what_is_for_nobody_is_ignored() {
    let (mut rig, main) = Rig::joined();
    for text in [
        "2",
        "31",
        r#"2/nowhere,["a"]"#,
        "1/nowhere,",
        "4/nowhere,",
        r#"0{"sid":"again"}"#,
        "4",
        r#"3/__proto__,1[]"#,
        r#"39007199254740991["a"]"#,
        r#"0/constructor,{"sid":"x"}"#,
    ] {
        rig.server(text);
    }
    assert_eq!(rig.told(), []);
    assert_eq!(rig.client.sid(main), Some("one"));
}

#[test]
fn a_connect_reply_that_is_no_json_object_is_a_parse_error() {
    for reply in ["0{", r#"0{"sid":"a",}"#, r#"0{"sid":"a"}}"#] {
        let mut rig = Rig::new(crate::rig::config());
        let main = rig.add("/", crate::rig::quiet());
        rig.connect(main);
        rig.open();
        rig.server(reply);
        let is_out = matches!(rig.state(), State::Waiting) || rig.client.sid(main) == Some("a");
        assert!(is_out, "{reply}: {:?}", rig.state());
    }
}

fn packet_text() -> impl Strategy<Value = String> {
    let parts = [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "/",
        "/admin,",
        ",",
        "-",
        "1-",
        "2-",
        "12",
        "[",
        "]",
        "{",
        "}",
        "\"a\"",
        "\"sid\":",
        "\"pid\":",
        "\"x\"",
        "\\",
        "null",
        "\u{1e}",
        "é",
        "{\"_placeholder\":true,\"num\":0}",
    ];
    let part = proptest::sample::select(parts.to_vec());
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// One whole Engine.IO body as a polling transport gets it: what the fuzz targets do, with other inputs.
fn feed_body(rig: &mut Rig, body: &str) {
    let id = rig.current();
    let Ok(payload) = Payload::new(body, PayloadLimits::default()) else {
        return;
    };
    for packet in payload {
        match packet {
            Ok(packet) => rig.client.receive(rig.now, id, &packet),
            Err(_) => rig.client.handle(rig.now, Input::Lost { id, failed: true }),
        }
        rig.drain();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_packets_panics_or_stops_the_client(
        packets in proptest::collection::vec(prop_oneof![
            packet_text().prop_map(|text| format!("4{text}")),
            packet_text(),
            "[a-z0-9]{0,8}".prop_map(|text| format!("b{text}")),
        ], 0..30),
    ) {
        let (mut rig, main) = Rig::joined();
        for text in packets {
            feed_body(&mut rig, &text);
            rig.client.emit_reliable(rig.now, main, Json::new("[1]"), Some(1)).ok();
            rig.drain();
        }
        // Whatever it was: the client dials again, and a good server finds it in order.
        rig.client.disconnect(rig.now, main, None);
        rig.drain();
        rig.advance(5_000);
        rig.connect(main);
        rig.advance(2_000);
        rig.open();
        rig.written();
        rig.server(r#"0{"sid":"fresh"}"#);
        prop_assert_eq!(rig.client.sid(main), Some("fresh"));
        rig.events.clear();
        rig.server(r#"2["hello"]"#);
        prop_assert_eq!(rig.received().len(), 1);
    }
}
