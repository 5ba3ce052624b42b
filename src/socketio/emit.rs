//! What became of an emit: its status, and its answer.

use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use everwire_core::{
    protocol::socket_io::client::NamespaceId,
    send::{Lane, Offline, SendOptions, Status},
};
use serde::de::DeserializeOwned;

use crate::driver;

use super::{args, engine::Engine, error::Error, hub::Tracked};

/// Options of one emit, over those of its topic.
///
/// ```
/// # use std::time::Duration;
/// # use everwire::socketio::EmitOptions;
/// let options = EmitOptions::new().volatile();
/// let patient = EmitOptions::new().ttl(Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmitOptions {
    pub(super) send: SendOptions,
    pub(super) volatile: bool,
}

impl EmitOptions {
    /// In order, kept while the connection is down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Dropped unless it can be written at once. Its status says which.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Sends past the topic's pace.
    pub fn immediate(mut self) -> Self {
        self.send.immediate = true;
        self
    }

    /// Priority class. Default [`Lane::Normal`].
    pub fn lane(mut self, lane: Lane) -> Self {
        self.send.lane = Some(lane);
        self
    }

    /// What happens while the connection is down. Default [`Offline::Queue`].
    pub fn offline(mut self, offline: Offline) -> Self {
        self.send.offline = Some(offline);
        self
    }

    /// How long it may wait to be written; it is [`Expired`](Status::Expired) afterwards. Default no limit.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.send.ttl = Some(ttl.into());
        self
    }
}

/// One accepted emit. Dropping the handle does not take it back.
#[derive(Clone)]
pub struct Emit {
    pub(super) engine: Rc<Engine>,
    pub(super) namespace: NamespaceId,
    pub(super) tracked: Rc<Tracked>,
}

impl Emit {
    /// Where it is now. Each emit ends in exactly one terminal status; a superseded one never counts as sent.
    pub fn status(&self) -> Status {
        self.tracked.status.get()
    }

    /// Waits until it has been handed to the transport, across reconnects.
    ///
    /// # Errors
    /// [`Error::NotDelivered`] with the status, if it will not be.
    pub async fn written(&self) -> Result<(), Error> {
        poll_fn(|context| match self.status() {
            Status::Written | Status::Acked | Status::Unknown => Poll::Ready(Ok(())),
            status if self.tracked.done.get() => Poll::Ready(Err(Error::NotDelivered(status))),
            _ => {
                self.tracked.wait(context.waker());
                Poll::Pending
            }
        })
        .await
    }

    /// Takes it back. `false` if it was written already or ended otherwise.
    pub fn cancel(&self) -> bool {
        !self.tracked.done.get()
            && self
                .engine
                .run(|core| core.cancel(self.namespace, self.tracked.emit))
    }
}

/// The answer to an emit, from [`Socket::emit_with_ack`](super::Socket::emit_with_ack) and
/// [`Socket::emit_reliable`](super::Socket::emit_reliable).
///
/// The event is on its way already; dropping the future only stops waiting.
///
/// Fails with [`Error::Ack`], or with [`Error::Decode`] if the answer is not of the type `R`.
#[must_use = "without awaiting it nobody learns whether the server answered"]
pub struct Answer<R> {
    pub(super) sent: Result<Emit, Error>,
    pub(super) types: PhantomData<fn() -> R>,
}

impl<R> Answer<R> {
    /// How long the answer is awaited from now on; an event still unwritten then is taken back. Default the socket's
    /// `ack_timeout`. Nothing for reliable emits, whose times are an option of the socket.
    pub fn timeout(self, timeout: Duration) -> Self {
        if let Ok(sent) = &self.sent {
            let (namespace, emit) = (sent.namespace, sent.tracked.emit);
            sent.engine.run(|core| {
                core.set_timeout(driver::now(), namespace, emit, Some(timeout.into()));
            });
        }
        self
    }

    /// The emit itself, `None` if it was not accepted.
    pub fn emit(&self) -> Option<&Emit> {
        self.sent.as_ref().ok()
    }
}

// No field is ever pinned.
impl<R> Unpin for Answer<R> {}

impl<R: DeserializeOwned> Future for Answer<R> {
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let sent = match &self.sent {
            Ok(sent) => sent,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let answer = sent.tracked.answer.borrow().clone();
        Poll::Ready(match answer {
            None => {
                sent.tracked.wait(context.waker());
                return Poll::Pending;
            }
            Some(Err(error)) => Err(error.into()),
            Some(Ok((payload, attachments))) => {
                args::read(&payload, &attachments, 0).map_err(|error| Error::Decode {
                    event: sent.tracked.event.trim_matches('"').to_owned(),
                    reason: error.to_string(),
                    payload,
                })
            }
        })
    }
}

impl fmt::Debug for Emit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emit")
            .field("event", &self.tracked.event)
            .field("status", &self.status())
            .finish()
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answer").field(&self.sent).finish()
    }
}
