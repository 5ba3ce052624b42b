//! Command line of the demo server.

use std::path::PathBuf;

use axum::http::Uri;
use clap::Parser;

/// Port of the page unless told otherwise.
pub const DEFAULT_PORT: u16 = 8080;

/// Demo server of everwire: a live map and a feed, and controls that hurt the link.
#[derive(Debug, Clone, Parser)]
#[command(name = "everwire-demo", version)]
pub struct Config {
    /// Port of the page, 0 for any free one [default: 8080, or the next free one]
    #[arg(long)]
    pub port: Option<u16>,

    /// Port of the WebSocket, 0 for any free one
    #[arg(long, default_value_t = 0)]
    pub ws_port: u16,

    /// Folder with the built page
    #[arg(long, default_value = "www/dist")]
    pub dist: PathBuf,

    /// Number of simulated vehicles, up to 5000
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(..=5000))]
    pub vehicles: u16,

    /// Seed of the simulated vehicles
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// File that keeps the feed over a restart; without it the feed is gone when the server ends
    #[arg(long)]
    pub state: Option<PathBuf>,

    /// Address of another Socket.IO server for the page's Socket.IO transport, such as http://127.0.0.1:3000 [default: this server]
    #[arg(long, value_name = "URL", value_parser = socketio_url)]
    pub socketio: Option<String>,

    /// Time between two updates of the vehicles, in ms
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=10_000))]
    pub tick_ms: u64,

    /// STOMP brokers for the ticker page, WebSocket addresses with commas between; without it the server is the broker
    #[arg(long, value_delimiter = ',', value_name = "WS_URL")]
    pub broker: Vec<String>,

    /// User and password at these brokers; the page is told them too
    #[arg(long, default_value = "guest:guest", value_name = "USER:PASSWORD", value_parser = login)]
    pub broker_login: (String, String),

    /// Price changes a second on the ticker page
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub ticks_per_s: u32,
}

/// Reads `USER:PASSWORD`.
fn login(text: &str) -> Result<(String, String), &'static str> {
    let (user, password) = text
        .split_once(':')
        .ok_or("give USER:PASSWORD with a colon between")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Origin of a Socket.IO server: no more of an address is used, so no more is taken.
fn socketio_url(text: &str) -> Result<String, String> {
    let wanted = "give the origin of a server, such as http://127.0.0.1:3000";
    let uri: Uri = text.parse().map_err(|_| wanted.to_owned())?;
    match (uri.scheme_str(), uri.authority(), uri.path_and_query()) {
        (Some(scheme @ ("http" | "https")), Some(authority), path)
            if path.is_none_or(|path| path == "/") =>
        {
            Ok(format!("{scheme}://{authority}"))
        }
        _ => Err(wanted.to_owned()),
    }
}

impl Default for Config {
    /// What an empty command line means, but on any free port.
    fn default() -> Self {
        Self {
            port: Some(0),
            ws_port: 0,
            dist: PathBuf::from("www/dist"),
            vehicles: 300,
            seed: 1,
            state: None,
            socketio: None,
            tick_ms: 500,
            broker: Vec::new(),
            broker_login: ("guest".to_owned(), "guest".to_owned()),
            ticks_per_s: 3_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_socketio_server_is_named_by_its_origin_and_nothing_else() {
        for (text, origin) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://chat.example.com/", "https://chat.example.com"),
        ] {
            assert_eq!(socketio_url(text).as_deref(), Ok(origin));
        }
        for text in [
            "127.0.0.1:3000",
            "ws://127.0.0.1:3000",
            "http://127.0.0.1/socket.io/",
            "http://a b",
            "",
        ] {
            assert!(socketio_url(text).is_err(), "{text}");
        }
    }
}
