//! A session with a clock, and its outputs as they come.

use everwire_core::protocol::sockjs::{
    Arrival, Cause, HeartbeatCheck, Input, Output, Received, Session, SessionConfig, Transport,
    Transports,
};
use everwire_core::{Span, Time};

pub(crate) struct Rig {
    pub(crate) session: Session,
    pub(crate) now: Time,
    pub(crate) attempt: u32,
}

pub(crate) fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

/// A configuration with these transports.
pub(crate) fn only(transports: &[Transport]) -> SessionConfig {
    SessionConfig {
        transports: Transports::from_names(transports.iter().map(|each| each.name())),
        ..SessionConfig::default()
    }
}

impl Rig {
    pub(crate) fn new(config: SessionConfig) -> Self {
        Self {
            session: Session::new(config),
            now: Time::from_millis_f64(1_000_000.0),
            attempt: 0,
        }
    }

    /// Started and told by `/info`, after `rtt`, that WebSocket is there.
    pub(crate) fn dialling(config: SessionConfig, rtt: u64) -> (Self, Vec<Output>) {
        let mut rig = Self::new(config);
        assert_eq!(rig.input(Input::Start), [Output::Ask]);
        rig.now = rig.now + ms(rtt);
        let outputs = rig.input(Input::Info { websocket: true });
        (rig, outputs)
    }

    /// Open over one transport.
    pub(crate) fn open(transport: Transport) -> Self {
        Self::open_with(only(&[transport]), transport)
    }

    pub(crate) fn open_with(config: SessionConfig, transport: Transport) -> Self {
        let (mut rig, outputs) = Self::dialling(config, 10);
        let attempt = 1;
        assert_eq!(outputs, [Output::Dial { attempt, transport }]);
        assert_eq!(rig.receive(Arrival::Open), Received::Done);
        assert_eq!(rig.outputs(), [Output::Opened { transport }]);
        rig
    }

    pub(crate) fn input(&mut self, input: Input) -> Vec<Output> {
        self.session.handle(self.now, input);
        self.outputs()
    }

    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        let outputs: Vec<_> = std::iter::from_fn(|| self.session.poll()).collect();
        for output in &outputs {
            if let Output::Dial { attempt, .. } = output {
                self.attempt = *attempt;
            }
        }
        outputs
    }

    pub(crate) fn receive(&mut self, arrival: Arrival) -> Received {
        self.session.receive(self.now, self.attempt, arrival)
    }

    /// Time until the next wake.
    pub(crate) fn wait(&self) -> Option<Span> {
        Some(self.session.next_wake()?.since(self.now))
    }

    /// Lets time pass until the next wake and ticks.
    pub(crate) fn wake(&mut self) -> Vec<Output> {
        self.now = self.session.next_wake().expect("a deadline");
        self.input(Input::Tick)
    }

    /// Lets this much time pass without a tick.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now = self.now + ms(millis);
    }
}

/// The end of a session that had a transport.
pub(crate) fn end(attempt: u32, code: u16, cause: Cause, clean: bool) -> [Output; 2] {
    [Output::Detach { attempt }, closed(code, cause, clean)]
}

pub(crate) fn closed(code: u16, cause: Cause, clean: bool) -> Output {
    Output::Closed { code, cause, clean }
}

pub(crate) fn checking(transport: Transport, heartbeat: HeartbeatCheck) -> Rig {
    let config = SessionConfig {
        heartbeat,
        ..only(&[transport])
    };
    Rig::open_with(config, transport)
}
