//! A link under a hand-driven clock. Every step checks what must hold in any state.

use everwire_core::link::{
    EndReason, Heartbeat, Input, Link, LinkConfig, Output, PongTimeout, State, Verdict,
};
use everwire_core::{Span, Time};

pub(crate) const SECOND: u64 = 1_000;

pub(crate) fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

pub(crate) fn heartbeat(timeout: PongTimeout) -> LinkConfig {
    let heartbeat = Heartbeat {
        interval: millis(10 * SECOND),
        timeout,
        answered: true,
    };
    LinkConfig {
        heartbeat: Some(heartbeat),
        ..LinkConfig::default()
    }
}

#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) link: Link,
    pub(crate) now: Time,
    /// The socket or dial that exists according to the outputs alone.
    live: Option<u32>,
}

impl Rig {
    pub(crate) fn new(config: LinkConfig) -> Self {
        Self::seeded(config, 7)
    }

    pub(crate) fn seeded(config: LinkConfig, seed: u64) -> Self {
        Self {
            link: Link::new(config, seed).unwrap(),
            now: Time::ZERO,
            live: None,
        }
    }

    /// A rig whose first dial succeeded.
    pub(crate) fn open(config: LinkConfig) -> Self {
        let mut rig = Self::new(config);
        rig.input(Input::Start);
        rig.opened();
        rig
    }

    /// A rig whose connection outlived the minimum uptime.
    pub(crate) fn stable(config: LinkConfig) -> Self {
        let mut rig = Self::open(config);
        rig.advance(5 * SECOND);
        rig
    }

    pub(crate) fn input(&mut self, input: Input) -> Vec<Output> {
        if let Input::SocketClosed { generation, .. } | Input::DialFailed { generation, .. } = input
        {
            self.live = self.live.filter(|&live| live != generation);
        }
        self.link.handle(self.now, input);
        let mut outputs = Vec::new();
        while let Some(output) = self.link.poll() {
            self.follow(output);
            outputs.push(output);
        }
        self.check();
        outputs
    }

    /// Lets time pass, ticking at each deadline on the way.
    pub(crate) fn advance(&mut self, by: u64) -> Vec<Output> {
        let end = self.now + millis(by);
        let mut outputs = Vec::new();
        while let Some(wake) = self.link.next_wake().filter(|&wake| wake <= end) {
            self.now = self.now.max(wake);
            outputs.extend(self.input(Input::Tick));
            assert!(
                self.link.next_wake() > Some(self.now) || self.link.next_wake().is_none(),
                "a tick left its deadline"
            );
        }
        self.now = end;
        outputs
    }

    /// Lets time pass without a tick: the page slept.
    pub(crate) fn sleep(&mut self, by: u64) {
        self.now = self.now + millis(by);
    }

    pub(crate) fn opened(&mut self) -> Vec<Output> {
        self.input(Input::Opened {
            generation: self.link.generation(),
        })
    }

    pub(crate) fn lost(&mut self, code: u16) -> Vec<Output> {
        self.lost_with(code, Verdict::Default)
    }

    pub(crate) fn lost_with(&mut self, code: u16, verdict: Verdict) -> Vec<Output> {
        let generation = self.link.generation();
        self.input(Input::SocketClosed {
            generation,
            code,
            clean: false,
            verdict,
        })
    }

    pub(crate) fn state(&self) -> State {
        self.link.state()
    }

    /// The wait that runs now.
    pub(crate) fn wait(&self) -> Span {
        self.link
            .retry_at()
            .expect("the link waits")
            .since(self.now)
    }

    fn follow(&mut self, output: Output) {
        match output {
            Output::Dial { generation, .. } => {
                assert_eq!(self.live, None, "two sockets at once");
                self.live = Some(generation);
            }
            Output::Detach { generation } => {
                assert_eq!(self.live, Some(generation), "detached what is not there");
                self.live = None;
            }
            Output::CloseSocket { generation } | Output::Ping { generation } => {
                assert_eq!(self.live, Some(generation), "addressed what is not there");
            }
            Output::State { from, to, .. } => assert_ne!(from, to),
            _ => {}
        }
    }

    fn check(&self) {
        let state = self.state();
        let has_socket = matches!(state, State::Connecting | State::Open | State::Closing);
        assert_eq!(
            self.live.is_some(),
            has_socket,
            "{state:?} with socket {:?}",
            self.live
        );
        assert_eq!(
            self.link.retry_at().is_some(),
            state == State::Waiting,
            "{state:?}"
        );
        match state {
            State::Idle | State::Closed => {
                assert_eq!(self.link.next_wake(), None, "a timer survived in {state:?}")
            }
            State::Connecting | State::Waiting | State::Closing => {
                assert!(
                    self.link.next_wake().is_some(),
                    "nothing would end {state:?}"
                );
            }
            State::Open => {}
        }
    }
}

pub(crate) fn dialed(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Dial { .. }))
}

pub(crate) fn pinged(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Ping { .. }))
}

pub(crate) fn detached(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Detach { .. }))
}

pub(crate) fn ended(outputs: &[Output]) -> Option<EndReason> {
    outputs.iter().find_map(|output| match output {
        Output::Ended(reason) => Some(*reason),
        _ => None,
    })
}
