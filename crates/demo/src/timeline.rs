//! What a room does with its feed: publish, like, read, search. Stored first, acknowledged next, told to all last.

use everwire_messages::{
    Valid,
    location::Position,
    request::{Found, Profile, Search, WhoIs},
    session::{Ack, Reason},
    social::{Like, Liked, NewPost, OwnReadMark, Post, ReadMark},
};

use crate::{
    feed::{Change, Seen},
    presence::User,
    room::{ConnectionId, Context, Room},
    seat::Refused,
};

/// Most results of a search, of each kind.
const MAX_FOUND: usize = 20;

impl Room {
    /// Stores a post, acknowledges it and tells everyone; a known id is only acknowledged again.
    pub(crate) fn publish(
        &mut self,
        connection: ConnectionId,
        user: &str,
        new: Valid<NewPost>,
        context: &mut Context<'_>,
    ) -> Result<(), Refused> {
        if self.known(connection, user, &new.id, context)? {
            return Ok(());
        }
        let NewPost { id, text } = new.into_inner();
        let post = Post {
            seq: self.feed.next_seq(),
            id,
            user: user.to_owned(),
            name: self.users.get(user).map_or(user, User::name).to_owned(),
            text,
            at: context.now,
            likes: 0,
        };
        self.store(Some(&post.id), Change::Post(post.clone()), context)?;
        context.stats.posts.one();
        self.acknowledge(connection, &post.id, post.seq, false, context);
        self.tell_all(&post.into(), None, context.stats);
        self.stop_typing(user, context);
        Ok(())
    }

    /// Adds likes to a post, with the same guarantees.
    pub(crate) fn like(
        &mut self,
        connection: ConnectionId,
        user: &str,
        like: Valid<Like>,
        context: &mut Context<'_>,
    ) -> Result<(), Refused> {
        if self.known(connection, user, &like.id, context)? {
            return Ok(());
        }
        let Some(post) = self.feed.post(&like.post) else {
            let message = "the feed does not hold that post any more".to_owned();
            return Err(Refused {
                id: Some(like.id.clone()),
                reason: Reason::NotFound,
                message,
            });
        };
        let likes = post.likes.saturating_add(u64::from(like.count));
        let Like { id, post, .. } = like.into_inner();
        let liked = Liked {
            seq: self.feed.next_seq(),
            id,
            post,
            user: user.to_owned(),
            likes,
        };
        self.store(Some(&liked.id), Change::Liked(liked.clone()), context)?;
        context.stats.likes.one();
        self.acknowledge(connection, &liked.id, liked.seq, false, context);
        self.tell_all(&liked.into(), None, context.stats);
        Ok(())
    }

    /// Moves a read mark on; one that does not move it changes nothing.
    pub(crate) fn read(
        &mut self,
        user: &str,
        mark: Valid<OwnReadMark>,
        context: &mut Context<'_>,
    ) -> Result<(), Refused> {
        // Nobody can have read what is not written yet.
        let seq = mark.seq.min(self.feed.seq());
        if seq > self.feed.read_by(user) {
            let mark = ReadMark {
                user: user.to_owned(),
                seq,
            };
            self.store(None, Change::Read(mark.clone()), context)?;
            self.tell_all(&mark.into(), None, context.stats);
        }
        Ok(())
    }

    /// Finds posts and moving things.
    pub(crate) fn search(&self, search: Valid<Search>, context: &Context<'_>) -> Found {
        let Search { id, query } = search.into_inner();
        let query = query.trim().to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&query);
        let posts: Vec<Post> = self
            .feed
            .newest_posts()
            .filter(|post| holds(&post.text) || holds(&post.name))
            .take(MAX_FOUND)
            .cloned()
            .collect();
        let positions: Vec<Position> = context
            .fleet
            .positions(context.now)
            .chain(self.people.values().cloned())
            .filter(|position| holds(&position.id))
            .take(MAX_FOUND)
            .collect();
        Found {
            id,
            posts,
            positions,
        }
    }

    /// Tells about a user who is present or has a post in the feed.
    pub(crate) fn who_is(&self, who: Valid<WhoIs>) -> Result<Profile, Refused> {
        let WhoIs { id, user } = who.into_inner();
        let present = self.users.get(&user).map(User::name);
        let written = self.feed.newest_posts().filter(|post| post.user == user);
        let last = self.feed.newest_posts().find(|post| post.user == user);
        let Some(name) = present.or(last.map(|post| post.name.as_str())) else {
            let message = "nobody of that id is here or in the feed".to_owned();
            return Err(Refused {
                id: Some(id),
                reason: Reason::NotFound,
                message,
            });
        };
        let (name, posts) = (name.to_owned(), written.count() as u64);
        Ok(Profile {
            id,
            user,
            name,
            online: present.is_some(),
            posts,
        })
    }

    /// Whether an id has taken effect before; it is acknowledged again then.
    fn known(
        &self,
        connection: ConnectionId,
        user: &str,
        id: &str,
        context: &Context<'_>,
    ) -> Result<bool, Refused> {
        match self.feed.seen(id, user) {
            Seen::Never => Ok(false),
            Seen::Before { seq } => {
                context.stats.duplicates.one();
                self.acknowledge(connection, id, seq, true, context);
                Ok(true)
            }
            Seen::Taken => {
                let message = "another user has used this id; send it under a new one".to_owned();
                Err(Refused {
                    id: Some(id.to_owned()),
                    reason: Reason::IdTaken,
                    message,
                })
            }
        }
    }

    fn acknowledge(
        &self,
        connection: ConnectionId,
        id: &str,
        seq: u64,
        duplicate: bool,
        context: &Context<'_>,
    ) {
        let ack = Ack {
            id: id.to_owned(),
            seq,
            duplicate,
        };
        self.tell(connection, &ack.into(), context.stats);
    }

    fn store(
        &mut self,
        id: Option<&str>,
        change: Change,
        context: &mut Context<'_>,
    ) -> Result<(), Refused> {
        match context.store.append(&self.name, &change) {
            Ok(()) => {
                self.feed.apply(change);
                Ok(())
            }
            Err(error) => Err(Refused {
                id: id.map(str::to_owned),
                reason: Reason::Storage,
                message: format!("the server could not store it ({error}); send it again later"),
            }),
        }
    }
}
