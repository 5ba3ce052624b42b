//! Several messages and acknowledgements, all or none.

use everwire_core::protocol::stomp::{
    Acknowledge,
    client::{AckError, TransactionBuilder},
};
use everwire_core::send::SendOptions;

use super::{client::Client, error::Error, handle::Handle, message::Message, publish::Publish};

/// A transaction, from [`Client::begin`]. It is collected here and written as a whole when it is committed, so that a lost
/// connection never leaves half of it; dropping it aborts it.
#[derive(Debug)]
#[must_use = "a transaction does nothing before `commit`"]
pub struct Transaction {
    pub(super) client: Client,
    pub(super) parts: TransactionBuilder,
}

impl Transaction {
    /// Adds a message. Its own receipt, id, lane and times do not count: the commit has them.
    ///
    /// # Errors
    /// [`Error::Publish`] for what cannot be written.
    pub fn publish(&mut self, message: Publish) -> Result<(), Error> {
        Ok(self.parts.publish(message.message)?)
    }

    /// Acknowledges a message together with the rest. If its connection is gone when the transaction is written, nothing
    /// is, and the status is `Dropped(Refused)`.
    ///
    /// # Errors
    /// [`Error::Ack`] for a message that needs none.
    pub fn ack(&mut self, message: &Message) -> Result<(), Error> {
        let delivery = message.delivery.clone().ok_or(AckError::Automatic)?;
        self.parts.acknowledge(Acknowledge::Ack, delivery);
        Ok(())
    }

    /// Queues the whole, with a receipt for the commit.
    ///
    /// # Errors
    /// [`Error::Publish`]: it is empty, the queue is full, or the connection is closed.
    pub fn commit(self) -> Result<Handle, Error> {
        let options = SendOptions {
            expect_ack: true,
            ..SendOptions::default()
        };
        let engine = self.client.engine();
        engine.send(options.expect_ack, |client, now| {
            client.commit(now, self.parts, options)
        })
    }

    /// Gives it up. The same as dropping it.
    pub fn abort(self) {}
}
