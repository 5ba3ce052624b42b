//! What arrives, taken out of the core first and handed on afterwards.

use std::rc::Rc;

use everwire_core::{
    codec::Frame,
    protocol::stomp::client::{Incoming, ListenerId, RequestId},
};

use crate::driver;

use super::super::{event::Event, message::Message};
use super::Engine;

enum Arrival {
    Message(Vec<ListenerId>, Message),
    Reply(RequestId, Message),
    Event(Event),
}

impl Engine {
    pub(super) fn message(&self, generation: u32, data: &Frame) {
        let mut input = match data {
            Frame::Text(text) => text.as_bytes(),
            Frame::Binary(octets) => octets.as_slice(),
        };
        let now = driver::now();
        let mut arrivals = Vec::new();
        let mut core = self.core.borrow_mut();
        while let Some(incoming) = core.receive(now, generation, &mut input) {
            arrivals.push(match incoming {
                Incoming::Message {
                    listeners,
                    frame,
                    delivery,
                } => Arrival::Message(listeners.to_vec(), Message::new(&frame, delivery)),
                Incoming::Reply { request, frame } => {
                    Arrival::Reply(request, Message::new(&frame, None))
                }
                Incoming::Connected { version, frame } => Arrival::Event(Event::Connected {
                    version,
                    frame: frame.to_owned(),
                }),
                Incoming::Error { about, frame } => Arrival::Event(Event::ServerError {
                    about,
                    frame: frame.to_owned(),
                }),
                Incoming::Unhandled(frame) => Arrival::Event(Event::Unhandled(frame.to_owned())),
                _ => continue,
            });
        }
        drop(core);
        for arrival in arrivals {
            self.arrived(arrival);
        }
        self.pump();
    }

    fn arrived(&self, arrival: Arrival) {
        match arrival {
            Arrival::Message(listeners, message) => {
                let inboxes: Vec<Rc<_>> = {
                    let inboxes = self.inboxes.borrow();
                    let known = listeners.iter().filter_map(|id| inboxes.get(id).cloned());
                    known.collect()
                };
                if let Some((last, others)) = inboxes.split_last() {
                    for inbox in others {
                        inbox.push(message.clone());
                    }
                    last.push(message);
                }
            }
            Arrival::Reply(request, message) => {
                let pending = self.requests.borrow_mut().remove(&request);
                if let Some(pending) = pending {
                    pending.end(Ok(message));
                }
            }
            Arrival::Event(event) => {
                if let Event::ServerError { frame, .. } = &event {
                    self.complaint.replace(Some(frame.clone()));
                }
                self.tell(&event);
            }
        }
    }
}
