//! Why a run cannot be trained further.

use crate::store::RunState;

/// Runs that cannot be extended.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExtendError {
    #[error("--extend: there are no results of this sweep, so nothing has stopped")]
    NoResults,
    #[error("--extend `{pattern}`: matches no run; `sweep status` lists them")]
    NoRun { pattern: String },
    #[error("--extend: no run that is named has stopped: `{label}` is {state}. Runs that stopped are extended")]
    NotStopped { label: String, state: RunState },
    #[error(
        "--epochs {given}: run `{label}` has {epochs} epochs, over which its learning rate changes; with more of them it \
         would be another run. Give it more `epochs` in the sweep file"
    )]
    Beyond { label: String, given: usize, epochs: usize },
    #[error("--epochs {given}: run `{label}` has been trained for {stopped} epochs already; give a later one")]
    Behind { label: String, given: usize, stopped: usize },
}
