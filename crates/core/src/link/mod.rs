//! One connection's life: dialling, waiting, staying alive, closing.
//!
//! [`Link`] is a state machine without a socket. Inputs go in with the current time, outputs are polled, one deadline says
//! when to call again. Exactly the states `Connecting`, `Open` and `Closing` have a socket (or a dial that becomes one):
//! its number is [`Link::generation`], and whatever is reported for another number is ignored.
//!
//! | | `Idle`, `Closed` | `Connecting` | `Open` | `Waiting` | `Closing` |
//! |---|---|---|---|---|---|
//! | `Start` | dials | - | - | - | - |
//! | `Reconnect` | dials | abandons, dials | abandons, dials | dials | abandons, dials |
//! | `Close` | `Closed` | `Closing` | `Closing` | `Closed` | - |
//! | `Terminate` | `Closed` | abandons | abandons | `Closed` | abandons |
//! | `Opened` | - | `Open` | - | - | closes it |
//! | `SocketClosed`, `DialFailed` | - | retry | retry | - | `Closed` |
//! | `Page(Visible)`, `Network(Online)` | - | - | probe | dials | - |
//! | `Page(Resumed)` | - | - | probe; without a heartbeat abandons, dials | dials | - |
//! | `Network(Offline)` | - | - | suspect | - | - |
//! | `RetryHint` | - | kept | kept | wait again | - |
//!
//! *Abandons* is [`Output::Detach`]. *Retry* follows the close-code policy, the user's [`Verdict`], the limit and the
//! backoff. Signals cut a wait short, but not below one second after the previous dial and not below what the server or
//! the user asked for; only `Reconnect` dials unconditionally.

mod backoff;
mod close_code;
mod config;
mod event;
mod liveness;
pub(crate) mod random;
mod retry;
mod timers;

use crate::queue::Queue;
use crate::{Span, Time};

pub use backoff::{Backoff, Jitter};
pub use config::{LinkConfig, LinkConfigError};
pub use event::*;
pub use liveness::{Heartbeat, PongTimeout, Rtt};

use liveness::{Liveness, Trust};
use random::Random;
use timers::{Timer, Timers};

/// Signals start a dial at most this often.
const SIGNAL_GAP: Span = Span::from_millis(1_000);
/// A timer this late did not measure silence: the page slept or its timers were throttled.
const LATE: Span = Span::from_millis(1_000);

/// The life of one connection.
///
/// Call [`poll`](Self::poll) until it returns `None` after each [`handle`](Self::handle), then arm the one timer for
/// [`next_wake`](Self::next_wake). More inputs may come in between two polls: outputs keep their order.
#[derive(Clone, Debug)]
pub struct Link {
    config: LinkConfig,
    state: State,
    generation: u32,
    attempt: u32,
    endpoint: u32,
    opened: u32,
    dialed_at: Time,
    /// No dial before this, except at the user's wish.
    not_before: Time,
    timers: Timers,
    liveness: Liveness,
    random: Random,
    outputs: Queue<Output>,
}

impl Link {
    /// An idle link. `seed` decides all its random draws: give each client another one (`crypto.getRandomValues`).
    ///
    /// # Errors
    ///
    /// The option that is out of range.
    pub fn new(config: LinkConfig, seed: u64) -> Result<Self, LinkConfigError> {
        config.check()?;
        Ok(Self::checked(config, seed))
    }

    /// [`new`](Self::new) with options that passed their check.
    pub(crate) const fn checked(config: LinkConfig, seed: u64) -> Self {
        Self {
            config,
            state: State::Idle,
            generation: 0,
            attempt: 0,
            endpoint: 0,
            opened: 0,
            dialed_at: Time::ZERO,
            not_before: Time::ZERO,
            timers: Timers::new(),
            liveness: Liveness::new(config.heartbeat),
            random: Random::new(seed),
            outputs: Queue::new(),
        }
    }

    /// Takes in what happened at `now`.
    ///
    /// `now` comes from a monotonic clock. If it ever runs backwards, deadlines are late by as much; nothing else breaks.
    pub fn handle(&mut self, now: Time, input: Input) {
        // A loss and the end of the minimum uptime may be reported in the same turn, in either order.
        if self
            .timers
            .deadline(Timer::Uptime)
            .is_some_and(|deadline| deadline <= now)
        {
            self.stable();
        }
        match input {
            Input::Start => {
                if matches!(self.state, State::Idle | State::Closed) {
                    self.redial(now);
                }
            }
            Input::Reconnect => self.redial(now),
            Input::Close => self.close(now),
            Input::Terminate => {
                if self.state != State::Closed {
                    self.detach();
                    self.end(Cause::User, EndReason::User);
                }
            }
            Input::Opened { generation } => {
                if generation == self.generation {
                    self.open(now);
                }
            }
            Input::DialFailed {
                generation,
                verdict,
            } => {
                self.gone(now, generation, Cause::DialFailed, verdict);
            }
            Input::SocketClosed {
                generation,
                code,
                clean,
                verdict,
            } => {
                self.gone(
                    now,
                    generation,
                    Cause::SocketClosed { code, clean },
                    verdict,
                );
            }
            Input::Received { pong } => {
                if self.state == State::Open {
                    self.liveness.received(now, pong);
                    if self.timers.deadline(Timer::Pong).is_some() {
                        self.timers.disarm(Timer::Pong);
                        self.schedule_ping(now);
                    }
                }
            }
            Input::Page(PageEvent::Hidden | PageEvent::Frozen) => {}
            Input::Page(PageEvent::Visible) => {
                if self.state != State::Open || !self.liveness.is_fresh(now) {
                    self.signal(now);
                }
            }
            Input::Page(PageEvent::Resumed) => {
                if self.state == State::Open && !self.liveness.can_probe() {
                    // The browser keeps such a socket in OPEN although it is dead (whatwg/html#12085).
                    self.abandon(now, Cause::Resumed);
                } else {
                    self.signal(now);
                }
            }
            Input::Network(NetworkEvent::Online) => self.signal(now),
            Input::Network(NetworkEvent::Offline) => {
                if self.liveness.trust == Trust::Trusted {
                    self.liveness.trust = Trust::Suspect;
                }
            }
            Input::RetryHint(span) => self.hint(now, span),
            Input::Tick => {
                while let Some((timer, deadline)) = self.timers.expire(now) {
                    self.timeout(now, timer, deadline);
                }
            }
        }
    }

    /// The next thing to do or to tell. Poll until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// When [`Input::Tick`] is due. Changes with every input; a tick that comes early does no harm.
    pub fn next_wake(&self) -> Option<Time> {
        self.wake().if_ever()
    }

    /// [`next_wake`](Self::next_wake) with [`Time::NEVER`] for none.
    pub(crate) fn wake(&self) -> Time {
        self.timers.next()
    }

    /// Where the link is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The number of the latest dial, 0 before the first.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Consecutive attempts since the last stable connection: 0 for a first dial and after `min_uptime`.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the next dial starts, while waiting for it.
    pub fn retry_at(&self) -> Option<Time> {
        self.timers.deadline(Timer::Redial)
    }

    /// Round trips measured with the heartbeat. Kept over reconnects as the first estimate of the next connection.
    pub const fn rtt(&self) -> Option<Rtt> {
        self.liveness.rtt
    }

    /// When the last thing arrived, the handshake included.
    pub const fn last_received(&self) -> Option<Time> {
        self.liveness.last_received
    }

    /// Whether the open socket is under suspicion: a page or network signal spoke against it and nothing arrived since.
    pub fn suspect(&self) -> bool {
        self.state == State::Open && self.liveness.trust != Trust::Trusted
    }

    /// How often a connection was opened again after the first time.
    pub const fn reconnects(&self) -> u32 {
        self.opened.saturating_sub(1)
    }

    /// Dials at the user's wish.
    fn redial(&mut self, now: Time) {
        self.detach();
        self.attempt = 0;
        self.not_before = Time::ZERO;
        self.dial(now, Cause::User);
    }

    fn dial(&mut self, now: Time, cause: Cause) {
        self.timers.clear();
        self.generation = self.generation.wrapping_add(1);
        self.dialed_at = now;
        if let Some(timeout) = self.config.connect_timeout {
            self.timers.arm(Timer::Connect, now + timeout);
        }
        self.enter(State::Connecting, cause);
        let (generation, attempt, endpoint) = (self.generation, self.attempt, self.endpoint);
        self.outputs.push(Output::Dial {
            generation,
            attempt,
            endpoint,
        });
    }

    fn open(&mut self, now: Time) {
        match self.state {
            State::Connecting => {
                self.timers.clear();
                self.opened = self.opened.saturating_add(1);
                self.liveness.opened(now);
                if self.config.min_uptime.is_zero() {
                    self.stable();
                } else {
                    self.timers.arm(Timer::Uptime, now + self.config.min_uptime);
                }
                self.schedule_ping(now);
                self.enter(State::Open, Cause::Opened);
            }
            // The shell made the socket after it was told to close it.
            State::Closing => self.outputs.push(Output::CloseSocket {
                generation: self.generation,
            }),
            State::Idle | State::Open | State::Waiting | State::Closed => {}
        }
    }

    fn stable(&mut self) {
        self.timers.disarm(Timer::Uptime);
        self.attempt = 0;
    }

    fn close(&mut self, now: Time) {
        match self.state {
            State::Connecting | State::Open => {
                self.timers.clear();
                self.timers
                    .arm(Timer::Close, now + self.config.close_timeout);
                self.outputs.push(Output::CloseSocket {
                    generation: self.generation,
                });
                self.enter(State::Closing, Cause::User);
            }
            State::Idle | State::Waiting => self.end(Cause::User, EndReason::User),
            State::Closing | State::Closed => {}
        }
    }

    /// The page or the network says that now is a good time to look.
    fn signal(&mut self, now: Time) {
        match self.state {
            State::Open => self.probe(now),
            State::Waiting => {
                let due = (self.dialed_at + SIGNAL_GAP).max(self.not_before);
                if due <= now {
                    self.dial(now, Cause::RetryDue);
                } else if self.retry_at().is_some_and(|planned| due < planned) {
                    self.wait(now, due.since(now));
                }
            }
            State::Idle | State::Connecting | State::Closing | State::Closed => {}
        }
    }

    fn probe(&mut self, now: Time) {
        if !self.liveness.can_probe() {
            return;
        }
        // A probe whose deadline passed unnoticed slept with the page: ask again. Otherwise one is enough.
        let waiting = self
            .timers
            .deadline(Timer::Pong)
            .is_some_and(|deadline| deadline > now);
        if self.liveness.trust != Trust::Probing || !waiting {
            self.liveness.trust = Trust::Probing;
            self.ping(now);
        }
    }

    fn ping(&mut self, now: Time) {
        self.outputs.push(Output::Ping {
            generation: self.generation,
        });
        if let Some(timeout) = self.liveness.pinged(now) {
            self.timers.arm(Timer::Pong, now + timeout);
        }
        self.schedule_ping(now);
    }

    fn schedule_ping(&mut self, now: Time) {
        if let Some(due) = self.liveness.schedule_ping(now, &mut self.random) {
            self.timers.arm(Timer::Ping, due);
        }
    }

    fn timeout(&mut self, now: Time, timer: Timer, deadline: Time) {
        match timer {
            Timer::Connect => {
                self.detach();
                self.lose(now, Cause::ConnectTimeout, Verdict::Default);
            }
            Timer::Redial => self.dial(now, Cause::RetryDue),
            Timer::Uptime => self.stable(),
            // Only to be told of a receive: shells may keep one to themselves until they are woken.
            Timer::Ping if self.timers.deadline(Timer::Pong).is_some() => self.schedule_ping(now),
            Timer::Ping => match self.liveness.ping_moved(now) {
                Some(due) => self.timers.arm(Timer::Ping, due),
                None => self.ping(now),
            },
            Timer::Pong => {
                if self.liveness.trust != Trust::Probing && now.since(deadline) > LATE {
                    self.probe(now);
                } else {
                    self.liveness.died();
                    self.abandon(now, Cause::Dead);
                }
            }
            Timer::Close => {
                self.detach();
                self.end(Cause::CloseTimeout, EndReason::User);
            }
        }
    }

    fn end(&mut self, cause: Cause, reason: EndReason) {
        self.timers.clear();
        self.enter(State::Closed, cause);
        self.outputs.push(Output::Ended(reason));
    }

    /// Abandons the socket or the dial, if there is one. The caller moves on to the next state.
    fn detach(&mut self) {
        if matches!(self.state, State::Connecting | State::Open | State::Closing) {
            self.outputs.push(Output::Detach {
                generation: self.generation,
            });
        }
    }

    fn enter(&mut self, to: State, cause: Cause) {
        let from = self.state;
        if from != to {
            self.state = to;
            self.outputs.push(Output::State { from, to, cause });
        }
    }
}
