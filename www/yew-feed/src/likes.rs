//! Likes of this tab that the room's totals do not hold yet, so that a tap shows at once and never jumps back.

use std::collections::BTreeSet;

use everwire::{Handle, Status};

#[derive(Debug)]
struct Pending {
    id: String,
    post: String,
    weight: u64,
    handle: Handle,
    /// The event that has it in its total; known from the ack.
    seq: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Likes {
    pending: Vec<Pending>,
    liked: BTreeSet<String>,
}

impl Likes {
    /// Likes to show on top of a post's total.
    pub(crate) fn extra(&self, post: &str) -> u64 {
        let of_post = self.pending.iter().filter(|entry| entry.post == post);
        of_post.map(|entry| entry.weight).sum()
    }

    /// Whether this tab has liked the post.
    pub(crate) fn has_liked(&self, post: &str) -> bool {
        self.liked.contains(post)
    }

    /// A like was sent. Those that were merged into it count with it from now on.
    pub(crate) fn sent(&mut self, id: String, post: &str, handle: Handle) {
        let mut weight = 1;
        self.pending.retain(|entry| {
            let merged = entry.post == post
                && matches!(
                    entry.handle.status(),
                    Status::Superseded { merged: true, .. }
                );
            if merged {
                weight += entry.weight;
            }
            !merged
        });
        self.liked.insert(post.to_owned());
        self.pending.push(Pending {
            id,
            post: post.to_owned(),
            weight,
            handle,
            seq: None,
        });
    }

    /// The server has stored a like as this event.
    pub(crate) fn stored(&mut self, id: &str, seq: u64) {
        if let Some(entry) = self.pending.iter_mut().find(|entry| entry.id == id) {
            entry.seq = Some(seq);
        }
    }

    /// The server will not take a like.
    pub(crate) fn refused(&mut self, id: &str) {
        self.pending.retain(|entry| entry.id != id);
    }

    /// Drops what the totals hold by now.
    pub(crate) fn settle(&mut self, taken: impl Fn(u64) -> bool) {
        self.pending
            .retain(|entry| entry.seq.is_none_or(|seq| !taken(seq)));
    }
}
