//! Command-line tools from crates.io, built once per user and version.
//!
//! Prebuilt binaries would be quicker but come from many hosts; crates.io is the one place that every machine able
//! to build the project reaches anyway. Each tool has a folder of its own, so versions live side by side and
//! nothing of the user's own `~/.cargo/bin` is used or replaced.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::run::{Ctx, cargo};

/// Runs the browser tests; pinned because its command line is ours to keep working.
const WASM_PACK: (&str, &str) = ("wasm-pack", "0.15.1");
/// The WebDriver of Firefox.
const GECKODRIVER: (&str, &str) = ("geckodriver", "0.37.1");
/// Checks licences, duplicate versions and sources of dependencies.
const CARGO_DENY: (&str, &str) = ("cargo-deny", "0.20.2");

/// Installs every tool.
pub(crate) fn all(ctx: &Ctx) -> Result<()> {
    wasm_bindgen(ctx)?;
    wasm_pack(ctx)?;
    geckodriver(ctx)?;
    cargo_deny(ctx)?;
    Ok(())
}

/// The wasm-bindgen CLI. Its version must be exactly the one of the crate, else it refuses the file.
pub(crate) fn wasm_bindgen(ctx: &Ctx) -> Result<PathBuf> {
    let version = ctx.project.locked_version("wasm-bindgen")?;
    install(ctx, "wasm-bindgen-cli", &version, "wasm-bindgen")
}

pub(crate) fn wasm_pack(ctx: &Ctx) -> Result<PathBuf> {
    install(ctx, WASM_PACK.0, WASM_PACK.1, "wasm-pack")
}

pub(crate) fn geckodriver(ctx: &Ctx) -> Result<PathBuf> {
    install(ctx, GECKODRIVER.0, GECKODRIVER.1, "geckodriver")
}

pub(crate) fn cargo_deny(ctx: &Ctx) -> Result<PathBuf> {
    install(ctx, CARGO_DENY.0, CARGO_DENY.1, "cargo-deny")
}

/// Installs one version of a crate if it is not there yet; the path of its program.
fn install(ctx: &Ctx, name: &str, version: &str, program: &str) -> Result<PathBuf> {
    let root = ctx.project.tools.join(format!("{name}-{version}"));
    let program = root
        .join("bin")
        .join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    ctx.once(&format!("installing {name} {version}"), || {
        if program.is_file() && is_installed(&root, name, version) {
            return Ok(());
        }
        fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        ctx.say(&format!("installing {name} {version} (once)"));
        cargo_install(ctx, &root, name, version, true).or_else(|error| {
            // The lock file a crate was published with can have gone stale, for example by a yanked dependency.
            ctx.say(&format!("{error:#}; once more without --locked"));
            cargo_install(ctx, &root, name, version, false)
        })
    })?;
    Ok(program)
}

fn cargo_install(ctx: &Ctx, root: &Path, name: &str, version: &str, locked: bool) -> Result<()> {
    let mut command = cargo();
    command
        .args(["install", name, "--version", version, "--root"])
        .arg(root)
        // These programs run for seconds but take minutes to build: spend less on optimising them.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env_remove("CARGO_TARGET_DIR");
    if locked {
        command.arg("--locked");
    }
    ctx.run(&mut command)
}

/// Whether cargo has finished that very installation: it writes `.crates.toml` last.
fn is_installed(root: &Path, name: &str, version: &str) -> bool {
    fs::read_to_string(root.join(".crates.toml"))
        .is_ok_and(|text| lists_install(&text, name, version))
}

fn lists_install(crates_toml: &str, name: &str, version: &str) -> bool {
    let entry = format!("\"{name} {version} (");
    crates_toml.lines().any(|line| line.starts_with(&entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES: &str = "\
[v1]
\"wasm-bindgen-cli 0.2.130 (registry+https://example.invalid/index)\" = [
    \"wasm-bindgen\",
]
";

    #[test]
    fn a_finished_install_is_recognised() {
        assert!(lists_install(CRATES, "wasm-bindgen-cli", "0.2.130"));
    }

    #[test]
    fn another_version_another_crate_or_an_unfinished_install_is_not() {
        assert!(!lists_install(CRATES, "wasm-bindgen-cli", "0.2.13"));
        assert!(!lists_install(CRATES, "wasm-bindgen", "0.2.130"));
        assert!(!lists_install("", "wasm-bindgen-cli", "0.2.130"));
    }
}
