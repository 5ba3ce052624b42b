//! Empties a client's queue into Socket.IO events.

use std::{future::Future, pin::Pin, sync::Arc};

use serde_json::{Map, Value};
use socketioxide::{SendError, extract::SocketRef};
use tokio::select;

use super::Session;
use crate::{
    intake::OneIn,
    outbound::{End, Item},
};

/// Messages that answer one of the client's, which they name by its id.
const ANSWERS: [&str; 6] = ["ack", "rejected", "time", "found", "profile", "history"];

type Shown = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Writes until the hub wants an end or the client has gone.
pub(super) async fn run(socket: SocketRef, session: Arc<Session>) {
    let mut drops = OneIn::default();
    let mut shown: Option<Shown> = None;
    let stats = session.hub.stats();
    loop {
        let next = match &mut shown {
            None => session.out.next().await,
            Some(acknowledged) => select! {
                next = session.out.next_event() => next,
                () = acknowledged => {
                    shown = None;
                    continue;
                }
            },
        };
        stats.superseded.add(session.out.take_superseded());
        let item = match next {
            Ok(item) => item,
            Err(End { code, reason }) => {
                // Socket.IO has no close codes of its own.
                let end = serde_json::json!({ "code": code, "reason": reason });
                let _ = socket.emit("end", &end);
                session.leave();
                let _ = socket.disconnect();
                return;
            }
        };
        let settings = session.chaos.settings_for(&session.client);
        if drops.hits(settings.drop_outbound) {
            stats.dropped_out.one();
            continue;
        }
        let is_event = matches!(item, Item::Event(_));
        let Ok(Value::Object(message)) = serde_json::from_str(&item.into_text()) else {
            continue;
        };
        let sent = if is_event {
            tell(&socket, &session, message)
        } else {
            show(&socket, message).map(|future| shown = Some(future))
        };
        match sent {
            Ok(()) => stats.messages_out.one(),
            // The Socket.IO server holds too much already, or the client has gone.
            Err(_) => session.out.end(1013, "too slow, reconnect later"),
        }
    }
}

fn tell(
    socket: &SocketRef,
    session: &Session,
    message: Map<String, Value>,
) -> Result<(), Box<SendError>> {
    let id = message.get("id").and_then(Value::as_str);
    let kind = message.get("type").and_then(Value::as_str);
    let answers = kind.is_some_and(|kind| ANSWERS.contains(&kind));
    match id.filter(|_| answers).and_then(|id| session.awaited(id)) {
        Some(ack) => ack.send(&message).map_err(Box::new),
        None => {
            let (kind, fields) = named(message);
            socket.emit(kind, &fields).map_err(Box::new)
        }
    }
}

/// Sends what is shown; the future completes when the client has it, or has had its time.
fn show(socket: &SocketRef, message: Map<String, Value>) -> Result<Shown, Box<SendError>> {
    let (kind, fields) = named(message);
    let acknowledged = socket
        .emit_with_ack::<_, Value>(kind, &fields)
        .map_err(Box::new)?;
    Ok(Box::pin(async move {
        let _ = acknowledged.await;
    }))
}

/// The name of the event and its argument.
fn named(mut message: Map<String, Value>) -> (String, Map<String, Value>) {
    let kind = match message.remove("type") {
        Some(Value::String(kind)) => kind,
        _ => String::new(),
    };
    (kind, message)
}
