//! Joining and leaving namespaces, and what a loss means for them.

use everwire_core::Span;
use everwire_core::link::{Cause, EndReason, LinkConfig, State};
use everwire_core::protocol::engine_io::{Packet, PacketType, TransportKind};
use everwire_core::protocol::socket_io::client::{
    ClientConfig, DisconnectReason, Event, Input, NamespaceConfig, NamespaceError, Phase, Refusal,
};
use everwire_core::send::{SendError, Status};

use crate::rig::{Rig, config, quiet};

#[test]
fn the_first_namespace_dials_and_each_joins_over_the_same_connection() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    let admin = rig.add("/admin", quiet());
    assert_eq!(rig.state(), State::Idle);
    rig.connect(main);
    rig.connect(admin);
    assert_eq!(rig.transports.len(), 1);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.open();
    assert_eq!(rig.written(), ["0", "0/admin,"]);
    rig.server(r#"0/admin,{"sid":"two"}"#);
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(
        rig.told(),
        [admin, main].map(|namespace| Event::Connected {
            namespace,
            recovered: false
        })
    );
    assert_eq!(rig.client.sid(main), Some("one"));
    assert_eq!(rig.client.sid(admin), Some("two"));
    assert_eq!(rig.client.phase(main), Some(Phase::Joined));
}

#[test]
fn auth_data_is_asked_for_before_each_attempt_and_sent_with_it() {
    let mut rig = Rig::new(config());
    let admin = rig.add("/admin", quiet());
    rig.auth = Ok(Some(r#"{"token":1}"#));
    rig.connect(admin);
    rig.open();
    assert_eq!(rig.written(), [r#"0/admin,{"token":1}"#]);
    rig.auth = Ok(Some(r#"{"token":2}"#));
    rig.lose();
    rig.advance(500);
    rig.open();
    assert_eq!(rig.written(), [r#"0/admin,{"token":2}"#]);
    assert_eq!(rig.asked, [(admin, 1), (admin, 2)]);
}

#[test]
fn a_late_answer_to_an_older_question_for_auth_is_ignored() {
    let (mut rig, main) = Rig::joined();
    rig.client
        .authenticate(rig.now, main, 0, Ok(Some(r#"{"old":1}"#)));
    rig.drain();
    assert_eq!(rig.written(), Vec::<String>::new());
}

#[test]
fn a_failed_auth_provider_is_asked_again_after_the_backoff() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.auth = Err("token server is down");
    rig.connect(main);
    rig.open();
    let told = rig.told();
    let [
        Event::Refused {
            refusal: Refusal::Auth(reason),
            retry_at: Some(at),
            ..
        },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(reason, "token server is down");
    assert_eq!(at.since(rig.now), Span::from_millis(100));
    assert_eq!(rig.state(), State::Open);
    rig.auth = Ok(Some("{}"));
    rig.advance(100);
    assert_eq!(rig.written(), ["0{}"]);
}

#[test]
fn auth_that_is_no_object_is_not_sent() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.auth = Ok(Some("[1]"));
    rig.connect(main);
    rig.open();
    assert_eq!(rig.written(), Vec::<String>::new());
    assert!(matches!(
        &rig.told()[..],
        [Event::Refused { refusal: Refusal::Auth(reason), .. }] if reason.contains("object")
    ));
}

#[test]
fn a_refused_namespace_is_idle_and_the_connection_closes_if_it_was_the_only_one() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.connect(main);
    rig.open();
    rig.server(r#"4{"message":"not authorized","data":{"code":7}}"#);
    let payload = r#"{"message":"not authorized","data":{"code":7}}"#.to_owned();
    assert_eq!(
        rig.told(),
        [
            Event::Refused {
                namespace: main,
                refusal: Refusal::Server(payload),
                retry_at: None
            },
            Event::Ended(EndReason::User),
        ]
    );
    assert_eq!(rig.client.phase(main), Some(Phase::Idle));
    assert_eq!(rig.state(), State::Closed);
    // A second try begins anew.
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.client.phase(main), Some(Phase::Joined));
}

#[test]
fn a_refused_namespace_leaves_the_others_alone_and_asks_again_if_it_shall() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    let retry_refused = true;
    let admin = rig.add(
        "/admin",
        NamespaceConfig {
            retry_refused,
            ..quiet()
        },
    );
    rig.connect(main);
    rig.connect(admin);
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    rig.server("4/admin,");
    rig.written();
    assert_eq!(rig.client.phase(main), Some(Phase::Joined));
    assert_eq!(rig.client.phase(admin), Some(Phase::Waiting));
    rig.advance(99);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.advance(1);
    assert_eq!(rig.written(), ["0/admin,"]);
    // The second wait is twice as long.
    rig.server("4/admin,");
    rig.advance(199);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.advance(1);
    assert_eq!(rig.written(), ["0/admin,"]);
}

#[test]
fn connect_without_a_session_id_comes_from_an_older_server() {
    for reply in ["0", "0{}", r#"0{"sid":7}"#] {
        let mut rig = Rig::new(config());
        let main = rig.add("/", quiet());
        rig.connect(main);
        rig.open();
        rig.server(reply);
        assert!(matches!(
            rig.told()[0],
            Event::Refused {
                refusal: Refusal::OldProtocol,
                ..
            }
        ));
    }
}

#[test]
fn leaving_tells_the_server_and_the_last_one_closes_the_connection() {
    let (mut rig, main) = Rig::joined();
    let admin = rig.add("/admin", quiet());
    rig.connect(admin);
    rig.server(r#"0/admin,{"sid":"two"}"#);
    rig.written();
    rig.client.disconnect(rig.now, admin, None);
    rig.drain();
    assert_eq!(rig.written(), ["1/admin,"]);
    assert_eq!(rig.state(), State::Open);
    rig.told();
    rig.client.disconnect(rig.now, main, None);
    rig.drain();
    assert_eq!(rig.written(), ["1"]);
    assert_eq!(
        rig.told(),
        [
            Event::Disconnected {
                namespace: main,
                reason: DisconnectReason::ClientDisconnect,
                rejoins: false
            },
            Event::Ended(EndReason::User)
        ]
    );
    assert_eq!(rig.state(), State::Closed);
    assert_eq!(rig.client.next_wake(), None);
}

#[test]
fn leaving_with_a_flush_writes_what_is_queued_first() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    rig.emit(main, r#"["a"]"#).unwrap();
    rig.emit(main, r#"["b"]"#).unwrap();
    rig.client
        .disconnect(rig.now, main, Some(Span::from_millis(1_000)));
    rig.drain();
    assert_eq!(rig.written(), [r#"2["a"]"#]);
    rig.sent();
    assert_eq!(rig.written(), [r#"2["b"]"#]);
    rig.sent();
    assert_eq!(rig.written(), ["1"]);
    rig.sent();
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn a_flush_that_takes_too_long_is_cut_off() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    rig.emit(main, r#"["a"]"#).unwrap();
    rig.emit(main, r#"["b"]"#).unwrap();
    rig.client
        .disconnect(rig.now, main, Some(Span::from_millis(50)));
    rig.advance(50);
    assert_eq!(rig.client.phase(main), Some(Phase::Idle));
    rig.advance(2_000);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn every_kind_of_loss_has_its_reason_and_is_dialled_again() {
    type Harm = fn(&mut Rig);
    let cases: [(Harm, DisconnectReason); 6] = [
        (|rig| rig.lose(), DisconnectReason::TransportClose),
        (
            |rig| {
                let id = rig.current();
                rig.handle(Input::Lost { id, failed: true });
            },
            DisconnectReason::TransportError,
        ),
        (|rig| rig.advance(45_000), DisconnectReason::PingTimeout),
        (|rig| rig.server("9"), DisconnectReason::ParseError),
        (
            |rig| rig.handle(Input::Reconnect),
            DisconnectReason::ForcedClose,
        ),
        (
            |rig| {
                rig.engine(&Packet::binary(b"orphan"));
            },
            DisconnectReason::ParseError,
        ),
    ];
    for (hurt, expected) in cases {
        let (mut rig, main) = Rig::joined();
        hurt(&mut rig);
        assert_eq!(
            rig.told()[..1],
            [Event::Disconnected {
                namespace: main,
                reason: expected,
                rejoins: true
            }]
        );
        rig.advance(2_000);
        assert_eq!(rig.transports.len(), 2, "{expected:?}");
        rig.open();
        rig.server(r#"0{"sid":"two"}"#);
        assert_eq!(rig.client.phase(main), Some(Phase::Joined));
    }
}

#[test]
fn a_namespace_that_the_server_leaves_stays_idle_unless_it_shall_rejoin() {
    let (mut rig, main) = Rig::joined();
    let rejoin = true;
    let admin = rig.add("/admin", NamespaceConfig { rejoin, ..quiet() });
    rig.connect(admin);
    rig.server(r#"0/admin,{"sid":"two"}"#);
    rig.told();
    rig.written();
    for (text, namespace, rejoins) in [("1/admin,", admin, true), ("1", main, false)] {
        rig.server(text);
        assert_eq!(
            rig.told(),
            [Event::Disconnected {
                namespace,
                reason: DisconnectReason::ServerDisconnect,
                rejoins
            }]
        );
    }
    rig.advance(1_000);
    assert_eq!(rig.written(), ["0/admin,"]);
    assert_eq!(rig.client.phase(main), Some(Phase::Idle));
}

#[test]
fn a_connection_that_cannot_be_made_is_told_to_each_namespace_and_tried_again() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.connect(main);
    let id = rig.current();
    rig.handle(Input::Lost { id, failed: true });
    assert!(matches!(rig.told()[..], [Event::Unreachable { namespace, .. }] if namespace == main));
    rig.advance(100);
    assert_eq!(rig.transports.len(), 2);
    // A hang ends with the connect timeout.
    rig.advance(10_000);
    assert_eq!(
        rig.told()[..1],
        [Event::Unreachable {
            namespace: main,
            cause: Cause::ConnectTimeout
        }]
    );
}

#[test]
fn used_up_retries_end_everything_that_waits_and_connect_begins_anew() {
    let link = LinkConfig {
        max_retries: Some(1),
        ..config().link
    };
    let mut rig = Rig::new(ClientConfig { link, ..config() });
    let main = rig.add("/", quiet());
    rig.connect(main);
    let emit = rig.emit(main, r#"["a"]"#).unwrap();
    for _ in 0..2 {
        let id = rig.current();
        rig.handle(Input::Lost { id, failed: true });
        rig.advance(2_000);
    }
    assert!(matches!(rig.status(emit), Some(Status::Dropped(_))));
    assert!(
        rig.events
            .contains(&Event::Ended(EndReason::RetriesExhausted))
    );
    assert_eq!(
        rig.emit(main, r#"["b"]"#),
        Err(SendError::Closed.into()),
        "nobody would ever send it"
    );
    rig.connect(main);
    rig.emit(main, r#"["c"]"#).unwrap();
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.written(), ["0", r#"2["c"]"#]);
}

#[test]
fn a_transport_that_hangs_is_followed_by_the_next_one() {
    let mut it = config();
    it.engine.transports = vec![TransportKind::WebSocket, TransportKind::Polling];
    it.engine.try_all_transports = true;
    it.transport_timeout = Some(Span::from_millis(3_000));
    let mut rig = Rig::new(it);
    let main = rig.add("/", quiet());
    rig.connect(main);
    rig.advance(3_000);
    let kinds: Vec<_> = rig.transports.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds, [TransportKind::WebSocket, TransportKind::Polling]);
    rig.open();
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_good_websocket_is_remembered_until_an_error() {
    let mut it = config();
    it.engine.transports = vec![TransportKind::Polling, TransportKind::WebSocket];
    it.remember_upgrade = true;
    let mut rig = Rig::new(it);
    let main = rig.add("/", quiet());
    rig.connect(main);
    rig.engine(&Packet::Text {
        kind: PacketType::Open,
        data: r#"{"sid":"a","upgrades":["websocket"],"pingInterval":1000,"pingTimeout":1000}"#,
    });
    let (polling, probe) = (rig.transports[0].0, rig.transports[1].0);
    rig.handle(Input::Opened(probe));
    rig.engine(&Packet::Text {
        kind: PacketType::Pong,
        data: "probe",
    });
    rig.handle(Input::Paused(polling));
    assert!(
        rig.told()
            .contains(&Event::Upgraded(TransportKind::WebSocket))
    );
    rig.lose();
    rig.advance(1_000);
    assert_eq!(rig.transports[2].1, TransportKind::WebSocket);
    rig.open();
    let id = rig.current();
    rig.handle(Input::Lost { id, failed: true });
    rig.advance(2_000);
    assert_eq!(rig.transports[3].1, TransportKind::Polling);
}

#[test]
fn names_that_cannot_be_a_namespace_are_refused() {
    let mut rig = Rig::new(ClientConfig {
        max_namespaces: 2,
        ..config()
    });
    for name in [
        "",
        "admin",
        "/a,b",
        "/a?b",
        &format!("/{}", "a".repeat(2_000)),
    ] {
        assert!(
            matches!(rig.client.add(name, quiet()), Err(NamespaceError::Name(_))),
            "{name}"
        );
    }
    rig.add("/", quiet());
    assert_eq!(rig.client.add("/", quiet()), Err(NamespaceError::Duplicate));
    rig.add("/__proto__", quiet());
    assert_eq!(rig.client.add("/b", quiet()), Err(NamespaceError::TooMany));
}

#[test]
fn a_namespace_is_left_for_good_with_everything_it_had_to_send() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    rig.emit(main, r#"["a"]"#).unwrap();
    let emit = rig.emit(main, r#"["b"]"#).unwrap();
    rig.client.remove(rig.now, main);
    rig.drain();
    assert!(matches!(rig.status(emit), Some(Status::Dropped(_))));
    assert_eq!(rig.client.phase(main), None);
}
