//! What became of a message.

use std::{fmt, future::poll_fn, rc::Rc, task::Poll};

use everwire_core::send::{Scope, Status};

use crate::{
    engine::{Engine, Tracked},
    error::Error,
};

/// One accepted message. Dropping the handle does not take the message back.
#[derive(Clone)]
pub struct Handle {
    engine: Rc<Engine>,
    message: Rc<Tracked>,
}

impl Handle {
    pub(crate) fn new(engine: Rc<Engine>, message: Rc<Tracked>) -> Self {
        Self { engine, message }
    }

    /// Where the message is now. Each message ends in exactly one terminal status; a superseded one never counts as sent.
    pub fn status(&self) -> Status {
        self.message.status()
    }

    /// Waits until the message has been handed to the browser's socket. Across a reconnect it goes on waiting: a message
    /// that is still queued is written to the next connection, as its offline rule says.
    ///
    /// # Errors
    /// [`Error::NotDelivered`] with the status, if the message will not be written.
    pub async fn written(&self) -> Result<(), Error> {
        self.wait(|message| match message.status() {
            Status::Written | Status::Acked | Status::Unknown => Some(Ok(())),
            status => failed(message, status),
        })
        .await
    }

    /// Waits until the peer has confirmed the message.
    ///
    /// # Errors
    /// [`Error::NotDelivered`] with the status, if it will not be confirmed: with [`Status::Unknown`] the peer may or may
    /// not have got it. [`Error::NoAck`] for a message without an id (see
    /// [`MessageOptions::id`](crate::MessageOptions::id) and [`Builder::acks`](crate::Builder::acks)).
    pub async fn acked(&self) -> Result<(), Error> {
        self.wait(|message| match message.status() {
            Status::Acked => Some(Ok(())),
            Status::Written if !message.expects_ack() => Some(Err(Error::NoAck)),
            status => failed(message, status),
        })
        .await
    }

    /// Takes the message back. Returns `false` if it was written already or ended otherwise.
    pub fn cancel(&self) -> bool {
        !self.message.is_done() && self.engine.cancel(self.message.ticket())
    }

    async fn wait(
        &self,
        outcome: impl Fn(&Tracked) -> Option<Result<(), Error>>,
    ) -> Result<(), Error> {
        poll_fn(|context| match outcome(&self.message) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.message.wait(context.waker());
                Poll::Pending
            }
        })
        .await
    }
}

fn failed(message: &Tracked, status: Status) -> Option<Result<(), Error>> {
    message
        .is_done()
        .then_some(Err(Error::NotDelivered(status)))
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &self.status())
            .finish()
    }
}

/// Waits until nothing of `scope` would still be sent.
pub(crate) async fn flushed(engine: Rc<Engine>, scope: Scope) {
    poll_fn(|context| {
        if engine.pending(scope) {
            engine.waiting().wait_for_flush(scope, context.waker());
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}
