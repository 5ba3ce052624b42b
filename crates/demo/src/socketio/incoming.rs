//! Takes events in the order in which they arrive.
//!
//! The Socket.IO server runs every handler as a task of its own, so two events could overtake each other. What extracts
//! a handler's arguments runs before that, one event after the other: the message is taken there.

use std::{convert::Infallible, sync::Arc};

use serde_json::Value;
use socketioxide::{
    adapter::LocalAdapter,
    extract::{AckSender, Data, Event},
    handler::FromMessageParts,
    socket::Socket,
};

use super::Session;

/// Proof that an event has been taken.
pub(super) struct Incoming;

impl FromMessageParts<LocalAdapter> for Incoming {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket>,
        packet: &mut socketioxide_core::Value,
        ack_id: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let Ok(Event(event)) = Event::from_message_parts(socket, packet, ack_id) else {
            return Ok(Self);
        };
        // No argument at all, or one that is not JSON, is a message without fields.
        let data = Data::<Value>::from_message_parts(socket, packet, ack_id)
            .map_or(Value::Null, |Data(data)| data);
        let ack = ack_id.and_then(|_| AckSender::from_message_parts(socket, packet, ack_id).ok());
        if let Some(session) = socket.extensions.get::<Arc<Session>>() {
            session.take(event, data, ack);
        }
        Ok(Self)
    }
}
