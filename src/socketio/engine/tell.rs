//! What the core has to tell, told to whoever listens.

use std::{cell::Cell, rc::Rc, task::Waker};

use everwire_core::{
    link::{Cause, State},
    protocol::socket_io::client::{Event, NamespaceId, Received, Refusal},
};

use crate::{
    driver,
    state::{Retry, StateChange},
};

use super::super::{
    args::name_of,
    change::{Change, ConnectError},
    hub::{Hub, Incoming},
};
use super::Engine;

impl Engine {
    pub(super) fn tell(&self, event: Event) {
        match event {
            Event::State { from, to, cause } => {
                self.announce();
                self.change.replace(Some(StateChange {
                    from,
                    state: to,
                    cause,
                    detail: self.detail.borrow().clone(),
                    retry: None,
                    ended: None,
                }));
                if to == State::Closed {
                    let closes = self.closes.take();
                    self.wakers.borrow_mut().extend(closes);
                }
            }
            Event::Retry { attempt, delay } => self.amend(Retry::new(attempt, delay.into())),
            Event::Ended(reason) => {
                if let Some(change) = &mut *self.change.borrow_mut() {
                    change.ended = Some(reason);
                }
            }
            Event::Received(received) => self.received(received),
            Event::Acked {
                namespace,
                emit,
                payload,
                attachments,
            } => {
                let answer = Ok((payload, attachments.into()));
                self.with(namespace, |hub, wakers| hub.answer(emit, answer, wakers));
            }
            Event::Unanswered {
                namespace,
                emit,
                error,
            } => self.with(namespace, |hub, wakers| {
                hub.answer(emit, Err(error), wakers)
            }),
            Event::Status {
                namespace,
                emit,
                status,
                terminal,
            } => self.with(namespace, |hub, wakers| {
                hub.status(emit, status, terminal, wakers);
            }),
            Event::SlotIdle { namespace, slot } => {
                if let Some(room) = self.room(namespace) {
                    (room.idle)(slot);
                }
            }
            Event::Connected {
                namespace,
                recovered,
            } => {
                let id = self.core(|core| core.sid(namespace).unwrap_or_default().into());
                self.detail.replace("".into());
                self.with(namespace, |hub, _| hub.recovered.set(recovered));
                self.changed(namespace, &Change::Connected { id, recovered });
            }
            Event::Refused {
                namespace,
                refusal,
                retry_at,
            } => {
                let error = match refusal {
                    Refusal::Server(payload) => ConnectError::read(&payload),
                    Refusal::Auth(reason) => ConnectError::local(reason),
                    _ => ConnectError::local(
                        "the server speaks the protocol of socket.io 2: use a server of version 3 or newer",
                    ),
                };
                let retry_in = retry_at.map(|at| at.since(driver::now()).into());
                self.changed(namespace, &Change::Refused { error, retry_in });
            }
            Event::Unreachable { namespace, cause } => {
                let detail = self.detail.borrow().clone();
                self.changed(namespace, &Change::Unreachable { cause, detail });
            }
            Event::Disconnected {
                namespace,
                reason,
                rejoins,
            } => {
                let change = Change::Disconnected {
                    reason,
                    detail: self.detail.borrow().clone(),
                    reconnects: rejoins,
                };
                self.changed(namespace, &change);
            }
            _ => {}
        }
    }

    fn received(&self, received: Received) {
        let Received {
            namespace,
            payload,
            attachments,
            reply,
        } = received;
        let Some(name) = name_of(&payload).map(|name| name.into_owned()) else {
            return;
        };
        let event = Rc::new(Incoming {
            name,
            payload,
            attachments: attachments.into(),
            reply: Cell::new(reply),
        });
        let mut overflow = false;
        self.with(namespace, |hub, wakers| {
            overflow = hub.deliver(&event, wakers);
        });
        if overflow {
            self.core(|core| core.disconnect(driver::now(), namespace, None));
        }
    }

    fn changed(&self, namespace: NamespaceId, change: &Change) {
        self.with(namespace, |hub, wakers| hub.tell(change, wakers));
    }

    fn with(&self, namespace: NamespaceId, act: impl FnOnce(&Hub, &mut Vec<Waker>)) {
        if let Some(room) = self.room(namespace) {
            act(&room.hub, &mut self.wakers.borrow_mut());
        }
    }

    /// A wait was planned, or planned anew.
    fn amend(&self, retry: Retry) {
        let mut change = self.change.borrow_mut();
        let change = change.get_or_insert_with(|| StateChange {
            from: State::Waiting,
            state: State::Waiting,
            cause: Cause::RetryDue,
            detail: "".into(),
            retry: None,
            ended: None,
        });
        change.retry = Some(retry);
    }

    /// Publishes a completed change.
    pub(super) fn announce(&self) {
        if let Some(change) = self.change.take() {
            self.subscribers
                .tell(&change, &mut self.wakers.borrow_mut());
        }
    }
}
