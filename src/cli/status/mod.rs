//! `sweep status`: where the runs of a sweep stand.

mod jobs;
mod requests;

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use serde::Serialize;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::report::search::{ended, standing};
use crate::report::{best_runs, ranking_metric};
use crate::spec::Metric;
use crate::store::{ExecutorKind, RequestView, RunState, RunView, Store, seconds_left, sweep_folders};

use super::context::Context;
use super::run::counts;
use super::streams::{Reader, tell_error, write_out};
use super::text::{Align, Table, clock, percent};
use super::{CliError, again};

use jobs::Job;

/// Between two looks of `--watch`.
const LOOK: Duration = Duration::from_secs(2);

/// Batch systems are asked less often than files are looked at.
const LOOK_AT_QUEUE: Duration = Duration::from_secs(10);

/// Shows where sweeps stand: runs by state, progress, time left, the best so far, failures with their reasons, and the
/// queue where they were handed to Slurm, hosts or Kubernetes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep status                              every sweep in results/
  sweep status results/quickstart --watch
  sweep status results --json | jq '.[].runs[] | select(.state == \"failed\")'

Exit codes:
  0  shown
  2  no results there, or some that cannot be read; all others are shown")]
pub struct Status {
    /// A results folder, or the folder of a sweep.
    #[arg(default_value = "results")]
    path: PathBuf,
    /// Looks again every two seconds until nothing is left to do.
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    /// Everything, for programs.
    #[arg(long)]
    json: bool,
}

/// A sweep for programs.
#[derive(Debug, Serialize)]
struct SweepStatus {
    name: String,
    folder: String,
    rehearsal: bool,
    /// `mock` where nothing was trained and all figures are invented.
    #[serde(skip_serializing_if = "Option::is_none")]
    executor: Option<ExecutorKind>,
    /// What was handed to others.
    jobs: Vec<Job>,
    /// What people asked for and nobody has done yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<RequestView>,
    runs: Vec<RunStatus>,
}

/// A run for programs.
#[derive(Debug, Serialize)]
struct RunStatus {
    id: String,
    label: String,
    configuration: String,
    state: RunState,
    /// No longer in the sweep file.
    removed: bool,
    device: Option<String>,
    /// What computes; of runs that have not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<String>,
    worker: Option<String>,
    epochs_recorded: usize,
    epochs: usize,
    step: Option<usize>,
    steps: Option<usize>,
    seconds: f64,
    seconds_left: Option<f64>,
    best_epoch: Option<usize>,
    accuracy: Option<f64>,
    f1: Option<f64>,
    trainable_parameters: Option<usize>,
    /// Bytes that the run took of its device's memory, as measured for its pack.
    memory: Option<u64>,
    reason: Option<String>,
    damage: Option<String>,
}

impl Status {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        if self.json {
            let mut sweeps = Vec::new();
            let looked = look(&self.path, Look::Close)?;
            for (store, views) in &looked.sweeps {
                sweeps.push(SweepStatus::new(store, views, jobs::jobs(store)?));
            }
            // Plain data with string keys: it always has a JSON form.
            let text = serde_json::to_string_pretty(&sweeps).map_err(|error| CliError::Output(error.into()))?;
            print(&format!("{text}\n"))?;
            return Ok(looked.told());
        }
        let mut queue: Option<(Instant, Vec<String>)> = None;
        let mut shown = None;
        loop {
            // Files of completed runs are read once; who watches is told again of what is missing.
            let looked = look(&self.path, if shown.is_none() { Look::Close } else { Look::Quick })?;
            let sweeps = &looked.sweeps;
            let known =
                queue.take().filter(|(when, known)| when.elapsed() < LOOK_AT_QUEUE && known.len() == sweeps.len());
            let (when, of_sweeps) = match known {
                Some(known) => known,
                None => (Instant::now(), queues(sweeps)?),
            };
            let text: String =
                sweeps.iter().zip(&of_sweeps).map(|((store, views), jobs)| show(store, views, jobs)).collect();
            queue = Some((when, of_sweeps));
            let clear = self.watch && can_clear();
            if clear {
                // A terminal that cannot be cleared shows one look under the other.
                let _ = console::Term::stdout().clear_screen();
            }
            // Where looks stand under each other, one that shows nothing new is left out.
            let news = Some((text, looked.faults()));
            if clear || shown != news {
                let reader = news.as_ref().map_or(Ok(Reader::There), |(text, _)| write_out(text))?;
                let code = looked.told();
                if reader == Reader::Gone {
                    return Ok(code);
                }
            }
            shown = news;
            let open = sweeps.iter().flat_map(|(_, views)| views).any(|view| !view.removed && !view.state.is_final());
            if !self.watch || !open {
                return Ok(looked.exit_code());
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// What is in the queue for each sweep, as text.
fn queues(sweeps: &[(Store, Vec<RunView>)]) -> Result<Vec<String>, CliError> {
    sweeps.iter().map(|(store, _)| Ok(jobs::show(&jobs::jobs(store)?))).collect()
}

/// Whether standard output is a terminal that can be cleared.
fn can_clear() -> bool {
    std::io::stdout().is_terminal() && !console::is_dumb()
}

/// How completed runs are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Whether their files are there.
    Quick,
    /// What is in them as well.
    Close,
}

/// What a look found.
#[derive(Debug)]
struct Looked {
    sweeps: Vec<(Store, Vec<RunView>)>,
    /// Why the other sweeps could not be read.
    unreadable: Vec<CliError>,
}

impl Looked {
    /// Tells what could not be read.
    fn told(&self) -> ExitCode {
        self.unreadable.iter().for_each(tell_error);
        self.exit_code()
    }

    fn exit_code(&self) -> ExitCode {
        self.unreadable.first().map_or(ExitCode::Success, CliError::exit_code)
    }

    fn faults(&self) -> Vec<String> {
        self.unreadable.iter().map(CliError::to_string).collect()
    }
}

/// A sweep that cannot be read does not hide the others.
fn look(path: &Path, how: Look) -> Result<Looked, CliError> {
    let folders = sweep_folders(path)?;
    if folders.is_empty() {
        return Err(CliError::NoResults { path: path.to_path_buf() });
    }
    let mut looked = Looked { sweeps: Vec::with_capacity(folders.len()), unreadable: Vec::new() };
    for folder in folders {
        match look_at(&folder, how) {
            Ok(sweep) => looked.sweeps.push(sweep),
            Err(error) => looked.unreadable.push(error),
        }
    }
    Ok(looked)
}

fn look_at(folder: &Path, how: Look) -> Result<(Store, Vec<RunView>), CliError> {
    let store = Store::open(folder)?;
    let mut views = store.runs()?;
    if how == Look::Close {
        views.iter_mut().for_each(|view| view.examine(&store));
    }
    Ok((store, views))
}

fn show(store: &Store, views: &[RunView], jobs: &str) -> String {
    let present: Vec<RunView> = views.iter().filter(|view| !view.removed).cloned().collect();
    let rehearsal = if store.record().rehearsal { " (rehearsal)" } else { "" };
    let mut text = format!("{}{rehearsal}  {}\n", store.record().name, counts(&present));
    if store.record().executor == ExecutorKind::Mock {
        text.push_str("  INVENTED: the mock executor made these results; nothing was trained\n");
    }
    if let Some(left) = seconds_left(present.iter()) {
        // What a search plans next is not known.
        let of = if store.record().search.is_some() { " of what is planned so far" } else { "" };
        text.push_str(&format!("  about {} left{of}\n", clock(seconds(left))));
    }
    if let Some(standing) = search(store, &present) {
        standing.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    } else {
        text.push_str(&best_so_far(store, &present));
    }
    text.push_str(jobs);
    text.push_str(&requests::show(store));
    let running = running(&present);
    if !running.is_empty() {
        text.push_str(&format!("{running}"));
    }
    let backends: BTreeSet<&str> = present.iter().filter_map(|view| view.backend.as_deref()).collect();
    for backend in backends {
        text.push_str(&format!("  computes with {backend}\n"));
    }
    for view in &present {
        if let (RunState::Failed | RunState::Diverged, Some(reason)) = (view.state, &view.reason) {
            text.push_str(&format!("  {} {}: {reason}\n", view.state, view.run.label));
        }
        if let Some(damage) = &view.damage {
            text.push_str(&format!("  damaged {}: {damage}\n", view.run.label));
        }
    }
    for line in again::advice(&present).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text.push('\n');
    text
}

/// The best run, of each data set where there are several.
fn best_so_far(store: &Store, views: &[RunView]) -> String {
    let metric = ranking_metric(views);
    let mut text = String::new();
    for best in best_runs(store.record(), views) {
        let Some(record) = &best.view.best else {
            continue;
        };
        let by = if metric == Metric::ACCURACY {
            String::new()
        } else {
            format!(" (the best by {}: {:.4})", metric.name(), record.metric(metric))
        };
        let on = best.on.map_or(String::new(), |set| format!(" on {set}"));
        let accuracy = percent(record.metric(Metric::ACCURACY));
        text.push_str(&format!("  best so far{on}: {}, accuracy {accuracy}{by}\n", best.view.run.label));
    }
    text
}

/// How far a search has come, and what it has found where nothing is left to do.
fn search(store: &Store, views: &[RunView]) -> Option<Vec<String>> {
    let mut lines = vec![standing(store.record(), views)?];
    if views.iter().all(|view| view.state.is_final())
        && let Ok(Some(ended)) = ended(store)
    {
        lines.extend(ended.conclusion);
    }
    Some(lines)
}

fn running(views: &[RunView]) -> Table {
    let mut table = Table::new([
        ("  running", Align::Left),
        ("device", Align::Left),
        ("epoch", Align::Right),
        ("step", Align::Right),
        ("loss", Align::Right),
        ("accuracy", Align::Right),
        ("examples/s", Align::Right),
        ("left", Align::Right),
    ]);
    let none = || "-".to_string();
    for view in views.iter().filter(|view| view.state == RunState::Running) {
        let progress = view.progress.as_ref();
        table.row([
            format!("  {}", view.run.label),
            view.device.clone().unwrap_or_else(none),
            progress.map_or_else(none, |at| format!("{}/{}", at.epoch, at.epochs)),
            progress.map_or_else(none, |at| format!("{}/{}", HumanCount(at.step as u64), HumanCount(at.steps as u64))),
            progress.and_then(|at| at.train_loss).map_or_else(none, |loss| format!("{loss:.4}")),
            view.best.as_ref().map_or_else(none, |best| percent(best.metric(Metric::ACCURACY))),
            progress.and_then(|at| at.examples_per_second).map_or_else(none, |speed| format!("{speed:.0}")),
            progress.and_then(|at| at.seconds_left).map_or_else(none, |left| clock(seconds(left))),
        ]);
    }
    table
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

impl SweepStatus {
    fn new(store: &Store, views: &[RunView], jobs: Vec<Job>) -> Self {
        SweepStatus {
            name: store.record().name.clone(),
            folder: store.layout().folder().display().to_string(),
            rehearsal: store.record().rehearsal,
            executor: Some(store.record().executor).filter(|executor| *executor != ExecutorKind::Torch),
            jobs,
            requests: requests::waiting(store).unwrap_or_default(),
            runs: views.iter().map(|view| RunStatus::new(store, view)).collect(),
        }
    }
}

impl RunStatus {
    fn new(store: &Store, view: &RunView) -> Self {
        let progress = view.progress.as_ref();
        let best = view.best.as_ref();
        // A damaged record of what nothing depends on is none.
        let memory = view.pack.as_ref().and_then(|pack| store.memory(pack).ok().flatten());
        RunStatus {
            id: view.run.id.to_string(),
            label: view.run.label.clone(),
            configuration: view.run.configuration.clone(),
            state: view.state,
            removed: view.removed,
            device: view.device.clone(),
            backend: view.backend.clone(),
            worker: view.worker.clone(),
            epochs_recorded: view.epochs,
            epochs: view.run.spec.epochs,
            step: progress.map(|at| at.step),
            steps: progress.map(|at| at.steps),
            seconds: view.seconds,
            seconds_left: progress.and_then(|at| at.seconds_left),
            best_epoch: best.map(|best| best.epoch),
            accuracy: best.map(|best| best.metric(Metric::ACCURACY)),
            f1: best.map(|best| best.metric(Metric::F1)),
            trainable_parameters: view.trainable_parameters,
            memory: memory.map(|memory| memory.per_run()),
            reason: view.reason.clone(),
            damage: view.damage.clone(),
        }
    }
}
