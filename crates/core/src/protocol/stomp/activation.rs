//! The life of a client as `@stomp/stompjs` lives it: activated, connecting, connected, waiting, until it is deactivated.
//!
//! The redial and the numbers of the attempts are a [`Link`]'s; its `Opened` is `CONNECTED`. What the peer does differently
//! from everwire's own clients stands here: delays without jitter that double or stay as they are and start anew with each
//! `CONNECTED`, options that are read when they matter, and no end to retries.

use super::{Beats, Pulse};
use crate::link::{Backoff, Input, Link, LinkConfig, Output, State, Verdict};
use crate::queue::Queue;
use crate::{Span, Time};

/// What the shell is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Begin an attempt: ask the user for what it needs, make the socket, report [`Activation::dialed`].
    Prepare {
        /// Its number.
        generation: u32,
    },
    /// The next attempt begins after `delay`.
    Retry {
        /// How long.
        delay: Span,
    },
    /// No `CONNECTED` within the connection timeout: close the socket.
    TimedOut,
    /// Send a beat.
    Beat,
    /// Nothing came in for too long: close or abandon the socket.
    Lost {
        /// For how long.
        silence: Span,
    },
    /// Deactivating takes too long: abandon the socket.
    Abandon,
    /// The server reported an error and did not close in time: close the socket.
    CloseAfterError,
}

/// How a wait becomes the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Whether each wait is twice the one before.
    pub exponential: bool,
    /// Longest wait when it grows; zero for no limit.
    pub max: Span,
}

/// One activation of a client. Make a new one when it is activated again.
#[derive(Clone, Debug)]
pub struct Activation {
    link: Link,
    /// The next wait; zero for no redial.
    delay: Span,
    timeout_at: Time,
    abandon_at: Time,
    close_at: Time,
    pulse: Option<Pulse>,
    actions: Queue<Action>,
}

impl Activation {
    /// Begins with an attempt. A lost connection is dialled again after `delay`, never if that is zero.
    pub fn new(now: Time, delay: Span) -> Self {
        let config = LinkConfig {
            // Each wait is given by this, through the link's verdict.
            backoff: Backoff::default(),
            reconnect: true,
            max_retries: None,
            min_uptime: Span::ZERO,
            connect_timeout: None,
            close_timeout: Span::MAX,
            endpoints: 1,
            fatal_codes: false,
            heartbeat: None,
        };
        let mut activation = Self {
            link: Link::checked(config, 0),
            delay,
            timeout_at: Time::NEVER,
            abandon_at: Time::NEVER,
            close_at: Time::NEVER,
            pulse: None,
            actions: Queue::new(),
        };
        activation.tell(now, Input::Start);
        activation
    }

    /// The next thing to do. Poll until `None` after each call of the others.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop()
    }

    /// When [`tick`](Self::tick) is due.
    pub fn next_wake(&self) -> Option<Time> {
        let pulse = self.pulse.as_ref().map_or(Time::NEVER, Pulse::next_wake);
        self.link
            .wake()
            .min(self.timeout_at)
            .min(self.abandon_at)
            .min(self.close_at)
            .min(pulse)
            .if_ever()
    }

    /// The attempt of this number makes its socket now; `CONNECTED` is to come within `timeout` ([`Span::MAX`]: whenever).
    /// False if the attempt is obsolete: make no socket.
    pub fn dialed(&mut self, now: Time, generation: u32, timeout: Span) -> bool {
        if generation != self.link.generation() || self.link.state() != State::Connecting {
            return false;
        }
        self.timeout_at = now + timeout;
        true
    }

    /// `CONNECTED` came: the agreed beats begin, and waits start anew with `delay`.
    pub fn connected(&mut self, now: Time, beats: Beats, tolerance: f64, delay: Span) {
        let generation = self.link.generation();
        self.tell(now, Input::Opened { generation });
        self.timeout_at = Time::NEVER;
        self.delay = delay;
        self.pulse = Some(Pulse::new(now, beats, tolerance));
    }

    /// Something came in at `at`.
    pub fn heard(&mut self, at: Time) {
        if let Some(pulse) = &mut self.pulse {
            pulse.heard(at);
        }
    }

    /// The server reported an error; it may take `limit` to close.
    pub fn failed(&mut self, now: Time, limit: Span) {
        self.close_at = self.close_at.min(now + limit);
    }

    /// The user deactivates while there is a socket, which is to end within `limit`. No redial any more.
    pub fn deactivate(&mut self, now: Time, limit: Span) {
        self.abandon_at = self.abandon_at.min(now + limit);
        self.delay = Span::ZERO;
    }

    /// The socket of the attempt closed, or there never was one: waits for the delay and for `spread` times as long again,
    /// and then dials. Stale numbers are ignored.
    pub fn closed(&mut self, now: Time, generation: u32, code: u16, clean: bool, spread: f64) {
        if generation != self.link.generation() {
            return;
        }
        let verdict = if self.delay.is_zero() {
            Verdict::Stop
        } else {
            let spread = Span::from_millis_f64(self.delay.as_millis_f64() * spread);
            Verdict::RetryAfter(self.delay + spread)
        };
        self.timeout_at = Time::NEVER;
        self.abandon_at = Time::NEVER;
        self.close_at = Time::NEVER;
        self.pulse = None;
        self.tell(
            now,
            Input::SocketClosed {
                generation,
                code,
                clean,
                verdict,
            },
        );
    }

    /// Does what is due. A call that comes early does no harm.
    pub fn tick(&mut self, now: Time, growth: Growth) {
        if self.link.retry_at().is_some_and(|at| at <= now) && growth.exponential {
            self.delay = self.delay.times(2);
            if !growth.max.is_zero() {
                self.delay = self.delay.min(growth.max);
            }
        }
        self.tell(now, Input::Tick);
        for (deadline, action) in [
            (&mut self.timeout_at, Action::TimedOut),
            (&mut self.abandon_at, Action::Abandon),
            (&mut self.close_at, Action::CloseAfterError),
        ] {
            if *deadline <= now {
                *deadline = Time::NEVER;
                self.actions.push(action);
            }
        }
        if let Some(pulse) = &mut self.pulse {
            let due = pulse.tick(now);
            if due.beat {
                self.actions.push(Action::Beat);
            }
            if let Some(silence) = due.silence {
                self.actions.push(Action::Lost { silence });
            }
        }
    }

    fn tell(&mut self, now: Time, input: Input) {
        self.link.handle(now, input);
        while let Some(output) = self.link.poll() {
            match output {
                Output::Dial { generation, .. } => {
                    self.actions.push(Action::Prepare { generation })
                }
                Output::Retry { delay, .. } => self.actions.push(Action::Retry { delay }),
                _ => {}
            }
        }
    }
}
