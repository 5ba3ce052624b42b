//! What holds for any input: round trips, and no input that panics.

use everwire_core::protocol::engine_io::{
    Handshake, Input, Outgoing, Output, Packet, PacketType, Payload, PayloadLimits, PayloadWriter,
    Pushed, Session, SessionConfig, decode_base64, encode_base64,
};
use everwire_core::protocol::socket_io::{self, Header, Limits};
use everwire_core::{Span, Time};
use proptest::prelude::*;

const SEPARATOR: char = '\u{1e}';
const KINDS: [PacketType; 7] = [
    PacketType::Open,
    PacketType::Close,
    PacketType::Ping,
    PacketType::Pong,
    PacketType::Message,
    PacketType::Upgrade,
    PacketType::Noop,
];

#[derive(Clone, Debug)]
enum Owned {
    Text(PacketType, String),
    Binary(Vec<u8>),
}

impl Owned {
    fn packet(&self) -> Packet<'_> {
        match self {
            Self::Text(kind, data) => Packet::Text { kind: *kind, data },
            Self::Binary(bytes) => Packet::binary(bytes),
        }
    }
}

fn packets() -> impl Strategy<Value = Vec<Owned>> {
    let text = (proptest::sample::select(&KINDS[..]), "[^\u{1e}]{0,20}");
    let packet = prop_oneof![
        text.prop_map(|(kind, data)| Owned::Text(kind, data)),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Owned::Binary),
    ];
    proptest::collection::vec(packet, 1..12)
}

fn header_text() -> impl Strategy<Value = String> {
    "[0-7]?([0-9]{0,12}-)?(/[a-z?,]{0,6})?[0-9]{0,18}[\\[{\" ]?[a-z\"\\\\,\\]}u0-9]{0,12}"
}

fn json_text() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"sid\":",
            "\"upgrades\":",
            "\"pingInterval\":",
            "\"x\":",
            "\"é\"",
            "1",
            "-0.5e3",
            "null",
            "true",
            "\\u00e9",
            "\\ud83d",
            "\\",
            " ",
        ][..],
    );
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| {
        [
            r#"{"sid":"a","pingInterval":1,"pingTimeout":1,"x":"#,
            &pieces.concat(),
            "}",
        ]
        .concat()
    })
}

#[derive(Clone, Debug)]
enum Step {
    Handle(Input),
    Receive(u32, PacketType, &'static str),
    Send,
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    const OPEN: &str =
        r#"{"sid":"s","upgrades":["websocket"],"pingInterval":1,"pingTimeout":1,"maxPayload":9}"#;
    let input = (1u32..4, 0u32..12).prop_map(|(transport, input)| match input {
        0..3 => Input::Opened { transport },
        3..6 => Input::Sent { transport },
        6..9 => Input::Paused { transport },
        9 => Input::Lost {
            transport,
            failed: transport == 2,
        },
        10 => Input::Close,
        _ => Input::Tick,
    });
    let data = proptest::sample::select(&["", "probe", "probe"][..]);
    let packet = (1u32..4, proptest::sample::select(&KINDS[..]), data);
    let step = prop_oneof![
        4 => input.prop_map(Step::Handle),
        4 => packet.prop_map(|(transport, kind, data)| Step::Receive(transport, kind, data)),
        2 => Just(Step::Receive(2, PacketType::Pong, "probe")),
        4 => Just(Step::Send),
        4 => Just(Step::Take),
    ];
    let begin = [
        Step::Handle(Input::Start),
        Step::Receive(1, PacketType::Open, OPEN),
    ];
    proptest::collection::vec(step, 0..40).prop_map(move |steps| [&begin[..], &steps].concat())
}

proptest! {
    #[test]
    fn base64_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = String::new();
        encode_base64(&bytes, &mut text);
        prop_assert_eq!(decode_base64(&text), Ok(bytes));
    }

    #[test]
    fn base64_has_one_text_per_value(text in "[A-D=/]{0,9}") {
        if let Ok(bytes) = decode_base64(&text) {
            let mut again = String::new();
            encode_base64(&bytes, &mut again);
            prop_assert_eq!(again.trim_end_matches('='), text.trim_end_matches('='));
        }
    }

    #[test]
    fn bodies_round_trip_whatever_the_limit(owned in packets(), limit in 1usize..200) {
        let mut bodies = Vec::new();
        let mut writer = PayloadWriter::new(Some(limit));
        for (index, packet) in owned.iter().enumerate() {
            if writer.push(&packet.packet()).unwrap() == Pushed::Full {
                bodies.push(std::mem::replace(&mut writer, PayloadWriter::new(Some(limit))).finish());
                prop_assert_eq!(writer.push(&owned[index].packet()), Ok(Pushed::Added));
            }
        }
        bodies.push(writer.finish());
        let mut read = Vec::new();
        for body in &bodies {
            let packets: Vec<_> = Payload::new(body, PayloadLimits::default())
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            prop_assert!(body.len() <= limit || packets.len() == 1);
            read.extend(packets);
        }
        prop_assert_eq!(read, owned.iter().map(Owned::packet).collect::<Vec<_>>());
    }

    #[test]
    fn any_body_ends_after_its_first_error(body in "([0-8b][a-zA-Z=\u{1e}é]{0,5}){0,8}|.{0,40}") {
        let separators = body.matches(SEPARATOR).count();
        let items: Vec<_> = Payload::new(&body, PayloadLimits::default()).unwrap().collect();
        let (last, before) = items.split_last().unwrap();
        prop_assert!(before.iter().all(Result::is_ok));
        prop_assert!(before.len() <= separators);
        prop_assert!(last.is_err() || before.len() == separators);
    }

    #[test]
    fn handshakes_round_trip(
        sid in "[a-zA-Z0-9_-]{1,40}",
        upgrades in proptest::collection::vec("[a-z]{0,12}", 0..=16),
        interval in 1u64..1 << 31,
        timeout in 0u64..1 << 31,
        max_payload in proptest::option::of(1u64..),
    ) {
        let upgrades_json: Vec<_> = upgrades.iter().map(|name| format!("{name:?}")).collect();
        let max_json = max_payload.map_or("null".to_owned(), |max| max.to_string());
        let text = format!(
            r#"{{"sid":"{sid}","upgrades":[{}],"pingInterval":{interval},"pingTimeout":{timeout},"maxPayload":{max_json}}}"#,
            upgrades_json.join(","),
        );
        let read = Handshake { sid, upgrades, ping_interval: Span::from_millis(interval), ping_timeout: Span::from_millis(timeout), max_payload };
        prop_assert_eq!(Handshake::parse(&text), Ok(read));
    }

    #[test]
    fn an_accepted_handshake_is_within_its_bounds(text in json_text()) {
        if let Ok(handshake) = Handshake::parse(&text) {
            prop_assert!((1..=1_024).contains(&handshake.sid.len()));
            prop_assert!(!handshake.silence_limit().is_zero());
        }
    }

    #[test]
    fn headers_round_trip(
        kind in 0u32..7,
        attachments in 1u32..=10,
        namespace in "/[^,]{0,20}",
        id in proptest::option::of(0u64..1 << 53),
    ) {
        let kind = socket_io::PacketType::from_char(char::from_digit(kind, 10).unwrap()).unwrap();
        let takes_id = matches!(kind, socket_io::PacketType::Event | socket_io::PacketType::BinaryEvent);
        let header = Header {
            kind,
            attachments: if kind.is_binary() { attachments } else { 0 },
            namespace: &namespace,
            id: if kind.is_ack() { id.or(Some(0)) } else { id.filter(|_| takes_id) },
        };
        let mut text = String::new();
        header.encode(Limits::default(), &mut text).unwrap();
        let decoded = socket_io::Packet::decode(&text, Limits::default());
        prop_assert_eq!(decoded, Ok(socket_io::Packet { header, payload: "" }));
    }

    #[test]
    fn a_decoded_header_is_written_as_it_reads(text in header_text()) {
        if let Ok(packet) = socket_io::Packet::decode(&text, Limits::default()) {
            prop_assert!(text.ends_with(packet.payload));
            let mut again = String::new();
            if packet.header.encode(Limits::default(), &mut again).is_ok() {
                again.push_str(packet.payload);
                prop_assert_eq!(socket_io::Packet::decode(&again, Limits::default()), Ok(packet));
            }
        }
    }

    #[test]
    fn a_session_writes_each_message_once_in_order_on_live_transports(steps in steps()) {
        let mut session = Session::new(SessionConfig::default());
        let (mut sent, mut taken, mut closed) = (0u32, 0u32, false);
        let mut dead = Vec::new();
        let mut flying = None;
        for (step, millis) in steps.into_iter().zip(0..) {
            let now = Time::ZERO + Span::from_micros(millis * 100);
            match step {
                Step::Handle(input) => {
                    if matches!(input, Input::Sent { transport } if flying == Some(transport)) {
                        flying = None;
                    }
                    session.handle(now, input);
                }
                Step::Receive(transport, kind, data) => {
                    let _ = session.receive(now, transport, &Packet::Text { kind, data });
                }
                Step::Send => sent += u32::from(session.send(sent, 4).is_ok()),
                Step::Take => if let Some(batch) = session.take_batch() {
                    prop_assert!(!closed && !dead.contains(&batch.transport));
                    prop_assert_eq!(flying.replace(batch.transport), None);
                    for packet in batch.packets {
                        if let Outgoing::Message(message) = packet {
                            prop_assert_eq!(message, taken);
                            taken += 1;
                        }
                    }
                },
            }
            while let Some(output) = session.poll() {
                prop_assert!(!closed, "{output:?} after the end");
                match output {
                    Output::Detach { transport } => dead.push(transport),
                    Output::Control { transport, .. } | Output::Pause { transport }
                    | Output::Resume { transport } | Output::Upgraded { transport } => {
                        prop_assert!(!dead.contains(&transport));
                    }
                    Output::Closed(_) => closed = true,
                    Output::Open { .. } | Output::Opened | Output::UpgradeFailed => {}
                }
            }
        }
        prop_assert!(taken <= sent);
        prop_assert_eq!(closed, session.send(sent, 4).is_err() && session.next_wake().is_none());
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = Packet::decode_text(&text).is_ok();
        let _ = socket_io::Packet::decode(&text, Limits::default()).is_ok();
        let _ = Handshake::parse(&text).is_ok();
    }
}

#[test]
fn hostile_megabytes_are_read_once() {
    // A reader that looks at anything twice per byte would not come back from these.
    const LEN: usize = 1 << 20;
    let bodies = ["4\u{1e}", "b\u{1e}", "\u{1e}", "4"].map(|piece| piece.repeat(LEN));
    let limits = PayloadLimits {
        max_bytes: usize::MAX,
        max_packets: usize::MAX,
    };
    for body in &bodies {
        let last = Payload::new(body, limits).unwrap().last().unwrap();
        assert_eq!(last.is_err(), body.ends_with('\u{1e}'));
    }
    for piece in ["\\", "\\u0041", "[\"", " ", "1"] {
        let text = ["2[\"", &piece.repeat(LEN), "\"]"].concat();
        let decoded = socket_io::Packet::decode(&text, Limits::default());
        assert!(decoded.is_ok(), "{piece}");
    }
    assert!(
        socket_io::Packet::decode(&["2", &"1".repeat(LEN)].concat(), Limits::default()).is_err()
    );
}
