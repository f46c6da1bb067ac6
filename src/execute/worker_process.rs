//! A worker as a process of its own: what it does, how it is started, and how it speaks with the one who started it.
//!
//! The process writes one JSON object per line on its standard output, an [`Event`] each. It leaves, with its state
//! saved, when its standard input ends: then its supervisor is gone.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::SyncSender;

use rustix::process::{Signal, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::event::{Event, Sink};
use crate::exit_code::ExitCode;
use crate::store::{ClaimOptions, Store};
use crate::this_program;

use super::huge_pages::{huge_pages, tunables};
use super::signals::leave_at_once;
use super::worker::{WhenBusy, WorkerEnd, WorkerError, WorkerOptions, work};
use super::{Executor, Stop};

/// What a worker process works on.
#[derive(Clone, Debug)]
pub struct WorkerProcess {
    /// The folder of the sweep.
    pub folder: PathBuf,
    pub claims: ClaimOptions,
    /// Leave when standard input ends.
    pub supervised: bool,
    pub options: WorkerOptions,
}

/// The work of a worker process. In a supervised one, `sink` is [`JsonLines`] on standard output.
///
/// # Errors
/// The results folder cannot be read or written.
pub fn worker_main(
    process: &WorkerProcess,
    executor: &mut dyn Executor,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<WorkerEnd, WorkerError> {
    if process.supervised {
        leave_with_supervisor(stop);
    }
    let store = Store::open_with(&process.folder, process.claims.clone())?;
    work(&store, &process.options, executor, sink, stop)
}

/// The code to exit with.
pub fn worker_exit_code(end: &Result<WorkerEnd, WorkerError>, stop: &Stop) -> ExitCode {
    match end {
        Ok(WorkerEnd::NothingLeft) => ExitCode::Success,
        Ok(WorkerEnd::Interrupted) => ExitCode::signal(stop.signal()),
        Ok(WorkerEnd::FailedFast) => ExitCode::Failure,
        Err(WorkerError::Inputs { .. }) => ExitCode::NoInputs,
        Err(WorkerError::Store(_) | WorkerError::Record(_)) => ExitCode::CannotRecord,
    }
}

/// Watches standard input, whose other end the supervisor holds as long as it lives. A worker that stands still with its
/// supervisor (Ctrl-Z) is woken when that dies: by this, or by the kernel, which sends SIGHUP as well.
fn leave_with_supervisor(stop: &Stop) {
    set_parent_process_death_signal(Some(Signal::CONT)).ok();
    signal_hook::flag::register_usize(SIGHUP, stop.cell(), SIGHUP.unsigned_abs() as usize).ok();
    let stop = stop.clone();
    // Ends with the process.
    std::thread::spawn(move || {
        io::copy(&mut io::stdin().lock(), &mut io::sink()).ok();
        if stop.requested() {
            // The supervisor passed a first signal on and did not wait for what it led to: it got a second one.
            leave_at_once(i32::try_from(stop.signal()).unwrap_or(SIGTERM));
        }
        stop.request(SIGTERM.unsigned_abs() as usize);
    });
}

/// Writes every event as a line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn emit(&mut self, event: &Event) {
        let Ok(mut line) = serde_json::to_vec(event) else {
            return;
        };
        line.push(b'\n');
        // A reader that is gone shows in standard input; training must not end because nobody watches.
        self.out.write_all(&line).and_then(|()| self.out.flush()).ok();
    }
}

/// How to start a worker process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The device it is for, as shown to people.
    pub device: String,
    pub program: PathBuf,
    /// What is executed in place of the file `program`: this process's own image, which is the same when a newer version has
    /// taken the file's place.
    pub image: Option<PathBuf>,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(OsString, OsString)>,
}

impl WorkerCommand {
    /// The hidden verb of the program that is running:
    /// `worker --results <folder of the sweep> --device <device> [--threads N] --supervised --checkpoint-every SECONDS
    /// --attempts N [--leave-when-busy] [--fail-fast] [--only ID]...`
    ///
    /// # Errors
    /// The path of the running program is unknown.
    pub fn for_this_program(
        folder: &Path,
        device: &str,
        threads: Option<usize>,
        options: &WorkerOptions,
    ) -> io::Result<Self> {
        let mut arguments: Vec<OsString> = vec!["worker".into(), "--results".into(), folder.into()];
        let mut option = |name: &str, value: String| arguments.extend([name.into(), value.into()]);
        option("--device", device.to_owned());
        if let Some(threads) = threads {
            option("--threads", threads.to_string());
        }
        option("--checkpoint-every", options.checkpoint_every.as_secs_f64().to_string());
        option("--attempts", options.attempts.to_string());
        for run in options.only.iter().flatten() {
            option("--only", run.to_string());
        }
        let flags = [
            ("--supervised", true),
            ("--leave-when-busy", options.when_busy == WhenBusy::Leave),
            ("--fail-fast", options.fail_fast),
        ];
        arguments.extend(flags.into_iter().filter(|(_, given)| *given).map(|(name, _)| name.into()));
        let (program, image) = (this_program::path()?, Some(this_program::IMAGE.into()));
        let environment = huge_pages(tunables().as_deref()).into_iter().collect();
        Ok(Self { device: device.to_owned(), program, image, arguments, environment })
    }

    /// Starts the process in a process group of its own: what the terminal sends to the supervisor's group reaches the
    /// worker through its supervisor, once.
    pub(super) fn spawn(&self) -> io::Result<Child> {
        Command::new(self.image.as_ref().unwrap_or(&self.program))
            .arg0(&self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }
}

/// What comes from a worker process.
#[derive(Debug)]
pub(super) enum Message {
    Event(Event),
    /// A line that is no event, or came on the error output.
    Line(String),
    /// Both outputs ended, in two messages.
    Closed,
}

/// Reads both outputs of a process in threads of their own.
///
/// # Errors
/// No thread can be started.
pub(super) fn listen<I: Copy + Send + 'static>(
    child: &mut Child,
    name: I,
    to: &SyncSender<(I, Message)>,
) -> io::Result<()> {
    if let Some(output) = child.stdout.take() {
        forward(output, name, to, |line| match serde_json::from_str(&line) {
            Ok(event) => Message::Event(event),
            Err(_) => Message::Line(line),
        })?;
    }
    if let Some(errors) = child.stderr.take() {
        forward(errors, name, to, Message::Line)?;
    }
    Ok(())
}

fn forward<I: Copy + Send + 'static>(
    from: impl Read + Send + 'static,
    name: I,
    to: &SyncSender<(I, Message)>,
    message: impl Fn(String) -> Message + Send + 'static,
) -> io::Result<()> {
    let to = to.clone();
    let read = move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if to.send((name, message(text))).is_err() {
                return;
            }
        }
        to.send((name, Message::Closed)).ok();
    };
    std::thread::Builder::new().name("worker's output".into()).spawn(read).map(drop)
}
