//! What JavaScript asks for: publish, subscribe, acknowledge, request.

use std::vec::IntoIter;

use everwire_core::Span;
use everwire_core::protocol::stomp::Acknowledge;
use everwire_core::protocol::stomp::client::{
    AckError, AckMode, Delivery, ListenerId, Outgoing, OutgoingBody, PublishError, RequestId,
    SubscribeError,
};
use everwire_core::send::{SendError, SendOptions, TopicId};

use super::options::{lane, offline};
use super::{NONE, slot_id, take_input, time, ttl, with};

/// Stands for the topic's lane or offline rule in the flags.
const UNSET: u32 = 15;

/// Texts that end with NUL each. JavaScript's encoder writes nothing but UTF-8.
pub(super) fn texts(input: &[u8]) -> IntoIter<String> {
    let mut texts: Vec<String> = input
        .split(|octet| *octet == 0)
        .map(|text| String::from(core::str::from_utf8(text).unwrap_or_default()))
        .collect();
    // Behind the last NUL is nothing.
    texts.pop();
    texts.into_iter()
}

pub(super) fn headers(texts: &mut IntoIter<String>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        headers.push((name, value));
    }
    headers
}

/// A message out of the input: in the first `head` bytes the destination, another text, and headers; then the body.
/// `kind`: 0 text, 1 text without `content-length`, 2 octets.
fn message(head: usize, kind: u32) -> (Outgoing, String) {
    let mut input = take_input();
    let body = input.split_off(head.min(input.len()));
    let mut texts = texts(&input);
    let destination = texts.next().unwrap_or_default();
    let other = texts.next().unwrap_or_default();
    let text = |body| String::from_utf8(body).unwrap_or_default();
    let message = Outgoing {
        destination,
        headers: headers(&mut texts),
        body: match kind {
            0 => OutgoingBody::Text(text(body)),
            1 => OutgoingBody::UncountedText(text(body)),
            _ => OutgoingBody::Binary(body),
        },
        id: None,
    };
    (message, other)
}

fn options(flags: u32, ttl_ms: f64) -> SendOptions {
    SendOptions {
        immediate: flags & 0x100 != 0,
        lane: lane(flags & UNSET),
        offline: offline(flags >> 4 & UNSET),
        ttl: ttl(ttl_ms),
        resend: flags & 0x200 != 0,
        expect_ack: flags & 0x400 != 0,
        merged: flags & 0x800 != 0,
    }
}

/// Accepts a message out of the input (its other text is its id, empty for none) and returns its ticket, or what is wrong:
/// -1 closed, -2 offline, -3 queue full, -4 too large, -5 rate limited, -6 no such topic or slot, -7 a header or the body
/// cannot be written, -8 no destination, -9 too many receipts, -10 too many requests, -11 an empty transaction.
///
/// `flags`: bits 0-3 lane, 4-7 offline rule (15: the topic's), bit 8 immediate, 9 resend, 10 receipt, 11 merged.
/// A negative `slot` is the topic's own; a `ttl_ms` of `Infinity` the topic's.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
#[allow(clippy::too_many_arguments, reason = "plain numbers of one call")]
pub extern "C" fn publish(
    id: u32,
    now: f64,
    topic: u32,
    slot: i32,
    head: usize,
    kind: u32,
    flags: u32,
    ttl_ms: f64,
) -> i32 {
    let (mut message, name) = message(head, kind);
    message.id = Some(name).filter(|name| !name.is_empty());
    with(id, NONE, |entry| {
        let sent = entry.client.publish(
            time(now),
            TopicId(topic),
            slot_id(slot),
            message,
            options(flags, ttl_ms),
        );
        sent.map_or_else(refusal, |ticket| ticket.0 as i32)
    })
}

/// Adds a message out of the input to the transaction that [`commit`] ends; 0, or as [`publish`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn add(id: u32, head: usize, kind: u32) -> i32 {
    let (message, _) = message(head, kind);
    with(id, NONE, |entry| {
        entry
            .transaction
            .publish(message)
            .map_or_else(refusal, |()| 0)
    })
}

/// Adds an acknowledgement of the message that the input names, delivered over the connection `generation`.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn add_ack(id: u32, generation: u32) {
    let delivery = delivery(generation);
    with(id, (), |entry| {
        entry.transaction.acknowledge(Acknowledge::Ack, delivery);
    });
}

/// Queues the collected transaction; as [`publish`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn commit(id: u32, now: f64, flags: u32, ttl_ms: f64) -> i32 {
    with(id, NONE, |entry| {
        let transaction = core::mem::take(&mut entry.transaction);
        let sent = entry
            .client
            .commit(time(now), transaction, options(flags, ttl_ms));
        sent.map_or_else(refusal, |ticket| ticket.0 as i32)
    })
}

/// Forgets the collected transaction.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn abort(id: u32) {
    with(id, (), |entry| {
        entry.transaction = Default::default();
    });
}

/// Asks with a message out of the input; its other text is where the answer goes, empty for the client's own. Returns the
/// request's number, or as [`publish`].
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn request(id: u32, now: f64, head: usize, kind: u32, timeout: f64) -> i32 {
    let (message, reply_to) = message(head, kind);
    let reply_to = Some(reply_to.as_str()).filter(|destination| !destination.is_empty());
    let timeout = ttl(timeout).unwrap_or(Span::MAX);
    with(id, NONE, |entry| {
        let asked = entry.client.request(time(now), message, reply_to, timeout);
        asked.map_or_else(refusal, |request| request.0 as i32)
    })
}

/// Gives a request up.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn cancel_request(id: u32, request: u32) {
    with(id, (), |entry| {
        entry.client.cancel_request(RequestId(request))
    });
}

/// Listens to the destination in the input, with the headers behind it; `ack`: 0 auto, 1 client, 2 client-individual.
/// Returns the listener, or what is wrong: -1 closed, -7 unwritable, -8 no destination, -12 too many, -13 the id is in use.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn subscribe(id: u32, now: f64, ack: u32) -> i32 {
    let input = take_input();
    let mut texts = texts(&input);
    let destination = texts.next().unwrap_or_default();
    let headers = headers(&mut texts);
    let ack = match ack {
        0 => AckMode::Auto,
        1 => AckMode::Client,
        _ => AckMode::ClientIndividual,
    };
    with(id, NONE, |entry| {
        entry
            .client
            .subscribe(time(now), &destination, headers, ack)
            .map_or_else(subscribe_refusal, |listener| listener.0 as i32)
    })
}

/// Ends a listener.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn unsubscribe(id: u32, now: f64, listener: u32) {
    with(id, (), |entry| {
        entry.client.unsubscribe(time(now), ListenerId(listener));
    });
}

/// Acknowledges (`nack` false) the message that the input names, delivered over the connection `generation`. Returns 0, -1
/// if that connection is gone, or -2 if the version has no such frame.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn acknowledge(id: u32, now: f64, generation: u32, nack: bool) -> i32 {
    let delivery = delivery(generation);
    let what = if nack {
        Acknowledge::Nack
    } else {
        Acknowledge::Ack
    };
    with(id, NONE, |entry| {
        match entry.client.acknowledge(time(now), what, &delivery) {
            Ok(()) => 0,
            Err(AckError::Late) => -1,
            Err(_) => -2,
        }
    })
}

fn delivery(generation: u32) -> Delivery {
    let input = take_input();
    let mut texts = texts(&input);
    Delivery::new(
        generation,
        texts.next().unwrap_or_default(),
        texts.next().unwrap_or_default(),
    )
}

fn refusal(error: PublishError) -> i32 {
    match error {
        PublishError::Send(SendError::Closed) => -1,
        PublishError::Send(SendError::Offline) => -2,
        PublishError::Send(SendError::QueueFull) => -3,
        PublishError::Send(SendError::TooLarge) => -4,
        PublishError::Send(SendError::RateLimited) => -5,
        PublishError::Write(_) => -7,
        PublishError::NoDestination => -8,
        PublishError::TooManyReceipts => -9,
        PublishError::TooManyRequests => -10,
        PublishError::EmptyTransaction => -11,
        PublishError::Subscribe(error) => subscribe_refusal(error),
        _ => -6,
    }
}

fn subscribe_refusal(error: SubscribeError) -> i32 {
    match error {
        SubscribeError::Write(_) => -7,
        SubscribeError::NoDestination => -8,
        SubscribeError::TooMany => -12,
        SubscribeError::DuplicateId => -13,
        _ => -1,
    }
}
