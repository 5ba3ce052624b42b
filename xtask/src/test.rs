//! `cargo xtask test`: runs the steps of the table in `steps.rs`, keeps their output and counts.

use std::fs::{self, File};
use std::io::{Write, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::Ctx;
use crate::steps::STEPS;

/// How many lines of a failed step are shown; the log file has all of them.
const SHOWN_LINES: usize = 100;
/// How long a step may take. The longest of them compiles tools on a new machine, in half of that; one that hangs has to
/// end while somebody still waits for what it printed.
const STEP_LIMIT: Duration = Duration::from_secs(25 * 60);
/// What cargo says of its progress, as the first word of a line. Nothing in it tells why a step failed.
const PROGRESS: [&str; 5] = [
    "Checking",
    "Compiling",
    "Documenting",
    "Downloaded",
    "Downloading",
];

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Names of the steps to run; none for all.
    pub(crate) steps: Vec<String>,
    /// Print the steps and run none.
    pub(crate) list: bool,
    /// Stop at the first failure.
    pub(crate) fail_fast: bool,
    /// Stream the output instead of keeping it.
    pub(crate) verbose: bool,
}

/// One named check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Ctx) -> Result<()>,
}

/// Runs the chosen steps in the order of the table; whether all passed.
pub(crate) fn run(ctx: &Ctx, options: &Options) -> Result<bool> {
    let steps = select(STEPS, &options.steps)?;
    if options.list {
        for step in steps {
            println!("{:<16}{}", step.name, step.about);
        }
        return Ok(true);
    }
    let logs = ctx.project.target.join("xtask/logs");
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;

    let started = Instant::now();
    let mut passed = 0;
    let mut failed = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        print!("[{:>2}/{}] {:<16}", index + 1, steps.len(), step.name);
        if options.verbose {
            println!("{}", step.about);
        }
        // A terminal that went away does not change what the checks find.
        drop(stdout().flush());
        let began = Instant::now();
        let log = logs.join(format!("{}.log", step.name));
        let outcome = if options.verbose {
            (step.run)(ctx)
        } else {
            logged(ctx, step, &log)
        };
        let seconds = began.elapsed().as_secs_f64();
        match outcome {
            Ok(()) => {
                passed += 1;
                println!("ok      {seconds:>6.1} s");
            }
            Err(error) => {
                failed.push(step.name);
                println!("FAILED  {seconds:>6.1} s");
                if !options.verbose {
                    show(&log);
                }
                println!("{}: {error:#}", step.name);
                if options.fail_fast {
                    break;
                }
            }
        }
    }

    println!();
    if !failed.is_empty() {
        println!("failed: {}", failed.join(" "));
        println!("again:  cargo xtask test --verbose {}", failed.join(" "));
    }
    let left_out = steps.len() - passed - failed.len();
    if left_out > 0 {
        println!("not run after the failure: {left_out}");
    }
    println!("took {} s", started.elapsed().as_secs());
    // Scripts read this line: it stays the last one and keeps its form.
    println!("{passed} passed, {} failed", failed.len());
    Ok(failed.is_empty())
}

/// Runs a step with its output in a file.
fn logged(ctx: &Ctx, step: &Step, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    ctx.log_to(file, Instant::now() + STEP_LIMIT);
    let outcome = (step.run)(ctx);
    ctx.log_to_terminal();
    outcome
}

/// Prints the end of a log.
fn show(log: &Path) {
    let bytes = fs::read(log).unwrap_or_default();
    let text = without_progress(&String::from_utf8_lossy(&bytes));
    let (hidden, lines) = tail(&text, SHOWN_LINES);
    if hidden > 0 {
        println!("    … {hidden} more lines in {}", log.display());
    }
    for line in lines {
        println!("    {line}");
    }
}

fn without_progress(text: &str) -> String {
    text.lines()
        .filter(|line| {
            let word = line.split_whitespace().next().unwrap_or_default();
            !(line.starts_with(' ') && PROGRESS.contains(&word))
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// The last lines of a text, and how many are before them.
fn tail(text: &str, count: usize) -> (usize, impl Iterator<Item = &str>) {
    let hidden = text.lines().count().saturating_sub(count);
    (hidden, text.lines().skip(hidden))
}

/// The steps with the given names, in the order of the table and each once.
fn select<'a>(table: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>> {
    for name in names {
        if !table.iter().any(|step| step.name == name) {
            let known: Vec<_> = table.iter().map(|step| step.name).collect();
            bail!("no step `{name}`; there are: {}", known.join(" "));
        }
    }
    Ok(table
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    const TABLE: &[Step] = &[
        Step {
            name: "one",
            about: "first",
            run: |_| Ok(()),
        },
        Step {
            name: "two",
            about: "second",
            run: |_| Ok(()),
        },
        Step {
            name: "three",
            about: "third",
            run: |_| Ok(()),
        },
    ];

    fn selected(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        select(TABLE, &names)
            .unwrap()
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn no_names_select_every_step() {
        assert_eq!(selected(&[]), ["one", "two", "three"]);
    }

    #[test]
    fn named_steps_run_once_and_in_the_order_of_the_table() {
        assert_eq!(selected(&["three", "one", "three"]), ["one", "three"]);
    }

    #[test]
    fn an_unknown_step_is_an_error_that_lists_the_known_ones() {
        let error = select(TABLE, &["tow".to_owned()])
            .err()
            .unwrap()
            .to_string();
        assert_eq!(error, "no step `tow`; there are: one two three");
    }

    #[test]
    fn step_names_are_unique_and_fit_the_column() {
        let names: BTreeSet<_> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
        assert!(names.iter().all(|name| name.len() < 16));
    }

    #[test]
    fn cargos_progress_is_not_shown() {
        let log = "$ cargo test\n   Compiling libc v0.2.1\nerror: no space left\n     Running tests/a.rs\nChecking\n";
        assert_eq!(
            without_progress(log),
            "$ cargo test\nerror: no space left\n     Running tests/a.rs\nChecking\n"
        );
    }

    #[test]
    fn the_end_of_a_long_log_is_shown() {
        let (hidden, lines) = tail("a\nb\nc\n", 2);
        assert_eq!((hidden, lines.collect::<Vec<_>>()), (1, vec!["b", "c"]));
        assert_eq!(tail("a\n", 2).0, 0);
    }
}
