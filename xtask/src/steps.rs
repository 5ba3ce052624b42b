//! The steps of `cargo xtask test`, cheap ones first. A new check is one line in the table and a function.
//!
//! A step builds and installs what it needs through the functions of `build`, `npm` and `tools`, which do nothing
//! a second time; so each step also works alone. A file that a step runs and does not find is a failure.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{Ctx, cargo, path_with};
use crate::server::TestServer;
use crate::test::Step;
use crate::workspace::{Workspace, is_internal};
use crate::{bench, browsers, build, npm, services, setup, size, tools};

/// Every step, in the order of running.
// A table reads best with a row per step, whatever its width.
#[rustfmt::skip]
pub(crate) const STEPS: &[Step] = &[
    step("setup",         "tools, npm packages, browsers and brokers", setup::all),
    step("fmt",           "formatting of all Rust code", fmt),
    step("deny",          "licences, sources and bans of Rust dependencies", deny),
    step("npm-licences",  "licences of what the npm projects install", npm_licences),
    step("clippy",        "lints of everything that runs natively", clippy),
    step("clippy-wasm",   "lints of the browser crates", clippy_wasm),
    step("rustdoc",       "documentation without warnings", rustdoc),
    step("features",      "core and browser crate: no, each and all features", features),
    step("native",        "Rust tests and doc tests that run natively", native),
    step("npm-build",     "the npm package, and what its WASM imports", npm_build),
    step("types",         "TypeScript of the demo page", types),
    step("size",          "size of every npm entry against its budget", size::check),
    step("chrome",        "browser crates in headless Chrome", chrome),
    step("firefox",       "browser crates in headless Firefox", firefox),
    step("export",        "TypeScript declarations that `export_socket!` generates", export),
    step("client",        "`everwire` in Node and in Chrome", client),
    step("websocket",     "`everwire/websocket` beside its peers in Chrome and Firefox", websocket),
    step("services",      "RabbitMQ and Redis, started for tests and ended", brokers),
    step("stomp",         "`everwire/stomp` beside its peer, and on RabbitMQ", stomp),
    step("stomp-connect", "the own API of `everwire/stomp` on RabbitMQ", stomp_connect),
    step("socketio",      "`everwire/socket.io` beside its peer, and with Redis", socketio),
    step("sockjs",        "`everwire/sockjs` beside its peer over every transport", sockjs),
    step("packaging",     "the packed npm package in bundlers, Node and a page", packaging),
    step("readme",        "the examples of the READMEs", readme),
    step("e2e",           "the demo, clicked through in a browser", e2e),
    step("bench",         "every benchmark runs", bench::smoke),
];

const fn step(name: &'static str, about: &'static str, run: fn(&Ctx) -> Result<()>) -> Step {
    Step { name, about, run }
}

/// Packages that only make sense in a browser.
const BROWSER_PACKAGES: [&str; 3] = ["everwire", "everwire-yew", "everwire-demo-yew"];
const WASM: &str = "--target wasm32-unknown-unknown";
/// Crates whose browser tests run, with their folder.
const BROWSER_TESTS: [(&str, &str); 2] = [(".", "everwire"), ("crates/yew", "everwire-yew")];
/// Seconds for the tests of one file; outages and reconnects are waited for in real time there.
const BROWSER_TEST_TIMEOUT: &str = "180";

fn fmt(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    ctx.cargo("fmt --all --check -- --color never", &[])
}

/// Advisories are left out: their database is a git repository, and the check must pass without a network.
fn deny(ctx: &Ctx) -> Result<()> {
    let program = tools::cargo_deny(ctx)?;
    ctx.run(
        Command::new(program)
            .args(["--workspace", "--all-features", "check"])
            .args(["licenses", "bans", "sources"]),
    )
}

fn npm_licences(ctx: &Ctx) -> Result<()> {
    for dir in ["pkg", "www", "tests"] {
        npm::check_licences(ctx, dir)?;
    }
    Ok(())
}

fn clippy(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    let workspace = Workspace::read(&ctx.project)?;
    let mut args = workspace.with_public_features(&workspace.default_members())?;
    args.extend(DENY_WARNINGS.map(str::to_owned));
    ctx.cargo("clippy --all-targets", &args)
}

/// Not `--all-targets`: criterion does not build for WASM.
fn clippy_wasm(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    let workspace = Workspace::read(&ctx.project)?;
    let mut args = workspace.with_public_features(&BROWSER_PACKAGES)?;
    args.extend(DENY_WARNINGS.map(str::to_owned));
    ctx.cargo(
        &format!("clippy {WASM} --lib --bins --tests --examples"),
        &args,
    )?;
    // The code of the npm package stands behind internal features, of which one build has one.
    let features = workspace.features("everwire")?;
    for feature in features.iter().filter(|feature| is_internal(feature)) {
        ctx.cargo(
            &format!("clippy {WASM} -p everwire --lib --no-default-features --features {feature}"),
            &DENY_WARNINGS.map(str::to_owned),
        )?;
    }
    Ok(())
}

const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

/// The browser crates are documented for the target they are written for.
fn rustdoc(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    let workspace = Workspace::read(&ctx.project)?;
    let mut native = workspace.default_members();
    native.retain(|package| !BROWSER_PACKAGES.contains(package));
    for (target, packages) in [("", native.as_slice()), (WASM, &BROWSER_PACKAGES)] {
        ctx.run(
            cargo()
                .args(["doc", "--no-deps"])
                .args(target.split_whitespace())
                .args(workspace.with_public_features(packages)?)
                .env("RUSTDOCFLAGS", "-D warnings"),
        )?;
    }
    Ok(())
}

fn features(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    let workspace = Workspace::read(&ctx.project)?;
    for (package, target) in [("everwire-core", ""), ("everwire", WASM)] {
        let alone = format!("check {target} -p {package} --no-default-features");
        ctx.cargo(&alone, &[])?;
        for feature in workspace.features(package)? {
            ctx.cargo(&format!("{alone} --features {feature}"), &[])?;
        }
        ctx.cargo(
            &format!("check {target}"),
            &workspace.with_public_features(&[package])?,
        )?;
    }
    Ok(())
}

fn native(ctx: &Ctx) -> Result<()> {
    let workspace = Workspace::read(&ctx.project)?;
    let args = workspace.with_public_features(&workspace.default_members())?;
    ctx.cargo("test", &args)?;
    // No default member, but its examples are compiled, as those of the browser crate are.
    ctx.cargo("test --doc -p everwire-yew", &[])
}

/// A WASM file that imports from "env" has an unresolved C symbol and fails at load, in no test that mocks it.
fn npm_build(ctx: &Ctx) -> Result<()> {
    build::npm_package(ctx)?;
    let mut checked = 0;
    for file in size::files(&ctx.project.path("pkg/dist"))? {
        if file.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let imports = ctx.read(
            Command::new("node")
                .args(["--input-type=module", "--eval", WASM_IMPORTS])
                .arg(&file),
        )?;
        if imports.split_whitespace().any(|module| module == "env") {
            bail!("{} imports from \"env\"", file.display());
        }
        checked += 1;
    }
    if checked == 0 {
        bail!("pkg/dist holds no .wasm file");
    }
    Ok(())
}

const WASM_IMPORTS: &str = "\
import { readFileSync } from 'node:fs';
const module = new WebAssembly.Module(readFileSync(process.argv[1]));
for (const entry of WebAssembly.Module.imports(module)) console.log(entry.module);
";

/// After the build, which compiles the package itself: the page compiles against the types that the package ships.
fn types(ctx: &Ctx) -> Result<()> {
    build::npm_package(ctx)?;
    npm::run(ctx, "www", "typecheck")
}

fn chrome(ctx: &Ctx) -> Result<()> {
    let driver = browsers::ensure(ctx)?.chromedriver;
    wasm_pack_test(ctx, |command| {
        command
            .args(["--chrome", "--chromedriver"])
            .arg(driver.as_path());
    })
}

fn firefox(ctx: &Ctx) -> Result<()> {
    let driver = tools::geckodriver(ctx)?;
    wasm_pack_test(ctx, |command| {
        command
            .args(["--firefox", "--geckodriver"])
            .arg(driver.as_path());
    })
}

fn wasm_pack_test(ctx: &Ctx, browser: impl Fn(&mut Command)) -> Result<()> {
    setup::toolchain(ctx)?;
    let webdriver_json = browsers::webdriver_json(ctx, &browsers::ensure(ctx)?)?;
    let wasm_pack = tools::wasm_pack(ctx)?;
    // wasm-pack takes the test runner from PATH if its version fits.
    let bindgen = tools::wasm_bindgen(ctx)?;
    let path = path_with(&[bindgen.parent().context("a program lies in a folder")?])?;
    let workspace = Workspace::read(&ctx.project)?;
    let server = TestServer::shared(ctx)?;
    for (folder, package) in BROWSER_TESTS {
        let mut command = Command::new(&wasm_pack);
        command.args(["test", "--headless", "--mode", "no-install"]);
        browser(&mut command);
        command
            .arg(folder)
            // Without the package, cargo would build all default members in the root.
            .args(workspace.with_public_features(&[package])?)
            .args(["--lib", "--test", "*"])
            .env("PATH", &path)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &webdriver_json)
            .env("WASM_BINDGEN_TEST_TIMEOUT", BROWSER_TEST_TIMEOUT)
            .env("EVERWIRE_TEST_SERVER", server.url());
        ctx.run(&mut command)?;
    }
    Ok(())
}

fn export(ctx: &Ctx) -> Result<()> {
    setup::toolchain(ctx)?;
    npm::install(ctx, "tests")?;
    let bindgen = tools::wasm_bindgen(ctx)?;
    let path = path_with(&[bindgen.parent().context("a program lies in a folder")?])?;
    ctx.run(
        Command::new("node")
            .arg("tests/export/check.mjs")
            .env("PATH", path),
    )
}

fn client(ctx: &Ctx) -> Result<()> {
    node_test(ctx, "tests/client/run.mjs", &[], None)
}

fn websocket(ctx: &Ctx) -> Result<()> {
    let driver = ("EVERWIRE_GECKODRIVER", tools::geckodriver(ctx)?);
    node_test(ctx, "tests/websocket/run.mjs", &["--firefox"], Some(driver))
}

/// The test tools that start real brokers are tested themselves: a failure there explains those of the next steps.
fn brokers(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    for file in [
        "tests/support/redis.test.mjs",
        "tests/support/rabbitmq.test.mjs",
    ] {
        node_test(ctx, file, &[], None)?;
    }
    Ok(())
}

fn stomp(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    for file in [
        "tests/stomp/types.mjs",
        "tests/stomp/run.mjs",
        "tests/stomp/rabbitmq.mjs",
    ] {
        node_test(ctx, file, &[], None)?;
    }
    Ok(())
}

fn stomp_connect(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    node_test(ctx, "tests/stomp-connect/types.mjs", &[], None)?;
    let server = ("EVERWIRE_TEST_SERVER_PROGRAM", build::test_server(ctx)?);
    node_test(ctx, "tests/stomp-connect/run.mjs", &[], Some(server))
}

fn socketio(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    for file in ["tests/socketio/run.mjs", "tests/socketio/interop/run.mjs"] {
        node_test(ctx, file, &[], None)?;
    }
    Ok(())
}

fn sockjs(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    node_test(ctx, "tests/sockjs/run.mjs", &[], None)
}

fn packaging(ctx: &Ctx) -> Result<()> {
    node_test(ctx, "tests/packaging/run.mjs", &[], None)
}

fn readme(ctx: &Ctx) -> Result<()> {
    let server = ("EVERWIRE_TEST_SERVER_PROGRAM", build::test_server(ctx)?);
    node_test(ctx, "tests/readme/run.mjs", &[], Some(server))
}

fn e2e(ctx: &Ctx) -> Result<()> {
    services::ensure(ctx)?;
    build::pages(ctx)?;
    let server = build::demo_server(ctx)?;
    for file in [
        "tests/e2e/run.mjs",
        "tests/e2e/transports.mjs",
        "tests/e2e/ticker.mjs",
        "tests/e2e/yew.test.mjs",
    ] {
        let server = ("EVERWIRE_DEMO_SERVER", server.clone());
        node_test(ctx, file, &[], Some(server))?;
    }
    Ok(())
}

/// A script of tests/ that drives the built package in Chrome, and with it one more program (a server or a driver),
/// whose paths it gets by environment.
pub(crate) fn node_test(
    ctx: &Ctx,
    script: &str,
    args: &[&str],
    program: Option<(&str, PathBuf)>,
) -> Result<()> {
    if !ctx.project.path(script).is_file() {
        bail!("{script} is missing");
    }
    build::npm_package(ctx)?;
    npm::install(ctx, "tests")?;
    ctx.run(
        Command::new("node")
            .arg(script)
            .args(args)
            .env("EVERWIRE_CHROME", browsers::ensure(ctx)?.chrome)
            .envs(program),
    )
}
