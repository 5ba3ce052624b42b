//! Programs that are ended when their time is over, with all that they started.
//!
//! A check that hangs tells nothing when whoever waits for the whole run ends it from outside; one that is ended here
//! is a failure whose output is shown, and the steps after it still run. Programs stay in our own process group, so
//! Ctrl-C and whatever else ends us ends them, too.

use std::io::Result;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, Signal, System};

/// Between two looks at a running program.
const PAUSE: Duration = Duration::from_millis(50);
/// What programs have for ending by themselves, after what they started: browsers, servers.
const GRACE: Duration = Duration::from_secs(10);
/// What a killed process may take to be gone: its memory is freed first, and a write to the disk ended.
const KILLED: Duration = Duration::from_secs(10);
/// What a process may take to stop. One that waits for the kernel does nothing meanwhile, either.
const STOPPED: Duration = Duration::from_secs(1);

/// Runs a program until it ends, or ends it at `until`; then there is no status.
pub(crate) fn status(command: &mut Command, until: Instant) -> Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    loop {
        let status = child.try_wait()?;
        if status.is_some() {
            return Ok(status);
        }
        if Instant::now() >= until {
            end(&mut child, GRACE)?;
            return Ok(None);
        }
        sleep(PAUSE);
    }
}

/// Ends a program and what it has started, and waits until they are gone.
fn end(child: &mut Child, grace: Duration) -> Result<()> {
    let family = halted(vec![Pid::from_u32(child.id())]);
    signal(Signal::Term, &family);
    signal(Signal::Continue, &family);
    let family = halted(remaining(family, grace));
    signal(Signal::Kill, &family);
    child.kill()?;
    child.wait()?;
    remaining(family, KILLED);
    Ok(())
}

/// These processes and all below them, stopped: what starts another one while it is looked for, and ends, would leave
/// it without a parent to find it by.
fn halted(mut family: Vec<Pid>) -> Vec<Pid> {
    loop {
        signal(Signal::Stop, &family);
        wait(STOPPED, || {
            let system = processes();
            let mut alive = family.iter().filter_map(|&id| alive(&system, id));
            alive.all(|process| process.status() == ProcessStatus::Stop)
        });
        let known = family.len();
        family = with_descendants(family);
        if family.len() == known {
            return family;
        }
    }
}

/// Waits until these processes have ended. Those that have not after `limit` are returned.
fn remaining(mut family: Vec<Pid>, limit: Duration) -> Vec<Pid> {
    wait(limit, || {
        let system = processes();
        family.retain(|&id| alive(&system, id).is_some());
        family.is_empty()
    });
    family
}

fn wait(limit: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !done() && Instant::now() < until {
        sleep(PAUSE);
    }
}

/// These processes and all below them.
fn with_descendants(mut family: Vec<Pid>) -> Vec<Pid> {
    let system = processes();
    let mut next = 0;
    while let Some(&id) = family.get(next) {
        let children = system.processes().values().filter(|process| {
            process.parent() == Some(id)
                && alive(&system, process.pid()).is_some()
                && !family.contains(&process.pid())
        });
        let children: Vec<_> = children.map(Process::pid).collect();
        family.extend(children);
        next += 1;
    }
    family
}

/// The processes of this moment.
fn processes() -> System {
    let mut system = System::new();
    let kind = ProcessRefreshKind::nothing().without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    system
}

/// A process that has not ended. One that only waits for its parent to take note of it has.
fn alive(system: &System, id: Pid) -> Option<&Process> {
    system.process(id).filter(|process| {
        !matches!(
            process.status(),
            ProcessStatus::Zombie | ProcessStatus::Dead
        )
    })
}

/// Sends a signal, if the system knows it. A process that has ended meanwhile is what is wanted.
fn signal(signal: Signal, family: &[Pid]) {
    let system = processes();
    for process in family.iter().filter_map(|&id| alive(&system, id)) {
        process.kill_with(signal);
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use sysinfo::UpdateKind;

    /// Starts a script; what prints an id in it is what the second number names, and runs.
    fn started(script: &str) -> (Child, Pid) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    #[test]
    fn all_that_a_program_started_ends_with_it() {
        let (mut child, grandchild) = started("sh -c 'echo $$; sleep 600; true' & wait");
        let begun = Instant::now();
        end(&mut child, Duration::from_secs(300)).unwrap();
        assert!(alive(&processes(), grandchild).is_none());
        assert!(begun.elapsed() < Duration::from_secs(300), "asked to end");
    }

    #[test]
    fn nothing_is_left_of_a_program_that_keeps_starting_others() {
        // A mark of its own, so that others of this test do not count.
        let mark = format!("{}", 600.0 + f64::from(std::process::id()) / 1e9);
        let script = format!("echo $$; for n in $(seq 500); do sleep {mark} & done; wait");
        let (mut child, _) = started(&script);
        end(&mut child, GRACE).unwrap();
        let mut system = System::new();
        let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let left = system.processes().values().filter(|process| {
            let mut args = process.cmd().iter();
            args.any(|arg| arg.to_string_lossy().contains(&mark))
        });
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn what_will_not_end_is_killed() {
        let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait";
        let (mut child, grandchild) = started(script);
        let grace = Duration::from_secs(1);
        let begun = Instant::now();
        end(&mut child, grace).unwrap();
        assert!(alive(&processes(), grandchild).is_none());
        assert!(begun.elapsed() >= grace, "not killed at once");
    }

    #[test]
    fn a_program_whose_time_is_over_has_no_status() {
        let now = Instant::now();
        let mut endless = Command::new("sleep");
        assert!(status(endless.arg("600"), now).unwrap().is_none());
        let done = status(&mut Command::new("true"), now + Duration::from_secs(300)).unwrap();
        assert!(done.unwrap().success());
    }
}
