//! `cargo xtask bench`: the core's benchmarks, and everwire beside its peers in a browser.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::run::{Ctx, cargo};
use crate::{browsers, build, npm, services, setup, size, tools};

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Only these parts of the browser benchmarks, and not the core's.
    pub(crate) parts: Option<String>,
    /// Also write what was measured into docs/benchmarks.md and its plots.
    pub(crate) report: bool,
    /// Only prove that every benchmark runs.
    pub(crate) smoke: bool,
}

pub(crate) fn run(ctx: &Ctx, options: &Options) -> Result<()> {
    if options.parts.is_none() {
        native(ctx, options.smoke)?;
    }
    browser(ctx, options)
}

/// Every benchmark, native and in the browser, run as briefly as it can be.
pub(crate) fn smoke(ctx: &Ctx) -> Result<()> {
    let smoke = true;
    run(
        ctx,
        &Options {
            smoke,
            ..Options::default()
        },
    )
}

/// Criterion runs each benchmark once when cargo starts it as a test.
fn native(ctx: &Ctx, smoke: bool) -> Result<()> {
    let command = if smoke { "test" } else { "bench" };
    ctx.cargo(&format!("{command} -p everwire-core --bench *"), &[])
}

fn browser(ctx: &Ctx, options: &Options) -> Result<()> {
    const SCRIPT: &str = "tests/bench/run.mjs";
    if !ctx.project.path(SCRIPT).is_file() {
        bail!("{SCRIPT} is missing");
    }
    build::npm_package(ctx)?;
    npm::install(ctx, "tests")?;
    services::ensure(ctx)?;
    let mut command = Command::new("node");
    command
        .arg(SCRIPT)
        .args(options.smoke.then_some("--smoke"))
        .args(options.report.then_some("--report"));
    if options.report {
        command.env("EVERWIRE_SIZES", sizes(ctx)?);
    }
    if options.report && options.parts.is_none() {
        command.env("EVERWIRE_CRITERION", ctx.project.target.join("criterion"));
    }
    if let Some(parts) = &options.parts {
        command.args(["--only", parts]);
    }
    ctx.run(
        command
            .env("EVERWIRE_CHROME", browsers::ensure(ctx)?.chrome)
            .env("EVERWIRE_TEST_SERVER_PROGRAM", build::test_server(ctx)?)
            .env("EVERWIRE_HERD_PROGRAM", herd(ctx)?)
            .env("EVERWIRE_BENCH_RUST", rust_module(ctx)?),
    )
}

/// The sizes of the npm entries, for the report; the path of a JSON file.
fn sizes(ctx: &Ctx) -> Result<PathBuf> {
    let rows: Vec<_> = size::sizes(ctx)?
        .into_iter()
        .map(|(entry, size)| json!([entry, size.raw, size.gzip, size.brotli]))
        .collect();
    let file = ctx.project.target.join("bench-sizes.json");
    fs::write(&file, json!(rows).to_string())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// The simulation of a thousand clients; the path of its program.
fn herd(ctx: &Ctx) -> Result<PathBuf> {
    ctx.once("building the herd simulation", || {
        ctx.run(cargo().args(["build", "-p", "everwire-sim", "--example", "herd"]))
    })?;
    let file = format!("debug/examples/herd{}", std::env::consts::EXE_SUFFIX);
    Ok(ctx.project.target.join(file))
}

/// The Rust clients of the benchmark, for the page; the folder of the script and its module.
fn rust_module(ctx: &Ctx) -> Result<PathBuf> {
    const CRATE: &str = "everwire-bench-rust";
    let out = ctx.project.target.join("bench-rust");
    ctx.once("building the Rust clients of the benchmark", || {
        setup::toolchain(ctx)?;
        ctx.cargo(
            &format!("build --release --target wasm32-unknown-unknown -p {CRATE}"),
            &[],
        )?;
        let module = ctx
            .project
            .target
            .join("wasm32-unknown-unknown/release/everwire_bench_rust.wasm");
        ctx.run(
            Command::new(tools::wasm_bindgen(ctx)?)
                .args(["--target", "web", "--no-typescript", "--out-dir"])
                .arg(&out)
                .arg(module),
        )
    })?;
    Ok(out)
}
