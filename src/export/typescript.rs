//! Declarations that all exported classes share, and how Rust's values look to them.

use everwire_core::{
    codec::Frame,
    link::{Cause, State},
    send::SendError,
};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{error::Error, state::StateChange};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Where a connection is in its life. */
export type SocketState = "idle" | "connecting" | "open" | "waiting" | "closing" | "closed";

/** A change of the state, and why. */
export interface SocketStateChange {
    readonly state: SocketState;
    readonly from: SocketState;
    readonly cause:
        | "user" | "opened" | "retry-due" | "socket-closed" | "dial-failed" | "connect-timeout" | "dead" | "resumed"
        | "close-timeout" | "other";
    /** The close code, if a socket closed. */
    readonly code?: number;
    /** The peer's close reason, a failed dial's error, or the chosen subprotocol. */
    readonly detail: string;
    /** Milliseconds until the next dial, while waiting. */
    readonly retryIn?: number;
    /** Number of the next dial among consecutive ones, while waiting. */
    readonly attempt?: number;
}

/** What went wrong. */
export interface SocketError extends Error {
    /** A stable name. */
    readonly code: string;
    /** The message that could not be decoded, as it arrived. */
    readonly raw?: string | Uint8Array;
}
"#;

pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Connecting => "connecting",
        State::Open => "open",
        State::Waiting => "waiting",
        State::Closing => "closing",
        State::Closed => "closed",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::User => "user",
        Cause::Opened => "opened",
        Cause::RetryDue => "retry-due",
        Cause::SocketClosed { .. } => "socket-closed",
        Cause::DialFailed => "dial-failed",
        Cause::ConnectTimeout => "connect-timeout",
        Cause::Dead => "dead",
        Cause::Resumed => "resumed",
        Cause::CloseTimeout => "close-timeout",
        _ => "other",
    }
}

/// A `SocketStateChange`.
pub(super) fn change(change: &StateChange) -> JsValue {
    let object = Object::new();
    set(&object, "state", &state(change.state).into());
    set(&object, "from", &state(change.from).into());
    set(&object, "cause", &cause(change.cause).into());
    if let Cause::SocketClosed { code, .. } = change.cause {
        set(&object, "code", &code.into());
    }
    set(&object, "detail", &change.detail.as_ref().into());
    if let Some(retry) = change.retry {
        set(
            &object,
            "retryIn",
            &(retry.delay.as_secs_f64() * 1e3).into(),
        );
        set(&object, "attempt", &retry.attempt.into());
    }
    object.into()
}

/// A `SocketError`.
pub(super) fn error(error: &Error) -> JsValue {
    let js = failure(code(error), &error.to_string());
    if let Error::Decode(decode) = error {
        let raw = match &decode.frame {
            Frame::Text(text) => text.into(),
            Frame::Binary(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        };
        set(&js, "raw", &raw);
    }
    js
}

/// An `Error` with a code.
pub(super) fn failure(code: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    set(&error, "code", &code.into());
    error.into()
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::BadUrl { .. } | Error::NoUrl => "bad-url",
        Error::BadProtocol { .. } => "bad-protocol",
        Error::BadCloseCode { .. } | Error::CloseReasonTooLong { .. } => "bad-close",
        Error::Options(_) | Error::Topic(_) | Error::NoContainer | Error::NoCorrelation => {
            "bad-options"
        }
        Error::Encode(_) => "encode",
        Error::Decode(_) => "decode",
        Error::Send(SendError::Closed) | Error::HandshakeOver => "closed",
        Error::Send(SendError::QueueFull) => "queue-full",
        Error::Send(SendError::TooLarge) => "too-large",
        Error::Send(_) => "not-accepted",
        Error::NotDelivered(_) | Error::NoAck => "not-delivered",
        Error::InboundOverflow { .. } => "inbound-overflow",
        Error::Timeout => "timeout",
        Error::Ended { .. } => "ended",
    }
}

/// Cannot fail: the target is an ordinary object made here.
fn set(target: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(target, &name.into(), value);
}
