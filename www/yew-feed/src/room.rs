//! One room: its socket, what is said first on it, and the pace of each kind of message.

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
    time::Duration,
};

use everwire::{
    Backoff, Builder, Error, Id, Json, Lane, MessageOptions, Offline, Order, Socket, Span, State,
    Url,
};
use everwire_messages::{
    ClientMessage, ServerMessage,
    session::{Hello, Ping, Reason, Rejected},
    social::{Like, NewPost, OwnTyping, Replay},
};
use everwire_yew::{UseSocketHandle, UseTopicHandle, use_messages, use_socket, use_topic};
use gloo_timers::callback::Interval;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::{
    browser::{Identity, address, now, unique_id},
    feed::Feed,
    likes::Likes,
    outbox::{Draft, Outbox},
    people::People,
};

/// Without an answer to hello for this long it is said again: the server may have dropped it. Ms.
const HELLO_AGAIN: f64 = 3_000.0;

/// What is known about a room.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) feed: Feed,
    pub(crate) people: People,
    pub(crate) outbox: Outbox,
    pub(crate) likes: Likes,
    /// The server has answered hello on this connection.
    pub(crate) live: bool,
    greeted_at: f64,
    /// Newest number of the room's events, told by pongs.
    promised: Rc<Cell<u64>>,
}

impl Known {
    fn new(room: &str) -> Self {
        Self {
            feed: Feed::default(),
            people: People::default(),
            outbox: Outbox::load(room),
            likes: Likes::default(),
            live: false,
            greeted_at: 0.0,
            promised: Rc::default(),
        }
    }
}

/// A joined room: what the page shows of it and does in it.
#[derive(Clone)]
pub(crate) struct Room {
    name: AttrValue,
    me: Rc<Identity>,
    known: Rc<RefCell<Known>>,
    socket: UseSocketHandle<ServerMessage, ClientMessage>,
    hello: UseTopicHandle<ClientMessage>,
    chat: UseTopicHandle<ClientMessage>,
    likes: UseTopicHandle<Like>,
    update: UseForceUpdateHandle,
}

/// Joins a room for as long as the component shows it.
#[hook]
pub(crate) fn use_room(name: &AttrValue, me: &Rc<Identity>) -> Room {
    let known = use_memo(name.clone(), |name| RefCell::new(Known::new(name)));
    let promised = Rc::clone(&known.borrow().promised);
    let socket = use_socket((name.clone(), me.client.clone()), move |(room, client)| {
        connection(room, client, Rc::clone(&promised))
    });
    let hello = use_topic(&socket, (), |client, ()| {
        // Latest only, and before everything that waits for the link: the server takes nothing before hello.
        client
            .topic::<ClientMessage>("hello")
            .conflate()
            .lane(Lane::Control)
            .build()
    });
    let chat = use_topic(&socket, (), |client, ()| {
        // Posts share the topic of "is typing", which a post makes pointless.
        client
            .topic::<ClientMessage>("chat")
            .throttle(Duration::from_secs(2))
            .order(Order::Supersede)
            .build()
    });
    let likes = use_topic(&socket, (), |client, ()| {
        client
            .topic::<Like>("likes")
            .conflate()
            .min_interval(Duration::from_millis(250))
            .merge(|older, newer| Like {
                count: (older.count + newer.count).min(100),
                ..newer.clone()
            })
            .key(|like| like.post.clone())
            .build_with(|like| ClientMessage::Like(like.clone()))
    });
    let room = Room {
        name: name.clone(),
        me: Rc::clone(me),
        known,
        socket,
        hello,
        chat,
        likes,
        update: use_force_update(),
    };

    use_effect_with(room.socket.clone(), {
        let room = room.clone();
        move |socket| room.follow(socket.state())
    });
    use_messages(&room.socket, {
        let room = room.clone();
        move |message| match message {
            Ok(message) => room.take(&message),
            Err(error) => web_sys::console::warn_1(&error.to_string().into()),
        }
    });
    use_effect_with(room.chat.clone(), {
        let room = room.clone();
        move |_| {
            let timer = Interval::new(1_000, move || room.tick());
            move || drop(timer)
        }
    });
    room
}

fn connection(
    room: &str,
    client: &str,
    promised: Rc<Cell<u64>>,
) -> Builder<ServerMessage, ClientMessage, Json> {
    let (room, client) = (room.to_owned(), client.to_owned());
    let url = Url::from_async_fn(move |_attempt| {
        let (room, client) = (room.clone(), client.clone());
        async move { address(&room, &client).await }
    });
    Socket::builder(url)
        .backoff(Backoff {
            min: Span::from_millis(400),
            max: Span::from_millis(8_000),
            first_spread: Span::from_millis(800),
            ..Backoff::default()
        })
        .heartbeat(Duration::from_secs(3), || {
            ClientMessage::Ping(Ping { at: now() })
        })
        .pong(move |message| match message {
            ServerMessage::Pong(pong) => {
                promised.set(pong.seq);
                true
            }
            _ => false,
        })
        .acks(|_| None, answered)
}

/// The message that the server has answered for good.
fn answered(message: &ServerMessage) -> Option<Id> {
    match message {
        ServerMessage::Ack(ack) => Some(Id::from(&ack.id)),
        ServerMessage::Rejected(rejected) if is_final(rejected) => {
            rejected.id.as_ref().map(Id::from)
        }
        _ => None,
    }
}

fn is_final(rejected: &Rejected) -> bool {
    !matches!(
        rejected.reason,
        Reason::HelloRequired | Reason::RateLimited | Reason::Storage
    )
}

impl Room {
    pub(crate) fn known(&self) -> Ref<'_, Known> {
        self.known.borrow()
    }

    pub(crate) fn socket(&self) -> &UseSocketHandle<ServerMessage, ClientMessage> {
        &self.socket
    }

    /// Whether both are the same visit of the same room.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.chat == other.chat
    }

    /// Tells that something changed here that the page should show.
    fn changed(&self) {
        self.update.force_update();
    }

    /// Writes a post.
    pub(crate) fn post(&self, text: String) {
        let draft = Draft {
            id: unique_id(),
            room: self.name.to_string(),
            text,
            at: now(),
        };
        self.known.borrow_mut().outbox.add(draft.clone());
        self.send(&draft);
    }

    /// Sends a post that failed again, under its id: if it had arrived after all, it is not doubled.
    pub(crate) fn resend(&self, id: &str) {
        let draft = self
            .known()
            .outbox
            .drafts(true)
            .find_map(|(draft, ..)| (draft.id == id).then(|| draft.clone()));
        if let Some(draft) = draft {
            self.send(&draft);
        }
    }

    /// Gives a failed post up.
    pub(crate) fn discard(&self, id: &str) {
        self.known.borrow_mut().outbox.discard(id);
        self.changed();
    }

    /// Adds one like; quick ones of a post leave as one message.
    pub(crate) fn like(&self, post: &str) {
        let like = Like {
            id: unique_id(),
            post: post.to_owned(),
            count: 1,
        };
        let options = MessageOptions::new().id(&like.id);
        match self.likes.send_with(&like, options) {
            Ok(handle) => self.known.borrow_mut().likes.sent(like.id, post, handle),
            Err(error) => web_sys::console::warn_1(&error.to_string().into()),
        }
        self.changed();
    }

    /// Says whether the visitor is typing; old news is not worth sending.
    pub(crate) fn typing(&self, active: bool) {
        let message = ClientMessage::Typing(OwnTyping { active });
        let options = MessageOptions::new().offline(Offline::Drop);
        drop(self.chat.send_with(&message, options));
    }

    fn send(&self, draft: &Draft) {
        let options = MessageOptions::new()
            .id(&draft.id)
            .immediate()
            .offline(Offline::Queue);
        let result = self.chat.send_with(&post(draft), options);
        if let Ok(handle) = &result {
            let (room, id, handle) = (self.clone(), draft.id.clone(), handle.clone());
            spawn_local(async move {
                if handle.written().await.is_ok() {
                    room.known.borrow_mut().outbox.written(&id);
                    room.changed();
                }
            });
        }
        self.known.borrow_mut().outbox.sent(&draft.id, result);
        self.changed();
    }

    /// The connection is in another state.
    fn follow(&self, state: State) {
        if state == State::Open {
            return;
        }
        let unsent = {
            let mut known = self.known.borrow_mut();
            known.live = false;
            known.feed.pause();
            // Of the old connection; the server may have another epoch by the next one.
            known.promised.set(0);
            known.outbox.unsent()
        };
        self.changed();
        if state == State::Connecting {
            // Leaves the moment the connection opens.
            self.greet();
            for draft in unsent {
                self.send(&draft);
            }
        }
    }

    fn greet(&self) {
        let (epoch, last_seq) = self.known().feed.resume();
        self.known.borrow_mut().greeted_at = now();
        let hello = ClientMessage::Hello(Hello {
            user: self.me.user.clone(),
            name: self.me.name.clone(),
            epoch,
            last_seq,
        });
        drop(self.hello.send(&hello));
    }

    fn take(&self, message: &ServerMessage) {
        let mut guard = self.known.borrow_mut();
        let known = &mut *guard;
        known.feed.apply(message, now());
        known.people.apply(message, now());
        match message {
            ServerMessage::Welcome(_) => known.live = true,
            ServerMessage::Ack(ack) => known.likes.stored(&ack.id, ack.seq),
            ServerMessage::Rejected(rejected) if is_final(rejected) => {
                if let Some(id) = &rejected.id {
                    known.outbox.refused(id, &rejected.message);
                    known.likes.refused(id);
                }
            }
            _ => {}
        }
        let feed = &known.feed;
        known.outbox.settle(|id| feed.has(id));
        known.likes.settle(|seq| feed.has_taken(seq));
        drop(guard);
        self.changed();
    }

    /// Once a second: mends what faults of the network have broken without breaking the connection.
    fn tick(&self) {
        let Ok(client) = self.socket.client() else {
            return;
        };
        self.known.borrow_mut().people.sweep(now());
        // Times and ticks are drawn again too.
        self.changed();
        if client.state() != State::Open {
            return;
        }
        if !self.known().live {
            if now() - self.known().greeted_at > HELLO_AGAIN {
                self.greet();
            }
            return;
        }
        let (gap, overdue) = {
            let mut known = self.known.borrow_mut();
            let promised = known.promised.get();
            known.feed.promise(promised, now());
            (known.feed.gap(now()), known.outbox.overdue())
        };
        let once_more = MessageOptions::new().offline(Offline::Drop);
        let tell = |message: &ClientMessage| -> Result<(), Error> {
            self.socket.send_with(message, once_more.clone()).map(drop)
        };
        if let Some(since) = gap {
            let id = unique_id();
            drop(tell(&ClientMessage::Replay(Replay { id, since })));
        }
        for draft in overdue {
            drop(tell(&post(&draft)));
        }
    }
}

fn post(draft: &Draft) -> ClientMessage {
    ClientMessage::Post(NewPost {
        id: draft.id.clone(),
        text: draft.text.clone(),
    })
}
