//! Frames in streams: lines, and server-sent events.

use everwire_core::protocol::sockjs::{LineTooLong, Lines, event_data, write_event};

fn lines_of(pieces: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = Lines::default();
    for piece in pieces {
        lines
            .push(piece, |line| found.push(line.to_owned()))
            .unwrap();
    }
    found
}

#[test]
fn lines_are_found_wherever_the_pieces_end() {
    let text = "hhh\no\na[\"x\"]\r\n\n\nc[1,\"\"]\n";
    let expected = ["hhh", "o", "a[\"x\"]", "c[1,\"\"]"];
    assert_eq!(lines_of(&[text]), expected);
    for at in 0..text.len() {
        let (a, b) = text.split_at(at);
        assert_eq!(lines_of(&[a, b]), expected, "at {at}");
    }
    let single: Vec<_> = text.split("").collect();
    assert_eq!(lines_of(&single), expected);
}

#[test]
fn a_line_without_an_end_waits() {
    assert!(lines_of(&["a[\"x\"]"]).is_empty());
}

#[test]
fn a_line_above_the_limit_is_an_error_as_soon_as_it_is_known() {
    let mut found = 0;
    let mut lines = Lines::new(4);
    assert_eq!(lines.push("ok\n1234", |_| found += 1), Ok(()));
    assert_eq!(lines.push("5", |_| found += 1), Err(LineTooLong { max: 4 }));
    assert_eq!(found, 1);
    assert_eq!(
        Lines::new(4).push("12345\n", |_| {}),
        Err(LineTooLong { max: 4 })
    );
    assert_eq!(Lines::new(4).push("1234\n", |_| {}), Ok(()));
}

#[test]
fn events_carry_frames_in_one_line() {
    let mut out = String::new();
    write_event("a[\"100%\r\n\0 é\"]", &mut out);
    assert_eq!(out, "data: a[\"100%25%0D%0A%00 é\"]\r\n\r\n");
    let mut frames = Vec::new();
    Lines::default()
        .push(&out, |line| {
            frames.extend(event_data(line).map(String::from))
        })
        .unwrap();
    assert_eq!(frames, ["a[\"100%\r\n\0 é\"]"]);
}

#[test]
fn only_what_servers_escape_is_undone() {
    assert_eq!(
        event_data("data: %80 %2 % %C3%A9 %0d%0a%25 %"),
        Some("%80 %2 % %C3%A9 \r\n% %".into())
    );
    assert_eq!(event_data("data: %é%%25"), Some("%é%%".into()));
    assert_eq!(event_data("data:o"), Some("o".into()));
    assert_eq!(event_data("data:"), Some("".into()));
    for line in ["", ":comment", "event: x", "id: 1", "datax"] {
        assert_eq!(event_data(line), None, "{line}");
    }
}
