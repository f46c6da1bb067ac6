//! What of a request can be said before it is applied.

use std::collections::BTreeSet;

use crate::event::Outcome;
use crate::spec::{PackPlan, RunId};

use super::super::view::{RunState, RunView};
use super::super::{Store, StoreError};
use super::record::Request;

/// Why a request cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the sweep has no run `{run}`")]
    NoRun { run: RunId },
    #[error("run `{label}` is no longer in the sweep file; its results are kept")]
    Removed { label: String },
    #[error("run `{label}` is {state}, so there is nothing to stop")]
    HasEnded { label: String, state: RunState },
    #[error("run `{label}` is {state}; runs that stopped are extended")]
    NotStopped { label: String, state: RunState },
    #[error(
        "run `{label}` is completed; more than its {epochs} epochs would make another run of it, since its learning rate \
         falls over those that it has. Give it more `epochs` in the sweep file"
    )]
    IsCompleted { label: String, epochs: usize },
    #[error(
        "run `{label}` has {epochs} epochs, over which its learning rate changes; with {given} it would be another run. Give it \
         more `epochs` in the sweep file"
    )]
    Beyond { label: String, given: usize, epochs: usize },
    #[error("run `{label}` has been trained for {stopped} epochs already; give a later one than {given}")]
    Behind { label: String, given: usize, stopped: usize },
    #[error("run `{label}` is {state}; runs that failed are done again, and completed ones whose files are damaged")]
    NotFailed { label: String, state: RunState },
    #[error("run `{label}` stopped; it is extended, not done again")]
    ExtendInstead { label: String },
    #[error(
        "run `{label}` diverged, and would do so again: change what makes it diverge in the sweep file (a lower \
         learning_rate or max_grad_norm, a higher warmup_ratio, precision: fp32)"
    )]
    Diverged { label: String },
    #[error("no seeds are named")]
    NoSeeds,
    #[error("all configurations have these seeds already")]
    SeedsAreThere,
    #[error("the sweep is a search, which would begin anew with other seeds: its seeds are those of the sweep file")]
    IsSearch,
}

impl Store {
    /// Why a request cannot be applied, as far as that can be said now: a run that is in work may end before it is. None where
    /// it can.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn refusal(&self, request: &Request) -> Result<Option<Refusal>, StoreError> {
        let Some(run) = request.run() else {
            return Ok(self.refused_seeds(request));
        };
        if self.entry(run).is_err() {
            return Ok(Some(Refusal::NoRun { run: run.clone() }));
        }
        let mut view = self.run_view(run)?;
        if view.removed {
            return Ok(Some(Refusal::Removed { label: view.run.label }));
        }
        Ok(match request {
            Request::Stop { .. } => refused_stop(&view),
            Request::Extend { epochs, .. } if self.goes_on(run, *epochs)? => None,
            Request::Extend { epochs, .. } => refused_extension(&view, *epochs),
            Request::Retry { .. } => {
                view.examine(self);
                refused_retry(&view)
            }
            Request::AddSeeds { .. } => None,
        })
    }

    /// Whether a run that had stopped is planned to go on as far: by an earlier request, or by whoever was killed before
    /// this one was answered.
    fn goes_on(&self, run: &RunId, until: Option<usize>) -> Result<bool, StoreError> {
        let epochs = self.entry(run)?.spec.epochs;
        let Ok(Some(result)) = self.result(run) else {
            return Ok(false);
        };
        let packs = self.packs()?;
        let further = |pack: &PackPlan| {
            let far = pack.last_epoch(run, epochs) >= until.unwrap_or(epochs);
            far && pack.extended.contains(run) && !self.is_done_in(&result, pack, epochs)
        };
        Ok(packs.packs.iter().any(|pack| further(&pack.plan)))
    }

    fn refused_seeds(&self, request: &Request) -> Option<Refusal> {
        let Request::AddSeeds { seeds } = request else { return None };
        if seeds.is_empty() {
            return Some(Refusal::NoSeeds);
        }
        if self.record().search.is_some() {
            return Some(Refusal::IsSearch);
        }
        let runs = || self.record().runs.iter().filter(|entry| !entry.removed);
        let there: BTreeSet<(&str, u64)> =
            runs().map(|entry| (entry.configuration.as_str(), entry.spec.seed)).collect();
        let all = runs().all(|entry| seeds.iter().all(|seed| there.contains(&(&entry.configuration, *seed))));
        all.then_some(Refusal::SeedsAreThere)
    }

    /// Whether the run stopped because somebody asked for it.
    pub fn is_stopped_on_request(&self, run: &RunId) -> bool {
        matches!(self.result(run), Ok(Some(result)) if result.is_stopped_on_request())
    }
}

fn label(view: &RunView) -> String {
    view.run.label.clone()
}

fn refused_stop(view: &RunView) -> Option<Refusal> {
    // Stopping it twice is no mistake.
    let ended = view.state.is_final() && view.state != RunState::Stopped;
    ended.then(|| Refusal::HasEnded { label: label(view), state: view.state })
}

fn refused_extension(view: &RunView, given: Option<usize>) -> Option<Refusal> {
    let epochs = view.run.spec.epochs;
    match (view.state, given) {
        (RunState::Completed, _) => Some(Refusal::IsCompleted { label: label(view), epochs }),
        (state, _) if state != RunState::Stopped => Some(Refusal::NotStopped { label: label(view), state }),
        (_, Some(given)) if given > epochs => Some(Refusal::Beyond { label: label(view), given, epochs }),
        (_, Some(given)) if given <= view.stopped_after.unwrap_or(0) => {
            Some(Refusal::Behind { label: label(view), given, stopped: view.stopped_after.unwrap_or(0) })
        }
        _ => None,
    }
}

fn refused_retry(view: &RunView) -> Option<Refusal> {
    match view.state {
        RunState::Failed => None,
        RunState::Diverged => Some(Refusal::Diverged { label: label(view) }),
        _ if view.is_damaged() => None,
        RunState::Stopped => Some(Refusal::ExtendInstead { label: label(view) }),
        state => Some(Refusal::NotFailed { label: label(view), state }),
    }
}

/// What is said of a run that stopped because somebody asked for it.
pub fn stopped_so(outcome: &Outcome, epochs: usize) -> String {
    match outcome {
        Outcome::Stopped { epoch: 0, .. } => {
            "stopped before its first epoch was over; `extend` has it go on".to_owned()
        }
        Outcome::Stopped { epoch, .. } => {
            format!("stopped after epoch {epoch} of {epochs}; `extend` has it go on from where it was")
        }
        _ => "it had ended".to_owned(),
    }
}
