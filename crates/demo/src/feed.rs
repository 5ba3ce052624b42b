//! The feed of one room: a bounded log of events with one sequence, and the window of known ids.
//!
//! No I/O here: the caller stores a [`Change`] first and applies it then, so that nothing takes effect (or is
//! acknowledged) that a restart would forget.

use std::collections::{HashMap, HashSet, VecDeque};

use everwire_messages::social::{History, Liked, Post, ReadMark};

/// Most events kept; older ones can not be replayed.
pub const MAX_EVENTS: usize = 1000;
/// Posts that a first visit gets.
pub const FIRST_POSTS: usize = 50;
/// Ids remembered for deduplication.
pub const MAX_IDS: usize = 10_000;
/// Users whose read mark is kept.
pub const MAX_READS: usize = 1000;

/// State of a feed.
#[derive(Debug, Default)]
pub struct Feed {
    seq: u64,
    events: VecDeque<Event>,
    posts: HashMap<String, Post>,
    ids: HashMap<String, Known>,
    id_order: VecDeque<String>,
    reads: HashMap<String, u64>,
}

#[derive(Debug, Clone)]
struct Event {
    seq: u64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Post(String),
    Liked(Liked),
}

#[derive(Debug, Clone, PartialEq)]
struct Known {
    user: String,
    seq: u64,
}

/// What the feed knows of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is new.
    Never,
    /// The same user has used it: this is a repetition of the event with that sequence number.
    Before {
        /// Sequence number of the first time.
        seq: u64,
    },
    /// Another user has used it.
    Taken,
}

/// One change of a feed, as stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new post.
    Post(Post),
    /// More likes.
    Liked(Liked),
    /// A read mark that has moved on.
    Read(ReadMark),
}

impl Feed {
    /// Newest sequence number, 0 when empty.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Number that the next event gets.
    pub fn next_seq(&self) -> u64 {
        self.seq + 1
    }

    /// Whether an id is known, and whose it is.
    pub fn seen(&self, id: &str, user: &str) -> Seen {
        match self.ids.get(id) {
            None => Seen::Never,
            Some(known) if known.user == user => Seen::Before { seq: known.seq },
            Some(_) => Seen::Taken,
        }
    }

    /// A post that is still in the feed.
    pub fn post(&self, id: &str) -> Option<&Post> {
        self.posts.get(id)
    }

    /// All posts, newest first.
    pub fn newest_posts(&self) -> impl Iterator<Item = &Post> {
        self.events
            .iter()
            .rev()
            .filter_map(|event| match &event.kind {
                Kind::Post(id) => self.posts.get(id),
                Kind::Liked(_) => None,
            })
    }

    /// Number of posts in the feed.
    pub fn post_count(&self) -> usize {
        self.posts.len()
    }

    /// How far a user has read.
    pub fn read_by(&self, user: &str) -> u64 {
        self.reads.get(user).copied().unwrap_or_default()
    }

    /// All read marks, by user.
    pub fn reads(&self) -> Vec<ReadMark> {
        let mut reads: Vec<ReadMark> = self
            .reads
            .iter()
            .map(|(user, seq)| ReadMark {
                user: user.clone(),
                seq: *seq,
            })
            .collect();
        reads.sort_by(|a, b| a.user.cmp(&b.user));
        reads
    }

    /// Takes a change that is stored. Sequence numbers rise; a change that does not follow is skipped, which only
    /// a state file edited by hand can cause.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Post(post) if post.seq > self.seq => {
                self.remember(post.id.clone(), post.user.clone(), post.seq);
                self.push(post.seq, Kind::Post(post.id.clone()));
                self.posts.insert(post.id.clone(), post);
            }
            Change::Liked(liked) if liked.seq > self.seq => {
                if let Some(post) = self.posts.get_mut(&liked.post) {
                    post.likes = liked.likes;
                }
                self.remember(liked.id.clone(), liked.user.clone(), liked.seq);
                self.push(liked.seq, Kind::Liked(liked));
            }
            Change::Post(_) | Change::Liked(_) => {}
            Change::Read(mark) => self.mark(mark),
        }
    }

    /// The newest posts, to replace what a client knew; `recovered` tells whether it can have missed anything.
    pub fn snapshot(&self, id: Option<String>, recovered: bool) -> History {
        let mut posts: Vec<Post> = self.newest_posts().take(FIRST_POSTS).cloned().collect();
        posts.reverse();
        History {
            id,
            seq: self.seq,
            recovered,
            snapshot: true,
            posts,
            likes: vec![],
        }
    }

    /// What a client gets that has seen everything up to `since` (`None`: a first visit).
    pub fn history(&self, id: Option<String>, since: Option<u64>) -> History {
        let oldest = self
            .events
            .front()
            .map_or(self.next_seq(), |event| event.seq);
        let replayable = since.filter(|since| (oldest - 1..=self.seq).contains(since));
        let Some(since) = replayable else {
            return self.snapshot(id, since.is_none());
        };
        let mut posts = Vec::new();
        let mut likes = Vec::new();
        let mut liked_posts = HashSet::new();
        for event in self
            .events
            .iter()
            .rev()
            .take_while(|event| event.seq > since)
        {
            match &event.kind {
                Kind::Post(id) => posts.extend(self.posts.get(id).cloned()),
                // From new to old: the first like of a post has its present total. New posts carry theirs.
                Kind::Liked(liked) => {
                    let old = self
                        .posts
                        .get(&liked.post)
                        .is_some_and(|post| post.seq <= since);
                    if old && liked_posts.insert(&liked.post) {
                        likes.push(liked.clone());
                    }
                }
            }
        }
        posts.reverse();
        likes.reverse();
        History {
            id,
            seq: self.seq,
            recovered: true,
            snapshot: false,
            posts,
            likes,
        }
    }

    fn push(&mut self, seq: u64, kind: Kind) {
        self.seq = seq;
        self.events.push_back(Event { seq, kind });
        if self.events.len() > MAX_EVENTS
            && let Some(Event {
                kind: Kind::Post(id),
                ..
            }) = self.events.pop_front()
        {
            self.posts.remove(&id);
        }
    }

    fn remember(&mut self, id: String, user: String, seq: u64) {
        self.ids.insert(id.clone(), Known { user, seq });
        self.id_order.push_back(id);
        if self.id_order.len() > MAX_IDS
            && let Some(oldest) = self.id_order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    fn mark(&mut self, mark: ReadMark) {
        let read = self.reads.entry(mark.user).or_default();
        *read = mark.seq.max(*read);
        if self.reads.len() > MAX_READS {
            // Who has read least has been away longest.
            let least = self
                .reads
                .iter()
                .min_by_key(|(_, seq)| **seq)
                .map(|(user, _)| user.clone());
            if let Some(user) = least {
                self.reads.remove(&user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(feed: &mut Feed, id: &str) {
        let (user, name) = ("u1".to_owned(), "민수".to_owned());
        let (seq, id, text) = (feed.next_seq(), id.to_owned(), format!("text of {id}"));
        feed.apply(Change::Post(Post {
            seq,
            id,
            user,
            name,
            text,
            at: 1,
            likes: 0,
        }));
    }

    fn like(feed: &mut Feed, id: &str, post: &str) {
        let likes = feed.post(post).map_or(0, |post| post.likes) + 1;
        let (seq, id, post) = (feed.next_seq(), id.to_owned(), post.to_owned());
        feed.apply(Change::Liked(Liked {
            seq,
            id,
            post,
            user: "u2".into(),
            likes,
        }));
    }

    fn ids(history: &History) -> Vec<&str> {
        history.posts.iter().map(|post| post.id.as_str()).collect()
    }

    #[test]
    fn a_replay_brings_exactly_what_was_missed() {
        let mut feed = Feed::default();
        post(&mut feed, "a");
        post(&mut feed, "b");
        like(&mut feed, "l1", "a");
        post(&mut feed, "c");
        like(&mut feed, "l2", "a");
        like(&mut feed, "l3", "c");

        let history = feed.history(Some("r".into()), Some(2));
        assert!(history.recovered && !history.snapshot);
        assert_eq!((history.id.as_deref(), history.seq), (Some("r"), 6));
        assert_eq!(ids(&history), ["c"]);
        assert_eq!(history.posts.first().map(|post| post.likes), Some(1));
        let likes: Vec<_> = history
            .likes
            .iter()
            .map(|l| (l.post.as_str(), l.likes))
            .collect();
        assert_eq!(likes, [("a", 2)]);

        let nothing = feed.history(None, Some(6));
        assert!(nothing.recovered && !nothing.snapshot && nothing.posts.is_empty());
    }

    #[test]
    fn a_first_visit_gets_the_newest_posts_and_a_stranger_number_is_a_gap() {
        let mut feed = Feed::default();
        for n in 0..60 {
            post(&mut feed, &format!("p{n}"));
        }
        let first = feed.history(None, None);
        assert!(first.recovered && first.snapshot);
        assert_eq!(first.posts.len(), FIRST_POSTS);
        assert_eq!(first.posts.last().map(|post| post.id.as_str()), Some("p59"));
        let ahead = feed.history(None, Some(61));
        assert!(!ahead.recovered && ahead.snapshot);
    }

    #[test]
    fn a_gap_older_than_the_log_is_told() {
        let mut feed = Feed::default();
        for n in 0..MAX_EVENTS + 1 {
            post(&mut feed, &format!("p{n}"));
        }
        assert!(!feed.history(None, Some(0)).recovered);
        let whole = feed.history(None, Some(1));
        assert!(whole.recovered);
        assert_eq!(whole.posts.len(), MAX_EVENTS);
        assert!(feed.post("p0").is_none());
        assert_eq!(feed.post_count(), MAX_EVENTS);
    }

    #[test]
    fn an_empty_feed_has_nothing_missing_at_zero() {
        let history = Feed::default().history(None, Some(0));
        assert!(history.recovered && !history.snapshot);
        assert!(!Feed::default().history(None, Some(5)).recovered);
    }

    #[test]
    fn ids_are_known_by_user_within_a_bounded_window() {
        let mut feed = Feed::default();
        post(&mut feed, "a");
        assert_eq!(feed.seen("a", "u1"), Seen::Before { seq: 1 });
        assert_eq!(feed.seen("a", "u2"), Seen::Taken);
        assert_eq!(feed.seen("b", "u1"), Seen::Never);
        for n in 0..MAX_IDS {
            like(&mut feed, &format!("l{n}"), "a");
        }
        assert_eq!(feed.seen("a", "u1"), Seen::Never, "the window has moved on");
        assert_eq!(feed.seen("l0", "u2"), Seen::Before { seq: 2 });
    }

    #[test]
    fn read_marks_never_go_back_and_are_bounded() {
        let mut feed = Feed::default();
        feed.apply(Change::Read(ReadMark {
            user: "u".into(),
            seq: 5,
        }));
        feed.apply(Change::Read(ReadMark {
            user: "u".into(),
            seq: 3,
        }));
        assert_eq!(feed.read_by("u"), 5);
        for n in 0..MAX_READS as u64 {
            feed.apply(Change::Read(ReadMark {
                user: format!("v{n}"),
                seq: 10 + n,
            }));
        }
        assert_eq!(feed.reads().len(), MAX_READS);
        assert_eq!(feed.read_by("u"), 0);
    }
}
