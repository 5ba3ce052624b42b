//! A connection's place in the hub: what each message of a client does.
//!
//! Every message is decoded, checked against its bounds and only then acted on; whatever is wrong with it becomes a
//! refusal with the id of the message, and the link stays up.

use std::sync::Arc;

use everwire_messages::{
    Check, ClientMessage, Invalid, ServerMessage, bounds,
    request::ServerTime,
    session::{Pong, Reason, Rejected},
};

use crate::{
    clock::now_ms,
    hub::Hub,
    outbound::Outbound,
    room::{ConnectionId, Context, Room},
};

/// How much of a parser's error is told.
const MAX_WHY_CHARS: usize = 200;

/// A connection's place in the hub; leaves when dropped.
#[derive(Debug)]
pub struct Seat {
    hub: Arc<Hub>,
    id: ConnectionId,
    room: String,
    client: String,
    /// The queue to write to the client.
    pub out: Arc<Outbound>,
}

/// A message that is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    pub(crate) id: Option<String>,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl Seat {
    /// The place of a connection that the hub has let in.
    pub(crate) fn new(
        hub: Arc<Hub>,
        id: ConnectionId,
        room: String,
        client: String,
        out: Arc<Outbound>,
    ) -> Self {
        Self {
            hub,
            id,
            room,
            client,
            out,
        }
    }

    /// Name of the client: its own, or one made by the hub.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Takes one message of the client; the answers are in the queue afterwards. False if it was refused for good.
    pub fn take(&self, text: &str, now: u64) -> bool {
        let taken = match serde_json::from_str::<ClientMessage>(text) {
            Ok(message) => self.act(message, now),
            Err(error) => Err(Refused::unreadable(text, &error)),
        };
        match taken {
            Ok(()) => true,
            Err(refused) => {
                self.refuse(refused);
                false
            }
        }
    }

    /// Refuses a message that was not even looked at.
    pub fn refuse_unread(&self, text: &str, reason: Reason, message: &str) {
        self.refuse(Refused {
            id: readable_id(text),
            reason,
            message: message.to_owned(),
        });
    }

    fn refuse(
        &self,
        Refused {
            id,
            reason,
            message,
        }: Refused,
    ) {
        self.hub.stats().rejected.one();
        self.with_room(0, |room, context| {
            let rejected = Rejected {
                id,
                reason,
                message,
            };
            room.tell(self.id, &rejected.into(), context.stats);
        });
    }

    fn with_room<T>(
        &self,
        now: u64,
        work: impl FnOnce(&mut Room, &mut Context<'_>) -> T,
    ) -> Option<T> {
        self.hub.with_room(&self.room, self.id, now, work)
    }

    fn act(&self, message: ClientMessage, now: u64) -> Result<(), Refused> {
        let id = id_of(&message);
        let invalid = |error: Invalid| Refused {
            id: id.clone(),
            reason: Reason::Invalid,
            message: error.to_string(),
        };
        let done = self.with_room(now, |room, context| {
            // These need no hello.
            let message = match message {
                ClientMessage::Hello(hello) => {
                    room.hello(self.id, hello.parse().map_err(invalid)?, context);
                    return Ok(());
                }
                ClientMessage::Ping(ping) => {
                    let at = ping.parse().map_err(invalid)?.at;
                    let pong = Pong {
                        at,
                        server_time: now,
                        seq: room.feed.seq(),
                    };
                    room.tell(self.id, &pong.into(), context.stats);
                    return Ok(());
                }
                ClientMessage::Time(ask) => {
                    let id = ask.parse().map_err(invalid)?.into_inner().id;
                    let time = ServerTime {
                        id,
                        server_time: now,
                    };
                    room.tell(self.id, &time.into(), context.stats);
                    return Ok(());
                }
                message => message,
            };
            let user = room
                .members
                .get(&self.id)
                .and_then(|member| member.user.clone());
            let Some(user) = user else {
                let message = "say hello first".to_owned();
                return Err(Refused {
                    id: id.clone(),
                    reason: Reason::HelloRequired,
                    message,
                });
            };
            match message {
                ClientMessage::Post(post) => {
                    room.publish(self.id, &user, post.parse().map_err(invalid)?, context)?;
                }
                ClientMessage::Like(like) => {
                    room.like(self.id, &user, like.parse().map_err(invalid)?, context)?;
                }
                ClientMessage::Typing(typing) => room.typing(&user, &typing, context),
                ClientMessage::Read(mark) => {
                    room.read(&user, mark.parse().map_err(invalid)?, context)?;
                }
                ClientMessage::Replay(replay) => {
                    let replay = replay.parse().map_err(invalid)?.into_inner();
                    let history = room.feed.history(Some(replay.id), Some(replay.since));
                    room.tell(self.id, &history.into(), context.stats);
                }
                ClientMessage::Viewport(area) => {
                    room.watch(self.id, area.parse().map_err(invalid)?, context);
                }
                ClientMessage::Position(own) => {
                    room.place(&user, own.parse().map_err(invalid)?, context);
                }
                ClientMessage::Search(search) => {
                    let found = room.search(search.parse().map_err(invalid)?, context);
                    room.tell(self.id, &ServerMessage::Found(found), context.stats);
                }
                ClientMessage::WhoIs(who) => {
                    let profile = room.who_is(who.parse().map_err(invalid)?)?;
                    room.tell(self.id, &profile.into(), context.stats);
                }
                ClientMessage::Hello(_) | ClientMessage::Ping(_) | ClientMessage::Time(_) => {}
            }
            Ok(())
        });
        done.unwrap_or(Ok(()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(&self.room, self.id, now_ms());
        self.hub.stats().superseded.add(self.out.take_superseded());
    }
}

impl Refused {
    fn unreadable(text: &str, error: &serde_json::Error) -> Self {
        let (id, error) = (readable_id(text), error.to_string());
        // Neither text may carry back a whole message that somebody sent.
        if error.starts_with("unknown variant") {
            let message = "this type of message is not known; see PROTOCOL.md for those that are";
            return Self {
                id,
                reason: Reason::UnknownType,
                message: message.to_owned(),
            };
        }
        let why: String = error.chars().take(MAX_WHY_CHARS).collect();
        let message = format!("send a json object as in PROTOCOL.md; this is not one: {why}");
        Self {
            id,
            reason: Reason::Malformed,
            message,
        }
    }
}

/// The id in a text that may be anything.
fn readable_id(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Probe {
        id: String,
    }
    let Probe { id } = serde_json::from_str(text).ok()?;
    bounds::id("id", &id).ok().map(|()| id)
}

fn id_of(message: &ClientMessage) -> Option<String> {
    let id = match message {
        ClientMessage::Post(post) => &post.id,
        ClientMessage::Like(like) => &like.id,
        ClientMessage::Replay(replay) => &replay.id,
        ClientMessage::Search(search) => &search.id,
        ClientMessage::WhoIs(who) => &who.id,
        ClientMessage::Time(time) => &time.id,
        ClientMessage::Hello(_)
        | ClientMessage::Ping(_)
        | ClientMessage::Typing(_)
        | ClientMessage::Read(_)
        | ClientMessage::Viewport(_)
        | ClientMessage::Position(_) => return None,
    };
    // An id out of its bounds is not sent back: it may be as long as the whole message.
    bounds::id("id", id).ok().map(|()| id.clone())
}
