//! What must hold for any text that a SockJS server or client may send, shared by the fuzz target and the core's tests.

use everwire_core::protocol::sockjs::{
    Arrival, Frame, Info, Input, Lines, Loss, Output, Session, SessionConfig, event_data,
    read_messages, write_event, write_messages,
};
use everwire_core::{Span, Time};

/// Small, so that short inputs reach it.
const MAX_LINE: usize = 4_096;

/// Checks all properties. The first octet says how the rest is cut into pieces.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let cut = usize::from(*choice) + 1;
    let whole = lines(&text, usize::MAX);
    assert_eq!(whole, lines(&text, cut), "cuts change what is read");
    for line in &whole {
        frame(line);
        if let Some(data) = event_data(line) {
            frame(&data);
        }
    }
    if let Ok(messages) = read_messages(&text) {
        let mut out = String::new();
        write_messages(&messages, &mut out);
        assert_eq!(
            read_messages(&out),
            Ok(messages),
            "messages change when written"
        );
    }
    if let Ok(info) = Info::parse(&text) {
        let mut out = String::new();
        info.write(&mut out);
        assert_eq!(Info::parse(&out), Ok(info), "info changes when written");
    }
    drive(&whole, *choice);
}

/// The lines up to one that is too long.
fn lines(text: &str, cut: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = Lines::new(MAX_LINE);
    let chars: Vec<char> = text.chars().collect();
    for piece in chars.chunks(cut.min(chars.len().max(1))) {
        let piece: String = piece.iter().collect();
        if lines
            .push(&piece, |line| found.push(line.to_owned()))
            .is_err()
        {
            break;
        }
    }
    found
}

fn frame(text: &str) {
    let Ok(frame) = Frame::parse(text) else {
        return;
    };
    let (mut out, mut event) = (String::new(), String::new());
    frame.write(&mut out);
    assert_eq!(
        Frame::parse(&out),
        Ok(frame),
        "a frame changes when written"
    );
    write_event(&out, &mut event);
    let line = event.strip_suffix("\r\n\r\n").unwrap_or_default();
    assert_eq!(
        event_data(line).as_deref(),
        Some(out.as_str()),
        "an event changes the frame"
    );
}

/// A session survives the frames, comes to rest after each, and leaves no timer behind.
fn drive(frames: &[String], choice: u8) {
    let mut session = Session::new(SessionConfig::default());
    let mut now = Time::ZERO;
    session.handle(now, Input::Start);
    session.handle(
        now,
        Input::Info {
            websocket: choice & 1 == 0,
        },
    );
    let mut attempt = settle(&mut session, 0);
    for text in frames {
        let arrival = match Frame::parse(text) {
            Ok(Frame::Open) => Arrival::Open,
            Ok(Frame::Heartbeat) if text.len() > 1 => Arrival::Prelude,
            Ok(Frame::Heartbeat) => Arrival::Heartbeat,
            Ok(Frame::Messages(_)) => Arrival::Messages { len: text.len() },
            Ok(Frame::Close { code, .. }) => Arrival::Close { code },
            Ok(Frame::Unknown) => Arrival::Unknown,
            Err(_) => Arrival::Malformed,
        };
        let _ = session.receive(now, attempt, arrival);
        attempt = settle(&mut session, attempt);
        match text.len() % 5 {
            0 => session.handle(now, Input::Answered { attempt }),
            1 => drop(session.send(now)),
            2 => session.handle(now, Input::Sent { attempt }),
            3 => {
                let loss = Loss::Receiver;
                session.handle(now, Input::Lost { attempt, loss });
            }
            _ => session.handle(now, Input::Tick),
        }
        attempt = settle(&mut session, attempt);
        now = now + Span::from_millis(700);
    }
    session.handle(now, Input::Close);
    session.handle(now + Span::from_millis(20_000), Input::Tick);
    session.handle(now + Span::from_millis(40_000), Input::Tick);
    settle(&mut session, attempt);
    assert_eq!(session.next_wake(), None, "a timer survives the end");
}

fn settle(session: &mut Session, mut attempt: u32) -> u32 {
    let mut steps = 0;
    while let Some(output) = session.poll() {
        steps += 1;
        assert!(steps < 100, "the session never comes to rest");
        if let Output::Dial { attempt: next, .. } = output {
            attempt = next;
        }
    }
    attempt
}
