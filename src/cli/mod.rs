//! The command line: one thin file per verb.

mod again;
mod cancel;
mod compare;
mod cost;
mod doctor;
mod downloads;
mod error;
mod export;
mod facts;
mod fetch;
mod known;
mod logs;
mod machine;
mod numbers;
mod predict;
mod preflight;
mod progress;
mod rehearsal;
mod report;
mod run;
mod status;
mod streams;
mod task;
mod text;
mod versions;
mod worker;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::execute::ExecutorSource;

pub use error::CliError;
use streams::tell;

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

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Run),
    Predict(predict::Predict),
    Export(export::Export),
    Fetch(fetch::Fetch),
    Report(report::Report),
    Compare(compare::Compare),
    Status(status::Status),
    Logs(logs::Logs),
    Cancel(cancel::Cancel),
    Doctor(doctor::Doctor),
    Worker(worker::Worker),
    Task(task::Task),
}

/// Parses the command line (the program's name first), does what it says, and tells errors on standard error. `executors` is
/// what the program trains with.
pub fn main(arguments: impl IntoIterator<Item = OsString>, executors: &dyn ExecutorSource) -> ExitCode {
    let code = match Cli::try_parse_from(arguments) {
        Ok(cli) => run(cli.verb, executors),
        Err(usage) => show_usage(&usage),
    };
    if code == ExitCode::SUCCESS && streams::lost() { ExitCode::FAILURE } else { code }
}

fn run(verb: Verb, executors: &dyn ExecutorSource) -> ExitCode {
    let done = numbers::check_environment().and_then(|()| match verb {
        Verb::Run(verb) => verb.run(executors),
        Verb::Predict(verb) => verb.run(),
        Verb::Export(verb) => verb.run(),
        Verb::Fetch(verb) => verb.run(),
        Verb::Report(verb) => verb.run(),
        Verb::Compare(verb) => verb.run(),
        Verb::Status(verb) => verb.run(),
        Verb::Logs(verb) => verb.run(),
        Verb::Cancel(verb) => verb.run(),
        Verb::Doctor(verb) => verb.run(),
        Verb::Worker(verb) => verb.run(executors),
        Verb::Task(verb) => verb.run(executors),
    });
    done.unwrap_or_else(|error| {
        tell_error(&error);
        error.exit_code()
    })
}

fn tell_error(error: &CliError) {
    tell(format_args!("{} {error}", console::style("error:").for_stderr().red().bold()));
}

/// Help on standard output, or on standard error what is wrong with the command line.
fn show_usage(usage: &clap::Error) -> ExitCode {
    match usage.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe && !usage.use_stderr() => {
            let error = CliError::Output(error);
            tell_error(&error);
            error.exit_code()
        }
        _ => ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2)),
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), CliError> {
    streams::write_out(text).map(drop)
}

/// The command line as records have it: what is no text with replacement characters, and without passwords and tokens.
fn command_line() -> Vec<String> {
    std::env::args_os().map(|argument: OsString| crate::hub::redacted(&argument.to_string_lossy())).collect()
}
