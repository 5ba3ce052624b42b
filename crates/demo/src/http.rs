//! The HTTP side: the page, its configuration, the controls and the counters. Never touched by what the controls do.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Query, Request, State, rejection::JsonRejection},
    http::{
        HeaderMap, HeaderValue, StatusCode, header,
        request::Parts,
        uri::{Authority, Uri},
    },
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    chaos::{Chaos, Command, Refusal, Report},
    client::{IDLE_TIMEOUT_MS, MAX_MESSAGE_BYTES},
    config::Config,
    hub::{DEFAULT_ROOM, Hub, RoomReport},
    room::{PRESENCE_GRACE_MS, TYPING_TTL_MS},
    socket::is_loopback,
    ticker::{
        http::{config as ticker, history},
        service::Exchange,
    },
};

/// What the page may load. WASM needs `wasm-unsafe-eval`; map libraries and Yew set inline styles.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'; connect-src 'self' ws://127.0.0.1:* ws://localhost:* \
    http://127.0.0.1:* http://localhost:*";
/// Shown when the page has not been built.
const NOT_BUILT: &str =
    "not found; if the page itself is missing, build it with: cargo xtask demo\n";

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Site {
    /// The hub.
    pub hub: Arc<Hub>,
    /// The market of the ticker page.
    pub exchange: Arc<Exchange>,
    /// The controls.
    pub chaos: Arc<Chaos>,
    /// Where the WebSocket side listens.
    pub ws: SocketAddr,
    /// The command line.
    pub config: Arc<Config>,
    /// When the server started.
    pub started: Instant,
}

/// All routes.
pub fn router(site: Site) -> Router {
    let files = ServeDir::new(Path::new(&site.config.dist))
        .fallback(get(async || (StatusCode::NOT_FOUND, NOT_BUILT)));
    let header =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .route("/config.json", get(config))
        .route("/chaos", get(chaos).post(change_chaos))
        .route("/stats", get(stats))
        .route("/ticker.json", get(ticker))
        .route("/ticker/history", get(history))
        .route_service(
            "/ticker",
            ServeFile::new(site.config.dist.join("ticker.html")),
        )
        // Its addresses are relative, so it has one place only.
        .route("/ticker/", get(async || Redirect::temporary("../ticker")))
        .fallback_service(files)
        .layer(middleware::from_fn(only_own_host))
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            policy(&site.config),
        ))
        .layer(header(header::CACHE_CONTROL, "no-cache"))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .with_state(site)
}

/// The page's policy, which also lets it connect to the servers that the command line names.
fn policy(config: &Config) -> HeaderValue {
    let mut policy = POLICY.to_owned();
    if let Some(origin) = &config.socketio {
        let socket = origin.replacen("http", "ws", 1);
        policy.push_str(&format!(" {origin} {socket}"));
    }
    for broker in &config.broker {
        if let Ok(uri) = broker.parse::<Uri>() {
            let (scheme, authority) = (uri.scheme_str(), uri.authority());
            if let (Some(scheme), Some(authority)) = (scheme, authority) {
                policy.push_str(&format!(" {scheme}://{authority}"));
            }
        }
    }
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Refuses requests under a foreign host name: a page of that name could otherwise read and control everything
/// by pointing its name at this machine (DNS rebinding).
async fn only_own_host(request: Request, next: Next) -> Response {
    match host(request.headers()) {
        Some(_) => next.run(request).await,
        None => (
            StatusCode::FORBIDDEN,
            "open this server as 127.0.0.1 or localhost\n",
        )
            .into_response(),
    }
}

/// Host that the client used, without the port, if it is this machine's own name.
fn host(headers: &HeaderMap) -> Option<String> {
    let authority: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
    is_loopback(authority.host()).then(|| authority.host().to_owned())
}

/// The own host name of the request, as a handler's argument; IPv4 where the WebSocket side is meant.
#[derive(Debug)]
pub struct Host(pub String);

impl<S: Sync> FromRequestParts<S> for Host {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        host(&parts.headers).map(Self).ok_or(StatusCode::FORBIDDEN)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PageConfig {
    ws: String,
    socketio: String,
    sockjs: String,
    rooms: Vec<String>,
    default_room: &'static str,
    vehicles: u16,
    tick_ms: u64,
    presence_grace_ms: u64,
    typing_ttl_ms: u64,
    idle_timeout_ms: u64,
    max_message_bytes: usize,
    max_text_chars: usize,
}

async fn config(State(site): State<Site>, Host(host): Host) -> Json<PageConfig> {
    // The WebSocket side listens on IPv4 only.
    let host = if host == "[::1]" { "127.0.0.1" } else { &host };
    let own = format!("{host}:{}", site.ws.port());
    Json(PageConfig {
        ws: format!("ws://{own}/ws"),
        socketio: match &site.config.socketio {
            Some(other) => other.clone(),
            None => format!("http://{own}"),
        },
        sockjs: format!("http://{own}/sockjs"),
        rooms: site.hub.room_names(),
        default_room: DEFAULT_ROOM,
        vehicles: site.config.vehicles,
        tick_ms: site.config.tick_ms,
        presence_grace_ms: PRESENCE_GRACE_MS,
        typing_ttl_ms: TYPING_TTL_MS,
        idle_timeout_ms: IDLE_TIMEOUT_MS,
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_text_chars: everwire_messages::bounds::MAX_TEXT_CHARS,
    })
}

#[derive(Debug, Deserialize)]
struct Target {
    client: Option<String>,
}

async fn chaos(State(site): State<Site>) -> Json<Report> {
    Json(site.chaos.report())
}

/// Changes the links. Only a JSON body is taken: a browser asks before it sends one for a foreign page, and is not
/// answered, so that no other page can do this.
async fn change_chaos(
    State(site): State<Site>,
    Query(target): Query<Target>,
    command: Result<Json<Command>, JsonRejection>,
) -> Response {
    let command = match command {
        Ok(Json(command)) => command,
        Err(JsonRejection::MissingJsonContentType(_)) => {
            return refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send content-type: application/json",
            );
        }
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.body_text()),
    };
    let client = target.client.as_deref();
    if let Err(refusal) = site.chaos.apply(&command, client) {
        return refuse(status_of(&refusal), &refusal.to_string());
    }
    if let Some(close) = &command.close {
        match client {
            None => site.hub.close_all(close.code, &close.reason),
            Some(client) => site.hub.close_client(client, close.code, &close.reason),
        }
    }
    site.chaos.powered().await;
    Json(site.chaos.report()).into_response()
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::TooManyClients => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(BTreeMap::from([("error", error)]))).into_response()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StatsReport {
    connections: usize,
    accepted: u64,
    refused_handshakes: u64,
    uptime_ms: u64,
    rooms: BTreeMap<String, RoomReport>,
    posts: u64,
    likes: u64,
    duplicates: u64,
    rejected: u64,
    messages_in: u64,
    messages_out: u64,
    bytes_in: u64,
    bytes_out: u64,
    positions_superseded: u64,
    dropped_in: u64,
    dropped_out: u64,
    slow_closed: u64,
}

async fn stats(State(site): State<Site>) -> Json<StatsReport> {
    use std::sync::atomic::Ordering::Relaxed;
    let (stats, traffic) = (site.hub.stats(), site.chaos.traffic());
    Json(StatsReport {
        connections: site.hub.connected(),
        accepted: site.chaos.accepted(),
        refused_handshakes: stats.refused_handshakes.value(),
        uptime_ms: site.started.elapsed().as_millis() as u64,
        rooms: site.hub.rooms(),
        posts: stats.posts.value(),
        likes: stats.likes.value(),
        duplicates: stats.duplicates.value(),
        rejected: stats.rejected.value(),
        messages_in: stats.messages_in.value(),
        messages_out: stats.messages_out.value(),
        bytes_in: traffic.up.load(Relaxed),
        bytes_out: traffic.down.load(Relaxed),
        positions_superseded: stats.superseded.value(),
        dropped_in: stats.dropped_in.value(),
        dropped_out: stats.dropped_out.value(),
        slow_closed: stats.slow_closed.value(),
    })
}
