//! What the ticker page asks over HTTP: where its broker is, the companies, and prices of the past.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};

use crate::http::{Host, Site};

use super::service::{FILLS, ORDERS, SNAPSHOT, TICKS};

/// Answer of `/ticker.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageConfig {
    /// WebSocket addresses of the brokers.
    brokers: Vec<String>,
    login: String,
    passcode: String,
    /// Whether the broker is the server itself, so that its faults can be shown.
    embedded: bool,
    ticks_per_s: u32,
    ticks: &'static str,
    fills: &'static str,
    orders: &'static str,
    snapshot: &'static str,
    symbols: Vec<Company>,
}

#[derive(Debug, Serialize)]
struct Company {
    code: String,
    en: String,
    ko: String,
    open: u32,
    price: u32,
}

/// `GET /ticker.json`
pub async fn config(State(site): State<Site>, Host(host): Host) -> Json<PageConfig> {
    let embedded = site.config.broker.is_empty();
    // The WebSocket side listens on IPv4 only.
    let host = if host == "[::1]" { "127.0.0.1" } else { &host };
    let (login, passcode) = match embedded {
        true => Default::default(),
        false => site.config.broker_login.clone(),
    };
    let market = site.exchange.market();
    let prices = market.opens().zip(market.prices());
    let symbols = market.symbols().iter().zip(prices);
    let companies = symbols.map(|(symbol, (open, price))| Company {
        code: symbol.code.clone(),
        en: symbol.en.clone(),
        ko: symbol.ko.clone(),
        open,
        price,
    });
    Json(PageConfig {
        brokers: match embedded {
            true => vec![format!("ws://{host}:{}/stomp", site.ws.port())],
            false => site.config.broker.clone(),
        },
        login,
        passcode,
        embedded,
        ticks_per_s: site.config.ticks_per_s,
        ticks: TICKS,
        fills: FILLS,
        orders: ORDERS,
        snapshot: SNAPSHOT,
        symbols: companies.collect(),
    })
}

/// Query of `/ticker/history`.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    symbol: String,
}

/// `GET /ticker/history?symbol=CODE`: the last two minutes, one price a second, the oldest first.
///
/// # Errors
/// 404 for a symbol that does not exist.
pub async fn history(
    State(site): State<Site>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<u32>>, StatusCode> {
    let prices = site.exchange.market().history_of(&wanted.symbol);
    prices.map(Json).ok_or(StatusCode::NOT_FOUND)
}
