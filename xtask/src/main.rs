//! Project commands, run as `cargo xtask NAME`.
//!
//! Every command sets up what it needs itself, so a fresh clone on a machine with rustup's cargo and Node is
//! enough, and the commands may be run in any order.

mod bench;
mod browsers;
mod build;
mod debian;
mod demo;
mod limit;
mod npm;
mod project;
mod run;
mod server;
mod services;
mod setup;
mod size;
mod steps;
mod test;
mod tools;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::project::Project;
use crate::run::Ctx;

const HELP: &str = "\
cargo xtask setup               install everything that demo, test and bench need
cargo xtask build               npm package, demo pages, demo server
cargo xtask demo [ARG…]         build, then serve the demo; ARGs go to the server (--port N, --help)
cargo xtask test [STEP…]        all checks, or only the named steps
    --list                      print the steps
    --fail-fast                 stop at the first step that fails
    --verbose                   stream the output of the steps instead of keeping it for failures
cargo xtask bench [PART,…]      the core's benchmarks and everwire beside its peers, or only these parts of the latter
    --report                    also write docs/benchmarks.md and its plots
    --smoke                     only prove that every benchmark runs
cargo xtask size                size of every npm entry, checked against pkg/size-budget.json
cargo xtask help                this text

environment
    EVERWIRE_TOOLS              where tools are installed, default ~/.cache/everwire/tools
    EVERWIRE_CHROME, EVERWIRE_CHROMEDRIVER, EVERWIRE_FIREFOX
                                browsers to use instead of the ones on PATH";

/// One parsed command line.
#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Setup,
    Build,
    Demo(Vec<OsString>),
    Test(test::Options),
    Bench(bench::Options),
    Size,
}

fn main() -> ExitCode {
    match parse(lexopt::Parser::from_env()).and_then(execute) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command; false when it ran but found something wrong and has said so.
fn execute(command: Command) -> Result<bool> {
    if command == Command::Help {
        println!("{HELP}");
        return Ok(true);
    }
    let ctx = Ctx::new(Project::find()?);
    match command {
        Command::Help => {}
        Command::Setup => setup::all(&ctx)?,
        Command::Build => build::all(&ctx)?,
        Command::Demo(args) => demo::run(&ctx, &args)?,
        Command::Test(options) => return test::run(&ctx, &options),
        Command::Bench(options) => bench::run(&ctx, &options)?,
        Command::Size => size::check(&ctx)?,
    }
    Ok(true)
}

fn parse(mut args: lexopt::Parser) -> Result<Command> {
    let name = match args.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Command::Help),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match name.as_str() {
        "help" => Ok(Command::Help),
        "setup" => no_more(args, Command::Setup),
        "build" => no_more(args, Command::Build),
        "size" => no_more(args, Command::Size),
        "demo" => Ok(Command::Demo(args.raw_args()?.collect())),
        "test" => {
            let mut options = test::Options::default();
            while let Some(arg) = args.next()? {
                match arg {
                    Long("list") => options.list = true,
                    Long("fail-fast") => options.fail_fast = true,
                    Long("verbose") => options.verbose = true,
                    Value(step) => options.steps.push(step.string()?),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Command::Test(options))
        }
        "bench" => {
            let mut options = bench::Options::default();
            while let Some(arg) = args.next()? {
                match arg {
                    Long("report") => options.report = true,
                    Long("smoke") => options.smoke = true,
                    Value(parts) if options.parts.is_none() => {
                        options.parts = Some(parts.string()?)
                    }
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Command::Bench(options))
        }
        other => bail!("no command `{other}`; `cargo xtask help` lists them"),
    }
}

fn no_more(mut args: lexopt::Parser, command: Command) -> Result<Command> {
    match args.next()? {
        None => Ok(command),
        Some(other) => Err(other.unexpected().into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command> {
        parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn no_arguments_and_help_print_the_help() {
        for args in [&[][..], &["help"], &["--help"], &["-h"]] {
            assert_eq!(parsed(args).unwrap(), Command::Help);
        }
    }

    #[test]
    fn demo_passes_all_further_arguments_on() {
        let expected = ["--port", "8000", "--vehicles=9"]
            .map(OsString::from)
            .to_vec();
        assert_eq!(
            parsed(&["demo", "--port", "8000", "--vehicles=9"]).unwrap(),
            Command::Demo(expected)
        );
    }

    #[test]
    fn test_takes_steps_and_flags_in_any_order() {
        let expected = test::Options {
            steps: vec!["fmt".into(), "deny".into()],
            fail_fast: true,
            ..test::Options::default()
        };
        assert_eq!(
            parsed(&["test", "fmt", "--fail-fast", "deny"]).unwrap(),
            Command::Test(expected)
        );
    }

    #[test]
    fn unknown_commands_flags_and_extra_words_are_errors() {
        for args in [
            &["biuld"][..],
            &["build", "now"],
            &["test", "--quick"],
            &["bench", "stomp", "rust"],
        ] {
            assert!(parsed(args).is_err(), "{args:?}");
        }
    }
}
