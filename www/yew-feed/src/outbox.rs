//! The posts of this tab that the feed does not show yet, with what is known about each.
//!
//! They are kept in the session storage until the feed has them, in the form of the demo's main page: a reload in the
//! middle of a fault, or another room, costs nothing. The server takes each id once, so sending again is safe.

use everwire::{Handle, Status};
use serde::{Deserialize, Serialize};

use crate::browser::{now, store, stored};

const KEY: &str = "everwire.outbox";
/// Written and unanswered for longer than this, nobody can say whether a post has arrived. Ms.
const UNSURE_AFTER: f64 = 4_000.0;

/// What the tick below a post tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tick {
    /// On its way.
    Sending,
    /// Waits for the link.
    Waiting,
    /// Written, and nobody knows whether it has arrived.
    Unknown,
    /// The server has it.
    Sent,
    /// It will not go out by itself.
    Failed,
}

/// A post that was written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) text: String,
    /// When it was written, ms by the page's clock.
    pub(crate) at: f64,
}

#[derive(Debug)]
struct Entry {
    draft: Draft,
    handle: Option<Handle>,
    /// When it first went out, ms.
    written_at: Option<f64>,
    /// When the server was told last, ms.
    told_at: f64,
    failure: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    room: String,
    entries: Vec<Entry>,
}

impl Outbox {
    /// What an earlier visit of the room has left over; none of it has been sent in this one.
    pub(crate) fn load(room: &str) -> Self {
        let drafts = stored::<Vec<Draft>>(KEY).unwrap_or_default();
        let entries = drafts
            .into_iter()
            .filter(|draft| draft.room == room)
            .map(Entry::new)
            .collect();
        Self {
            room: room.to_owned(),
            entries,
        }
    }

    /// What waits, newest first, with its tick and why it failed.
    pub(crate) fn drafts(&self, live: bool) -> impl Iterator<Item = (&Draft, Tick, Option<&str>)> {
        self.entries
            .iter()
            .rev()
            .map(move |entry| (&entry.draft, entry.tick(live), entry.failure.as_deref()))
    }

    pub(crate) fn add(&mut self, draft: Draft) {
        self.entries.push(Entry::new(draft));
        self.keep();
    }

    /// A post was handed to the socket, or refused by it.
    pub(crate) fn sent(&mut self, id: &str, result: Result<Handle, everwire::Error>) {
        if let Some(entry) = self.find(id) {
            entry.written_at = None;
            match result {
                Ok(handle) => {
                    entry.handle = Some(handle);
                    entry.failure = None;
                }
                Err(error) => entry.failure = Some(error.to_string()),
            }
        }
    }

    /// A post has gone out; it is not known to be safe until it is answered, whatever becomes of the link.
    pub(crate) fn written(&mut self, id: &str) {
        if let Some(entry) = self.find(id) {
            entry.written_at = Some(now());
            entry.told_at = now();
        }
    }

    /// The server will not take a post.
    pub(crate) fn refused(&mut self, id: &str, reason: &str) {
        if let Some(entry) = self.find(id) {
            entry.failure = Some(reason.to_owned());
        }
    }

    pub(crate) fn discard(&mut self, id: &str) {
        if let Some(handle) = self.find(id).and_then(|entry| entry.handle.take()) {
            handle.cancel();
        }
        self.entries.retain(|entry| entry.draft.id != id);
        self.keep();
    }

    /// Drops what the feed shows by now.
    pub(crate) fn settle(&mut self, shown: impl Fn(&str) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|entry| !shown(&entry.draft.id));
        if self.entries.len() != before {
            self.keep();
        }
    }

    /// Posts that no socket has been given yet.
    pub(crate) fn unsent(&self) -> Vec<Draft> {
        self.entries
            .iter()
            .filter(|entry| entry.handle.is_none() && entry.failure.is_none())
            .map(|entry| entry.draft.clone())
            .collect()
    }

    /// Posts that were written and have stayed without an answer for too long: the server may have dropped them. Each is
    /// told again after the same time.
    pub(crate) fn overdue(&mut self) -> Vec<Draft> {
        let now = now();
        let mut overdue = Vec::new();
        for entry in &mut self.entries {
            if entry.is_written() && now - entry.told_at > UNSURE_AFTER {
                entry.told_at = now;
                overdue.push(entry.draft.clone());
            }
        }
        overdue
    }

    fn find(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.draft.id == id)
    }

    /// Other rooms' posts stay where they are: they go out when their room is entered again.
    fn keep(&self) {
        let mut all = stored::<Vec<Draft>>(KEY).unwrap_or_default();
        all.retain(|draft| draft.room != self.room);
        all.extend(self.entries.iter().map(|entry| entry.draft.clone()));
        store(KEY, &all);
    }
}

impl Entry {
    fn new(draft: Draft) -> Self {
        Self {
            draft,
            handle: None,
            written_at: None,
            told_at: now(),
            failure: None,
        }
    }

    fn is_written(&self) -> bool {
        let status = self.handle.as_ref().map(Handle::status);
        self.failure.is_none() && matches!(status, Some(Status::Written | Status::Unknown))
    }

    fn is_unsure(&self) -> bool {
        self.written_at.is_some_and(|at| now() - at >= UNSURE_AFTER)
    }

    fn tick(&self, live: bool) -> Tick {
        if self.failure.is_some() {
            return Tick::Failed;
        }
        let Some(handle) = &self.handle else {
            return Tick::Waiting;
        };
        match handle.status() {
            Status::Acked => Tick::Sent,
            Status::Unknown => Tick::Unknown,
            Status::Written if live && !self.is_unsure() => Tick::Sending,
            Status::Written => Tick::Unknown,
            // To be written again, after the link was lost with the answer.
            Status::Paced | Status::Queued if self.written_at.is_some() => Tick::Unknown,
            Status::Paced | Status::Queued if live => Tick::Sending,
            Status::Paced | Status::Queued => Tick::Waiting,
            _ => Tick::Failed,
        }
    }
}
