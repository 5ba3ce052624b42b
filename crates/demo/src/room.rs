//! One room: who is in it, what they write, and which part of the map each of them watches.
//!
//! Time comes in as a value and output goes into the members' queues, so nothing here waits or blocks, except for the
//! store, whose write has to come before the ack.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use axum::extract::ws::Utf8Bytes;
use everwire_messages::{
    ServerMessage, Valid,
    location::{Kind, OwnPosition, Position, Snapshot, Viewport},
    session::{Hello, Welcome},
    social::{OwnTyping, Presence, Typing},
};

use crate::{
    feed::Feed, fleet::Fleet, outbound::Outbound, presence::User, stats::Stats, store::Store,
};

/// How long a user counts as present after the last client went, ms.
pub const PRESENCE_GRACE_MS: u64 = 3000;
/// How long "typing" lasts without being refreshed, ms.
pub const TYPING_TTL_MS: u64 = 5000;
/// How long the position of a person is shown without a newer one, ms.
pub const PERSON_TTL_MS: u64 = 60_000;

/// Identity of a connection within the hub.
pub type ConnectionId = u64;

/// What a room needs from the hub to do something.
pub(crate) struct Context<'a> {
    pub(crate) now: u64,
    pub(crate) store: &'a mut Store,
    pub(crate) fleet: &'a Fleet,
    pub(crate) stats: &'a Stats,
}

/// State of a room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) feed: Feed,
    pub(crate) members: HashMap<ConnectionId, Member>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) people: BTreeMap<String, Position>,
}

/// A connection in the room.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) out: Arc<Outbound>,
    client: String,
    /// Who it is, from hello on. Until then it gets nothing but answers.
    pub(crate) user: Option<String>,
    viewport: Option<Viewport>,
    visible: HashSet<String>,
}

/// Text of a message.
pub(crate) fn encode(message: &ServerMessage) -> Utf8Bytes {
    // Only maps with odd keys or failing `Serialize`s can fail here, and messages have neither.
    serde_json::to_string(message).unwrap_or_default().into()
}

impl Room {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Lets a connection in; it takes part from hello on.
    pub(crate) fn join(&mut self, id: ConnectionId, client: String, out: Arc<Outbound>) {
        let visible = HashSet::new();
        self.members.insert(
            id,
            Member {
                out,
                client,
                user: None,
                viewport: None,
                visible,
            },
        );
    }

    /// Lets a connection go. Its user stays present for the grace period.
    pub(crate) fn leave(&mut self, id: ConnectionId, now: u64) {
        if let Some(user) = self.members.remove(&id).and_then(|member| member.user) {
            self.disconnect(&user, now);
        }
    }

    fn disconnect(&mut self, user: &str, now: u64) {
        if let Some(user) = self.users.get_mut(user) {
            user.disconnected(now);
        }
    }

    /// Sends to one member.
    pub(crate) fn tell(&self, id: ConnectionId, message: &ServerMessage, stats: &Stats) {
        if let Some(member) = self.members.get(&id)
            && member.out.event(encode(message))
        {
            stats.slow_closed.one();
        }
    }

    /// Sends to every member who has said hello, except the clients of one user.
    pub(crate) fn tell_all(&self, message: &ServerMessage, except: Option<&str>, stats: &Stats) {
        let text = encode(message);
        for member in self.members.values() {
            let Some(user) = member.user.as_deref() else {
                continue;
            };
            if Some(user) != except && member.out.event(text.clone()) {
                stats.slow_closed.one();
            }
        }
    }

    /// Answers a hello with welcome and history, and tells the others who has come.
    pub(crate) fn hello(&mut self, id: ConnectionId, hello: Valid<Hello>, context: &Context<'_>) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let client = member.client.clone();
        let before = member.user.replace(hello.user.clone());
        if before.as_deref() != Some(&hello.user) {
            if let Some(before) = before {
                self.disconnect(&before, context.now);
            }
            self.users
                .entry(hello.user.clone())
                .or_default()
                .connected();
        }
        let user = self.users.entry(hello.user.clone()).or_default();
        if user.rename(&hello.name) {
            let (user, name) = (hello.user.clone(), hello.name.clone());
            let presence = Presence {
                user,
                name,
                online: true,
            };
            self.tell_all(&presence.into(), Some(&hello.user), context.stats);
        }
        let welcome = Welcome {
            client,
            user: hello.user.clone(),
            room: self.name.clone(),
            epoch: context.store.epoch().to_owned(),
            seq: self.feed.seq(),
            server_time: context.now,
            present: self.present(),
            reads: self.feed.reads(),
        };
        let same_epoch = hello.epoch.as_deref() == Some(context.store.epoch());
        let history = match hello.last_seq {
            Some(_) if !same_epoch => self.feed.snapshot(None, false),
            since => self.feed.history(None, since),
        };
        self.tell(id, &welcome.into(), context.stats);
        self.tell(id, &history.into(), context.stats);
    }

    fn present(&self) -> Vec<Presence> {
        self.users
            .iter()
            .map(|(id, user)| Presence {
                user: id.clone(),
                name: user.name().to_owned(),
                online: true,
            })
            .collect()
    }

    /// A user types, or has stopped.
    pub(crate) fn typing(&mut self, user: &str, typing: &OwnTyping, context: &Context<'_>) {
        if let Some(state) = self.users.get_mut(user) {
            state.typing(typing.active, context.now);
            self.tell_typing(user, typing.active, context.stats);
        }
    }

    /// Ends "typing" without a word from the user: a post came, or time is over.
    pub(crate) fn stop_typing(&mut self, user: &str, context: &Context<'_>) {
        if self.users.get_mut(user).is_some_and(User::stop_typing) {
            self.tell_typing(user, false, context.stats);
        }
    }

    fn tell_typing(&self, user: &str, active: bool, stats: &Stats) {
        let name = self.users.get(user).map_or("", User::name).to_owned();
        let typing = Typing {
            user: user.to_owned(),
            name,
            active,
        };
        self.tell_all(&typing.into(), Some(user), stats);
    }

    /// Ends what time has ended: typing, presence, positions of people.
    pub(crate) fn sweep(&mut self, context: &Context<'_>) {
        let now = context.now;
        let silent: Vec<String> = self.ids_of(|user| user.typing_is_over(now));
        for user in silent {
            self.stop_typing(&user, context);
        }
        for id in self.ids_of(|user| user.is_gone(now)) {
            let Some(user) = self.users.remove(&id) else {
                continue;
            };
            let presence = Presence {
                user: id.clone(),
                name: user.name().to_owned(),
                online: false,
            };
            self.tell_all(&presence.into(), None, context.stats);
            self.remove_person(&id);
        }
        let stale: Vec<String> = self
            .people
            .values()
            .filter(|person| person.at + PERSON_TTL_MS <= now)
            .map(|person| person.id.clone())
            .collect();
        stale.iter().for_each(|id| self.remove_person(id));
    }

    fn ids_of(&self, matches: impl Fn(&User) -> bool) -> Vec<String> {
        self.users
            .iter()
            .filter(|(_, user)| matches(user))
            .map(|(id, _)| id.clone())
            .collect()
    }

    fn remove_person(&mut self, id: &str) {
        if self.people.remove(id).is_some() {
            self.members.values_mut().for_each(|member| member.lose(id));
        }
    }

    /// Gives a member everything in a new viewport.
    pub(crate) fn watch(&mut self, id: ConnectionId, area: Valid<Viewport>, context: &Context<'_>) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let viewport = area.into_inner();
        let people = self
            .people
            .values()
            .filter(|person| Some(&person.id) != member.user.as_ref());
        let positions: Vec<Position> = context
            .fleet
            .positions(context.now)
            .chain(people.cloned())
            .filter(|position| viewport.contains(position.lat, position.lon))
            .collect();
        member.visible = positions
            .iter()
            .map(|position| position.id.clone())
            .collect();
        member.viewport = Some(viewport);
        member.out.snapshot(Snapshot {
            viewport,
            positions,
        });
    }

    /// Takes a user's own position and shows it to the others.
    pub(crate) fn place(&mut self, user: &str, own: Valid<OwnPosition>, context: &Context<'_>) {
        let position = Position {
            id: user.to_owned(),
            kind: Kind::Person,
            lat: own.lat,
            lon: own.lon,
            heading: own.heading.unwrap_or_default(),
            speed: own.speed.unwrap_or_default(),
            at: context.now,
        };
        self.members
            .values_mut()
            .filter(|member| member.user.as_deref().is_some_and(|other| other != user))
            .for_each(|member| member.show(&position));
        self.people.insert(user.to_owned(), position);
    }

    /// Shows the moved vehicles to those who watch them.
    pub(crate) fn show(&mut self, positions: &[Position]) {
        for member in self.members.values_mut() {
            positions.iter().for_each(|position| member.show(position));
        }
    }
}

impl Member {
    /// Name of the client, for the controls.
    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    fn show(&mut self, position: &Position) {
        let Some(viewport) = &self.viewport else {
            return;
        };
        if viewport.contains(position.lat, position.lon) {
            if !self.visible.contains(&position.id) {
                self.visible.insert(position.id.clone());
            }
            self.out.position(position.clone());
        } else {
            self.lose(&position.id);
        }
    }

    fn lose(&mut self, id: &str) {
        if self.visible.remove(id) {
            self.out.left(id);
        }
    }
}
