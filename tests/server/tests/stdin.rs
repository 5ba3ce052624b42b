//! The server does not outlive the one who started it.
#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn it_ends_with_its_standard_input_when_asked_to() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_everwire-test-server"))
        .arg("--until-stdin-ends")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening 127.0.0.1:"), "{line}");
    assert!(server.try_wait().unwrap().is_none(), "it runs");
    // What happens to a pipe when the process at its other end dies.
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
}
