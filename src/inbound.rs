//! What arrives: decoded, told apart, queued within bounds.

mod queue;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use everwire_core::{
    codec::{DecodeError, EncodeError, Frame},
    link::{EndReason, State, Verdict},
    send::Status,
};

use futures_core::future::LocalBoxFuture;

use crate::{
    endpoint::ProviderError,
    engine::{Received, Tracked, Upper},
    error::Error,
    handshake::{Handshake, Opening},
    id::Id,
    options::{InboundLimits, Loss},
    state::StateChange,
};

use queue::Queue;

/// A handshake under way.
pub(crate) type Greeting = LocalBoxFuture<'static, Result<(), ProviderError>>;

/// The wire format of a socket, with its type erased: one `Socket<In, Out>` whatever the codec.
#[allow(clippy::type_complexity, reason = "each type is used once, here")]
pub(crate) struct Format<In, Out> {
    pub(crate) encode: Box<dyn Fn(&Out) -> Result<Frame, EncodeError>>,
    pub(crate) decode: Box<dyn Fn(Frame) -> Result<In, DecodeError>>,
    pub(crate) join: Box<dyn Fn(&[&Frame]) -> Option<Frame>>,
}

/// The user's functions that look into messages.
#[allow(clippy::type_complexity, reason = "each type is used once, here")]
pub(crate) struct Rules<In, Out> {
    pub(crate) ping: Option<Box<dyn Fn() -> Out>>,
    pub(crate) is_pong: Option<Box<dyn Fn(&In) -> bool>>,
    pub(crate) id_of: Option<Box<dyn Fn(&Out) -> Option<Id>>>,
    pub(crate) ack_of: Option<Box<dyn Fn(&In) -> Option<Id>>>,
    pub(crate) set_request: Option<Box<dyn Fn(&mut Out, u64)>>,
    pub(crate) reply_to: Option<Box<dyn Fn(&In) -> Option<u64>>>,
    pub(crate) retry_on: Option<Box<dyn Fn(&Loss<'_>) -> Verdict>>,
    pub(crate) handshake: Option<Box<dyn Fn(Handshake<In, Out>) -> Greeting>>,
}

impl<In, Out> Default for Rules<In, Out> {
    fn default() -> Self {
        Self {
            ping: None,
            is_pong: None,
            id_of: None,
            ack_of: None,
            set_request: None,
            reply_to: None,
            retry_on: None,
            handshake: None,
        }
    }
}

/// The typed half of a socket.
pub(crate) struct Inbound<In, Out> {
    pub(crate) format: Format<In, Out>,
    pub(crate) rules: Rules<In, Out>,
    limits: InboundLimits,
    queue: RefCell<Queue<In>>,
    /// What arrives during a handshake, and the number of the socket that it is on.
    held: RefCell<Queue<In>>,
    held_for: Cell<Option<u32>>,
    held_wakers: RefCell<Vec<Waker>>,
    requests: RefCell<HashMap<u64, Rc<PendingRequest<In>>>>,
    last_request: Cell<u64>,
}

/// A request that waits for its reply.
pub(crate) struct PendingRequest<In> {
    pub(crate) message: RefCell<Option<Rc<Tracked>>>,
    pub(crate) reply: RefCell<Option<In>>,
    /// The connection was lost after the request was written.
    pub(crate) lost: Cell<bool>,
    pub(crate) waker: RefCell<Option<Waker>>,
}

impl<In, Out> Inbound<In, Out> {
    pub(crate) fn new(
        format: Format<In, Out>,
        rules: Rules<In, Out>,
        limits: InboundLimits,
    ) -> Self {
        Self {
            format,
            rules,
            limits,
            queue: RefCell::default(),
            held: RefCell::default(),
            held_for: Cell::new(None),
            held_wakers: RefCell::default(),
            requests: RefCell::new(HashMap::new()),
            last_request: Cell::new(0),
        }
    }

    /// A message as it goes out: its frame and its id.
    pub(crate) fn encode(&self, message: &Out) -> Result<(Frame, Option<Id>), Error> {
        let id = self.rules.id_of.as_ref().and_then(|id_of| id_of(message));
        Ok(((self.format.encode)(message)?, id))
    }

    pub(crate) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Result<In, Error>>> {
        let mut queue = self.queue.borrow_mut();
        match queue.pop() {
            Some(item) => Poll::Ready(Some(item)),
            None if queue.finished => Poll::Ready(None),
            None => {
                queue.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The first error, past the messages before it.
    #[cfg(feature = "export")]
    pub(crate) fn poll_error(&self, context: &Context<'_>) -> Poll<Error> {
        let mut queue = self.queue.borrow_mut();
        if let Some(Err(error)) = queue.take(Result::is_err) {
            return Poll::Ready(error);
        }
        queue.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Messages that wait to be read from the stream.
    pub(crate) fn unread(&self) -> usize {
        self.queue.borrow().len() + self.held.borrow().len()
    }

    pub(crate) fn add_request(&self) -> (u64, Rc<PendingRequest<In>>) {
        let number = self.last_request.get() + 1;
        self.last_request.set(number);
        let request = Rc::new(PendingRequest {
            message: RefCell::new(None),
            reply: RefCell::new(None),
            lost: Cell::new(false),
            waker: RefCell::new(None),
        });
        self.requests
            .borrow_mut()
            .insert(number, Rc::clone(&request));
        (number, request)
    }

    pub(crate) fn remove_request(&self, number: u64) {
        self.requests.borrow_mut().remove(&number);
    }

    /// Adds an item within the bounds. Returns whether the rule is to disconnect.
    fn push(&self, bytes: usize, item: Result<In, Error>) -> bool {
        let mut removed = Vec::new();
        let mut queue = self.queue.borrow_mut();
        let (overflow, wakers) = if self.held_for.get().is_some() {
            let others = (queue.len(), queue.bytes());
            let mut held = self.held.borrow_mut();
            let overflow = held.push(&self.limits, others, (bytes, item), &mut removed);
            (overflow, self.held_wakers.take())
        } else {
            let overflow = queue.push(&self.limits, (0, 0), (bytes, item), &mut removed);
            (overflow, queue.waker.take().into_iter().collect())
        };
        drop(queue);
        // Destructors of messages and wakers are foreign code.
        drop(removed);
        wakers.into_iter().for_each(Waker::wake);
        overflow
    }

    /// Whether the handshake of this socket is under way.
    pub(crate) fn is_held_for(&self, generation: u32) -> bool {
        self.held_for.get() == Some(generation)
    }

    /// The first message held for the handshake of this socket that fits.
    pub(crate) fn poll_held(
        &self,
        generation: u32,
        context: &Context<'_>,
        fits: impl Fn(&Result<In, Error>) -> bool,
    ) -> Poll<Result<In, Error>> {
        if !self.is_held_for(generation) {
            return Poll::Ready(Err(Error::HandshakeOver));
        }
        // Whether it fits is found out by foreign code, which may end the handshake.
        let mut held = self.held.take();
        let taken = held.take(fits);
        if let Some(item) = taken {
            self.hold_or_deliver(held);
            return Poll::Ready(item);
        }
        let mut wakers = self.held_wakers.borrow_mut();
        if !wakers.iter().any(|other| other.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
        drop(wakers);
        self.hold_or_deliver(held);
        Poll::Pending
    }

    fn hold_or_deliver(&self, messages: Queue<In>) {
        self.held.replace(messages);
        if self.held_for.get().is_none() {
            self.deliver_held();
        }
    }

    /// No handshake is under way any more: what it did not take goes to the stream.
    fn deliver_held(&self) {
        self.held_for.set(None);
        let mut wakers = self.held_wakers.take();
        let held = self.held.take();
        let mut queue = self.queue.borrow_mut();
        if held.len() > 0 {
            wakers.extend(queue.waker.take());
        }
        queue.append(held);
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn finish(&self, last: Option<Error>) {
        self.deliver_held();
        let mut queue = self.queue.borrow_mut();
        if let Some(error) = last {
            queue.add(0, Err(error));
        }
        queue.finished = true;
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The connection was lost: a request that was written may or may not have been handled.
    fn lose_requests(&self) {
        let requests: Vec<_> = self.requests.borrow().values().cloned().collect();
        for request in requests {
            let status = request
                .message
                .borrow()
                .as_ref()
                .map(|message| message.status());
            if status == Some(Status::Written) {
                request.lost.set(true);
                request.wake();
            }
        }
    }
}

impl<In> PendingRequest<In> {
    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<In: 'static, Out: 'static> Upper for Inbound<In, Out> {
    fn handshake(self: Rc<Self>, opening: Opening) -> Option<Greeting> {
        let handshake = self.rules.handshake.as_ref()?;
        self.held_for.set(Some(opening.generation));
        Some(handshake(Handshake::new(Rc::clone(&self), opening)))
    }

    fn handshake_over(&self) {
        self.deliver_held();
    }

    fn received(&self, frame: Frame) -> Received {
        let bytes = frame.len();
        let message = match (self.format.decode)(frame) {
            Ok(message) => message,
            Err(error) => {
                return Received {
                    overflow: self.push(bytes, Err(error.into())),
                    ..Received::default()
                };
            }
        };
        let rules = &self.rules;
        if rules
            .is_pong
            .as_ref()
            .is_some_and(|is_pong| is_pong(&message))
        {
            return Received {
                pong: true,
                ..Received::default()
            };
        }
        let reply_to = rules
            .reply_to
            .as_ref()
            .and_then(|reply_to| reply_to(&message));
        let request = reply_to.and_then(|number| self.requests.borrow_mut().remove(&number));
        if let Some(request) = request {
            request.reply.replace(Some(message));
            request.wake();
            return Received::default();
        }
        let ack = rules.ack_of.as_ref().and_then(|ack_of| ack_of(&message));
        Received {
            ack,
            overflow: self.push(bytes, Ok(message)),
            ..Received::default()
        }
    }

    fn ping(&self) -> Option<Frame> {
        let ping = self.rules.ping.as_ref()?();
        (self.format.encode)(&ping).ok()
    }

    fn verdict(&self, loss: &Loss<'_>) -> Verdict {
        let retry_on = self.rules.retry_on.as_ref();
        retry_on.map_or(Verdict::Default, |retry_on| retry_on(loss))
    }

    fn join(&self, frames: &[&Frame]) -> Option<Frame> {
        (self.format.join)(frames)
    }

    fn changed(&self, change: &StateChange) {
        if change.from == State::Open {
            self.lose_requests();
        }
        match change.state {
            State::Closed => self.finish(match change.ended {
                None | Some(EndReason::User) => None,
                Some(reason) => Some(Error::Ended {
                    reason,
                    cause: change.cause,
                }),
            }),
            State::Connecting => self.queue.borrow_mut().finished = false,
            _ => {}
        }
    }

    fn finished(&self) {
        self.finish(None);
    }
}
