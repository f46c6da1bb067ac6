//! Workers by the hundred: forked from one process, because loading libtorch takes half a second each time.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use sweep::event::{Event, Sink};
use sweep::execute::{Stop, WhenBusy, WorkerOptions, WorkerProcess, worker_main};
use sweep::store::Store;

use crate::generations::{TwoGenerations, search_with};
use crate::mock::{MockExecutor, MockSettings};
use crate::support::{claims, options};

/// A process that forks workers when it is told to.
pub struct Forks {
    parent: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Forks {
    pub fn new() -> Self {
        // One thread alone: what is forked has nobody else's locks.
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "forks::parent_of_workers", "--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (orders, answers) = (parent.stdin.take().unwrap(), BufReader::new(parent.stdout.take().unwrap()));
        let mut forks = Self { parent, orders, answers };
        forks.answer("ready");
        forks
    }

    /// Starts a worker with the mock.
    pub fn worker(&mut self, store: &Store, delay: Duration, checkpoint_every: Duration) -> Pid {
        self.start("start", store, delay, checkpoint_every)
    }

    /// Starts a worker with the mock that works by generations.
    pub fn search(&mut self, store: &Store, delay: Duration, checkpoint_every: Duration) -> Pid {
        self.start("search", store, delay, checkpoint_every)
    }

    fn start(&mut self, what: &str, store: &Store, delay: Duration, checkpoint_every: Duration) -> Pid {
        let folder = store.layout().folder().to_str().unwrap();
        let (delay, checkpoint) = (delay.as_secs_f64(), checkpoint_every.as_secs_f64());
        writeln!(self.orders, "{what} {delay} {checkpoint} {folder}").unwrap();
        Pid::from_raw(self.answer("started ").parse().unwrap()).unwrap()
    }

    /// SIGKILL; it is gone when this returns.
    pub fn kill(&mut self, worker: Pid) {
        kill_process(worker, Signal::KILL).unwrap();
        writeln!(self.orders, "reap {}", worker.as_raw_nonzero()).unwrap();
        self.answer("reaped");
    }

    /// The rest of the next line that begins so; the test harness writes to the same output.
    fn answer(&mut self, begin: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the process ended");
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Forks {
    fn drop(&mut self) {
        self.parent.kill().ok();
        self.parent.wait().ok();
    }
}

#[test]
#[ignore = "forks workers for other tests"]
fn parent_of_workers() {
    println!("\nready");
    for order in std::io::stdin().lines().map(Result::unwrap) {
        let parts: Vec<&str> = order.splitn(4, ' ').collect();
        match parts[..] {
            [what @ ("start" | "search"), delay, checkpoint, folder] => {
                let seconds = |text: &str| Duration::from_secs_f64(text.parse().unwrap());
                let work = if what == "start" { work } else { search };
                println!("started {}", fork(|| work(folder.into(), seconds(delay), seconds(checkpoint))));
            }
            ["reap", pid] => {
                waitpid(Pid::from_raw(pid.parse().unwrap()), WaitOptions::empty()).unwrap();
                println!("reaped");
            }
            _ => panic!("what is `{order}`?"),
        }
    }
}

/// Runs `work` in a child of this process and gives its process id.
fn fork(work: impl FnOnce()) -> i32 {
    // SAFETY: this process has no second thread that could hold a lock, and the child never returns from here.
    match unsafe { libc::fork() } {
        0 => {
            work();
            // SAFETY: ends the process without running what its parent registered.
            unsafe { libc::_exit(0) }
        }
        child => child,
    }
}

struct Nobody;

impl Sink for Nobody {
    fn emit(&mut self, _: &Event) {}
}

fn search(folder: PathBuf, delay: Duration, checkpoint_every: Duration) {
    let options = WorkerOptions { checkpoint_every, when_busy: WhenBusy::Wait, ..options() };
    let settings = MockSettings { step_delay: delay, ..MockSettings::default() };
    search_with(&folder, &TwoGenerations, &settings, &options, &mut Nobody, &Stop::default());
}

fn work(folder: PathBuf, delay: Duration, checkpoint_every: Duration) {
    let options = WorkerOptions { checkpoint_every, when_busy: WhenBusy::Wait, ..options() };
    let process = WorkerProcess { folder, claims: claims("worker"), supervised: false, options };
    let settings = MockSettings { step_delay: delay, ..MockSettings::default() };
    worker_main(&process, &mut MockExecutor::new(settings), &mut Nobody, &Stop::default()).unwrap();
}
