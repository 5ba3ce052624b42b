//! One connection's frames: reads what its client says and does it at the broker. No socket and no clock in here.

use std::sync::Arc;

use everwire_core::protocol::stomp::{
    Acknowledge, Beats, Body, Event, Frame, HeartBeat, Limits, Parser, Version, WriteError, Writer,
    accept_version,
};

use super::{
    Broker, Refusal,
    broker::{AckMode, Answer},
    destination::{Destination, TEMP_QUEUE},
    message::Message,
    outbox::Outbox,
    transaction::{Step, Transactions},
};

/// Bounds of received frames.
pub const LIMITS: Limits = Limits {
    command: 32,
    headers: 100,
    head_bytes: 16 * 1024,
    body: 4 * 1024 * 1024,
};
/// What the server offers: beats at least a second apart in both directions.
const HEART_BEAT: HeartBeat = HeartBeat {
    send: 1_000,
    expect: 1_000,
};

/// The server's side of a STOMP connection. Dropping it leaves the broker.
#[derive(Debug)]
pub struct Connection {
    parser: Parser,
    peer: Peer,
}

/// All but the parser, which a received frame keeps borrowed.
#[derive(Debug)]
struct Peer {
    broker: Arc<Broker>,
    out: Arc<Outbox>,
    /// Version and number at the broker, once connected.
    joined: Option<(Version, u64)>,
    beats: Beats,
    transactions: Transactions,
    over: bool,
}

impl Connection {
    /// A connection that waits for its `CONNECT`.
    pub fn new(broker: Arc<Broker>) -> Self {
        Self {
            parser: Parser::new(LIMITS),
            peer: Peer {
                broker,
                out: Arc::default(),
                joined: None,
                beats: Beats::default(),
                transactions: Transactions::default(),
                over: false,
            },
        }
    }

    /// What is to be written.
    pub fn out(&self) -> &Arc<Outbox> {
        &self.peer.out
    }

    /// The agreed heart-beats, once connected.
    pub fn beats(&self) -> Option<Beats> {
        self.peer.joined.map(|_| self.peer.beats)
    }

    /// Takes a WebSocket message, with any part of a frame or with several. After the end it takes no more.
    pub fn receive(&mut self, message: &[u8]) {
        let mut input = message;
        while !self.peer.over {
            if let Some((version, _)) = self.peer.joined {
                self.parser.set_escapes(version.escapes());
            }
            match self.parser.next(&mut input) {
                Ok(Some(Event::Frame(frame))) => self.peer.frame(&frame),
                Ok(Some(Event::HeartBeat)) => {}
                Ok(None) => return,
                Err(error) => {
                    let refusal = Refusal::new("malformed frame", error.to_string());
                    self.peer.refuse(&refusal, None);
                }
            }
        }
    }

    /// Ends the connection with an `ERROR` that says why.
    pub fn fail(&mut self, refusal: &Refusal) {
        self.peer.refuse(refusal, None);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some((_, member)) = self.joined {
            self.broker.leave(member);
        }
    }
}

impl Peer {
    fn frame(&mut self, frame: &Frame<'_>) {
        let done = match (self.joined, frame.command()) {
            (None, "CONNECT" | "STOMP") => self.connect(frame),
            (None, _) => Err(Refusal::new(
                "not connected",
                "the first frame must be CONNECT",
            )),
            (Some((version, member)), command) => self.command(command, version, member, frame),
        };
        let receipt = frame.header("receipt");
        match (done, receipt) {
            (Err(refusal), receipt) => self.refuse(&refusal, receipt.as_deref()),
            // CONNECT has no receipt.
            (Ok(()), Some(receipt)) if !matches!(frame.command(), "CONNECT" | "STOMP") => {
                self.write(|writer| writer.receipt(&receipt));
            }
            (Ok(()), _) => {}
        }
        if frame.command() == "DISCONNECT" && !self.over {
            self.over = true;
            self.out.finish(1000, "disconnected");
        }
    }

    fn connect(&mut self, frame: &Frame<'_>) -> Result<(), Refusal> {
        let wanted = frame.header("accept-version");
        let Some(version) = Version::negotiate(wanted.as_deref(), &Version::ALL) else {
            let supported = accept_version(&Version::ALL);
            return Err(Refusal::new(
                "unsupported version",
                format!("supported versions are {supported}"),
            ));
        };
        let theirs = match frame.header("heart-beat") {
            None => HeartBeat::default(),
            Some(value) => HeartBeat::parse(&value).ok_or_else(|| {
                Refusal::new(
                    "malformed heart-beat",
                    "send two numbers of milliseconds with a comma between",
                )
            })?,
        };
        let ours = if version == Version::V1_0 {
            HeartBeat::default()
        } else {
            HEART_BEAT
        };
        self.beats = ours.agree(theirs);
        let member = self.broker.join(version, self.out.clone())?;
        self.joined = Some((version, member));
        let server = format!("everwire-demo/{}", env!("CARGO_PKG_VERSION"));
        let session = format!("session-{member}");
        self.write(|writer| {
            writer.connected(
                version,
                &ours.to_value(),
                &[("session", &session), ("server", &server)],
            )
        });
        Ok(())
    }

    fn command(
        &mut self,
        command: &str,
        version: Version,
        member: u64,
        frame: &Frame<'_>,
    ) -> Result<(), Refusal> {
        match command {
            "SEND" => self.send(member, frame),
            "SUBSCRIBE" => self.subscribe(version, member, frame),
            "UNSUBSCRIBE" => {
                // 1.0 may name the destination instead.
                let id = frame
                    .header("id")
                    .or_else(|| frame.header("destination"))
                    .ok_or_else(|| missing("id"))?;
                self.broker.unsubscribe(member, &id)
            }
            "ACK" => self.answer(Acknowledge::Ack, version, member, frame),
            "NACK" if version != Version::V1_0 => {
                self.answer(Acknowledge::Nack, version, member, frame)
            }
            "BEGIN" => self.transactions.begin(&transaction(frame)?),
            "COMMIT" => {
                for step in self.transactions.end(&transaction(frame)?)? {
                    self.step(member, step)?;
                }
                Ok(())
            }
            "ABORT" => self.transactions.end(&transaction(frame)?).map(drop),
            "DISCONNECT" => Ok(()),
            "CONNECT" | "STOMP" => Err(Refusal::new(
                "already connected",
                "CONNECT is for the beginning of a connection",
            )),
            _ => Err(Refusal::new(
                "unknown command",
                "the agreed version has no such frame",
            )),
        }
    }

    fn send(&mut self, member: u64, frame: &Frame<'_>) -> Result<(), Refusal> {
        let name = frame
            .header("destination")
            .ok_or_else(|| missing("destination"))?;
        let destination = Destination::of_send(&name)?;
        let reply_to = match frame.header("reply-to") {
            Some(queue) if queue.starts_with(TEMP_QUEUE) => {
                Some(self.broker.reply_queue(member, &queue)?)
            }
            other => other.map(|queue| queue.into_owned()),
        };
        let message = Message::of_send(frame, name.into_owned(), reply_to);
        self.now_or_held(member, frame, Step::Send(destination, message))
    }

    fn subscribe(
        &mut self,
        version: Version,
        member: u64,
        frame: &Frame<'_>,
    ) -> Result<(), Refusal> {
        let name = frame
            .header("destination")
            .ok_or_else(|| missing("destination"))?;
        let id = match frame.header("id") {
            Some(id) => id,
            None if version == Version::V1_0 => name.clone(),
            None => return Err(missing("id")),
        };
        let destination = Destination::of_subscription(&name)?;
        let ack = AckMode::parse(frame.header("ack").as_deref())?;
        let prefetch = match frame.header("prefetch-count") {
            None => None,
            Some(count) => Some(count.parse().map_err(|_| {
                Refusal::new("malformed prefetch-count", "send a number of messages")
            })?),
        };
        self.broker
            .subscribe(member, &id, destination, ack, prefetch)
    }

    fn answer(
        &mut self,
        what: Acknowledge,
        version: Version,
        member: u64,
        frame: &Frame<'_>,
    ) -> Result<(), Refusal> {
        let name = match version {
            Version::V1_2 => "id",
            Version::V1_0 | Version::V1_1 => "message-id",
        };
        let message = frame.header(name).ok_or_else(|| missing(name))?;
        let answer = Answer {
            what,
            message: message.into_owned(),
            subscription: frame.header("subscription").map(|id| id.into_owned()),
            requeue: frame.header("requeue").as_deref() != Some("false"),
        };
        self.now_or_held(member, frame, Step::Answer(answer))
    }

    fn now_or_held(&mut self, member: u64, frame: &Frame<'_>, step: Step) -> Result<(), Refusal> {
        match frame.header("transaction") {
            Some(id) => self.transactions.hold(&id, step),
            None => self.step(member, step),
        }
    }

    fn step(&self, member: u64, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Send(destination, message) => self.broker.publish(&destination, message),
            Step::Answer(answer) => self.broker.acknowledge(member, &answer),
        }
    }

    /// Sends `ERROR` and ends: the specification asks the server to close after it.
    fn refuse(&mut self, refusal: &Refusal, receipt: Option<&str>) {
        if self.over {
            return;
        }
        let supported = accept_version(&Version::ALL);
        let mut fields = vec![("content-type", "text/plain")];
        fields.extend(receipt.map(|id| ("receipt-id", id)));
        if refusal.message == "unsupported version" {
            fields.push(("version", supported.as_str()));
        }
        self.write(|writer| writer.error(refusal.message, &fields, Body::Text(&refusal.detail)));
        self.over = true;
        self.out.finish(1002, refusal.message);
    }

    fn write(&self, write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>) {
        let version = self.joined.map_or(Version::V1_0, |(version, _)| version);
        let mut frame = Vec::new();
        // What cannot be written in the client's version (a receipt id with a line feed in 1.0) did not come from it.
        if write(&mut Writer::new(&mut frame, version.escapes())).is_ok() {
            self.out.push(frame);
        }
    }
}

fn transaction(frame: &Frame<'_>) -> Result<String, Refusal> {
    frame
        .header("transaction")
        .map(|id| id.into_owned())
        .ok_or_else(|| missing("transaction"))
}

fn missing(header: &'static str) -> Refusal {
    Refusal::new("missing header", format!("this frame needs {header}"))
}
