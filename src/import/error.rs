//! Why a file could not be imported.

use crate::spec::SpecErrors;

/// A text cannot be made a sweep file of.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file is empty")]
    Empty,
    #[error(
        "this is no kind of file that is known: neither a W&B sweep (`parameters:` with `method:`), nor Hydra's overrides \
         (`lr=choice(1e-4,1e-3)`, or `hydra.sweeper.params`), nor Optuna's distributions or journal; `--from` names one"
    )]
    Unknown,
    #[error("no YAML: {0}")]
    Yaml(#[from] serde_yaml::Error),
    #[error("the text is not worth reading: {0}")]
    Excess(String),
    #[error("as {kind} it lacks {what}")]
    Lacks { kind: &'static str, what: &'static str },
    #[error("nothing could be carried over:\n  {}", .0.join("\n  "))]
    Nothing(Vec<String>),
    /// A fault of the translation: what is written must be sound.
    #[error("what was made of the file is no sound sweep file: {0}")]
    Unsound(SpecErrors),
}
