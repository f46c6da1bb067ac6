//! Tells a tracker in a thread of its own of the runs that have something new, so that training waits for nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{Event, Sink, SinkError};
use crate::spec::RunId;
use crate::store::Store;

use super::{Tracker, TrackingError};

/// How long nothing is tried after a failure.
const PAUSE: Duration = Duration::from_secs(20);
/// At the end: how long is waited for the next run to be told, and for all of them.
const STEP: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(60);

/// What a tracker was not told.
#[derive(Debug)]
pub struct Left {
    /// As notices call it.
    pub tracker: &'static str,
    /// Runs with something that was not told.
    pub runs: usize,
    /// Why; none where there was no time.
    pub reason: Option<String>,
}

/// A tracker with its thread. It keeps the names of runs that have something new, and nothing else: however long a tool is away,
/// that takes no more memory, and nothing is lost.
pub struct Background {
    tracker: &'static str,
    shared: Arc<Shared>,
    /// Something for each run that was told; closed by the thread at its end.
    told: Receiver<()>,
    /// Runs that have begun here and not ended.
    open: BTreeSet<RunId>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Runs that have something new.
    waiting: BTreeSet<RunId>,
    /// One that the tracker is being told of.
    in_work: Option<RunId>,
    /// Nothing more will come.
    closing: bool,
    /// Since the last call of [`Sink::take_error`], the first one.
    error: Option<TrackingError>,
    /// What went wrong last with the tool, until it is tried again.
    reason: Option<String>,
    /// Runs whose files cannot be read, and why. They hold up no others.
    unreadable: BTreeMap<RunId, String>,
}

impl Shared {
    /// A panic elsewhere leaves a state that is as good as any: sets of names.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Background {
    /// Begins with the runs that have begun before.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(mut tracker: Box<dyn Tracker>, store: &Store, begun: Vec<RunId>) -> std::io::Result<Self> {
        let state = State { waiting: begun.into_iter().collect(), ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let (tell, told) = mpsc::channel();
        let name = tracker.name();
        let (of_thread, mut store) = (shared.clone(), store.clone());
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(run) = next(&of_thread) {
                let done = update(tracker.as_mut(), &mut store, &run);
                if done.is_ok() {
                    // Nobody may be waiting any more.
                    tell.send(()).ok();
                }
                note(&of_thread, run, done);
            }
            if of_thread.lock().waiting.is_empty() {
                let done = tracker.conclude(&store);
                of_thread.lock().reason = done.err().map(|error| error.to_string());
            }
        })?;
        Ok(Self { tracker: name, shared, told, open: BTreeSet::new() })
    }

    /// As notices call the tool.
    pub fn tracker(&self) -> &'static str {
        self.tracker
    }

    /// Waits until all is told, as long as it goes on, and not for ever; then says what is left.
    pub fn finish(mut self) -> Option<Left> {
        {
            let mut state = self.shared.lock();
            state.waiting.append(&mut self.open);
            state.closing = true;
            self.shared.changed.notify_all();
        }
        let end = Instant::now() + ALL;
        let is_over = loop {
            match self.told.recv_timeout(STEP.min(end.saturating_duration_since(Instant::now()))) {
                Ok(()) if Instant::now() < end => {}
                Err(RecvTimeoutError::Disconnected) => break true,
                Ok(()) | Err(RecvTimeoutError::Timeout) => break false,
            }
        };
        let mut state = self.shared.lock();
        // One that it is being told of may have something newer.
        let mut left: BTreeSet<&RunId> = state.waiting.iter().chain(&state.in_work).collect();
        left.extend(state.unreadable.keys());
        let runs = left.len();
        let of_run = state.unreadable.pop_first().map(|(_, reason)| reason);
        let reason = state.reason.take().or(of_run);
        (runs > 0 || reason.is_some() || !is_over).then_some(Left { tracker: self.tracker, runs, reason })
    }
}

/// The next run to tell of, once there is one; none when it is over, or nothing more can be told.
fn next(shared: &Shared) -> Option<RunId> {
    let mut state = shared.lock();
    loop {
        let has_failed = state.reason.is_some();
        if state.closing && (has_failed || state.waiting.is_empty()) {
            return None;
        }
        if !has_failed && let Some(run) = state.waiting.pop_first() {
            state.in_work = Some(run.clone());
            return Some(run);
        }
        let wait = if has_failed { PAUSE } else { Duration::from_secs(3600) };
        let (guard, waited) = shared
            .changed
            .wait_timeout_while(state, wait, |state| {
                !state.closing && (state.reason.is_some() || state.waiting.is_empty())
            })
            .unwrap_or_else(PoisonError::into_inner);
        state = guard;
        // It is tried again after a pause, and once at the end.
        if waited.timed_out() || state.closing {
            state.reason = None;
        }
    }
}

fn update(tracker: &mut dyn Tracker, store: &mut Store, run: &RunId) -> Result<(), TrackingError> {
    // A search adds runs to the plan.
    store.reload()?;
    tracker.update(store, run)
}

fn note(shared: &Shared, run: RunId, done: Result<(), TrackingError>) {
    let mut state = shared.lock();
    state.in_work = None;
    let Err(error) = done else {
        state.unreadable.remove(&run);
        return;
    };
    if matches!(error, TrackingError::Store(_)) {
        state.unreadable.insert(run, error.to_string());
    } else {
        state.reason = Some(error.to_string());
        state.waiting.insert(run);
    }
    state.error.get_or_insert(error);
}

impl Sink for Background {
    fn emit(&mut self, event: &Event) {
        let run = match event {
            Event::RunStarted { run, .. } => {
                self.open.insert(run.clone());
                run
            }
            Event::RunFinished { run, .. } => {
                self.open.remove(run);
                run
            }
            Event::EpochFinished { run, .. } => run,
            _ => return,
        };
        self.shared.lock().waiting.insert(run.clone());
        self.shared.changed.notify_all();
    }

    fn take_error(&mut self) -> Option<SinkError> {
        Some(self.shared.lock().error.take()?.into())
    }
}
