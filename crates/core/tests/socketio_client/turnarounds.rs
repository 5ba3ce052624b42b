//! Changes of mind, and what arrives between two states.

use everwire_core::Span;
use everwire_core::link::{Cause, LinkConfig};
use everwire_core::protocol::engine_io::{Packet, PacketType, TransportKind};
use everwire_core::protocol::socket_io::client::{
    ClientConfig, DisconnectReason, EmitOptions, Event, Input, NamespaceConfig, Phase, RetryConfig,
};

use crate::rig::{Json, Rig, config, quiet};

#[test]
fn who_connects_again_while_leaving_joins_anew_over_the_same_connection() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    rig.emit(main, r#"["a"]"#).unwrap();
    rig.emit(main, r#"["b"]"#).unwrap();
    rig.client
        .disconnect(rig.now, main, Some(Span::from_millis(1_000)));
    rig.drain();
    assert_eq!(rig.client.phase(main), Some(Phase::Leaving));
    rig.connect(main);
    rig.events
        .retain(|event| !matches!(event, Event::Status { .. }));
    assert_eq!(
        rig.told(),
        [Event::Disconnected {
            namespace: main,
            reason: DisconnectReason::ClientDisconnect,
            rejoins: true
        }]
    );
    rig.prompt = true;
    rig.sent();
    rig.server(r#"0{"sid":"two"}"#);
    assert_eq!(rig.written(), [r#"2["a"]"#, "1", "0", r#"2["b"]"#]);
    assert_eq!(rig.client.sid(main), Some("two"));
    assert_eq!(rig.transports.len(), 1);
}

#[test]
fn a_server_that_leaves_before_the_join_leaves_nobody_waiting() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    let admin = rig.add("/admin", quiet());
    rig.connect(main);
    rig.connect(admin);
    rig.open();
    rig.server("1");
    assert_eq!(
        rig.told(),
        [Event::Disconnected {
            namespace: main,
            reason: DisconnectReason::ServerDisconnect,
            rejoins: false
        }]
    );
    assert_eq!(rig.client.phase(main), Some(Phase::Idle));
}

#[test]
fn a_connection_that_is_lost_while_joining_is_told() {
    for reconnect in [true, false] {
        let mut config = config();
        config.link = LinkConfig {
            reconnect,
            ..config.link
        };
        let mut rig = Rig::new(config);
        let main = rig.add("/", quiet());
        rig.connect(main);
        rig.open();
        rig.told();
        rig.lose();
        let told = rig.told();
        assert!(
            matches!(
                told.first(),
                Some(Event::Unreachable { namespace, cause: Cause::SocketClosed { .. } })
                    if *namespace == main
            ),
            "{told:?}"
        );
    }
}

#[test]
fn an_ack_behind_the_servers_goodbye_does_not_answer_what_has_failed() {
    let (mut rig, main) = Rig::joined();
    let options = EmitOptions {
        ack: true,
        ..EmitOptions::default()
    };
    rig.emit_with(main, Json::new(r#"["a"]"#), options).unwrap();
    // Both are in one answer to a poll, so nothing is asked in between.
    let id = rig.current();
    for text in ["1", "30[]"] {
        rig.client.receive(rig.now, id, &Packet::message(text));
    }
    rig.drain();
    let ends = rig
        .told()
        .into_iter()
        .filter(|event| matches!(event, Event::Acked { .. } | Event::Unanswered { .. }));
    let ends: Vec<_> = ends.collect();
    assert!(matches!(ends[..], [Event::Unanswered { .. }]), "{ends:?}");
}

#[test]
fn what_is_emitted_while_the_transports_change_can_still_be_taken_back() {
    let mut rig = Rig::new(ClientConfig {
        engine: Default::default(),
        ..config()
    });
    let main = rig.add("/", quiet());
    rig.connect(main);
    let polling = rig.current();
    rig.engine(&Packet::Text {
        kind: PacketType::Open,
        data: r#"{"sid":"a","upgrades":["websocket"],"pingInterval":1000,"pingTimeout":1000}"#,
    });
    let (websocket, kind) = *rig.transports.last().unwrap();
    assert_eq!(kind, TransportKind::WebSocket);
    rig.client
        .receive(rig.now, polling, &Packet::message(r#"0{"sid":"b"}"#));
    rig.drain();
    rig.handle(Input::Opened(websocket));
    rig.engine(&Packet::Text {
        kind: PacketType::Pong,
        data: "probe",
    });
    rig.written();
    let taken_back = rig.emit(main, r#"["a"]"#).unwrap();
    rig.emit(main, r#"["b"]"#).unwrap();
    assert!(rig.client.cancel(main, taken_back));
    rig.handle(Input::Paused(polling));
    assert_eq!(rig.written(), [r#"2["b"]"#]);
}

#[test]
fn a_reliable_emit_that_was_never_written_has_not_been_tried() {
    let mut rig = Rig::new(config());
    let retry = RetryConfig {
        retries: 0,
        ..RetryConfig::default()
    };
    let main = rig.add("/", NamespaceConfig { retry, ..quiet() });
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    rig.written();
    rig.buffered = usize::MAX;
    rig.client
        .emit_reliable(rig.now, main, Json::new(r#"["a"]"#), None)
        .unwrap();
    rig.advance(15_000);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.buffered = 0;
    rig.drain();
    assert_eq!(rig.written(), [r#"20["a"]"#]);
    rig.server("30[1]");
    assert!(
        rig.told()
            .iter()
            .any(|event| matches!(event, Event::Acked { .. }))
    );
}
