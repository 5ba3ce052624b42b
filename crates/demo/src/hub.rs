//! The hub: all rooms behind one lock, and what each message of a client does to them.
//!
//! Every call is short and never waits for a client: output goes into queues. One lock for all is enough for a demo and
//! makes order simple: what is stored first has the lower sequence number and is told first.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use everwire_messages::location::Position;
use serde::Serialize;

use crate::{
    fleet::Fleet,
    outbound::Outbound,
    room::{ConnectionId, Context, Room},
    seat::Seat,
    stats::Stats,
    store::{Store, StoreError},
};

/// Rooms that exist from the start.
pub const ROOMS: [&str; 3] = ["seoul", "busan", "jeju"];
/// Room of a client that names none.
pub const DEFAULT_ROOM: &str = "seoul";
/// Most rooms.
pub const MAX_ROOMS: usize = 32;
/// Longest name of a room, in bytes.
pub const MAX_ROOM_BYTES: usize = 32;

/// The hub.
#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    fleet: Fleet,
    stats: Stats,
    connections: AtomicU64,
}

#[derive(Debug)]
struct State {
    rooms: BTreeMap<String, Room>,
    store: Store,
}

/// Why a handshake is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    /// The room's name is not one.
    #[error("room must be 1 to 32 of a-z, 0-9 and -")]
    Name,
    /// There are too many rooms.
    #[error("there are {MAX_ROOMS} rooms already; join one of them")]
    Full,
}

/// Numbers of a room for `/stats`.
#[derive(Debug, Clone, Serialize)]
pub struct RoomReport {
    seq: u64,
    posts: usize,
    present: usize,
}

impl Hub {
    /// A hub with a fleet, its feeds read back from `state` if there is such a file.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be used.
    pub fn new(fleet: Fleet, state: Option<&Path>, epoch: String) -> Result<Self, StoreError> {
        let (store, changes) = match state {
            Some(path) => Store::open(path, epoch)?,
            None => (Store::in_memory(epoch), Vec::new()),
        };
        let mut rooms: BTreeMap<String, Room> = ROOMS
            .iter()
            .map(|name| (name.to_string(), Room::new(name)))
            .collect();
        for (name, change) in changes {
            rooms
                .entry(name.clone())
                .or_insert_with(|| Room::new(&name))
                .feed
                .apply(change);
        }
        let state = Mutex::new(State { rooms, store });
        Ok(Self {
            state,
            fleet,
            stats: Stats::default(),
            connections: AtomicU64::new(0),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock would be a bug of one message; the others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counters.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The vehicles.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Lets a connection into a room, which is opened if need be.
    ///
    /// # Errors
    /// [`NoSeat`] if the name is wrong or there are too many rooms.
    pub fn join(self: &Arc<Self>, room: &str, client: Option<&str>) -> Result<Seat, NoSeat> {
        let letters = room
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if room.is_empty() || room.len() > MAX_ROOM_BYTES || !letters {
            return Err(NoSeat::Name);
        }
        let mut state = self.state();
        if !state.rooms.contains_key(room) && state.rooms.len() >= MAX_ROOMS {
            return Err(NoSeat::Full);
        }
        let id = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let client = client.map_or_else(|| format!("client-{id}"), str::to_owned);
        let out = Arc::new(Outbound::default());
        let entry = state
            .rooms
            .entry(room.to_owned())
            .or_insert_with(|| Room::new(room));
        entry.join(id, client.clone(), out.clone());
        Ok(Seat::new(self.clone(), id, room.to_owned(), client, out))
    }

    /// Lets a connection go; its user stays present for the grace period.
    pub(crate) fn leave(&self, room: &str, id: ConnectionId, now: u64) {
        if let Some(room) = self.state().rooms.get_mut(room) {
            room.leave(id, now);
        }
    }

    /// Does something in a room for one of its connections; nothing if the connection is not known any more, as after
    /// a simulated crash.
    pub(crate) fn with_room<T>(
        &self,
        room: &str,
        id: ConnectionId,
        now: u64,
        work: impl FnOnce(&mut Room, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let mut state = self.state();
        let State { rooms, store } = &mut *state;
        let room = rooms
            .get_mut(room)
            .filter(|room| room.members.contains_key(&id))?;
        let mut context = Context {
            now,
            store,
            fleet: &self.fleet,
            stats: &self.stats,
        };
        Some(work(room, &mut context))
    }

    /// Moves the vehicles and ends what time has ended; to be called regularly.
    pub fn tick(&self, now: u64) {
        let positions: Vec<Position> = self.fleet.positions(now).collect();
        self.with_rooms(now, |room, context| {
            room.sweep(context);
            room.show(&positions);
        });
    }

    fn with_rooms(&self, now: u64, mut work: impl FnMut(&mut Room, &mut Context<'_>)) {
        let mut state = self.state();
        let State { rooms, store } = &mut *state;
        let mut context = Context {
            now,
            store,
            fleet: &self.fleet,
            stats: &self.stats,
        };
        rooms.values_mut().for_each(|room| work(room, &mut context));
    }

    /// Forgets everything that a killed process would: who is here, who types, who is where. The feeds stay, as in a
    /// database.
    pub fn crash(&self) {
        for room in self.state().rooms.values_mut() {
            room.members.clear();
            room.users.clear();
            room.people.clear();
        }
    }

    /// Closes every connection with a close frame.
    pub fn close_all(&self, code: u16, reason: &str) {
        for room in self.state().rooms.values() {
            room.members
                .values()
                .for_each(|member| member.out.end(code, reason));
        }
    }

    /// Closes the connections of one client with a close frame.
    pub fn close_client(&self, client: &str, code: u16, reason: &str) {
        for room in self.state().rooms.values() {
            room.members
                .values()
                .filter(|member| member.client() == client)
                .for_each(|member| member.out.end(code, reason));
        }
    }

    /// Number of connections.
    pub fn connected(&self) -> usize {
        self.state()
            .rooms
            .values()
            .map(|room| room.members.len())
            .sum()
    }

    /// Names of all rooms, those that exist from the start first.
    pub fn room_names(&self) -> Vec<String> {
        let state = self.state();
        let opened = state
            .rooms
            .keys()
            .filter(|name| !ROOMS.contains(&name.as_str()))
            .cloned();
        ROOMS
            .iter()
            .map(ToString::to_string)
            .chain(opened)
            .collect()
    }

    /// Numbers of all rooms.
    pub fn rooms(&self) -> BTreeMap<String, RoomReport> {
        let state = self.state();
        let report = |room: &Room| RoomReport {
            seq: room.feed.seq(),
            posts: room.feed.post_count(),
            present: room.users.len(),
        };
        state
            .rooms
            .iter()
            .map(|(name, room)| (name.clone(), report(room)))
            .collect()
    }
}
