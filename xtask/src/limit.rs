//! Programs that are ended when their time is over, with all that they started.
//!
//! A check that hangs tells nothing when whoever waits for the whole run ends it from outside; one that is ended here
//! is a failure whose output is shown, and the steps after it still run.

use std::io::Result;
use std::process::{Child, Command, ExitStatus, exit};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Between two looks at a running program.
const PAUSE: Duration = Duration::from_millis(50);
/// What a program has for ending what it started itself: browsers, servers.
const GRACE: Duration = Duration::from_secs(10);
/// Of a process that was ended from the terminal, as shells count it.
const INTERRUPTED: i32 = 130;

/// The group that runs at the moment, 0 for none.
static GROUP: AtomicU32 = AtomicU32::new(0);

/// Runs a program until it ends, or ends it at `until`; then there is no status.
pub(crate) fn status(command: &mut Command, until: Instant) -> Result<Option<ExitStatus>> {
    // A group of its own, so that its children can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn()?;
    GROUP.store(child.id(), Ordering::Relaxed);
    let mut status = ended(&mut child, until)?;
    if status.is_none() {
        signal("TERM", child.id());
        let by_itself = ended(&mut child, Instant::now() + GRACE)?;
        signal("KILL", child.id());
        if by_itself.is_none() {
            child.kill()?;
            child.wait()?;
        }
        status = None;
    }
    GROUP.store(0, Ordering::Relaxed);
    Ok(status)
}

/// A group of its own hears nothing of Ctrl-C in the terminal: passes it on.
pub(crate) fn end_with_us() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        signal("TERM", GROUP.load(Ordering::Relaxed));
        exit(INTERRUPTED);
    })
    .context("cannot listen to Ctrl-C")
}

fn ended(child: &mut Child, until: Instant) -> Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= until {
            return Ok(status);
        }
        sleep(PAUSE);
    }
}

/// Sends a signal to a whole group. One that has ended meanwhile is what is wanted.
fn signal(name: &str, group: u32) {
    if cfg!(unix) && group != 0 {
        let kill = format!("kill -{name} -{group} 2>/dev/null");
        drop(Command::new("sh").args(["-c", &kill]).status());
    }
}
