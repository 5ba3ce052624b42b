//! The listener of the transports: the loop that keeps it running, killed and restarted, and the bare WebSocket endpoint.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Query, State, ws::WebSocketUpgrade},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::{
    select,
    time::{sleep, timeout},
};

use crate::{
    chaos::{Chaos, ChaosListener, OverLink, Power},
    client::{self, Bare, MAX_MESSAGE_BYTES},
    door::{self, Door},
    hub::{DEFAULT_ROOM, Hub},
    socketio, sockjs,
    stomp::{self, Broker},
};

/// Pause before the port is tried again when somebody else has taken it during a kill.
const REBIND_WAIT: Duration = Duration::from_millis(200);

/// How long the links of a killed server may take to be gone; normally they are at once.
const RESET_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
struct Endpoint {
    hub: Arc<Hub>,
    chaos: Arc<Chaos>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    room: Option<String>,
    client: Option<String>,
}

/// Serves the WebSocket side until the task is dropped. Starts with a listener so that the caller knows its port; after
/// a kill another one takes the same port.
pub async fn run(
    listener: ChaosListener,
    address: SocketAddr,
    hub: Arc<Hub>,
    broker: Arc<Broker>,
    chaos: Arc<Chaos>,
) {
    let endpoint = Endpoint {
        hub: hub.clone(),
        chaos: chaos.clone(),
    };
    let door = Door {
        hub: hub.clone(),
        chaos: chaos.clone(),
    };
    let mut listener = Some(listener);
    let mut power = chaos.power();
    loop {
        if let Some(listener) = listener.take() {
            chaos.set_running(true);
            // Anew after each kill: no session of the other transports outlives it.
            let (socketio, io) = socketio::endpoint(hub.clone(), chaos.clone());
            let service = Router::new()
                .route("/ws", get(upgrade))
                .with_state(endpoint.clone())
                .merge(stomp::endpoint::router(broker.clone()))
                .merge(sockjs::router(hub.clone(), chaos.clone()))
                .layer(socketio)
                .layer(middleware::from_fn_with_state(door.clone(), door::pass))
                .into_make_service_with_connect_info::<OverLink>();
            select! {
                // Dropping the server drops its listener: from here on dials are refused.
                _ = axum::serve(listener, service) => {}
                _ = power.wait_for(|power| *power != Power::On) => {}
            }
            hub.crash();
            chaos.reset_all();
            let _ = timeout(RESET_WAIT, chaos.idle()).await;
            io.close().await;
            chaos.set_running(false);
        }
        let off = *power.borrow_and_update();
        if let Power::Off(until) = off {
            select! {
                () = until.wait() => chaos.power_on(),
                // Another command: on, or off for another time.
                _ = power.changed() => {}
            }
            continue;
        }
        match ChaosListener::bind(address, chaos.clone()) {
            Ok(again) => listener = Some(again),
            Err(_) => sleep(REBIND_WAIT).await,
        }
    }
}

async fn upgrade(
    State(endpoint): State<Endpoint>,
    ConnectInfo(OverLink(link)): ConnectInfo<OverLink>,
    Query(Parameters { room, client }): Query<Parameters>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Endpoint { hub, chaos } = endpoint;
    let seat = match hub.join(room.as_deref().unwrap_or(DEFAULT_ROOM), client.as_deref()) {
        Ok(seat) => seat,
        Err(error) => {
            hub.stats().refused_handshakes.one();
            return (StatusCode::BAD_REQUEST, error.to_string()).into_response();
        }
    };
    chaos.name_link(&link, seat.client());
    let stats = hub.clone();
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| client::run(socket, seat, link, stats.stats(), Bare).await)
}

/// Browsers name the page that connects: only pages of this machine may. Programs name none.
pub fn is_own_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    scheme && uri.host().is_some_and(is_loopback)
}

/// Whether a host name is this machine's own.
pub fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_pages_of_this_machine_and_programs_may_connect() {
        let allows = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            is_own_page(&headers)
        };
        assert!(is_own_page(&HeaderMap::new()));
        for origin in [
            "http://127.0.0.1:8080",
            "http://localhost:5173",
            "http://[::1]:80",
        ] {
            assert!(allows(origin), "{origin}");
        }
        for origin in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com:8080",
            "null",
            "file://",
            "http://127.0.0.1@example.com",
        ] {
            assert!(!allows(origin), "{origin}");
        }
    }
}
