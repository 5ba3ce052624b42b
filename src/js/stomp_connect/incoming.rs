//! What the server sends, frame by frame.

use everwire_core::protocol::stomp::client::{About, Delivery, Incoming};
use everwire_core::protocol::stomp::{Frame, Version};

use super::{set, take_input, time, with};

/// Takes the WebSocket message in the input; [`next`] hands out what it brings.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn receive(id: u32, generation: u32) {
    let input = take_input();
    with(id, (), |entry| {
        entry.message = input;
        entry.at = 0;
        entry.generation = generation;
    });
}

/// The next thing in the message, 0 if there is no more:
///
/// | Result | What | Registers |
/// |---|---|---|
/// | 1 | `CONNECTED` | 4 version: 0 to 2 for 1.0 to 1.2 |
/// | 2 | a message for listeners, see [`listener`] | 4 how many, 5 whether it wants to be acknowledged |
/// | 3 | the answer to a request | 4 the request |
/// | 4 | `ERROR` | 4 about: 0 connect, 1 subscription, 2 message, 3 connection; 5 the message's ticket |
/// | 5 | a frame that nobody waits for | |
///
/// Registers 0 and 1: address and length of the head, texts that end with NUL: the command, for what wants to be
/// acknowledged the two names of it, then names and values. Registers 2 and 3: address and length of the body. All of it
/// is gone with the next call.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn next(id: u32, now: f64) -> u32 {
    with(id, 0, |entry| {
        loop {
            let mut input = entry.message.get(entry.at..).unwrap_or_default();
            let incoming = entry
                .client
                .receive(time(now), entry.generation, &mut input);
            entry.at = entry.message.len() - input.len();
            entry.out.clear();
            let Some(incoming) = incoming else {
                entry.message = Vec::new();
                entry.at = 0;
                return 0;
            };
            let out = &mut entry.out;
            match incoming {
                Incoming::Connected { version, frame } => {
                    set(
                        4,
                        match version {
                            Version::V1_0 => 0.0,
                            Version::V1_1 => 1.0,
                            Version::V1_2 => 2.0,
                        },
                    );
                    return describe(out, &frame, None, 1);
                }
                Incoming::Message {
                    listeners,
                    frame,
                    delivery,
                } => {
                    entry.listeners.clear();
                    entry.listeners.extend_from_slice(listeners);
                    set(4, listeners.len() as f64);
                    set(5, f64::from(u8::from(delivery.is_some())));
                    return describe(out, &frame, delivery, 2);
                }
                Incoming::Reply { request, frame } => {
                    set(4, f64::from(request.0));
                    return describe(out, &frame, None, 3);
                }
                Incoming::Error { about, frame } => {
                    let (about, ticket) = match about {
                        About::Connect => (0.0, 0),
                        About::Subscription => (1.0, 0),
                        About::Message(ticket) => (2.0, ticket.0),
                        About::Connection => (3.0, 0),
                    };
                    set(4, about);
                    set(5, f64::from(ticket));
                    return describe(out, &frame, None, 4);
                }
                Incoming::Unhandled(frame) => return describe(out, &frame, None, 5),
                _ => {}
            }
        }
    })
}

/// Listener `index` of the message that came in.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn listener(id: u32, index: usize) -> u32 {
    with(id, 0, |entry| {
        entry.listeners.get(index).map_or(0, |listener| listener.0)
    })
}

fn describe(out: &mut Vec<u8>, frame: &Frame<'_>, delivery: Option<Delivery>, kind: u32) -> u32 {
    let mut push = |text: &str| {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    };
    push(frame.command());
    if let Some(delivery) = &delivery {
        push(delivery.message());
        push(delivery.subscription());
    }
    for header in frame.headers() {
        push(&header.name());
        push(&header.value());
    }
    set(0, out.as_ptr() as usize as f64);
    set(1, out.len() as f64);
    set(2, frame.body().as_ptr() as usize as f64);
    set(3, frame.body().len() as f64);
    kind
}
