//! The verbs. To add one: its file, its `mod` line, and its line here, whose place is its place in the help.

use clap::Subcommand;

use crate::exit_code::ExitCode;

use super::CliError;
use super::context::Context;

macro_rules! verbs {
    ($(#[$attribute:meta])* pub enum Verb { $($name:ident($arguments:ty)),* $(,)? }) => {
        $(#[$attribute])*
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
#[derive(Debug, Subcommand)]
pub enum Verb {
    Run(super::run::Run),
    Predict(super::predict::Predict),
    Export(super::export::Export),
    Fetch(super::fetch::Fetch),
    Init(super::init::Init),
    Import(super::import::Import),
    Report(super::report::Report),
    Send(super::send::Send),
    Compare(super::compare::Compare),
    Diff(super::diff::Diff),
    Status(super::status::Status),
    Dashboard(super::dashboard::Dashboard),
    Logs(super::logs::Logs),
    Stop(super::stop::Stop),
    Extend(super::extend::Extend),
    Retry(super::retry::Retry),
    AddSeeds(super::add_seeds::AddSeeds),
    Cancel(super::cancel::Cancel),
    Clean(super::clean::Clean),
    Doctor(super::doctor::Doctor),
    Schema(super::schema::Schema),
    Completions(super::completions::Completions),
    Man(super::man::Man),
    Worker(super::worker::Worker),
    Task(super::array_task::Task),
    Host(super::host::Host),
}
}
