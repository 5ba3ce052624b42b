//! The fuzz target's check over random and recorded input, so that it also runs where there is no fuzzer.

#[path = "../../../../fuzz/checks/stomp.rs"]
mod check;

use proptest::collection::vec;
use proptest::prelude::*;

/// What frames are made of, right and wrong.
const PIECES: &[&[u8]] = &[
    b"MESSAGE\n",
    b"RECEIPT\n",
    b"ERROR\n",
    b"CONNECTED\nversion:1.1\n",
    b"subscription:sub-1\n",
    b"receipt-id:r-1\n",
    b"ack:x\n",
    b"correlation-id:1-1\n",
    b"content-length:",
    b"3\n",
    b"99999999999999999999\n",
    b"\n",
    b"\r\n",
    b"\0",
    b"\\c",
    b"\\",
    b":",
    b"abc",
    b"\xff",
];

fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(PIECES);
    (any::<u8>(), vec(piece, 0..24)).prop_map(|(choice, pieces)| {
        let mut data = vec![choice];
        data.extend(pieces.concat());
        data
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_client_survives_pieces_of_frames(data in input()) {
        check::check(&data);
    }

    #[test]
    fn a_client_survives_any_octets(data in vec(any::<u8>(), 0..300)) {
        check::check(&data);
    }
}

#[test]
fn a_client_survives_the_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/stomp");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check::check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "the corpus is part of the repository");
}
