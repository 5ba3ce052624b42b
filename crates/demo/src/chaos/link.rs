//! One TCP connection of the WebSocket listener, as the controls see it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::settings::Settings;

/// Handle of a link, shared by its pump, its connection and the controls.
#[derive(Debug)]
pub struct Link {
    id: u64,
    client: OnceLock<String>,
    state: watch::Sender<State>,
    traffic: Arc<Traffic>,
}

/// Bytes over all links.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Client to server.
    pub up: AtomicU64,
    /// Server to client.
    pub down: AtomicU64,
}

/// What a link is subject to now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// Delay, bandwidth, drops.
    pub settings: Settings,
    /// Silence, and when it ends.
    pub half_open: Option<Until>,
    /// Ended by RST.
    pub reset: bool,
}

/// End of a condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// At that time.
    Time(Instant),
    /// When somebody takes it back.
    Cleared,
}

impl Until {
    /// The end in so many seconds from now, or none.
    pub fn after(seconds: Option<f64>) -> Self {
        match seconds {
            Some(seconds) => Self::Time(Instant::now() + Duration::from_secs_f64(seconds)),
            None => Self::Cleared,
        }
    }

    /// Completes at the end; never if it has to be taken back.
    pub async fn wait(self) {
        match self {
            Self::Time(end) => sleep_until(end).await,
            Self::Cleared => std::future::pending().await,
        }
    }
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Client to server.
    Up,
    /// Server to client.
    Down,
}

impl Link {
    /// A link that has just been accepted.
    pub fn new(id: u64, settings: Settings, traffic: Arc<Traffic>) -> Self {
        let state = watch::Sender::new(State {
            settings,
            half_open: None,
            reset: false,
        });
        Self {
            id,
            client: OnceLock::new(),
            state,
            traffic,
        }
    }

    /// Number of the link, counted from the start of the process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Name of the client, known from the WebSocket handshake on.
    pub fn client(&self) -> Option<&str> {
        self.client.get().map(String::as_str)
    }

    /// Names the client; a link has one client for life, so only the first call counts.
    pub fn name(&self, client: &str) {
        self.client.get_or_init(|| client.to_owned());
    }

    /// The settings in force.
    pub fn settings(&self) -> Settings {
        self.state.borrow().settings
    }

    /// Whether the link is silent now.
    pub fn is_half_open(&self) -> bool {
        match self.state.borrow().half_open {
            Some(Until::Time(end)) => Instant::now() < end,
            Some(Until::Cleared) => true,
            None => false,
        }
    }

    /// Changes the settings.
    pub fn set(&self, settings: Settings) {
        self.state.send_modify(|state| state.settings = settings);
    }

    /// Makes the link silent, or ends the silence.
    pub fn set_half_open(&self, until: Option<Until>) {
        self.state.send_modify(|state| state.half_open = until);
    }

    /// Ends the link with a RST, silent or not.
    pub fn reset(&self) {
        self.state.send_modify(|state| state.reset = true);
    }

    /// A receiver of every change, for the pump.
    pub fn changes(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Counts bytes that went over TCP.
    pub fn count(&self, direction: Direction, bytes: usize) {
        let counter = match direction {
            Direction::Up => &self.traffic.up,
            Direction::Down => &self.traffic.down,
        };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
