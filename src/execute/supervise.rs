//! One worker process per device, kept alive while work is left.

use std::collections::VecDeque;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGKILL, SIGTERM};

use crate::event::{Event, Outcome, Sink};
use crate::exit_code::ExitCode;
use crate::spec::{PackId, RunId};
use crate::store::{Store, StoreError};

use super::requests::RequestWatch;
use super::suspend::Suspension;
use super::worker_process::{Message, WorkerCommand, listen};
use super::{Stop, WorkerEnd};

/// Between two looks at the processes.
const TICK: Duration = Duration::from_millis(50);
/// How long the last words of a process that ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Lines of output kept to explain a death.
const KEPT_LINES: usize = 40;
/// A worker that ends this often in a row without having taken a pack is not started again.
const IDLE_ENDS: usize = 3;

/// Why supervision ended early. Whatever was recorded before is intact.
#[derive(Debug, thiserror::Error)]
pub enum SuperviseError {
    #[error("{program}: cannot start the worker for {device}: {source}")]
    Spawn { program: std::path::PathBuf, device: String, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    #[error("the worker for {device} cannot record results: {reason}")]
    CannotRecord { device: String, reason: String },
    #[error("the worker for {device} stopped: {reason}")]
    Inputs { device: String, reason: String },
    #[error("the worker for {device} ended {IDLE_ENDS} times without having begun anything: {reason}")]
    Useless { device: String, reason: String },
}

/// Runs the workers until nothing is left. Their events go to `sink`, in the order in which they come. A worker that
/// dies is started again while it gets as far as a pack; its death is a fault of the pack it had, whose attempts are
/// bounded (see [`super::WorkerOptions::attempts`]).
///
/// # Errors
/// The first reason for which a worker was given up, once all workers have ended.
pub fn supervise(
    store: &Store,
    workers: &[WorkerCommand],
    fail_fast: bool,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<WorkerEnd, SuperviseError> {
    let (sender, messages) = mpsc::sync_channel(1024);
    let workers = workers.iter().map(Worker::new).collect();
    let suspension = Suspension::new().map_err(SuperviseError::Signals)?;
    let requests = RequestWatch::new(store);
    let (failed, told, error) = (false, None, None);
    let mut supervisor =
        Supervisor { store, workers, sender, messages, requests, fail_fast, failed, told, sink, stop, error };
    supervisor.run(&suspension)
}

struct Supervisor<'a> {
    store: &'a Store,
    workers: Vec<Worker<'a>>,
    sender: SyncSender<(usize, Message)>,
    messages: Receiver<(usize, Message)>,
    /// Workers apply requests only between two packs.
    requests: RequestWatch,
    fail_fast: bool,
    /// A run failed.
    failed: bool,
    /// The signal that was passed on to the workers.
    told: Option<i32>,
    sink: &'a mut dyn Sink,
    stop: &'a Stop,
    error: Option<SuperviseError>,
}

/// A worker through all its processes.
struct Worker<'a> {
    command: &'a WorkerCommand,
    child: Option<Child>,
    /// Outputs of the process that have not ended.
    open_outputs: usize,
    /// When the process was seen to have ended.
    ended: Option<(ExitStatus, Instant)>,
    /// The pack it has, and its unfinished runs.
    pack: Option<(PackId, Vec<RunId>)>,
    last_lines: VecDeque<String>,
    /// Ends in a row without a pack.
    idle_ends: usize,
}

impl<'a> Worker<'a> {
    fn new(command: &'a WorkerCommand) -> Self {
        Self {
            command,
            child: None,
            open_outputs: 0,
            ended: None,
            pack: None,
            last_lines: VecDeque::new(),
            idle_ends: 0,
        }
    }

    /// Notices whether the process ended, and gives its status once everything it wrote was read.
    fn poll(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            let status = self.child.as_mut()?.try_wait().ok().flatten()?;
            self.ended = Some((status, Instant::now()));
        }
        let (status, when) = self.ended?;
        (self.open_outputs == 0 || when.elapsed() >= LAST_WORDS).then_some(status)
    }

    fn signal(&self, signal: i32) {
        let target = self.child.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed()));
        if let (Some(target), Some(signal)) = (target, Signal::from_named_raw(signal)) {
            // It may have ended this very moment.
            rustix::process::kill_process(target, signal).ok();
        }
    }

    fn last_words(&self) -> String {
        self.last_lines.iter().map(|line| format!("\n{line}")).collect()
    }
}

/// What follows from the end of a process.
enum Verdict {
    Over,
    Again,
}

impl Supervisor<'_> {
    fn run(&mut self, suspension: &Suspension) -> Result<WorkerEnd, SuperviseError> {
        for number in 0..self.workers.len() {
            self.start(number)?;
        }
        while self.workers.iter().any(|worker| worker.child.is_some()) {
            suspension.relay(|signal| self.workers.iter().for_each(|worker| worker.signal(signal)));
            self.pass_on_stop();
            match self.messages.recv_timeout(TICK) {
                Ok((number, message)) => self.hear(number, message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            // A folder that cannot be read or written now is the workers' concern.
            for event in self.requests.look().unwrap_or_default() {
                self.sink.emit(&event);
            }
            for number in 0..self.workers.len() {
                if let Some(status) = self.workers[number].poll() {
                    self.handle_exit(number, status)?;
                }
            }
        }
        match self.error.take() {
            Some(error) => Err(error),
            None if self.stop.requested() => Ok(WorkerEnd::Interrupted),
            None if self.fail_fast && self.failed => Ok(WorkerEnd::FailedFast),
            None => Ok(WorkerEnd::NothingLeft),
        }
    }

    fn start(&mut self, number: usize) -> Result<(), SuperviseError> {
        let worker = &mut self.workers[number];
        let failed = |source| SuperviseError::Spawn {
            program: worker.command.program.clone(),
            device: worker.command.device.clone(),
            source,
        };
        let mut child = worker.command.spawn().map_err(failed)?;
        listen(&mut child, number, &self.sender).map_err(failed)?;
        worker.child = Some(child);
        worker.open_outputs = 2;
        worker.ended = None;
        worker.last_lines.clear();
        Ok(())
    }

    /// Tells the workers to stop, once: our own signal, or a failed run where that is to be the end.
    fn pass_on_stop(&mut self) {
        let signal = match self.stop.signal() {
            0 if self.fail_fast && self.failed => SIGTERM,
            0 => return,
            signal => i32::try_from(signal).unwrap_or(SIGTERM),
        };
        if self.told.is_none() {
            self.told = Some(signal);
            for worker in &self.workers {
                worker.signal(signal);
            }
        }
    }

    fn hear(&mut self, number: usize, message: Message) {
        let worker = &mut self.workers[number];
        match message {
            Message::Closed => worker.open_outputs = worker.open_outputs.saturating_sub(1),
            Message::Line(line) => {
                if worker.last_lines.len() == KEPT_LINES {
                    worker.last_lines.pop_front();
                }
                worker.last_lines.push_back(line);
            }
            Message::Event(event) => {
                match &event {
                    Event::PackStarted { pack, runs, .. } => {
                        worker.pack = Some((pack.clone(), runs.clone()));
                        worker.idle_ends = 0;
                    }
                    Event::PackStopped { .. } => worker.pack = None,
                    Event::RunFinished { run, outcome } => {
                        self.failed |= matches!(outcome, Outcome::Failed { .. });
                        if let Some((_, runs)) = &mut worker.pack {
                            runs.retain(|unfinished| unfinished != run);
                        }
                    }
                    _ => {}
                }
                self.sink.emit(&event);
            }
        }
    }

    fn handle_exit(&mut self, number: usize, status: ExitStatus) -> Result<(), SuperviseError> {
        self.workers[number].child = None;
        let verdict = self.judge(number, status)?;
        self.workers[number].pack = None;
        match verdict {
            Verdict::Again if self.told.is_none() => self.start(number),
            _ => Ok(()),
        }
    }

    fn judge(&mut self, number: usize, status: ExitStatus) -> Result<Verdict, SuperviseError> {
        let worker = &mut self.workers[number];
        let device = worker.command.device.clone();
        match status.code().and_then(ExitCode::from_number) {
            Some(ExitCode::Success) => return Ok(Verdict::Over),
            Some(ExitCode::Failure) if self.fail_fast => {
                self.failed = true;
                return Ok(Verdict::Over);
            }
            Some(ExitCode::CannotRecord) => {
                let reason = worker.last_words().trim().to_owned();
                self.error.get_or_insert(SuperviseError::CannotRecord { device, reason });
                return Ok(Verdict::Over);
            }
            Some(ExitCode::NoInputs) => {
                let reason = worker.last_words().trim().to_owned();
                self.error.get_or_insert(SuperviseError::Inputs { device, reason });
                return Ok(Verdict::Over);
            }
            Some(ExitCode::Signal(code)) if self.told.is_some_and(|signal| i32::from(code) == signal) => {
                return Ok(Verdict::Over);
            }
            _ => {}
        }
        let cause = format!("the worker for {device} {}{}", describe(status), worker.last_words());
        let summary = cause.lines().next().unwrap_or_default().to_owned();
        if self.told.is_some() {
            // It was asked to leave, and this was not the way; what it had saved counts.
            self.notice(summary);
            return Ok(Verdict::Over);
        }
        match worker.pack.take() {
            Some((pack, runs)) => {
                self.store.record_fault(&pack, &runs, &cause)?;
                self.notice(format!("{summary}; pack {pack} goes back to the queue"));
            }
            None => {
                worker.idle_ends += 1;
                if worker.idle_ends >= IDLE_ENDS {
                    self.error.get_or_insert(SuperviseError::Useless { device, reason: cause });
                    return Ok(Verdict::Over);
                }
                self.notice(summary);
            }
        }
        Ok(Verdict::Again)
    }

    fn notice(&mut self, message: String) {
        self.sink.emit(&Event::Notice { run: None, message });
    }
}

/// How a process ended, for people to read.
fn describe(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("left with status {}", status.code().unwrap_or_default());
    };
    let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
    let hint = if signal == SIGKILL { ": unless somebody did that, the system ran out of memory" } else { "" };
    format!("was killed by signal {signal} ({name}){hint}")
}
