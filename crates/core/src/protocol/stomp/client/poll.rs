//! What is to be done next, and messages into frames.

use alloc::vec::Vec;

use super::super::{Body, CallError, Session};
use super::publication::{Content, Part};
use super::{
    AckError, Action, Awaited, CallFault, Client, Completes, Outgoing, Publication, RECEIPT, Ready,
    numbered,
};
use crate::Time;
use crate::connection;
use crate::send::Ticket;

impl Client {
    /// The next thing to do or to tell, or `None`. `buffered` is the socket's `bufferedAmount`; `out` is cleared, and
    /// filled for [`Action::Write`].
    pub fn poll(&mut self, now: Time, buffered: usize, out: &mut Vec<u8>) -> Option<Action> {
        out.clear();
        loop {
            self.settle(now);
            self.open_when_ready(now);
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if let Some(frame) = self.frames.pop_front() {
                *out = frame.bytes;
                self.in_hand = frame.completes;
                return Some(Action::Write {
                    generation: self.generation,
                    text: frame.text,
                });
            }
            // A session that is over takes nothing, however empty its socket is.
            let buffered = if self.is_connected() {
                buffered
            } else {
                usize::MAX
            };
            let mut scratch = core::mem::take(&mut self.scratch);
            let action = self.connection.poll(now, buffered, &mut scratch);
            let action = match action {
                None => {
                    self.scratch = scratch;
                    self.follow();
                    if self.actions.is_empty() {
                        return None;
                    }
                    continue;
                }
                Some(connection::Action::Link(output)) => self.obey(now, output),
                Some(connection::Action::Event(event)) => {
                    self.note(event);
                    Some(Action::Outbox(event))
                }
                Some(connection::Action::Write { .. }) => {
                    if let Some((ticket, publication)) = scratch.pop() {
                        self.encode(now, ticket, &publication);
                    }
                    None
                }
            };
            self.scratch = scratch;
            if action.is_some() {
                return action;
            }
        }
    }

    /// Reports whether the socket took the frame of the last [`Action::Write`].
    pub fn wrote(&mut self, now: Time, ok: bool) {
        match core::mem::take(&mut self.in_hand) {
            Completes::Nothing => {}
            Completes::Part if ok => {}
            Completes::Message => self.connection.wrote(now, ok),
            Completes::Part => {
                while let Some(frame) = self.frames.front()
                    && frame.completes != Completes::Nothing
                {
                    self.frames.pop_front();
                }
                self.connection.wrote(now, false);
            }
        }
    }

    fn encode(&mut self, now: Time, ticket: Ticket, publication: &Publication) {
        let receipt = self.tickets.get(&ticket).copied();
        let receipt_id = receipt.map(|receipt| numbered(RECEIPT, receipt));
        let mut frames = Vec::new();
        let written = self.write_content(now, &publication.0, receipt_id.as_deref(), &mut frames);
        if let Err(fault) = written {
            self.actions.push_back(Action::Unwritable { ticket, fault });
            self.connection.wrote(now, false);
            return;
        }
        if let Some(receipt) = receipt {
            self.receipts.insert(receipt, Awaited::Publish(ticket));
        }
        if let Some(last) = frames.last_mut() {
            last.completes = Completes::Message;
        }
        self.frames.extend(frames);
    }

    fn write_content(
        &mut self,
        now: Time,
        content: &Content,
        receipt: Option<&str>,
        frames: &mut Vec<Ready>,
    ) -> Result<(), CallFault> {
        let session = self.session.as_mut().ok_or(CallError::NotConnected)?;
        let id_header = self.config.id_header.as_str();
        let parts = match content {
            Content::Send(message) => {
                let mark = receipt.map(|receipt| ("receipt", receipt));
                frames.push(send(session, now, message, id_header, mark)?);
                return Ok(());
            }
            Content::Transaction(parts) => parts,
        };
        // Looked at before anything is written: half a transaction would stay open at the broker.
        let late = parts.iter().any(|part| match part {
            Part::Acknowledge(_, delivery) => delivery.generation != self.generation,
            Part::Send(_) => false,
        });
        if late {
            return Err(AckError::Late.into());
        }
        let mut bytes = Vec::new();
        let transaction = session.begin(now, &mut bytes)?;
        frames.push(control(bytes));
        for part in parts {
            let mark = ("transaction", transaction.as_str());
            frames.push(match part {
                Part::Send(message) => send(session, now, message, id_header, Some(mark))?,
                Part::Acknowledge(what, delivery) => {
                    let mut bytes = Vec::new();
                    let names = (delivery.message.as_str(), delivery.subscription.as_str());
                    session.acknowledge(now, *what, names, &[mark], &mut bytes)?;
                    control(bytes)
                }
            });
        }
        let mut fields = Vec::from([("transaction", transaction.as_str())]);
        fields.extend(receipt.map(|receipt| ("receipt", receipt)));
        let mut bytes = Vec::new();
        session.frame(now, "COMMIT", &fields, Body::Empty, &mut bytes)?;
        frames.push(control(bytes));
        Ok(())
    }
}

fn send(
    session: &mut Session,
    now: Time,
    message: &Outgoing,
    id_header: &str,
    mark: Option<(&str, &str)>,
) -> Result<Ready, CallError> {
    let mut fields = message.fields();
    fields.extend(message.id.as_deref().map(|id| (id_header, id)));
    fields.extend(mark);
    let mut bytes = Vec::new();
    session.send(
        now,
        &message.destination,
        &fields,
        message.body(),
        &mut bytes,
    )?;
    Ok(Ready {
        bytes,
        text: message.is_text(),
        completes: Completes::Part,
    })
}

fn control(bytes: Vec<u8>) -> Ready {
    Ready {
        bytes,
        text: true,
        completes: Completes::Part,
    }
}
