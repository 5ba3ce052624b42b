//! Events, acks both ways, pacing, bounds.

use everwire_core::Span;
use everwire_core::protocol::engine_io::{Packet, TransportKind};
use everwire_core::protocol::socket_io::client::{
    AckError, EmitError, EmitOptions, Event, Input, NamespaceConfig,
};
use everwire_core::send::{
    DropReason, Offline, OutboxConfig, Policy, SendError, SendOptions, Status, TopicConfig,
};

use crate::rig::{Json, Rig, config, quiet};

const ACK: EmitOptions = EmitOptions {
    ack: true,
    timeout: Some(Span::from_millis(1_000)),
    volatile: false,
    send: SendOptions {
        immediate: false,
        lane: None,
        offline: None,
        ttl: None,
        resend: false,
        expect_ack: false,
        merged: false,
    },
};

#[test]
fn what_is_emitted_before_the_connection_follows_in_order() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.emit(main, r#"["a"]"#).unwrap();
    rig.connect(main);
    rig.emit(main, r#"["b"]"#).unwrap();
    rig.open();
    rig.emit(main, r#"["c"]"#).unwrap();
    assert_eq!(rig.written(), ["0"]);
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.written(), [r#"2["a"]"#, r#"2["b"]"#, r#"2["c"]"#]);
}

#[test]
fn acks_meet_their_emits_by_ids_that_are_never_used_twice() {
    let (mut rig, main) = Rig::joined();
    let a = rig.emit_with(main, Json::new(r#"["a"]"#), ACK).unwrap();
    let b = rig.emit_with(main, Json::new(r#"["b"]"#), ACK).unwrap();
    assert_eq!(rig.written(), [r#"20["a"]"#, r#"21["b"]"#]);
    rig.events.clear();
    rig.server(r#"31["B"]"#);
    rig.server(r#"30["A"]"#);
    // Twice is once, and what nobody asked for is nothing.
    rig.server(r#"30["A"]"#);
    rig.server(r#"399["A"]"#);
    rig.server("3/nowhere,1[]");
    let acked = |emit, payload: &str| Event::Acked {
        namespace: main,
        emit,
        payload: payload.to_owned(),
        attachments: Vec::new(),
    };
    let done = |emit| Event::Status {
        namespace: main,
        emit,
        status: Status::Acked,
        terminal: true,
    };
    assert_eq!(
        rig.told(),
        [acked(b, r#"["B"]"#), done(b), acked(a, r#"["A"]"#), done(a)]
    );
    assert_eq!(rig.client.pending_acks(main), 0);
    rig.emit_with(main, Json::new(r#"["c"]"#), ACK).unwrap();
    assert_eq!(rig.written(), [r#"22["c"]"#]);
}

#[test]
fn an_ack_that_does_not_come_in_time_is_an_error_and_a_late_one_is_ignored() {
    let (mut rig, main) = Rig::joined();
    let emit = rig.emit_with(main, Json::new(r#"["a"]"#), ACK).unwrap();
    rig.advance(999);
    assert_eq!(rig.client.pending_acks(main), 1);
    rig.told();
    rig.advance(1);
    let failed = |error| Event::Unanswered {
        namespace: main,
        emit,
        error,
    };
    assert_eq!(rig.told()[1..], [failed(AckError::TimedOut)]);
    rig.server(r#"30["late"]"#);
    assert_eq!(rig.told(), []);
}

#[test]
fn an_emit_that_was_not_written_in_time_is_taken_back() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.connect(main);
    let emit = rig.emit_with(main, Json::new(r#"["a"]"#), ACK).unwrap();
    rig.advance(1_000);
    assert_eq!(rig.status(emit), Some(Status::Cancelled));
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.written(), ["0"]);
}

#[test]
fn a_loss_fails_written_emits_and_keeps_those_that_wait() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    let options = EmitOptions {
        timeout: None,
        ..ACK
    };
    let written = rig.emit_with(main, Json::new(r#"["a"]"#), options).unwrap();
    let waiting = rig.emit_with(main, Json::new(r#"["b"]"#), options).unwrap();
    rig.prompt = true;
    rig.written();
    rig.reconnect();
    assert_eq!(rig.status(written), Some(Status::Unknown));
    assert_eq!(rig.written(), ["0", r#"21["b"]"#]);
    rig.server("31[]");
    assert_eq!(rig.status(waiting), Some(Status::Acked));
}

#[test]
fn events_of_the_server_can_be_answered_once_and_only_over_their_connection() {
    let (mut rig, _) = Rig::joined();
    rig.server(r#"27["q",1]"#);
    rig.server(r#"2["q",2]"#);
    let events = rig.received();
    assert_eq!(events[1].reply, None);
    let to = events[0].reply.unwrap();
    rig.client.reply(rig.now, to, Json::new("[1]")).unwrap();
    rig.drain();
    assert_eq!(rig.written(), ["37[1]"]);
    rig.reconnect();
    let stale = rig.client.reply(rig.now, to, Json::new("[1]"));
    assert_eq!(stale, Err(EmitError::StaleReply));
}

#[test]
fn an_answer_that_waits_for_its_turn_dies_with_its_connection() {
    let (mut rig, main) = Rig::joined();
    rig.server(r#"27["q"]"#);
    let to = rig.received()[0].reply.unwrap();
    rig.prompt = false;
    rig.emit(main, r#"["a"]"#).unwrap();
    rig.client.reply(rig.now, to, Json::new("[1]")).unwrap();
    rig.prompt = true;
    rig.written();
    rig.reconnect();
    assert_eq!(rig.written(), ["0"]);
}

#[test]
fn attachments_follow_their_event_in_both_directions() {
    let (mut rig, main) = Rig::joined();
    let payload = Json(
        r#"["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#.to_owned(),
        vec![vec![1], vec![2, 3]],
    );
    let text = payload.0.clone();
    rig.emit_with(main, payload, EmitOptions::default())
        .unwrap();
    assert_eq!(
        rig.written(),
        [format!("52-{text}"), "<1>".into(), "<2>".into()]
    );
    rig.server(&format!("52-9{text}"));
    rig.engine(&Packet::binary(&[7]));
    assert_eq!(rig.told().len(), 2, "statuses only");
    rig.engine(&Packet::binary(&[]));
    let received = rig.received();
    assert_eq!(received[0].attachments, [vec![7], vec![]]);
    let answer = Json(
        r#"[{"_placeholder":true,"num":0}]"#.to_owned(),
        vec![vec![0; 5]],
    );
    let to = received[0].reply.unwrap();
    rig.client.reply(rig.now, to, answer).unwrap();
    rig.drain();
    assert_eq!(rig.written()[0][..5], *"61-9[");
}

#[test]
fn volatile_events_are_dropped_unless_they_can_go_now() {
    let (mut rig, main) = Rig::joined();
    let volatile = EmitOptions {
        volatile: true,
        ..EmitOptions::default()
    };
    rig.emit_with(main, Json::new(r#"["a"]"#), volatile)
        .unwrap();
    assert_eq!(rig.written(), [r#"2["a"]"#]);
    rig.prompt = false;
    rig.emit(main, r#"["b"]"#).unwrap();
    let busy = rig
        .emit_with(main, Json::new(r#"["c"]"#), volatile)
        .unwrap();
    assert_eq!(rig.status(busy), Some(Status::Dropped(DropReason::Offline)));
    rig.lose();
    let offline = rig
        .emit_with(main, Json::new(r#"["d"]"#), volatile)
        .unwrap();
    assert_eq!(
        rig.status(offline),
        Some(Status::Dropped(DropReason::Offline))
    );
    let with_ack = EmitOptions {
        ack: true,
        ..volatile
    };
    let emit = rig
        .emit_with(main, Json::new(r#"["e"]"#), with_ack)
        .unwrap();
    let unanswered =
        |event: &Event| matches!(event, Event::Unanswered { emit: other, .. } if *other == emit);
    assert!(rig.events.iter().any(unanswered));
}

#[test]
fn while_a_post_is_under_way_newer_values_replace_older_ones() {
    let mut it = config();
    it.engine.transports = vec![TransportKind::Polling];
    let mut rig = Rig::new(it);
    let main = rig.add("/", quiet());
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    let topic = TopicConfig {
        policy: Policy::conflate(),
        ..TopicConfig::default()
    };
    let topic = rig.client.outbox(main).unwrap().topic(topic).unwrap();
    rig.written();
    rig.prompt = false;
    for value in 0..10 {
        let payload = Json::new(&format!(r#"["v",{value}]"#));
        let options = EmitOptions::default();
        rig.client
            .emit(rig.now, main, topic, None, payload, options)
            .unwrap();
        rig.drain();
    }
    assert_eq!(rig.written(), [r#"2["v",0]"#]);
    rig.sent();
    assert_eq!(rig.written(), [r#"2["v",9]"#]);
}

#[test]
fn a_batch_topic_makes_one_event_of_several() {
    let (mut rig, main) = Rig::joined();
    let topic = TopicConfig {
        policy: Policy::Batch {
            max_items: 2,
            max_bytes: usize::MAX,
            max_wait: Span::from_millis(10),
        },
        ..TopicConfig::default()
    };
    let topic = rig.client.outbox(main).unwrap().topic(topic).unwrap();
    for value in [r#"["v",1]"#, r#"["v",2]"#] {
        let options = EmitOptions::default();
        rig.client
            .emit(rig.now, main, topic, None, Json::new(value), options)
            .unwrap();
    }
    rig.drain();
    assert_eq!(rig.written(), [r#"2[["v",1],["v",2]]"#]);
}

#[test]
fn what_the_server_would_not_take_is_refused_and_the_connection_lives() {
    let (mut rig, main) = Rig::joined();
    let long = format!(r#"["a","{}"]"#, "x".repeat(1_000));
    assert!(matches!(
        rig.emit(main, &long),
        Err(EmitError::TooLong { max: 1_000, .. })
    ));
    let attachment = Json("[]".to_owned(), vec![vec![0; 1_001]]);
    assert!(matches!(
        rig.emit_with(main, attachment, EmitOptions::default()),
        Err(EmitError::TooLong { .. })
    ));
    let many = Json("[]".to_owned(), vec![vec![]; 11]);
    assert_eq!(
        rig.emit_with(main, many, EmitOptions::default()),
        Err(EmitError::TooManyAttachments)
    );
    rig.emit(main, r#"["b"]"#).unwrap();
    assert_eq!(rig.written(), [r#"2["b"]"#]);
}

#[test]
fn what_was_queued_before_the_limit_was_known_is_refused_when_its_turn_comes() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.connect(main);
    let long = format!(r#"["a","{}"]"#, "x".repeat(1_000));
    let emit = rig.emit(main, &long).unwrap();
    rig.emit(main, r#"["b"]"#).unwrap();
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.status(emit), Some(Status::Dropped(DropReason::Refused)));
    assert_eq!(rig.written(), ["0", r#"2["b"]"#]);
}

#[test]
fn everything_that_waits_is_bounded() {
    let mut rig = Rig::new(config());
    let outbox = OutboxConfig {
        max_messages: 2,
        ..OutboxConfig::default()
    };
    let main = rig.add(
        "/",
        NamespaceConfig {
            outbox,
            max_pending_acks: 1,
            ..quiet()
        },
    );
    rig.emit_with(main, Json::new("[1]"), ACK).unwrap();
    assert_eq!(
        rig.emit_with(main, Json::new("[1]"), ACK),
        Err(EmitError::TooManyAcks)
    );
    rig.emit(main, "[1]").unwrap();
    assert_eq!(rig.emit(main, "[1]"), Err(SendError::QueueFull.into()));
}

#[test]
fn an_offline_rule_of_one_event_is_obeyed() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    let mut options = EmitOptions::default();
    options.send.offline = Some(Offline::Reject);
    assert_eq!(
        rig.emit_with(main, Json::new("[1]"), options),
        Err(SendError::Offline.into())
    );
}

#[test]
fn an_emit_can_be_taken_back() {
    let (mut rig, main) = Rig::joined();
    rig.prompt = false;
    let options = EmitOptions {
        timeout: None,
        ..ACK
    };
    let written = rig.emit_with(main, Json::new(r#"["a"]"#), options).unwrap();
    let waiting = rig.emit(main, r#"["b"]"#).unwrap();
    assert!(rig.client.cancel(main, waiting));
    assert!(!rig.client.cancel(main, written));
    rig.drain();
    assert_eq!(rig.status(waiting), Some(Status::Cancelled));
    assert_eq!(rig.status(written), Some(Status::Unknown));
    assert_eq!(rig.client.pending_acks(main), 0);
    rig.sent();
    assert_eq!(rig.written(), [r#"20["a"]"#]);
}

#[test]
fn a_full_socket_buffer_of_one_namespace_starves_no_other() {
    let (mut rig, main) = Rig::joined();
    let other = rig.add("/other", quiet());
    rig.connect(other);
    rig.server(r#"0/other,{"sid":"two"}"#);
    rig.written();
    rig.prompt = false;
    rig.emit(main, r#"["first"]"#).unwrap();
    for _ in 0..400 {
        let long = format!(r#"["m","{}"]"#, "x".repeat(800));
        rig.emit(main, &long).unwrap();
    }
    rig.emit(other, r#"["o"]"#).unwrap();
    for _ in 0..3 {
        rig.sent();
    }
    assert!(rig.written().contains(&r#"2/other,["o"]"#.to_owned()));
}

#[test]
fn a_ping_is_answered_and_pongs_are_no_messages() {
    let (mut rig, _) = Rig::joined();
    rig.engine(&Packet::decode_text("2").unwrap());
    assert_eq!(rig.written(), ["pong"]);
    rig.handle(Input::Tick);
}
