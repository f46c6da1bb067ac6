//! The results folder of the chosen runs, with its plan.

use std::path::Path;

use crate::execute::{DeviceKind, MOST_SHARING};
use crate::spec::{PackPlan, Segment};
use crate::store::{ClaimOptions, Opened, PlanInput, PlannedSearch, Retried, RunView, SearchOrigin, Store, StoreError};

use super::chosen::Chosen;
use super::extend;
use super::options::Run;
use crate::cli::asking;
use crate::cli::command_line::command_line;
use crate::cli::packing::Packing;
use crate::cli::preflight::{self, Preflight};
use crate::cli::rehearsal;
use crate::cli::streams::tell;
use crate::cli::text::count;
use crate::cli::{CliError, machine};

/// What packs are planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    pub kind: DeviceKind,
    /// Bytes of its memory that packs may take; none where that is not known.
    pub memory: Option<u64>,
}

impl Device {
    /// Share of a device's memory that packs may take; the rest is for what is not estimated.
    const SHARE: f64 = 0.85;
    /// Bytes that libtorch itself takes.
    const LIBTORCH: u64 = 1 << 30;

    /// Of this machine, or with as much memory as the options say.
    pub fn here(options: &Run, kind: DeviceKind) -> Self {
        let there = match kind {
            DeviceKind::Cpu => machine::usable_memory(),
            DeviceKind::Cuda => machine::nvidia().iter().map(|device| device.total).min(),
        };
        Self { kind, memory: options.device_memory().or(there).map(Self::budget) }
    }

    /// Of other machines: with as much memory as the options say, or they do.
    pub fn elsewhere(options: &Run, kind: DeviceKind, there: Option<u64>) -> Self {
        Self { kind, memory: options.device_memory().or(there).map(Self::budget) }
    }

    /// With the options' limits.
    fn packing(self, options: &Run) -> Packing {
        let max_pack = options.max_pack.unwrap_or(self.kind.default_max_pack());
        let most_sharing = options.max_pack.unwrap_or(MOST_SHARING);
        Packing { kind: self.kind, memory: self.memory, max_pack, most_sharing }
    }

    fn budget(memory: u64) -> u64 {
        ((memory as f64 * Self::SHARE) as u64).saturating_sub(Self::LIBTORCH)
    }
}

/// How runs are planned into packs.
pub fn packs(options: &Run, inputs: &Preflight, device: Device, segments: &[Segment]) -> Vec<PackPlan> {
    device.packing(options).packs(inputs, segments)
}

/// What tasks of a job array go on from where the sweep has a search.
fn record_origin(options: &Run, chosen: &Chosen<'_>, store: &Store, device: Device) -> Result<(), CliError> {
    let Some(search) = &chosen.sweep.search else {
        return Ok(());
    };
    // As it was looked for: tasks run in the folder of this command.
    let folder = options.file.parent().unwrap_or(Path::new("")).display().to_string();
    let packing = device.packing(options).record();
    let origin = SearchOrigin::new(folder, options.set.clone(), search.facts().record(), packing);
    Ok(store.record_search_origin(&origin)?)
}

/// The results folder, with the chosen runs in its plan, and failed ones to be tried again where that was asked for.
/// Says what changed.
pub fn open(options: &Run, inputs: &Preflight, chosen: &Chosen<'_>, device: Device) -> Result<Opened, CliError> {
    let command = command_line();
    let input = PlanInput {
        sweep: &chosen.sweep,
        search: PlannedSearch {
            name: chosen.search.name().to_owned(),
            definition: chosen.search.definition(),
            record: chosen.search.record(),
            points: chosen.first.points.clone(),
        },
        yaml: chosen.yaml.as_bytes(),
        rehearsal: options.rehearse,
        executor: chosen.executors.kind(),
        command: &command,
        selected: chosen.only.as_ref(),
        until: chosen.first.until.clone(),
        claims: ClaimOptions::default(),
    };
    let planner = |segments: &[Segment]| packs(options, inputs, device, segments);
    let mut opened = Store::create_or_open(&options.results, &input, &planner)?;
    record_origin(options, chosen, &opened.store, device)?;
    chosen.asked.answer(&opened.store, &chosen.sweep)?;
    asking::apply(&mut opened.store)?;
    extend::plan(options, chosen, &mut opened.store, &command, &planner)?;
    let store = &opened.store;
    let retried = if options.retry_failed { store.retry_failed(chosen.only.as_ref())? } else { Retried::default() };
    announce(&opened, chosen, open_runs(store, chosen)?, &retried);
    let scaled = rehearsal::scaled(&chosen.sweep);
    let looks = preflight::short(&inputs.looks_from_here());
    for text in [&scaled, &looks].into_iter().filter(|text| !text.is_empty()) {
        tell(text.trim_end());
    }
    record_start(store, inputs, &scaled, &command)?;
    Ok(opened)
}

/// What a rehearsal scales and what was found in the data goes into the log of the sweep, at every start that has something
/// to train.
fn record_start(store: &Store, inputs: &Preflight, scaled: &str, command: &[String]) -> Result<(), CliError> {
    if inputs.looks().is_empty() {
        return Ok(());
    }
    Ok(store.append_log(&format!("{}\n{scaled}{}", command.join(" "), preflight::full(inputs.looks()).trim_end()))?)
}

/// The chosen runs as they stand.
pub fn runs(store: &Store, chosen: &Chosen<'_>) -> Result<Vec<RunView>, StoreError> {
    let mut views = store.runs()?;
    views.retain(|view| !view.removed && chosen.contains(&view.run.id));
    Ok(views)
}

/// How many of the chosen runs have no outcome.
pub fn open_runs(store: &Store, chosen: &Chosen<'_>) -> Result<usize, CliError> {
    Ok(runs(store, chosen)?.iter().filter(|view| !view.state.is_final()).count())
}

fn announce(opened: &Opened, chosen: &Chosen<'_>, open: usize, retried: &Retried) {
    let name = &chosen.sweep.name;
    let place = opened.store.layout().folder().display();
    let mut parts = vec![format!("{name}: {} to train, results in {place}", count(open, "run"))];
    if !opened.created && !opened.removed.is_empty() {
        parts.push(format!(
            "{} no longer in the sweep file; their results are kept",
            count(opened.removed.len(), "run")
        ));
    }
    if !retried.runs.is_empty() {
        parts.push(format!("{} tried again that had failed or is damaged", count(retried.runs.len(), "run")));
    }
    if !retried.busy.is_empty() {
        let busy = count(retried.busy.len(), "run");
        parts.push(format!("{busy} not tried again: somebody works on what is trained with it; ask again later"));
    }
    parts.extend(opened.notices.iter().cloned());
    parts.iter().for_each(tell);
}
