//! A broker that remembers what it took, and complains about clients that break the rules.

use std::collections::{BTreeMap, BTreeSet};

use everwire_core::protocol::stomp::{
    Body, Escapes, Event, Fields, Frame, Parser, Version, Writer,
};

/// A message that the broker took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it was sent to.
    pub destination: String,
    /// Its text.
    pub body: String,
    /// The id that it may come twice under.
    pub id: Option<String>,
    /// Whether it had its effect now; a duplicate by id has none.
    pub effect: bool,
}

/// The broker. What it took survives all connections.
#[derive(Debug)]
pub struct Broker {
    /// Whether it accepts sockets. Default true.
    pub accepts: bool,
    /// Whether it sends receipts. Default true.
    pub receipts: bool,
    /// Whether it answers requests. Default true.
    pub replies: bool,
    /// Everything it took, in order.
    pub taken: Vec<Taken>,
    /// What a well-behaved client never does.
    pub complaints: Vec<String>,
    ids: BTreeSet<String>,
    connections: BTreeMap<u32, Connection>,
    messages: u32,
}

#[derive(Debug, Default)]
struct Connection {
    parser: Parser,
    connected: bool,
    sent: bool,
    subscriptions: BTreeMap<String, String>,
    /// Sends of open transactions.
    transactions: BTreeMap<String, Vec<Taken>>,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            accepts: true,
            receipts: true,
            replies: true,
            taken: Vec::new(),
            complaints: Vec::new(),
            ids: BTreeSet::new(),
            connections: BTreeMap::new(),
            messages: 0,
        }
    }
}

impl Broker {
    /// What is subscribed to over the newest connection, in order.
    pub fn subscribed(&self) -> Vec<String> {
        let Some((_, connection)) = self.connections.last_key_value() else {
            return Vec::new();
        };
        let mut all: Vec<String> = connection.subscriptions.values().cloned().collect();
        all.sort();
        all
    }

    /// How often a text was taken, and how often it had an effect.
    pub fn copies(&self, body: &str) -> (usize, usize) {
        let copies = self.taken.iter().filter(|taken| taken.body == body);
        let effects = copies.clone().filter(|taken| taken.effect);
        (copies.count(), effects.count())
    }

    pub(super) fn accept(&mut self, connection: u32) {
        self.connections.insert(connection, Connection::default());
    }

    pub(super) fn forget(&mut self, connection: u32) {
        self.connections.remove(&connection);
    }

    pub(super) fn deliver(&mut self, destination: &str, body: &str) -> Vec<(u32, Vec<u8>)> {
        let mut frames = Vec::new();
        for (number, connection) in &self.connections {
            for (id, _) in connection
                .subscriptions
                .iter()
                .filter(|(_, other)| *other == destination)
            {
                self.messages += 1;
                let message = self.messages.to_string();
                let body = Body::Text(body);
                frames.push((
                    *number,
                    write(|writer| writer.message(id, &message, destination, &[], body)),
                ));
            }
        }
        frames
    }

    /// Takes in bytes; returns frames to answer with.
    pub(super) fn receive(&mut self, number: u32, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Some(mut connection) = self.connections.remove(&number) else {
            return Vec::new();
        };
        let mut answers = Vec::new();
        let mut parser = std::mem::take(&mut connection.parser);
        let mut input = bytes;
        loop {
            match parser.next(&mut input) {
                Ok(Some(Event::Frame(frame))) => {
                    self.frame(&mut connection, &frame, &mut answers);
                }
                Ok(Some(Event::HeartBeat)) => {}
                Ok(None) => break,
                Err(error) => {
                    self.complaints.push(error.to_string());
                    break;
                }
            }
        }
        connection.parser = parser;
        connection.parser.set_escapes(Escapes::V1_2);
        self.connections.insert(number, connection);
        answers
    }

    fn frame(
        &mut self,
        connection: &mut Connection,
        frame: &Frame<'_>,
        answers: &mut Vec<Vec<u8>>,
    ) {
        let header = |name: &str| frame.header(name).unwrap_or_default().into_owned();
        if !connection.connected && frame.command() != "CONNECT" {
            self.complaints
                .push(format!("{} before CONNECTED", frame.command()));
        }
        match frame.command() {
            "CONNECT" => {
                connection.connected = true;
                answers.push(write(|writer| writer.connected(Version::V1_2, "0,0", &[])));
            }
            "SUBSCRIBE" => {
                let earlier = connection
                    .subscriptions
                    .insert(header("id"), header("destination"));
                if earlier.is_some() {
                    self.complaints.push("duplicate subscription id".into());
                }
            }
            "UNSUBSCRIBE" => {
                if connection.subscriptions.remove(&header("id")).is_none() {
                    self.complaints.push("unknown subscription".into());
                }
            }
            "BEGIN" => {
                connection
                    .transactions
                    .insert(header("transaction"), Vec::new());
            }
            "COMMIT" => match connection.transactions.remove(&header("transaction")) {
                Some(messages) => messages.into_iter().for_each(|taken| self.take(taken)),
                None => self.complaints.push("unknown transaction".into()),
            },
            "SEND" => self.send(connection, frame, answers),
            "DISCONNECT" => {}
            other => self.complaints.push(format!("unexpected {other}")),
        }
        if let Some(receipt) = frame.header("receipt").filter(|_| self.receipts) {
            answers.push(write(|writer| writer.receipt(&receipt)));
        }
    }

    fn send(&mut self, connection: &mut Connection, frame: &Frame<'_>, answers: &mut Vec<Vec<u8>>) {
        connection.sent = true;
        let header = |name: &str| frame.header(name).map(std::borrow::Cow::into_owned);
        let taken = Taken {
            destination: header("destination").unwrap_or_default(),
            body: String::from_utf8_lossy(frame.body()).into_owned(),
            id: header("idempotency-key"),
            effect: true,
        };
        if let (Some(reply_to), Some(correlation)) = (header("reply-to"), header("correlation-id"))
            && self.replies
        {
            let subscription = connection
                .subscriptions
                .iter()
                .find(|(_, destination)| **destination == reply_to)
                .map_or(reply_to.clone(), |(id, _)| id.clone());
            let fields: Fields<'_> = &[("correlation-id", &correlation)];
            let body = format!("re: {}", taken.body);
            let body = Body::Text(&body);
            answers.push(write(|writer| {
                writer.message(&subscription, "m", &reply_to, fields, body)
            }));
        }
        match header("transaction") {
            None => self.take(taken),
            Some(id) => match connection.transactions.get_mut(&id) {
                Some(messages) => messages.push(taken),
                None => self.complaints.push("unknown transaction".into()),
            },
        }
    }

    fn take(&mut self, mut taken: Taken) {
        taken.effect = match &taken.id {
            Some(id) => self.ids.insert(id.clone()),
            None => true,
        };
        self.taken.push(taken);
    }
}

fn write(
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), everwire_core::protocol::stomp::WriteError>,
) -> Vec<u8> {
    let mut out = Vec::new();
    if let Err(error) = write(&mut Writer::new(&mut out, Escapes::V1_2)) {
        panic!("{error}");
    }
    out
}
