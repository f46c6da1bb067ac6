//! The verbs. To add one: its file, its `mod` line, and its line here, whose place is its place in the help.

use clap::Subcommand;

use crate::exit_code::ExitCode;

use super::CliError;
use super::context::Context;
use super::{cancel, compare, doctor, export, fetch, logs, predict, report, run, status, task, worker};

macro_rules! verbs {
    ($($name:ident($arguments:ty)),* $(,)?) => {
        #[derive(Debug, Subcommand)]
        pub enum Verb {
            $($name($arguments)),*
        }

        impl Verb {
            /// Does what the command line says.
            pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
                match self {
                    $(Verb::$name(arguments) => arguments.run(context)),*
                }
            }
        }
    };
}

verbs! {
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
