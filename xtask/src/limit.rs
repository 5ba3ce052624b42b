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

/// Runs a program until it ends, or ends it at `until`; then there is no status.
pub(crate) fn status(command: &mut Command, until: Instant) -> Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    loop {
        let status = child.try_wait()?;
        if status.is_some() {
            return Ok(status);
        }
        if Instant::now() >= until {
            end(&mut child)?;
            return Ok(None);
        }
        sleep(PAUSE);
    }
}

/// Ends a program and what it has started. Only Linux tells what that is; elsewhere the program alone.
fn end(child: &mut Child) -> Result<()> {
    let mut family = family(child.id());
    signal("TERM", &family);
    let grace = Instant::now() + GRACE;
    while !family.is_empty() && Instant::now() < grace {
        sleep(PAUSE);
        family.retain(|&id| parent(id).is_some());
    }
    signal("KILL", &family);
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// The processes below `root`, and itself.
fn family(root: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let parents: Vec<_> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, parent(id)?)))
        .collect();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&id) = family.get(next) {
        let children = parents.iter().filter(|(_, parent)| *parent == id);
        family.extend(children.map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// The parent of a process that runs, as /proc/ID/stat has it: `ID (name) state parent …`.
fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // A name may have brackets and blanks of its own.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok(),
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
    use std::process::Stdio;

    /// Runs a script that does not end; how long that took, and the id that it printed.
    fn ended(script: &str) -> (Duration, u32) {
        let log =
            std::env::temp_dir().join(format!("xtask-{}-{}", std::process::id(), script.len()));
        let file = fs::File::create(&log).unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(file);
        let until = Instant::now() + Duration::from_secs(2);
        assert!(status(&mut command, until).unwrap().is_none());
        let took = until.elapsed();
        let id = fs::read_to_string(&log).unwrap().trim().parse().unwrap();
        fs::remove_file(log).unwrap();
        (took, id)
    }

    #[test]
    fn all_that_a_program_started_ends_with_it() {
        let (took, grandchild) = ended("sh -c 'echo $$; sleep 600; true' & wait");
        assert_eq!(parent(grandchild), None);
        assert!(took < GRACE, "ended by themselves");
    }

    #[test]
    fn what_will_not_end_is_killed() {
        let (took, grandchild) =
            ended("sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait");
        assert_eq!(parent(grandchild), None);
        assert!(took >= GRACE);
    }

    #[test]
    fn a_process_knows_its_parent() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        assert_eq!(parent(child.id()), Some(std::process::id()));
        assert!(family(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(parent(child.id()), None);
    }
}
