//! The command line: one thin file per verb.

mod cancel;
mod compare;
mod cost;
mod doctor;
mod downloads;
mod error;
mod executor;
mod export;
mod facts;
mod fetch;
mod known;
mod logs;
mod machine;
mod predict;
mod preflight;
mod progress;
mod rehearsal;
mod report;
mod run;
mod status;
mod task;
mod text;
mod versions;
mod worker;
mod workers;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CliError;

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
  1        some run failed or diverged; of `doctor`: something needed is missing
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

/// Parses the command line, does what it says, and tells errors on standard error.
pub fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Run(verb) => verb.run(),
        Verb::Predict(verb) => verb.run(),
        Verb::Export(verb) => verb.run(),
        Verb::Fetch(verb) => verb.run(),
        Verb::Report(verb) => verb.run(),
        Verb::Compare(verb) => verb.run(),
        Verb::Status(verb) => verb.run(),
        Verb::Logs(verb) => verb.run(),
        Verb::Cancel(verb) => verb.run(),
        Verb::Doctor(verb) => verb.run(),
        Verb::Worker(verb) => verb.run(),
        Verb::Task(verb) => verb.run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error}", console::style("error:").for_stderr().red().bold());
            error.exit_code()
        }
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}
