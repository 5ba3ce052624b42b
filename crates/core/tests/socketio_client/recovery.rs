//! Connection state recovery.

use everwire_core::protocol::socket_io::client::Event;

use crate::rig::{Rig, config, quiet};

#[test]
fn a_session_is_asked_back_with_its_last_offset_and_auth() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.auth = Ok(Some(r#"{"token":1}"#));
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one","pid":"p\"1"}"#);
    rig.server(r#"2["news",1,"offset-1"]"#);
    // Neither events that ask for an ack nor others without a string at the end have one.
    rig.server(r#"25["q","no offset"]"#);
    rig.server(r#"2["plain",1]"#);
    rig.written();
    rig.told();
    rig.lose();
    rig.advance(500);
    rig.open();
    assert_eq!(
        rig.written(),
        [r#"0{"pid":"p\"1","offset":"offset-1","token":1}"#]
    );
    // What was missed comes before the answer.
    rig.server(r#"2["missed","offset-2"]"#);
    rig.server(r#"0{"sid":"one","pid":"p\"1"}"#);
    let told = rig.told();
    assert!(matches!(&told[1], Event::Received(event) if event.payload.contains("missed")));
    assert_eq!(
        told[2],
        Event::Connected {
            namespace: main,
            recovered: true
        }
    );
    rig.lose();
    rig.advance(500);
    rig.open();
    assert!(rig.written()[0].contains("offset-2"));
}

#[test]
fn a_session_that_the_server_forgot_is_not_recovered_and_its_offset_is_forgotten() {
    let mut rig = Rig::new(config());
    let main = rig.add("/", quiet());
    rig.connect(main);
    rig.open();
    rig.server(r#"0{"sid":"one","pid":"p1"}"#);
    rig.server(r#"2["news","offset-1"]"#);
    rig.lose();
    rig.advance(500);
    rig.open();
    rig.told();
    rig.written();
    rig.server(r#"0{"sid":"two","pid":"p2"}"#);
    assert_eq!(
        rig.told(),
        [Event::Connected {
            namespace: main,
            recovered: false
        }]
    );
    rig.lose();
    rig.advance(500);
    rig.open();
    assert_eq!(rig.written(), ["0"]);
}

#[test]
fn without_a_private_id_nothing_is_asked_back() {
    let (mut rig, _) = Rig::joined();
    rig.server(r#"2["news","looks like an offset"]"#);
    rig.lose();
    rig.advance(500);
    rig.open();
    assert_eq!(rig.written(), ["0"]);
}
