//! Why a verb could not do its work, and the exit code that says so.

use std::path::PathBuf;

use crate::dashboard::DashboardError;
use crate::data::DataError;
use crate::execute::{self, GenerationError, SuperviseError};
use crate::exit_code::ExitCode;
use crate::hub::HubError;
use crate::import::ImportError;
use crate::inference::InferenceError;
use crate::launch::{LaunchError, SettingError};
use crate::libtorch::LibtorchError;
use crate::model::{InstructionSetError, ModelError};
use crate::report::ReportError;
use crate::search::SearchError;
use crate::spec::{SelectError, SpecErrors};
use crate::store::{Refusal, StoreError};
use crate::tracking::TrackingError;

use super::preflight::InputFaults;
use super::run::{DeviceError, ExtendError};

/// A verb's failure. What a sweep's runs end with is no failure of the verb.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Spec(#[from] SpecErrors),
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Data, tokenizers or models that runs cannot be trained with.
    #[error(transparent)]
    Inputs(#[from] InputFaults),
    #[error("--devices: {0}")]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Libtorch(#[from] LibtorchError),
    #[error(transparent)]
    Instructions(#[from] InstructionSetError),
    #[error(transparent)]
    Torch(#[from] execute::DeviceError),
    #[error(
        "{path}: what the search goes on from is not recorded here, or not readable; start the sweep again with `sweep run`"
    )]
    NoSearchOrigin { path: PathBuf },
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Supervise(#[from] SuperviseError),
    #[error("--{launcher} {source}")]
    Setting { launcher: &'static str, source: SettingError },
    #[error(transparent)]
    Extend(#[from] ExtendError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("no run is named: give runs, or --failed for all that failed")]
    NoRunsNamed,
    #[error("{path}: several sweeps are here; name the folder of one")]
    SeveralSweeps { path: PathBuf },
    #[error("--{launcher}{} is for --launch {launcher}", if *launcher == "ssh" { " or --hosts" } else { "" })]
    NotLaunched { launcher: &'static str },
    #[error(
        "--events, --tensorboard and --mlflow are for training on this machine; `sweep send` and `sweep report --formats tensorboard` \
         tell other tools afterwards, or while jobs run"
    )]
    TrackingElsewhere,
    #[error("--{option} needs the folder to write into, or --push with a repository of the hub")]
    NoExportFolder { option: &'static str },
    #[error("--push puts one thing into a repository; give one of the options that say what is written")]
    PushSeveral,
    #[error(transparent)]
    Tracking(#[from] TrackingError),
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error("cannot tell the current folder: {0}")]
    CurrentFolder(std::io::Error),
    #[error("{path}: no sweep here was handed to Slurm, to hosts or to Kubernetes")]
    NoLaunch { path: PathBuf },
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    #[error("cannot tell which file this program is, to start workers from it: {0}")]
    Program(std::io::Error),
    #[error(transparent)]
    Inference(#[from] InferenceError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Dashboard(#[from] DashboardError),
    #[error("{results}: no run `{run}` here; `sweep status` lists them")]
    NoRun { results: PathBuf, run: String },
    #[error("`{run}` is several runs; name one by its id:\n  {}", candidates.join("\n  "))]
    SeveralRuns { run: String, candidates: Vec<String> },
    /// The results folder, when something had been trained or handed over already.
    #[error(transparent)]
    AfterTraining(StoreError),
    #[error("{path}: no results here: give a results folder, or the folder of a sweep in it")]
    NoResults { path: PathBuf },
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Import { path: PathBuf, source: ImportError },
    #[error("{path}: this file is there already, and is not replaced; name another one")]
    Exists { path: PathBuf },
    #[error("{path}: cannot write: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{path}: predictions are written as CSV (.csv) or JSON lines (.jsonl); name such a file")]
    OutputFormat { path: PathBuf },
    #[error("{name}={value}: more threads than any machine has use for; give at most {most}")]
    ThreadsInEnvironment { name: &'static str, value: String, most: usize },
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
}

impl CliError {
    /// Of whatever was wrong before anything ran, bad input.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Supervise(_) | CliError::AfterTraining(_) | CliError::Output(_) => ExitCode::Failure,
            CliError::Launch(error) if error.is_failure() => ExitCode::Failure,
            CliError::Hub(HubError::NotPushed { .. } | HubError::MayNotWrite { .. }) => ExitCode::Failure,
            CliError::Tracking(
                TrackingError::Unreachable { .. }
                | TrackingError::Refused { .. }
                | TrackingError::Status { .. }
                | TrackingError::Odd { .. },
            ) => ExitCode::Failure,
            CliError::Dashboard(DashboardError::Serve(_) | DashboardError::Random(_)) => ExitCode::Failure,
            _ => ExitCode::BadInput,
        }
    }
}

impl From<GenerationError> for CliError {
    fn from(error: GenerationError) -> Self {
        match error {
            GenerationError::Store(error) => error.into(),
            GenerationError::Search(error) => error.into(),
        }
    }
}
