//! The write stage: late binding, gates between the lanes and the socket, results, acknowledgements.

use alloc::vec::Vec;

use super::entry::{Entry, FLIGHT, HAND, NIL, RESEND};
use super::lanes::LANES;
use super::{DropReason, Frame, Outbox, Payload, Phase, Status, Ticket};
use crate::{Span, Time};

/// First wait before a socket buffer above the high-water mark is looked at again. Browsers have no event for a drained
/// `bufferedAmount`, so it must be polled.
pub const DRAIN_POLL_MIN: Span = Span::from_millis(5);
/// Longest wait between two looks; each wait is twice the one before.
pub const DRAIN_POLL_MAX: Span = Span::from_millis(50);

impl<P: Payload> Outbox<P> {
    /// Fills `frame` with what to write now, if anything may be written. `buffered` is what the socket itself still
    /// holds in bytes (`bufferedAmount`): from the high-water mark on nothing more is given out, except that an empty
    /// socket always gets one frame.
    ///
    /// Values are bound here and not earlier. Report the result with [`wrote`](Self::wrote) before asking again; until
    /// then the answer is [`Frame::None`].
    pub fn poll_write(
        &mut self,
        now: Time,
        buffered: usize,
        frame: &mut Vec<(Ticket, P)>,
    ) -> Frame {
        frame.clear();
        self.tick(now);
        if !self.clock.running() || self.entries.len(HAND) > 0 {
            return Frame::None;
        }
        let now = self.clock.now();
        let retry_at = core::mem::replace(&mut self.retry_at, Time::NEVER);
        let waiting: [bool; LANES] = core::array::from_fn(|lane| self.entries.len(lane as u32) > 0);
        // By id first, but what only its topic's limit holds back does not stand in the way of other topics.
        let (mut queue, mut first) = (RESEND, self.entries.head(RESEND));
        let mut token_at = Time::NEVER;
        while let Some(entry) = self.entries.get(first) {
            let ready = self.topic_token(entry.topic);
            if ready <= now {
                break;
            }
            token_at = token_at.min(ready);
            first = entry.next(RESEND);
        }
        if first == NIL
            && let Some(lane) = self.lanes.pick(waiting)
        {
            queue = lane as u32;
            first = self.entries.head(queue);
        }
        let Some(head) = self.entries.get(first) else {
            self.retry_at = token_at;
            if token_at == Time::NEVER {
                self.ramp_left = 0;
            }
            return Frame::None;
        };
        let (topic, batched, group) = (head.topic, head.batched, head.group);

        if buffered > 0 && buffered >= self.config.high_water {
            self.retry_at = retry_at;
            // Asking again earlier does not lengthen the wait; a wait for a token is none for the buffer.
            if retry_at <= now || retry_at.since(now) > DRAIN_POLL_MAX {
                self.drain_wait = (self.drain_wait + self.drain_wait)
                    .max(DRAIN_POLL_MIN)
                    .min(DRAIN_POLL_MAX);
                self.retry_at = now + self.drain_wait;
            }
            return Frame::None;
        }
        let topic_at = self.topic_token(topic);
        let ramp = self.ramp.as_mut().filter(|_| self.ramp_left > 0);
        let topic_bucket = self
            .topics
            .get_mut(topic)
            .and_then(|topic| topic.bucket.as_mut());
        let mut buckets = [self.rate.as_mut(), ramp, topic_bucket];
        let mut ready = topic_at.min(token_at);
        for bucket in buckets.iter().take(2).flatten() {
            ready = ready.max(bucket.ready_at(1));
        }
        if ready.max(topic_at) > now {
            self.retry_at = ready;
            return Frame::None;
        }
        for bucket in buckets.iter_mut().flatten() {
            bucket.take(now);
        }
        self.ramp_left = self.ramp_left.saturating_sub(1);
        if queue != RESEND {
            self.lanes.served(queue as usize, waiting);
        }
        while let Some(entry) = self.entries.get(first) {
            let next = entry.next(queue);
            self.hand_out(first, frame);
            let goes_with = |next: &Entry<P>| group != 0 && next.group == group;
            first = if self.entries.get(next).is_some_and(goes_with) {
                next
            } else {
                NIL
            };
        }
        if batched { Frame::Batch } else { Frame::Single }
    }

    /// Below which `buffered` a message may be written past the outbox: one of an immediate topic without a limit of its own,
    /// not larger than the budget, that no confirmation is awaited for. The outbox is up and empty then and has no limit, so
    /// such a message would be given out at once and be [`Status::Written`], as the only change. `None` if it must be sent
    /// through the outbox. The answer holds until the next call that changes anything.
    pub fn bypass(&self) -> Option<usize> {
        let empty = self.counters.queued_messages == 0 && self.entries.len(HAND) == 0;
        let free = self.phase == Phase::Accepting && self.clock.running();
        let limited = self.rate.is_some() || self.ramp_left > 0;
        (free && empty && !limited).then_some(self.config.high_water.max(1))
    }

    /// When the topic's own limit lets one more frame through.
    #[inline(never)]
    fn topic_token(&self, topic: u32) -> Time {
        self.topics
            .get(topic)
            .and_then(|topic| topic.bucket.as_ref())
            .map_or(Time::ZERO, |bucket| bucket.ready_at(1))
    }

    /// The result of writing the frame just polled. `false` means that the socket did not take it: its messages are
    /// [`DropReason::Refused`], or [`Status::Unknown`] if they had been written over an earlier connection.
    pub fn wrote(&mut self, now: Time, ok: bool) {
        self.clock.advance(now);
        self.drain_wait = Span::ZERO;
        self.settle(ok);
    }

    /// Ends the frame in hand, if there is one.
    pub(super) fn settle(&mut self, ok: bool) {
        loop {
            let id = self.entries.head(HAND);
            let Some(entry) = self.entries.get(id) else {
                return;
            };
            let (again, awaits) = (
                entry.status == Some(Status::Unknown),
                entry.resend || entry.expect_ack,
            );
            match (ok, again) {
                (true, true) => self.counters.resent += 1,
                (true, false) => self.counters.written += 1,
                (false, true) => self.finish(id, Status::Unknown),
                (false, false) => self.finish(id, Status::Dropped(DropReason::Refused)),
            }
            if ok && awaits {
                self.entries.place(id, FLIGHT);
                self.tell(id, Status::Written);
            } else if ok {
                self.finish(id, Status::Written);
            }
        }
    }

    /// The peer confirmed a written message. `false` if none of that ticket awaits a confirmation.
    pub fn ack(&mut self, ticket: Ticket) -> bool {
        let awaited = self.awaits(ticket);
        if awaited {
            self.finish(ticket.0, Status::Acked);
        }
        awaited
    }

    /// Moves an entry into the caller's hands; its payload stays here only if it may have to be written again.
    fn hand_out(&mut self, id: u32, frame: &mut Vec<(Ticket, P)>) {
        self.detach(id, true);
        self.entries.place(id, HAND);
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let payload = if entry.resend {
            self.kept_bytes += if core::mem::replace(&mut entry.kept, true) {
                0
            } else {
                entry.size
            };
            entry.payload.clone()
        } else {
            self.counters.queued_messages -= 1;
            self.counters.queued_bytes -= entry.size;
            entry.payload.take()
        };
        frame.extend(payload.map(|payload| (Ticket(id), payload)));
    }
}
