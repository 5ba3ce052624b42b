//! Command line of the demo server.

use std::path::PathBuf;

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

    /// Time between two updates of the vehicles, in ms
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=10_000))]
    pub tick_ms: u64,
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
            tick_ms: 500,
        }
    }
}
