//! `--dry-run`: the data, the runs, what they will cost, and what they can settle. Nothing is written.

use std::collections::BTreeSet;

use indicatif::HumanCount;

use crate::cli::CliError;
use crate::cli::cost::{Cost, Costs};
use crate::cli::preflight;
use crate::cli::rehearsal;
use crate::cli::text::{Align, Table, bytes, count};
use crate::event::Outcome;
use crate::execute::cuda_devices;
use crate::hub::Hub;
use crate::spec::{PlannedRun, RunId, Segment};

use super::chosen::Chosen;
use super::duration::Work;
use super::inputs::{Outcomes, Scope};
use super::options::Run;
use super::plan::{self, Device};
use super::{inputs, prospects};

/// Stands for what is not known.
const UNKNOWN: &str = "?";

/// What was found in the data, the table of the chosen runs, the sums, and what the runs can say of the hypotheses.
pub fn table(options: &Run, hub: &Hub, chosen: &Chosen<'_>) -> Result<String, CliError> {
    let checked = inputs::check(options, hub, chosen, Scope::Chosen)?;
    let kind = options.devices.kind(cuda_devices());
    let costs = Costs::new(&checked, kind);
    let outcomes = Outcomes::read(options, chosen)?;
    let mut sums = Sums::default();
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
    for run in chosen.runs() {
        let cost = costs.estimate(&run.spec);
        let is_done = matches!(outcomes.outcome(&run.id), Some(Outcome::Completed { .. }));
        sums.add(run, cost, is_done);
        table.row(row(chosen, run, cost, is_done));
    }
    let looks = preflight::full(&checked.looks_from_here());
    let prospects = prospects::section(options, chosen, &sums.done, &outcomes.deciding(&chosen.sweep), &costs);
    let mut scaled = rehearsal::scaled(&chosen.sweep);
    if !scaled.is_empty() {
        scaled.push('\n');
    }
    let taken = match chosen.taken.as_slice() {
        [] => String::new(),
        lines => format!("The sweep file takes\n  {}\n\n", lines.join("\n  ")),
    };
    let to_train: Vec<&PlannedRun> = chosen.runs().filter(|run| !sums.done.contains(&run.id)).collect();
    let segments: Vec<Segment> = to_train.iter().map(|run| Segment::whole((*run).clone())).collect();
    let packs = plan::packs(options, &checked, Device::here(options, kind), &segments);
    let (sums, work) = (sums.text(), Work::of_packs(&costs, &packs, &to_train).text(kind));
    let search = search(chosen);
    Ok(format!("{taken}{scaled}{looks}{table}\n{sums}{work}{search}{}{prospects}", unchecked(chosen, &checked)))
}

/// That these runs are only what a search begins with; nothing of other sweeps.
fn search(chosen: &Chosen<'_>) -> String {
    let Some(record) = chosen.search.record() else {
        return String::new();
    };
    let (settings, begun) = (record.settings, chosen.first.points.len());
    let confirmed = settings.confirm.map_or_else(String::new, |confirm| {
        format!("; then the best {} again with {}", confirm.top, count(confirm.seeds, "fresh seed"))
    });
    format!(
        "\nThis is what the search begins with: {begun} of {}, each with {}. What comes next depends on results{confirmed}.\n",
        count(settings.samples, "sample"),
        count(settings.seeds.len(), "seed"),
    )
}

fn row(chosen: &Chosen<'_>, run: &PlannedRun, cost: Option<Cost>, is_done: bool) -> [String; 9] {
    let known = |show: &dyn Fn(Cost) -> Option<String>| cost.and_then(show).unwrap_or_else(|| UNKNOWN.to_string());
    let number = |number: u64| Some(HumanCount(number).to_string());
    [
        run.label.clone(),
        if chosen.found.tells_id(&run.spec) { run.id.to_string() } else { UNKNOWN.to_string() },
        run.spec.epochs.to_string(),
        known(&|cost| number(cost.optimizer_steps as u64)),
        known(&|cost| number(cost.tokens?)),
        known(&|cost| number(cost.footprint.trainable_parameters as u64)),
        known(&|cost| number(cost.footprint.total_parameters as u64)),
        known(&|cost| Some(memory(&cost))),
        if is_done { "completed".to_string() } else { String::new() },
    ]
}

/// Where texts were not read it is that of the longest possible ones.
fn memory(cost: &Cost) -> String {
    let most = if cost.tokens.is_none() { "≤ " } else { "" };
    format!("{most}{}", bytes(cost.footprint.run))
}

/// Of the runs that are to be trained.
#[derive(Default)]
struct Sums {
    runs: usize,
    steps: usize,
    /// None where a run's are not known.
    tokens: Option<u64>,
    largest: Option<Cost>,
    done: BTreeSet<RunId>,
}

impl Sums {
    fn add(&mut self, run: &PlannedRun, cost: Option<Cost>, is_done: bool) {
        if is_done {
            self.done.insert(run.id.clone());
            return;
        }
        let before = if self.runs == 0 { Some(0) } else { self.tokens };
        self.runs += 1;
        self.steps += cost.map_or(0, |cost| cost.optimizer_steps);
        self.tokens = before.zip(cost.and_then(|cost| cost.tokens)).map(|(sum, tokens)| sum + tokens);
        let is_larger = |largest: &Cost, cost: &Cost| largest.footprint.run >= cost.footprint.run;
        if let Some(cost) = cost {
            self.largest = self.largest.filter(|largest| is_larger(largest, &cost)).or(Some(cost));
        }
    }

    fn text(&self) -> String {
        let skipped = match self.done.len() {
            0 => String::new(),
            done => format!(" ({done} completed, not done again)"),
        };
        let steps = HumanCount(self.steps as u64);
        let tokens = match (self.runs, self.tokens) {
            (0, _) => ", 0 training tokens".to_string(),
            (_, Some(tokens)) => format!(", {} training tokens", HumanCount(tokens)),
            (_, None) => String::new(),
        };
        let memory = self.largest.map_or_else(String::new, |cost| {
            let (frozen, run) = (bytes(cost.frozen), bytes(cost.footprint.run));
            format!("Memory, estimated: {frozen} for the frozen weights and up to {run} for each run of a pack.\n")
        });
        format!("{} to train{skipped}: {steps} optimizer steps{tokens}.\n{memory}", count(self.runs, "run"))
    }
}

/// What was not looked at, and what is not known because of that.
fn unchecked(chosen: &Chosen<'_>, checked: &preflight::Preflight) -> String {
    let found = &chosen.found;
    let mut text = String::new();
    let models: BTreeSet<&str> = chosen.runs().map(|run| run.spec.model.as_str()).collect();
    for name in found.without_weights().filter(|name| models.contains(name)) {
        let tokenizer = if found.has_tokenizer(name) { "" } else { " and tokenizer" };
        text.push_str(&format!("  model {name}: its weights{tokenizer} are not on this machine\n"));
    }
    let unread = checked.looks().iter().filter(|look| look.sizes.is_some() && look.overview.is_none());
    for look in unread {
        text.push_str(&format!("  dataset {}: its rows are not on this machine\n", look.path));
    }
    if text.is_empty() {
        return text;
    }
    let mut text = format!("\nNot checked:\n{text}  A run's id depends on the contents of both");
    text.push_str(" and is shown as ? until they are here (`sweep fetch` brings them).\n");
    if chosen.runs().any(|run| checked.source(&run.spec).is_some_and(|source| source.tokens.is_none())) {
        text.push_str("  Texts were not counted in tokens: memory is that of texts as long as max_length allows.\n");
    }
    text
}
