//! The slots of keyed topics, both ways.

use std::{cell::RefCell, collections::HashMap};

use everwire_core::{
    protocol::stomp::client::Client,
    send::{SendError, SlotId, TopicId},
};

use crate::id::Id;

#[derive(Default)]
pub(in crate::stomp) struct Keys {
    slots: RefCell<HashMap<(TopicId, Id), SlotId>>,
    names: RefCell<HashMap<SlotId, (TopicId, Id)>>,
}

impl Keys {
    /// The slot of a key that was used before.
    pub(in crate::stomp) fn get(&self, topic: TopicId, key: &Id) -> Option<SlotId> {
        self.slots.borrow().get(&(topic, key.clone())).copied()
    }

    /// The slot of a key.
    pub(in crate::stomp) fn slot(
        &self,
        client: &mut Client,
        topic: TopicId,
        key: Id,
    ) -> Result<SlotId, SendError> {
        if let Some(slot) = self.get(topic, &key) {
            return Ok(slot);
        }
        let slot = client.slot(topic)?;
        let name = (topic, key);
        self.names.borrow_mut().insert(slot, name.clone());
        self.slots.borrow_mut().insert(name, slot);
        Ok(slot)
    }

    pub(super) fn forget(&self, slot: SlotId) {
        if let Some(name) = self.names.borrow_mut().remove(&slot) {
            self.slots.borrow_mut().remove(&name);
        }
    }

    pub(super) fn forget_topic(&self, topic: TopicId) {
        self.slots
            .borrow_mut()
            .retain(|(other, _), _| *other != topic);
        self.names
            .borrow_mut()
            .retain(|_, (other, _)| *other != topic);
    }
}
