//! What stands before every transport on the listener that the controls hurt: who may come in, whose link it is, and
//! whether a WebSocket gets through today.

use std::sync::Arc;

use axum::{
    extract::{ConnectInfo, Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use everwire_messages::bounds;
use serde::Deserialize;

use crate::{
    chaos::{Chaos, OverLink},
    hub::Hub,
    socket::is_own_page,
};

/// How long a browser need not ask again whether it may send a request, seconds.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("600");

/// What the door needs to know.
#[derive(Debug, Clone)]
pub struct Door {
    /// Counts who is sent away.
    pub hub: Arc<Hub>,
    /// Says what gets through.
    pub chaos: Arc<Chaos>,
}

/// What every address of a transport may have.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    /// Name of the page for the controls.
    client: Option<String>,
}

/// Lets a request through to its transport, or sends it away.
pub async fn pass(
    State(Door { hub, chaos }): State<Door>,
    ConnectInfo(OverLink(link)): ConnectInfo<OverLink>,
    Query(Parameters { client }): Query<Parameters>,
    request: Request,
    next: Next,
) -> Response {
    let refuse = |status: StatusCode, why: String| {
        hub.stats().refused_handshakes.one();
        (status, why).into_response()
    };
    let headers = request.headers();
    if !is_own_page(headers) {
        return refuse(
            StatusCode::FORBIDDEN,
            "connect from a page on this machine".into(),
        );
    }
    let origin = headers.get(header::ORIGIN).cloned();
    let mut settings = link.settings();
    if let Some(client) = &client {
        if let Err(error) = bounds::id("client", client) {
            return refuse(StatusCode::BAD_REQUEST, error.to_string());
        }
        chaos.name_link(&link, client);
        settings = chaos.settings_for(client);
    }
    if settings.web_socket_blocked && is_upgrade(headers) {
        return refuse(
            StatusCode::FORBIDDEN,
            "websockets are blocked here; use another transport".into(),
        );
    }
    let mut response = if request.method() == Method::OPTIONS {
        preflight(headers)
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Says that a page of this machine may send what it asks for; the origin is added to every answer.
fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    let mut allow = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
    allow(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    );
    allow(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        allow(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}
