//! `--dry-run`: the runs, what they will cost, and what they can settle. Nothing is written.

use std::collections::BTreeSet;
use std::path::Path;

use indicatif::HumanCount;

use crate::cli::CliError;
use crate::cli::cost::{Cost, Costs};
use crate::cli::text::{Align, Table, bytes, count};
use crate::execute::cuda_devices;
use crate::hub::Hub;
use crate::spec::RunId;
use crate::store::{Layout, RunState, Store};

use super::{Chosen, Run, prospects};

/// The table of the chosen runs, the sums, and what the runs can say of the hypotheses.
pub fn table(options: &Run, hub: &Hub, chosen: &Chosen) -> Result<String, CliError> {
    let mut costs = Costs::new(hub, options.devices.kind(cuda_devices()));
    let done = completed(chosen, &options.results, options.rehearse)?;
    let mut table = Table::new([
        ("run", Align::Left),
        ("id", Align::Left),
        ("epochs", Align::Right),
        ("steps", Align::Right),
        ("tokens", Align::Right),
        ("trainable", Align::Right),
        ("of total", Align::Right),
        ("memory", Align::Right),
        ("", Align::Left),
    ]);
    let (mut runs, mut skipped, mut steps, mut tokens) = (0, 0, 0, 0);
    let mut largest: Option<Cost> = None;
    for run in chosen.sweep.runs.iter().filter(|run| chosen.contains(&run.id)) {
        let cost = costs.of(&run.spec)?;
        let is_done = done.contains(&run.id);
        if is_done {
            skipped += 1;
        } else {
            (runs, steps, tokens) = (runs + 1, steps + cost.optimizer_steps, tokens + cost.tokens);
            largest = largest.filter(|largest| largest.footprint.run >= cost.footprint.run).or(Some(cost));
        }
        table.row([
            run.label.clone(),
            run.id.to_string(),
            run.spec.epochs.to_string(),
            HumanCount(cost.optimizer_steps as u64).to_string(),
            HumanCount(cost.tokens).to_string(),
            HumanCount(cost.footprint.trainable_parameters as u64).to_string(),
            HumanCount(cost.footprint.total_parameters as u64).to_string(),
            bytes(cost.footprint.run),
            if is_done { "completed".to_string() } else { String::new() },
        ]);
    }
    let memory = largest.map_or_else(String::new, |cost| {
        let (frozen, run) = (bytes(cost.frozen), bytes(cost.footprint.run));
        format!("Memory, estimated: {frozen} for the frozen weights and up to {run} for each run of a pack.\n")
    });
    let skipped = if skipped > 0 { format!(" ({skipped} completed, not done again)") } else { String::new() };
    let (steps, tokens) = (HumanCount(steps as u64), HumanCount(tokens));
    let what = count(runs, "run");
    let train = format!("{what} to train{skipped}: {steps} optimizer steps, {tokens} training tokens.\n{memory}");
    let prospects = prospects::section(chosen, &done, &mut costs)?;
    Ok(format!("{table}\n{train}{prospects}"))
}

/// Chosen runs that have their results.
fn completed(chosen: &Chosen, results: &Path, rehearsal: bool) -> Result<BTreeSet<RunId>, CliError> {
    let layout = Layout::of_sweep(results, &chosen.sweep.name, rehearsal)?;
    if !layout.sweep_json().exists() {
        return Ok(BTreeSet::new());
    }
    let views = Store::open(layout.folder())?.runs()?;
    let completed = views.into_iter().filter(|view| view.state == RunState::Completed);
    Ok(completed.map(|view| view.run.id).collect())
}
