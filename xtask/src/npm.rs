//! The npm projects: `pkg/` (the package), `www/` (the demo page) and `tests/` (test tools).

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::Ctx;

/// The oldest Node that the bundlers and test tools run on.
const OLDEST_NODE: (u32, u32) = (20, 19);
/// Lies in node_modules and holds the package-lock.json that was installed.
const STAMP: &str = ".everwire-lock";

/// Licences that dependencies may have; all let everwire stay MIT or Apache-2.0 without further duties.
const LICENCES: [&str; 7] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "ISC",
    "MIT",
];
/// Further ones that build and test tools may have, since nothing of them is shipped.
const TOOL_LICENCES: [&str; 3] = ["CC-BY-4.0", "MPL-2.0", "Unlicense"];
/// Packages that state their licence in a file only, as it was read there.
const STATED_IN_FILE: [(&str, &str); 1] = [("node_modules/xmlhttprequest-ssl", "MIT")];

/// Installs the dependencies of a folder if its package-lock.json changed since the last time.
pub(crate) fn install(ctx: &Ctx, dir: &str) -> Result<()> {
    ctx.once(&format!("npm ci in {dir}/"), || {
        check_node(ctx)?;
        let folder = ctx.project.path(dir);
        let lock = fs::read_to_string(folder.join("package-lock.json")).with_context(|| {
            format!("{dir}/package-lock.json is missing: run `npm install` in {dir}/ and commit it")
        })?;
        let stamp = folder.join("node_modules").join(STAMP);
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        // No dependency needs an install script; not running any keeps strangers' code out of the set-up.
        ctx.run(
            npm()
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&folder),
        )?;
        fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// `npm run SCRIPT` in a folder whose dependencies are installed first.
pub(crate) fn run(ctx: &Ctx, dir: &str, script: &str) -> Result<()> {
    install(ctx, dir)?;
    ctx.run(
        npm()
            .args(["run", script])
            .current_dir(ctx.project.path(dir)),
    )
}

/// Fails if something in a folder's package-lock.json has a licence that is not allowed.
pub(crate) fn check_licences(ctx: &Ctx, dir: &str) -> Result<()> {
    let path = ctx.project.path(dir).join("package-lock.json");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    let refused = refused_licences(&lock)?;
    if !refused.is_empty() {
        bail!(
            "{dir}/ depends on packages under other licences than allowed: {}",
            refused.join(", ")
        );
    }
    Ok(())
}

/// Packages of a package-lock.json with a licence that is not allowed, each with its licence.
fn refused_licences(lock: &Value) -> Result<Vec<String>> {
    let packages = lock
        .get("packages")
        .and_then(Value::as_object)
        .context("a package-lock.json lists packages")?;
    let flag = |package: &Value, name| package.get(name).and_then(Value::as_bool) == Some(true);
    Ok(packages
        .iter()
        // The empty name is the project itself, and a link is another folder of this repository.
        .filter(|(name, package)| !name.is_empty() && !flag(package, "link"))
        .filter_map(|(name, package)| {
            let read = STATED_IN_FILE.iter().find(|(package, _)| package == name);
            let licence = package
                .get("license")
                .and_then(Value::as_str)
                .or(read.map(|(_, licence)| *licence))
                .unwrap_or("none stated");
            (!allowed(licence, flag(package, "dev"))).then(|| format!("{name} ({licence})"))
        })
        .collect())
}

/// Whether an SPDX expression of names, OR or AND offers allowed terms.
fn allowed(licence: &str, tool: bool) -> bool {
    let known = |name: &str| LICENCES.contains(&name) || tool && TOOL_LICENCES.contains(&name);
    let licence = licence.trim_start_matches('(').trim_end_matches(')');
    licence
        .split(" OR ")
        .any(|choice| choice.split(" AND ").all(known))
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn check_node(ctx: &Ctx) -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    let version = ctx
        .read(Command::new("node").arg("--version"))
        .with_context(|| format!("Node {major}.{minor} or newer with npm must be on PATH"))?;
    if node_version(&version).is_none_or(|found| found < OLDEST_NODE) {
        bail!("Node is {version}, but {major}.{minor} or newer is needed");
    }
    Ok(())
}

/// Major and minor number of what `node --version` prints.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(node_version("v20.20.2\n"), Some((20, 20)));
        assert!(node_version("v20.9.0") < Some(OLDEST_NODE));
        assert!(node_version("v100.0.0") > Some(OLDEST_NODE));
    }

    #[test]
    fn a_copyleft_package_is_refused_by_name_and_a_linked_one_is_not_looked_at() {
        let lock = serde_json::json!({ "packages": {
            "": { "license": "MIT OR Apache-2.0" },
            "node_modules/good": { "license": "MIT" },
            "node_modules/everwire": { "resolved": "../pkg", "link": true },
            "node_modules/bad": { "license": "GPL-3.0-only" },
            "node_modules/silent": {},
        }});
        let refused = refused_licences(&lock).unwrap_or_default();
        assert_eq!(
            refused,
            [
                "node_modules/bad (GPL-3.0-only)",
                "node_modules/silent (none stated)"
            ]
        );
    }

    #[test]
    fn one_allowed_choice_is_enough_and_all_parts_of_a_sum_are_needed() {
        assert!(allowed("(MIT OR GPL-3.0-only)", false));
        assert!(allowed("MIT AND ISC", false));
        assert!(!allowed("MIT AND GPL-3.0-only", false));
    }

    #[test]
    fn tools_may_have_licences_that_shipped_code_may_not() {
        assert!(allowed("MPL-2.0", true));
        assert!(!allowed("MPL-2.0", false));
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        assert_eq!(node_version("node: not found"), None);
    }
}
