//! Topics: values of one type with a pace of their own.

mod builder;

use std::{fmt, rc::Rc};

use everwire_core::{
    codec::Frame,
    send::{Scope, SendOptions, TopicId},
};

pub use builder::TopicBuilder;

use crate::{
    engine::{Engine, Outgoing, Packet},
    error::Error,
    handle::{Handle, flushed},
    id::Id,
    options::MessageOptions,
};

/// Values of type `T` with a pace, a place in the order and rules of their own; from
/// [`Client::topic`](crate::Client::topic).
///
/// Clones are the same topic. When the last one is dropped, what is pending still goes out.
pub struct Topic<T> {
    shared: Rc<Shared<T>>,
}

struct Shared<T> {
    engine: Rc<Engine>,
    id: TopicId,
    name: String,
    is_batch: bool,
    rules: TopicRules<T>,
}

/// The user's functions of a topic.
#[allow(clippy::type_complexity, reason = "each type is used once, here")]
struct TopicRules<T> {
    /// To a frame, and the message's id.
    prepare: Box<dyn Fn(&T) -> Result<(Frame, Option<Id>), Error>>,
    key: Option<Box<dyn Fn(&T) -> Id>>,
    /// The value to queue, from the one that is pending and the new one.
    merge: Option<Box<dyn Fn(Option<&T>, &T) -> T>>,
}

impl<T: 'static> Topic<T> {
    /// Sends a value at the topic's pace. A newer value of the same key may take its place until the moment of writing.
    ///
    /// # Errors
    /// [`Error::Encode`], or [`Error::Send`] when it is not accepted; nothing was queued then.
    pub fn send(&self, value: &T) -> Result<Handle, Error> {
        self.send_with(value, MessageOptions::new())
    }

    /// As [`send`](Self::send), with options.
    ///
    /// # Errors
    /// As there.
    pub fn send_with(&self, value: &T, options: MessageOptions) -> Result<Handle, Error> {
        let Shared {
            engine, id, rules, ..
        } = &*self.shared;
        let key = rules.key.as_ref().map(|key| key(value));
        let mut send = options.options;
        let (frame, own_id, kept) = match &rules.merge {
            None => {
                let (frame, own_id) = (rules.prepare)(value)?;
                (frame, own_id, None)
            }
            Some(merge) => {
                // What is sent at once replaces nothing, so it contains nothing else either.
                let old = if send.immediate {
                    None
                } else {
                    engine.peek(*id, key.as_ref())
                };
                let old_value = old.as_ref().and_then(|(_, packet)| packet.value.as_ref());
                let old_value = old_value.and_then(|kept| kept.value.downcast_ref::<T>());
                let merged = merge(old_value, value);
                let (frame, own_id) = (rules.prepare)(&merged)?;
                // `merge` may have called back: the result contains the pending value only if that is still there.
                let pending = engine.peek(*id, key.as_ref()).map(|(ticket, _)| ticket);
                send.merged = old_value.is_some() && pending == old.as_ref().map(|(t, _)| *t);
                (frame, own_id, Some(engine.keep(Rc::new(merged))))
            }
        };
        let message_id = options.id.or(own_id);
        let send = SendOptions {
            resend: send.resend || message_id.is_some(),
            expect_ack: send.expect_ack || message_id.is_some(),
            ..send
        };
        let message = engine.send(Outgoing {
            topic: *id,
            key,
            packet: Packet {
                frame: Rc::new(frame),
                value: kept,
            },
            options: send,
            id: message_id,
            sink: false,
        })?;
        Ok(Handle::new(Rc::clone(engine), message))
    }

    /// The name given when it was built.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Admits what is paced now. The future resolves when nothing of the topic is pending any more; dropping it changes
    /// nothing. A rate limit still applies.
    pub fn flush(&self) -> impl Future<Output = ()> + use<T> {
        self.all().flush()
    }

    /// Takes back what is not written yet.
    pub fn cancel(&self) {
        self.all().cancel();
    }

    /// Whether a value would still be sent.
    pub fn pending(&self) -> bool {
        self.all().pending()
    }

    /// The frame that would be sent for the topic's values without a key.
    pub fn peek(&self) -> Option<Frame> {
        self.shared.peek(None)
    }

    /// The part of the topic with this key.
    pub fn slot(&self, key: impl Into<Id>) -> Slot<T> {
        Slot {
            shared: Rc::clone(&self.shared),
            key: Some(key.into()),
        }
    }

    fn all(&self) -> Slot<T> {
        Slot {
            shared: Rc::clone(&self.shared),
            key: None,
        }
    }
}

/// The values of one key of a [`Topic`].
pub struct Slot<T> {
    shared: Rc<Shared<T>>,
    /// `None` for the whole topic.
    key: Option<Id>,
}

impl<T: 'static> Slot<T> {
    /// As [`Topic::flush`], for this key.
    pub fn flush(&self) -> impl Future<Output = ()> + use<T> {
        let engine = Rc::clone(&self.shared.engine);
        let scope = self.scope();
        if let Some(scope) = scope {
            engine.flush(scope);
        }
        async move {
            if let Some(scope) = scope {
                flushed(engine, scope).await;
            }
        }
    }

    /// As [`Topic::cancel`], for this key.
    pub fn cancel(&self) {
        if let Some(scope) = self.scope() {
            self.shared.engine.cancel_all(scope);
        }
    }

    /// Whether a value of this key would still be sent.
    pub fn pending(&self) -> bool {
        self.scope()
            .is_some_and(|scope| self.shared.engine.pending(scope))
    }

    /// The frame that would be sent for this key.
    pub fn peek(&self) -> Option<Frame> {
        self.shared.peek(self.key.as_ref())
    }

    /// `None` for a key that has nothing.
    fn scope(&self) -> Option<Scope> {
        let topic = self.shared.id;
        match &self.key {
            None => Some(Scope::Topic(topic)),
            Some(key) => {
                let slot = self.shared.engine.known_slot(topic, key)?;
                Some(Scope::Slot(topic, Some(slot)))
            }
        }
    }
}

impl<T> Shared<T> {
    fn peek(&self, key: Option<&Id>) -> Option<Frame> {
        let (_, packet) = self.engine.peek(self.id, key)?;
        Some(Frame::clone(&packet.frame))
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.engine.retire(self.id, self.is_batch);
    }
}

impl<T> Clone for Topic<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for Topic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.shared.engine.pending(Scope::Topic(self.shared.id));
        f.debug_struct("Topic")
            .field("name", &self.shared.name)
            .field("pending", &pending)
            .finish()
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("topic", &self.shared.name)
            .field("key", &self.key)
            .finish()
    }
}
