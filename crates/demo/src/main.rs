//! `everwire-demo`: starts the demo server and runs it until Ctrl-C.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use everwire_demo::{Config, Server, config::DEFAULT_PORT};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("everwire-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let asked = config.port;
    let server = Server::start(config).await?;
    let port = server.http_address().port();
    if asked.is_none() && port != DEFAULT_PORT {
        eprintln!("port {DEFAULT_PORT} is taken, using {port}");
    }
    // Scripts wait for this line, so it must not stay in a buffer.
    let mut out = io::stdout();
    writeln!(out, "everwire demo on http://127.0.0.1:{port}/")?;
    out.flush()?;
    until_stopped().await?;
    server.stop().await;
    Ok(())
}

/// Completes on Ctrl-C, and where there is such a thing, on SIGTERM.
async fn until_stopped() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
