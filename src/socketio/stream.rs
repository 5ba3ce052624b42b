//! Streams of events, and answers to them.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use serde::{Serialize, de::DeserializeOwned};

use crate::driver;

use super::{
    args::{self, Args},
    engine::Engine,
    error::Error,
    hub::{Found, Inbox, Incoming},
    packet::Packet,
};
use everwire_core::protocol::socket_io::client::EmitError;

/// Stream of the arguments of one event, from [`Socket::on`](super::Socket::on).
///
/// An `Err` stands where arguments were not of the type `T` or where the queue was full; the stream goes on. It ends with
/// the socket; losing the connection is no item (see [`Socket::changes`](super::Socket::changes)). Dropping it stops
/// listening.
#[must_use = "a stream does nothing unless it is read"]
pub struct Events<T> {
    pub(super) inbox: Rc<Inbox>,
    pub(super) types: PhantomData<fn() -> T>,
}

/// Stream of all events with their answers, from [`Socket::incoming`](super::Socket::incoming) and
/// [`Socket::any`](super::Socket::any). As [`Events`] otherwise.
#[must_use = "a stream does nothing unless it is read"]
pub struct IncomingEvents {
    pub(super) inbox: Rc<Inbox>,
    pub(super) engine: Rc<Engine>,
}

/// An event as it arrived, perhaps to be answered.
pub struct IncomingEvent {
    event: Rc<Incoming>,
    engine: Rc<Engine>,
}

impl IncomingEvent {
    /// The event's name.
    pub fn name(&self) -> &str {
        &self.event.name
    }

    /// The arguments.
    ///
    /// # Errors
    /// [`Error::Decode`] if they are not of this type.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode(&self.event)
    }

    /// `["name", ...arguments]` as it was sent, with placeholders for attachments.
    pub fn json(&self) -> &str {
        &self.event.payload
    }

    /// The attachments, in the order of their placeholders.
    pub fn attachments(&self) -> &[Vec<u8>] {
        &self.event.attachments
    }

    /// Whether the server waits for an answer, and nobody gave it.
    pub fn expects_reply(&self) -> bool {
        let reply = self.event.reply.take();
        self.event.reply.set(reply);
        reply.is_some()
    }

    /// Answers. A tuple is several arguments.
    ///
    /// # Errors
    /// [`Error::Encode`]; [`EmitError::StaleReply`] if no answer is expected (any more): one was given, or the connection was
    /// lost since.
    pub fn reply<T: Serialize + ?Sized>(&self, args: &T) -> Result<(), Error> {
        let packet = Packet::answer(Args::of(args)?);
        let to = self.event.reply.take().ok_or(EmitError::StaleReply)?;
        self.engine
            .run(|core| core.reply(driver::now(), to, packet))?;
        Ok(())
    }
}

fn decode<T: DeserializeOwned>(event: &Incoming) -> Result<T, Error> {
    args::read(&event.payload, &event.attachments, 1).map_err(|error| Error::Decode {
        event: event.name.clone(),
        reason: error.to_string(),
        payload: event.payload.clone(),
    })
}

impl<T: DeserializeOwned> Stream for Events<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(
            ready!(self.inbox.poll_next(context)).map(|found| match found {
                Found::Event(event) => decode(&event),
                Found::Gap(dropped) => Err(Error::InboundOverflow { dropped }),
            }),
        )
    }
}

impl Stream for IncomingEvents {
    type Item = Result<IncomingEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let engine = &self.engine;
        Poll::Ready(
            ready!(self.inbox.poll_next(context)).map(|found| match found {
                Found::Event(event) => Ok(IncomingEvent {
                    event,
                    engine: Rc::clone(engine),
                }),
                Found::Gap(dropped) => Err(Error::InboundOverflow { dropped }),
            }),
        )
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl fmt::Debug for IncomingEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingEvents").finish_non_exhaustive()
    }
}

impl fmt::Debug for IncomingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingEvent")
            .field("json", &self.event.payload)
            .field("attachments", &self.event.attachments.len())
            .finish_non_exhaustive()
    }
}
