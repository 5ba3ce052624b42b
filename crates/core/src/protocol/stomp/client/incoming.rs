//! What the server sends.
//!
//! A received frame is a view into the session's buffer, so what it brings about is noted here and done when the frame is
//! no longer borrowed, by the next poll.

use alloc::string::String;

use super::super::{CloseReason, Frame, Received};
use super::event::About;
use super::{AckMode, Action, Awaited, Client, Duties, Incoming, Subscribed, receipt_number};
use crate::Time;
use crate::link::Input;

/// Answers longer than this are not searched for what they say about credentials.
const SEARCHED: usize = 1_024;
/// What servers say about a login that they refuse, in lower case: RabbitMQ, ActiveMQ, Artemis, Spring Security.
const LOGIN_WORDS: [&str; 9] = [
    "bad connect",
    "access refused",
    "access denied",
    "access_refused",
    "authenticat",
    "authoriz",
    "credentials",
    "password",
    "not allowed",
];

/// What names a message to the broker that delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub(super) generation: u32,
    pub(super) message: String,
    pub(super) subscription: String,
}

impl Delivery {
    /// Puts together what [`message`](Self::message) and [`subscription`](Self::subscription) said of a message that came
    /// over the connection `generation`.
    pub const fn new(generation: u32, message: String, subscription: String) -> Self {
        Self {
            generation,
            message,
            subscription,
        }
    }

    /// What names the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The id of the subscription that it came over.
    pub fn subscription(&self) -> &str {
        &self.subscription
    }
}

impl Client {
    /// The next thing that a WebSocket message brings; `input` moves on behind it. Call it until `None` for each message,
    /// then poll.
    pub fn receive<'a, 'i: 'a>(
        &'a mut self,
        now: Time,
        generation: u32,
        input: &mut &'i [u8],
    ) -> Option<Incoming<'a>> {
        if generation != self.generation || self.faulted || self.duties.over {
            *input = &[];
        }
        if input.is_empty() {
            return None;
        }
        self.connection.handle(now, Input::Received { pong: false });
        let Self {
            session,
            duties,
            actions,
            receipts,
            last_receipt,
            tickets,
            subscriptions,
            requests,
            connection,
            opened,
            fault,
            no_receipts,
            config,
            stop,
            ..
        } = self;
        let session = session.as_mut()?;
        let version = session.version();
        let received = match session.receive(now, input) {
            Ok(received) => received?,
            Err(reason) => {
                duties.over = true;
                *fault = Some(reason);
                actions.push_back(Action::Fault { generation, reason });
                return None;
            }
        };
        Some(match received {
            Received::Connected { version, frame } => {
                duties.restore = true;
                Incoming::Connected { version, frame }
            }
            Received::Message {
                subscription,
                frame,
            } => {
                let request = frame
                    .header("correlation-id")
                    .and_then(|id| requests.find(&id));
                if let Some(request) = request {
                    if let Some(ticket) = requests.remove(request) {
                        connection.outbox().ack(ticket);
                    }
                    return Some(Incoming::Reply { request, frame });
                }
                let subscription = subscription.and_then(|number| subscriptions.all.get(&number));
                match subscription {
                    Some(subscription) => Incoming::Message {
                        listeners: &subscription.listeners,
                        delivery: match (subscription.ack, version) {
                            (AckMode::Auto, _) | (_, None) => None,
                            (_, Some(version)) => frame.ack_id(version).map(|id| Delivery {
                                generation,
                                message: id.into_owned(),
                                subscription: subscription.id.clone(),
                            }),
                        },
                        frame,
                    },
                    None => Incoming::Unhandled(frame),
                }
            }
            Received::Receipt { frame, .. } => {
                let number = receipt_number(&frame);
                match number.and_then(|number| receipts.remove(&number)) {
                    Some(Awaited::Publish(ticket)) => {
                        tickets.remove(&ticket);
                        connection.outbox().ack(ticket);
                        Incoming::Handled
                    }
                    Some(Awaited::Subscribe(number)) => {
                        *no_receipts = false;
                        for &listener in subscriptions.confirmed(number) {
                            let state = Subscribed::Confirmed;
                            actions.push_back(Action::Subscription { listener, state });
                        }
                        Incoming::Handled
                    }
                    // The receipt of what was given up meanwhile.
                    None if number.is_some_and(|number| number <= *last_receipt) => {
                        Incoming::Handled
                    }
                    None => Incoming::Unhandled(frame),
                }
            }
            Received::Error { frame, .. } => {
                duties.over = true;
                let reason = CloseReason::ServerError;
                *fault = Some(reason);
                actions.push_back(Action::Fault { generation, reason });
                let refused = receipt_number(&frame).and_then(|number| receipts.remove(&number));
                let refused = match refused {
                    None if version.is_some() && !*opened => {
                        subscriptions.suspect().map(Awaited::Subscribe)
                    }
                    refused => refused,
                };
                duties.refused = refused;
                let about = match refused {
                    Some(Awaited::Publish(ticket)) => About::Message(ticket),
                    Some(Awaited::Subscribe(_)) => About::Subscription,
                    None if version.is_none() => About::Connect,
                    None => About::Connection,
                };
                *stop = about == About::Connect
                    && config.stop_on_refused_login
                    && speaks_of_login(&frame);
                Incoming::Error { about, frame }
            }
            Received::Disconnected => {
                duties.close = true;
                Incoming::Handled
            }
            Received::Unknown(frame) => Incoming::Unhandled(frame),
            Received::HeartBeat => Incoming::Handled,
        })
    }

    /// Does what received frames brought about.
    pub(super) fn settle(&mut self, now: Time) {
        let Duties {
            restore,
            close,
            refused,
            over,
        } = core::mem::take(&mut self.duties);
        match refused {
            Some(Awaited::Publish(ticket)) => {
                self.tickets.remove(&ticket);
                self.connection.outbox().refuse(ticket);
            }
            Some(Awaited::Subscribe(number)) => {
                let listeners = self.subscriptions.drop_all(number);
                self.tell(&listeners, Subscribed::Refused);
            }
            None => {}
        }
        if close {
            let generation = self.generation;
            self.actions.push_back(Action::CloseSocket { generation });
        }
        if over {
            self.faulted = true;
            self.frames.clear();
        } else if restore {
            self.restore(now);
        }
    }
}

fn speaks_of_login(frame: &Frame<'_>) -> bool {
    let message = frame.header("message").unwrap_or_default();
    let body = frame.body();
    let body = body.get(..SEARCHED).unwrap_or(body);
    LOGIN_WORDS.iter().any(|word| {
        [message.as_bytes(), body]
            .iter()
            .any(|text| contains(text, word.as_bytes()))
    })
}

/// Octets, because a text may be cut within a character. What the standard library has for texts is ten times as much
/// code.
fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}
