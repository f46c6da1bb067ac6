//! The best configurations once more, with seeds that had no part in choosing them.
//!
//! The best of many noisy results is partly the luckiest: its mean over the seeds that it was chosen by is too good. What it
//! is worth is told by seeds that it was not chosen by.

use crate::search::generation::Generation;
use crate::search::search::SearchError;
use crate::spec::SearchDesign;

use super::history::History;

/// Adds the runs that confirm the best and are not there yet.
pub fn add(design: &SearchDesign, history: &History<'_>, generation: &mut Generation) -> Result<(), SearchError> {
    let Some(confirm) = design.settings().confirm else {
        return Ok(());
    };
    let seeds = design.fresh_seeds();
    for trial in history.ranked().into_iter().take(confirm.top) {
        let runs = design.runs(std::slice::from_ref(&trial.point), &seeds)?;
        generation.runs.extend(runs.into_iter().filter(|run| !history.knows(&run.id)));
    }
    Ok(())
}
