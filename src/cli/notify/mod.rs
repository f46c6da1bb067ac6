//! `--notify`: a command that is told when a run fails and when the sweep is over. Whatever it does, training goes on.

mod command;
mod facts;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::event::{Event, Outcome, Sink};
use crate::exit_code::ExitCode;
use crate::spec::RunId;
use crate::store::{RunView, Store};
use crate::words::counted;

use super::streams::tell;

use command::run;
use facts::Facts;

/// The command is ended after so long.
const LIMIT: Duration = Duration::from_secs(60);
/// Between two looks at whether all was told.
const LOOK: Duration = Duration::from_millis(10);
/// Runs that failed and were not told yet, at most; of further ones the end tells.
const MOST_WAITING: usize = 16;

/// Tells a command.
pub struct Notifier {
    command: String,
    sweep: String,
    folder: String,
    labels: HashMap<RunId, String>,
    queue: Option<SyncSender<Facts>>,
    worker: Option<JoinHandle<()>>,
    state: Arc<State>,
}

/// What the thread that runs the command shares.
#[derive(Default)]
struct State {
    /// Nothing but the end is to be told any more.
    is_over: AtomicBool,
    faults: Mutex<Vec<String>>,
}

impl State {
    fn note(&self, told: Result<(), command::CommandError>) {
        // Poisoned by a panic elsewhere: then a fault is not told.
        if let (Err(error), Ok(mut faults)) = (told, self.faults.lock()) {
            faults.push(error.to_string());
        }
    }
}

impl Notifier {
    /// # Errors
    /// No thread can be started.
    pub fn start(command: &str, store: &Store) -> std::io::Result<Notifier> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let state = Arc::new(State::default());
        let (shared, told) = (state.clone(), command.to_owned());
        let worker =
            std::thread::Builder::new().name("notify".to_owned()).spawn(move || work(&told, &waiting, &shared))?;
        Ok(Notifier {
            command: command.to_owned(),
            sweep: store.record().name.clone(),
            folder: absolute(store.layout().folder()),
            labels: HashMap::new(),
            queue: Some(queue),
            worker: Some(worker),
            state,
        })
    }

    /// Tells that the sweep is over, and waits until that is told; not for ever.
    pub fn end(mut self, code: ExitCode, views: &[RunView], best: Option<&RunView>, error: Option<String>) {
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            let since = Instant::now();
            while !worker.is_finished() && since.elapsed() < LIMIT {
                std::thread::sleep(LOOK);
            }
            self.state.is_over.store(true, Ordering::Relaxed);
            // It panicked: there is nothing to be told of it.
            let _ = worker.join();
        }
        let facts = Facts::of_end(&self.sweep, &self.folder, code, views, best).because(error);
        self.state.note(run(&self.command, &facts, LIMIT));
        let faults = self.state.faults.lock().map(|faults| faults.clone()).unwrap_or_default();
        if let Some(last) = faults.last() {
            tell(format!("--notify: the command failed {}: {last}", counted(faults.len(), "time")));
        }
    }

    fn failed(&self, run: &RunId, kind: &'static str, reason: String) {
        let label = self.labels.get(run).cloned();
        let facts = Facts::of_run(&self.sweep, &self.folder, kind, run, label, reason);
        if let Some(queue) = &self.queue {
            // Full: the end tells of all.
            let _ = queue.try_send(facts);
        }
    }
}

impl Sink for Notifier {
    fn emit(&mut self, event: &Event) {
        match event {
            Event::RunStarted { run, label, .. } => {
                self.labels.insert(run.clone(), label.clone());
            }
            Event::RunFinished { run, outcome: Outcome::Failed { reason } } => {
                self.failed(run, "failed", reason.clone())
            }
            Event::RunFinished { run, outcome: Outcome::Diverged { epoch, step } } => {
                let reason = format!("the loss was no finite number in epoch {epoch}, step {step}");
                self.failed(run, "diverged", reason);
            }
            _ => {}
        }
    }
}

fn work(command: &str, waiting: &Receiver<Facts>, state: &State) {
    while let Ok(facts) = waiting.recv() {
        if !state.is_over.load(Ordering::Relaxed) {
            state.note(run(command, &facts, LIMIT));
        }
    }
}

fn absolute(folder: &Path) -> String {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string()
}
