//! `sweep export`: a trained classifier as a folder that other tools load.

use std::path::PathBuf;

use clap::{Arg, ArgGroup, ArgMatches, Command, FromArgMatches};

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::inference::{self, Lookup, RUN_EXPORTERS, RunExporter};
use crate::libtorch;

use super::CliError;
use super::context::Context;
use super::downloads;

/// Writes a trained run as a folder for other tools.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep export quickstart/best --merged model/      AutoModelForSequenceClassification.from_pretrained(\"model/\")
  sweep export 3f9a --adapter adapter/              PeftModel.from_pretrained(base, \"adapter/\")

Exit codes:
  0  the folder is complete
  2  no such run, or the folder cannot be written; then it is not there")]
pub struct Export {
    /// The folder, id or label of a run, SWEEP/best, or the folder of an adapter.
    run: String,
    #[command(flatten)]
    targets: Targets,
    /// Where runs and sweeps are looked for by name.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// The base model, where it is not where the run or the adapter says: a folder or a hub name.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

/// What to write, and where: an option for each exporter.
struct Targets(Vec<(&'static dyn RunExporter, PathBuf)>);

impl std::fmt::Debug for Targets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(exporter, folder)| (exporter.name(), folder))).finish()
    }
}

impl clap::Args for Targets {
    fn augment_args(mut command: Command) -> Command {
        for exporter in RUN_EXPORTERS {
            let folder = Arg::new(exporter.name())
                .long(exporter.name())
                .value_name("DIR")
                .value_parser(clap::value_parser!(PathBuf))
                .help(exporter.about());
            command = command.arg(folder);
        }
        let names = RUN_EXPORTERS.iter().map(|exporter| exporter.name());
        command.group(ArgGroup::new("targets").args(names).multiple(true).required(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Targets {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let target = |exporter: &&'static dyn RunExporter| {
            Some((*exporter, matches.get_one::<PathBuf>(exporter.name())?.clone()))
        };
        Ok(Self(RUN_EXPORTERS.iter().filter_map(target).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Export {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        libtorch::open()?;
        let hub = downloads::hub()?;
        let lookup = Lookup { hub: &hub, results: &self.results, model: self.model.as_deref() };
        let source = inference::find(&self.run, &lookup)?;
        let mut done = String::new();
        for (exporter, folder) in &self.targets.0 {
            exporter.export(&source, folder)?;
            done.push_str(&format!("{} as {} in {}\n", source.name, exporter.noun(), folder.display()));
        }
        print(&done)?;
        Ok(ExitCode::Success)
    }
}
