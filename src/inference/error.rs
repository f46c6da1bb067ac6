//! Why a classifier cannot be used.

use std::path::PathBuf;

use crate::data::DataError;
use crate::hub::HubError;
use crate::model::ModelError;
use crate::store::StoreError;
use crate::train::TrainError;
use crate::words::counted;

#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    #[error(
        "no run `{name}` in {results}, and no such folder; give a run's folder, id or label, `SWEEP/best`, or the folder \
         of an adapter"
    )]
    NoRun { name: String, results: PathBuf },
    #[error("`{name}` is several runs; name one by its id or folder:\n  {}", candidates.join("\n  "))]
    Several { name: String, candidates: Vec<String> },
    #[error(
        "{path}: the runs of this sweep are evaluated on several data sets, so none is the best of all; name one by its id or \
         folder:\n  {}",
        candidates.join("\n  ")
    )]
    SeveralDataSets { path: PathBuf, candidates: Vec<String> },
    #[error("{path}: neither a run, nor a sweep, an adapter or a model is in this folder")]
    NothingThere { path: PathBuf },
    #[error("{path}: no run of this sweep is completed yet")]
    NoneCompleted { path: PathBuf },
    #[error("{path}: this run has no adapter yet; it gets one when it is completed")]
    NotCompleted { path: PathBuf },
    #[error("{path}: this run failed or diverged, so there is no adapter of it; `sweep logs` says why")]
    Unsuccessful { path: PathBuf },
    #[error("{path}: this run is damaged: {what}; `sweep run` with --retry-failed does it again")]
    Damaged { path: PathBuf, what: String },
    #[error("{path}: the adapter's configuration names no base model; name it with --model")]
    NoBaseModel { path: PathBuf },
    #[error("the model of {of}: {source}; a copy that is elsewhere can be named with --model")]
    Model { of: String, source: HubError },
    #[error(
        "{path}: not the model that {of} was trained on (its contents have digest {found}, not {expected}); name the \
         right one with --model"
    )]
    OtherModel { path: PathBuf, of: String, found: String, expected: String },
    #[error("{} for {}", counted(names.len(), "class name"), counted(*classes, "class"))]
    ClassNames { names: Vec<String>, classes: usize },
    #[error("max_length is {given}; this model takes at most {longest} tokens")]
    MaxLength { given: usize, longest: usize },
    #[error(
        "the model gives no number (NaN) for the text {text:?}: its weights or its adapter's are so large that the \
         computation overflows"
    )]
    NotANumber { text: String },
    #[error("{path}: is there already; name a folder that does not exist")]
    Exists { path: PathBuf },
    #[error("{name} has no adapter: it is a whole model")]
    NoAdapter { name: String },
    #[error("{path}: cannot {action}: {source}")]
    Io { path: PathBuf, action: &'static str, source: std::io::Error },
    #[error("{path}: {message}")]
    Config { path: PathBuf, message: String },
    #[error("cannot write the predictions: {0}")]
    Write(#[from] std::io::Error),
    #[error("interrupted; nothing was written")]
    Interrupted,
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Adapter(#[from] ModelError),
    #[error(transparent)]
    Compute(#[from] TrainError),
}

impl InferenceError {
    /// For `map_err` on a file operation.
    pub(super) fn io(path: &std::path::Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
