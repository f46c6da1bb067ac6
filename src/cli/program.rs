//! The program: its command line is read, the verb does its work, and the exit code says how it went.

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::execute::ExecutorSource;
use crate::exit_code::ExitCode;

use super::CliError;
use super::context::Context;
use super::numbers;
use super::streams::{self, tell_error};
use super::verbs::Verb;

/// Trains many LoRA fine-tunings of one text classifier at once and says which differences are real.
#[derive(Debug, Parser)]
#[command(name = "sweep", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Examples:
  sweep run sweeps/quickstart.yaml             train the runs of a sweep file
  sweep run sweeps/ablation.yaml --dry-run     see what it would train and what that costs
  sweep run sweeps/ablation.yaml --rehearse    try its whole design in minutes, without a network
  sweep report results/quickstart              charts and tables into reports/
  sweep predict --run quickstart/best --text 'Oil prices rose.'
  sweep doctor                                 what this machine has and what is missing

Exit codes:
  0        everything completed
  1        some run failed or diverged, or results or output could not be written; of `doctor`: something needed is missing
  2        bad input; nothing was run
  128 + n  interrupted by signal n; the same command continues where it stopped";

/// Parses the command line (the program's name first), does what it says, and tells errors on standard error. `executors` is
/// what the program trains with.
pub fn main(arguments: impl IntoIterator<Item = OsString>, executors: &dyn ExecutorSource) -> ExitCode {
    let code = match Cli::try_parse_from(arguments) {
        Ok(cli) => run(cli.verb, &Context { executors, command: Cli::command }),
        Err(usage) => show_usage(&usage),
    };
    if code == ExitCode::Success && streams::lost() { ExitCode::Failure } else { code }
}

fn run(verb: Verb, context: &Context<'_>) -> ExitCode {
    let done = numbers::check_environment().and_then(|()| verb.run(context));
    done.unwrap_or_else(|error| {
        tell_error(&error);
        error.exit_code()
    })
}

/// Help on standard output, or on standard error what is wrong with the command line.
fn show_usage(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe && !usage.use_stderr() => {
            let error = CliError::Output(error);
            tell_error(&error);
            error.exit_code()
        }
        _ if usage.use_stderr() => ExitCode::BadInput,
        _ => ExitCode::Success,
    }
}
