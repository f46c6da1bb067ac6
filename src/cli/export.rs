//! `sweep export`: a trained classifier as a folder that other tools load, or as a repository of the hub.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgGroup, ArgMatches, Command, FromArgMatches};

use crate::cli::streams::{print, tell};
use crate::exit_code::ExitCode;
use crate::hub::{Hub, Visibility};
use crate::inference::{self, ClassifierSource, Lookup, RUN_EXPORTERS, RunExporter};
use crate::libtorch;
use crate::report::{CardOf, card};
use crate::spec::RunId;
use crate::store::Store;

use super::CliError;
use super::context::Context;
use super::downloads;

/// Writes a trained run as a folder for other tools, or pushes it to the hub.
///
/// What is written of a run has a model card (README.md): its data, its figures with intervals, what qualifies them, its settings.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep export quickstart/best --merged model/      AutoModelForSequenceClassification.from_pretrained(\"model/\")
  sweep export 3f9a --adapter adapter/              PeftModel.from_pretrained(base, \"adapter/\")
  sweep export quickstart/best --merged --push me/news-classifier

Exit codes:
  0  the folder is complete, and pushed where that was asked for
  1  it could not be pushed
  2  no such run, or the folder cannot be written; then it is not there")]
pub struct Export {
    /// The folder, id or label of a run, SWEEP/best, or the folder of an adapter.
    run: String,
    #[command(flatten)]
    targets: Targets,
    /// Puts it into this repository of the hub (owner/name), which is made where it is not there: private, unless --public is
    /// given. Needs a token that may write (HF_TOKEN).
    #[arg(long, value_name = "NAME")]
    push: Option<String>,
    /// A repository that --push makes is for everybody to see.
    #[arg(long, requires = "push")]
    public: bool,
    /// Where runs and sweeps are looked for by name.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// The base model, where it is not where the run or the adapter says: a folder or a hub name.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

/// What to write, and where: an option for each exporter. No folder: only to push it.
struct Targets(Vec<(&'static dyn RunExporter, Option<PathBuf>)>);

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
                .num_args(0..=1)
                .default_missing_value("")
                .value_parser(clap::value_parser!(OsString))
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
            let folder = matches.get_one::<OsString>(exporter.name())?;
            Some((*exporter, Some(PathBuf::from(folder)).filter(|_| !folder.is_empty())))
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
        self.check()?;
        libtorch::open()?;
        let hub = downloads::hub()?;
        let lookup = Lookup { hub: &hub, results: &self.results, model: self.model.as_deref() };
        let source = inference::find(&self.run, &lookup)?;
        let mut done = String::new();
        for (exporter, folder) in &self.targets.0 {
            let temporary = Temporary::new();
            let place = folder.as_deref().unwrap_or(&temporary.0);
            exporter.export(&source, of_run(&source, *exporter).as_deref(), place)?;
            if let Some(folder) = folder {
                done.push_str(&format!("{} as {} in {}\n", source.name, exporter.noun(), folder.display()));
            }
            if let Some(name) = &self.push {
                done.push_str(&self.pushed(&hub, &source, *exporter, place, name)?);
            }
        }
        print(&done)?;
        Ok(ExitCode::Success)
    }

    /// What clap cannot say.
    fn check(&self) -> Result<(), CliError> {
        match (&self.push, self.targets.0.as_slice()) {
            (None, targets) => match targets.iter().find(|(_, folder)| folder.is_none()) {
                Some((exporter, _)) => Err(CliError::NoExportFolder { option: exporter.name() }),
                None => Ok(()),
            },
            (Some(_), [_]) => Ok(()),
            (Some(_), _) => Err(CliError::PushSeveral),
        }
    }

    fn pushed(
        &self,
        hub: &Hub,
        source: &ClassifierSource,
        exporter: &dyn RunExporter,
        folder: &Path,
        name: &str,
    ) -> Result<String, CliError> {
        let visibility = if self.public { Visibility::Public } else { Visibility::Private };
        let message = format!("{}, by sweep {}", source.name, env!("CARGO_PKG_VERSION"));
        let pushed = hub.push(name, folder, &message, visibility)?;
        let made = match (pushed.created, visibility) {
            (false, _) => "",
            (true, Visibility::Private) => ", a new private repository",
            (true, Visibility::Public) => ", a new public repository",
        };
        let (noun, commit) = (exporter.noun(), &pushed.commit);
        Ok(format!("{} as {noun} in {} (commit {commit}{made})\n", source.name, pushed.url))
    }
}

/// The model card of the run that left it; none of what no run left. That there is none of a run is told.
fn of_run(source: &ClassifierSource, exporter: &dyn RunExporter) -> Option<String> {
    let folder = source.run_folder()?;
    let run = RunId(folder.file_name()?.to_string_lossy().into_owned());
    let sweep = folder.parent()?.parent()?;
    let of = if exporter.is_whole() { CardOf::Model } else { CardOf::Adapter };
    let made = Store::open(sweep).map_err(Into::into).and_then(|store| card(&store, &run, of));
    made.inspect_err(|error| tell(format_args!("no model card is written: {error}"))).ok()
}

/// A folder for what is only pushed; it is removed when it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        Temporary(std::env::temp_dir().join(format!("sweep-push-{}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is there only where something was written into it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
