//! A client's connection on a virtual clock, against a scripted server.

use everwire_core::protocol::stomp::{
    Acknowledge, Body, CallError, CloseReason, HeartBeat, ParseError, Received, Session,
    SessionConfig, Version,
};
use everwire_core::{Span, Time};

/// A session, what it sent, and the time.
struct Client {
    session: Session,
    sent: Vec<u8>,
    now: Time,
}

impl Client {
    fn opening(config: SessionConfig) -> Self {
        let mut sent = Vec::new();
        let session = Session::connect(config, Time::ZERO, &[("host", "/")], &mut sent).unwrap();
        Self {
            session,
            sent,
            now: Time::ZERO,
        }
    }

    fn connected(connected: &str) -> Self {
        let mut client = Self::opening(SessionConfig::default());
        client.sent.clear();
        let told = client.receive(connected).unwrap();
        assert!(told[0].starts_with("connected"), "{told:?}");
        client
    }

    /// What a message brings, one line each.
    fn receive(&mut self, message: &str) -> Result<Vec<String>, CloseReason> {
        let mut input = message.as_bytes();
        let mut told = Vec::new();
        while let Some(received) = self.session.receive(self.now, &mut input)? {
            told.push(match received {
                Received::Connected { version, .. } => format!("connected {}", version.as_str()),
                Received::Message {
                    subscription,
                    frame,
                } => {
                    format!("message {subscription:?} {}", frame.text().unwrap())
                }
                Received::Receipt { receipt, .. } => format!("receipt {receipt:?}"),
                Received::Disconnected => "disconnected".into(),
                Received::Error { receipt, .. } => format!("error {receipt:?}"),
                Received::Unknown(frame) => format!("unknown {}", frame.command()),
                Received::HeartBeat => "beat".into(),
            });
        }
        Ok(told)
    }

    fn sent(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.sent)).unwrap()
    }

    fn wake(&self) -> Option<f64> {
        self.session.next_wake().map(Time::as_millis_f64)
    }

    fn at(&mut self, millis: u64) -> &mut Self {
        self.now = Time::ZERO + Span::from_millis(millis);
        self
    }

    fn tick(&mut self) -> Result<(), CloseReason> {
        self.session.tick(self.now, &mut self.sent)
    }

    fn send(&mut self, text: &str) -> Result<(), CallError> {
        self.session
            .send(self.now, "/q", &[], Body::Text(text), &mut self.sent)
    }

    fn subscribe(&mut self, token: u32, fields: &[(&str, &str)]) -> Result<String, CallError> {
        self.session
            .subscribe(self.now, token, "/q", fields, &mut self.sent)
    }

    fn disconnect(&mut self) -> Result<(), CallError> {
        self.session.disconnect(self.now, &[], &mut self.sent)
    }
}

const V1_2: &str = "CONNECTED\nversion:1.2\n\n\0";

#[test]
fn a_session_opens_with_connect_and_calls_wait_for_connected() {
    let mut client = Client::opening(SessionConfig::default());
    assert_eq!(
        client.sent(),
        "CONNECT\nhost:/\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\n\n\0"
    );
    assert_eq!(client.send("x"), Err(CallError::NotConnected));
    assert_eq!(client.disconnect(), Err(CallError::NotConnected));
    assert_eq!(
        (client.sent().as_str(), client.session.version()),
        ("", None)
    );
    assert_eq!(
        client.receive("CONNECTED\nversion:1.1\n\n\0").unwrap(),
        ["connected 1.1"]
    );
    assert_eq!(client.session.version(), Some(Version::V1_1));
    client.send("x").unwrap();
    assert_eq!(
        client.sent(),
        "SEND\ndestination:/q\ncontent-length:1\n\nx\0"
    );
}

#[test]
fn waiting_for_connected_ends() {
    let mut client = Client::opening(SessionConfig::default());
    assert_eq!(client.wake(), Some(10_000.0));
    assert_eq!(client.at(9_999).tick(), Ok(()));
    assert_eq!(client.at(10_000).tick(), Err(CloseReason::ConnectTimeout));
    assert_eq!(client.wake(), None);
    assert_eq!(client.receive(V1_2).unwrap(), [""; 0]);
}

#[test]
fn a_first_frame_out_of_place_a_foreign_version_and_broken_frames_close() {
    let table = [
        ("MESSAGE\n\n\0", CloseReason::FirstFrame),
        ("RECEIPT\nreceipt-id:1\n\n\0", CloseReason::FirstFrame),
        ("CONNECTED\nversion:1.3\n\n\0", CloseReason::Version),
        (
            "CONNECTED\nversion\n\n\0",
            CloseReason::Malformed(ParseError::NoColon),
        ),
    ];
    for (message, reason) in table {
        let mut client = Client::opening(SessionConfig::default());
        assert_eq!(client.receive(message), Err(reason));
        assert_eq!(client.send("x"), Err(CallError::NotConnected));
        assert_eq!(client.wake(), None);
    }
}

#[test]
fn heart_beats_go_out_only_when_nothing_else_did() {
    let mut client = Client::connected("CONNECTED\nversion:1.2\nheart-beat:0,4000\n\n\0");
    assert_eq!(client.wake(), Some(10_000.0));
    client.at(6_000).send("x").unwrap();
    client.sent();
    assert_eq!(client.wake(), Some(16_000.0));
    client.at(15_999).tick().unwrap();
    assert_eq!(client.sent(), "");
    client.at(16_000).tick().unwrap();
    assert_eq!(
        (client.sent().as_str(), client.wake()),
        ("\n", Some(26_000.0))
    );
}

#[test]
fn silence_beyond_the_tolerance_closes_and_any_octet_is_life() {
    let mut client = Client::connected("CONNECTED\nversion:1.2\nheart-beat:12000,0\n\n\0");
    assert_eq!(client.wake(), Some(24_000.0));
    assert_eq!(client.at(20_000).receive("MESS").unwrap(), [""; 0]);
    assert_eq!(client.wake(), Some(44_000.0));
    assert_eq!(client.at(43_999).tick(), Ok(()));
    assert_eq!(client.at(44_000).tick(), Err(CloseReason::Silent));
    assert_eq!(client.send("x"), Err(CallError::NotConnected));
}

#[test]
fn a_check_that_a_sleeping_page_made_late_asks_once_more() {
    let mut client = Client::connected("CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n\0");
    assert_eq!(client.at(60_000).tick(), Ok(()));
    assert_eq!(client.wake(), Some(80_000.0));
    assert_eq!(client.at(80_000).tick(), Err(CloseReason::Silent));
}

#[test]
fn checks_that_are_late_each_time_find_silence_the_second_time() {
    let mut client = Client::connected("CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n\0");
    assert_eq!(client.at(60_000).tick(), Ok(()));
    assert_eq!(client.at(120_000).tick(), Err(CloseReason::Silent));
    let mut live = Client::connected("CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n\0");
    for minute in 1..10 {
        assert_eq!(live.at(minute * 60_000).tick(), Ok(()));
        assert_eq!(
            live.at(minute * 60_000 + 1).receive("\n").unwrap(),
            ["beat"]
        );
    }
}

#[test]
fn there_are_no_heart_beats_in_1_0_without_a_header_or_with_a_broken_one() {
    for connected in [
        "CONNECTED\nheart-beat:10,10\n\n\0",
        V1_2,
        "CONNECTED\nversion:1.2\nheart-beat:soon\n\n\0",
    ] {
        assert_eq!(Client::connected(connected).wake(), None);
    }
    let mut client = Client::opening(SessionConfig {
        heart_beat: HeartBeat::default(),
        ..SessionConfig::default()
    });
    client
        .receive("CONNECTED\nversion:1.2\nheart-beat:10,10\n\n\0")
        .unwrap();
    assert_eq!(client.wake(), None);
}

#[test]
fn messages_find_their_subscription_until_it_ends() {
    let mut client = Client::connected(V1_2);
    let id = client.subscribe(7, &[("ack", "client")]).unwrap();
    assert_eq!(client.subscribe(8, &[("id", "mine")]).unwrap(), "mine");
    assert_eq!(
        client.subscribe(9, &[("id", "mine")]),
        Err(CallError::DuplicateSubscription)
    );
    assert_eq!(
        client.sent(),
        "SUBSCRIBE\nack:client\nid:sub-0\ndestination:/q\n\n\0\
         SUBSCRIBE\nid:mine\ndestination:/q\n\n\0"
    );
    let told = client
        .receive("MESSAGE\nsubscription:mine\n\na\0\nMESSAGE\nsubscription:constructor\n\nb\0")
        .unwrap();
    assert_eq!(told, ["message Some(8) a", "beat", "message None b"]);
    let now = client.now;
    client
        .session
        .unsubscribe(now, &id, &[], &mut client.sent)
        .unwrap();
    assert_eq!(client.sent(), "UNSUBSCRIBE\nid:sub-0\n\n\0");
    assert_eq!(
        client.session.unsubscribe(now, &id, &[], &mut client.sent),
        Err(CallError::UnknownSubscription)
    );
    assert_eq!(
        client
            .receive("MESSAGE\nsubscription:sub-0\n\nc\0")
            .unwrap(),
        ["message None c"]
    );
}

#[test]
fn receipts_are_reported_once_and_what_is_missing_is_known() {
    let mut client = Client::connected(V1_2);
    client.session.expect_receipt("a", 1);
    client.session.expect_receipt("b", 2);
    client.session.expect_receipt("c", 3);
    let told = client
        .receive("RECEIPT\nreceipt-id:a\n\n\0RECEIPT\nreceipt-id:a\n\n\0")
        .unwrap();
    assert_eq!(told, ["receipt Some(1)", "receipt None"]);
    assert_eq!(
        client.receive("ERROR\nreceipt-id:c\n\n\0").unwrap(),
        ["error Some(3)"]
    );
    assert_eq!(client.session.missing_receipts().collect::<Vec<_>>(), [2]);
}

#[test]
fn transactions_share_the_counter_of_ids() {
    let mut client = Client::connected(V1_2);
    assert_eq!(client.subscribe(0, &[]).unwrap(), "sub-0");
    client.sent();
    let (now, sent) = (client.now, &mut client.sent);
    let id = client.session.begin(now, sent).unwrap();
    client.session.commit(now, &id, sent).unwrap();
    client.session.abort(now, "other", sent).unwrap();
    assert_eq!(
        client.sent(),
        "BEGIN\ntransaction:tx-1\n\n\0COMMIT\ntransaction:tx-1\n\n\0ABORT\ntransaction:other\n\n\0"
    );
}

#[test]
fn acknowledgements_follow_the_version() {
    for (connected, named, header) in [
        (V1_2, "a-1", "id"),
        ("CONNECTED\nversion:1.1\n\n\0", "m-1", "message-id"),
    ] {
        let mut client = Client::connected(connected);
        let mut input = &b"MESSAGE\nack:a-1\nmessage-id:m-1\nsubscription:s\n\n\0"[..];
        let version = client.session.version().unwrap();
        let id = match client.session.receive(client.now, &mut input).unwrap() {
            Some(Received::Message { frame, .. }) => frame.ack_id(version).unwrap().into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(id, named);
        let (now, sent) = (client.now, &mut client.sent);
        client
            .session
            .acknowledge(now, Acknowledge::Nack, (&id, "s"), &[], sent)
            .unwrap();
        assert_eq!(
            client.sent(),
            ["NACK\n", header, ":", named, "\nsubscription:s\n\n\0"].concat()
        );
    }
    let mut client = Client::connected("CONNECTED\n\n\0");
    let refused = client.session.acknowledge(
        client.now,
        Acknowledge::Nack,
        ("m", "s"),
        &[],
        &mut client.sent,
    );
    assert_eq!(refused, Err(CallError::NotInVersion));
}

#[test]
fn disconnect_waits_for_its_receipt_and_delivers_what_comes_before() {
    let mut client = Client::connected(V1_2);
    client.subscribe(5, &[]).unwrap();
    client.sent();
    client.disconnect().unwrap();
    client.disconnect().unwrap();
    assert_eq!(client.sent(), "DISCONNECT\nreceipt:close-1\n\n\0");
    assert_eq!(client.send("x"), Err(CallError::NotConnected));
    let told = client
        .receive("MESSAGE\nsubscription:sub-0\n\na\0RECEIPT\nreceipt-id:close-1\n\n\0MESSAGE\n\n\0")
        .unwrap();
    assert_eq!(told, ["message Some(5) a", "disconnected"]);
    assert_eq!(client.wake(), None);
}

#[test]
fn disconnect_ends_without_a_receipt_too() {
    let mut client = Client::connected(V1_2);
    client.at(500).disconnect().unwrap();
    assert_eq!(client.wake(), Some(1_500.0));
    assert_eq!(client.at(1_500).tick(), Err(CloseReason::DisconnectTimeout));
    assert_eq!(client.wake(), None);
}

#[test]
fn after_error_the_client_closes_if_the_server_does_not() {
    let mut client = Client::connected(V1_2);
    assert_eq!(
        client
            .receive("ERROR\nmessage:no\n\n\0\nMESSAGE\n\n\0")
            .unwrap(),
        ["error None"]
    );
    assert_eq!(client.wake(), Some(100.0));
    assert_eq!(client.send("x"), Err(CallError::NotConnected));
    assert_eq!(client.at(100).tick(), Err(CloseReason::ServerError));
    assert_eq!(client.wake(), None);
}

#[test]
fn an_error_before_connected_is_read_whatever_its_escapes() {
    let mut client = Client::opening(SessionConfig::default());
    assert_eq!(
        client.receive("ERROR\nmessage:a\\cb \\t\n\n\0").unwrap(),
        ["error None"]
    );
    let mut client = Client::connected(V1_2);
    assert_eq!(
        client.receive("ERROR\nmessage:a\\cb \\t\n\n\0"),
        Err(CloseReason::Malformed(ParseError::BadEscape))
    );
}

#[test]
fn rabbitmq_escapes_in_1_0_and_others_do_not() {
    for (server, value) in [("RabbitMQ/3.10.8", "a:b"), ("other", "a\\cb")] {
        let mut client = Client::opening(SessionConfig::default());
        let message = ["CONNECTED\nserver:", server, "\n\n\0MESSAGE\nh:a\\cb\n\n\0"].concat();
        let mut input = message.as_bytes();
        client.session.receive(client.now, &mut input).unwrap();
        match client.session.receive(client.now, &mut input).unwrap() {
            Some(Received::Message { frame, .. }) => {
                assert_eq!(frame.header("h").as_deref(), Some(value));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn unknown_commands_are_handed_on() {
    let mut client = Client::connected(V1_2);
    assert_eq!(client.receive("PING\n\n\0").unwrap(), ["unknown PING"]);
}
