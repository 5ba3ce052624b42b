//! What the application's protocol has to say before anything else: who it is, what it subscribes to. The core hears
//! that the socket is open only when this is done, so nothing queued can overtake it, and its connect timeout ends one
//! that hangs.

use std::{
    fmt,
    future::poll_fn,
    rc::{Rc, Weak},
};

use crate::{endpoint::Attempt, engine::Engine, error::Error, inbound::Inbound};

/// A socket that has just been connected, for [`Builder::handshake`](crate::Builder::handshake): sends go past the queue,
/// and what arrives is held back from the stream until the handshake is over.
///
/// When the connection is lost meanwhile, the future of the handshake is dropped where it waits.
pub struct Handshake<In, Out> {
    inbound: Rc<Inbound<In, Out>>,
    opening: Opening,
}

/// Which socket it is.
pub(crate) struct Opening {
    pub(crate) engine: Weak<Engine>,
    pub(crate) generation: u32,
    pub(crate) attempt: Attempt,
    pub(crate) protocol: Rc<str>,
}

impl<In, Out> Handshake<In, Out> {
    pub(crate) fn new(inbound: Rc<Inbound<In, Out>>, opening: Opening) -> Self {
        Self { inbound, opening }
    }

    /// The dial that led to this socket.
    pub fn attempt(&self) -> Attempt {
        self.opening.attempt
    }

    /// The subprotocol that the server chose, or `""`.
    pub fn protocol(&self) -> &str {
        &self.opening.protocol
    }

    /// Sends a message at once, ahead of everything queued.
    ///
    /// # Errors
    /// [`Error::Encode`], or [`Error::HandshakeOver`] when the handshake has ended or the socket is closing.
    pub fn send(&self, message: &Out) -> Result<(), Error> {
        let Opening {
            engine, generation, ..
        } = &self.opening;
        let frame = (self.inbound.format.encode)(message)?;
        let engine = engine
            .upgrade()
            .filter(|_| self.inbound.is_held_for(*generation));
        match engine {
            Some(engine) if engine.transmit(*generation, &frame) => Ok(()),
            _ => Err(Error::HandshakeOver),
        }
    }

    /// The next message that nothing here has taken yet, in the order of arrival. What is never taken comes out of the
    /// stream afterwards; pongs and replies are told apart before.
    ///
    /// # Errors
    /// [`Error::Decode`] for a message that the codec could not read, [`Error::InboundOverflow`] in the place of those
    /// that the bounds of [`Builder::inbound`](crate::Builder::inbound) cost, [`Error::HandshakeOver`] when the handshake
    /// has ended.
    pub async fn next(&self) -> Result<In, Error> {
        self.take(|_| true).await
    }

    /// The next message that `fits`; the others, errors too, stay for [`next`](Self::next) or the stream.
    ///
    /// # Errors
    /// [`Error::HandshakeOver`] when the handshake has ended.
    pub async fn expect(&self, fits: impl Fn(&In) -> bool) -> Result<In, Error> {
        self.take(|item| item.as_ref().is_ok_and(&fits)).await
    }

    async fn take(&self, fits: impl Fn(&Result<In, Error>) -> bool) -> Result<In, Error> {
        let generation = self.opening.generation;
        poll_fn(|context| self.inbound.poll_held(generation, context, &fits)).await
    }
}

impl<In, Out> fmt::Debug for Handshake<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("attempt", &self.opening.attempt)
            .field("protocol", &self.opening.protocol)
            .finish_non_exhaustive()
    }
}
