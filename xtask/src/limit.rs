//! Programs that are ended when their time is over, with all that they started.
//!
//! A check that hangs tells nothing when whoever waits for the whole run ends it from outside; one that is ended here
//! is a failure whose output is shown, and the steps after it still run. Programs stay in our own process group, so
//! Ctrl-C and whatever else ends us ends them, too.

use std::fs;
use std::io::Result;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// Ends a program and what it has started, and waits until they are gone. Only Linux tells what that is; elsewhere the
/// program alone.
fn end(child: &mut Child, grace: Duration) -> Result<()> {
    let family = halted(vec![child.id()]);
    signal("TERM", &family);
    signal("CONT", &family);
    let family = halted(remaining(family, grace));
    signal("KILL", &family);
    child.kill()?;
    child.wait()?;
    remaining(family, KILLED);
    Ok(())
}

/// These processes and all below them, stopped: what starts another one while it is looked for, and ends, would leave
/// it without a parent to find it by.
fn halted(mut family: Vec<u32>) -> Vec<u32> {
    loop {
        signal("STOP", &family);
        wait(STOPPED, || family.iter().all(|&id| !runs(id)));
        let known = family.len();
        family = with_descendants(family);
        if family.len() == known {
            return family;
        }
    }
}

/// Waits until these processes have ended. Those that have not after `limit` are returned.
fn remaining(mut family: Vec<u32>, limit: Duration) -> Vec<u32> {
    wait(limit, || {
        family.retain(|&id| parent(id).is_some());
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
fn with_descendants(mut family: Vec<u32>) -> Vec<u32> {
    let parents: Vec<_> = processes()
        .filter(|id| !family.contains(id))
        .filter_map(|id| Some((id, parent(id)?)))
        .collect();
    let mut next = 0;
    while let Some(&id) = family.get(next) {
        let children = parents.iter().filter(|(_, parent)| *parent == id);
        family.extend(children.map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// All processes of this machine, as far as /proc shows them.
fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The parent of a process that has not ended.
fn parent(id: u32) -> Option<u32> {
    Some(stat(id)?.1)
}

/// Whether a process may start others now: it has not ended, and is not stopped.
fn runs(id: u32) -> bool {
    stat(id).is_some_and(|(state, _)| !state.eq_ignore_ascii_case("T"))
}

/// State and parent of a process that has not ended, as /proc/ID/stat has them: `ID (name) state parent …`.
fn stat(id: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // A name may have brackets and blanks of its own.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        state => Some((state.to_owned(), fields.next()?.parse().ok()?)),
    }
}

/// Sends a signal. A process that has ended meanwhile is what is wanted.
fn signal(name: &str, family: &[u32]) {
    if cfg!(unix) && !family.is_empty() {
        let ids: Vec<_> = family.iter().map(u32::to_string).collect();
        let kill = format!("kill -{name} {} 2>/dev/null", ids.join(" "));
        drop(Command::new("sh").args(["-c", &kill]).status());
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    /// Starts a script; what prints an id in it is what the second number names, and runs.
    fn started(script: &str) -> (Child, u32) {
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
        assert_eq!(parent(grandchild), None);
        assert!(begun.elapsed() < Duration::from_secs(300), "asked to end");
    }

    #[test]
    fn nothing_is_left_of_a_program_that_keeps_starting_others() {
        // A mark of its own, so that others of this test do not count.
        let mark = format!("{}", 600.0 + f64::from(std::process::id()) / 1e9);
        let script = format!("echo $$; for n in $(seq 500); do sleep {mark} & done; wait");
        let (mut child, _) = started(&script);
        end(&mut child, GRACE).unwrap();
        let left = processes().filter(|id| {
            let args = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            args.contains(&mark)
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
        assert_eq!(parent(grandchild), None);
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

    #[test]
    fn a_process_knows_its_parent() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        assert_eq!(parent(child.id()), Some(std::process::id()));
        assert!(with_descendants(vec![std::process::id()]).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(parent(child.id()), None);
    }
}
