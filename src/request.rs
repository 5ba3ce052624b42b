//! A request and its reply.

use std::{
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use everwire_core::{
    Time,
    send::{Lane, SendOptions, Status, TopicId},
};

use crate::{
    client::Client,
    driver,
    engine::{Outgoing, Packet},
    error::Error,
    inbound::PendingRequest,
};

/// Future of a reply, from [`Client::request`]. The request is on its way before the first poll.
///
/// Dropping it gives the request up: an unwritten one is taken back, the reply to a written one comes out of the stream
/// like any message.
#[must_use = "dropping a request gives it up"]
pub struct Request<In, Out> {
    client: Client<In, Out>,
    number: u64,
    pending: Rc<PendingRequest<In>>,
    /// Why it was not accepted.
    refused: Option<Error>,
    deadline: Time,
    alarm: Option<(Time, u64)>,
}

impl<In, Out> Request<In, Out> {
    pub(crate) fn new(client: Client<In, Out>, mut message: Out, timeout: Duration) -> Self {
        let (number, pending) = client.inbound.add_request();
        let sent = match &client.inbound.rules.set_request {
            None => Err(Error::NoCorrelation),
            Some(set_request) => {
                set_request(&mut message, number);
                let frame = (client.inbound.format.encode)(&message).map_err(Error::from);
                frame.and_then(|frame| {
                    Ok(client.engine.send(Outgoing {
                        topic: TopicId(0),
                        key: None,
                        packet: Packet::new(frame),
                        options: SendOptions {
                            lane: Some(Lane::Rpc),
                            ttl: Some(timeout.into()),
                            ..SendOptions::default()
                        },
                        id: None,
                        sink: false,
                    })?)
                })
            }
        };
        let refused = match sent {
            Ok(message) => {
                pending.message.replace(Some(message));
                None
            }
            Err(error) => Some(error),
        };
        Self {
            deadline: driver::now() + timeout.into(),
            client,
            number,
            pending,
            refused,
            alarm: None,
        }
    }

    fn outcome(&mut self) -> Option<Result<In, Error>> {
        if let Some(error) = self.refused.take() {
            return Some(Err(error));
        }
        if let Some(reply) = self.pending.reply.take() {
            return Some(Ok(reply));
        }
        if self.pending.lost.get() {
            return Some(Err(Error::NotDelivered(Status::Unknown)));
        }
        let status = self.pending.message.borrow().as_ref().map(|m| m.status());
        match status {
            Some(Status::Paced | Status::Queued | Status::Written) | None => {}
            Some(Status::Expired) => return Some(Err(Error::Timeout)),
            Some(status) => return Some(Err(Error::NotDelivered(status))),
        }
        (driver::now() >= self.deadline).then_some(Err(Error::Timeout))
    }
}

impl<In, Out> Unpin for Request<In, Out> {}

impl<In, Out> Future for Request<In, Out> {
    type Output = Result<In, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(outcome) = self.outcome() {
            return Poll::Ready(outcome);
        }
        self.pending.waker.replace(Some(context.waker().clone()));
        if let Some(message) = &*self.pending.message.borrow() {
            message.wait(context.waker());
        }
        let alarm = self
            .client
            .engine
            .waiting()
            .set_alarm(self.deadline, context.waker());
        if let Some(alarm) = self.alarm.replace(alarm) {
            self.client.engine.waiting().cancel_alarm(alarm);
        }
        self.client.engine.arm_unless_pumping();
        Poll::Pending
    }
}

impl<In, Out> Drop for Request<In, Out> {
    fn drop(&mut self) {
        self.client.inbound.remove_request(self.number);
        if let Some(alarm) = self.alarm {
            self.client.engine.waiting().cancel_alarm(alarm);
        }
        let message = self.pending.message.take();
        if let Some(message) = message.filter(|message| !message.is_done()) {
            self.client.engine.cancel(message.ticket());
        }
    }
}

impl<In, Out> fmt::Debug for Request<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.pending.message.borrow().as_ref().map(|m| m.status());
        f.debug_struct("Request")
            .field("number", &self.number)
            .field("status", &status)
            .finish()
    }
}
