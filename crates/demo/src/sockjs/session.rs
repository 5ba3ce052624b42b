//! Sessions of clients that come over HTTP: they live from request to request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    chaos::{Chaos, Settings},
    clock::now_ms,
    hub::{Hub, NoSeat},
    intake::Intake,
    outbound::Outbound,
    seat::Seat,
};

/// Most sessions.
const MAX_SESSIONS: usize = 1000;

/// All sessions, by the id that the client has chosen.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

/// One client.
pub(super) struct Session {
    /// What is to be brought to the client.
    pub(super) out: Arc<Outbound>,
    seat: Seat,
    hub: Arc<Hub>,
    chaos: Arc<Chaos>,
    intake: Mutex<Intake>,
    receiver: Mutex<Receiver>,
}

#[derive(Debug, Default)]
struct Receiver {
    attached: bool,
    /// How many there were: tells whether another one has come since.
    count: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No change here can stop half-way, so what is inside is whole even after a panic elsewhere.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    /// The session of an id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Session>> {
        lock(&self.0).get(id).cloned()
    }

    /// The session of an id, which is opened if there is none.
    pub(super) fn find_or_open(
        &self,
        id: &str,
        open: impl FnOnce() -> Result<Session, NoSeat>,
    ) -> Result<Arc<Session>, NoSeat> {
        let mut sessions = lock(&self.0);
        if let Some(session) = sessions.get(id) {
            return Ok(session.clone());
        }
        if sessions.len() >= MAX_SESSIONS {
            return Err(NoSeat::Full);
        }
        let session = Arc::new(open()?);
        sessions.insert(id.to_owned(), session.clone());
        Ok(session)
    }

    /// Forgets a session unless a receiver has come after the `count`th.
    pub(super) fn forget(&self, id: &str, count: u64) {
        let mut sessions = lock(&self.0);
        let abandoned = |session: &Arc<Session>| {
            let receiver = lock(&session.receiver);
            !receiver.attached && receiver.count == count
        };
        if sessions.get(id).is_some_and(abandoned) {
            sessions.remove(id);
        }
    }
}

impl Session {
    /// A session that nothing receives for yet.
    pub(super) fn new(seat: Seat, hub: Arc<Hub>, chaos: Arc<Chaos>) -> Self {
        Self {
            out: seat.out.clone(),
            seat,
            hub,
            chaos,
            intake: Mutex::new(Intake::new(now_ms())),
            receiver: Mutex::default(),
        }
    }

    /// Takes a message of the client.
    pub(super) fn take(&self, text: &str) {
        let stats = self.hub.stats();
        let end = lock(&self.intake).take(Some(text), &self.seat, self.settings(), stats, now_ms());
        if let Some(end) = end {
            self.out.end(end.code, end.reason);
        }
    }

    /// What the client's links are subject to.
    pub(super) fn settings(&self) -> Settings {
        self.chaos.settings_for(self.seat.client())
    }

    /// The hub's counters.
    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Lets a receiver in and gives its number, from 1; none if there is one already.
    pub(super) fn attach(&self) -> Option<u64> {
        let mut receiver = lock(&self.receiver);
        if receiver.attached {
            return None;
        }
        receiver.attached = true;
        receiver.count += 1;
        Some(receiver.count)
    }

    /// Lets the receiver go.
    pub(super) fn detach(&self) {
        lock(&self.receiver).attached = false;
    }
}
