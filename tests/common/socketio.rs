//! Managers and joined sockets for the tests of the Socket.IO client.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use everwire::socketio::{Change, Manager, ManagerBuilder, Socket, TransportKind};
use futures_util::StreamExt;

use crate::common::{self, quick};

pub(crate) const POLLING: [TransportKind; 1] = [TransportKind::Polling];
pub(crate) const WEBSOCKET: [TransportKind; 1] = [TransportKind::WebSocket];
pub(crate) const BOTH: [TransportKind; 2] = [TransportKind::Polling, TransportKind::WebSocket];

pub(crate) fn server() -> String {
    common::url("").replace("ws://", "http://")
}

pub(crate) fn manager() -> ManagerBuilder {
    Manager::builder(server()).backoff(quick())
}

pub(crate) fn over(transports: &[TransportKind]) -> Manager {
    manager().transports(transports).open().unwrap()
}

/// A joined socket whose messages the server keeps under the key.
pub(crate) async fn recorded(transports: &[TransportKind]) -> (String, Manager, Socket) {
    let key = common::key();
    let manager = manager().query("key", &key).transports(transports);
    let manager = manager.open().unwrap();
    let socket = joined(&manager).await;
    (key, manager, socket)
}

/// A joined socket of the main namespace.
pub(crate) async fn joined(manager: &Manager) -> Socket {
    let socket = manager.socket("/").build().unwrap();
    join(&socket).await;
    socket
}

pub(crate) async fn join(socket: &Socket) {
    let mut changes = socket.changes();
    socket.connect();
    while !socket.connected() {
        changes.next().await.expect("the socket is alive");
    }
}

pub(crate) async fn next_change(socket: &Socket, wanted: impl Fn(&Change) -> bool) -> Change {
    let mut changes = socket.changes();
    loop {
        let change = changes.next().await.expect("the socket is alive");
        if wanted(&change) {
            return change;
        }
    }
}
