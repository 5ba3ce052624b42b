//! A question and its answer.

use std::{
    cell::{Cell, RefCell},
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use everwire_core::protocol::stomp::client::{RequestEnd, RequestId};
use everwire_core::send::Status;

use super::{engine::Engine, error::Error, message::Message};

/// Future of an answer, from [`Client::request`](super::Client::request). The question is on its way before the first poll.
/// Dropping it gives the request up.
#[must_use = "dropping a request gives it up"]
pub struct Request {
    pub(super) engine: Rc<Engine>,
    pub(super) state: Result<Rc<Pending>, Option<Error>>,
}

/// What a request shares with the engine.
pub(super) struct Pending {
    pub(super) id: RequestId,
    pub(super) outcome: RefCell<Option<Result<Message, RequestEnd>>>,
    pub(super) waker: RefCell<Option<Waker>>,
    pub(super) done: Cell<bool>,
}

impl Pending {
    pub(super) fn end(&self, outcome: Result<Message, RequestEnd>) {
        self.outcome.replace(Some(outcome));
        self.done.set(true);
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Request {
    type Output = Result<Message, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            Err(refused) => match refused.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
            Ok(pending) => match pending.outcome.take() {
                Some(Ok(message)) => Poll::Ready(Ok(message)),
                Some(Err(RequestEnd::Timeout)) => Poll::Ready(Err(Error::Timeout)),
                Some(Err(RequestEnd::Unknown)) => {
                    Poll::Ready(Err(Error::NotDelivered(Status::Unknown)))
                }
                Some(Err(RequestEnd::NotSent(status))) => {
                    Poll::Ready(Err(Error::NotDelivered(status)))
                }
                None => {
                    pending.waker.replace(Some(context.waker().clone()));
                    Poll::Pending
                }
            },
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Ok(pending) = &self.state
            && !pending.done.get()
        {
            self.engine.cancel_request(pending.id);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.state.as_ref().map(|pending| pending.done.get());
        f.debug_struct("Request").field("done", &done).finish()
    }
}
