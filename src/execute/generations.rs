//! A sweep to its end: a generation is trained, the search is asked for the next.

use std::collections::{BTreeMap, HashMap};

use crate::search::{FinishedGeneration, FinishedRun, Search, Space};
use crate::spec::RunId;
use crate::store::{DecidingResult, Growth, Planner, RunEntry, RunState, RunView, Store, StoreError};

use super::WorkerEnd;

/// What is trained, and how the search goes on.
pub struct Generations<'a> {
    pub search: &'a dyn Search,
    pub space: Space<'a>,
    /// Plans the runs of a further generation into packs.
    pub planner: Planner<'a>,
}

/// Works on a sweep until its search has ended: `train` works on what is planned until nothing is left, then the search is
/// asked for the next generation, which is planned. It is asked only where every run of the sweep has ended: not while
/// other workers have some, and not where some were not chosen.
///
/// Several may do this at once. They ask the same question, and the plan takes the first answer.
///
/// # Errors
/// Those of `train`; the plan cannot be read or written.
pub fn work_by_generations<E: From<StoreError>>(
    store: &mut Store,
    generations: &Generations<'_>,
    train: &mut dyn FnMut(&Store) -> Result<WorkerEnd, E>,
) -> Result<WorkerEnd, E> {
    loop {
        let end = train(store)?;
        if end != WorkerEnd::NothingLeft {
            return Ok(end);
        }
        store.reload()?;
        if !plan_next(store, generations)? {
            return Ok(end);
        }
        store.reload()?;
    }
}

/// Plans the next generation where it is time; false where there is none.
fn plan_next(store: &Store, generations: &Generations<'_>) -> Result<bool, StoreError> {
    let Some(finished) = finished(store)? else {
        return Ok(false);
    };
    let Some(runs) = generations.search.next(&generations.space, &finished) else {
        return Ok(false);
    };
    let newest = finished.last().map_or(&[][..], |generation| generation.runs.as_slice());
    let results = newest.iter().map(|done| DecidingResult { run: done.id.clone(), value: done.value }).collect();
    let growth = Growth { search: generations.search.name(), results, runs: &runs, until: BTreeMap::new() };
    // Where somebody else was faster there is something to train all the same.
    store.grow(&growth, generations.planner)?;
    Ok(true)
}

/// The generations of the plan with what came of them; none where a run has not ended. What a later generation was chosen by
/// counts as it was then.
fn finished(store: &Store) -> Result<Option<Vec<FinishedGeneration<'_>>>, StoreError> {
    let views = store.runs()?;
    if views.iter().any(|view| !view.removed && !view.state.is_final()) {
        return Ok(None);
    }
    let values: HashMap<&RunId, Option<f64>> = views.iter().map(|view| (&view.run.id, value(view))).collect();
    let record = store.record();
    let mut finished = Vec::new();
    for (position, ids) in record.runs_by_generation().iter().enumerate() {
        let recorded = record.generations.get(position + 1).map(|next| next.results.as_slice());
        let mut runs = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            let RunEntry { id, configuration, spec, .. } = store.entry(id)?;
            let value = match recorded {
                Some(results) => results.get(place).and_then(|result| result.value),
                None => values.get(id).copied().flatten(),
            };
            runs.push(FinishedRun { id, configuration, spec, value });
        }
        finished.push(FinishedGeneration { runs });
    }
    Ok(Some(finished))
}

/// What a run counts for. One that diverged or failed may have had a best epoch; what it would have come to is not known.
fn value(view: &RunView) -> Option<f64> {
    let completed = view.best.as_ref().filter(|_| view.state == RunState::Completed);
    completed.map(|best| best.metric(view.run.spec.metric_for_best)).filter(|value| value.is_finite())
}
