//! Everything a machine needs beyond rustup's cargo and Node.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::Ctx;
use crate::{browsers, npm, services, tools};

/// Installs all that any command needs.
pub(crate) fn all(ctx: &Ctx) -> Result<()> {
    toolchain(ctx)?;
    for dir in ["pkg", "www", "tests"] {
        npm::install(ctx, dir)?;
    }
    browsers::ensure(ctx)?;
    services::ensure(ctx)?;
    tools::all(ctx)
}

/// The target and components that rust-toolchain.toml names.
///
/// rustup installs them with the toolchain, but not into a toolchain that was there before; and asking it costs a
/// look at the network. So the files are looked for, and rustup is only run when one is missing.
pub(crate) fn toolchain(ctx: &Ctx) -> Result<()> {
    ctx.once("setting up the Rust toolchain", || {
        let sysroot = ctx
            .read(Command::new("rustc").args(["--print", "sysroot"]))
            .context("rustc must be on PATH")?;
        for (kind, name, file) in [
            (
                "target",
                "wasm32-unknown-unknown",
                "lib/rustlib/wasm32-unknown-unknown/lib",
            ),
            // The npm package rebuilds the standard library without panic texts.
            (
                "component",
                "rust-src",
                "lib/rustlib/src/rust/library/Cargo.toml",
            ),
            ("component", "rustfmt", "bin/rustfmt"),
            ("component", "clippy", "bin/cargo-clippy"),
        ] {
            let file = Path::new(&sysroot).join(file);
            if !file.exists() && !file.with_extension("exe").exists() {
                ctx.run(Command::new("rustup").args([kind, "add", name]))
                    .with_context(|| format!("the Rust {kind} {name} is missing; install it"))?;
            }
        }
        Ok(())
    })
}
