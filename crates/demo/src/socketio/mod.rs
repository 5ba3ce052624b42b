//! Socket.IO endpoint: the messages of the hub as events, answers as acknowledgements.
//!
//! An event is named as the message's `type` and has one argument, the other fields. Where a client gives an
//! acknowledgement function with a message that has an `id`, the answer goes there, whole, instead of being an event.
//! What is shown on the map asks the client for an acknowledgement, and nothing more is shown until it comes: that is
//! the back-pressure which lets positions be conflated here, since a Socket.IO server takes whatever it is given.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::Query;
use serde::Deserialize;
use serde_json::{Map, Value};
use socketioxide::{
    SocketIo,
    extract::{AckSender, SocketRef},
    handler::ConnectHandler,
    layer::SocketIoLayer,
};

use crate::{
    chaos::Chaos,
    client::MAX_MESSAGE_BYTES,
    clock::now_ms,
    hub::{DEFAULT_ROOM, Hub, NoSeat},
    intake::Intake,
    outbound::Outbound,
    seat::Seat,
};

mod incoming;
mod writer;

use incoming::Incoming;

/// Time between two pings of the server, and how long it waits for a pong.
const PING_INTERVAL: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to acknowledge what is shown before it is shown more anyway.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
/// Packets that may wait in the Socket.IO server: more than the hub's own queue ever gives it at once.
const MAX_PACKETS: usize = 2048;
/// Answers that clients may await; of more, the oldest come as events.
const MAX_AWAITED: usize = 256;
/// A packet has the name and the number of an event around the message.
const MAX_PACKET_BYTES: usize = MAX_MESSAGE_BYTES + 1024;

/// Makes the layer that serves `/socket.io/`, and the handle that ends its sessions.
pub fn endpoint(hub: Arc<Hub>, chaos: Arc<Chaos>) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .ack_timeout(SHOWN_WITHIN)
        .max_buffer_size(MAX_PACKETS)
        .max_payload(MAX_PACKET_BYTES as u64)
        .ws_max_message_size(MAX_PACKET_BYTES)
        .ws_max_frame_size(MAX_PACKET_BYTES)
        .build_layer();
    let admit = async move |socket: SocketRef| admit(&socket, &hub, &chaos);
    io.ns("/", serve.with(admit));
    (layer, io)
}

#[derive(Debug, Deserialize)]
struct Parameters {
    room: Option<String>,
    client: Option<String>,
}

/// Gives a socket its place in the hub, or tells the client why not.
fn admit(socket: &SocketRef, hub: &Arc<Hub>, chaos: &Arc<Chaos>) -> Result<(), NoSeat> {
    let Query(Parameters { room, client }) =
        Query::try_from_uri(&socket.req_parts().uri).map_err(|_| NoSeat::Name)?;
    let seat = hub.join(room.as_deref().unwrap_or(DEFAULT_ROOM), client.as_deref())?;
    socket.extensions.insert(Arc::new(Session {
        out: seat.out.clone(),
        client: seat.client().to_owned(),
        seat: Mutex::new(Some(seat)),
        intake: Mutex::new(Intake::new(now_ms())),
        awaited: Mutex::default(),
        hub: hub.clone(),
        chaos: chaos.clone(),
    }));
    Ok(())
}

async fn serve(socket: SocketRef) {
    let Some(session) = socket.extensions.get::<Arc<Session>>() else {
        return;
    };
    socket.on_fallback(async |_: Incoming| {});
    socket.on_disconnect(async |socket: SocketRef| {
        if let Some(session) = socket.extensions.get::<Arc<Session>>() {
            session.leave();
        }
    });
    tokio::spawn(writer::run(socket, session));
}

/// A connected client.
struct Session {
    out: Arc<Outbound>,
    client: String,
    /// None once the client has gone.
    seat: Mutex<Option<Seat>>,
    intake: Mutex<Intake>,
    /// Acknowledgements to give, by id of the message, oldest first.
    awaited: Mutex<VecDeque<(String, AckSender)>>,
    hub: Arc<Hub>,
    chaos: Arc<Chaos>,
}

impl Session {
    /// Takes an event; its acknowledgement, if the client wants one, is given when the answer comes.
    fn take(&self, event: String, data: Value, ack: Option<AckSender>) {
        let mut message = match data {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        if let (Some(ack), Some(Value::String(id))) = (ack, message.get("id")) {
            let mut awaited = lock(&self.awaited);
            awaited.push_back((id.clone(), ack));
            if awaited.len() > MAX_AWAITED {
                awaited.pop_front();
            }
        }
        message.insert("type".into(), Value::String(event));
        let text = Value::Object(message).to_string();
        let seat = lock(&self.seat);
        let Some(seat) = seat.as_ref() else {
            return;
        };
        let settings = self.chaos.settings_for(&self.client);
        let stats = self.hub.stats();
        let end = lock(&self.intake).take(Some(&text), seat, settings, stats, now_ms());
        if let Some(end) = end {
            self.out.end(end.code, end.reason);
        }
    }

    /// The acknowledgement that awaits the answer with this id.
    fn awaited(&self, id: &str) -> Option<AckSender> {
        let mut awaited = lock(&self.awaited);
        let index = awaited.iter().position(|(other, _)| other == id)?;
        awaited.remove(index).map(|(_, ack)| ack)
    }

    /// Gives the place in the hub back and ends the writer.
    fn leave(&self) {
        lock(&self.seat).take();
        lock(&self.awaited).clear();
        self.out.end(1000, "");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change above is whole or not made, so a panic elsewhere cannot have torn anything.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
