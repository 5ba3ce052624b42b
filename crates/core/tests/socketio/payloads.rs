//! Bodies of polling requests.

use everwire_core::protocol::engine_io::{
    Packet, PacketError, PacketType, Payload, PayloadError, PayloadLimits, PayloadWriter, Pushed,
};

fn decode(body: &str) -> Vec<Result<Packet<'_>, PayloadError>> {
    Payload::new(body, PayloadLimits::default())
        .unwrap()
        .collect()
}

#[test]
fn packets_are_read_in_order() {
    let ping = Packet::Text {
        kind: PacketType::Ping,
        data: "",
    };
    assert_eq!(
        decode("4hello\u{1e}2\u{1e}bAQID\u{1e}4world"),
        [
            Ok(Packet::message("hello")),
            Ok(ping),
            Ok(Packet::binary(&[1, 2, 3])),
            Ok(Packet::message("world")),
        ]
    );
}

#[test]
fn the_first_bad_packet_drops_the_rest() {
    let empty = Err(PayloadError::Packet(PacketError::Empty));
    let unknown = Err(PayloadError::Packet(PacketError::UnknownType('x')));
    let good = Ok(Packet::message("a"));
    for body in ["", "\u{1e}4a"] {
        assert_eq!(decode(body), std::slice::from_ref(&empty));
    }
    assert_eq!(decode("4a\u{1e}"), [good.clone(), empty.clone()]);
    assert_eq!(decode("4a\u{1e}\u{1e}4b"), [good.clone(), empty]);
    assert_eq!(decode("4a\u{1e}x\u{1e}4b"), [good, unknown]);
}

#[test]
fn a_body_is_read_up_to_its_limits() {
    let limits = PayloadLimits {
        max_bytes: 8,
        max_packets: 3,
    };
    assert_eq!(
        Payload::new("4aaaaaaaa", limits).unwrap_err(),
        PayloadError::TooLong
    );
    let read = |body| Payload::new(body, limits).unwrap().collect::<Vec<_>>();
    assert_eq!(read("4\u{1e}4\u{1e}4").len(), 3);
    let over = read("4\u{1e}4\u{1e}4\u{1e}4");
    assert_eq!(over.len(), 4);
    assert_eq!(over[3], Err(PayloadError::TooManyPackets));
}

#[test]
fn a_body_stays_within_max_payload() {
    let mut writer = PayloadWriter::new(Some(7));
    assert_eq!(writer.push(&Packet::message("ab")), Ok(Pushed::Added));
    assert_eq!(writer.push(&Packet::message("abc")), Ok(Pushed::Full));
    assert_eq!(writer.push(&Packet::message("é")), Ok(Pushed::Added));
    assert_eq!(writer.push(&Packet::message("")), Ok(Pushed::Full));
    assert_eq!(writer.finish(), "4ab\u{1e}4é");
}

#[test]
fn base64_counts_with_its_real_length() {
    // 3 + 1 + 1 + 4 * ceil(300 / 3): the estimate of 1.33 per byte would pass one byte more than fits.
    let bytes = [0; 300];
    for (limit, pushed) in [(405, Pushed::Added), (404, Pushed::Full)] {
        let mut writer = PayloadWriter::new(Some(limit));
        assert_eq!(writer.push(&Packet::message("ab")), Ok(Pushed::Added));
        assert_eq!(writer.push(&Packet::binary(&bytes)), Ok(pushed));
        assert!(writer.finish().len() <= limit);
    }
}

#[test]
fn the_first_packet_always_goes() {
    let mut writer = PayloadWriter::new(Some(2));
    assert_eq!(writer.push(&Packet::message("long")), Ok(Pushed::Added));
    assert_eq!(writer.push(&Packet::message("")), Ok(Pushed::Full));
    assert_eq!(writer.finish(), "4long");
    assert_eq!(PayloadWriter::new(None).finish(), "");
}

#[test]
fn text_with_a_separator_is_not_smuggled_as_two_packets() {
    let mut writer = PayloadWriter::new(None);
    assert_eq!(
        writer.push(&Packet::message("a\u{1e}1")),
        Err(PayloadError::Separator)
    );
    assert_eq!(writer.finish(), "");
}
