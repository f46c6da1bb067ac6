//! Workers and supervisors as processes: this test binary started again for one of the tests below.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sweep::event::{Event, Sink};
use sweep::execute::{
    JsonLines, Stop, WhenBusy, WorkerCommand, WorkerEnd, WorkerOptions, WorkerProcess, stop_on_signals, supervise,
    worker_exit_code, worker_main,
};
use sweep::spec::RunId;
use sweep::store::Store;

use crate::mock::{MockExecutor, MockFault, MockFaultKind, MockSettings};
use crate::support::{claims, options};

/// What a process is to do, as environment variables.
#[derive(Clone, Debug)]
pub struct Orders {
    pub folder: PathBuf,
    /// Of a step.
    pub delay: Duration,
    /// Between checkpoints.
    pub checkpoint_every: Duration,
    pub attempts: usize,
    pub supervised: bool,
    /// The run that makes the process abort after so many steps, and a file that keeps it from doing so again.
    pub abort: Option<(RunId, usize, Option<PathBuf>)>,
}

impl Orders {
    pub fn new(store: &Store) -> Self {
        Self {
            folder: store.layout().folder().to_owned(),
            delay: Duration::from_millis(1),
            checkpoint_every: Duration::from_secs(3600),
            attempts: 2,
            supervised: false,
            abort: None,
        }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("SWEEP_TEST_FOLDER", self.folder.to_str().unwrap().to_owned()),
            ("SWEEP_TEST_DELAY", self.delay.as_secs_f64().to_string()),
            ("SWEEP_TEST_CHECKPOINT", self.checkpoint_every.as_secs_f64().to_string()),
            ("SWEEP_TEST_ATTEMPTS", self.attempts.to_string()),
        ];
        if self.supervised {
            variables.push(("SWEEP_TEST_SUPERVISED", String::new()));
        }
        if let Some((run, step, marker)) = &self.abort {
            let marker = marker.as_ref().map_or("", |marker| marker.to_str().unwrap());
            variables.push(("SWEEP_TEST_ABORT", format!("{run}:{step}:{marker}")));
        }
        variables
    }

    fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let seconds =
            |name: &str| Duration::from_secs_f64(variable(name).expect("runs as a helper only").parse().unwrap());
        let abort = variable("SWEEP_TEST_ABORT").map(|text| {
            let parts: Vec<&str> = text.splitn(3, ':').collect();
            let marker = Some(parts[2]).filter(|marker| !marker.is_empty()).map(PathBuf::from);
            (RunId(parts[0].to_owned()), parts[1].parse().unwrap(), marker)
        });
        Self {
            folder: variable("SWEEP_TEST_FOLDER").expect("runs as a helper only").into(),
            delay: seconds("SWEEP_TEST_DELAY"),
            checkpoint_every: seconds("SWEEP_TEST_CHECKPOINT"),
            attempts: variable("SWEEP_TEST_ATTEMPTS").unwrap().parse().unwrap(),
            supervised: variable("SWEEP_TEST_SUPERVISED").is_some(),
            abort,
        }
    }

    fn settings(&self) -> MockSettings {
        let fault = |(run, step, marker): (RunId, usize, Option<PathBuf>)| {
            let kind = match marker {
                Some(marker) => MockFaultKind::Once { marker, kind: Box::new(MockFaultKind::Aborts) },
                None => MockFaultKind::Aborts,
            };
            MockFault { run, step, kind }
        };
        MockSettings {
            step_delay: self.delay,
            faults: self.abort.clone().map(fault).into_iter().collect(),
            ..MockSettings::default()
        }
    }

    fn worker_options(&self) -> WorkerOptions {
        WorkerOptions {
            checkpoint_every: self.checkpoint_every,
            attempts: self.attempts,
            when_busy: WhenBusy::Wait,
            ..options()
        }
    }

    fn arguments(helper: &str) -> [String; 4] {
        ["--exact".into(), format!("children::{helper}"), "--ignored".into(), "--nocapture".into()]
    }

    /// How a supervisor starts a worker with these orders.
    pub fn worker_command(&self) -> WorkerCommand {
        let orders = Self { supervised: true, ..self.clone() };
        WorkerCommand {
            device: "mock".into(),
            program: std::env::current_exe().unwrap(),
            image: None,
            arguments: Self::arguments("worker_process").map(Into::into).to_vec(),
            environment: orders.environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }

    /// Starts a process with these orders; it has begun when this returns.
    pub fn start(&self, helper: &str) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(Self::arguments(helper))
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line.trim_end() != READY {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the process did not begin");
        }
        Process { child, output }
    }
}

const READY: &str = "ready";

/// A started process.
pub struct Process {
    pub child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Process {
    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The next event that this is true of.
    pub fn wait_for(&mut self, mut is: impl FnMut(&Event) -> bool) -> Event {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the process ended");
            if let Ok(event) = serde_json::from_str::<Event>(&line)
                && is(&event)
            {
                return event;
            }
        }
    }

    /// Waits for its end and gives its exit status; reads what it writes, so that it can.
    pub fn end(mut self) -> i32 {
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Every helper says so when it has begun: the test harness writes to the same output before.
fn say_ready() {
    println!("\n{READY}");
    std::io::stdout().flush().unwrap();
}

#[test]
#[ignore = "a worker for other tests"]
fn worker_process() {
    let orders = Orders::from_environment();
    let stop = Stop::default();
    stop_on_signals(&stop).unwrap();
    let process = WorkerProcess {
        folder: orders.folder.clone(),
        claims: claims("worker"),
        supervised: orders.supervised,
        options: orders.worker_options(),
    };
    say_ready();
    let mut sink = JsonLines::new(std::io::stdout());
    let end = worker_main(&process, &mut MockExecutor::new(orders.settings()), &mut sink, &stop);
    if let Err(error) = &end {
        eprintln!("{error}");
    }
    std::process::exit(i32::from(worker_exit_code(&end, &stop).number()));
}

#[test]
#[ignore = "a supervisor of two workers for other tests"]
fn supervisor_process() {
    let orders = Orders::from_environment();
    let stop = Stop::default();
    stop_on_signals(&stop).unwrap();
    let store = Store::open_with(&orders.folder, claims("supervisor")).unwrap();
    let workers = [orders.worker_command(), orders.worker_command()];
    say_ready();
    let end = supervise(&store, &workers, false, &mut JsonLines::new(std::io::stdout()), &stop).unwrap();
    std::process::exit(if end == WorkerEnd::Interrupted { 128 + stop.signal() as i32 } else { 0 });
}

/// A sink for supervisors in this process.
#[derive(Default)]
pub struct Collected(pub Vec<Event>);

impl Sink for Collected {
    fn emit(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// Whether any process still has a claim below a folder.
pub fn claimed(folder: &Path) -> bool {
    let store = Store::open(folder).unwrap();
    let packs = store.packs().unwrap().packs;
    packs.iter().any(|pack| store.pack_is_claimed(&pack.plan.id).unwrap())
}
