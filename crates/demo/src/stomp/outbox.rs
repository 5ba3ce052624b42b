//! What waits to be written to one connection, within bounds: a reader that stops reading is cut off.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use everwire_core::protocol::stomp::{Body, Escapes, Writer};
use tokio::sync::Notify;

/// Most frames that wait.
pub const MAX_FRAMES: usize = 50_000;
/// Most bytes that wait.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How a connection ends: the WebSocket close code and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Close code.
    pub code: u16,
    /// Reason, at most 123 bytes.
    pub reason: &'static str,
}

/// The queue of one connection.
#[derive(Debug, Default)]
pub struct Outbox {
    held: Mutex<Held>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Held {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    end: Option<End>,
}

impl Outbox {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Every change leaves the queue whole, so a panic elsewhere cannot have torn it.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame. Over the bounds the connection ends instead, with an `ERROR` in place of all that waited.
    pub fn push(&self, frame: Vec<u8>) {
        let mut held = self.held();
        if held.end.is_some() {
            return;
        }
        held.bytes += frame.len();
        held.frames.push_back(frame);
        if held.frames.len() > MAX_FRAMES || held.bytes > MAX_BYTES {
            held.frames.clear();
            let mut error = Vec::new();
            let hint = "read faster, subscribe to less, or reconnect later";
            // Constants without anything to escape can be written.
            let _ = Writer::new(&mut error, Escapes::None).error(
                "too slow",
                &[],
                Body::UncountedText(hint),
            );
            held.frames.push_back(error);
            held.end = Some(End {
                code: 1013,
                reason: "too slow, reconnect later",
            });
        }
        drop(held);
        self.filled.notify_one();
    }

    /// Ends the connection after what waits now. The first end counts.
    pub fn finish(&self, code: u16, reason: &'static str) {
        self.held().end.get_or_insert(End { code, reason });
        self.filled.notify_one();
    }

    /// The next frame once there is one; the end when there are no more.
    ///
    /// # Errors
    /// How to close the connection.
    pub async fn next(&self) -> Result<Vec<u8>, End> {
        loop {
            // The permit of `notify_one` is kept, so nothing is missed between the look and the wait.
            if let Some(next) = self.held().take() {
                return next;
            }
            self.filled.notified().await;
        }
    }
}

impl Held {
    fn take(&mut self) -> Option<Result<Vec<u8>, End>> {
        match self.frames.pop_front() {
            Some(frame) => {
                self.bytes = self.bytes.saturating_sub(frame.len());
                Some(Ok(frame))
            }
            None => self.end.clone().map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_was_queued_before_the_end_goes_out_and_nothing_after_it() {
        let out = Outbox::default();
        out.push(b"a".to_vec());
        out.finish(1000, "bye");
        out.push(b"b".to_vec());
        out.finish(1008, "too late");
        assert_eq!(out.next().await.unwrap(), b"a");
        assert_eq!(out.next().await.unwrap_err().code, 1000);
    }

    #[tokio::test]
    async fn a_reader_that_stops_is_cut_off_with_an_error_frame() {
        let out = Outbox::default();
        out.push(vec![b'x'; MAX_BYTES]);
        out.push(b"one more".to_vec());
        let error = String::from_utf8(out.next().await.unwrap()).unwrap();
        assert!(error.starts_with("ERROR\nmessage:too slow\n"), "{error}");
        assert_eq!(out.next().await.unwrap_err().code, 1013);

        let out = Outbox::default();
        for _ in 0..=MAX_FRAMES {
            out.push(b"x".to_vec());
        }
        assert!(out.next().await.unwrap().starts_with(b"ERROR"));
    }
}
