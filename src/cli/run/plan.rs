//! The results folder of the chosen runs, with its plan.

use crate::execute::{DeviceKind, PlanOptions, plan_packs, relative_duration};
use crate::spec::{PackPlan, PlannedRun};
use crate::store::{ClaimOptions, Opened, PlanInput, RunView, Store};

use super::{Chosen, Run};
use crate::cli::CliError;
use crate::cli::text::count;

/// How runs are planned into packs for a kind of device.
pub fn packs(options: &Run, kind: DeviceKind, runs: &[PlannedRun]) -> Vec<PackPlan> {
    let max_pack = options.max_pack.unwrap_or(kind.default_max_pack());
    let duration = |run: &PlannedRun| relative_duration(&run.spec, None);
    plan_packs(runs, &PlanOptions { max_pack, duration: &duration, memory: None })
}

/// The results folder, with the chosen runs in its plan, and failed ones to be tried again where that was asked for.
/// Says what changed.
pub fn open(options: &Run, chosen: &Chosen, kind: DeviceKind) -> Result<Opened, CliError> {
    let command: Vec<String> = std::env::args().collect();
    let input = PlanInput {
        sweep: &chosen.sweep,
        yaml: chosen.yaml.as_bytes(),
        rehearsal: options.rehearse,
        command: &command,
        selected: chosen.only.as_ref(),
        claims: ClaimOptions::default(),
    };
    let opened = Store::create_or_open(&options.results, &input, &|runs| packs(options, kind, runs))?;
    let store = &opened.store;
    let retried = if options.retry_failed { store.retry_failed(chosen.only.as_ref())?.len() } else { 0 };
    announce(&opened, chosen, open_runs(store, chosen)?, retried);
    Ok(opened)
}

/// The chosen runs as they stand.
pub fn runs(store: &Store, chosen: &Chosen) -> Result<Vec<RunView>, CliError> {
    let mut views = store.runs()?;
    views.retain(|view| !view.removed && chosen.contains(&view.run.id));
    Ok(views)
}

/// How many of the chosen runs have no outcome.
pub fn open_runs(store: &Store, chosen: &Chosen) -> Result<usize, CliError> {
    Ok(runs(store, chosen)?.iter().filter(|view| !view.state.is_final()).count())
}

fn announce(opened: &Opened, chosen: &Chosen, open: usize, retried: usize) {
    let name = &chosen.sweep.name;
    let place = opened.store.layout().folder().display();
    let mut parts = vec![format!("{name}: {} to train, results in {place}", count(open, "run"))];
    if !opened.created && !opened.removed.is_empty() {
        parts.push(format!(
            "{} no longer in the sweep file; their results are kept",
            count(opened.removed.len(), "run")
        ));
    }
    if retried > 0 {
        parts.push(format!("{} tried again", count(retried, "failed run")));
    }
    parts.extend(opened.notices.iter().cloned());
    for part in parts {
        eprintln!("{part}");
    }
}
