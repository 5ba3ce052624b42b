//! A session's life, told by a host without sockets.

use std::rc::Rc;

use everwire_core::Time;
use everwire_core::protocol::engine_io::{
    Batch, CloseReason, Handshake, Input, Outgoing, Output, Packet, PacketType, Received,
    SendError, Session, SessionConfig, TransportKind,
};

const OPEN: &str = r#"{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":10}"#;

const fn at(millis: u64) -> Time {
    Time::from_micros(millis * 1_000)
}

const fn text(kind: PacketType, data: &str) -> Packet<'_> {
    Packet::Text { kind, data }
}

fn outputs(session: &mut Session<u32>) -> Vec<Output> {
    std::iter::from_fn(|| session.poll()).collect()
}

fn handle(session: &mut Session<u32>, input: Input) -> Vec<Output> {
    session.handle(at(0), input);
    outputs(session)
}

fn receive(session: &mut Session<u32>, transport: u32, packet: Packet<'_>) -> Vec<Output> {
    assert_eq!(session.receive(at(0), transport, &packet), Received::Done);
    outputs(session)
}

fn started(config: SessionConfig) -> Session<u32> {
    let open = config.transports.first().map(|&kind| Output::Open {
        transport: 1,
        kind,
        upgrade: false,
    });
    let mut session = Session::new(config);
    assert_eq!(handle(&mut session, Input::Start), Vec::from_iter(open));
    session
}

/// An open session on polling, while transport 2 is being opened.
fn open() -> Session<u32> {
    let mut session = started(SessionConfig::default());
    let opened = receive(&mut session, 1, text(PacketType::Open, OPEN));
    let upgrade = Output::Open {
        transport: 2,
        kind: TransportKind::WebSocket,
        upgrade: true,
    };
    assert_eq!(opened, [Output::Opened, upgrade]);
    session
}

/// An open session on WebSocket only.
fn websocket() -> Session<u32> {
    let mut session = started(SessionConfig {
        transports: vec![TransportKind::WebSocket],
        ..SessionConfig::default()
    });
    assert_eq!(
        receive(&mut session, 1, text(PacketType::Open, OPEN)),
        [Output::Opened]
    );
    session
}

fn probe(session: &mut Session<u32>) -> Vec<Output> {
    let probe = Output::Control {
        transport: 2,
        kind: PacketType::Ping,
        data: "probe",
    };
    assert_eq!(handle(session, Input::Opened { transport: 2 }), [probe]);
    receive(session, 2, text(PacketType::Pong, "probe"))
}

fn batch(transport: u32, messages: &[u32]) -> Option<Batch<u32>> {
    let packets = messages.iter().copied().map(Outgoing::Message).collect();
    Some(Batch { transport, packets })
}

fn ended(transports: &[u32], reason: CloseReason) -> Vec<Output> {
    let detached = transports
        .iter()
        .map(|&transport| Output::Detach { transport });
    detached.chain([Output::Closed(reason)]).collect()
}

#[test]
fn an_upgrade_loses_and_reorders_nothing() {
    let mut session = open();
    session.send(1, 2).unwrap();
    assert_eq!(session.take_batch(), batch(1, &[1]));
    session.send(2, 2).unwrap();
    assert_eq!(session.take_batch(), None);
    // The answer to the probe comes while a request is in flight: it is awaited before the pause.
    assert_eq!(probe(&mut session), []);
    assert_eq!(handle(&mut session, Input::Paused { transport: 1 }), []);
    let sent = handle(&mut session, Input::Sent { transport: 1 });
    assert_eq!(sent, [Output::Pause { transport: 1 }]);
    session.send(3, 2).unwrap();
    assert_eq!(session.take_batch(), None);
    // The last poll may still bring messages.
    let last = session.receive(at(0), 1, &Packet::message("a"));
    assert_eq!(last, Received::Deliver);
    session.handle(at(0), Input::Paused { transport: 1 });
    assert_eq!(session.take_batch(), None);
    let upgrade = Output::Control {
        transport: 2,
        kind: PacketType::Upgrade,
        data: "",
    };
    let done = [
        upgrade,
        Output::Detach { transport: 1 },
        Output::Upgraded { transport: 2 },
    ];
    assert_eq!(outputs(&mut session), done);
    assert_eq!(session.transport(), (2, TransportKind::WebSocket));
    assert_eq!(session.take_batch(), batch(2, &[2, 3]));
    assert_eq!(
        session.receive(at(0), 2, &Packet::binary(&[1])),
        Received::Deliver
    );
    // Late reports of the old transport do not count.
    assert_eq!(
        session.receive(at(0), 1, &Packet::message("b")),
        Received::Done
    );
    assert_eq!(
        handle(
            &mut session,
            Input::Lost {
                transport: 1,
                failed: true
            }
        ),
        []
    );
}

#[test]
fn a_failed_upgrade_leaves_polling_as_it_is() {
    let lost = Input::Lost {
        transport: 2,
        failed: true,
    };
    let failed = [Output::Detach { transport: 2 }, Output::UpgradeFailed];
    let mut opening = open();
    assert_eq!(handle(&mut opening, lost), failed);
    let mut wrong = open();
    handle(&mut wrong, Input::Opened { transport: 2 });
    assert_eq!(receive(&mut wrong, 2, text(PacketType::Pong, "")), failed);
    let mut early = open();
    assert_eq!(
        receive(&mut early, 2, text(PacketType::Pong, "probe")),
        failed
    );
    for mut session in [opening, wrong, early] {
        session.send(1, 2).unwrap();
        assert_eq!(session.take_batch(), batch(1, &[1]));
        assert_eq!(handle(&mut session, Input::Opened { transport: 2 }), []);
    }
}

#[test]
fn an_upgrade_that_fails_during_the_pause_resumes_polling() {
    let lost = Input::Lost {
        transport: 2,
        failed: false,
    };
    let mut session = open();
    assert_eq!(probe(&mut session), [Output::Pause { transport: 1 }]);
    session.send(1, 2).unwrap();
    let resumed = [
        Output::Detach { transport: 2 },
        Output::Resume { transport: 1 },
        Output::UpgradeFailed,
    ];
    assert_eq!(handle(&mut session, lost), resumed);
    assert_eq!(session.take_batch(), batch(1, &[1]));
    // With a request in flight the pause has not begun: nothing to resume.
    assert_eq!(probe(&mut open()), [Output::Pause { transport: 1 }]);
    let mut session = open();
    session.send(1, 2).unwrap();
    session.take_batch().unwrap();
    assert_eq!(probe(&mut session), []);
    let failed = [Output::Detach { transport: 2 }, Output::UpgradeFailed];
    assert_eq!(handle(&mut session, lost), failed);
}

#[test]
fn no_upgrade_is_tried_unless_all_agree() {
    let offers = OPEN.replace("\"websocket\"", "");
    let polling = vec![TransportKind::Polling];
    let default = SessionConfig::default;
    for (config, open) in [
        (
            SessionConfig {
                upgrade: false,
                ..default()
            },
            OPEN,
        ),
        (
            SessionConfig {
                transports: polling,
                ..default()
            },
            OPEN,
        ),
        (default(), offers.as_str()),
    ] {
        let mut session = started(config);
        assert_eq!(
            receive(&mut session, 1, text(PacketType::Open, open)),
            [Output::Opened]
        );
    }
}

#[test]
fn only_pings_keep_the_session_alive() {
    let mut session = websocket();
    assert_eq!(session.next_wake(), Some(at(45_000)));
    let _ = session.receive(at(10_000), 1, &Packet::message("a"));
    assert_eq!(session.next_wake(), Some(at(45_000)));
    let _ = session.receive(at(25_000), 1, &text(PacketType::Ping, "x"));
    let _ = session.receive(at(25_000), 1, &text(PacketType::Ping, "y"));
    assert_eq!(session.next_wake(), Some(at(70_000)));
    let pongs = session.take_batch().unwrap().packets;
    assert_eq!(pongs, [Outgoing::Pong("x".into())]);
    handle(&mut session, Input::Sent { transport: 1 });
    let _ = session.receive(at(25_000), 1, &text(PacketType::Ping, "z"));
    let pongs = session.take_batch().unwrap().packets;
    assert_eq!(pongs, [Outgoing::Pong("z".into())]);
    session.handle(at(69_999), Input::Tick);
    assert_eq!(session.poll(), None);
    session.handle(at(70_000), Input::Tick);
    assert_eq!(outputs(&mut session), ended(&[1], CloseReason::PingTimeout));
    assert_eq!(session.next_wake(), None);
    assert_eq!(session.send(1, 1), Err(SendError::Closed));
}

#[test]
fn batches_for_polling_fit_max_payload() {
    let mut session = started(SessionConfig::default());
    session.send(1, 99).unwrap();
    for (message, len) in [(2, 5), (3, 4), (4, 1)] {
        session.send(message, len).unwrap();
    }
    assert_eq!(session.take_batch(), None);
    receive(&mut session, 1, text(PacketType::Open, OPEN));
    for messages in [&[1][..], &[2, 3], &[4]] {
        assert_eq!(session.take_batch(), batch(1, messages));
        assert_eq!(session.take_batch(), None);
        handle(&mut session, Input::Sent { transport: 1 });
    }
    assert_eq!(
        session.send(5, 11),
        Err(SendError::TooLong { len: 11, max: 10 })
    );
    assert_eq!(session.send(6, 10), Ok(()));
}

#[test]
fn closing_writes_what_is_queued_first() {
    let mut polling = open();
    polling.send(1, 2).unwrap();
    let failed = [Output::Detach { transport: 2 }, Output::UpgradeFailed];
    assert_eq!(handle(&mut polling, Input::Close), failed);
    assert_eq!(receive(&mut polling, 1, text(PacketType::Ping, "")), []);
    let packets = vec![Outgoing::Message(1), Outgoing::Close];
    assert_eq!(
        polling.take_batch(),
        Some(Batch {
            transport: 1,
            packets
        })
    );
    let mut answered_early = polling.clone();
    let closed = ended(&[1], CloseReason::ForcedClose);
    assert_eq!(handle(&mut polling, Input::Sent { transport: 1 }), closed);
    assert_eq!(
        receive(&mut answered_early, 1, text(PacketType::Close, "")),
        closed
    );

    let mut socket = websocket();
    socket.send(1, 2).unwrap();
    assert_eq!(handle(&mut socket, Input::Close), []);
    assert_eq!(socket.take_batch(), batch(1, &[1]));
    assert_eq!(handle(&mut socket, Input::Sent { transport: 1 }), closed);
    assert_eq!(handle(&mut websocket(), Input::Close), closed);
    assert_eq!(
        handle(&mut started(SessionConfig::default()), Input::Close),
        closed
    );
}

#[test]
fn each_end_has_its_reason() {
    let lost = |failed| Input::Lost {
        transport: 1,
        failed,
    };
    let error = CloseReason::TransportError;
    assert_eq!(handle(&mut websocket(), lost(true)), ended(&[1], error));
    assert_eq!(
        handle(&mut websocket(), lost(false)),
        ended(&[1], CloseReason::TransportClose)
    );
    let closed = receive(&mut open(), 1, text(PacketType::Close, ""));
    assert_eq!(closed, ended(&[2, 1], CloseReason::TransportClose));
    for stray in [
        PacketType::Close,
        PacketType::Pong,
        PacketType::Upgrade,
        PacketType::Noop,
        PacketType::Open,
    ] {
        assert_eq!(receive(&mut websocket(), 1, text(stray, "")), []);
    }
    for first in [
        text(PacketType::Open, "{}"),
        text(PacketType::Noop, ""),
        Packet::message(""),
    ] {
        let mut session = started(SessionConfig::default());
        assert_eq!(receive(&mut session, 1, first), ended(&[1], error));
    }
    let none = SessionConfig {
        transports: vec![],
        ..SessionConfig::default()
    };
    assert_eq!(
        handle(&mut Session::new(none), Input::Start),
        ended(&[], error)
    );
    assert_eq!(error.as_str(), "transport error");
}

#[test]
fn try_all_transports_moves_on_after_a_failure_while_opening() {
    let mut session = started(SessionConfig {
        transports: vec![TransportKind::WebSocket, TransportKind::Polling],
        try_all_transports: true,
        ..SessionConfig::default()
    });
    let next = Output::Open {
        transport: 2,
        kind: TransportKind::Polling,
        upgrade: false,
    };
    let lost = |transport| Input::Lost {
        transport,
        failed: true,
    };
    assert_eq!(
        handle(&mut session, lost(1)),
        [Output::Detach { transport: 1 }, next]
    );
    assert_eq!(handle(&mut session, lost(1)), []);
    assert_eq!(
        handle(&mut session, lost(2)),
        ended(&[2], CloseReason::TransportError)
    );
}

#[test]
fn closing_waits_for_the_write_in_flight() {
    let mut session = websocket();
    session.send(1, 2).unwrap();
    session.take_batch().unwrap();
    assert_eq!(handle(&mut session, Input::Close), []);
    let closed = ended(&[1], CloseReason::ForcedClose);
    assert_eq!(handle(&mut session, Input::Sent { transport: 1 }), closed);
}

#[test]
fn the_end_drops_messages_that_were_not_taken() {
    let message = Rc::new(());
    let mut session = Session::new(SessionConfig::default());
    session.handle(at(0), Input::Start);
    session.send(Rc::clone(&message), 1).unwrap();
    assert_eq!(Rc::strong_count(&message), 2);
    session.handle(at(0), Input::Close);
    assert_eq!(Rc::strong_count(&message), 1);
}

#[test]
fn a_host_with_its_own_queue_writes_whenever_the_session_would() {
    let mut session = open();
    assert!(session.may_write());
    session.writing(1);
    assert!(!session.may_write());
    handle(&mut session, Input::Sent { transport: 1 });
    assert!(session.may_write());
    probe(&mut session);
    assert!(session.is_pausing() && !session.may_write());
    session.handle(at(0), Input::Paused { transport: 1 });
    assert!(!session.may_write(), "the upgrade packet goes first");
    outputs(&mut session);
    assert!(session.may_write());
}

#[test]
fn a_ping_that_the_host_answers_counts_as_life() {
    let mut session = websocket();
    session.pinged(at(40_000), 1);
    assert_eq!(session.next_wake(), Some(at(85_000)));
    assert_eq!(session.take_batch(), None, "the answer is the host's");
}

#[test]
fn terminating_during_an_upgrade_gives_up_both_transports_at_once() {
    let mut session = open();
    session.terminate();
    let ended = outputs(&mut session);
    let expected = [
        Output::Detach { transport: 2 },
        Output::UpgradeFailed,
        Output::Detach { transport: 1 },
        Output::Closed(CloseReason::ForcedClose),
    ];
    assert_eq!(ended, expected);
    session.terminate();
    assert_eq!(outputs(&mut session), []);
}

#[test]
fn a_host_may_read_handshake_and_probe_by_itself() {
    let mut session = started(SessionConfig::default());
    let upgrades = vec!["websocket".into()];
    let handshake = Handshake::from_parts("s".into(), upgrades, Some(1), Some(1), None);
    session.accept(at(0), 1, handshake.ok());
    assert_eq!(outputs(&mut session).len(), 2);
    handle(&mut session, Input::Opened { transport: 2 });
    session.probe_answered(2, true);
    assert_eq!(outputs(&mut session), [Output::Pause { transport: 1 }]);

    let mut session = started(SessionConfig::default());
    let handshake = Handshake::from_parts("s".into(), vec![], None, Some(1), None);
    session.accept(at(0), 1, handshake.ok());
    let end = outputs(&mut session);
    assert_eq!(
        end.last(),
        Some(&Output::Closed(CloseReason::TransportError))
    );
}
