//! The command line: one thin file per verb.

mod doctor;
mod error;
mod progress;
mod report;
mod run;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::CliError;

/// Shown by every `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0        everything completed
  1        some run failed or diverged; `doctor`: something needed is missing
  2        bad input; nothing was run
  128 + n  interrupted by signal n; the same command continues where it stopped";

/// Trains many LoRA fine-tunings of one text classifier at once and says which differences are real.
#[derive(Debug, Parser)]
#[command(name = "sweep", version, arg_required_else_help = true, after_help = EXIT_CODES, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  sweep run sweeps/quickstart.yaml             train the runs of a sweep file
  sweep run sweeps/ablation.yaml --dry-run     see what it would train and cost
  sweep run sweeps/ablation.yaml --rehearse    try its whole design in minutes, without a network
  sweep report results/quickstart              charts and tables into reports/
  sweep doctor                                 what this machine has and what is missing

Exit codes:
  0        everything completed
  1        some run failed or diverged; `doctor`: something needed is missing
  2        bad input; nothing was run
  128 + n  interrupted by signal n; the same command continues where it stopped";

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Run),
    Report(report::Report),
    Doctor(doctor::Doctor),
}

/// Parses the command line, does what it says, reports errors on standard error.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.verb {
        Verb::Run(verb) => verb.run(),
        Verb::Report(verb) => verb.run(),
        Verb::Doctor(verb) => verb.run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error}", console::style("error:").for_stderr().red().bold());
            error.exit_code()
        }
    }
}
