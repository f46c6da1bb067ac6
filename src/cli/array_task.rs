//! `sweep task`: what a task of a job array does. Not for people.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::event::{Event, FanOut, Outcome, Sink};
use crate::execute::{
    ExecutorSource, Stop, WhenBusy, WorkerEnd, WorkerOptions, check_threads, cuda_devices, stop_on_signals, supervise,
    work_by_generations,
};
use crate::exit_code::ExitCode;
use crate::launch::SlurmTask;
use crate::spec::RunId;
use crate::store::{ClaimOptions, Store};

use super::CliError;
use super::array_search::ArraySearch;
use super::context::Context;
use super::numbers;
use super::run::Devices;
use super::sinks::sinks;
use super::streams::tell;
use super::workers::Workers;

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
}

impl Task {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        let stop = Stop::default();
        stop_on_signals(&stop).map_err(CliError::Signals)?;
        let task = SlurmTask::current();
        let name = task.as_ref().map_or_else(|| "a task".to_owned(), |task| format!("slurm task {task}"));
        let claims = ClaimOptions { worker: name.clone(), ..ClaimOptions::default() };
        let mut store = Store::open_with(&self.results, claims)?;
        store.accepts(context.executors.kind())?;
        let devices = self.devices.resolve(cuda_devices())?;
        check_threads(self.threads)?;
        tell(format_args!("{name}: {} on {}", store.layout().folder().display(), devices.join(", ")));
        let search = if self.only.is_empty() { ArraySearch::read(&store)? } else { None };
        let workers = self.workers(context.executors, search.is_some());
        let mut seen = Seen { sink: FanOut::default(), gained: false, unsuccessful: false };
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
            when_busy: if searches { WhenBusy::Wait } else { WhenBusy::Leave },
            ..WorkerOptions::default()
        };
        Workers { options, threads: self.threads.or_else(allotted_processors), executors }
    }
}

/// Processors that Slurm gave the task, where it says so and the machine has them.
fn allotted_processors() -> Option<usize> {
    let variable = |name: &str| std::env::var(name).ok()?.parse().ok();
    variable("SLURM_CPUS_PER_TASK")
        .or_else(|| variable("SLURM_CPUS_ON_NODE"))
        .filter(|&processors| check_threads(Some(processors)).is_ok())
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
struct Seen {
    sink: FanOut<'static>,
    /// A step was done.
    gained: bool,
    /// A run failed or diverged.
    unsuccessful: bool,
}

impl Sink for Seen {
    fn emit(&mut self, event: &Event) {
        match event {
            Event::Progress { .. } | Event::EpochFinished { .. } => self.gained = true,
            Event::RunFinished { outcome, .. } => {
                self.gained = true;
                self.unsuccessful |= !matches!(outcome, Outcome::Completed { .. } | Outcome::Stopped { .. });
            }
            _ => {}
        }
        self.sink.emit(event);
    }
}
