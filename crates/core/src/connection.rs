//! A link and an outbox together: what most shells drive.
//!
//! The link decides when there is a socket, the outbox what is written to it. This module is the rule between the two:
//!
//! | Event | Outbox |
//! |---|---|
//! | the socket opens | writes again: by id first, then the lanes, through the ramp |
//! | the socket is lost or abandoned | unacknowledged messages become unknown or are kept for a resend; offline rules apply |
//! | page hidden or frozen | what is paced is admitted now: the timers of a hidden page may be a minute late |
//! | `close` with flush, socket open | accepts nothing more, admits what is paced, drains, waits for acknowledgements (a closing browser socket delivers none), then the closing handshake |
//! | the same, dialling or waiting | the same, if there is something to send and the link opens before the deadline |
//! | `close` without flush, or nothing to send | everything is dropped, closing handshake |
//! | close deadline | the rest is dropped, closing handshake (at most the link's close timeout) |
//! | `terminate` | everything is dropped, the socket is abandoned |
//! | the link ended by itself (fatal close, retries used up, reconnecting off) | everything is dropped and sends fail, so that no caller waits for ever |
//! | `Start` or `Reconnect` afterwards | accepts again; while a close is still draining they call it off (during the closing handshake only `Reconnect` does) |

use alloc::vec::Vec;

use crate::link::{Input, Link, LinkConfig, LinkConfigError, Output, PageEvent, State};
use crate::send::{ConfigError, Frame, Outbox, OutboxConfig, OutboxEvent, Payload, Scope, Ticket};
use crate::{Span, Time};

/// How long [`Input::Close`] lets the queue drain.
const DEFAULT_DEADLINE: Span = Span::from_millis(1_000);

/// A [`Link`] and an [`Outbox`] behind one `handle`, one `poll` and one deadline.
///
/// After each [`handle`](Self::handle), each change made through [`outbox`](Self::outbox) and each
/// [`wrote`](Self::wrote): [`poll`](Self::poll) until `None`, then arm the one timer for [`next_wake`](Self::next_wake).
#[derive(Debug)]
pub struct Connection<P: Payload> {
    link: Link,
    outbox: Outbox<P>,
    /// The generation that the outbox writes to.
    up: Option<u32>,
    /// While a close drains the queue: when that ends.
    draining: Option<Time>,
}

/// What the shell must do or tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// An output of the link.
    Link(Output),
    /// Write what the frame buffer holds to the socket, then call [`Connection::wrote`] before the next poll.
    Write {
        /// The generation to write to.
        generation: u32,
        /// Whether the frame is a batch (also with one message), to be put into the protocol's container.
        batch: bool,
    },
    /// A send changed its status, or a slot fell idle.
    Event(OutboxEvent),
}

impl<P: Payload> Connection<P> {
    /// An idle connection. Sends are accepted at once; they are queued until it opens. For `seed` see [`Link::new`].
    ///
    /// # Errors
    ///
    /// The option that is out of range.
    pub fn new(
        link: LinkConfig,
        outbox: OutboxConfig,
        seed: u64,
    ) -> Result<Self, ConnectionConfigError> {
        // Checked before anything is made: two finished machines would otherwise have to be taken apart again.
        link.check()?;
        outbox.check()?;
        Ok(Self {
            link: Link::checked(link, seed),
            outbox: Outbox::checked(outbox),
            up: None,
            draining: None,
        })
    }

    /// Takes in what happened at `now`. [`Input::Close`] is [`close`](Self::close) with a flush of at most 1 s.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Close => self.close(now, true, DEFAULT_DEADLINE),
            Input::Terminate => self.terminate(now),
            Input::Start | Input::Reconnect => {
                let revives = match self.link.state() {
                    State::Closed => true,
                    // A start during the closing handshake changes nothing.
                    State::Closing => input == Input::Reconnect,
                    _ => false,
                };
                if self.draining.take().is_some() || revives {
                    self.outbox.reopen(now);
                }
                self.drive(now, input);
            }
            Input::Tick => {
                self.drive(now, input);
                self.outbox.tick(now);
                if self.draining.is_some_and(|deadline| deadline <= now) {
                    self.finish(now);
                }
            }
            Input::Page(PageEvent::Hidden | PageEvent::Frozen) => {
                if self.up.is_some() {
                    self.outbox.flush(now, Scope::All);
                }
                self.drive(now, input);
            }
            _ => self.drive(now, input),
        }
    }

    /// Closes: no more sends are accepted; with `flush` what is paced and queued is still written, at most until
    /// `deadline` from now. While there is no open socket but a dial is under way or waited for, it is given the same time
    /// if there is something to send. The closing handshake follows and is bounded by the link's close timeout.
    /// A second call can only shorten: the earlier deadline counts, and one without `flush` ends the draining.
    pub fn close(&mut self, now: Time, flush: bool, deadline: Span) {
        let deadline = now + deadline;
        match self.link.state() {
            State::Closing | State::Closed => {}
            State::Connecting | State::Open | State::Waiting if flush => match self.draining {
                Some(earlier) => self.draining = Some(earlier.min(deadline)),
                None => {
                    self.outbox.start_closing(now, true);
                    self.draining = Some(deadline);
                    if self.outbox.is_settled() {
                        self.finish(now);
                    }
                }
            },
            State::Idle | State::Connecting | State::Open | State::Waiting => self.finish(now),
        }
    }

    /// Ends at once: everything is dropped, the socket is abandoned, no timer is left.
    pub fn terminate(&mut self, now: Time) {
        self.draining = None;
        self.outbox.terminate();
        self.drive(now, Input::Terminate);
    }

    /// The next thing to do or to tell, or `None`. `buffered` is the socket's `bufferedAmount`; a write is decided as late
    /// as here, so that a slow socket gets the newest values. `frame` is filled for [`Action::Write`] and cleared before.
    pub fn poll(
        &mut self,
        now: Time,
        buffered: usize,
        frame: &mut Vec<(Ticket, P)>,
    ) -> Option<Action> {
        loop {
            if let Some(output) = self.link.poll() {
                return Some(Action::Link(output));
            }
            if let Some(event) = self.outbox.poll_event() {
                return Some(Action::Event(event));
            }
            if let Some(generation) = self.up {
                let batch = match self.outbox.poll_write(now, buffered, frame) {
                    Frame::None => None,
                    Frame::Single => Some(false),
                    Frame::Batch => Some(true),
                };
                if let Some(batch) = batch {
                    return Some(Action::Write { generation, batch });
                }
            }
            // Deciding about a write looks at the clock, and by that messages expire.
            if let Some(event) = self.outbox.poll_event() {
                return Some(Action::Event(event));
            }
            if self.draining.is_none() || !self.outbox.is_settled() {
                return None;
            }
            self.finish(now);
        }
    }

    /// Below which `bufferedAmount` the shell may write an immediate message itself, see [`Outbox::bypass`]. The answer holds
    /// until the next input, change, poll or write; the shell counts such messages.
    pub fn bypass(&self) -> Option<usize> {
        self.outbox.bypass()
    }

    /// Reports whether the socket took the frame of the last [`Action::Write`].
    pub fn wrote(&mut self, now: Time, ok: bool) {
        self.outbox.wrote(now, ok);
    }

    /// When [`Input::Tick`] is due. `None` once closed.
    pub fn next_wake(&self) -> Option<Time> {
        self.link
            .wake()
            .min(self.outbox.wake())
            .min(self.draining.unwrap_or(Time::NEVER))
            .if_ever()
    }

    /// The queue: send, cancel, flush and acknowledge here, then poll.
    pub fn outbox(&mut self) -> &mut Outbox<P> {
        &mut self.outbox
    }

    /// The lifecycle, for its readable values.
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// Whether a close is draining the queue.
    pub const fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    /// Drops what is left and says goodbye.
    fn finish(&mut self, now: Time) {
        self.draining = None;
        self.outbox.terminate();
        self.drive(now, Input::Close);
    }

    /// Passes an input to the link and lets the outbox follow.
    fn drive(&mut self, now: Time, input: Input) {
        self.link.handle(now, input);
        let state = self.link.state();
        let up = (state == State::Open).then(|| self.link.generation());
        if up != self.up {
            if self.up.is_some() {
                self.outbox.down(now);
            }
            if up.is_some() {
                self.outbox.up(now);
            }
            self.up = up;
        }
        if state == State::Closed {
            self.draining = None;
            self.outbox.terminate();
        }
    }
}

/// Which option of a connection is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionConfigError {
    /// An option of the link.
    #[error(transparent)]
    Link(#[from] LinkConfigError),
    /// An option of the outbox.
    #[error(transparent)]
    Outbox(#[from] ConfigError),
}
