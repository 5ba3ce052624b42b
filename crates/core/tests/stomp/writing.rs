//! Frames octet by octet, in the order of headers that tools on top of stompjs parse.

use everwire_core::protocol::stomp::{
    Acknowledge, Body, Escapes, HeartBeat, Version, WriteError, Writer, accept_version,
};

fn written(
    escapes: Escapes,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
) -> String {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes, escapes)).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn refused(
    escapes: Escapes,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
) -> WriteError {
    let mut bytes = b"before".to_vec();
    let error = write(&mut Writer::new(&mut bytes, escapes)).unwrap_err();
    assert_eq!(bytes, b"before", "a refused frame left something behind");
    error
}

#[test]
fn connect_has_the_users_headers_first() {
    let beat = HeartBeat {
        send: 10_000,
        expect: 10_000,
    }
    .to_value();
    let versions = accept_version(&Version::ALL);
    assert_eq!(
        written(Escapes::V1_2, |w| w.connect(
            &[("login", "a:b"), ("host", "/")],
            &versions,
            &beat
        )),
        "CONNECT\nlogin:a:b\nhost:/\naccept-version:1.2,1.1,1.0\nheart-beat:10000,10000\n\n\0"
    );
}

#[test]
fn send_has_the_destination_first_and_the_length_last() {
    assert_eq!(
        written(Escapes::V1_2, |w| w.send(
            "/q/é",
            &[("k", "v")],
            Body::Text("hé")
        )),
        "SEND\ndestination:/q/é\nk:v\ncontent-length:3\n\nhé\0"
    );
}

#[test]
fn content_length_depends_on_the_kind_of_body() {
    let send = |body| written(Escapes::V1_2, |w| w.send("/d", &[], body));
    assert_eq!(send(Body::Empty), "SEND\ndestination:/d\n\n\0");
    assert_eq!(send(Body::Text("")), "SEND\ndestination:/d\n\n\0");
    assert_eq!(
        send(Body::UncountedText("x")),
        "SEND\ndestination:/d\n\nx\0"
    );
    assert_eq!(
        send(Body::Binary(b"")),
        "SEND\ndestination:/d\ncontent-length:0\n\n\0"
    );
    assert_eq!(
        send(Body::Binary(b"a\0b")),
        "SEND\ndestination:/d\ncontent-length:3\n\na\0b\0"
    );
}

#[test]
fn the_users_headers_override_and_keep_their_place() {
    let fields = [
        ("content-length", "99"),
        ("destination", "/user"),
        ("k", "v"),
    ];
    assert_eq!(
        written(Escapes::V1_2, |w| w.send("/d", &fields, Body::Text("x"))),
        "SEND\ndestination:/user\ncontent-length:1\nk:v\n\nx\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.send(
            "/d",
            &fields,
            Body::UncountedText("x")
        )),
        "SEND\ndestination:/user\nk:v\n\nx\0"
    );
}

#[test]
fn subscriptions_end_with_the_destination() {
    assert_eq!(
        written(Escapes::V1_2, |w| w.subscribe(
            "sub-0",
            "/q",
            &[("ack", "client")]
        )),
        "SUBSCRIBE\nack:client\nid:sub-0\ndestination:/q\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.subscribe(
            "mine",
            "/q",
            &[("id", "mine"), ("ack", "auto")]
        )),
        "SUBSCRIBE\nid:mine\nack:auto\ndestination:/q\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w
            .unsubscribe("sub-0", &[("durable", "true")])),
        "UNSUBSCRIBE\ndurable:true\nid:sub-0\n\n\0"
    );
}

#[test]
fn acknowledgements_name_the_message_as_the_version_does() {
    let ack = |what, version: Version| {
        written(version.escapes(), |w| {
            w.acknowledge(what, version, "m-1", "sub-0", &[("transaction", "tx-1")])
        })
    };
    assert_eq!(
        ack(Acknowledge::Ack, Version::V1_2),
        "ACK\ntransaction:tx-1\nid:m-1\nsubscription:sub-0\n\n\0"
    );
    for version in [Version::V1_0, Version::V1_1] {
        assert_eq!(
            ack(Acknowledge::Nack, version),
            "NACK\ntransaction:tx-1\nmessage-id:m-1\nsubscription:sub-0\n\n\0"
        );
    }
}

#[test]
fn transactions_and_disconnect_are_as_the_peers() {
    assert_eq!(
        written(Escapes::V1_2, |w| w.begin("tx-0")),
        "BEGIN\ntransaction:tx-0\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.commit("tx-0")),
        "COMMIT\ntransaction:tx-0\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.abort("tx-0")),
        "ABORT\ntransaction:tx-0\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.disconnect("close-1", &[("k", "v")])),
        "DISCONNECT\nk:v\nreceipt:close-1\n\n\0"
    );
}

#[test]
fn a_server_writes_its_frames_too() {
    assert_eq!(
        written(Escapes::V1_2, |w| w.connected(
            Version::V1_1,
            "0,0",
            &[("server", "demo/1")]
        )),
        "CONNECTED\nversion:1.1\nheart-beat:0,0\nserver:demo/1\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| {
            w.message("sub-0", "m-1", "/q", &[("ack", "m-1")], Body::Text("x"))
        }),
        "MESSAGE\nsubscription:sub-0\nmessage-id:m-1\ndestination:/q\nack:m-1\ncontent-length:1\n\nx\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.receipt("r")),
        "RECEIPT\nreceipt-id:r\n\n\0"
    );
    assert_eq!(
        written(Escapes::V1_2, |w| w.error(
            "no",
            &[("receipt-id", "r")],
            Body::Text("why")
        )),
        "ERROR\nmessage:no\nreceipt-id:r\ncontent-length:3\n\nwhy\0"
    );
}

#[test]
fn escapes_follow_the_version() {
    let send = |escapes| written(escapes, |w| w.frame("X", &[("k", "\\:\r.")], Body::Empty));
    assert_eq!(send(Escapes::V1_2), "X\nk:\\\\\\c\\r.\n\n\0");
    assert_eq!(send(Escapes::V1_1), "X\nk:\\\\\\c\r.\n\n\0");
    assert_eq!(send(Escapes::None), "X\nk:\\:\r.\n\n\0");
}

#[test]
fn what_a_version_cannot_express_is_refused_and_nothing_is_smuggled_in() {
    let send =
        |escapes, name, value| refused(escapes, |w| w.send("/d", &[(name, value)], Body::Empty));
    for escapes in [Escapes::None, Escapes::V1_1, Escapes::V1_2] {
        assert_eq!(send(escapes, "k", "a\0b"), WriteError::Header);
        assert_eq!(send(escapes, "k\0", "v"), WriteError::Header);
    }
    assert_eq!(
        send(Escapes::None, "k", "v\nadmin:true"),
        WriteError::Header
    );
    assert_eq!(send(Escapes::None, "k\nx", "v"), WriteError::Header);
    assert_eq!(send(Escapes::None, "k:x", "v"), WriteError::Header);
    let connect = |value| {
        refused(Escapes::V1_2, |w| {
            w.connect(&[("passcode", value)], "1.2", "0,0")
        })
    };
    assert_eq!(connect("a\nhost:other"), WriteError::Header);
    assert_eq!(connect("a\r"), WriteError::Header);
    for command in ["", "A\nB", "A\r", "A\0"] {
        let error = refused(Escapes::V1_2, |w| w.frame(command, &[], Body::Empty));
        assert_eq!(error, WriteError::Command);
    }
    let error = refused(Escapes::V1_2, |w| {
        w.send("/d", &[], Body::UncountedText("a\0b"))
    });
    assert_eq!(error, WriteError::NulInBody);
}
