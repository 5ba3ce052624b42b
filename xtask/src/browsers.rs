//! The browsers and fonts of the browser tests.
//!
//! They come from the system, since no registry carries them. On Debian as root they are installed; anywhere else
//! the command to run is printed, because changing a user's system unasked is not ours to do.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::debian;
use crate::run::{Ctx, which};

/// Korean text in screenshots needs a font with Hangul; this file tells that Debian's package is there.
const CJK_FONT: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";

/// The programs that the browser tests drive.
pub(crate) struct Browsers {
    pub(crate) chrome: PathBuf,
    pub(crate) chromedriver: PathBuf,
    pub(crate) firefox: PathBuf,
}

/// Finds the browsers, installing them first where that is possible.
pub(crate) fn ensure(ctx: &Ctx) -> Result<Browsers> {
    ctx.once("finding browsers", || {
        let missing = missing_packages();
        if !missing.is_empty() {
            if !debian::is_debian() {
                bail!(
                    "the browser tests need Chromium or Chrome, the chromedriver of the same version, and Firefox. \
                     Install what is missing ({}, by their names in Debian) or set EVERWIRE_CHROME, \
                     EVERWIRE_CHROMEDRIVER and EVERWIRE_FIREFOX to their paths",
                    missing.join(" ")
                );
            }
            debian::install(ctx, &missing)?;
        }
        let found = found()?;
        let chrome = version(ctx, &found.chrome)?;
        let driver = version(ctx, &found.chromedriver)?;
        if major(&chrome) != major(&driver) {
            bail!(
                "Chrome is {chrome} but chromedriver {driver}: install the same major version, or name \
                 a pair that matches in EVERWIRE_CHROME and EVERWIRE_CHROMEDRIVER"
            );
        }
        Ok(())
    })?;
    found()
}

fn chrome() -> Option<PathBuf> {
    program(
        "EVERWIRE_CHROME",
        &["chromium", "chromium-browser", "google-chrome"],
    )
}

fn chromedriver() -> Option<PathBuf> {
    program("EVERWIRE_CHROMEDRIVER", &["chromedriver"])
}

fn firefox() -> Option<PathBuf> {
    program("EVERWIRE_FIREFOX", &["firefox-esr", "firefox"])
}

/// A program named by an environment variable, else looked for on PATH.
fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| which(names))
}

fn found() -> Result<Browsers> {
    Ok(Browsers {
        chrome: chrome().context("no Chromium or Chrome: set EVERWIRE_CHROME to its path")?,
        chromedriver: chromedriver()
            .context("no chromedriver: set EVERWIRE_CHROMEDRIVER to its path")?,
        firefox: firefox().context("no Firefox: set EVERWIRE_FIREFOX to its path")?,
    })
}

/// The Debian packages of what is not there.
fn missing_packages() -> Vec<&'static str> {
    let mut packages = Vec::new();
    if chrome().is_none() {
        packages.push("chromium");
    }
    if chromedriver().is_none() {
        packages.push("chromium-driver");
    }
    if firefox().is_none() {
        packages.push("firefox-esr");
    }
    if debian::is_debian() && !Path::new(CJK_FONT).exists() {
        packages.push("fonts-noto-cjk");
    }
    packages
}

fn version(ctx: &Ctx, program: &Path) -> Result<String> {
    let text = ctx.read(Command::new(program).arg("--version"))?;
    version_in(&text)
        .map(str::to_owned)
        .with_context(|| format!("{} --version says {text:?}", program.display()))
}

/// The version number in a line such as `Chromium 156.0.1.2 built on …`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace()
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
}

fn major(version: &str) -> Option<&str> {
    version.split('.').next()
}

/// The repository's webdriver.json with the paths of the browsers filled in; the path of the resulting file.
///
/// Without the paths each driver guesses, and guesses wrong where a browser is installed under another name.
pub(crate) fn webdriver_json(ctx: &Ctx, browsers: &Browsers) -> Result<PathBuf> {
    let source = fs::read_to_string(ctx.project.path("webdriver.json"))
        .context("cannot read webdriver.json")?;
    let mut capabilities: Value =
        serde_json::from_str(&source).context("webdriver.json is not JSON")?;
    for (key, program) in [
        ("goog:chromeOptions", &browsers.chrome),
        ("moz:firefoxOptions", &browsers.firefox),
    ] {
        capabilities
            .get_mut(key)
            .and_then(Value::as_object_mut)
            .with_context(|| format!("webdriver.json lacks {key}"))?
            .insert("binary".to_owned(), json!(program));
    }
    let dir = ctx.project.target.join("xtask");
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let path = dir.join("webdriver.json");
    fs::write(&path, capabilities.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_browsers_and_drivers_print() {
        for (text, expected) in [
            (
                "Chromium 156.0.8078.79 built on Debian GNU/Linux 12",
                "156.0.8078.79",
            ),
            (
                "ChromeDriver 156.0.8078.79 (a21ce95c-refs/branch-heads/8078@{#1704})",
                "156.0.8078.79",
            ),
            ("Google Chrome 156.0.1.2", "156.0.1.2"),
        ] {
            assert_eq!(version_in(text), Some(expected));
        }
        assert_eq!(version_in("command not found"), None);
    }

    #[test]
    fn versions_match_by_their_major_number() {
        assert_eq!(major("156.0.8078.79"), major("156.1.0.0"));
        assert_ne!(major("156.0.8078.79"), major("155.0.8078.79"));
    }
}
