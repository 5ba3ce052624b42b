//! A client on a simulated clock, and a hand that plays the server.

use everwire_core::link::{Backoff, Jitter, LinkConfig, State};
use everwire_core::protocol::engine_io::{
    Outgoing, Packet, PacketType, SessionConfig, TransportKind,
};
use everwire_core::protocol::socket_io::client::{
    Action, Client, ClientConfig, EmitError, EmitId, EmitOptions, Event, Input, Message,
    NamespaceConfig, NamespaceId, Part, Received, TransportId,
};
use everwire_core::send::{OutboxConfig, Payload, Status, TopicId};
use everwire_core::{Span, Time};

pub(crate) const HANDSHAKE: &str =
    r#"{"sid":"engine","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#;

/// A JSON array with attachments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json(pub(crate) String, pub(crate) Vec<Vec<u8>>);

impl Json {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned(), Vec::new())
    }
}

impl Payload for Json {
    fn size(&self) -> usize {
        self.0.len() + self.1.iter().map(Vec::len).sum::<usize>()
    }
}

impl Message for Json {
    fn text_len(&self) -> usize {
        self.0.len()
    }

    fn attachments(&self) -> usize {
        self.1.len()
    }

    fn attachment_len(&self, index: usize) -> usize {
        self.1[index].len()
    }
}

pub(crate) struct Rig {
    pub(crate) client: Client<Json>,
    pub(crate) now: Time,
    pub(crate) events: Vec<Event>,
    /// What the server got: texts, and `<len>` for attachments.
    pub(crate) wire: Vec<String>,
    pub(crate) transports: Vec<(TransportId, TransportKind)>,
    pub(crate) abandoned: Vec<u32>,
    pub(crate) asked: Vec<(NamespaceId, u32)>,
    pub(crate) auth: Result<Option<&'static str>, &'static str>,
    pub(crate) buffered: usize,
    /// Whether writes are reported as sent at once, as those of a WebSocket.
    pub(crate) prompt: bool,
    unsent: Option<TransportId>,
}

pub(crate) fn config() -> ClientConfig {
    ClientConfig {
        link: LinkConfig {
            backoff: Backoff {
                min: Span::from_millis(100),
                max: Span::from_millis(1_000),
                jitter: Jitter::None,
                first_spread: Span::ZERO,
                ..Backoff::default()
            },
            ..LinkConfig::default()
        },
        engine: SessionConfig {
            transports: vec![TransportKind::WebSocket],
            ..SessionConfig::default()
        },
        ..ClientConfig::default()
    }
}

pub(crate) fn quiet() -> NamespaceConfig {
    NamespaceConfig {
        outbox: OutboxConfig {
            ramp: None,
            ..OutboxConfig::default()
        },
        ..NamespaceConfig::default()
    }
}

impl Rig {
    pub(crate) fn new(config: ClientConfig) -> Self {
        Self {
            client: Client::new(config, 7).unwrap(),
            now: Time::from_micros(1_000_000),
            events: Vec::new(),
            wire: Vec::new(),
            transports: Vec::new(),
            abandoned: Vec::new(),
            asked: Vec::new(),
            auth: Ok(None),
            buffered: 0,
            prompt: true,
            unsent: None,
        }
    }

    /// A client whose main namespace is joined.
    pub(crate) fn joined() -> (Self, NamespaceId) {
        let mut rig = Self::new(config());
        let main = rig.add("/", quiet());
        rig.connect(main);
        rig.open();
        rig.server(r#"0{"sid":"one"}"#);
        rig.wire.clear();
        rig.events.clear();
        (rig, main)
    }

    pub(crate) fn add(&mut self, name: &str, config: NamespaceConfig) -> NamespaceId {
        self.client.add(name, config).unwrap()
    }

    pub(crate) fn connect(&mut self, namespace: NamespaceId) {
        self.client.connect(self.now, namespace);
        self.drain();
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.drain();
    }

    pub(crate) fn current(&self) -> TransportId {
        self.transports.last().unwrap().0
    }

    /// The server's Engine.IO handshake.
    pub(crate) fn open(&mut self) {
        self.engine(&Packet::Text {
            kind: PacketType::Open,
            data: HANDSHAKE,
        });
    }

    pub(crate) fn engine(&mut self, packet: &Packet<'_>) {
        let id = self.current();
        self.client.receive(self.now, id, packet);
        self.drain();
    }

    /// A Socket.IO packet of the server.
    pub(crate) fn server(&mut self, text: &str) {
        self.engine(&Packet::message(text));
    }

    pub(crate) fn lose(&mut self) {
        let id = self.current();
        self.handle(Input::Lost { id, failed: false });
    }

    /// Loses the connection, waits, and answers everything up to CONNECT of the main namespace.
    pub(crate) fn reconnect(&mut self) {
        self.lose();
        self.advance(2_000);
        self.open();
        self.server(r#"0{"sid":"again"}"#);
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn advance(&mut self, millis: u64) {
        let end = self.now + Span::from_millis(millis);
        while let Some(wake) = self.client.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.handle(Input::Tick);
        }
        self.now = end;
        self.handle(Input::Tick);
    }

    pub(crate) fn emit(&mut self, namespace: NamespaceId, text: &str) -> Result<EmitId, EmitError> {
        self.emit_with(namespace, Json::new(text), EmitOptions::default())
    }

    pub(crate) fn emit_with(
        &mut self,
        namespace: NamespaceId,
        payload: Json,
        options: EmitOptions,
    ) -> Result<EmitId, EmitError> {
        let emit = self
            .client
            .emit(self.now, namespace, TopicId(0), None, payload, options);
        self.drain();
        emit
    }

    pub(crate) fn sent(&mut self) {
        if let Some(id) = self.unsent.take() {
            self.handle(Input::Sent(id));
        }
    }

    pub(crate) fn drain(&mut self) {
        while let Some(action) = self.client.poll(self.now, self.buffered) {
            match action {
                Action::Open { id, kind, .. } => self.transports.push((id, kind)),
                Action::Write { id, packets } => {
                    self.wire.extend(packets.iter().flat_map(text_of));
                    if self.prompt {
                        self.client.handle(self.now, Input::Sent(id));
                    } else {
                        self.unsent = Some(id);
                    }
                }
                Action::Authenticate { namespace, epoch } => {
                    self.asked.push((namespace, epoch));
                    self.client
                        .authenticate(self.now, namespace, epoch, self.auth);
                }
                Action::Abandon { generation } => self.abandoned.push(generation),
                Action::Event(event) => self.events.push(event),
                Action::Control { .. }
                | Action::Pause(_)
                | Action::Resume(_)
                | Action::Detach(_) => {}
            }
        }
    }

    /// Takes out what was written.
    pub(crate) fn written(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wire)
    }

    /// Takes out the events, without changes of the connection's state.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        events.retain(|event| !matches!(event, Event::State { .. } | Event::Retry { .. }));
        events
    }

    pub(crate) fn received(&mut self) -> Vec<Received> {
        let events = std::mem::take(&mut self.events);
        let received = events.into_iter().filter_map(|event| match event {
            Event::Received(received) => Some(received),
            _ => None,
        });
        received.collect()
    }

    /// The last status that was told of an emit.
    pub(crate) fn status(&self, wanted: EmitId) -> Option<Status> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Status { emit, status, .. } if *emit == wanted => Some(*status),
            _ => None,
        })
    }

    pub(crate) fn state(&self) -> State {
        self.client.link().state()
    }
}

fn text_of(packet: &Outgoing<Part<Json>>) -> Vec<String> {
    match packet {
        Outgoing::Pong(data) => vec![format!("pong{data}")],
        Outgoing::Close => vec!["close".to_owned()],
        Outgoing::Message(part) => vec![match part {
            Part::Text(text) => text.clone(),
            Part::Packet { header, payload } => format!("{header}{}", payload.0),
            Part::Batch { header, payloads } => {
                let texts: Vec<_> = payloads.iter().map(|payload| payload.0.as_str()).collect();
                format!("{header}[{}]", texts.join(","))
            }
            Part::Attachment { payload, index } => format!("<{}>", payload.1[*index].len()),
        }],
    }
}
