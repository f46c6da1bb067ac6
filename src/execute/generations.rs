//! A sweep to its end: a generation is trained, the search is asked for the next.

use std::collections::HashMap;

use crate::search::{Costs, FinishedGeneration, FinishedRun, Generation, Search, SearchError, TokensPerEpoch};
use crate::spec::RunId;
use crate::store::{DecidingResult, GenerationRecord, Growth, Planner, RunEntry, RunState, RunView, Store, StoreError};

use super::WorkerEnd;
use super::speed::tokens_per_second;

/// How the search goes on, and how what it chooses is planned.
pub struct Generations<'a> {
    pub search: &'a dyn Search,
    /// Of runs that the search has a budget for.
    pub tokens: TokensPerEpoch<'a>,
    /// Plans the runs of a further generation into packs.
    pub planner: Planner<'a>,
}

/// A sweep cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// Works on a sweep until its search has ended: `train` works on what is planned until nothing is left, then the search is
/// asked for the next generation, which is planned. It is asked only where every run of the sweep has ended: not while
/// other workers have some, and not where some were not chosen.
///
/// Several may do this at once. They ask the same question, and the plan takes the first answer.
///
/// # Errors
/// Those of `train`; the plan cannot be read or written; the search cannot go on.
pub fn work_by_generations<E: From<GenerationError>>(
    store: &mut Store,
    generations: &Generations<'_>,
    train: &mut dyn FnMut(&Store) -> Result<WorkerEnd, E>,
) -> Result<WorkerEnd, E> {
    loop {
        let seen = store.record().generations.len();
        let end = train(store)?;
        if end != WorkerEnd::NothingLeft {
            return Ok(end);
        }
        store.reload().map_err(GenerationError::from)?;
        // Somebody else was faster: there is something to train.
        if store.record().generations.len() > seen {
            continue;
        }
        if !plan_next(store, generations)? {
            return Ok(end);
        }
        store.reload().map_err(GenerationError::from)?;
    }
}

/// Plans the next generation where it is time; false where there is none.
fn plan_next(store: &Store, generations: &Generations<'_>) -> Result<bool, GenerationError> {
    let search = generations.search;
    let Some(finished) = finished(store, search)? else {
        return Ok(false);
    };
    let speed = speed(store, search, generations.tokens)?;
    let costs = Costs { tokens: generations.tokens, tokens_per_second: speed };
    let Some(Generation { runs, until, points }) = search.next(&finished, costs)? else {
        return Ok(false);
    };
    let newest = finished.last().map_or(&[][..], |generation| generation.runs.as_slice());
    let definition = search.definition();
    let growth = Growth {
        search: search.name(),
        definition: definition.as_deref(),
        tokens_per_second: speed,
        results: newest.iter().map(deciding).collect(),
        runs: &runs,
        until,
        points: &points,
    };
    // Where somebody else was faster there is something to train all the same.
    store.grow(&growth, generations.planner)?;
    Ok(true)
}

/// How fast the first generation was trained, where the search has to know: as a later generation has it on record, or as it is
/// measured now.
fn speed(store: &Store, search: &dyn Search, tokens: TokensPerEpoch<'_>) -> Result<Option<f64>, StoreError> {
    if !search.needs_speed() {
        return Ok(None);
    }
    let recorded = store.record().generations.iter().find_map(|generation| generation.tokens_per_second);
    Ok(match recorded {
        Some(speed) => Some(speed),
        None => tokens_per_second(store, tokens)?,
    })
}

fn deciding(run: &FinishedRun<'_>) -> DecidingResult {
    DecidingResult {
        run: run.id.clone(),
        value: run.value,
        paused_at: run.paused_at.or(run.stopped_at),
        epochs: Some(run.epochs).filter(|epochs| *epochs < run.spec.epochs),
    }
}

/// The generations of the plan with what came of them; none where a run has not ended. What a later generation was chosen by
/// counts as it was then.
fn finished<'s>(store: &'s Store, search: &dyn Search) -> Result<Option<Vec<FinishedGeneration<'s>>>, GenerationError> {
    let views = store.runs()?;
    if views.iter().any(|view| !view.removed && !view.state.is_final()) {
        return Ok(None);
    }
    let views: HashMap<&RunId, &RunView> = views.iter().map(|view| (&view.run.id, view)).collect();
    let record = store.record();
    let mut finished = Vec::new();
    for (position, ids) in record.runs_by_generation().iter().enumerate() {
        let generation = record.generations.get(position);
        let recorded = record.generations.get(position + 1).map(|next| next.results.as_slice());
        let mut runs = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            let entry = store.entry(id)?;
            let result = match (recorded, views.get(id)) {
                (Some(results), _) => results.get(place).cloned(),
                (None, Some(view)) => Some(result(store, search, generation, view)?),
                (None, None) => None,
            };
            let until = generation.and_then(|generation| generation.until.get(id)).copied();
            runs.push(finished_run(entry, result, until));
        }
        finished.push(FinishedGeneration {
            runs,
            points: generation.map_or(&[], |generation| generation.points.as_slice()),
        });
    }
    Ok(Some(finished))
}

/// What came of a run that was to pause after the epoch `until`.
fn finished_run(entry: &RunEntry, result: Option<DecidingResult>, until: Option<usize>) -> FinishedRun<'_> {
    let RunEntry { id, configuration, spec, .. } = entry;
    let ended_at = result.as_ref().and_then(|result| result.paused_at);
    let (paused_at, stopped_at) = if ended_at == until { (ended_at, None) } else { (None, ended_at) };
    let epochs = result.as_ref().and_then(|result| result.epochs).unwrap_or(spec.epochs);
    let value = result.and_then(|result| result.value);
    FinishedRun { id, configuration, spec, value, paused_at, stopped_at, epochs }
}

/// What a run counts for. One that diverged or failed may have had a best epoch; what it would have come to is not known.
fn result(
    store: &Store,
    search: &dyn Search,
    generation: Option<&GenerationRecord>,
    view: &RunView,
) -> Result<DecidingResult, StoreError> {
    let metric = search.metric().unwrap_or(view.run.spec.metric_for_best);
    let run = view.run.id.clone();
    let epochs = Some(view.epochs).filter(|epochs| *epochs < view.run.spec.epochs);
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let ended = DecidingResult { run: run.clone(), value: None, paused_at: None, epochs };
    let until = generation.and_then(|generation| generation.until.get(&run)).copied();
    if !matches!(view.state, RunState::Completed | RunState::Stopped) {
        return Ok(ended);
    }
    // What it came to when it was to pause, also where somebody had it trained further since.
    if let Some(until) = until.filter(|until| view.epochs >= *until) {
        let epochs = store.epochs(&run)?;
        let value = epochs.iter().find(|record| record.epoch == until).map(|record| record.metric(metric));
        return Ok(DecidingResult { value: finite(value), paused_at: Some(until), epochs: Some(until), ..ended });
    }
    let stopped = view.stopped_because.filter(|because| because.cuts_short()).map(|_| view.epochs);
    let value = finite(view.best.as_ref().map(|best| best.metric(metric)));
    Ok(DecidingResult { value, paused_at: stopped, ..ended })
}
