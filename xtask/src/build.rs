//! Builds what is shipped and shown: the npm package, the demo pages and the demo server.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{Ctx, cargo};
use crate::{npm, setup, tools};

/// Where the demo server finds its pages.
pub(crate) const PAGES: &str = "www/dist";

pub(crate) fn all(ctx: &Ctx) -> Result<()> {
    pages(ctx)?;
    demo_server(ctx)?;
    Ok(())
}

/// The npm package into pkg/dist.
pub(crate) fn npm_package(ctx: &Ctx) -> Result<()> {
    ctx.once("building the npm package", || {
        setup::toolchain(ctx)?;
        npm::install(ctx, "pkg")?;
        ctx.run(Command::new("node").arg("pkg/build.mjs"))
    })
}

/// The files of the Yew page that are copied as they are; one of them it shares with the other pages.
const YEW_FILES: [&str; 5] = [
    "www/yew-feed/index.html",
    "www/yew-feed/start.js",
    "www/yew-feed/style.css",
    "www/yew-feed/feed.css",
    "www/src/styles/shared.css",
];

/// The demo pages into www/dist: the page of the npm package and, in yew/, the one in Rust.
pub(crate) fn pages(ctx: &Ctx) -> Result<()> {
    npm_package(ctx)?;
    ctx.once("building the demo page", || npm::run(ctx, "www", "build"))?;
    // After the page, whose build empties the folder.
    yew_page(ctx)
}

fn yew_page(ctx: &Ctx) -> Result<()> {
    ctx.once("building the Yew page", || {
        ctx.cargo(
            "build --release --target wasm32-unknown-unknown -p everwire-demo-yew",
            &[],
        )?;
        let out = ctx.project.path(PAGES).join("yew");
        let wasm = ctx
            .project
            .target
            .join("wasm32-unknown-unknown/release/everwire-demo-yew.wasm");
        ctx.run(
            Command::new(tools::wasm_bindgen(ctx)?)
                .args(["--target", "web", "--no-typescript", "--out-dir"])
                .arg(&out)
                .arg(wasm),
        )?;
        for name in YEW_FILES {
            let file = ctx.project.path(name);
            let name = file.file_name().context("a file has a name")?;
            fs::copy(&file, out.join(name))
                .with_context(|| format!("cannot copy {}", file.display()))?;
        }
        Ok(())
    })
}

/// The demo server; the path of its program.
pub(crate) fn demo_server(ctx: &Ctx) -> Result<PathBuf> {
    program(ctx, "everwire-demo")
}

/// The server of the browser tests; the path of its program.
pub(crate) fn test_server(ctx: &Ctx) -> Result<PathBuf> {
    program(ctx, "everwire-test-server")
}

/// Builds a native program of the workspace. The dev profile: it shares its dependencies with the tests, and both
/// servers wait for their network far longer than they compute.
fn program(ctx: &Ctx, name: &str) -> Result<PathBuf> {
    ctx.once(&format!("building {name}"), || {
        ctx.run(cargo().args(["build", "-p", name]))
    })?;
    let file = format!("debug/{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(ctx.project.target.join(file))
}
