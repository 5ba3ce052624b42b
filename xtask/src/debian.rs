//! Packages of Debian, for programs that no registry carries: browsers, fonts, the brokers of the tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::Ctx;

/// Asked by Debian's scripts whether a package may start its daemon.
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// Exit status 101: forbidden by policy.
const NEVER_START: &str = "#!/bin/sh\nexit 101\n";

pub(crate) fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

/// The command that installs packages, for people to copy.
pub(crate) fn command(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

/// Installs packages as root, without starting what they contain; to anyone else it says what to run, because changing
/// a user's system unasked is not ours to do.
pub(crate) fn install(ctx: &Ctx, packages: &[&str]) -> Result<()> {
    if ctx.read(Command::new("id").arg("-u"))? != "0" {
        bail!(
            "more packages are needed; run this and try again:\n    {}",
            command(packages)
        );
    }
    ctx.run(apt_get().arg("update"))?;
    let policy = NoDaemons::begin()?;
    let installed = ctx.run(
        apt_get()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    );
    drop(policy);
    installed
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The same wish in the words of systems without a policy file.
        .env("RUNLEVEL", "1");
    command
}

/// While it lives, packages do not start daemons. A policy that the machine has already stays in force instead.
struct NoDaemons {
    ours: bool,
}

impl NoDaemons {
    fn begin() -> Result<Self> {
        if Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        fs::write(POLICY, NEVER_START).with_context(|| format!("cannot write {POLICY}"))?;
        let policy = Self { ours: true };
        make_executable(Path::new(POLICY))?;
        Ok(policy)
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.ours {
            // It may have been removed by hand meanwhile.
            drop(fs::remove_file(POLICY));
        }
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_copy_names_every_package() {
        assert_eq!(
            command(&["rabbitmq-server", "redis-server"]),
            "sudo apt-get update && sudo apt-get install --no-install-recommends rabbitmq-server redis-server"
        );
    }
}
