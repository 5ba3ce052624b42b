//! Hurts the links of the WebSocket listener for real: delay, bandwidth, silence, RST, close, kill and restart.
//!
//! [`Settings`] say what holds, a [`Link`] is one TCP connection under them, the pump carries its bytes, the
//! listener puts a pump behind every connection, and [`Chaos`] is what the HTTP controls act on. Dropping every Nth
//! message is the one thing done elsewhere (in the client's loop), since only there are messages known.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

mod link;
mod listener;
mod pump;
mod settings;

pub use link::{Direction, Link, Traffic, Until};
pub use listener::{ChaosListener, HubStream, OverLink};
pub use settings::{Close, Command, Overlay, Refusal, Settings, Switch};

/// Most clients with settings of their own.
const MAX_CLIENTS: usize = 256;
/// How long a command waits for the listener to stop or start before it answers anyway.
const POWER_WAIT: Duration = Duration::from_secs(5);

/// Controls over all links.
#[derive(Debug)]
pub struct Chaos {
    book: Mutex<Book>,
    traffic: Arc<Traffic>,
    /// What is asked of the listener.
    power: watch::Sender<Power>,
    /// Whether the listener runs.
    running: watch::Sender<bool>,
    /// Number of open connections.
    open: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Book {
    all: Settings,
    clients: BTreeMap<String, Overlay>,
    links: HashMap<u64, Arc<Link>>,
    opened: u64,
}

/// Whether the WebSocket side of the server is to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Power {
    /// It runs.
    On,
    /// It is killed.
    Off(Until),
}

/// State as `GET /chaos` tells it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    settings: Settings,
    clients: BTreeMap<String, Overlay>,
    down: bool,
    down_for_ms: Option<u64>,
    links: Vec<LinkReport>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkReport {
    link: u64,
    client: Option<String>,
    half_open: bool,
}

impl Default for Chaos {
    fn default() -> Self {
        Self {
            book: Mutex::default(),
            traffic: Arc::default(),
            power: watch::Sender::new(Power::On),
            running: watch::Sender::new(false),
            open: watch::Sender::new(0),
        }
    }
}

impl Chaos {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Every change below leaves the book whole, so a panic elsewhere cannot have torn it.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes over all links so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> u64 {
        self.book().opened
    }

    /// Registers a connection that was just accepted.
    pub fn open_link(&self) -> Arc<Link> {
        let mut book = self.book();
        book.opened += 1;
        let link = Arc::new(Link::new(book.opened, book.all, self.traffic.clone()));
        book.links.insert(link.id(), link.clone());
        self.open.send_replace(book.links.len());
        link
    }

    /// Tells whose link it is: from now on the client's own settings hold.
    pub fn name_link(&self, link: &Link, client: &str) {
        let book = self.book();
        link.name(client);
        link.set(book.settings_of(link));
    }

    /// The settings of a client, whichever of its links it is on: one that polls has several.
    pub fn settings_for(&self, client: &str) -> Settings {
        let book = self.book();
        match book.clients.get(client) {
            Some(overlay) => overlay.over(book.all),
            None => book.all,
        }
    }

    /// Forgets a connection that has ended.
    pub fn forget_link(&self, link: &Link) {
        let mut book = self.book();
        book.links.remove(&link.id());
        self.open.send_replace(book.links.len());
    }

    /// Completes once no connection is open.
    pub async fn idle(&self) {
        // The sender lives as long as this, so waiting cannot fail.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Resets every live link.
    pub fn reset_all(&self) {
        self.book().links.values().for_each(|link| link.reset());
    }

    /// Applies a command to all links, or to those of one client. Closing is left to the caller: it is a matter of
    /// messages, not of bytes.
    ///
    /// # Errors
    /// [`Refusal`], with nothing changed.
    pub fn apply(&self, command: &Command, client: Option<&str>) -> Result<(), Refusal> {
        command.check()?;
        let mut book = self.book();
        match client {
            None => book.change_all(command),
            Some(client) => book.change_client(command, client)?,
        }
        for link in book
            .links
            .values()
            .filter(|link| client.is_none() || link.client() == client)
        {
            link.set(book.settings_of(link));
            if command.clear {
                link.set_half_open(None);
            }
            match command.half_open {
                Some(Switch::On { seconds }) => link.set_half_open(Some(Until::after(seconds))),
                Some(Switch::Bare(_)) => link.set_half_open(None),
                None => {}
            }
            if command.reset {
                link.reset();
            }
        }
        drop(book);
        if client.is_none() {
            match command.kill {
                Some(Switch::On { seconds }) => {
                    self.power.send_replace(Power::Off(Until::after(seconds)));
                }
                Some(Switch::Bare(_)) => {
                    self.power.send_replace(Power::On);
                }
                None if command.clear => {
                    self.power.send_replace(Power::On);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// What the listener shall do, for the task that runs it.
    pub fn power(&self) -> watch::Receiver<Power> {
        self.power.subscribe()
    }

    /// Ends a kill whose time is over.
    pub fn power_on(&self) {
        self.power.send_replace(Power::On);
    }

    /// Tells whether the listener runs now; by the task that runs it.
    pub fn set_running(&self, running: bool) {
        self.running.send_replace(running);
    }

    /// Waits until the listener does what was last asked of it, or for 5 s.
    pub async fn powered(&self) {
        let mut running = self.running.subscribe();
        // Asked anew each time: a short kill may be over before this task looks.
        let as_asked = |running: &bool| *running == (*self.power.borrow() == Power::On);
        // Not in time: the report says truthfully what is.
        let _ = timeout(POWER_WAIT, running.wait_for(as_asked)).await;
    }

    /// The present state.
    pub fn report(&self) -> Report {
        let book = self.book();
        let mut links: Vec<LinkReport> = book
            .links
            .values()
            .map(|link| LinkReport {
                link: link.id(),
                client: link.client().map(str::to_owned),
                half_open: link.is_half_open(),
            })
            .collect();
        links.sort_by_key(|link| link.link);
        let down_for_ms = match *self.power.borrow() {
            Power::Off(Until::Time(end)) => {
                Some(end.saturating_duration_since(Instant::now()).as_millis() as u64)
            }
            Power::Off(Until::Cleared) | Power::On => None,
        };
        Report {
            settings: book.all,
            clients: book.clients.clone(),
            down: !*self.running.borrow(),
            down_for_ms,
            links,
        }
    }
}

impl Book {
    fn settings_of(&self, link: &Link) -> Settings {
        match link.client().and_then(|client| self.clients.get(client)) {
            Some(overlay) => overlay.over(self.all),
            None => self.all,
        }
    }

    fn change_all(&mut self, command: &Command) {
        if command.clear {
            self.all = Settings::default();
            self.clients.clear();
        }
        command.change_settings(&mut self.all);
    }

    fn change_client(&mut self, command: &Command, client: &str) -> Result<(), Refusal> {
        if command.kill.is_some() {
            return Err(Refusal::KillOfOne);
        }
        everwire_messages::bounds::id("client", client).map_err(|_| Refusal::Client)?;
        let mut overlay = match self.clients.get(client) {
            Some(overlay) if !command.clear => *overlay,
            _ => Overlay::default(),
        };
        command.change_overlay(&mut overlay);
        if overlay == Overlay::default() {
            self.clients.remove(client);
        } else if self.clients.len() < MAX_CLIENTS || self.clients.contains_key(client) {
            self.clients.insert(client.to_owned(), overlay);
        } else {
            return Err(Refusal::TooManyClients);
        }
        Ok(())
    }
}
