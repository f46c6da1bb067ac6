//! The check of everything that the chosen runs read, before anything is written.

use std::collections::BTreeSet;

use crate::cli::CliError;
use crate::cli::preflight::{Checker, InputFaults, Preflight};
use crate::event::Outcome;
use crate::hub::Hub;
use crate::spec::{PlannedRun, RunId, Sweep};
use crate::store::{Deciding, ExecutorKind, Layout, Store};

use super::chosen::Chosen;
use super::options::Run;

/// Which runs are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that are going to be trained. With nothing left to do, nothing is read.
    ToTrain,
    /// All that are chosen, for people to read.
    Chosen,
}

/// Checks what runs read.
///
/// # Errors
/// [`CliError::Inputs`] with all that is wrong for the runs that are to be trained, or a results folder that cannot be read.
pub fn check(options: &Run, hub: &Hub, chosen: &Chosen<'_>, scope: Scope) -> Result<Preflight, CliError> {
    let to_train = to_train(options, chosen)?;
    // What a search is going to choose is not known, but what it can choose is.
    let probes = chosen.probes()?;
    let checker = Checker { hub, found: &chosen.found, weights: chosen.executors.kind() == ExecutorKind::Torch };
    let inputs = match scope {
        Scope::ToTrain => Preflight::check(&checker, to_train.iter().copied().chain(&probes)),
        Scope::Chosen => Preflight::check(&checker, chosen.runs().chain(&probes)),
    };
    let faults = inputs.faults(to_train.into_iter().chain(&probes));
    if faults.is_empty() {
        return Ok(inputs);
    }
    Err(CliError::Inputs(InputFaults { file: options.file.clone(), faults }))
}

/// Whether any of the chosen runs is going to be trained, or may be chosen by the search.
///
/// # Errors
/// As [`check`].
pub fn anything_to_train(options: &Run, chosen: &Chosen<'_>) -> Result<bool, CliError> {
    Ok(chosen.sweep.search.is_some() || !to_train(options, chosen)?.is_empty())
}

/// The chosen runs without an outcome, and those that go on from where they stopped; all of them where failed ones are to be
/// done again.
fn to_train<'c>(options: &Run, chosen: &'c Chosen<'_>) -> Result<Vec<&'c PlannedRun>, CliError> {
    let outcomes = Outcomes::read(options, chosen)?;
    let goes_on = outcomes.planned_further()?;
    let is_open = |run: &&PlannedRun| {
        let further = goes_on.contains(&run.id) || chosen.extended.contains(&run.id);
        options.retry_failed || further || outcomes.outcome(&run.id).is_none()
    };
    Ok(chosen.runs().filter(is_open).collect())
}

/// How runs ended before.
pub struct Outcomes(pub Option<Store>);

impl Outcomes {
    /// # Errors
    /// A results folder that cannot be read, or whose results another executor made.
    pub fn read(options: &Run, chosen: &Chosen<'_>) -> Result<Self, CliError> {
        let layout = Layout::for_sweep(&options.results, &chosen.sweep.name, options.rehearse)?;
        let there = layout.sweep_json().exists();
        if !there {
            return Ok(Self(None));
        }
        let store = Store::open(layout.folder())?;
        store.accepts(chosen.executors.kind())?;
        Ok(Self(Some(store)))
    }

    /// What decides: the seeds and looks of the sweep, unless its results could be seen before they were planned.
    pub fn deciding(&self, sweep: &Sweep) -> Deciding {
        let planned_now = || Deciding { looks: sweep.looks.clone(), ..Deciding::default() };
        self.0.as_ref().map_or_else(planned_now, |store| store.deciding(sweep))
    }

    /// Runs that stopped and are planned further.
    fn planned_further(&self) -> Result<BTreeSet<RunId>, CliError> {
        let stops = |store: &&Store| {
            store.record().packs.iter().any(|pack| !(pack.until.is_empty() && pack.extended.is_empty()))
        };
        let Some(store) = self.0.as_ref().filter(|store| stops(store)) else {
            return Ok(BTreeSet::new());
        };
        let open = store.runs()?.into_iter().filter(|view| view.stopped_after.is_some() && !view.state.is_final());
        Ok(open.map(|view| view.run.id).collect())
    }

    /// A damaged record counts as none: such a run is done again.
    pub fn outcome(&self, run: &RunId) -> Option<Outcome> {
        let result = self.0.as_ref()?.result(run).ok().flatten()?;
        Some(result.outcome)
    }
}
