//! Topics: the options that sends share, and the state that spans a topic's slots.

use alloc::vec::Vec;

use super::rate_limit::Bucket;
use super::{TopicConfig, TopicId};

pub(super) struct Topic {
    pub(super) config: TopicConfig,
    pub(super) alive: bool,
    /// The slot without a key; its timer is also the batch timer.
    pub(super) keyless: u32,
    /// Slots that exist, the keyless one included.
    pub(super) slots: u32,
    pub(super) bucket: Option<Bucket>,
    /// Frames in the lanes; each has a token of the bucket set aside.
    pub(super) reserved: usize,
    /// Bytes of the batch being collected.
    pub(super) batch_bytes: usize,
    /// Whether some send asked for another lane than the topic's.
    pub(super) mixed_lanes: bool,
}

#[derive(Default)]
pub(super) struct Topics {
    topics: Vec<Topic>,
    free: Vec<u32>,
}

impl Topics {
    pub(super) fn add(&mut self, config: TopicConfig) -> u32 {
        let topic = Topic {
            config,
            alive: true,
            keyless: 0,
            slots: 0,
            bucket: config.rate.map(Bucket::new),
            reserved: 0,
            batch_bytes: 0,
            mixed_lanes: false,
        };
        if let Some(id) = self.free.pop()
            && let Some(place) = self.topics.get_mut(id as usize)
        {
            *place = topic;
            return id;
        }
        self.topics.push(topic);
        (self.topics.len() - 1) as u32
    }

    /// Gives the number of a removed topic out again.
    pub(super) fn release(&mut self, id: u32) {
        self.free.push(id);
    }

    #[inline(never)]
    pub(super) fn get(&self, id: u32) -> Option<&Topic> {
        self.topics.get(id as usize)
    }

    #[inline(never)]
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Topic> {
        self.topics.get_mut(id as usize)
    }

    /// Frames in the lanes.
    pub(super) fn reserved(&self) -> usize {
        self.topics.iter().map(|topic| topic.reserved).sum()
    }

    /// The topic, if it has not been removed.
    pub(super) fn alive(&self, id: TopicId) -> Option<&Topic> {
        self.get(id.0).filter(|topic| topic.alive)
    }
}
