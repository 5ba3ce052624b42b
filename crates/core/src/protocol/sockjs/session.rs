//! One SockJS session, from `/info` to its end.
//!
//! Idle, asking, trying one transport after the other, open, perhaps flushing, closed. The host does what [`Output`]
//! says; what it keeps to itself are URLs, session ids and payloads.

use alloc::collections::VecDeque;

use super::event::{Arrival, Cause, Input, Loss, Output, Received, SessionConfig};
use super::heartbeat::Rhythm;
use super::timing::attempt_limit;
use super::transport::{Transport, Transports};
use crate::{Span, Time};

/// Frames with messages that are kept before the open frame; no server sends any.
pub const MAX_HELD_FRAMES: u32 = 64;
/// Their length together, in the host's unit.
pub const MAX_HELD_LEN: usize = 1 << 20;

/// Wait between the answer to a batch and the next one, so that messages sent in a row share a request (sockjs-client
/// 1.6.1, `sendScheduleWait`).
const BATCH_PAUSE: Span = Span::from_millis(25);
/// How long closing waits for what is still to be sent.
const FLUSH_LIMIT: Span = Span::from_millis(5_000);
/// An answer without a frame that took at least this long is no sign of a loop: a proxy ended an idle request.
const UNHURRIED: Span = Span::from_millis(5_000);
/// Empty answers in a row after which the receiver counts as failed.
const MAX_EMPTY: u32 = 10;
const FIRST_REOPEN_DELAY: Span = Span::from_millis(100);
const MAX_REOPEN_DELAY: Span = Span::from_millis(5_000);
/// A tick that is later than this comes from a timer that slept with its page: what arrived meanwhile is told after it.
const LATE: Span = Span::from_millis(2_000);
/// What such a deadline is put off by, once.
const GRACE: Span = Span::from_millis(5_000);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Asking,
    Connecting,
    Open,
    Flushing,
    Closed,
}

/// A session. Each connection needs a new one.
///
/// After each call, [`poll`](Self::poll) until `None`, then arm the one timer for [`next_wake`](Self::next_wake).
#[derive(Clone, Debug)]
pub struct Session {
    config: SessionConfig,
    state: State,
    /// What is left to try.
    left: Transports,
    attempt: u32,
    transport: Transport,
    asked_at: Time,
    rtt: Span,
    /// End of `/info`, of the attempt, or of flushing, by state.
    limit: Time,
    /// End of the patience with silence.
    silence: Time,
    /// Whether `limit` or `silence` was put off for a timer that slept.
    put_off: bool,
    rhythm: Rhythm,
    /// When the request that receives began, whether it brought a frame, and how many before it brought none.
    received_since: Time,
    brought: bool,
    empty: u32,
    reopen: Time,
    queued: u32,
    in_flight: bool,
    /// Before this no batch goes out.
    pause: Time,
    held: u32,
    held_len: usize,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session that has not begun.
    pub const fn new(config: SessionConfig) -> Self {
        Self {
            config,
            state: State::Idle,
            left: config.transports,
            attempt: 0,
            transport: Transport::WebSocket,
            asked_at: Time::ZERO,
            rtt: Span::ZERO,
            limit: Time::NEVER,
            silence: Time::NEVER,
            put_off: false,
            rhythm: Rhythm::new(config.heartbeat),
            received_since: Time::ZERO,
            brought: false,
            empty: 0,
            reopen: Time::NEVER,
            queued: 0,
            in_flight: false,
            pause: Time::ZERO,
            held: 0,
            held_len: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Start => {
                if self.state == State::Idle {
                    self.state = State::Asking;
                    self.asked_at = now;
                    self.limit = now + self.config.info_timeout;
                    self.outputs.push_back(Output::Ask);
                }
            }
            Input::Info { websocket } => {
                if self.state == State::Asking {
                    self.rtt = now.since(self.asked_at);
                    if !websocket {
                        self.left.remove(Transport::WebSocket);
                    }
                    self.try_next(now);
                }
            }
            Input::InfoFailed => {
                if self.state == State::Asking {
                    self.end(1002, Cause::Info, false);
                }
            }
            Input::Answered { attempt } => {
                if self.is_current(attempt) {
                    self.answered(now);
                }
            }
            Input::Sent { attempt } => {
                if self.is_current(attempt) && self.in_flight {
                    self.in_flight = false;
                    self.pause = now + BATCH_PAUSE;
                    self.write(now);
                }
            }
            Input::Lost { attempt, loss } => {
                if self.is_current(attempt) {
                    self.lost(now, loss);
                }
            }
            Input::Close => self.close(now),
            Input::Tick => self.tick(now),
        }
    }

    /// Takes in a frame that arrived at `now` on `attempt`.
    pub fn receive(&mut self, now: Time, attempt: u32, arrival: Arrival) -> Received {
        if !self.is_current(attempt) {
            return Received::Done;
        }
        // Nor is a proxy's page of HTML an answer: its lines would have it asked for again at once.
        self.brought |= !matches!(arrival, Arrival::Prelude | Arrival::Unknown);
        match arrival {
            Arrival::Heartbeat => self.rhythm.beat(now),
            Arrival::Close { code } => {
                // What waits will not be taken any more, and the user's own close has said its code already.
                match self.state {
                    State::Flushing => self.end(1000, Cause::User, true),
                    _ => self.end(code, Cause::Server, true),
                }
                return Received::Done;
            }
            _ => {}
        }
        match self.state {
            State::Connecting => self.receive_first(now, arrival),
            State::Open => self.receive_open(now, arrival),
            _ => Received::Done,
        }
    }

    /// Queues a message. The host keeps it until [`Output::Write`] asks for it.
    ///
    /// # Errors
    /// The session is not open: before it, sockjs-client throws; after it, the message is dropped.
    pub fn send(&mut self, now: Time) -> Result<(), NotOpen> {
        if self.state != State::Open {
            return Err(NotOpen);
        }
        self.queued += 1;
        self.write(now);
        Ok(())
    }

    /// The next thing to do or to tell. Poll until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub fn next_wake(&self) -> Option<Time> {
        let write = if self.queued > 0 && !self.in_flight {
            self.pause
        } else {
            Time::NEVER
        };
        self.limit
            .min(self.silence)
            .min(self.reopen)
            .min(write)
            .if_ever()
    }

    /// Messages that wait for a batch; those of a batch under way are not among them.
    pub const fn queued(&self) -> u32 {
        self.queued
    }

    fn is_current(&self, attempt: u32) -> bool {
        let live = matches!(
            self.state,
            State::Connecting | State::Open | State::Flushing
        );
        live && attempt == self.attempt
    }

    fn try_next(&mut self, now: Time) {
        let Some(transport) = self.left.take_first() else {
            return self.end(2000, Cause::AllFailed, false);
        };
        self.state = State::Connecting;
        self.attempt += 1;
        self.transport = transport;
        self.put_off = false;
        self.limit = now
            + attempt_limit(
                self.rtt,
                transport,
                self.config.timeout,
                self.left.is_empty(),
            );
        self.rhythm = Rhythm::new(self.config.heartbeat);
        (self.held, self.held_len) = (0, 0);
        self.empty = 0;
        self.received_since = now;
        self.brought = false;
        self.outputs.push_back(Output::Dial {
            attempt: self.attempt,
            transport,
        });
    }

    /// The attempt came to nothing.
    fn give_up(&mut self, now: Time) {
        self.detach();
        // As after `/info`: there is no transport to be detached once more.
        self.state = State::Asking;
        self.try_next(now);
    }

    fn receive_first(&mut self, now: Time, arrival: Arrival) -> Received {
        match arrival {
            Arrival::Open => {
                self.state = State::Open;
                self.limit = Time::NEVER;
                self.heard(now);
                self.outputs.push_back(Output::Opened {
                    transport: self.transport,
                });
            }
            Arrival::Heartbeat | Arrival::Prelude => return Received::Heartbeat,
            Arrival::Messages { len } => {
                self.held += 1;
                self.held_len = self.held_len.saturating_add(len);
                if self.held <= MAX_HELD_FRAMES && self.held_len <= MAX_HELD_LEN {
                    return Received::Hold;
                }
                self.give_up(now);
            }
            Arrival::Malformed | Arrival::TooLong => self.give_up(now),
            Arrival::Close { .. } | Arrival::Unknown => {}
        }
        Received::Done
    }

    fn receive_open(&mut self, now: Time, arrival: Arrival) -> Received {
        self.heard(now);
        match arrival {
            Arrival::Open => self.end(1006, Cause::SessionLost, false),
            Arrival::Malformed => self.end(1002, Cause::Malformed, false),
            Arrival::TooLong => self.end(1009, Cause::TooLong, false),
            Arrival::Heartbeat | Arrival::Prelude => return Received::Heartbeat,
            Arrival::Messages { .. } => return Received::Deliver,
            Arrival::Close { .. } | Arrival::Unknown => {}
        }
        Received::Done
    }

    fn heard(&mut self, now: Time) {
        self.put_off = false;
        self.silence = now + self.rhythm.limit(self.transport.is_http());
    }

    fn answered(&mut self, now: Time) {
        if self.state == State::Flushing {
            return;
        }
        if self.brought || now.since(self.received_since) >= UNHURRIED {
            self.empty = 0;
        } else {
            self.empty += 1;
        }
        match self.empty {
            0 | 1 => self.receive_next(now),
            2..=MAX_EMPTY => {
                let doublings = 1u64 << (self.empty - 2);
                self.reopen = now + FIRST_REOPEN_DELAY.times(doublings).min(MAX_REOPEN_DELAY);
            }
            _ if self.state == State::Connecting => self.give_up(now),
            _ => self.end(1006, Cause::Empty, false),
        }
    }

    fn receive_next(&mut self, now: Time) {
        self.reopen = Time::NEVER;
        self.received_since = now;
        self.brought = false;
        self.outputs.push_back(Output::Receive {
            attempt: self.attempt,
        });
    }

    fn lost(&mut self, now: Time, loss: Loss) {
        let (code, cause) = match loss {
            Loss::Socket { code } => (code, Cause::Socket),
            Loss::Receiver => (1006, Cause::Receiver),
            Loss::Sender => (1006, Cause::Sender),
        };
        match self.state {
            State::Flushing => self.end(1000, Cause::User, true),
            // The server means to end, not to be asked in another way.
            State::Connecting if !matches!(code, 1000 | 2000 | 3000..=4999) => self.give_up(now),
            _ => self.end(code, cause, false),
        }
    }

    fn write(&mut self, now: Time) {
        if self.in_flight {
            return;
        }
        if self.queued == 0 {
            if self.state == State::Flushing {
                self.end(1000, Cause::User, true);
            }
            return;
        }
        let is_http = self.transport.is_http();
        if is_http && self.state == State::Open && now < self.pause {
            return;
        }
        self.outputs.push_back(Output::Write {
            attempt: self.attempt,
            count: self.queued,
        });
        self.queued = 0;
        self.in_flight = is_http;
    }

    fn close(&mut self, now: Time) {
        match self.state {
            State::Idle | State::Asking | State::Connecting => self.end(1000, Cause::User, true),
            State::Open => {
                self.state = State::Flushing;
                self.limit = now + FLUSH_LIMIT;
                self.silence = Time::NEVER;
                self.reopen = Time::NEVER;
                self.put_off = false;
                self.write(now);
            }
            State::Flushing | State::Closed => {}
        }
    }

    fn tick(&mut self, now: Time) {
        if self.limit <= now && !self.is_put_off(now) {
            match self.state {
                State::Asking => self.end(1002, Cause::Info, false),
                State::Connecting => self.give_up(now),
                _ => self.end(1000, Cause::User, true),
            }
        }
        if self.silence <= now && !self.is_put_off(now) {
            self.end(1006, Cause::Silence, false);
        }
        if self.reopen <= now {
            self.receive_next(now);
        }
        if matches!(self.state, State::Open | State::Flushing) && self.queued > 0 {
            self.write(now);
        }
    }

    /// Puts a deadline off that was noticed much too late.
    fn is_put_off(&mut self, now: Time) -> bool {
        let deadline = self.limit.min(self.silence);
        if self.put_off || now.since(deadline) < LATE {
            return false;
        }
        self.put_off = true;
        if self.limit == deadline {
            self.limit = now + GRACE;
        } else {
            self.silence = now + GRACE;
        }
        true
    }

    fn detach(&mut self) {
        self.reopen = Time::NEVER;
        self.outputs.push_back(Output::Detach {
            attempt: self.attempt,
        });
    }

    fn end(&mut self, code: u16, cause: Cause, clean: bool) {
        if self.is_current(self.attempt) {
            self.detach();
        }
        self.state = State::Closed;
        self.limit = Time::NEVER;
        self.silence = Time::NEVER;
        self.reopen = Time::NEVER;
        self.queued = 0;
        self.outputs
            .push_back(Output::Closed { code, cause, clean });
    }
}

/// A message that was not taken because the session is not open. Wait for the open event, or open another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is not open: wait for it to open, or open another one")]
pub struct NotOpen;
