//! `sweep task`: what a task on another machine does. Not for people.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use signal_hook::consts::SIGTERM;

use crate::event::{Event, FanOut, Outcome, Sink};
use crate::execute::{
    ExecutorSource, Stop, WhenBusy, WorkerEnd, WorkerOptions, check_threads, cuda_devices, stop_on_signals, supervise,
    work_by_generations,
};
use crate::exit_code::ExitCode;
use crate::launch::{SlurmTask, task_name};
use crate::spec::RunId;
use crate::store::{ClaimOptions, Store};

use super::CliError;
use super::array_search::ArraySearch;
use super::context::Context;
use super::numbers;
use super::run::Devices;
use super::share::Share;
use super::sinks::sinks;
use super::streams::tell;
use super::workers::Workers;

/// Between two looks for the file that cancels.
const LOOK: Duration = Duration::from_secs(1);
/// As which other ends of a task count.
const TERM: usize = SIGTERM.unsigned_abs() as usize;

/// Works on a sweep with all devices of its allocation until nothing is left or its time is over.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Task {
    /// The folder of the sweep.
    #[arg(long)]
    results: PathBuf,
    #[arg(long, default_value = "auto")]
    devices: Devices,
    #[arg(long, allow_negative_numbers = true, value_parser = numbers::threads)]
    threads: Option<usize>,
    #[arg(long, default_value_t = 5.0, allow_negative_numbers = true, value_parser = numbers::minutes)]
    checkpoint_minutes: f64,
    #[arg(long)]
    fail_fast: bool,
    /// Only these runs.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Leaves when standard input ends.
    #[arg(long)]
    attached: bool,
    /// Leaves when this file is there.
    #[arg(long, value_name = "FILE")]
    cancelled_by: Option<PathBuf>,
    /// Waits for others who work on what is left, and takes over what they leave.
    #[arg(long)]
    wait: bool,
    /// Which task of several on this machine it is, which share its devices.
    #[arg(long, value_name = "I/N")]
    share: Option<Share>,
}

impl Task {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        let stop = Stop::default();
        stop_on_signals(&stop).map_err(CliError::Signals)?;
        if self.attached {
            stop_when_input_ends(&stop);
        }
        if let Some(path) = &self.cancelled_by {
            stop_when_there(path, &stop);
        }
        let task = SlurmTask::current();
        let name = task_name().unwrap_or_else(|| "a task".to_owned());
        let claims = ClaimOptions { worker: name.clone(), ..ClaimOptions::default() };
        let mut store = Store::open_with(&self.results, claims)?;
        store.accepts(context.executors.kind())?;
        let devices = self.devices.resolve(cuda_devices())?;
        let devices = self.share.map_or(devices.clone(), |share| share.devices(devices));
        check_threads(self.threads)?;
        tell(format_args!("{name}: {} on {}", store.layout().folder().display(), devices.join(", ")));
        let search = if self.only.is_empty() { ArraySearch::read(&store)? } else { None };
        let workers = self.workers(context.executors, search.is_some());
        let mut seen = Seen::default();
        let mut train = |store: &Store| -> Result<WorkerEnd, CliError> {
            let commands = workers.commands(store, &devices)?;
            let open = store.runs()?.iter().filter(|view| !view.removed && !view.state.is_final()).count();
            seen.sink = sinks(&store.record().name, open);
            Ok(supervise(store, &commands, self.fail_fast, &mut seen, &stop)?)
        };
        let end = match &search {
            Some(search) => search.with_generations(|next| work_by_generations(&mut store, next, &mut train)),
            None => train(&store),
        }?;
        if end != WorkerEnd::Interrupted {
            return Ok(ExitCode::success_if(!seen.unsuccessful));
        }
        if let Some(task) = task.filter(|_| stop.is_warning()) {
            go_on_later(&task, seen.gained);
        }
        Ok(ExitCode::signal(stop.signal()))
    }

    /// Where a search goes on, tasks wait for each other: what is next is known when all have finished.
    fn workers<'a>(&self, executors: &'a dyn ExecutorSource, searches: bool) -> Workers<'a> {
        let only: BTreeSet<RunId> = self.only.iter().cloned().map(RunId).collect();
        let options = WorkerOptions {
            checkpoint_every: numbers::minutes_to_duration(self.checkpoint_minutes),
            fail_fast: self.fail_fast,
            only: Some(only).filter(|only| !only.is_empty()),
            when_busy: if searches || self.wait { WhenBusy::Wait } else { WhenBusy::Leave },
            ..WorkerOptions::default()
        };
        Workers {
            options,
            threads: self.threads.or_else(allotted_processors).or_else(|| self.share?.threads()),
            executors,
        }
    }
}

/// Processors that Slurm gave the task, where it says so and the machine has them.
fn allotted_processors() -> Option<usize> {
    let variable = |name: &str| std::env::var(name).ok()?.parse().ok();
    variable("SLURM_CPUS_PER_TASK")
        .or_else(|| variable("SLURM_CPUS_ON_NODE"))
        .filter(|&processors| check_threads(Some(processors)).is_ok())
}

/// Whoever looks after the task holds the other end.
fn stop_when_input_ends(stop: &Stop) {
    let stop = stop.clone();
    // Ends with the process.
    std::thread::spawn(move || {
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
        stop.request(TERM);
    });
}

fn stop_when_there(path: &Path, stop: &Stop) {
    let (path, stop) = (path.to_path_buf(), stop.clone());
    // Ends with the process.
    std::thread::spawn(move || {
        while !path.exists() {
            std::thread::sleep(LOOK);
        }
        stop.request(TERM);
    });
}

/// Puts the task back into the queue. One that gained nothing would do so for ever.
fn go_on_later(task: &SlurmTask, gained: bool) {
    if !gained {
        tell("not put back into the queue: nothing was gained in this time; ask for more (--slurm time=...)");
        return;
    }
    // Slurm ends this process as soon as it has heard.
    tell(format_args!("everything is saved; task {task} goes back into the queue"));
    if let Err(error) = task.requeue() {
        tell(format_args!("it stays out of the queue, submit the sweep again to go on: {error}"));
    }
}

/// Passes events on and keeps in mind what they mean for the task.
#[derive(Default)]
struct Seen {
    sink: FanOut<'static>,
    /// The steps that a run had done when it got its place.
    began: BTreeMap<RunId, usize>,
    /// A step was done.
    gained: bool,
    /// A run failed or diverged.
    unsuccessful: bool,
}

impl Sink for Seen {
    fn emit(&mut self, event: &Event) {
        match event {
            Event::RunStarted { run, step, .. } => {
                self.began.insert(run.clone(), *step);
            }
            Event::Progress { run, step, .. } => self.gained |= self.began.get(run).is_some_and(|began| step > began),
            Event::EpochFinished { .. } => self.gained = true,
            Event::RunFinished { outcome, .. } => {
                self.gained = true;
                self.unsuccessful |= !matches!(outcome, Outcome::Completed { .. } | Outcome::Stopped { .. });
            }
            _ => {}
        }
        self.sink.emit(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(step: usize) -> Event {
        Event::RunStarted {
            run: RunId("a".into()),
            label: "base".into(),
            step,
            steps: 20,
            epochs: 2,
            until: None,
            trainable_parameters: 4,
            total_parameters: 100,
        }
    }

    fn at(step: usize) -> Event {
        Event::Progress {
            run: RunId("a".into()),
            epoch: 1,
            step,
            steps: 20,
            train_loss: 0.5,
            learning_rate: 1e-3,
            examples_per_second: 1.0,
            tokens_per_second: 1.0,
        }
    }

    #[test]
    fn a_step_beyond_those_that_were_done_before_is_a_gain() {
        let gained = |events: &[Event]| {
            let mut seen = Seen::default();
            events.iter().for_each(|event| seen.emit(event));
            seen.gained
        };
        assert!(gained(&[started(0), at(1)]));
        assert!(gained(&[started(7), at(7), at(8)]));
        assert!(!gained(&[started(7), at(7)]), "it only says where it goes on");
        assert!(!gained(&[started(0)]));
    }
}
