//! Running programs, and the context that commands share.
//!
//! Output goes to the terminal, or into a log file while a step of `cargo xtask test` runs. Tasks that several
//! steps need (the npm package, the tools) are run once per invocation and remembered, failures too: so a single
//! step asked for by name brings about whatever it needs, and a whole run does nothing twice.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::limit;
use crate::project::Project;
use crate::server::TestServer;

/// What all commands share.
pub(crate) struct Ctx {
    pub(crate) project: Project,
    /// The test server, once a step has started it; ends with the context.
    pub(crate) server: OnceCell<TestServer>,
    log: RefCell<Option<File>>,
    /// When programs that write into the log are ended.
    until: Cell<Option<Instant>>,
    done: RefCell<BTreeMap<String, Result<(), String>>>,
}

impl Ctx {
    pub(crate) fn new(project: Project) -> Self {
        Self {
            project,
            server: OnceCell::new(),
            log: RefCell::new(None),
            until: Cell::new(None),
            done: RefCell::new(BTreeMap::new()),
        }
    }

    /// Sends all further output to a file, and ends programs that still run at `until`.
    pub(crate) fn log_to(&self, file: File, until: Instant) {
        *self.log.borrow_mut() = Some(file);
        self.until.set(Some(until));
    }

    /// Sends all further output to the terminal again, where whoever looks on ends what takes too long.
    pub(crate) fn log_to_terminal(&self) {
        *self.log.borrow_mut() = None;
        self.until.set(None);
    }

    /// Runs a task unless it ran before; then its outcome is repeated.
    pub(crate) fn once(&self, task: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let before = self.done.borrow().get(task).cloned();
        match before {
            Some(Ok(())) => Ok(()),
            Some(Err(message)) => {
                Err(anyhow!(message).context(format!("{task} has failed before")))
            }
            None => {
                let outcome = work();
                let kept = outcome.as_ref().copied().map_err(|e| format!("{e:#}"));
                self.done.borrow_mut().insert(task.to_owned(), kept);
                outcome
            }
        }
    }

    /// Prints a line where output goes at the moment.
    pub(crate) fn say(&self, line: &str) {
        match self.log.borrow_mut().as_mut() {
            // A log that cannot be written must not fail the step it describes.
            Some(file) => drop(writeln!(file, "{line}")),
            None => println!("{line}"),
        }
    }

    /// Runs a program in the root of the repository unless the command names another folder.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let line = describe(command);
        self.say(&format!("$ {line}"));
        if command.get_current_dir().is_none() {
            command.current_dir(&self.project.root);
        }
        if let Some(log) = self.log.borrow().as_ref() {
            let out = log.try_clone().context("cannot share the log file")?;
            let err = log.try_clone().context("cannot share the log file")?;
            command.stdin(Stdio::null()).stdout(out).stderr(err);
        }
        let status = match self.until.get() {
            None => command.status().map(Some),
            Some(until) => limit::status(command, until),
        };
        match status.with_context(|| format!("cannot start `{line}`"))? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("`{line}`: {status}"),
            None => bail!("`{line}` was ended: the step's time is over"),
        }
    }

    /// Runs a program and returns what it printed on its standard output, trimmed.
    pub(crate) fn read(&self, command: &mut Command) -> Result<String> {
        let line = describe(command);
        if command.get_current_dir().is_none() {
            command.current_dir(&self.project.root);
        }
        let output = command
            .stderr(Stdio::piped())
            .output()
            .with_context(|| format!("cannot start `{line}`"))?;
        if !output.status.success() {
            bail!(
                "`{line}`: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// `cargo` with arguments split at spaces, and further ones as they are.
    pub(crate) fn cargo(&self, args: &str, further: &[String]) -> Result<()> {
        self.run(cargo().args(args.split_whitespace()).args(further))
    }
}

/// A `cargo` command without the variables that `cargo run` set for xtask itself, which would reach build scripts.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if own {
            command.env_remove(name);
        }
    }
    command
}

/// PATH with folders put in front.
pub(crate) fn path_with(front: &[&Path]) -> Result<std::ffi::OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all = front
        .iter()
        .map(|p| p.to_path_buf())
        .chain(env::split_paths(&rest));
    env::join_paths(all).context("a folder of a tool cannot stand in PATH")
}

/// The first of the programs that is on PATH.
pub(crate) fn which(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|dir| dir.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
            .find(|file| file.is_file())
    })
}

fn describe(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args().map(OsStr::to_string_lossy) {
        line.push(' ');
        line.push_str(&arg);
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::Cell;

    fn ctx() -> Ctx {
        Ctx::new(Project {
            root: env::temp_dir(),
            target: env::temp_dir(),
            tools: env::temp_dir(),
        })
    }

    #[test]
    fn a_task_runs_once() {
        let (ctx, runs) = (ctx(), Cell::new(0));
        for _ in 0..3 {
            ctx.once("count", || {
                runs.set(runs.get() + 1);
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(runs.get(), 1);
    }

    #[test]
    fn a_failed_task_fails_again_without_running() {
        let ctx = ctx();
        assert!(ctx.once("break", || bail!("no disk")).is_err());
        let again = ctx.once("break", || Ok(())).unwrap_err();
        assert_eq!(format!("{again:#}"), "break has failed before: no disk");
    }

    #[test]
    fn a_program_that_runs_past_the_steps_time_is_an_error() {
        let (ctx, log) = (ctx(), env::temp_dir().join("xtask-endless.log"));
        ctx.log_to(File::create(&log).unwrap(), Instant::now());
        let error = ctx.run(Command::new("sleep").arg("600")).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "`sleep 600` was ended: the step's time is over"
        );
        let text = std::fs::read_to_string(&log).unwrap();
        assert_eq!(text, "$ sleep 600\n");
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_its_command_line() {
        let error = ctx()
            .run(
                Command::new("cargo")
                    .args(["no-such-command"])
                    .stderr(Stdio::null()),
            )
            .unwrap_err();
        assert!(format!("{error:#}").starts_with("`cargo no-such-command`: exit"));
    }
}
