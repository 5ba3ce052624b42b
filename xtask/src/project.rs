//! Where things are: the repository, cargo's target folder and the tools cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The folders that commands work in.
pub(crate) struct Project {
    /// Root of the repository.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, which CARGO_TARGET_DIR may have moved.
    pub(crate) target: PathBuf,
    /// Folder of installed tools, one subfolder per tool and version.
    pub(crate) tools: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in the root of the repository")?
            .to_path_buf();
        let metadata = metadata(&root)?;
        let target = metadata
            .get("target_directory")
            .and_then(Value::as_str)
            .context("`cargo metadata` names a target_directory")?;
        let tools = match env::var_os("EVERWIRE_TOOLS") {
            Some(dir) => PathBuf::from(dir),
            None => env::home_dir()
                .context("no home folder: set EVERWIRE_TOOLS to a folder for the tools")?
                .join(".cache/everwire/tools"),
        };
        Ok(Self {
            target: PathBuf::from(target),
            root,
            tools,
        })
    }

    /// A path inside the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The exact version of a crate in Cargo.lock.
    pub(crate) fn locked_version(&self, name: &str) -> Result<String> {
        let path = self.path("Cargo.lock");
        let lock =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        match locked_versions(&lock, name).as_slice() {
            [version] => Ok((*version).to_owned()),
            [] => bail!("{name} is not in Cargo.lock"),
            several => bail!("Cargo.lock holds {several:?} of {name}: one version is needed"),
        }
    }
}

/// What `cargo metadata` says about the packages of the workspace.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cannot run `cargo metadata`")?;
    if !output.status.success() {
        bail!(
            "`cargo metadata` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("`cargo metadata` printed something else")
}

/// All versions of one crate in the text of a Cargo.lock, where `version` follows `name` within a package.
fn locked_versions<'a>(lock: &'a str, name: &str) -> Vec<&'a str> {
    lock.split("[[package]]")
        .filter(|package| quoted(package, "name") == Some(name))
        .filter_map(|package| quoted(package, "version"))
        .collect()
}

/// The value of the first line `key = "value"`.
fn quoted<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        line.strip_prefix(key)?
            .strip_prefix(" = \"")?
            .strip_suffix('"')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LOCK: &str = "\
version = 4

[[package]]
name = \"wasm-bindgen-macro\"
version = \"0.2.7\"
dependencies = [
 \"wasm-bindgen\",
]

[[package]]
name = \"wasm-bindgen\"
version = \"0.2.130\"
source = \"registry\"

[[package]]
name = \"syn\"
version = \"1.0.0\"

[[package]]
name = \"syn\"
version = \"2.0.0\"
";

    #[test]
    fn a_locked_version_is_that_of_the_exact_name() {
        assert_eq!(locked_versions(LOCK, "wasm-bindgen"), ["0.2.130"]);
    }

    #[test]
    fn every_version_of_a_crate_is_seen() {
        assert_eq!(locked_versions(LOCK, "syn"), ["1.0.0", "2.0.0"]);
        assert!(locked_versions(LOCK, "wasm").is_empty());
    }

    #[test]
    fn the_version_line_of_the_lock_file_itself_is_not_a_package() {
        assert_eq!(quoted("version = 4\n", "version"), None);
    }

    #[test]
    fn this_repository_locks_one_wasm_bindgen() {
        let version = Project::find().unwrap().locked_version("wasm-bindgen");
        assert!(version.unwrap().starts_with("0.2."));
    }
}
