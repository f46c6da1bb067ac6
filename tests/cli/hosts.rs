//! A sweep on hosts that are reached by `ssh`: a server of our own on this machine.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use predicates::prelude::*;
use rustix::process::{Pid, Signal, kill_process};
use sweep::store::{RunState, RunView, Store};

use crate::needs;
use crate::support::Place;

/// For anything that takes seconds: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// The results folder, whose name is none for careless shells.
const RESULTS: &str = "a day's $(work)";

/// A server on a port of its own, with keys of its own; it ends with this value.
struct Server {
    folder: tempfile::TempDir,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Server {
    /// None where there is no server program, which is said. Who is reached has the place's environment.
    fn start(place: &Place) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].map(PathBuf::from);
        let Some(program) = program.into_iter().find(|program| program.exists()) else {
            needs::skip("sshd", "no ssh server here: apt-get install openssh-server");
            return None;
        };
        // Where a server that root starts confines its children.
        if rustix::process::getuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        for key in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(key)).status();
            assert!(made.unwrap().success());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        configure(folder.path(), port, place);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { folder, process };
        wait_until("the ssh server answers", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(server)
    }

    /// `sweep run` on these hosts.
    fn run(&self, place: &Place, hosts: &str, more: &[&str]) -> Command {
        let config = format!("config={}", self.folder.path().join("ssh_config").display());
        let mut arguments = vec!["run", "little.yaml", "--results", RESULTS, "--launch", "ssh", "--hosts", hosts];
        arguments.extend(["--ssh", &config, "--max-pack", "1"]);
        arguments.extend(more);
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("sweep-mock"));
        command.args(arguments).current_dir(place.path("")).envs(place.environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Configurations of the server and of who reaches it: `a`, `b` and `c` are this machine, `gone` is nobody.
fn configure(folder: &Path, port: u16, place: &Place) {
    let here = folder.display();
    let environment: Vec<String> =
        place.environment().iter().map(|(name, value)| format!("\"{name}={}\"", value.display())).collect();
    let server = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host\nPidFile none\nAuthorizedKeysFile {here}/user.pub\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 100\nSetEnv {}\n",
        environment.join(" ")
    );
    fs::write(folder.join("sshd_config"), server).unwrap();
    let key = fs::read_to_string(folder.join("host.pub")).unwrap();
    fs::write(folder.join("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    let client = format!(
        "Host a b c\n  Port {port}\nHost gone\n  Port 1\nHost *\n  HostName 127.0.0.1\n  IdentityFile {here}/user\n  \
         IdentitiesOnly yes\n  UserKnownHostsFile {here}/known\n  StrictHostKeyChecking yes\n"
    );
    fs::write(folder.join("ssh_config"), client).unwrap();
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < PATIENCE, "{what}: not yet");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn views(place: &Place) -> Vec<RunView> {
    let store = Store::open(&place.path(RESULTS).join("little"));
    store.map(|store| store.runs().unwrap()).unwrap_or_default()
}

/// Whether somebody on this host has something in work.
fn works(place: &Place, host: &str) -> bool {
    let name = format!("ssh task {host}");
    views(place).iter().any(|view| {
        view.state == RunState::Running && view.worker.as_ref().is_some_and(|worker| worker.starts_with(&name))
    })
}

/// The processes of a host's task: those with its name in their environment, and the results folder.
fn processes(place: &Place, host: &str) -> Vec<Pid> {
    let name = format!("SWEEP_TASK=ssh task {host}\0");
    let folder = place.path("").canonicalize().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_it = |pid: &i32| {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&read("environ")).contains(&name)
            && String::from_utf8_lossy(&read("cmdline")).contains(folder.to_str().unwrap())
    };
    ids.filter(is_it).filter_map(Pid::from_raw).collect()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

#[test]
fn a_sweep_is_trained_on_two_hosts() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let output = server.run(&place, "a,b:2", &["--mock-delay", "2", "--ssh", "line=true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for expected in
        ["a: nothing is left to do for it", "b_0: nothing is left", "b_1: nothing is left", "6 runs: 6 completed"]
    {
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    let workers: Vec<String> = views(&place).iter().filter_map(|view| view.worker.clone()).collect();
    assert!(workers.iter().all(|name| name.starts_with("ssh task ")), "{workers:?}");
    let status = place.sweep_mock(&["status", RESULTS]).assert().success();
    status.stdout(predicate::str::is_match("ssh job [0-9a-f]{16}, submitted .*: 3 completed").unwrap());
    place.sweep_mock(&["cancel", RESULTS]).assert().success().stdout("no job of it is left in the queue\n");
    // Nothing is left to hand over, so nobody is asked.
    let again = server.run(&place, "gone", &[]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
}

/// One host is killed whole, the connection to another is cut: the third does all that is left.
#[test]
fn what_hosts_that_die_had_is_done_elsewhere() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let run = server.run(&place, "a,b,c", &["--mock-delay", "40", "--set", "epochs=1"]).spawn().unwrap();
    wait_until("the first works", || works(&place, "a"));
    for pid in processes(&place, "a") {
        kill_process(pid, Signal::KILL).ok();
    }
    wait_until("the second works", || works(&place, "b"));
    kill_process(connection(run.id(), "b"), Signal::KILL).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for expected in ["a: the host or the connection to it is lost", "b: the host or the connection to it is lost"] {
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    assert!(said(&output).contains("6 runs: 6 completed"), "{}", said(&output));
    assert!(processes(&place, "b").is_empty());
    place.sweep_mock(&["status", RESULTS]).assert().stdout(predicate::str::contains(": 2 lost, 1 completed"));
}

/// The `ssh` of a host that a process started.
fn connection(parent: u32, host: &str) -> Pid {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let is_it = |pid: &&str| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&format!("\0--\0{host}\0"))
    };
    let pid = children.split_whitespace().find(is_it).unwrap_or_else(|| panic!("no ssh for {host}"));
    Pid::from_raw(pid.parse().unwrap()).unwrap()
}

/// By `sweep cancel`, by Ctrl-C, by the death of who started them: tasks save their state and leave, and the sweep goes on.
#[test]
fn tasks_leave_with_everything_saved() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let start = || {
        let run = server.run(&place, "a,b", &["--mock-delay", "30"]).spawn().unwrap();
        wait_until("both work", || works(&place, "a") && works(&place, "b"));
        run
    };
    let nobody_works =
        || wait_until("tasks leave", || ["a", "b"].iter().all(|host| processes(&place, host).is_empty()));
    for (signal, code) in [(None, 143), (Some(Signal::INT), 130), (Some(Signal::KILL), -1)] {
        let run = start();
        match signal {
            Some(signal) => kill_process(Pid::from_raw(run.id().cast_signed()).unwrap(), signal).unwrap(),
            None => {
                let cancelled = place.sweep_mock(&["cancel", RESULTS]).assert().success();
                cancelled.stdout(predicate::str::starts_with("cancelled ssh job "));
            }
        }
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code().unwrap_or(-1), code, "{}", said(&output));
        nobody_works();
        if signal != Some(Signal::KILL) {
            assert!(said(&output).contains("a: stopped with everything saved"), "{}", said(&output));
        }
        assert!(views(&place).iter().all(|view| view.state != RunState::Running));
        assert!(views(&place).iter().any(|view| view.state == RunState::Interrupted));
    }
    let status = place.sweep_mock(&["status", RESULTS]).assert().success();
    status.stdout(predicate::str::contains(": 2 stopped").and(predicate::str::contains(": 2 left_alone")));
    let output = server.run(&place, "a,b", &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn hosts_that_cannot_be_used_are_told_before_anything_is_planned() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let output = server.run(&place, "gone,a", &["--ssh", "program=/nowhere/sweep"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("gone: ssh cannot connect: "), "{}", said(&output));
    assert!(said(&output).contains("a: the program is not there ("), "{}", said(&output));
    let elsewhere = server.run(&place, "a", &["--ssh", "folder=/nowhere"]).output().unwrap();
    assert!(said(&elsewhere).contains("a: tasks cannot start there: "), "{}", said(&elsewhere));
    assert!(!place.path(RESULTS).join("little").exists());
    let left: Vec<_> = fs::read_dir(place.path(RESULTS)).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn commands_can_be_read_before_they_are_given() {
    let place = Place::new();
    let dry =
        ["run", "little.yaml", "--launch", "ssh", "--hosts", "a,me@b:2", "--ssh", "program=/opt/my sweep", "--dry-run"];
    let output = place.sweep(&dry).output().unwrap();
    assert!(output.status.success(), "{}", place.plain(&output.stderr));
    assert!(!place.exists("results"));
    let text = place.plain(&output.stdout);
    let token = text.split("/ssh/").nth(1).unwrap()[..16].to_owned();
    insta::assert_snapshot!(text.replace(&token, "TOKEN"));
}

#[test]
fn settings_that_cannot_be_used_are_bad_input() {
    let place = Place::new();
    for (arguments, said) in [
        (&["--launch", "ssh"][..], "--ssh `hosts` is missing: say which hosts to train on: --hosts a,b:2"),
        (&["--launch", "ssh", "--hosts=-oProxyCommand=reboot"], "this is no name of a host"),
        (&["--launch", "ssh", "--hosts", "a", "--ssh", "prorgam=x"], "do you mean `program`?"),
        (&["--hosts", "a"], "--ssh or --hosts is for --launch ssh"),
        (&["--launch", "nowhere"], "possible values: local, slurm, ssh, kubernetes"),
    ] {
        place.mock(arguments).assert().code(2).stderr(predicate::str::contains(said));
    }
}
