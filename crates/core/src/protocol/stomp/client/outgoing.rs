//! What the application asks for: publish, subscribe, acknowledge, request.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::Acknowledge;
use super::publication::Content;
use super::subscriptions::Wire;
use super::{
    AckError, AckMode, Action, Awaited, Client, Completes, Delivery, ListenerId, Outgoing,
    Publication, PublishError, RECEIPT, Ready, RequestId, SubscribeError, Subscribed, TopicError,
    TransactionBuilder, numbered,
};
use crate::link::State;
use crate::send::{
    Lane, Policy, Scope, SendError, SendOptions, SlotId, Status, Ticket, TopicConfig, TopicId,
};
use crate::{Span, Time};

/// Replies to these come without a subscription.
const TEMPORARY: &str = "/temp-queue/";

impl Client {
    /// Adds a topic: messages with a pace of their own.
    ///
    /// # Errors
    ///
    /// An option out of range, or a batch, which STOMP cannot carry.
    pub fn topic(&mut self, config: TopicConfig) -> Result<TopicId, TopicError> {
        if matches!(config.policy, Policy::Batch { .. }) {
            return Err(TopicError::Batch);
        }
        Ok(self.connection.outbox().topic(config)?)
    }

    /// As [`Outbox::remove_topic`](crate::send::Outbox::remove_topic).
    pub fn remove_topic(&mut self, topic: TopicId) {
        self.connection.outbox().remove_topic(topic);
    }

    /// As [`Outbox::slot`](crate::send::Outbox::slot).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn slot(&mut self, topic: TopicId) -> Result<SlotId, SendError> {
        self.connection.outbox().slot(topic)
    }

    /// Queues a message. With `expect_ack` it carries a receipt and is acknowledged by it; with an id
    /// ([`Outgoing::id`]) it also is kept until then, and written again after a loss. Without an id a lost receipt makes
    /// it [`Status::Unknown`].
    ///
    /// # Errors
    ///
    /// A [`PublishError`]; nothing was queued.
    pub fn publish(
        &mut self,
        now: Time,
        topic: TopicId,
        slot: Option<SlotId>,
        message: Outgoing,
        mut options: SendOptions,
    ) -> Result<Ticket, PublishError> {
        message.check()?;
        if message.id.is_some() {
            options.resend = true;
        }
        let publication = Publication(Rc::new(Content::Send(message)));
        self.queue(now, topic, slot, publication, options)
    }

    /// Queues a transaction, to be written as a whole: `BEGIN`, its frames, `COMMIT`. With `expect_ack` its `COMMIT`
    /// carries a receipt. An aborted transaction needs no call: drop its builder.
    ///
    /// # Errors
    ///
    /// A [`PublishError`]; nothing was queued.
    pub fn commit(
        &mut self,
        now: Time,
        transaction: TransactionBuilder,
        options: SendOptions,
    ) -> Result<Ticket, PublishError> {
        let publication = transaction.finish().ok_or(PublishError::EmptyTransaction)?;
        self.queue(now, TopicId(0), None, publication, options)
    }

    fn queue(
        &mut self,
        now: Time,
        topic: TopicId,
        slot: Option<SlotId>,
        publication: Publication,
        mut options: SendOptions,
    ) -> Result<Ticket, PublishError> {
        options.expect_ack |= options.resend;
        if options.expect_ack && self.tickets.len() >= self.config.max_receipts {
            return Err(PublishError::TooManyReceipts);
        }
        let ticket = self
            .connection
            .outbox()
            .send(now, topic, slot, publication, options)?;
        if options.expect_ack {
            let receipt = self.next_receipt();
            self.tickets.insert(ticket, receipt);
        }
        Ok(ticket)
    }

    /// Asks and waits for the answer, at most `timeout` from now. The message goes out with `reply-to` and
    /// `correlation-id`; the answer must carry the same `correlation-id`. It comes as
    /// [`Incoming::Reply`](super::Incoming::Reply), and what keeps it from coming as [`Action::Request`].
    ///
    /// # Errors
    ///
    /// A [`PublishError`]; nothing was queued.
    pub fn request(
        &mut self,
        now: Time,
        mut message: Outgoing,
        reply_to: Option<&str>,
        timeout: Span,
    ) -> Result<RequestId, PublishError> {
        if self.requests.is_full() {
            return Err(PublishError::TooManyRequests);
        }
        let reply_to = match reply_to {
            Some(destination) => String::from(destination),
            None => self.config.reply_to.clone(),
        };
        message.check()?;
        if !reply_to.starts_with(TEMPORARY) && !self.requests.has_replies(&reply_to) {
            let listener = self.subscribe(now, &reply_to, Vec::new(), AckMode::Auto)?;
            self.requests.listens(&reply_to, listener);
        }
        let (request, correlation) = self.requests.next();
        message
            .headers
            .retain(|(name, _)| !matches!(name.as_str(), "reply-to" | "correlation-id"));
        message.headers.push((String::from("reply-to"), reply_to));
        message
            .headers
            .push((String::from("correlation-id"), correlation));
        let options = SendOptions {
            lane: Some(Lane::Rpc),
            ttl: Some(timeout),
            ..SendOptions::default()
        };
        let ticket = self.publish(now, TopicId(0), None, message, options)?;
        self.requests.add(request, ticket, now + timeout);
        Ok(request)
    }

    /// Gives a request up: unwritten it is taken back, a late answer is unhandled.
    pub fn cancel_request(&mut self, request: RequestId) {
        if let Some(ticket) = self.requests.remove(request) {
            self.connection.outbox().cancel(ticket);
        }
    }

    /// Takes a message back, or stops waiting for its receipt when it is written. `false` if it has ended.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        self.connection.outbox().cancel(ticket)
    }

    /// Stops waiting for the receipt of a written message: it ends as [`Status::Unknown`] and is not written again.
    pub fn abandon(&mut self, ticket: Ticket) -> bool {
        self.connection.outbox().abandon(ticket)
    }

    /// As [`Outbox::cancel_all`](crate::send::Outbox::cancel_all).
    pub fn cancel_all(&mut self, scope: Scope) {
        self.connection.outbox().cancel_all(scope);
    }

    /// As [`Outbox::flush`](crate::send::Outbox::flush).
    pub fn flush(&mut self, now: Time, scope: Scope) {
        self.connection.outbox().flush(now, scope);
    }

    /// As [`Outbox::pending`](crate::send::Outbox::pending).
    pub fn is_pending(&mut self, scope: Scope) -> bool {
        self.connection.outbox().pending(scope)
    }

    /// As [`Outbox::status`](crate::send::Outbox::status).
    pub fn status(&mut self, ticket: Ticket) -> Option<Status> {
        self.connection.outbox().status(ticket)
    }

    /// The message that the slot's next one would replace. See [`Outbox::peek`](crate::send::Outbox::peek).
    pub fn peek(&mut self, topic: TopicId, slot: Option<SlotId>) -> Option<(Ticket, Publication)> {
        let (ticket, publication) = self.connection.outbox().peek(topic, slot)?;
        Some((ticket, publication.clone()))
    }

    /// Listens to a destination, now and on every later connection. Listeners of the same destination and headers share
    /// one subscription where acknowledgement is automatic. How far it is comes as [`Action::Subscription`].
    ///
    /// # Errors
    ///
    /// A [`SubscribeError`]; nothing changed.
    pub fn subscribe(
        &mut self,
        now: Time,
        destination: &str,
        mut headers: Vec<(String, String)>,
        ack: AckMode,
    ) -> Result<ListenerId, SubscribeError> {
        if self.is_draining() || matches!(self.link().state(), State::Closing | State::Closed) {
            return Err(SubscribeError::Closed);
        }
        headers.retain(|(name, _)| !matches!(name.as_str(), "ack" | "receipt"));
        let (listener, number) = self.subscriptions.add(destination, headers, ack)?;
        let state = self.subscriptions.all.get(&number).map(|it| it.state);
        match state {
            Some(Wire::Absent) if self.is_connected() && !self.duties.restore => {
                self.write_subscription(now, number);
            }
            Some(Wire::Active) if self.config.confirm.is_zero() || self.no_receipts => {
                self.tell(&[listener], Subscribed::Unconfirmed);
            }
            Some(Wire::Active) => self.tell(&[listener], Subscribed::Confirmed),
            _ => {}
        }
        Ok(listener)
    }

    /// Ends a listener, and with the last one the subscription. Messages that are on their way are unhandled.
    pub fn unsubscribe(&mut self, now: Time, listener: ListenerId) {
        let Some((number, subscription)) = self.subscriptions.remove(listener) else {
            return;
        };
        // A server that sends no receipts would have ever more of them awaited.
        self.receipts
            .retain(|what| *what != Awaited::Subscribe(number));
        if subscription.state == Wire::Absent || !self.is_connected() {
            return;
        }
        self.write(|session, out| session.unsubscribe(now, &subscription.id, &[], out))
            .ok();
    }

    /// Acknowledges a message. Written at once, past the queue.
    ///
    /// # Errors
    ///
    /// [`AckError::Late`] when the connection that delivered it is gone: the broker has taken it back.
    pub fn acknowledge(
        &mut self,
        now: Time,
        what: Acknowledge,
        delivery: &Delivery,
    ) -> Result<(), AckError> {
        if delivery.generation != self.generation || !self.is_connected() {
            return Err(AckError::Late);
        }
        let names = (delivery.message.as_str(), delivery.subscription.as_str());
        Ok(self.write(|session, out| session.acknowledge(now, what, names, &[], out))?)
    }

    /// Writes a `SUBSCRIBE` to the current connection.
    pub(super) fn write_subscription(&mut self, now: Time, number: u32) {
        let confirms = !self.config.confirm.is_zero();
        let receipt = confirms.then(|| self.next_receipt());
        let receipt_id = receipt.map(|receipt| numbered(RECEIPT, receipt));
        let (Some(subscription), Some(session)) =
            (self.subscriptions.all.get(&number), self.session.as_mut())
        else {
            return;
        };
        let mut fields: Vec<(&str, &str)> = subscription
            .headers
            .iter()
            .filter(|(name, _)| name != "id")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.push(("id", &subscription.id));
        fields.push(("ack", subscription.ack.as_str()));
        fields.extend(receipt_id.as_deref().map(|id| ("receipt", id)));
        let mut bytes = Vec::new();
        let written =
            session.subscribe(now, number, &subscription.destination, &fields, &mut bytes);
        if written.is_err() {
            let listeners = self.subscriptions.drop_all(number);
            return self.tell(&listeners, Subscribed::Unwritable);
        }
        self.frames.push_back(Ready {
            bytes,
            text: true,
            completes: Completes::Nothing,
        });
        if let Some(receipt) = receipt {
            self.receipts.insert(receipt, Awaited::Subscribe(number));
        }
        self.subscriptions
            .written(number, confirms.then(|| now + self.config.confirm));
        if !confirms {
            let listeners = self.subscriptions.confirmed(number).to_vec();
            self.tell(&listeners, Subscribed::Unconfirmed);
        }
    }

    pub(super) fn tell(&mut self, listeners: &[ListenerId], state: Subscribed) {
        for &listener in listeners {
            if matches!(state, Subscribed::Refused | Subscribed::Unwritable) {
                self.requests.refused(listener);
            }
            self.actions
                .push_back(Action::Subscription { listener, state });
        }
    }
}
