//! `Client`: everything that can be done with a socket without owning it.

use std::{fmt, rc::Rc, time::Duration};

use everwire_core::{
    Span,
    link::{Input, State},
    send::{Scope, TopicId},
};

use crate::{
    driver,
    engine::{Engine, Outgoing, Packet},
    error::Error,
    handle::{Handle, flushed},
    inbound::Inbound,
    options::{CloseOptions, MessageOptions},
    request::Request,
    state::States,
    stats::Stats,
    topic::TopicBuilder,
};

/// A cheap handle to a [`Socket`](crate::Socket), for the many places of an application that send.
///
/// It does not keep the connection open: once the socket is dropped, sends fail with
/// [`SendError::Closed`](crate::SendError::Closed) and the streams of states end.
pub struct Client<In, Out> {
    pub(crate) engine: Rc<Engine>,
    pub(crate) inbound: Rc<Inbound<In, Out>>,
}

impl<In, Out> Client<In, Out> {
    /// Sends a message as soon as the connection can take it, in the order of the calls.
    ///
    /// # Errors
    /// [`Error::Encode`], or [`Error::Send`] when the queue is full or the connection closed; nothing was queued then.
    pub fn send(&self, message: &Out) -> Result<Handle, Error> {
        self.send_with(message, MessageOptions::new())
    }

    /// As [`send`](Self::send), with options.
    ///
    /// # Errors
    /// As there, and what the options bring: [`SendError::Offline`](crate::SendError::Offline).
    pub fn send_with(&self, message: &Out, options: MessageOptions) -> Result<Handle, Error> {
        let (frame, own_id) = self.inbound.encode(message)?;
        let id = options.id.or(own_id);
        let mut send = options.options;
        send.resend |= id.is_some();
        send.expect_ack |= id.is_some();
        let message = self.engine.send(Outgoing {
            topic: TopicId(0),
            key: None,
            packet: Packet::new(frame),
            options: send,
            id,
            sink: false,
        })?;
        Ok(Handle::new(Rc::clone(&self.engine), message))
    }

    /// Sends a request and waits for its reply, at most `timeout`. It is on its way when this returns; while the
    /// connection is down it waits in the queue, within the same timeout.
    ///
    /// The future fails with [`Error::Timeout`], with [`Error::NotDelivered`] (status `Unknown` when the connection was
    /// lost after the request was written), or at once with [`Error::NoCorrelation`], [`Error::Encode`], [`Error::Send`].
    pub fn request(&self, message: Out, timeout: Duration) -> Request<In, Out> {
        Request::new(self.clone(), message, timeout)
    }

    /// Options of a topic: values of type `T` with a pace of their own. The name is for diagnostics.
    pub fn topic<T>(&self, name: impl Into<String>) -> TopicBuilder<T, In, Out> {
        TopicBuilder::new(self.clone(), name.into())
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.engine.core(|core| core.link().state())
    }

    /// Every change of the state from now on, with its cause.
    pub fn states(&self) -> States {
        self.engine
            .subscribers()
            .subscribe(self.engine.is_dropped())
    }

    /// Counters and gauges.
    pub fn stats(&self) -> Stats {
        Stats::read(&self.engine, self.inbound.unread())
    }

    /// Admits everything that is paced now. The future resolves when all that was or came to be pending has been written
    /// or has ended otherwise; dropping it changes nothing.
    pub fn flush(&self) -> impl Future<Output = ()> + use<In, Out> {
        self.engine.flush(Scope::All);
        flushed(Rc::clone(&self.engine), Scope::All)
    }

    /// Takes back every message that is not written yet.
    pub fn cancel(&self) {
        self.engine.cancel_all(Scope::All);
    }

    /// Whether anything would still be sent.
    pub fn pending(&self) -> bool {
        self.engine.pending(Scope::All)
    }

    /// Dials now: cuts a wait short, replaces a live connection, revives a closed one.
    pub fn reconnect(&self) {
        if !self.engine.is_dropped() {
            self.engine.handle(Input::Reconnect);
        }
    }

    /// The server asks for patience: the next redial waits at least this long.
    pub fn retry_after(&self, delay: Duration) {
        self.engine.handle(Input::RetryHint(Span::from(delay)));
    }

    /// Closes: accepts no more, writes what is queued until the deadline, then runs the closing handshake. This starts
    /// at once; the future resolves when the connection is closed, and dropping it changes nothing.
    ///
    /// # Errors
    /// [`Error::BadCloseCode`], [`Error::CloseReasonTooLong`]: nothing happened.
    pub fn close(
        &self,
        options: CloseOptions,
    ) -> impl Future<Output = Result<(), Error>> + use<In, Out> {
        let checked = options.check();
        if checked.is_ok() {
            self.engine.close(options);
        }
        let engine = Rc::clone(&self.engine);
        async move {
            checked?;
            std::future::poll_fn(|context| engine.poll_closed(context.waker())).await;
            Ok(())
        }
    }

    /// Closes at once: what is queued is dropped, the connection abandoned.
    pub fn terminate(&self) {
        self.engine.handle(Input::Terminate);
    }

    /// When the last message arrived, as time since then; `None` before the first connection.
    pub fn silence(&self) -> Option<Duration> {
        let last = self.engine.core(|core| core.link().last_received())?;
        Some(driver::now().since(last).into())
    }

    pub(crate) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, generation) = self
            .engine
            .core(|core| (core.link().state(), core.link().generation()));
        f.debug_struct(name)
            .field("state", &state)
            .field("generation", &generation)
            .field("unread", &self.inbound.unread())
            .finish_non_exhaustive()
    }
}

impl<In, Out> Clone for Client<In, Out> {
    fn clone(&self) -> Self {
        Self {
            engine: Rc::clone(&self.engine),
            inbound: Rc::clone(&self.inbound),
        }
    }
}

impl<In, Out> fmt::Debug for Client<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as("Client", f)
    }
}
