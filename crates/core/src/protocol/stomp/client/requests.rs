//! Requests that wait for an answer.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::table::Table;
use super::super::write::push_decimal;
use super::{Action, ListenerId, RequestEnd};
use crate::Time;
use crate::send::{Status, Ticket};

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

pub(super) struct Requests {
    limit: usize,
    /// Sets this client's correlation ids apart from those of others that share a reply destination.
    prefix: String,
    last: u32,
    waiting: Table<RequestId, Waiting>,
    tickets: Table<Ticket, RequestId>,
    /// No deadline is earlier than this.
    wake: Time,
    /// Own subscriptions to reply destinations.
    replies: Table<String, ListenerId>,
}

struct Waiting {
    ticket: Ticket,
    /// Whether the ticket is still the request's.
    live: bool,
    written: bool,
    deadline: Time,
}

impl Requests {
    pub(super) fn new(limit: usize, seed: u64) -> Self {
        let mut prefix = String::new();
        push_decimal(seed, &mut prefix);
        prefix.push('-');
        Self {
            limit,
            prefix,
            last: 0,
            waiting: Table::new(),
            tickets: Table::new(),
            wake: Time::NEVER,
            replies: Table::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.limit
    }

    /// The next request's number and its `correlation-id`.
    pub(super) fn next(&mut self) -> (RequestId, String) {
        self.last = self.last.wrapping_add(1);
        let mut id = self.prefix.clone();
        push_decimal(u64::from(self.last), &mut id);
        (RequestId(self.last), id)
    }

    pub(super) fn add(&mut self, request: RequestId, ticket: Ticket, deadline: Time) {
        self.tickets.insert(ticket, request);
        self.wake = self.wake.min(deadline);
        self.waiting.insert(
            request,
            Waiting {
                ticket,
                live: true,
                written: false,
                deadline,
            },
        );
    }

    /// The request that a `correlation-id` names.
    pub(super) fn find(&self, correlation: &str) -> Option<RequestId> {
        let number = correlation
            .strip_prefix(self.prefix.as_str())?
            .parse()
            .ok()?;
        let request = RequestId(number);
        self.waiting.get(&request).map(|_| request)
    }

    /// The request is over. `Some` is its ticket, if that is still of use.
    pub(super) fn remove(&mut self, request: RequestId) -> Option<Ticket> {
        let waiting = self.waiting.remove(&request)?;
        if waiting.live {
            self.tickets.remove(&waiting.ticket);
        }
        if self.waiting.len() == 0 {
            self.wake = Time::NEVER;
        }
        waiting.live.then_some(waiting.ticket)
    }

    /// Follows the message of a request.
    pub(super) fn status(
        &mut self,
        ticket: Ticket,
        status: Status,
        terminal: bool,
    ) -> Option<Action> {
        let request = *self.tickets.get(&ticket)?;
        let waiting = self.waiting.get_mut(&request)?;
        if terminal {
            self.tickets.remove(&ticket);
            waiting.live = false;
        }
        let end = match status {
            Status::Written | Status::Acked => {
                waiting.written = true;
                return None;
            }
            Status::Paced | Status::Queued => return None,
            Status::Unknown => RequestEnd::Unknown,
            Status::Expired => RequestEnd::Timeout,
            status => RequestEnd::NotSent(status),
        };
        self.remove(request);
        Some(Action::Request { request, end })
    }

    /// The connection is lost: answers to what was written will not come.
    pub(super) fn disconnected(&mut self) -> Vec<Action> {
        let lost: Vec<RequestId> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.written)
            .map(|(request, _)| *request)
            .collect();
        lost.into_iter()
            .map(|request| {
                self.remove(request);
                let end = RequestEnd::Unknown;
                Action::Request { request, end }
            })
            .collect()
    }

    /// A request whose time is over, with its ticket.
    pub(super) fn overdue(&mut self, now: Time) -> Option<(RequestId, Option<Ticket>)> {
        if self.wake > now {
            return None;
        }
        let due = self
            .waiting
            .iter()
            .find(|(_, waiting)| waiting.deadline <= now);
        let Some((&request, _)) = due else {
            let deadlines = self.waiting.values().map(|waiting| waiting.deadline);
            self.wake = deadlines.min().unwrap_or(Time::NEVER);
            return None;
        };
        Some((request, self.remove(request)))
    }

    /// When [`overdue`](Self::overdue) is to be asked. It may be early, as for a request that was answered.
    pub(super) const fn wake(&self) -> Time {
        self.wake
    }

    pub(super) fn has_replies(&self, destination: &str) -> bool {
        self.replies.get(destination).is_some()
    }

    pub(super) fn listens(&mut self, destination: &str, listener: ListenerId) {
        self.replies.insert(String::from(destination), listener);
    }

    /// The server refused this listener: the next request subscribes again.
    pub(super) fn refused(&mut self, listener: ListenerId) {
        self.replies.retain(|other| *other != listener);
    }
}
