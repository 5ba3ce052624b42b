//! The fuzz target's check over random and recorded input, so that it also runs where there is no fuzzer.

#[path = "../../../../fuzz/checks/sockjs.rs"]
mod check;

use proptest::collection::vec;
use proptest::prelude::*;

/// What frames are made of, right and wrong.
const PIECES: &[&str] = &[
    "o\n",
    "h\n",
    "hhhh\n",
    "a[\"x\"]\n",
    "m\"x\"\n",
    "c[3000,\"bye\"]\n",
    "c[1]\n",
    "a",
    "c",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\\",
    "\\ud83d",
    "\\ude00",
    ",",
    ":",
    "1e9",
    "null",
    "data: ",
    "data:",
    "%",
    "25",
    "0D",
    "\r\n",
    "\n",
    "é",
    "\0",
];

proptest! {
    #[test]
    fn a_session_survives_pieces_of_frames(choice: u8, pieces in vec(prop::sample::select(PIECES), 0..40)) {
        let mut data = vec![choice];
        data.extend(pieces.concat().into_bytes());
        check::check(&data);
    }

    #[test]
    fn a_session_survives_any_octets(data in vec(any::<u8>(), 0..300)) {
        check::check(&data);
    }
}

#[test]
fn a_session_survives_the_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/sockjs");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check::check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "the corpus is part of the repository");
}
