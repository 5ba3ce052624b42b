//! Versions and heart-beats: what two offers lead to.

use everwire_core::Span;
use everwire_core::protocol::stomp::{Beats, HeartBeat, Version, accept_version};

use Version::{V1_0, V1_1, V1_2};

#[test]
fn the_server_takes_the_highest_common_version() {
    let table: [(Option<&str>, &[Version], Option<Version>); 8] = [
        (Some("1.2,1.1,1.0"), &Version::ALL, Some(V1_2)),
        (Some("1.0,1.1,1.2"), &Version::ALL, Some(V1_2)),
        (Some("1.1, 1.0"), &Version::ALL, Some(V1_1)),
        (Some("1.2,1.0"), &[V1_1, V1_0], Some(V1_0)),
        (Some("2.1,1.1"), &Version::ALL, Some(V1_1)),
        (None, &Version::ALL, Some(V1_0)),
        (None, &[V1_2], None),
        (Some(""), &Version::ALL, None),
    ];
    for (offer, supported, chosen) in table {
        assert_eq!(Version::negotiate(offer, supported), chosen, "{offer:?}");
    }
}

#[test]
fn the_client_accepts_only_what_it_offered() {
    assert_eq!(Version::accepted(Some("1.1"), &Version::ALL), Some(V1_1));
    assert_eq!(Version::accepted(None, &Version::ALL), Some(V1_0));
    assert_eq!(Version::accepted(None, &[V1_2]), None);
    assert_eq!(Version::accepted(Some("1.0"), &[V1_2, V1_1]), None);
    assert_eq!(Version::accepted(Some("1.3"), &Version::ALL), None);
}

#[test]
fn versions_have_the_names_of_the_specifications() {
    assert_eq!(accept_version(&Version::ALL), "1.2,1.1,1.0");
    assert_eq!(accept_version(&[V1_1]), "1.1");
    let subprotocols = Version::ALL.map(Version::subprotocol);
    assert_eq!(subprotocols, ["v12.stomp", "v11.stomp", "v10.stomp"]);
    for version in Version::ALL {
        assert_eq!(Version::parse(version.as_str()), Some(version));
    }
}

#[test]
fn each_direction_beats_at_the_slower_of_two_wishes() {
    let offer = |send, expect| HeartBeat { send, expect };
    let every = |millis| Some(Span::from_millis(millis));
    let table = [
        (
            offer(10_000, 500),
            offer(1_000, 10_000),
            every(10_000),
            every(1_000),
        ),
        (offer(100, 200), offer(300, 50), every(100), every(300)),
        (offer(0, 200), offer(300, 50), None, every(300)),
        (offer(100, 0), offer(300, 50), every(100), None),
        (offer(100, 200), HeartBeat::default(), None, None),
    ];
    for (mine, other, send, expect) in table {
        assert_eq!(mine.agree(other), Beats { send, expect });
        let seen_there = other.agree(mine);
        assert_eq!((seen_there.send, seen_there.expect), (expect, send));
    }
}

#[test]
fn heart_beat_headers_are_read_and_written() {
    let offer = HeartBeat {
        send: 10_000,
        expect: 0,
    };
    assert_eq!(offer.to_value(), "10000,0");
    assert_eq!(HeartBeat::parse("10000,0"), Some(offer));
    assert_eq!(HeartBeat::parse(" 10000 , 0 "), Some(offer));
    for bad in ["", "1", "1,", ",1", "-1,0", "a,b", "1,2,3", "1.5,0", "+1,1"] {
        assert_eq!(HeartBeat::parse(bad), None, "{bad:?}");
    }
    let endless = HeartBeat::parse("99999999999999999999,1").unwrap();
    assert_eq!(endless.send, u32::MAX);
}
