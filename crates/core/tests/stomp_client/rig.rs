//! A client, the thinnest shell, and what the server sees.

use everwire_core::link::{Backoff, Jitter, State, Verdict};
use everwire_core::protocol::stomp::client::{
    AckMode, Action, Client, ClientConfig, Delivery, Incoming, ListenerId, Loss, Outgoing,
    OutgoingBody, RequestEnd, RequestId, Subscribed,
};
use everwire_core::send::{OutboxEvent, SendOptions, Status, Ticket, TopicId};
use everwire_core::{Span, Time};

pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) now: Time,
    /// What was written since it was last looked at, frame by frame.
    pub(crate) written: Vec<String>,
    pub(crate) log: Vec<String>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) dials: Vec<(u32, u32)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) buffered: usize,
    /// Whether the socket takes frames.
    pub(crate) takes: bool,
}

pub(crate) fn config() -> ClientConfig {
    let mut config = ClientConfig::default();
    config.link.backoff = Backoff {
        min: Span::from_millis(1_000),
        max: Span::from_millis(1_000),
        jitter: Jitter::None,
        first_spread: Span::ZERO,
        ..Backoff::default()
    };
    config
}

impl Rig {
    pub(crate) fn new(config: ClientConfig) -> Self {
        Self {
            client: Client::new(config, 7).unwrap(),
            now: Time::ZERO,
            written: Vec::new(),
            log: Vec::new(),
            deliveries: Vec::new(),
            dials: Vec::new(),
            headers: Vec::new(),
            buffered: 0,
            takes: true,
        }
    }

    /// A client whose socket is open and which has sent `CONNECT`.
    pub(crate) fn dialled(config: ClientConfig) -> Self {
        let mut rig = Self::new(config);
        rig.client.start(rig.now);
        rig.pump();
        rig.open();
        rig
    }

    pub(crate) fn connected() -> Self {
        let mut rig = Self::dialled(config());
        rig.connect();
        rig.written.clear();
        rig.log.clear();
        rig
    }

    pub(crate) fn generation(&self) -> u32 {
        self.client.link().generation()
    }

    pub(crate) fn state(&self) -> State {
        self.client.link().state()
    }

    /// The socket opens.
    pub(crate) fn open(&mut self) {
        let generation = self.generation();
        self.client
            .opened(self.now, generation, &self.headers.clone())
            .unwrap();
        self.pump();
    }

    /// The server accepts.
    pub(crate) fn connect(&mut self) {
        self.receive("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0");
    }

    /// The socket is lost; the next one opens and is accepted.
    pub(crate) fn reconnect(&mut self) {
        self.cut();
        self.pass(1_000);
        self.open();
        self.connect();
    }

    pub(crate) fn cut(&mut self) {
        let loss = Loss::Socket {
            code: 1006,
            clean: false,
        };
        self.lose(loss, Verdict::Default);
    }

    pub(crate) fn lose(&mut self, loss: Loss, verdict: Verdict) {
        let generation = self.generation();
        self.client.lost(self.now, generation, loss, verdict);
        self.pump();
    }

    pub(crate) fn receive(&mut self, message: &str) {
        let generation = self.generation();
        let mut input = message.as_bytes();
        while let Some(incoming) = self.client.receive(self.now, generation, &mut input) {
            let told = match incoming {
                Incoming::Connected { version, .. } => format!("connected {}", version.as_str()),
                Incoming::Message {
                    listeners,
                    frame,
                    delivery,
                } => {
                    self.deliveries.extend(delivery);
                    let listeners: Vec<u32> = listeners.iter().map(|it| it.0).collect();
                    format!("message {listeners:?} {}", frame.text().unwrap())
                }
                Incoming::Reply { request, frame } => {
                    format!("reply {} {}", request.0, frame.text().unwrap())
                }
                Incoming::Error { about, frame } => {
                    format!("error {about:?} {}", frame.header("message").unwrap())
                }
                Incoming::Unhandled(frame) => format!("unhandled {}", frame.command()),
                Incoming::Handled => continue,
                other => format!("{other:?}"),
            };
            self.log.push(told);
        }
        self.pump();
    }

    /// Time passes, timers fire.
    pub(crate) fn pass(&mut self, millis: u64) {
        let end = self.now + Span::from_millis(millis);
        while let Some(due) = self.client.next_wake().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.client.tick(self.now);
            self.pump();
        }
        self.now = end;
    }

    pub(crate) fn pump(&mut self) {
        let mut out = Vec::new();
        while let Some(action) = self.client.poll(self.now, self.buffered, &mut out) {
            match action {
                Action::Write { text, .. } => {
                    if self.takes {
                        let frame = String::from_utf8(out.clone()).unwrap();
                        let mark = if text { "" } else { "binary " };
                        self.written.push(format!("{mark}{frame}"));
                    }
                    self.client.wrote(self.now, self.takes);
                }
                Action::Dial {
                    endpoint, attempt, ..
                } => self.dials.push((attempt, endpoint)),
                Action::Fault { generation, reason } => {
                    self.log.push(format!("fault {reason:?}"));
                    self.client
                        .lost(self.now, generation, Loss::Fault, Verdict::Default);
                }
                Action::State { to, .. } => self.log.push(format!("{to:?}")),
                Action::Retry { .. } => {}
                Action::Outbox(OutboxEvent::Status { ticket, status, .. }) => {
                    self.log.push(format!("{} {status:?}", ticket.0));
                }
                Action::Outbox(_) => {}
                Action::Subscription { listener, state } => {
                    self.log.push(format!("listener {} {state:?}", listener.0));
                }
                Action::Request { request, end } => {
                    self.log.push(format!("request {} {end:?}", request.0));
                }
                other => self.log.push(format!("{other:?}")),
            }
        }
    }

    /// What was written since the last look: command and, for some, what matters.
    pub(crate) fn commands(&mut self) -> Vec<String> {
        let written = std::mem::take(&mut self.written);
        let command = |frame: &String| frame.split('\n').next().unwrap().to_owned();
        written.iter().map(command).collect()
    }

    pub(crate) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    pub(crate) fn logged(&self, line: &str) -> bool {
        self.log.iter().any(|other| other == line)
    }

    pub(crate) fn subscribe(&mut self, destination: &str) -> ListenerId {
        self.subscribe_with(destination, AckMode::Auto)
    }

    pub(crate) fn subscribe_with(&mut self, destination: &str, ack: AckMode) -> ListenerId {
        let listener = self
            .client
            .subscribe(self.now, destination, Vec::new(), ack)
            .unwrap();
        self.pump();
        listener
    }

    pub(crate) fn unsubscribe(&mut self, listener: ListenerId) {
        self.client.unsubscribe(self.now, listener);
        self.pump();
    }

    pub(crate) fn publish(&mut self, message: Outgoing, options: SendOptions) -> Ticket {
        let ticket = self
            .client
            .publish(self.now, TopicId(0), None, message, options)
            .unwrap();
        self.pump();
        ticket
    }

    pub(crate) fn request(&mut self, reply_to: Option<&str>, millis: u64) -> RequestId {
        let timeout = Span::from_millis(millis);
        let request = self
            .client
            .request(self.now, text("/q", "ask"), reply_to, timeout)
            .unwrap();
        self.pump();
        request
    }
}

pub(crate) fn text(destination: &str, body: &str) -> Outgoing {
    Outgoing {
        destination: destination.to_owned(),
        body: OutgoingBody::Text(body.to_owned()),
        ..Outgoing::default()
    }
}

pub(crate) fn with_receipt() -> SendOptions {
    SendOptions {
        expect_ack: true,
        ..SendOptions::default()
    }
}

pub(crate) fn status(ticket: Ticket, status: Status) -> String {
    format!("{} {status:?}", ticket.0)
}

pub(crate) fn subscription(listener: ListenerId, state: Subscribed) -> String {
    format!("listener {} {state:?}", listener.0)
}

pub(crate) fn ended(request: RequestId, end: RequestEnd) -> String {
    format!("request {} {end:?}", request.0)
}

/// The value of a header of a written frame.
pub(crate) fn header<'a>(frame: &'a str, name: &str) -> Option<&'a str> {
    let head = frame.split("\n\n").next()?;
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}
