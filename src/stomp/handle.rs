//! What became of a message.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use everwire_core::send::{Status, Ticket};

use super::{engine::Engine, error::Error};

/// One accepted message or transaction. Dropping the handle does not take it back.
#[derive(Clone)]
pub struct Handle {
    pub(super) engine: Rc<Engine>,
    pub(super) message: Rc<Tracked>,
}

/// What a handle shares with the engine.
pub(super) struct Tracked {
    pub(super) ticket: Ticket,
    pub(super) status: Cell<Status>,
    pub(super) done: Cell<bool>,
    pub(super) expects_receipt: bool,
    pub(super) wakers: RefCell<Vec<Waker>>,
}

impl Handle {
    /// Where the message is now. Each message ends in exactly one terminal status; a superseded one never counts as sent.
    pub fn status(&self) -> Status {
        self.message.status.get()
    }

    /// Waits until the message has been handed to the browser's socket, over reconnects as its offline rule says.
    ///
    /// # Errors
    /// [`Error::NotDelivered`] with the status, if the message will not be written.
    pub async fn written(&self) -> Result<(), Error> {
        self.wait(|message| match message.status.get() {
            Status::Written | Status::Acked | Status::Unknown => Some(Ok(())),
            status => failed(message, status),
        })
        .await
    }

    /// Waits for the broker's receipt.
    ///
    /// # Errors
    /// [`Error::NotDelivered`] with the status, if none will come: with `Unknown` the broker may or may not have the
    /// message, with `Dropped(Refused)` it answered with an `ERROR`. [`Error::NoReceipt`] if none was asked for.
    pub async fn acked(&self) -> Result<(), Error> {
        self.wait(|message| match message.status.get() {
            Status::Acked => Some(Ok(())),
            Status::Written if !message.expects_receipt => Some(Err(Error::NoReceipt)),
            status => failed(message, status),
        })
        .await
    }

    /// Takes the message back. `false` if it was written already or ended otherwise.
    pub fn cancel(&self) -> bool {
        !self.message.done.get()
            && self
                .engine
                .call(|client, _| client.cancel(self.message.ticket))
    }

    async fn wait(
        &self,
        outcome: impl Fn(&Tracked) -> Option<Result<(), Error>>,
    ) -> Result<(), Error> {
        poll_fn(|context| match outcome(&self.message) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                let mut wakers = self.message.wakers.borrow_mut();
                if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                    wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }
}

fn failed(message: &Tracked, status: Status) -> Option<Result<(), Error>> {
    message
        .done
        .get()
        .then_some(Err(Error::NotDelivered(status)))
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &self.status())
            .finish()
    }
}
