//! What must hold for any octets that a server may send, shared by the fuzz target and the core's tests.

use everwire_core::link::Verdict;
use everwire_core::protocol::stomp::client::{AckMode, Action, Client, ClientConfig, Loss};
use everwire_core::protocol::stomp::{Escapes, Event, FrameBuf, Limits, ParseError, Parser};
use everwire_core::{Span, Time};

/// Checks all properties. The first octet says how the rest is cut into messages, and how headers are escaped.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let cut = usize::from(choice >> 2) + 1;
    let escapes = match choice & 3 {
        0 => Escapes::Lenient,
        1 => Escapes::None,
        2 => Escapes::V1_1,
        _ => Escapes::V1_2,
    };
    let whole = read(data, data.len().max(1), escapes);
    assert_eq!(whole, read(data, cut, escapes), "cuts change what is read");
    drive(data, cut);
}

/// All frames and what stopped the parser.
fn read(data: &[u8], cut: usize, escapes: Escapes) -> (Vec<FrameBuf>, Option<ParseError>) {
    let mut parser = Parser::new(limits());
    parser.set_escapes(escapes);
    let mut frames = Vec::new();
    for mut message in data.chunks(cut) {
        loop {
            match parser.next(&mut message) {
                Ok(Some(Event::Frame(frame))) => frames.push(frame.to_owned()),
                Ok(Some(Event::HeartBeat)) => {}
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

/// A client survives them, comes to rest, and can be connected again.
fn drive(data: &[u8], cut: usize) {
    let mut config = ClientConfig::default();
    config.session.limits = limits();
    let Ok(mut client) = Client::new(config, 1) else {
        return;
    };
    let mut now = Time::ZERO;
    client
        .subscribe(now, "/topic/a", Vec::new(), AckMode::ClientIndividual)
        .ok();
    client.start(now);
    for message in [b"CONNECTED\nversion:1.2\n\n\0".as_slice()]
        .into_iter()
        .chain(data.chunks(cut))
    {
        pump(&mut client, now);
        let generation = client.link().generation();
        client.opened(now, generation, &[]).ok();
        let mut message = message;
        while client.receive(now, generation, &mut message).is_some() {}
        pump(&mut client, now);
        now = now + Span::from_millis(700);
        client.tick(now);
    }
    client.terminate(now);
    pump(&mut client, now);
    assert_eq!(client.next_wake(), None, "a timer survives the end");
}

fn pump(client: &mut Client, now: Time) {
    let mut out = Vec::new();
    let mut steps = 0;
    while let Some(action) = client.poll(now, 0, &mut out) {
        steps += 1;
        assert!(steps < 10_000, "the client never comes to rest");
        match action {
            Action::Write { .. } => client.wrote(now, true),
            Action::Fault { generation, .. } => {
                client.lost(now, generation, Loss::Fault, Verdict::Default);
            }
            _ => {}
        }
    }
}

/// Small, so that short inputs reach them.
fn limits() -> Limits {
    Limits {
        command: 16,
        headers: 8,
        head_bytes: 256,
        body: 64,
    }
}
