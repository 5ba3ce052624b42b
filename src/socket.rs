//! `Socket`: the owner of a connection, as a stream and a sink.

use std::{
    fmt,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use everwire_core::{
    link::State,
    send::{SendError, SendOptions, TopicId},
};
use futures_core::{Stream, stream::FusedStream};
use futures_sink::Sink;

use crate::{
    Json,
    builder::Builder,
    client::Client,
    endpoint::Url,
    engine::{Outgoing, Packet},
    error::Error,
    id::Id,
    options::CloseOptions,
};

/// A reconnecting WebSocket with typed messages: `In` arrives, `Out` is sent.
///
/// - As a [`Stream`] it yields `Result<In, Error>`: messages, and errors in their place. An undecodable message is one
///   `Err` item with the raw frame, and the stream goes on. Losing the connection is no item (see [`Client::states`]);
///   a connection that *ended* by itself is a last item [`Error::Ended`], then `None`. After [`Client::reconnect`] items
///   come again.
/// - As a [`Sink`] it has back-pressure: it is ready while the queue has room and the browser's send buffer is below the
///   high-water mark; a flush is complete when everything has been handed to the browser (while the connection is down it
///   waits for the next one), closing flushes and runs the closing handshake.
/// - It dereferences to [`Client`], which has everything else: topics, requests, states, sends with a [`Handle`]. Clone
///   the client to use it elsewhere, also after a `split`. With `SinkExt` in scope, `socket.send(..)` is the sink's and
///   `socket.client().send(..)` the client's.
///
/// [`Handle`]: crate::Handle
///
/// **Dropping the socket closes the connection**, at once and without a flush, and removes all its listeners and timers;
/// clients, topics and handles that are left fail with typed errors. To say goodbye properly, await
/// [`Client::close`].
///
/// Like all values of the browser it belongs to one thread and is not `Send`.
///
/// ```no_run
/// use everwire::Socket;
/// use futures_util::{SinkExt, StreamExt};
/// # async fn run() -> Result<(), everwire::Error> {
/// let mut socket = Socket::<String, String>::builder("wss://example.com/chat").open()?;
/// socket.send("hello".to_owned()).await?;
/// while let Some(message) = socket.next().await {
///     match message {
///         Ok(text) => web_sys::console::log_1(&text.into()),
///         Err(error) => web_sys::console::warn_1(&error.to_string().into()),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping the socket closes it"]
pub struct Socket<In, Out> {
    client: Client<In, Out>,
    /// Accepted by the sink while the queue was full.
    parked: Option<(Packet, Option<Id>)>,
    closing: bool,
}

impl<In: 'static, Out: 'static> Socket<In, Out> {
    /// Options of a new socket; [`Builder::open`] opens it. The codec is [`Json`] unless another one is given.
    pub fn builder(url: impl Into<Url>) -> Builder<In, Out, Json> {
        Builder::new(url.into(), Json)
    }
}

impl<In, Out> Socket<In, Out> {
    pub(crate) fn new(client: Client<In, Out>) -> Self {
        Self {
            client,
            parked: None,
            closing: false,
        }
    }

    /// A handle to this socket that does not keep it open.
    pub fn client(&self) -> Client<In, Out> {
        self.client.clone()
    }

    /// Closes; see [`Client::close`]. It has precedence over the method of the same name without options that
    /// `SinkExt` offers.
    ///
    /// # Errors
    /// As there.
    pub fn close(
        &self,
        options: CloseOptions,
    ) -> impl Future<Output = Result<(), Error>> + use<In, Out> {
        self.client.close(options)
    }

    fn queue(&mut self, packet: Packet, id: Option<Id>) -> Result<(), Error> {
        let sent = self.client.engine.send(Outgoing {
            topic: TopicId(0),
            key: None,
            packet: packet.clone(),
            options: SendOptions {
                resend: id.is_some(),
                expect_ack: id.is_some(),
                ..SendOptions::default()
            },
            id: id.clone(),
            sink: true,
        });
        match sent {
            Ok(_) => Ok(()),
            Err(SendError::QueueFull) => {
                self.parked = Some((packet, id));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a parked message into the queue.
    fn poll_parked(&mut self, waker: &Waker) -> Poll<Result<(), Error>> {
        let Some((packet, id)) = self.parked.take() else {
            return Poll::Ready(Ok(()));
        };
        self.queue(packet, id)?;
        if self.parked.is_none() {
            return Poll::Ready(Ok(()));
        }
        self.client.engine.waiting().wait_for_change(waker);
        Poll::Pending
    }

    fn check(&self) -> Result<(), Error> {
        match self.client.engine.take_sink_failure() {
            Some(status) => Err(Error::NotDelivered(status)),
            None => Ok(()),
        }
    }
}

impl<In, Out> Drop for Socket<In, Out> {
    fn drop(&mut self) {
        self.client.engine.shut_down();
    }
}

impl<In, Out> Deref for Socket<In, Out> {
    type Target = Client<In, Out>;

    fn deref(&self) -> &Client<In, Out> {
        &self.client
    }
}

// No field is ever pinned.
impl<In, Out> Unpin for Socket<In, Out> {}

impl<In, Out> Stream for Socket<In, Out> {
    type Item = Result<In, Error>;

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<In, Error>>> {
        self.client.inbound.poll_next(context)
    }
}

impl<In, Out> FusedStream for Socket<In, Out> {
    fn is_terminated(&self) -> bool {
        self.client.state() == State::Closed && self.client.inbound.unread() == 0
    }
}

impl<In, Out> Sink<Out> for Socket<In, Out> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.check()?;
        ready!(self.poll_parked(context.waker()))?;
        let engine = &self.client.engine;
        if engine.core(|core| core.is_draining()) || self.client.state() == State::Closed {
            return Poll::Ready(Err(SendError::Closed.into()));
        }
        if engine.has_room() {
            return Poll::Ready(Ok(()));
        }
        engine.waiting().wait_for_room(context.waker());
        engine.arm_unless_pumping();
        Poll::Pending
    }

    fn start_send(mut self: Pin<&mut Self>, message: Out) -> Result<(), Error> {
        let (frame, id) = self.client.inbound.encode(&message)?;
        let plain = id.is_none() && self.parked.is_none();
        if plain && self.client.engine.send_past(&frame) {
            return Ok(());
        }
        self.queue(Packet::new(frame), id)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_parked(context.waker()))?;
        if self.client.engine.sink_unwritten() == 0 {
            return Poll::Ready(self.check());
        }
        self.client
            .engine
            .waiting()
            .wait_for_change(context.waker());
        Poll::Pending
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.closing {
            ready!(self.poll_parked(context.waker()))?;
            self.closing = true;
            self.client.engine.close(CloseOptions::default());
        }
        ready!(self.client.engine.poll_closed(context.waker()));
        // After a revival it can be closed again.
        self.closing = false;
        Poll::Ready(Ok(()))
    }
}

impl<In, Out> fmt::Debug for Socket<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt_as("Socket", f)
    }
}
