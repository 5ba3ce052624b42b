//! The engine of one manager: core in the middle, transports below, hubs of listeners above.
//!
//! As in the engine of [`everwire::Socket`](crate::Socket), **no borrow is held while foreign code runs** (auth and URL
//! providers, wakers): [`Engine::pump`] takes one action at a time out of the core, releases it, and acts. Whoever calls back
//! in the middle only adds to what the running pump finds next.

mod tell;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use everwire_core::{
    Span,
    codec::Frame,
    link::State,
    protocol::{
        engine_io::{Packet as EnginePacket, Payload, PayloadLimits, TransportKind},
        socket_io::client::{Action, Client, ClientConfig, Input, NamespaceId, TransportId},
    },
    send::SlotId,
};
use futures_core::future::LocalBoxFuture;
use wasm_bindgen_futures::spawn_local;

use crate::{
    driver::{self, Signals, Timer},
    endpoint::{Attempt, ProviderError, Url},
    state::{StateChange, Subscribers},
};

use super::{
    hub::Hub,
    packet::{Graveyard, Packet},
    wire::{Signal, Target, Wire, escape},
};

/// Where the auth data of a namespace comes from.
#[derive(Clone)]
pub(super) enum Auth {
    None,
    Value(String),
    Provider(Rc<dyn Fn() -> LocalBoxFuture<'static, Result<String, ProviderError>>>),
}

/// What the shell knows of a namespace.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) hub: Rc<Hub>,
    pub(super) auth: Auth,
    /// Called with the number of a slot that is free.
    pub(super) idle: Rc<dyn Fn(SlotId)>,
}

/// How requests are made, apart from their address.
pub(super) struct Requests {
    pub(super) url: Url,
    /// With both slashes.
    pub(super) path: String,
    /// `name=value&...`, encoded.
    pub(super) query: String,
    pub(super) headers: Rc<[(String, String)]>,
    pub(super) credentials: bool,
    pub(super) timestamps: bool,
    pub(super) request_timeout: Option<Span>,
}

pub(super) struct Engine {
    me: Weak<Engine>,
    requests: Requests,
    core: RefCell<Client<Packet>>,
    wires: RefCell<Vec<(TransportId, Rc<Wire>)>>,
    /// Where the connection with this number goes.
    target: RefCell<Option<(u32, Target)>>,
    rooms: RefCell<BTreeMap<NamespaceId, Room>>,
    timer: Timer,
    signals: RefCell<Option<Signals>>,
    subscribers: Subscribers,
    /// A change whose retry or end is still to be polled.
    change: RefCell<Option<StateChange>>,
    detail: RefCell<Rc<str>>,
    wakers: RefCell<Vec<Waker>>,
    closes: RefCell<Vec<Waker>>,
    pub(super) graveyard: Rc<Graveyard>,
    pumping: Cell<bool>,
    dropped: Cell<bool>,
}

impl Engine {
    pub(super) fn new(requests: Requests, config: ClientConfig) -> Result<Rc<Self>, String> {
        let core = Client::new(config, driver::seed()).map_err(|error| error.to_string())?;
        let engine = Rc::new_cyclic(|me: &Weak<Self>| {
            let on_timer = me.clone();
            Self {
                me: me.clone(),
                requests,
                core: RefCell::new(core),
                wires: RefCell::default(),
                target: RefCell::default(),
                rooms: RefCell::default(),
                timer: Timer::new(move || {
                    if let Some(engine) = on_timer.upgrade() {
                        engine.handle(Input::Tick);
                    }
                }),
                signals: RefCell::default(),
                subscribers: Subscribers::default(),
                change: RefCell::default(),
                detail: RefCell::new("".into()),
                wakers: RefCell::default(),
                closes: RefCell::default(),
                graveyard: Rc::default(),
                pumping: Cell::new(false),
                dropped: Cell::new(false),
            }
        });
        let me = engine.me.clone();
        let signals = Signals::listen(move |signal| {
            if let Some(engine) = me.upgrade() {
                engine.handle(match signal {
                    driver::Signal::Page(event) => Input::Page(event),
                    driver::Signal::Network(event) => Input::Network(event),
                });
            }
        });
        engine.signals.replace(Some(signals));
        Ok(engine)
    }

    pub(super) fn core<T>(&self, run: impl FnOnce(&mut Client<Packet>) -> T) -> T {
        run(&mut self.core.borrow_mut())
    }

    /// As [`core`](Self::core), and does what follows.
    pub(super) fn run<T>(&self, run: impl FnOnce(&mut Client<Packet>) -> T) -> T {
        let result = self.core(run);
        self.pump();
        result
    }

    pub(super) fn handle(&self, input: Input) {
        self.run(|core| core.handle(driver::now(), input));
    }

    pub(super) fn enter(&self, namespace: NamespaceId, room: Room) {
        self.rooms.borrow_mut().insert(namespace, room);
    }

    /// Leaves a namespace for good.
    pub(super) fn remove(&self, namespace: NamespaceId) {
        self.run(|core| core.remove(driver::now(), namespace));
        let room = self.rooms.borrow_mut().remove(&namespace);
        if let Some(room) = room {
            let mut wakers = Vec::new();
            room.hub.finish(&mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// The end: nobody holds the manager or a socket any more.
    pub(super) fn shut_down(&self) {
        self.dropped.set(true);
        self.handle(Input::Terminate);
        self.signals.take();
        self.timer.disarm();
        drop(self.wires.take());
        let mut wakers = Vec::new();
        self.subscribers.finish(&mut wakers);
        for room in self.rooms.take().into_values() {
            room.hub.finish(&mut wakers);
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.get()
    }

    pub(super) fn subscribers(&self) -> &Subscribers {
        &self.subscribers
    }

    /// Resolves when the connection is closed.
    pub(super) async fn closed(self: Rc<Self>) {
        poll_fn(|context| {
            if matches!(
                self.core(|core| core.link().state()),
                State::Closed | State::Idle
            ) {
                return Poll::Ready(());
            }
            self.closes.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Does what the core says until it says nothing more, then arms the timer.
    pub(super) fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        loop {
            drop(self.graveyard.take());
            let buffered = self.buffered();
            let action = self.core.borrow_mut().poll(driver::now(), buffered);
            match action {
                Some(action) => self.obey(action),
                None => {
                    self.announce();
                    let wakers = self.wakers.take();
                    if wakers.is_empty() && self.graveyard.borrow().is_empty() {
                        break;
                    }
                    wakers.into_iter().for_each(Waker::wake);
                }
            }
        }
        self.pumping.set(false);
        let now = driver::now();
        match self.core.borrow().next_wake() {
            Some(due) => self.timer.arm(due.since(now)),
            None => self.timer.disarm(),
        }
    }

    fn obey(&self, action: Action<Packet>) {
        match action {
            Action::Open {
                id,
                kind,
                upgrade,
                attempt,
                endpoint,
            } => self.open(id, kind, upgrade, Attempt::new(attempt, endpoint)),
            Action::Control { id, kind, data } => {
                if let Some(Err(detail)) = self.wire(id).map(|wire| wire.control(kind, data)) {
                    self.lost(id, true, &detail);
                }
            }
            Action::Write { id, packets } => match self.wire(id).map(|wire| wire.write(&packets)) {
                Some(Ok(true)) => self.core(|core| core.handle(driver::now(), Input::Sent(id))),
                Some(Ok(false)) | None => {}
                Some(Err(detail)) => self.lost(id, true, &detail),
            },
            Action::Pause(id) => {
                if let Some(Wire::Polling(polling)) = self.wire(id).as_deref() {
                    polling.pause();
                }
            }
            Action::Resume(id) => {
                if let Some(Wire::Polling(polling)) = self.wire(id).as_deref() {
                    polling.resume();
                }
            }
            Action::Detach(id) => self.wires.borrow_mut().retain(|(other, _)| *other != id),
            Action::Abandon { generation } => {
                let mut wires = self.wires.borrow_mut();
                wires.retain(|(other, _)| other.generation != generation);
            }
            Action::Authenticate { namespace, epoch } => self.authenticate(namespace, epoch),
            Action::Event(event) => self.tell(event),
        }
    }

    fn open(&self, id: TransportId, kind: TransportKind, upgrade: bool, attempt: Attempt) {
        let known = self.target.borrow().clone();
        if let Some((_, target)) = known.filter(|(generation, _)| *generation == id.generation) {
            return self.connect(id, kind, upgrade, &target);
        }
        let Some(engine) = self.me.upgrade() else {
            return;
        };
        let mut url: LocalBoxFuture<'static, _> =
            Box::pin(async move { engine.requests.url.resolve(attempt).await });
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(url) = url.as_mut().poll(&mut context) {
            return self.resolved(id, kind, url);
        }
        let me = self.me.clone();
        spawn_local(async move {
            let url = url.await;
            if let Some(engine) = me.upgrade() {
                engine.resolved(id, kind, url);
                engine.pump();
            }
        });
    }

    fn resolved(&self, id: TransportId, kind: TransportKind, url: Result<String, ProviderError>) {
        if self.core(|core| core.link().generation()) != id.generation || self.is_dropped() {
            return;
        }
        let target = url
            .map_err(|error| error.to_string())
            .and_then(|url| self.requests.target(&url).map_err(str::to_owned));
        match target {
            Ok(target) => {
                self.target.replace(Some((id.generation, target.clone())));
                self.connect(id, kind, false, &target);
            }
            Err(detail) => self.lost(id, true, &detail),
        }
    }

    fn connect(&self, id: TransportId, kind: TransportKind, upgrade: bool, target: &Target) {
        let handshake = self.core(|core| core.handshake().map(|handshake| handshake.sid.clone()));
        let sid = handshake.filter(|_| upgrade);
        let me = self.me.clone();
        let listener = Rc::new(move |id, signal| {
            if let Some(engine) = me.upgrade() {
                engine.signal(id, signal);
            }
        });
        let wire = match kind {
            TransportKind::WebSocket => Wire::websocket(id, target, sid.as_deref(), listener),
            TransportKind::Polling => Ok(Wire::polling(id, target.clone(), sid, listener)),
        };
        match wire {
            Ok(wire) => {
                let wire = Rc::new(wire);
                self.wires.borrow_mut().push((id, Rc::clone(&wire)));
                if let Wire::Polling(polling) = &*wire {
                    polling.poll();
                }
            }
            Err(detail) => self.lost(id, true, &detail),
        }
    }

    /// News from a transport.
    fn signal(&self, id: TransportId, signal: Signal) {
        let Some(wire) = self.wire(id) else {
            return;
        };
        match signal {
            Signal::Opened => self.handle(Input::Opened(id)),
            Signal::Sent => self.handle(Input::Sent(id)),
            Signal::Paused => self.handle(Input::Paused(id)),
            Signal::Lost { failed, detail } => {
                self.lost(id, failed, &detail);
                self.pump();
            }
            Signal::Frame(Frame::Text(text)) => {
                match EnginePacket::decode_text(&text) {
                    Ok(packet) => self.receive(id, &packet),
                    Err(error) => self.lost(id, true, &error.to_string()),
                }
                self.pump();
            }
            Signal::Frame(Frame::Binary(bytes)) => {
                self.receive(id, &EnginePacket::decode_binary(&bytes));
                self.pump();
            }
            Signal::Body(body) => {
                self.body(id, &body);
                self.pump();
                // It may have ended with what it brought.
                if let (Wire::Polling(polling), true) = (&*wire, self.wire(id).is_some()) {
                    let sid = self.core(|core| core.handshake().map(|it| it.sid.clone()));
                    if let Some(sid) = sid {
                        polling.set_sid(&sid);
                    }
                    polling.poll();
                }
            }
        }
    }

    fn body(&self, id: TransportId, body: &str) {
        let packets = match Payload::new(body, PayloadLimits::default()) {
            Ok(packets) => packets,
            Err(error) => return self.lost(id, true, &error.to_string()),
        };
        for packet in packets {
            match packet {
                Ok(packet) => self.receive(id, &packet),
                Err(error) => self.lost(id, true, &error.to_string()),
            }
            // The handshake must be known to the transport before anything is posted.
            if let Some(Wire::Polling(polling)) = self.wire(id).as_deref()
                && let Some(sid) = self.core(|core| core.handshake().map(|it| it.sid.clone()))
            {
                polling.set_sid(&sid);
            }
        }
    }

    fn receive(&self, id: TransportId, packet: &EnginePacket<'_>) {
        self.core(|core| core.receive(driver::now(), id, packet));
    }

    fn lost(&self, id: TransportId, failed: bool, detail: &str) {
        self.detail.replace(detail.into());
        self.core(|core| core.handle(driver::now(), Input::Lost { id, failed }));
    }

    fn wire(&self, id: TransportId) -> Option<Rc<Wire>> {
        let wires = self.wires.borrow();
        let found = wires.iter().find(|(other, _)| *other == id);
        found.map(|(_, wire)| Rc::clone(wire))
    }

    /// The buffer of what takes messages. A WebSocket that polling shall be upgraded to does not count yet: were it to
    /// hang, nothing would be written any more.
    fn buffered(&self) -> usize {
        if self.core(|core| core.transport_kind()) != Some(TransportKind::WebSocket) {
            return 0;
        }
        let wires = self.wires.borrow();
        wires
            .iter()
            .map(|(_, wire)| wire.buffered())
            .max()
            .unwrap_or(0)
    }

    fn authenticate(&self, namespace: NamespaceId, epoch: u32) {
        let auth = self.room(namespace).map(|room| room.auth);
        let provider = match auth {
            Some(Auth::Provider(provider)) => provider,
            Some(Auth::Value(auth)) => {
                return self.core(|core| {
                    core.authenticate(driver::now(), namespace, epoch, Ok(Some(&auth)));
                });
            }
            Some(Auth::None) | None => {
                return self
                    .core(|core| core.authenticate(driver::now(), namespace, epoch, Ok(None)));
            }
        };
        let answer = provider();
        let me = self.me.clone();
        spawn_local(async move {
            let auth = answer.await.map_err(|error| error.to_string());
            if let Some(engine) = me.upgrade() {
                let auth = auth.as_deref().map(Some).map_err(String::as_str);
                engine.run(|core| core.authenticate(driver::now(), namespace, epoch, auth));
            }
        });
    }

    fn room(&self, namespace: NamespaceId) -> Option<Room> {
        self.rooms.borrow().get(&namespace).cloned()
    }
}

impl Requests {
    /// Where a connection goes.
    pub(super) fn target(&self, url: &str) -> Result<Target, &'static str> {
        let base = driver::base_of(url)?;
        if base.path != "/" {
            return Err(
                "it has a path: name the namespace with `socket` and the server's path with `path`",
            );
        }
        let mut query: Vec<&str> = vec![base.query.trim_start_matches('?'), &self.query, "EIO=4"];
        query.retain(|part| !part.is_empty());
        Ok(Target {
            address: format!("{}{}?{}", base.host, self.path, query.join("&")).into(),
            secure: base.secure,
            headers: Rc::clone(&self.headers),
            credentials: self.credentials,
            timestamps: self.timestamps,
            request_timeout: self.request_timeout,
        })
    }
}

/// `name=value&...`.
pub(super) fn encode_query(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}
