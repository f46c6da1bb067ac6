//! One worker process per device, kept alive while work is left.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sweep::event::Event;
use sweep::execute::{Stop, SuperviseError, WhenBusy, WorkerCommand, WorkerEnd, WorkerOptions, supervise};
use sweep::spec::RunId;
use sweep::store::{RunState, Store};

use crate::children::{Collected, Orders, claimed};
use crate::support::{finished, notices, open, open_with, runs, scratch, sweep, timeless};

fn states(store: &Store) -> Vec<RunState> {
    store.runs().unwrap().iter().map(|view| view.state).collect()
}

#[test]
fn two_workers_share_the_work_and_their_events_come_in_one_stream() {
    let (one, two) = (scratch(), scratch());
    let alone = finished(one.path(), 8);
    let store = open_with(two.path(), &sweep(runs(8)), 2).unwrap().store;
    let worker = Orders::new(&store).worker_command();
    let mut events = Collected::default();
    let end = supervise(&store, &[worker.clone(), worker], false, &mut events, &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::NothingLeft);
    let count = |is: fn(&Event) -> bool| events.0.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::PackStarted { .. })), store.record().packs.len());
    assert_eq!(count(|event| matches!(event, Event::RunFinished { .. })), 8);
    let epochs: usize = runs(8).iter().map(|run| run.spec.epochs).sum();
    assert_eq!(count(|event| matches!(event, Event::EpochFinished { .. })), epochs);
    assert_eq!(timeless(store.layout().folder()), timeless(alone.layout().folder()));
}

#[test]
fn a_worker_that_dies_is_started_again_and_the_cause_is_told() {
    let (one, two) = (scratch(), scratch());
    let alone = finished(one.path(), 4);
    let store = open(two.path(), &sweep(runs(4))).unwrap().store;
    let struck = store.record().runs[0].id.clone();
    let mut orders = Orders::new(&store);
    orders.abort = Some((struck.clone(), 11, Some(two.path().join("marker"))));
    let mut events = Collected::default();
    supervise(&store, &[orders.worker_command()], false, &mut events, &Stop::default()).unwrap();
    let notices = notices(&events.0);
    assert!(
        notices.iter().any(|notice| notice.contains("the worker for mock was killed by signal 6 (SIGABRT)")),
        "{notices:?}"
    );
    let log = store.log(&struck).unwrap().join("\n");
    assert!(log.contains("had a fault: the worker for mock was killed by signal 6 (SIGABRT)"), "{log}");
    assert!(log.contains("resumed after step 8"), "{log}");
    assert_eq!(timeless(store.layout().folder()), timeless(alone.layout().folder()));
}

#[test]
fn a_run_that_kills_its_worker_every_time_fails_and_the_others_complete() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(3))).unwrap().store;
    let struck = store.record().runs[1].id.clone();
    let mut orders = Orders::new(&store);
    orders.delay = Duration::ZERO;
    orders.abort = Some((struck.clone(), 2, None));
    let worker = orders.worker_command();
    supervise(&store, &[worker], false, &mut Collected::default(), &Stop::default()).unwrap();
    assert_eq!(states(&store), [RunState::Completed, RunState::Failed, RunState::Completed]);
    let reason = store.runs().unwrap()[1].reason.clone().unwrap();
    assert_eq!(reason, "the worker for mock was killed by signal 6 (SIGABRT)");
}

#[test]
fn fail_fast_stops_all_workers_with_their_state_saved() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(12)), 1).unwrap().store;
    let first = store.record().packs[0].places[0][0].clone();
    let orders =
        Orders { delay: Duration::from_millis(20), abort: Some((first, 0, None)), attempts: 1, ..Orders::new(&store) };
    let workers = [orders.worker_command(), orders.worker_command()];
    let end = supervise(&store, &workers, true, &mut Collected::default(), &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::FailedFast);
    let states = states(&store);
    assert!(states.contains(&RunState::Failed) && states.iter().any(|state| !state.is_final()), "{states:?}");
    assert!(!claimed(store.layout().folder()));
}

#[test]
fn a_signal_is_passed_on_and_everything_is_saved() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(4)), 2).unwrap().store;
    let mut supervisor = Orders { delay: Duration::from_millis(5), ..Orders::new(&store) }.start("supervisor_process");
    supervisor.wait_for(|event| matches!(event, Event::Progress { .. }));
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.end(), 143);
    assert!(!claimed(store.layout().folder()));
    let states = states(&store);
    assert!(states.contains(&RunState::Interrupted) && !states.contains(&RunState::Failed), "{states:?}");
}

#[test]
fn workers_whose_supervisor_is_killed_save_and_leave() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(4)), 2).unwrap().store;
    let mut supervisor = Orders { delay: Duration::from_millis(20), ..Orders::new(&store) }.start("supervisor_process");
    supervisor.wait_for(|event| matches!(event, Event::Progress { step, .. } if *step >= 1));
    assert!(claimed(store.layout().folder()));
    supervisor.kill();
    let began = Instant::now();
    while claimed(store.layout().folder()) {
        assert!(began.elapsed() < Duration::from_secs(20), "a worker stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    let packs = store.packs().unwrap();
    assert!(packs.packs.iter().any(|pack| store.layout().pack(&pack.plan.id).checkpoint(0).exists()));
}

fn shell(script: &str) -> WorkerCommand {
    WorkerCommand {
        device: "cuda:9".into(),
        program: "/bin/sh".into(),
        image: None,
        arguments: ["-c", script].map(OsString::from).to_vec(),
        environment: Vec::new(),
    }
}

#[test]
fn a_worker_that_cannot_begin_is_given_up_with_what_it_said() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let mut events = Collected::default();
    let worker = shell("echo no such device >&2; exit 2");
    let error = supervise(&store, &[worker], false, &mut events, &Stop::default()).unwrap_err();
    insta::assert_snapshot!(error, @r##"
the worker for cuda:9 ended 3 times without having begun anything: the worker for cuda:9 left with status 2
no such device
"##);
    assert_eq!(notices(&events.0).len(), 2);
    let missing = WorkerCommand { program: "/no/such/program".into(), ..shell("") };
    let error = supervise(&store, &[missing], false, &mut events, &Stop::default()).unwrap_err();
    assert!(matches!(error, SuperviseError::Spawn { .. }), "{error}");
}

#[test]
fn a_worker_that_cannot_record_is_not_started_again() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let mut events = Collected::default();
    let worker = shell("echo no space left >&2; exit 3");
    let error = supervise(&store, &[worker], false, &mut events, &Stop::default()).unwrap_err();
    insta::assert_snapshot!(error, @"the worker for cuda:9 cannot record results: no space left");
    assert_eq!(events.0, []);
}

#[test]
fn the_hidden_verb_gets_what_the_worker_needs() {
    let options = WorkerOptions {
        checkpoint_every: Duration::from_millis(1500),
        attempts: 3,
        fail_fast: true,
        only: Some([RunId("b".into()), RunId("a".into())].into()),
        when_busy: WhenBusy::Leave,
        ..WorkerOptions::default()
    };
    let command = WorkerCommand::for_this_program(Path::new("results/x"), "cpu", Some(2), &options).unwrap();
    let arguments: Vec<&str> = command.arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
    insta::assert_snapshot!(arguments.join(" "), @"worker --results results/x --device cpu --threads 2 --checkpoint-every 1.5 --attempts 3 --only a --only b --supervised --leave-when-busy --fail-fast");
    assert_eq!(command.program, std::env::current_exe().unwrap());
}

/// The letter by which the kernel calls a process's state; none where there is no such process.
fn state_of(pid: rustix::process::Pid) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what} does not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A supervisor at work that was asked to stand still, and its workers.
fn suspended(store: &Store) -> (crate::children::Process, Vec<rustix::process::Pid>) {
    let mut supervisor = Orders { delay: Duration::from_millis(10), ..Orders::new(store) }.start("supervisor_process");
    supervisor.wait_for(|event| matches!(event, Event::Progress { step, .. } if *step >= 1));
    let root = rustix::process::Pid::from_child(&supervisor.child);
    let workers = crate::processes::children(root);
    assert!(!workers.is_empty());
    supervisor.signal(Signal::TSTP);
    wait_until("standing still", || workers.iter().chain([&root]).all(|pid| state_of(*pid) == Some('T')));
    (supervisor, workers)
}

/// R12: Ctrl-Z and `fg`.
#[test]
fn workers_stand_still_and_go_on_with_their_supervisor() {
    let (one, two) = (scratch(), scratch());
    let alone = finished(one.path(), 4);
    let store = open_with(two.path(), &sweep(runs(4)), 2).unwrap().store;
    let (supervisor, workers) = suspended(&store);
    let progress = || store.runs().unwrap().iter().map(|view| view.epochs).sum::<usize>();
    let before = progress();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(progress(), before);
    supervisor.signal(Signal::CONT);
    wait_until("going on", || workers.iter().all(|pid| state_of(*pid) != Some('T')));
    assert_eq!(supervisor.end(), 0);
    assert_eq!(timeless(store.layout().folder()), timeless(alone.layout().folder()));
}

/// R12: who kills a supervisor that stands still does not leave workers that stand still for ever.
#[test]
fn workers_whose_supervisor_is_killed_while_they_stand_still_save_and_leave() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(4)), 2).unwrap().store;
    let (supervisor, workers) = suspended(&store);
    supervisor.kill();
    wait_until("the workers' end", || workers.iter().all(|pid| matches!(state_of(*pid), None | Some('Z'))));
    assert!(!claimed(store.layout().folder()));
    let packs = store.packs().unwrap();
    assert!(packs.packs.iter().any(|pack| store.layout().pack(&pack.plan.id).checkpoint(0).exists()));
}
