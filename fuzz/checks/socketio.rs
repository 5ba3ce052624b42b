//! What must hold for anything that an Engine.IO and Socket.IO server may send, shared by the fuzz target and the core's
//! tests.

use everwire_core::Time;
use everwire_core::protocol::engine_io::{
    Handshake, Packet, PacketType, Payload, PayloadLimits, PayloadWriter,
};
use everwire_core::protocol::socket_io::client::{
    Action, Client, ClientConfig, Event, Input, Message, NamespaceConfig, TransportId,
};
use everwire_core::protocol::socket_io::{self, Limits};

/// Nothing is emitted here, so no payload has content.
#[derive(Clone)]
struct Nothing;

impl everwire_core::send::Payload for Nothing {
    fn size(&self) -> usize {
        0
    }
}

impl Message for Nothing {
    fn text_len(&self) -> usize {
        2
    }

    fn attachments(&self) -> usize {
        0
    }

    fn attachment_len(&self, _: usize) -> usize {
        0
    }
}

/// Checks all properties. The first octet says which bytes come as binary messages of a WebSocket.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    payload(&text);
    for packet in text.split('\u{1e}') {
        header(packet);
        if let Ok(handshake) = Handshake::parse(packet) {
            assert!(!handshake.sid.is_empty(), "a session without a name");
            assert!(!handshake.silence_limit().is_zero(), "no patience at all");
        }
    }
    drive(&text, *choice);
}

/// What was read is written and read again as the same.
fn payload(text: &str) {
    let Ok(packets) = Payload::new(text, PayloadLimits::default()) else {
        return;
    };
    let packets: Vec<_> = packets.map_while(Result::ok).collect();
    if packets.is_empty() {
        return;
    }
    let mut out = PayloadWriter::new(None);
    for packet in &packets {
        assert!(
            out.push(packet).is_ok(),
            "a packet that was read is not written"
        );
    }
    let body = out.finish();
    let again: Vec<_> = Payload::new(&body, PayloadLimits::default())
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .collect();
    assert_eq!(again, packets, "packets change when written");
}

fn header(text: &str) {
    let limits = Limits::default();
    let Ok(packet) = socket_io::Packet::decode(text, limits) else {
        return;
    };
    let mut out = String::new();
    if packet.header.encode(limits, &mut out).is_ok() {
        out.push_str(packet.payload);
        assert_eq!(
            socket_io::Packet::decode(&out, limits),
            Ok(packet),
            "a packet changes when written"
        );
    }
}

/// A whole client: whatever comes, it stays within its bounds, and joins again at a good server.
fn drive(text: &str, choice: u8) {
    let mut now = Time::ZERO;
    let Ok(mut client) = Client::<Nothing>::new(ClientConfig::default(), u64::from(choice)) else {
        return;
    };
    let Ok(main) = client.add("/", NamespaceConfig::default()) else {
        return;
    };
    client.connect(now, main);
    let mut id = drain(&mut client, now, None);
    for (number, packet) in text.split('\u{1e}').enumerate() {
        let Some(current) = id else {
            break;
        };
        if number % 8 == usize::from(choice % 8) {
            client.receive(now, current, &Packet::binary(packet.as_bytes()));
        } else {
            match Packet::decode_text(packet) {
                Ok(packet) => client.receive(now, current, &packet),
                Err(_) => client.handle(
                    now,
                    Input::Lost {
                        id: current,
                        failed: true,
                    },
                ),
            }
        }
        id = drain(&mut client, now, id);
    }
    client.handle(now, Input::Reconnect);
    client.connect(now, main);
    now = now + everwire_core::Span::from_millis(1);
    let id = drain(&mut client, now, None);
    let handshake = r#"{"sid":"a","upgrades":[],"pingInterval":1000,"pingTimeout":1000}"#;
    let Some(id) = id else {
        panic!("the client does not dial again");
    };
    client.receive(
        now,
        id,
        &Packet::Text {
            kind: PacketType::Open,
            data: handshake,
        },
    );
    drain(&mut client, now, Some(id));
    client.receive(now, id, &Packet::message(r#"0{"sid":"fresh"}"#));
    drain(&mut client, now, Some(id));
    assert_eq!(
        client.sid(main),
        Some("fresh"),
        "the client does not join again"
    );
}

/// Does what the client says. Returns the transport that counts.
fn drain(
    client: &mut Client<Nothing>,
    now: Time,
    mut id: Option<TransportId>,
) -> Option<TransportId> {
    while let Some(action) = client.poll(now, 0) {
        match action {
            Action::Open {
                id: new, upgrade, ..
            } if !upgrade => id = Some(new),
            Action::Write { id, .. } => client.handle(now, Input::Sent(id)),
            Action::Authenticate { namespace, epoch } => {
                client.authenticate(now, namespace, epoch, Ok(None));
            }
            Action::Event(Event::Received(received)) => {
                assert!(received.attachments.len() <= 10, "too many attachments");
            }
            _ => {}
        }
    }
    id
}
