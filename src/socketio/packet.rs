//! An encoded event or answer in the queue.

use std::{any::Any, cell::RefCell, rc::Rc};

use everwire_core::{
    protocol::socket_io::client::{Message, Part},
    send::Payload,
};

use super::args::Args;

/// Encoded when it is accepted, so that bad values and sizes fail there.
#[derive(Clone)]
pub(super) struct Packet {
    /// The event's name as JSON; empty for answers.
    pub(super) event: Rc<str>,
    pub(super) args: Rc<Args>,
    /// The value itself, for topics that merge.
    pub(super) value: Option<Kept>,
}

impl Packet {
    pub(super) fn event(name: &Rc<str>, args: Args) -> Self {
        Self {
            event: Rc::clone(name),
            args: Rc::new(args),
            value: None,
        }
    }

    pub(super) fn answer(args: Args) -> Self {
        Self::event(&"".into(), args)
    }

    pub(super) fn attachment(&self, index: usize) -> &[u8] {
        self.args.attachments.get(index).map_or(&[], Vec::as_slice)
    }

    fn write(&self, out: &mut String) {
        out.push('[');
        out.push_str(&self.event);
        if !self.event.is_empty() && !self.args.json.is_empty() {
            out.push(',');
        }
        out.push_str(&self.args.json);
        out.push(']');
    }
}

/// The name of an event as JSON.
pub(super) fn quoted(name: &str) -> Rc<str> {
    serde_json::Value::from(name).to_string().into()
}

impl Payload for Packet {
    fn size(&self) -> usize {
        let bytes: usize = self.args.attachments.iter().map(Vec::len).sum();
        self.text_len() + bytes
    }
}

impl Message for Packet {
    fn text_len(&self) -> usize {
        self.event.len() + self.args.json.len() + 3
    }

    fn attachments(&self) -> usize {
        self.args.attachments.len()
    }

    fn attachment_len(&self, index: usize) -> usize {
        self.attachment(index).len()
    }
}

/// The text of a message that has one. The values of a batch are one argument together, a list.
pub(super) fn text_of(part: &Part<Packet>) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Packet { header, payload } => {
            let mut text = String::with_capacity(header.len() + payload.text_len());
            text.push_str(header);
            payload.write(&mut text);
            text
        }
        Part::Batch { header, payloads } => {
            let mut text = header.clone();
            text.push('[');
            if let Some(first) = payloads.first() {
                text.push_str(&first.event);
            }
            text.push_str(",[");
            for (index, payload) in payloads.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&payload.args.json);
            }
            text.push_str("]]");
            text
        }
        Part::Attachment { .. } => String::new(),
    }
}

/// A user's value in the queue. Its destructor is foreign code, and the core drops it whenever it likes: so the last owner
/// only lays it aside, until no borrow is held.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) value: Rc<dyn Any>,
    pub(super) graveyard: Rc<Graveyard>,
}

pub(super) type Graveyard = RefCell<Vec<Rc<dyn Any>>>;

impl Drop for Kept {
    fn drop(&mut self) {
        if Rc::strong_count(&self.value) == 1 {
            self.graveyard.borrow_mut().push(Rc::clone(&self.value));
        }
    }
}
