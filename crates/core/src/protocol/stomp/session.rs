//! A client's side of one STOMP connection, from `CONNECT` to the last frame.
//!
//! A session lives as long as one socket: make a new one for the next, so that nothing stale survives. Frames to send are
//! appended to the caller's buffer, which goes to the socket when a call returns; received ones are pulled.
//!
//! | Phase | ends with | waits at most |
//! |---|---|---|
//! | opening | `CONNECTED`, `ERROR` | `connect_timeout` |
//! | connected | `disconnect`, `ERROR`, silence | as long as heart-beats come |
//! | disconnecting | the receipt, `ERROR` | `disconnect_timeout` |
//! | over | the socket's close | `error_timeout` after `ERROR` |

use alloc::string::String;
use alloc::vec::Vec;

use super::outcome::{CallError, CloseReason, Received, SessionConfig};
use super::table::Table;
use super::write::push_decimal;
use super::{
    Acknowledge, Body, Escapes, Event, Fields, Frame, HeartBeat, Parser, Version, WriteError,
    Writer, accept_version,
};
use crate::{Span, Time};

/// A check that comes this late did not measure silence: the page slept or its timers were throttled, and what came in
/// meanwhile may still wait to be delivered.
const LATE: Span = Span::from_millis(1_000);

/// One connection of a STOMP client.
#[derive(Clone, Debug)]
pub struct Session {
    parser: Parser,
    state: State,
}

/// All but the parser, which a received frame keeps borrowed.
#[derive(Clone, Debug)]
struct State {
    config: SessionConfig,
    phase: Phase,
    version: Option<Version>,
    /// How the next received frame is escaped.
    escapes: Escapes,
    /// End of the current phase's wait.
    deadline: Time,
    send_every: Option<Span>,
    /// How long the server may be silent.
    silence: Option<Span>,
    beat_at: Time,
    silent_at: Time,
    /// Whether the check for silence was put off, which is done once.
    put_off: bool,
    ids: u64,
    subscriptions: Table<String, u32>,
    receipts: Table<String, u32>,
    farewell: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Connected,
    Disconnecting,
    /// After `ERROR`.
    Failed,
    /// After the farewell's receipt, or when the caller was told to close.
    Over,
}

impl Session {
    /// Begins a session on a socket that is open: appends `CONNECT` with the user's headers (`host`, `login`, `passcode`).
    ///
    /// # Errors
    ///
    /// When a header cannot be written.
    pub fn connect(
        config: SessionConfig,
        now: Time,
        fields: Fields<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Self, WriteError> {
        Writer::new(out, Escapes::None).connect(
            fields,
            &accept_version(&config.versions),
            &config.heart_beat.to_value(),
        )?;
        Ok(Self {
            parser: Parser::new(config.limits),
            state: State {
                deadline: now + config.connect_timeout,
                config,
                phase: Phase::Opening,
                version: None,
                escapes: Escapes::Lenient,
                send_every: None,
                silence: None,
                beat_at: Time::NEVER,
                silent_at: Time::NEVER,
                put_off: false,
                ids: 0,
                subscriptions: Table::new(),
                receipts: Table::new(),
                farewell: String::new(),
            },
        })
    }

    /// The next thing that a WebSocket message brings; `input` moves on behind it. Call it until `None` for each message.
    /// When the session is over, input is dropped.
    ///
    /// # Errors
    ///
    /// Why to close the socket.
    pub fn receive<'a, 'i: 'a>(
        &'a mut self,
        now: Time,
        input: &mut &'i [u8],
    ) -> Result<Option<Received<'a>>, CloseReason> {
        if matches!(self.state.phase, Phase::Failed | Phase::Over) {
            *input = &[];
            return Ok(None);
        }
        if !input.is_empty() {
            self.state.heard(now);
        }
        self.parser.set_escapes(self.state.escapes);
        let found = match self.parser.next(input) {
            Ok(Some(Event::Frame(frame))) => self.state.frame(now, frame).map(Some),
            Ok(Some(Event::HeartBeat)) => Ok(Some(Received::HeartBeat)),
            Ok(None) => Ok(None),
            Err(error) => Err(CloseReason::Malformed(error)),
        };
        if found.is_err() {
            self.state.end();
        }
        found
    }

    /// When [`tick`](Self::tick) is due. Changes with every call.
    pub fn next_wake(&self) -> Option<Time> {
        let state = &self.state;
        state
            .deadline
            .min(state.beat_at)
            .min(state.silent_at)
            .if_ever()
    }

    /// Does what is due: appends a heart-beat if nothing else was sent for the agreed interval. A call that comes early
    /// does no harm.
    ///
    /// # Errors
    ///
    /// Why to close the socket. The session is over then.
    pub fn tick(&mut self, now: Time, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        self.state.tick(now, out)
    }

    /// The agreed version, once connected.
    pub fn version(&self) -> Option<Version> {
        self.state.version
    }

    /// Whether calls are possible.
    pub fn is_connected(&self) -> bool {
        self.state.phase == Phase::Connected
    }

    /// A new id of this connection, `prefix` and the next number from 0; one counter serves all prefixes.
    pub fn next_id(&mut self, prefix: &str) -> String {
        self.state.next_id(prefix)
    }

    /// Waits for the receipt of this id, which the caller puts into a frame's `receipt` header. It is reported once, with
    /// `token`.
    pub fn expect_receipt(&mut self, id: &str, token: u32) {
        self.state.receipts.insert(String::from(id), token);
    }

    /// Receipts that did not come. When the socket is gone they will not: whether the server has the frames is unknown.
    pub fn missing_receipts(&self) -> impl Iterator<Item = u32> + '_ {
        self.state.receipts.values().copied()
    }

    /// Appends `SEND`.
    ///
    /// # Errors
    ///
    /// When not connected, or when the frame cannot be written.
    pub fn send(
        &mut self,
        now: Time,
        destination: &str,
        fields: Fields<'_>,
        body: Body<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        self.state
            .write(now, out, |writer| writer.send(destination, fields, body))
    }

    /// Appends `SUBSCRIBE` and returns the subscription's id: the user's `id` header, else a new `sub-N`. Its messages come
    /// with `token`.
    ///
    /// # Errors
    ///
    /// When not connected, when the id is in use, or when the frame cannot be written.
    pub fn subscribe(
        &mut self,
        now: Time,
        token: u32,
        destination: &str,
        fields: Fields<'_>,
        out: &mut Vec<u8>,
    ) -> Result<String, CallError> {
        let state = &mut self.state;
        state.check_connected()?;
        let id = match fields.iter().find(|(name, _)| *name == "id") {
            Some((_, id)) => String::from(*id),
            None => state.next_id("sub-"),
        };
        if state.subscriptions.get(&id).is_some() {
            return Err(CallError::DuplicateSubscription);
        }
        state.write(now, out, |writer| {
            writer.subscribe(&id, destination, fields)
        })?;
        state.subscriptions.insert(id.clone(), token);
        Ok(id)
    }

    /// Appends `UNSUBSCRIBE`. Messages that are on their way come without a token.
    ///
    /// # Errors
    ///
    /// When not connected, when there is no such subscription, or when the frame cannot be written.
    pub fn unsubscribe(
        &mut self,
        now: Time,
        id: &str,
        fields: Fields<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        let state = &mut self.state;
        state.check_connected()?;
        if state.subscriptions.get(id).is_none() {
            return Err(CallError::UnknownSubscription);
        }
        state.write(now, out, |writer| writer.unsubscribe(id, fields))?;
        state.subscriptions.remove(id);
        Ok(())
    }

    /// Appends `ACK` or `NACK` for the message that [`Frame::ack_id`] named.
    ///
    /// # Errors
    ///
    /// When not connected, for `NACK` in 1.0, or when the frame cannot be written.
    pub fn acknowledge(
        &mut self,
        now: Time,
        what: Acknowledge,
        (message, subscription): (&str, &str),
        fields: Fields<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        let state = &mut self.state;
        let version = state.check_connected()?;
        if what == Acknowledge::Nack && version == Version::V1_0 {
            return Err(CallError::NotInVersion);
        }
        state.write(now, out, |writer| {
            writer.acknowledge(what, version, message, subscription, fields)
        })
    }

    /// Appends `BEGIN` and returns the transaction's new id, `tx-N`, for `transaction` headers.
    ///
    /// # Errors
    ///
    /// When not connected.
    pub fn begin(&mut self, now: Time, out: &mut Vec<u8>) -> Result<String, CallError> {
        self.state.check_connected()?;
        let id = self.state.next_id("tx-");
        self.state.write(now, out, |writer| writer.begin(&id))?;
        Ok(id)
    }

    /// Appends a frame of any command, for headers that the other calls do not take.
    ///
    /// # Errors
    ///
    /// When not connected, or when the frame cannot be written.
    pub fn frame(
        &mut self,
        now: Time,
        command: &str,
        fields: Fields<'_>,
        body: Body<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        self.state
            .write(now, out, |writer| writer.frame(command, fields, body))
    }

    /// Appends `COMMIT`.
    ///
    /// # Errors
    ///
    /// When not connected, or when the frame cannot be written.
    pub fn commit(&mut self, now: Time, id: &str, out: &mut Vec<u8>) -> Result<(), CallError> {
        self.state.write(now, out, |writer| writer.commit(id))
    }

    /// Appends `ABORT`.
    ///
    /// # Errors
    ///
    /// When not connected, or when the frame cannot be written.
    pub fn abort(&mut self, now: Time, id: &str, out: &mut Vec<u8>) -> Result<(), CallError> {
        self.state.write(now, out, |writer| writer.abort(id))
    }

    /// Appends `DISCONNECT` with the user's `receipt` or a new `close-N`, and waits for its receipt; messages still come in.
    /// Does nothing when called again. Before `CONNECTED` there is nothing to end: close the socket.
    ///
    /// # Errors
    ///
    /// When not connected, or when the frame cannot be written.
    pub fn disconnect(
        &mut self,
        now: Time,
        fields: Fields<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        let state = &mut self.state;
        if state.phase == Phase::Disconnecting {
            return Ok(());
        }
        state.check_connected()?;
        let receipt = match fields.iter().find(|(name, _)| *name == "receipt") {
            Some((_, receipt)) => String::from(*receipt),
            None => state.next_id("close-"),
        };
        state.write(now, out, |writer| writer.disconnect(&receipt, fields))?;
        state.farewell = receipt;
        state.phase = Phase::Disconnecting;
        state.deadline = now + state.config.disconnect_timeout;
        Ok(())
    }
}

impl State {
    fn frame<'a>(&mut self, now: Time, frame: Frame<'a>) -> Result<Received<'a>, CloseReason> {
        if self.phase == Phase::Opening && !matches!(frame.command(), "CONNECTED" | "ERROR") {
            return Err(CloseReason::FirstFrame);
        }
        Ok(match frame.command() {
            "CONNECTED" if self.phase == Phase::Opening => self.connected(now, frame)?,
            "MESSAGE" => Received::Message {
                subscription: frame
                    .header("subscription")
                    .and_then(|id| self.subscriptions.get(&*id).copied()),
                frame,
            },
            "RECEIPT" => {
                let id = frame.header("receipt-id").unwrap_or_default();
                if self.phase == Phase::Disconnecting && *id == *self.farewell {
                    self.end();
                    Received::Disconnected
                } else {
                    let receipt = self.receipts.remove(&*id);
                    Received::Receipt { receipt, frame }
                }
            }
            "ERROR" => {
                self.end();
                self.phase = Phase::Failed;
                self.deadline = now + self.config.error_timeout;
                Received::Error {
                    receipt: frame
                        .header("receipt-id")
                        .and_then(|id| self.receipts.remove(&*id)),
                    frame,
                }
            }
            _ => Received::Unknown(frame),
        })
    }

    fn connected<'a>(&mut self, now: Time, frame: Frame<'a>) -> Result<Received<'a>, CloseReason> {
        let version = Version::accepted(frame.header("version").as_deref(), &self.config.versions)
            .ok_or(CloseReason::Version)?;
        self.phase = Phase::Connected;
        self.version = Some(version);
        self.deadline = Time::NEVER;
        let rabbitmq = || {
            frame
                .header("server")
                .is_some_and(|server| server.starts_with("RabbitMQ"))
        };
        // RabbitMQ escapes in 1.0 too; elsewhere a backslash is one there.
        self.escapes = if version == Version::V1_0 && rabbitmq() {
            Escapes::Lenient
        } else {
            version.escapes()
        };
        if version != Version::V1_0 {
            let server = frame
                .header("heart-beat")
                .and_then(|value| HeartBeat::parse(&value))
                .unwrap_or_default();
            let beats = self.config.heart_beat.agree(server);
            let tolerance = u64::from(self.config.tolerance_milli.max(1_000));
            self.send_every = beats.send;
            self.silence = beats
                .expect
                .map(|every| Span::from_micros(every.as_micros() / 1_000).times(tolerance));
        }
        self.wrote(now);
        self.heard(now);
        Ok(Received::Connected { version, frame })
    }

    fn tick(&mut self, now: Time, out: &mut Vec<u8>) -> Result<(), CloseReason> {
        if self.deadline <= now {
            let reason = match self.phase {
                Phase::Opening => CloseReason::ConnectTimeout,
                Phase::Disconnecting => CloseReason::DisconnectTimeout,
                Phase::Connected | Phase::Failed | Phase::Over => CloseReason::ServerError,
            };
            self.end();
            return Err(reason);
        }
        if self.silent_at <= now {
            if self.put_off || now.since(self.silent_at) < LATE {
                self.end();
                return Err(CloseReason::Silent);
            }
            self.heard(now);
            self.put_off = true;
        }
        if self.beat_at <= now {
            out.push(b'\n');
            self.wrote(now);
        }
        Ok(())
    }

    fn write(
        &mut self,
        now: Time,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    ) -> Result<(), CallError> {
        let version = self.check_connected()?;
        write(&mut Writer::new(out, version.escapes()))?;
        self.wrote(now);
        Ok(())
    }

    fn check_connected(&self) -> Result<Version, CallError> {
        self.version
            .filter(|_| self.phase == Phase::Connected)
            .ok_or(CallError::NotConnected)
    }

    fn next_id(&mut self, prefix: &str) -> String {
        let mut id = String::from(prefix);
        push_decimal(self.ids, &mut id);
        self.ids += 1;
        id
    }

    fn wrote(&mut self, now: Time) {
        self.beat_at = now + self.send_every.unwrap_or(Span::MAX);
    }

    fn heard(&mut self, now: Time) {
        self.silent_at = now + self.silence.unwrap_or(Span::MAX);
        self.put_off = false;
    }

    /// No more timers and no more input.
    fn end(&mut self) {
        self.phase = Phase::Over;
        self.deadline = Time::NEVER;
        self.beat_at = Time::NEVER;
        self.silent_at = Time::NEVER;
    }
}
