//! What the mock saves of a pack, as a checkpoint.

use std::collections::BTreeMap;

use sweep::execute::ExecuteError;
use sweep::spec::RunId;
use sweep::train::Checkpoint;

use super::run::Saved;

/// States of runs that were started.
pub(super) type SavedRuns = BTreeMap<RunId, Saved>;

pub(super) fn read_checkpoint(checkpoint: &Checkpoint) -> Result<SavedRuns, ExecuteError> {
    let unusable =
        |error: &dyn std::fmt::Display| ExecuteError::Failed(format!("the checkpoint is unusable: {error}").into());
    let mut saved: SavedRuns = serde_json::from_value(checkpoint.state.clone()).map_err(|error| unusable(&error))?;
    for (run, saved) in &mut saved {
        let parameters = checkpoint.arrays.get(&run.0).ok_or_else(|| unusable(&format!("nothing of run {run}")))?;
        saved.parameters.clone_from(parameters);
    }
    Ok(saved)
}

pub(super) fn write_checkpoint(saved: &SavedRuns) -> Checkpoint {
    Checkpoint {
        // Its keys are texts, so it has a JSON form.
        state: serde_json::to_value(saved).unwrap_or_default(),
        arrays: saved.iter().map(|(run, saved)| (run.0.clone(), saved.parameters.clone())).collect(),
    }
}
