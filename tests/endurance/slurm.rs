//! A real Slurm on this machine. Where there is none and none can be installed, the tests say that they were skipped.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sweep::store::RunState;

use crate::comparing::timeless;
use crate::needs;
use crate::place::{Place, said};
use crate::processes::children;

/// For anything that takes seconds: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(180);

/// A cluster of one machine that ends with this process.
struct Cluster {
    folder: tempfile::TempDir,
    /// Its end is the cluster's.
    _input: ChildStdin,
    _process: Child,
}

impl Cluster {
    /// The cluster of all tests; none where Slurm is not to be had.
    fn get() -> Option<&'static Self> {
        static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(Self::start).as_ref();
        cluster.map_err(|reason| needs::skip("slurm", reason)).ok()
    }

    /// # Errors
    /// Slurm is not to be had, for this reason.
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slurm/cluster.sh");
        let mut process = Command::new(script)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answer = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        if let Some(reason) = answer.strip_prefix("skipped: ") {
            process.wait().unwrap();
            return Err(reason.trim_end().to_owned());
        }
        if answer.trim_end() != "ready" {
            let mut errors = String::new();
            process.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("{answer}\n{errors}");
        }
        Ok(Self { folder, _input: process.stdin.take().unwrap(), _process: process })
    }

    fn on(&self, command: &mut Command) -> String {
        let output = command.env("SLURM_CONF", self.folder.path().join("slurm.conf")).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    /// Submits the sweep and gives its job.
    fn submit(&self, place: &Place, more: &[&str]) -> String {
        self.submitted(place.training(&["--launch", "slurm"]).args(more))
    }

    fn submitted(&self, command: &mut Command) -> String {
        let text = self.on(command);
        let job = text.split("Slurm job ").nth(1).and_then(|rest| rest.split(',').next());
        job.unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// State, process id of the batch script, and restarts of a task.
    fn task(&self, job: &str, task: usize) -> String {
        self.on(Command::new("scontrol").args(["show", "job", &format!("{job}_{task}"), "--oneliner"]))
    }

    fn state(&self, job: &str, task: usize) -> String {
        field(&self.task(job, task), "JobState")
    }

    /// The process of a task: what slurmstepd started.
    fn process(&self, place: &Place, job: &str, task: usize) -> Pid {
        let name = format!("SLURM_ARRAY_JOB_ID={job}\0");
        let number = format!("SLURM_ARRAY_TASK_ID={task}\0");
        let folder = place.results().canonicalize().unwrap();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_it = |pid: &i32| {
            let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let (environment, command) = (read("environ"), read("cmdline"));
            let (environment, command) = (String::from_utf8_lossy(&environment), String::from_utf8_lossy(&command));
            environment.contains(&name)
                && environment.contains(&number)
                && command.contains("\0task\0")
                && command.contains(folder.to_str().unwrap())
        };
        Pid::from_raw(ids.find(is_it).unwrap_or_else(|| panic!("no process: {}", logs(place)))).unwrap()
    }

    /// Returns when `is` says so; after [`PATIENCE`] the panic's text has the queue and what the tasks wrote.
    fn wait_until(&self, place: &Place, what: &str, mut is: impl FnMut() -> bool) {
        let since = Instant::now();
        while !is() {
            if since.elapsed() > PATIENCE {
                let queue = self.on(Command::new("squeue").arg("--array"));
                panic!("{what} does not come about\n{queue}\n{}", logs(place));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn field(text: &str, name: &str) -> String {
    let value = text.split_whitespace().find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_default().to_owned()
}

/// Sends the signal to a process and to those that it started, in this order: a stopped one starts no more.
fn signal_all(process: Pid, signal: Signal) {
    kill_process(process, signal).unwrap();
    for child in children(process) {
        kill_process(child, signal).unwrap();
    }
}

/// What the tasks of a sweep wrote.
fn logs(place: &Place) -> String {
    let entries = std::fs::read_dir(place.results().join("slurm")).unwrap().flatten();
    let logs = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "log"));
    logs.map(|log| format!("{}:\n{}", log.path().display(), std::fs::read_to_string(log.path()).unwrap())).collect()
}

/// A pack that this worker has and of which a checkpoint is saved.
fn is_at_work(place: &Place, worker: &str) -> bool {
    let store = place.store();
    let views = store.runs().unwrap();
    let held = views.iter().filter(|view| view.worker.as_ref().is_some_and(|name| name.starts_with(worker)));
    held.filter_map(|view| view.pack.as_ref()).any(|pack| store.newest_checkpoint(pack).unwrap() > 1)
}

fn is_done(place: &Place) -> bool {
    place.store().runs().unwrap().iter().all(|view| view.state == RunState::Completed)
}

/// An array of two: one task is killed with all its processes, the other is warned, saves, and is requeued. Then one more
/// array finds nothing to do. Both are stopped while they are looked at, so that neither ends before its signal comes.
#[test]
fn an_array_survives_kills_and_warnings_with_the_same_results() {
    let Some(cluster) = Cluster::get() else { return };
    let (here, there) = (Place::long(), Place::long());
    here.finish();
    let job = cluster.submit(&there, &["--slurm", "workers=2", "--slurm", "time=10"]);
    let workers = [0, 1].map(|task| format!("slurm task {job}_{task}"));
    cluster.wait_until(&there, "work of both tasks", || workers.iter().all(|worker| is_at_work(&there, worker)));
    let [first, second] = [0, 1].map(|task| {
        let process = cluster.process(&there, &job, task);
        signal_all(process, Signal::STOP);
        process
    });
    let status = cluster.on(&mut there.sweep(&["status", "results/little"]));
    assert!(status.contains(&format!("slurm job {job}, submitted")) && status.contains("2 running"), "{status}");
    let json = cluster.on(&mut there.sweep(&["status", "results/little", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["jobs"][0]["tasks"][0]["state"], "running", "{json}");

    for process in children(first).into_iter().chain([first]) {
        kill_process(process, Signal::KILL).unwrap();
    }
    // What Slurm itself does a while before the time limit: the signal to the batch script alone.
    cluster.on(Command::new("scancel").args(["--signal=USR2", "--batch", &format!("{job}_1")]));
    signal_all(second, Signal::CONT);
    cluster.wait_until(&there, "a requeue", || field(&cluster.task(&job, 1), "Restarts") == "1");
    cluster.wait_until(&there, "the end of the sweep", || is_done(&there));
    cluster.wait_until(&there, "the end of the tasks", || cluster.state(&job, 1) == "COMPLETED");
    assert_eq!(cluster.state(&job, 0), "FAILED");
    let logs = logs(&there);
    assert!(logs.contains(&format!("everything is saved; task {job}_1 goes back into the queue")), "{logs}");
    assert!(logs.contains(&format!("taken over from slurm task {job}_0")), "{logs}");
    assert_eq!(timeless(&there.results()), timeless(&here.results()), "{logs}");

    let text = cluster.on(&mut there.training(&["--launch", "slurm"]));
    assert!(text.contains("0 runs to train") && !text.contains("Submitted"), "{text}");
}

/// The real time limit, of one minute: the warning comes before it, the task saves, is requeued, and goes on; then the
/// sweep is cancelled and has lost nothing.
#[test]
fn a_time_limit_is_survived_and_a_cancelled_sweep_goes_on_later() {
    let Some(cluster) = Cluster::get() else { return };
    let place = Place::new();
    let slow = ["--launch", "slurm", "--mock-delay", "400", "--slurm", "time=1", "--slurm", "warning=50"];
    let job = cluster.submitted(place.mock(&slow).args(["--slurm", "workers=1"]));
    cluster.wait_until(&place, "a requeue", || field(&cluster.task(&job, 0), "Restarts") == "1");
    let resumed = || logs(&place).contains(" resumed ");
    cluster.wait_until(&place, "going on after it", resumed);
    let text = cluster.on(&mut place.sweep(&["cancel", "results"]));
    assert_eq!(text, format!("cancelled Slurm job {job}\n"));
    cluster.wait_until(&place, "the end", || cluster.state(&job, 0) == "CANCELLED");
    let views = place.store().runs().unwrap();
    assert!(views.iter().any(|view| view.state == RunState::Interrupted), "{views:?}");
    assert!(views.iter().all(|view| view.state != RunState::Running && view.state != RunState::Failed), "{views:?}");
    let text = cluster.on(&mut place.sweep(&["cancel", "results/little"]));
    assert_eq!(text, "no job of it is left in the queue\n");
    assert!(place.mock(&[]).output().unwrap().status.success());
}
