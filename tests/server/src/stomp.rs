//! `/stomp`: a broker of one connection, written with the core's own codec.
//!
//! What is sent to a destination comes back to the connection's subscriptions of it; a message with `reply-to` is answered.
//! The frames that arrive are counted as texts of the key, so that a test sees what a client said. Some destinations are
//! orders:
//!
//! | Destination | Behaviour |
//! |---|---|
//! | `/command/drop` | the TCP connection ends without a close frame |
//! | `/command/error` | an `ERROR` with the body as its message; the connection stays open, as with RabbitMQ |
//! | `/command/raw` | the body goes back as it is: malformed frames |
//! | `/command/silent` | neither reads nor writes any more |
//! | `/secret…` | `SUBSCRIBE` and `SEND` are refused with an `ERROR` that names the receipt |
//!
//! The query says more: `passcode=` is the only one that is let in, `receipts=no` sends none, `beat=` is the `heart-beat`
//! header of `CONNECTED` (none are really sent).

use std::collections::BTreeMap;

use everwire_core::protocol::stomp::{
    Body, Escapes, Event, Fields, Frame, ParseError, Parser, Version, WriteError, Writer,
};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{
    behaviour::{End, Socket},
    request::Request,
    stats::Stats,
};

#[derive(Default)]
struct Broker {
    subscriptions: BTreeMap<String, (String, bool)>,
    messages: u32,
    receipts: bool,
    passcode: Option<String>,
    beat: String,
    out: Vec<(bool, Vec<u8>)>,
}

pub(crate) async fn serve(
    socket: &mut Socket,
    request: &Request,
    stats: &Stats,
) -> Result<End, Error> {
    let mut broker = Broker::new(request);
    let mut parser = Parser::default();
    while let Some(message) = socket.next().await {
        let data = match message? {
            Message::Text(text) => text.as_bytes().to_vec(),
            Message::Binary(data) => data.to_vec(),
            Message::Close(frame) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                stats.update(request.key(), |counters| counters.close_code = Some(code));
                continue;
            }
            _ => continue,
        };
        let mut end = None;
        let parsed = broker.take(&mut parser, &data, request, stats, &mut end);
        for (text, frame) in broker.out.drain(..) {
            let message = match String::from_utf8(frame) {
                Ok(frame) if text => Message::text(frame),
                Ok(frame) => Message::binary(frame.into_bytes()),
                Err(error) => Message::binary(error.into_bytes()),
            };
            socket.feed(message).await?;
        }
        socket.flush().await?;
        match (end, parsed) {
            (Some(end), _) => return Ok(end),
            (None, Err(_)) => return Ok(End::Drop),
            (None, Ok(())) => {}
        }
    }
    Ok(End::Done)
}

/// The broker behind a protocol that carries texts.
pub(crate) struct Texts {
    broker: Broker,
    parser: Parser,
}

impl Texts {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            broker: Broker::new(request),
            parser: Parser::default(),
        }
    }

    /// What goes back, `None` for the end of the session. Frames that are no text are left out.
    pub(crate) fn answer(
        &mut self,
        text: &str,
        request: &Request,
        stats: &Stats,
    ) -> Option<Vec<String>> {
        let (broker, parser) = (&mut self.broker, &mut self.parser);
        let mut end = None;
        let parsed = broker.take(parser, text.as_bytes(), request, stats, &mut end);
        let out = broker.out.drain(..);
        let texts = out.filter_map(|(_, frame)| String::from_utf8(frame).ok());
        let texts = texts.collect();
        (end.is_none() && parsed.is_ok()).then_some(texts)
    }
}

impl Broker {
    fn new(request: &Request) -> Self {
        Self {
            receipts: request.text("receipts") != Some("no"),
            passcode: request.text("passcode").map(str::to_owned),
            beat: request.text("beat").unwrap_or("0,0").to_owned(),
            ..Self::default()
        }
    }

    fn take(
        &mut self,
        parser: &mut Parser,
        mut data: &[u8],
        request: &Request,
        stats: &Stats,
        end: &mut Option<End>,
    ) -> Result<(), ParseError> {
        while let Some(event) = parser.next(&mut data)? {
            let Event::Frame(frame) = event else {
                continue;
            };
            stats.update(request.key(), |counters| {
                counters.messages += 1;
                counters.text(&describe(&frame));
            });
            *end = self.obey(&frame).unwrap_or(Some(End::Drop));
            if end.is_some() {
                return Ok(());
            }
        }
        parser.set_escapes(Escapes::V1_2);
        Ok(())
    }

    fn obey(&mut self, frame: &Frame<'_>) -> Result<Option<End>, WriteError> {
        let header = |name| frame.header(name).unwrap_or_default().into_owned();
        let destination = header("destination");
        if destination.starts_with("/secret") {
            let receipt = header("receipt");
            self.say(|writer| {
                writer.error("not allowed here", &[("receipt-id", &receipt)], Body::Empty)
            })?;
            return Ok(None);
        }
        match (frame.command(), destination.as_str()) {
            ("CONNECT", _) => {
                let refused = self
                    .passcode
                    .as_ref()
                    .is_some_and(|it| *it != header("passcode"));
                let beat = self.beat.clone();
                self.say(|writer| {
                    if refused {
                        writer.error("Bad CONNECT", &[], Body::Text("Access refused"))
                    } else {
                        writer.connected(Version::V1_2, &beat, &[("server", "everwire-test")])
                    }
                })?;
            }
            ("SUBSCRIBE", _) => {
                let acknowledges = header("ack") != "auto";
                let subscription = (destination, acknowledges);
                self.subscriptions.insert(header("id"), subscription);
            }
            ("UNSUBSCRIBE", _) => {
                self.subscriptions.remove(&header("id"));
            }
            ("SEND", "/command/drop") => return Ok(Some(End::Drop)),
            ("SEND", "/command/silent") => return Ok(Some(End::Silent)),
            ("SEND", "/command/raw") => self.out.push((true, frame.body().to_vec())),
            ("SEND", "/command/error") => {
                let message = String::from_utf8_lossy(frame.body()).into_owned();
                self.say(|writer| writer.error(&message, &[], Body::Empty))?;
            }
            ("SEND", _) => self.publish(&destination, frame)?,
            _ => {}
        }
        if let Some(receipt) = frame.header("receipt").filter(|_| self.receipts) {
            self.say(|writer| writer.receipt(&receipt))?;
        }
        Ok(None)
    }

    fn publish(&mut self, destination: &str, frame: &Frame<'_>) -> Result<(), WriteError> {
        let reply_to = frame.header("reply-to");
        let answer = frame.header("correlation-id").zip(reply_to);
        let text = frame.text().is_ok();
        let body = if text {
            Body::Text(frame.text().unwrap_or_default())
        } else {
            Body::Binary(frame.body())
        };
        if let Some((correlation, reply_to)) = answer {
            let subscription = self
                .subscriptions
                .iter()
                .find(|(_, (other, _))| *other == *reply_to)
                .map_or_else(|| reply_to.to_string(), |(id, _)| id.clone());
            let fields = [("correlation-id", &*correlation)];
            self.message(&subscription, &reply_to, &fields, body, text)?;
        }
        let listening: Vec<(String, bool)> = self
            .subscriptions
            .iter()
            .filter(|(_, (other, _))| other == destination)
            .map(|(id, (_, acknowledges))| (id.clone(), *acknowledges))
            .collect();
        for (id, acknowledges) in listening {
            let ack = format!("ack-{}", self.messages);
            let fields = [("ack", ack.as_str())];
            let fields: Fields<'_> = if acknowledges { &fields } else { &[] };
            self.message(&id, destination, fields, body, text)?;
        }
        Ok(())
    }

    fn message(
        &mut self,
        subscription: &str,
        destination: &str,
        fields: Fields<'_>,
        body: Body<'_>,
        text: bool,
    ) -> Result<(), WriteError> {
        let id = self.messages.to_string();
        self.messages += 1;
        self.say(|writer| writer.message(subscription, &id, destination, fields, body))?;
        if let Some((mark, _)) = self.out.last_mut() {
            *mark = text;
        }
        Ok(())
    }

    fn say(
        &mut self,
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let mut frame = Vec::new();
        write(&mut Writer::new(&mut frame, Escapes::V1_2))?;
        self.out.push((true, frame));
        Ok(())
    }
}

/// A frame as one line, but for its body: command, headers, `|`, body.
fn describe(frame: &Frame<'_>) -> String {
    let mut line = frame.command().to_owned();
    for header in frame.headers() {
        line.push_str(&format!(" {}:{}", header.name(), header.value()));
    }
    line.push('|');
    line.push_str(&String::from_utf8_lossy(frame.body()));
    line
}
