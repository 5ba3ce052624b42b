//! SockJS endpoint `/sockjs`: the JSON messages of the bare WebSocket, also over plain HTTP.
//!
//! `/info` says what is offered; `/SERVER/SESSION/TRANSPORT` is the rest: `websocket`, `xhr_streaming`, `eventsource` and
//! `xhr` bring messages to the client, `xhr_send` takes its own. The framing is the core's.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State, ws::WebSocketUpgrade},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use everwire_core::protocol::sockjs::{Info, read_messages};
use serde::Deserialize;

use crate::{
    chaos::{Chaos, OverLink},
    client::{self, MAX_MESSAGE_BYTES},
    clock::now_ms,
    hub::{DEFAULT_ROOM, Hub, NoSeat},
    random::Random,
    seat::Seat,
};

mod framed;
mod receive;
mod session;

use framed::Framed;
use receive::Kind;
use session::{Session, Sessions};

/// Largest frame or body: a batch of a few messages of the largest size.
const MAX_BATCH_BYTES: usize = 4 * MAX_MESSAGE_BYTES;
/// A session without a receiver is gone after this time: between two polls there is always a moment without one.
const DISCONNECT_DELAY: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Endpoint {
    hub: Arc<Hub>,
    chaos: Arc<Chaos>,
    sessions: Arc<Sessions>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    room: Option<String>,
    client: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Place {
    session: String,
}

/// The routes. Sessions end with the router.
pub fn router(hub: Arc<Hub>, chaos: Arc<Chaos>) -> Router {
    let sessions = Arc::default();
    let receiver = |kind: Kind| {
        move |endpoint: State<Endpoint>, place: Path<Place>, query: Query<Parameters>| {
            receive(kind, endpoint, place, query)
        }
    };
    Router::new()
        .route("/sockjs", get(greeting))
        .route("/sockjs/info", get(info))
        .route("/sockjs/{server}/{session}/websocket", get(websocket))
        .route(
            "/sockjs/{server}/{session}/xhr_streaming",
            post(receiver(Kind::Streaming)),
        )
        .route(
            "/sockjs/{server}/{session}/eventsource",
            get(receiver(Kind::EventSource)),
        )
        .route(
            "/sockjs/{server}/{session}/xhr",
            post(receiver(Kind::Polling)),
        )
        .route("/sockjs/{server}/{session}/xhr_send", post(send))
        .layer(DefaultBodyLimit::max(MAX_BATCH_BYTES))
        .with_state(Endpoint {
            hub,
            chaos,
            sessions,
        })
}

async fn greeting() -> &'static str {
    "Welcome to SockJS!\n"
}

async fn info() -> Response {
    let info = Info {
        // Any number will do: it only has to differ from request to request.
        entropy: Random::new(now_ms()).bits() as u32,
        ..Info::default()
    };
    let mut text = String::new();
    info.write(&mut text);
    let json = "application/json; charset=UTF-8";
    reply(StatusCode::OK, json, Body::from(text))
}

/// An answer that no cache may keep.
fn reply(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (
            header::CACHE_CONTROL,
            "no-store, no-cache, no-transform, must-revalidate, max-age=0",
        ),
    ];
    (status, headers, body).into_response()
}

fn refuse(hub: &Hub, status: StatusCode, why: String) -> Response {
    hub.stats().refused_handshakes.one();
    (status, why).into_response()
}

fn join(endpoint: &Endpoint, Parameters { room, client }: &Parameters) -> Result<Seat, NoSeat> {
    let room = room.as_deref().unwrap_or(DEFAULT_ROOM);
    endpoint.hub.join(room, client.as_deref())
}

async fn websocket(
    State(endpoint): State<Endpoint>,
    ConnectInfo(OverLink(link)): ConnectInfo<OverLink>,
    Query(parameters): Query<Parameters>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let seat = match join(&endpoint, &parameters) {
        Ok(seat) => seat,
        Err(error) => return refuse(&endpoint.hub, StatusCode::BAD_REQUEST, error.to_string()),
    };
    endpoint.chaos.name_link(&link, seat.client());
    let hub = endpoint.hub;
    upgrade
        .max_message_size(MAX_BATCH_BYTES)
        .max_frame_size(MAX_BATCH_BYTES)
        .on_upgrade(async move |socket| client::run(socket, seat, link, hub.stats(), Framed).await)
}

/// Brings messages to the client; the first request of a session opens it.
async fn receive(
    kind: Kind,
    State(endpoint): State<Endpoint>,
    Path(Place { session }): Path<Place>,
    Query(parameters): Query<Parameters>,
) -> Response {
    let Endpoint { hub, chaos, .. } = endpoint.clone();
    let found = endpoint.sessions.find_or_open(&session, || {
        join(&endpoint, &parameters).map(|seat| Session::new(seat, hub, chaos))
    });
    match found {
        Ok(found) => receive::answer(kind, found, endpoint.sessions.clone(), session),
        Err(error) => refuse(&endpoint.hub, StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// Takes messages of the client.
async fn send(
    State(endpoint): State<Endpoint>,
    Path(Place { session }): Path<Place>,
    body: String,
) -> Response {
    let Some(session) = endpoint.sessions.find(&session) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if body.is_empty() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "Payload expected.").into_response();
    }
    let Ok(messages) = read_messages(&body) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "Broken JSON encoding.").into_response();
    };
    messages.iter().for_each(|text| session.take(text));
    let text = "text/plain; charset=UTF-8";
    reply(StatusCode::NO_CONTENT, text, Body::empty())
}
