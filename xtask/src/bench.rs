//! `cargo xtask bench`: native benchmarks of the core, and with `--browser` the ones of the npm package.

use anyhow::Result;

use crate::run::Ctx;
use crate::steps;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Also run the benchmarks in a browser.
    pub(crate) browser: bool,
    /// Only prove that every benchmark runs.
    pub(crate) smoke: bool,
}

pub(crate) fn run(ctx: &Ctx, options: &Options) -> Result<()> {
    if options.smoke {
        native_smoke(ctx)?;
    } else {
        ctx.cargo("bench -p everwire-core --bench *", &[])?;
    }
    if options.browser {
        browser(ctx, options.smoke)?;
    }
    Ok(())
}

/// Every benchmark, native and in the browser, run as briefly as it can be.
pub(crate) fn smoke(ctx: &Ctx) -> Result<()> {
    native_smoke(ctx)?;
    browser(ctx, true)
}

/// Criterion runs each benchmark once when cargo starts it as a test.
fn native_smoke(ctx: &Ctx) -> Result<()> {
    ctx.cargo("test -p everwire-core --bench *", &[])
}

fn browser(ctx: &Ctx, smoke: bool) -> Result<()> {
    let args: &[&str] = if smoke { &["--smoke"] } else { &[] };
    steps::node_test(ctx, "tests/bench/run.mjs", args, None)
}
