//! `Socket`: one namespace.

use std::{cell::RefCell, collections::HashMap, fmt, marker::PhantomData, rc::Rc};

use everwire_core::{
    Span,
    protocol::socket_io::client::{self as core, NamespaceId, Phase},
    send::{Scope, SlotId, TopicId},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{driver, id::Id, options::InboundLimits};

use super::{
    args::Args,
    change::Changes,
    emit::{Answer, Emit, EmitOptions},
    engine::Engine,
    error::Error,
    hub::Hub,
    manager::Manager,
    packet::{Packet, quoted},
    stream::{Events, IncomingEvents},
    topic::TopicBuilder,
};

/// How long [`Socket::disconnect`] lets the queue drain.
const FLUSH: Span = Span::from_millis(1_000);
/// Names of events that only the client itself raises.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// One namespace of a server: events go both ways.
///
/// A cheap handle: clones are the same socket. When the last one is dropped the namespace is left, and what it still had to
/// send is dropped; to write it first, call [`disconnect`](Self::disconnect).
///
/// ```no_run
/// use everwire::socketio;
/// use futures_util::StreamExt;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Post { author: String, text: String }
///
/// # async fn run() -> Result<(), socketio::Error> {
/// let socket = socketio::connect("https://example.com")?;
/// let mut posts = socket.on::<Post>("post");
/// socket.emit("join", &"lobby")?;
/// let id: u64 = socket
///     .emit_with_ack("post", &Post { author: "mina".into(), text: "hello".into() })
///     .await?;
/// while let Some(post) = posts.next().await {
///     let Post { author, text } = post?;
///     web_sys::console::log_1(&format!("{author}: {text}").into());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Socket {
    pub(super) inner: Rc<Inner>,
}

pub(super) struct Inner {
    /// Keeps the connection alive, too.
    pub(super) manager: Manager,
    pub(super) namespace: NamespaceId,
    pub(super) name: String,
    pub(super) hub: Rc<Hub>,
    pub(super) inbound: InboundLimits,
    pub(super) ack_timeout: Option<Span>,
    pub(super) keys: Rc<Keys>,
    /// Topics that nobody holds any more, with something still to send.
    pub(super) retired: RefCell<Vec<TopicId>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine().remove(self.namespace);
    }
}

impl Inner {
    pub(super) fn engine(&self) -> &Rc<Engine> {
        self.manager.engine()
    }

    /// Queues an event, at the pace of its topic.
    pub(super) fn queue(
        &self,
        topic: TopicId,
        key: Option<&Id>,
        packet: Packet,
        options: EmitOptions,
        ack: bool,
    ) -> Result<Emit, Error> {
        let event = Rc::clone(&packet.event);
        let options = core::EmitOptions {
            send: options.send,
            volatile: options.volatile,
            ack,
            timeout: self.ack_timeout.filter(|_| ack),
        };
        let engine = self.engine();
        let slot = key.map(|key| self.slot(topic, key)).transpose()?;
        let now = driver::now();
        let emit =
            engine.core(|core| core.emit(now, self.namespace, topic, slot, packet, options))?;
        Ok(self.handle(emit, &event, ack))
    }

    /// A handle, made before anything can be told about the emit.
    fn handle(&self, emit: core::EmitId, event: &Rc<str>, ack: bool) -> Emit {
        let tracked = self.hub.track(emit, event, ack);
        self.engine().pump();
        self.sweep();
        Emit {
            engine: Rc::clone(self.engine()),
            namespace: self.namespace,
            tracked,
        }
    }

    fn slot(&self, topic: TopicId, key: &Id) -> Result<SlotId, Error> {
        if let Some(slot) = self.keys.get(topic, key) {
            return Ok(slot);
        }
        let slot = self
            .engine()
            .core(|core| match core.outbox(self.namespace) {
                Some(outbox) => outbox.slot(topic).map_err(core::EmitError::from),
                None => Err(core::EmitError::UnknownNamespace),
            })?;
        self.keys.insert(topic, key, slot);
        Ok(slot)
    }

    /// Nobody holds the topic any more: what it still has to send goes out, then it is removed.
    pub(super) fn retire(&self, topic: TopicId, is_batch: bool) {
        self.retired.borrow_mut().push(topic);
        if is_batch {
            let now = driver::now();
            self.engine().run(|core| {
                if let Some(outbox) = core.outbox(self.namespace) {
                    outbox.flush(now, Scope::Topic(topic));
                }
            });
        }
        self.sweep();
    }

    fn sweep(&self) {
        self.retired.borrow_mut().retain(|topic| {
            self.engine().core(|core| {
                let Some(outbox) = core.outbox(self.namespace) else {
                    return false;
                };
                let pending = outbox.pending(Scope::Topic(*topic));
                if !pending {
                    outbox.remove_topic(*topic);
                    self.keys.forget_topic(*topic);
                }
                pending
            })
        });
    }
}

impl Socket {
    /// Emits an event, in the order of the calls. A tuple is several arguments, `()` none; a [`Binary`](super::Binary)
    /// anywhere inside is an attachment. While the connection is down it waits, within the bounds of the queue.
    ///
    /// # Errors
    /// [`Error::ReservedName`], [`Error::Encode`], [`Error::Emit`]; nothing was queued then.
    pub fn emit<T: Serialize + ?Sized>(&self, event: &str, args: &T) -> Result<Emit, Error> {
        self.emit_with(event, args, EmitOptions::new())
    }

    /// As [`emit`](Self::emit), with options.
    ///
    /// # Errors
    /// As there.
    pub fn emit_with<T: Serialize + ?Sized>(
        &self,
        event: &str,
        args: &T,
        options: EmitOptions,
    ) -> Result<Emit, Error> {
        let packet = packet(event, args)?;
        self.inner.queue(TopicId(0), None, packet, options, false)
    }

    /// Emits an event that the server answers. It is on its way when this returns; the future resolves with the answer's
    /// arguments: a tuple takes several, everything else the first.
    ///
    /// Fails with [`Error::Ack`] when none comes within the timeout or the connection is lost after the event was written:
    /// then the server may or may not have handled it.
    pub fn emit_with_ack<T: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        event: &str,
        args: &T,
    ) -> Answer<R> {
        self.emit_with_ack_and(event, args, EmitOptions::new())
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with options.
    pub fn emit_with_ack_and<T: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        event: &str,
        args: &T,
        options: EmitOptions,
    ) -> Answer<R> {
        let sent = packet(event, args)
            .and_then(|packet| self.inner.queue(TopicId(0), None, packet, options, true));
        Answer {
            sent,
            types: PhantomData,
        }
    }

    /// Emits an event until the server acknowledges it: over lost acks (up to the socket's `retries`) and lost connections.
    /// The server gets it at least once, so it must ignore what it has seen. Events with the same `key` never overtake each
    /// other; the others share a window.
    pub fn emit_reliable<T: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        event: &str,
        args: &T,
        key: Option<Id>,
    ) -> Answer<R> {
        let sent = packet(event, args).and_then(|packet| {
            let event = Rc::clone(&packet.event);
            let (now, namespace) = (driver::now(), self.inner.namespace);
            // Two keys with the same number only wait for each other.
            let key = key.as_ref().map(hash);
            let emit = self
                .inner
                .engine()
                .core(|core| core.emit_reliable(now, namespace, packet, key))?;
            Ok(self.inner.handle(emit, &event, true))
        });
        Answer {
            sent,
            types: PhantomData,
        }
    }

    /// Options of a topic: values of one event with a pace of their own.
    pub fn topic<T>(&self, event: impl Into<String>) -> TopicBuilder<T> {
        TopicBuilder::new(self.clone(), event.into())
    }

    /// The events with this name, from now on: their arguments as `T` (a tuple takes several, everything else the first).
    pub fn on<T: DeserializeOwned>(&self, event: &str) -> Events<T> {
        Events {
            inbox: self.inner.hub.listen(Some(event), self.inner.inbound),
            types: PhantomData,
        }
    }

    /// The events with this name, to be [answered](super::IncomingEvent::reply).
    pub fn incoming(&self, event: &str) -> IncomingEvents {
        IncomingEvents {
            inbox: self.inner.hub.listen(Some(event), self.inner.inbound),
            engine: Rc::clone(self.inner.engine()),
        }
    }

    /// All events, whatever their names.
    pub fn any(&self) -> IncomingEvents {
        IncomingEvents {
            inbox: self.inner.hub.listen(None, self.inner.inbound),
            engine: Rc::clone(self.inner.engine()),
        }
    }

    /// What happens to the namespace from now on: joined, refused, left.
    pub fn changes(&self) -> Changes {
        Changes(self.inner.hub.subscribe())
    }

    /// Whether the namespace is joined.
    pub fn connected(&self) -> bool {
        matches!(self.phase(), Some(Phase::Joined | Phase::Leaving))
    }

    /// Whether it is joined or will be by itself.
    pub fn active(&self) -> bool {
        !matches!(self.phase(), Some(Phase::Idle) | None)
    }

    /// The server's name for this session, `None` unless joined.
    pub fn id(&self) -> Option<String> {
        let namespace = self.inner.namespace;
        self.inner
            .engine()
            .core(|core| core.sid(namespace).map(str::to_owned))
    }

    /// Whether the server restored the session at the last join, and sent what was missed.
    pub fn recovered(&self) -> bool {
        self.connected() && self.inner.hub.recovered.get()
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &str {
        &self.inner.name
    }

    /// The connection that it shares.
    pub fn manager(&self) -> &Manager {
        &self.inner.manager
    }

    /// Joins the namespace again: after [`disconnect`](Self::disconnect), a refusal, or an `io server disconnect`; or now
    /// instead of after a wait. Nothing if it is joined already.
    pub fn connect(&self) {
        let namespace = self.inner.namespace;
        self.inner
            .engine()
            .run(|core| core.connect(driver::now(), namespace));
    }

    /// Leaves the namespace, after what is queued was written (at most one second). What was not stays queued for the next
    /// [`connect`](Self::connect).
    pub fn disconnect(&self) {
        let namespace = self.inner.namespace;
        self.inner
            .engine()
            .run(|core| core.disconnect(driver::now(), namespace, Some(FLUSH)));
    }

    /// Emits that wait for an ack.
    pub fn pending_acks(&self) -> usize {
        let namespace = self.inner.namespace;
        self.inner
            .engine()
            .core(|core| core.pending_acks(namespace))
    }

    /// Whether anything would still be written.
    pub fn pending(&self) -> bool {
        let namespace = self.inner.namespace;
        self.inner.engine().core(|core| {
            let outbox = core.outbox(namespace);
            outbox.is_some_and(|outbox| outbox.pending(Scope::All))
        })
    }

    fn phase(&self) -> Option<Phase> {
        let namespace = self.inner.namespace;
        self.inner.engine().core(|core| core.phase(namespace))
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.inner.name)
            .field("phase", &self.phase())
            .finish()
    }
}

pub(super) fn check_name(event: &str) -> Result<(), Error> {
    if RESERVED.contains(&event) {
        return Err(Error::ReservedName(event.to_owned()));
    }
    Ok(())
}

fn packet<T: Serialize + ?Sized>(event: &str, args: &T) -> Result<Packet, Error> {
    check_name(event)?;
    Ok(Packet::event(&quoted(event), Args::of(args)?))
}

fn hash(key: &Id) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The slots of keyed topics, both ways.
#[derive(Default)]
pub(super) struct Keys {
    slots: RefCell<HashMap<(TopicId, Id), SlotId>>,
    names: RefCell<HashMap<SlotId, (TopicId, Id)>>,
}

impl Keys {
    pub(super) fn get(&self, topic: TopicId, key: &Id) -> Option<SlotId> {
        self.slots.borrow().get(&(topic, key.clone())).copied()
    }

    fn insert(&self, topic: TopicId, key: &Id, slot: SlotId) {
        let name = (topic, key.clone());
        self.names.borrow_mut().insert(slot, name.clone());
        self.slots.borrow_mut().insert(name, slot);
    }

    pub(super) fn forget(&self, slot: SlotId) {
        if let Some(name) = self.names.borrow_mut().remove(&slot) {
            let mut slots = self.slots.borrow_mut();
            if slots.get(&name) == Some(&slot) {
                slots.remove(&name);
            }
        }
    }

    fn forget_topic(&self, topic: TopicId) {
        self.slots
            .borrow_mut()
            .retain(|(other, _), _| *other != topic);
        self.names
            .borrow_mut()
            .retain(|_, (other, _)| *other != topic);
    }
}
