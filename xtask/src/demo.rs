//! `cargo xtask demo`: build everything, then serve it.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::run::Ctx;

/// Serves the demo until it is interrupted. Needs no browser of its own and no test tool, so it installs neither.
pub(crate) fn run(ctx: &Ctx, args: &[OsString]) -> Result<()> {
    build::pages(ctx)?;
    let mut server = Command::new(build::demo_server(ctx)?);
    server.args(args).current_dir(&ctx.project.root);
    become_program(ctx, &mut server)
}

/// The server takes the place of this process, so whoever ends the one it started ends the server.
#[cfg(unix)]
fn become_program(_ctx: &Ctx, server: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(server.exec()).context("cannot start the demo server")
}

#[cfg(not(unix))]
fn become_program(ctx: &Ctx, server: &mut Command) -> Result<()> {
    ctx.run(server).context("the demo server failed")
}
