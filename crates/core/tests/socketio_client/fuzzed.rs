//! The fuzz target's check over random and recorded input, so that it also runs where there is no fuzzer.

#[path = "../../../../fuzz/checks/socketio.rs"]
mod check;

use proptest::collection::vec;
use proptest::prelude::*;

/// What bodies are made of, right and wrong.
const PIECES: &[&str] = &[
    "\u{1e}",
    "0{\"sid\":\"a\",\"pingInterval\":1,\"pingTimeout\":1}\u{1e}",
    "40{\"sid\":\"b\"}\u{1e}",
    "40{\"sid\":\"b\",\"pid\":\"c\"}\u{1e}",
    "42[\"a\",1,\"offset\"]\u{1e}",
    "451-[\"a\",{\"_placeholder\":true,\"num\":0}]\u{1e}",
    "bAQ==\u{1e}",
    "41\u{1e}",
    "44{}\u{1e}",
    "430[1]\u{1e}",
    "0",
    "1",
    "2",
    "3probe",
    "4",
    "5",
    "6",
    "9",
    "b",
    "-",
    "/",
    "/admin,",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    ",",
    "null",
    "é",
    "\0",
];

proptest! {
    #[test]
    fn a_client_survives_pieces_of_packets(choice: u8, pieces in vec(prop::sample::select(PIECES), 0..40)) {
        let mut data = vec![choice];
        data.extend(pieces.concat().into_bytes());
        check::check(&data);
    }

    #[test]
    fn a_client_survives_any_octets(data in vec(any::<u8>(), 0..300)) {
        check::check(&data);
    }
}

#[test]
fn a_client_survives_the_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/socketio");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check::check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "the corpus is part of the repository");
}
