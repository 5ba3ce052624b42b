//! Frames that wait for a `COMMIT`, within bounds.

use std::collections::BTreeMap;

use super::{Refusal, broker::Answer, destination::Destination, message::Message};

/// Most transactions that are open on a connection.
pub const MAX_OPEN: usize = 100;
/// Most frames that wait on a connection.
pub const MAX_FRAMES: usize = 10_000;
/// Most bytes that wait on a connection.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What takes effect at the `COMMIT`.
#[derive(Debug)]
pub enum Step {
    /// A `SEND`.
    Send(Destination, Message),
    /// An `ACK` or a `NACK`.
    Answer(Answer),
}

/// The open transactions of one connection.
#[derive(Debug, Default)]
pub struct Transactions {
    open: BTreeMap<String, Vec<Step>>,
    frames: usize,
    bytes: usize,
}

impl Transactions {
    /// Opens one.
    ///
    /// # Errors
    /// [`Refusal`] if it is open already, or too many are.
    pub fn begin(&mut self, id: &str) -> Result<(), Refusal> {
        if self.open.contains_key(id) {
            return Err(Refusal::new(
                "duplicate transaction",
                "commit or abort it before its id is used again",
            ));
        }
        if self.open.len() >= MAX_OPEN {
            return Err(Refusal::new(
                "too many transactions",
                "commit or abort some first",
            ));
        }
        self.open.insert(id.to_owned(), Vec::new());
        Ok(())
    }

    /// Adds a step to an open transaction.
    ///
    /// # Errors
    /// [`Refusal`] if it is not open, or holds too much.
    pub fn hold(&mut self, id: &str, step: Step) -> Result<(), Refusal> {
        let steps = self.open.get_mut(id).ok_or_else(unknown)?;
        self.frames += 1;
        self.bytes += step.size();
        if self.frames > MAX_FRAMES || self.bytes > MAX_BYTES {
            return Err(Refusal::new(
                "transaction is too large",
                "commit in smaller parts",
            ));
        }
        steps.push(step);
        Ok(())
    }

    /// Ends a transaction and gives what it held: for a `COMMIT` to do, for an `ABORT` to forget.
    ///
    /// # Errors
    /// [`Refusal`] if it is not open.
    pub fn end(&mut self, id: &str) -> Result<Vec<Step>, Refusal> {
        let steps = self.open.remove(id).ok_or_else(unknown)?;
        self.frames -= steps.len();
        self.bytes -= steps.iter().map(Step::size).sum::<usize>();
        Ok(steps)
    }
}

impl Step {
    fn size(&self) -> usize {
        match self {
            Self::Send(_, message) => message.size(),
            Self::Answer(answer) => answer.message.len(),
        }
    }
}

fn unknown() -> Refusal {
    Refusal::new("unknown transaction", "begin it first")
}
