//! The feed as this tab knows it: each post once, in the room's order, and proof that none is missing.
//!
//! Every event has the next whole number. What lies up to `complete` is known; a number seen beyond it means a gap, which is
//! asked for until it is closed.

use std::collections::{BTreeMap, BTreeSet};

use everwire_messages::{
    ServerMessage,
    social::{History, Liked, Post},
};

/// A number that is ahead may still be on its way; only after this time it counts as a gap. Ms.
const PATIENCE: f64 = 900.0;
/// Time until the same gap is asked for again. Ms.
const ASK_AGAIN: f64 = 2_500.0;
/// Posts kept in the page; the oldest are forgotten.
const MAX_POSTS: usize = 400;

#[derive(Debug, Default)]
pub(crate) struct Feed {
    posts: BTreeMap<u64, Post>,
    /// Place of each post by its id.
    places: BTreeMap<String, u64>,
    epoch: Option<String>,
    complete: Option<u64>,
    ahead: BTreeSet<u64>,
    newest: u64,
    behind_since: Option<f64>,
    asked_at: Option<f64>,
    lost: bool,
}

impl Feed {
    /// Every post, newest first.
    pub(crate) fn posts(&self) -> impl Iterator<Item = &Post> {
        self.posts.values().rev()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    /// Whether the first history has come.
    pub(crate) fn is_loaded(&self) -> bool {
        self.complete.is_some()
    }

    /// Whether events between the last visit and now could not be recovered.
    pub(crate) fn is_lossy(&self) -> bool {
        self.lost
    }

    /// Whether the event with this number has been taken in.
    pub(crate) fn has_taken(&self, seq: u64) -> bool {
        self.complete.is_some_and(|complete| seq <= complete) || self.ahead.contains(&seq)
    }

    /// What to tell the server, so that it only sends the rest: epoch and last number.
    pub(crate) fn resume(&self) -> (Option<String>, Option<u64>) {
        (self.epoch.clone(), self.complete)
    }

    pub(crate) fn apply(&mut self, message: &ServerMessage, now: f64) {
        match message {
            ServerMessage::Welcome(welcome) => {
                if self.epoch.as_ref() != Some(&welcome.epoch) && self.epoch.is_some() {
                    self.ahead.clear();
                    self.complete = None;
                    self.newest = 0;
                }
                self.epoch = Some(welcome.epoch.clone());
                self.promise(welcome.seq, now);
            }
            ServerMessage::History(history) => self.take_history(history),
            ServerMessage::Posted(post) => self.take(post.seq, now, |feed| feed.insert(post)),
            ServerMessage::Liked(liked) => self.take(liked.seq, now, |feed| feed.like(liked)),
            _ => {}
        }
    }

    /// The number after which events are missing, when it is time to ask for them.
    pub(crate) fn gap(&mut self, now: f64) -> Option<u64> {
        let due = self
            .behind_since
            .is_some_and(|since| now - since >= PATIENCE)
            && self.asked_at.is_none_or(|at| now - at >= ASK_AGAIN);
        if !due {
            return None;
        }
        self.asked_at = Some(now);
        Some(self.complete.unwrap_or(0))
    }

    /// The link is gone: numbers promised by it are promised again by the next.
    pub(crate) fn pause(&mut self) {
        self.behind_since = None;
        self.asked_at = None;
    }

    /// The server has events up to this number.
    pub(crate) fn promise(&mut self, seq: u64, now: f64) {
        self.newest = self.newest.max(seq);
        if self.complete.is_none_or(|complete| self.newest > complete) {
            self.behind_since.get_or_insert(now);
        }
    }

    fn take(&mut self, seq: u64, now: f64, effect: impl FnOnce(&mut Self)) {
        if self.has_taken(seq) {
            return;
        }
        effect(self);
        self.ahead.insert(seq);
        self.promise(seq, now);
        self.absorb();
    }

    fn take_history(&mut self, history: &History) {
        if history.snapshot {
            self.posts.clear();
            self.places.clear();
            self.ahead.clear();
            self.complete = None;
            self.lost = !history.recovered;
        }
        for post in &history.posts {
            self.insert(post);
        }
        for liked in &history.likes {
            self.like(liked);
        }
        self.complete = self.complete.max(Some(history.seq));
        self.newest = self.newest.max(history.seq);
        self.absorb();
    }

    fn insert(&mut self, post: &Post) {
        self.places.insert(post.id.clone(), post.seq);
        self.posts.insert(post.seq, post.clone());
        while self.posts.len() > MAX_POSTS {
            if let Some((_, oldest)) = self.posts.pop_first() {
                self.places.remove(&oldest.id);
            }
        }
    }

    fn like(&mut self, liked: &Liked) {
        let place = self.places.get(&liked.post);
        if let Some(post) = place.and_then(|seq| self.posts.get_mut(seq)) {
            post.likes = post.likes.max(liked.likes);
        }
    }

    /// Moves the complete part over what has been seen ahead of it.
    fn absorb(&mut self) {
        let Some(mut complete) = self.complete else {
            return;
        };
        while self.ahead.remove(&(complete + 1)) {
            complete += 1;
        }
        self.ahead.retain(|seq| *seq > complete);
        self.complete = Some(complete);
        if self.newest <= complete {
            self.pause();
        }
    }
}
