//! The WebSocket server that the browser tests talk to.

use std::io::{BufRead, BufReader, Read, sink};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::run::Ctx;

/// A running test server; ends when dropped.
pub(crate) struct TestServer {
    child: Child,
    address: String,
}

impl TestServer {
    /// The server of this run, started by the first who asks.
    pub(crate) fn shared(ctx: &Ctx) -> Result<&Self> {
        if let Some(server) = ctx.server.get() {
            return Ok(server);
        }
        let server = Self::start(ctx)?;
        Ok(ctx.server.get_or_init(|| server))
    }

    /// Its address as a WebSocket url without a path.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    fn start(ctx: &Ctx) -> Result<Self> {
        let program = build::test_server(ctx)?;
        let mut child = Command::new(&program)
            .arg("--until-stdin-ends")
            .current_dir(&ctx.project.root)
            // Held open as long as this process lives: however it ends, the server ends with it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child
            .stdout
            .take()
            .context("the server's output is piped")?;
        // From here on dropping ends the child, also when it says something unexpected.
        let mut server = Self {
            child,
            address: String::new(),
        };
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        lines
            .read_line(&mut line)
            .context("cannot read the test server's output")?;
        match address(&line) {
            Some(address) => server.address = address.to_owned(),
            None => bail!("the test server did not say `listening HOST:PORT` but {line:?}"),
        }
        // A full pipe would stop the server, so the rest is read and thrown away.
        thread::spawn(move || drop(std::io::copy(&mut lines.by_ref(), &mut sink())));
        Ok(server)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about either error.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The address in a line `listening 127.0.0.1:PORT`.
fn address(line: &str) -> Option<&str> {
    let address = line.trim().strip_prefix("listening ")?;
    address.starts_with("127.0.0.1:").then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_the_word_listening() {
        assert_eq!(
            address("listening 127.0.0.1:40123\n"),
            Some("127.0.0.1:40123")
        );
    }

    #[test]
    fn an_error_or_a_public_address_is_refused() {
        assert_eq!(address("error: no port"), None);
        assert_eq!(address("listening 0.0.0.0:80"), None);
        assert_eq!(address(""), None);
    }
}
