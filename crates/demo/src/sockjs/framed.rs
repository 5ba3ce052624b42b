//! SockJS frames, on a WebSocket and over HTTP.

use axum::extract::ws::Utf8Bytes;
use everwire_core::protocol::sockjs::{Frame, read_messages, write_messages};

use crate::{client::Framing, outbound::End};

/// A frame of one message.
pub(super) fn message(text: &str) -> String {
    let mut frame = String::from("a");
    write_messages([text], &mut frame);
    frame
}

/// Any other frame.
pub(super) fn frame(frame: &Frame) -> String {
    let mut text = String::new();
    frame.write(&mut text);
    text
}

/// The frame that ends a session.
pub(super) fn close(end: &End) -> String {
    frame(&Frame::Close {
        code: end.code,
        reason: end.reason.clone(),
    })
}

/// Messages in SockJS frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framed;

impl Framing for Framed {
    fn greeting(&self) -> Option<Utf8Bytes> {
        Some(frame(&Frame::Open).into())
    }

    fn wrap(&self, text: Utf8Bytes) -> Utf8Bytes {
        message(&text).into()
    }

    fn unwrap(&self, text: Utf8Bytes) -> Vec<Utf8Bytes> {
        match read_messages(&text) {
            Ok(messages) => messages.into_iter().map(Utf8Bytes::from).collect(),
            // Refused by the hub as what it is: no message.
            Err(_) => vec![text],
        }
    }

    fn farewell(&self, end: &End) -> Option<Utf8Bytes> {
        Some(close(end).into())
    }
}
