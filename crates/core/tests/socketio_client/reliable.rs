//! Events that are emitted until the server acknowledges them.

use everwire_core::Span;
use everwire_core::protocol::socket_io::client::{
    AckError, EmitError, EmitId, Event, NamespaceConfig, NamespaceError, NamespaceId, RetryConfig,
};
use everwire_core::send::{SendError, Status};

use crate::rig::{Json, Rig, config, quiet};

fn rig(window: u32, retries: u32) -> (Rig, NamespaceId) {
    let mut rig = Rig::new(config());
    let retry = RetryConfig {
        retries,
        ack_timeout: Span::from_millis(1_000),
        window,
    };
    let main = rig.add("/", NamespaceConfig { retry, ..quiet() });
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one"}"#);
    rig.written();
    rig.told();
    (rig, main)
}

fn emit(rig: &mut Rig, main: NamespaceId, text: &str, key: Option<u64>) -> EmitId {
    let emit = rig
        .client
        .emit_reliable(rig.now, main, Json::new(text), key)
        .unwrap();
    rig.drain();
    emit
}

#[test]
fn no_more_than_the_window_wait_for_an_ack() {
    let (mut rig, main) = rig(2, 3);
    for text in ["[1]", "[2]", "[3]", "[4]"] {
        emit(&mut rig, main, text, None);
    }
    assert_eq!(rig.written(), ["20[1]", "21[2]"]);
    rig.server("31[]");
    assert_eq!(rig.written(), ["22[3]"]);
    rig.server("30[]");
    assert_eq!(rig.written(), ["23[4]"]);
}

#[test]
fn emits_with_one_key_never_overlap_and_others_pass_them() {
    let (mut rig, main) = rig(8, 3);
    emit(&mut rig, main, r#"["a1"]"#, Some(1));
    emit(&mut rig, main, r#"["a2"]"#, Some(1));
    emit(&mut rig, main, r#"["b1"]"#, Some(2));
    assert_eq!(rig.written(), [r#"20["a1"]"#, r#"21["b1"]"#]);
    // Sent again, it still is before its successor.
    rig.advance(1_000);
    assert_eq!(rig.written(), [r#"22["a1"]"#, r#"23["b1"]"#]);
    rig.server("32[]");
    assert_eq!(rig.written(), [r#"24["a2"]"#]);
}

#[test]
fn without_an_ack_it_is_sent_again_and_in_the_end_fails() {
    let (mut rig, main) = rig(1, 2);
    let it = emit(&mut rig, main, "[1]", None);
    for id in 0..3 {
        assert_eq!(rig.written(), [format!("2{id}[1]")]);
        rig.advance(1_000);
    }
    assert_eq!(rig.written(), Vec::<String>::new());
    let failed = Event::Unanswered {
        namespace: main,
        emit: it,
        error: AckError::TimedOut,
    };
    assert_eq!(rig.events.last(), Some(&failed));
    assert_eq!(rig.client.pending_acks(main), 0);
    // An ack of an earlier try is too late as well.
    rig.told();
    rig.server("30[]");
    assert_eq!(rig.told(), []);
}

#[test]
fn a_lost_connection_uses_up_no_try() {
    let (mut rig, main) = rig(4, 0);
    let it = emit(&mut rig, main, "[1]", None);
    for round in 0..5 {
        rig.written();
        rig.reconnect();
        assert_eq!(rig.written(), ["0", &format!("2{}[1]", round + 1)]);
    }
    rig.server("35[]");
    assert_eq!(rig.status(it), Some(Status::Acked));
}

#[test]
fn nothing_is_written_before_the_namespace_is_joined() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    emit(&mut rig, main, "[1]", None);
    rig.connect(main);
    rig.open();
    assert_eq!(rig.written(), ["0"]);
    rig.server(r#"0{"sid":"one"}"#);
    assert_eq!(rig.written(), ["20[1]"]);
}

#[test]
fn one_that_waits_or_flies_can_be_taken_back() {
    let (mut rig, main) = rig(1, 3);
    let flying = emit(&mut rig, main, "[1]", None);
    let waiting = emit(&mut rig, main, "[2]", None);
    rig.written();
    assert!(rig.client.cancel(main, waiting));
    assert!(!rig.client.cancel(main, flying));
    rig.drain();
    rig.advance(60_000);
    assert_eq!(rig.status(waiting), Some(Status::Cancelled));
    assert_eq!(rig.client.pending_acks(main), 0);
    assert!(!rig.written().iter().any(|text| text.starts_with('2')));
}

#[test]
fn what_waits_is_bounded_in_number_and_bytes() {
    let mut rig = Rig::new(config());
    let mut it = NamespaceConfig {
        max_pending_acks: 3,
        ..quiet()
    };
    it.outbox.max_bytes = 10;
    let main = rig.add("/", it);
    let mut emit = |text: &str| {
        rig.client
            .emit_reliable(rig.now, main, Json::new(text), None)
    };
    assert_eq!(emit("[12345678]"), Ok(EmitId(0)));
    assert_eq!(emit("[1]"), Err(SendError::QueueFull.into()));
    assert_eq!(emit("[123456789]"), Err(SendError::TooLarge.into()));
    assert!(rig.client.cancel(main, EmitId(0)));
    for _ in 0..3 {
        rig.client
            .emit_reliable(rig.now, main, Json::new("[]"), None)
            .unwrap();
    }
    let full = rig
        .client
        .emit_reliable(rig.now, main, Json::new("[]"), None);
    assert_eq!(full, Err(EmitError::TooManyAcks));
}

#[test]
fn options_out_of_range_are_refused() {
    let mut rig = Rig::new(config());
    for (window, millis) in [(0, 1), (1, 0)] {
        let retry = RetryConfig {
            window,
            ack_timeout: Span::from_millis(millis),
            retries: 0,
        };
        let it = NamespaceConfig { retry, ..quiet() };
        assert_eq!(rig.client.add("/", it), Err(NamespaceError::Retry));
    }
}
