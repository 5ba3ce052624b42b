//! Reads messages to the end and keeps what was found.

use everwire_core::protocol::stomp::{Escapes, Event, FrameBuf, ParseError, Parser};

/// A frame or a heart-beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Frame(FrameBuf),
    HeartBeat,
}

/// What `parser` finds in one message, and the error that ended it.
pub(crate) fn feed(
    parser: &mut Parser,
    message: &[u8],
    found: &mut Vec<Found>,
) -> Result<(), ParseError> {
    let mut input = message;
    while let Some(event) = parser.next(&mut input)? {
        found.push(match event {
            Event::Frame(frame) => Found::Frame(frame.to_owned()),
            Event::HeartBeat => Found::HeartBeat,
        });
    }
    assert!(input.is_empty(), "None although input is left");
    Ok(())
}

/// What a new parser finds in these messages.
pub(crate) fn read<M: AsRef<[u8]>>(
    escapes: Escapes,
    messages: impl IntoIterator<Item = M>,
) -> Result<Vec<Found>, ParseError> {
    let mut parser = Parser::default();
    parser.set_escapes(escapes);
    let mut found = Vec::new();
    for message in messages {
        feed(&mut parser, message.as_ref(), &mut found)?;
    }
    Ok(found)
}

/// The frames among them.
pub(crate) fn frames<M: AsRef<[u8]>>(
    escapes: Escapes,
    messages: impl IntoIterator<Item = M>,
) -> Vec<FrameBuf> {
    read(escapes, messages)
        .unwrap()
        .into_iter()
        .filter_map(|found| match found {
            Found::Frame(frame) => Some(frame),
            Found::HeartBeat => None,
        })
        .collect()
}

/// A frame to compare with.
pub(crate) fn frame(command: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> FrameBuf {
    FrameBuf {
        command: command.into(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        body: body.as_ref().into(),
    }
}
