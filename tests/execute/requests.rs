//! What people ask for while a sweep is worked on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sweep::event::{Event, Outcome, Sink, StopReason};
use sweep::execute::{Stop, WorkerEnd, WorkerOptions, apply_requests, supervise, work};
use sweep::spec::RunId;
use sweep::store::{Answer, Request, RequestView, RunState, Store};

use crate::children::{Collected, Orders};
use crate::mock::{MockExecutor, MockFault, MockFaultKind, MockSettings};
use crate::support::{claims, finished, open, open_with, options, planner, runs, scratch, sweep, timeless, work_with};

/// So slow that a request is seen on the way.
fn slow() -> MockSettings {
    MockSettings { step_delay: Duration::from_millis(30), ..MockSettings::default() }
}

fn train(store: &Store) -> Vec<Event> {
    work_with(store, MockSettings::default(), &options()).unwrap()
}

fn states(store: &Store) -> Vec<RunState> {
    store.runs().unwrap().iter().map(|view| view.state).collect()
}

fn ids(store: &Store) -> Vec<RunId> {
    store.record().runs.iter().map(|entry| entry.id.clone()).collect()
}

fn reopened(store: &Store) -> Store {
    Store::open_with(store.layout().folder(), claims("worker")).unwrap()
}

fn apply(store: &Store) -> Vec<RequestView> {
    apply_requests(&mut reopened(store)).unwrap()
}

/// What came of all requests: whether it was done, and what was said.
fn answers(store: &Store) -> Vec<(bool, String)> {
    let views = store.requests().unwrap();
    let answer = |view: RequestView| view.answer.expect("a request waits").answer;
    views.into_iter().map(answer).map(|answer| (answer.is_done(), answer.text().to_owned())).collect()
}

/// Results apart from the records of how runs ended, which tell of requests.
fn figures(store: &Store) -> BTreeMap<PathBuf, String> {
    let mut files = timeless(store.layout().folder());
    files.retain(|path, _| {
        path.starts_with("runs") && !path.ends_with("result.json") && !path.ends_with("checkpoint.bin")
    });
    files
}

/// Asks for something as soon as a run has done so many steps.
struct AskAt {
    store: Store,
    run: RunId,
    step: usize,
    request: Option<Request>,
    events: Vec<Event>,
}

impl Sink for AskAt {
    fn emit(&mut self, event: &Event) {
        self.events.push(event.clone());
        if let Event::Progress { run, step, .. } = event
            && *run == self.run
            && *step >= self.step
            && let Some(request) = self.request.take()
        {
            self.store.ask(&request, "a test").unwrap();
        }
    }
}

fn asked_at(store: &Store, run: &RunId, step: usize, request: Request) -> AskAt {
    AskAt { store: store.clone(), run: run.clone(), step, request: Some(request), events: Vec::new() }
}

#[test]
fn a_run_that_is_stopped_leaves_its_pack_and_the_others_come_to_the_same() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 4);
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    let run = ids(&store)[1].clone();
    let mut sink = asked_at(&store, &run, 3, Request::Stop { run: run.clone() });
    let end = work(&store, &options(), &mut MockExecutor::new(slow()), &mut sink, &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::NothingLeft);
    assert_eq!(states(&store), [RunState::Completed, RunState::Stopped, RunState::Completed, RunState::Completed]);
    let result = store.result(&run).unwrap().unwrap();
    let Outcome::Stopped { epoch, because: StopReason::Request } = result.outcome else { panic!("{result:?}") };
    assert!((1..5).contains(&epoch) && result.has_adapter() && result.stops == 1, "{result:?}");
    assert!(sink.events.contains(&Event::RunFinished { run: run.clone(), outcome: result.outcome.clone() }));
    assert_eq!(store.examine(&run).unwrap(), Vec::<String>::new());
    let answer = format!("stopped after epoch {epoch} of 5; `extend` has it go on from where it was");
    assert_eq!(answers(&store), [(true, answer.clone())]);
    assert!(store.log(&run).unwrap().join("\n").contains(&format!("a test asked to stop; {answer}")));
    assert_eq!(
        store.run_view(&run).unwrap().reason.unwrap(),
        format!("after epoch {epoch} of 5, because somebody asked for it")
    );
    let others = |store: &Store| {
        let mut figures = figures(store);
        figures.retain(|path, _| !path.starts_with(format!("runs/{run}")));
        figures
    };
    assert_eq!(others(&store), others(&whole));
    // It is not trained by itself, and goes on from the very step.
    assert_eq!(train(&store), []);
    store.ask(&Request::Extend { run: run.clone(), epochs: None }, "a test").unwrap();
    let events = train(&store);
    let resumed = events.iter().find_map(|event| match event {
        Event::RunStarted { run: started, step, .. } if *started == run => Some(*step),
        _ => None,
    });
    assert!(resumed.is_some_and(|step| step >= 3), "{resumed:?}");
    assert_eq!(states(&reopened(&store)), [RunState::Completed; 4]);
    assert_eq!(figures(&store), figures(&whole));
}

/// Stopped, extended, stopped in what it was extended by, and extended again.
#[test]
fn an_extended_run_can_be_stopped_again() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 1);
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let run = ids(&store)[0].clone();
    for (times, step) in [(1, 1), (2, 9)] {
        let mut sink = asked_at(&store, &run, step, Request::Stop { run: run.clone() });
        let mut executor = MockExecutor::new(MockSettings { step_delay: Duration::from_millis(60), ..slow() });
        work(&reopened(&store), &options(), &mut executor, &mut sink, &Stop::default()).unwrap();
        let store = reopened(&store);
        assert_eq!(states(&store), [RunState::Stopped], "stop {times}: {:?}", answers(&store));
        assert_eq!(store.result(&run).unwrap().unwrap().stops, times);
        assert_eq!(train(&store), [], "stop {times}");
        store.ask(&Request::Extend { run: run.clone(), epochs: None }, "a test").unwrap();
        assert_eq!(apply(&store).len(), 1);
    }
    train(&reopened(&store));
    assert_eq!(states(&reopened(&store)), [RunState::Completed]);
    assert_eq!(figures(&store), figures(&whole));
}

#[test]
fn a_run_that_nobody_has_begun_stops_at_once_and_begins_when_it_is_extended() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 3);
    let store = open(root.path(), &sweep(runs(3))).unwrap().store;
    let run = ids(&store)[2].clone();
    store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
    assert_eq!(apply(&store).len(), 1);
    assert_eq!(answers(&store), [(true, "stopped before its first epoch was over; `extend` has it go on".to_owned())]);
    assert_eq!(states(&store), [RunState::Pending, RunState::Pending, RunState::Stopped]);
    assert_eq!(store.run_view(&run).unwrap().damage, None);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed, RunState::Completed, RunState::Stopped]);
    assert!(store.refresh_index().unwrap());
    store.ask(&Request::Extend { run, epochs: None }, "a test").unwrap();
    train(&store);
    assert_eq!(states(&reopened(&store)), [RunState::Completed; 3]);
    assert_eq!(figures(&store), figures(&whole));
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let root = scratch();
    let store = finished(root.path(), 2);
    let run = ids(&store)[0].clone();
    let requests = [
        Request::Stop { run: run.clone() },
        Request::Extend { run: run.clone(), epochs: None },
        Request::Retry { run: run.clone() },
        Request::Stop { run: RunId("none".to_owned()) },
        Request::AddSeeds { seeds: vec![1] },
    ];
    for request in &requests {
        assert!(store.refusal(request).unwrap().is_some(), "{request:?}");
        store.ask(request, "a test").unwrap();
    }
    std::fs::write(store.layout().requests().join("00-newer.json"), r#"{"format_version": 2}"#).unwrap();
    assert_eq!(apply(&store).len(), requests.len() + 1);
    let answers = answers(&store);
    assert!(answers.iter().all(|(done, _)| !done), "{answers:?}");
    let reasons: Vec<&str> = answers.iter().map(|(_, reason)| reason.as_str()).collect();
    assert!(reasons[0].contains("has format version 2, this program reads version 1"), "{reasons:?}");
    insta::assert_snapshot!(reasons[1..].join("\n"), @r"
    run `base, seed=1` is completed, so there is nothing to stop
    run `base, seed=1` is completed; more than its 3 epochs would make another run of it, since its learning rate falls over those that it has. Give it more `epochs` in the sweep file
    run `base, seed=1` is completed; runs that failed are done again, and completed ones whose files are damaged
    the sweep has no run `none`
    all configurations have these seeds already
    ");
    assert_eq!(train(&store), []);
}

#[test]
fn a_failed_run_is_done_again_by_the_workers_that_are_there() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(3)), 1).unwrap().store;
    let run = store.record().packs[0].places[0][0].clone();
    let once = MockFaultKind::Once {
        marker: root.path().join("marker"),
        kind: Box::new(MockFaultKind::RunFails("no reason".to_owned())),
    };
    let faults = vec![MockFault { run: run.clone(), step: 2, kind: once }];
    // Asked for while the next pack is in work: the one who knows that the run is done hears of it.
    let next = store.record().packs[1].places[0][0].clone();
    let mut sink = asked_at(&store, &next, 1, Request::Retry { run: run.clone() });
    work(&store, &options(), &mut MockExecutor::new(MockSettings { faults, ..slow() }), &mut sink, &Stop::default())
        .unwrap();
    let failed = Event::RunFinished { run, outcome: Outcome::Failed { reason: "no reason".to_owned() } };
    assert!(sink.events.contains(&failed));
    assert_eq!(states(&store), [RunState::Completed; 3]);
    assert_eq!(answers(&store), [(true, "it is pending again, with all its attempts".to_owned())]);
}

/// Two workers of a supervisor, two runs that are stopped in their packs, and requests that two can apply.
#[test]
fn several_workers_apply_every_request_once() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(6)), 2).unwrap().store;
    let worker = Orders { delay: Duration::from_millis(25), ..Orders::new(&store) }.worker_command();
    let [one, .., other] = store.record().packs.as_slice() else { panic!("one pack") };
    let (running, pending) = (one.places[0][0].clone(), other.places[0][0].clone());
    for run in [&running, &pending] {
        store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
    }
    let end = supervise(&store, &[worker.clone(), worker], false, &mut Collected::default(), &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::NothingLeft);
    let stopped: Vec<RunId> = store
        .runs()
        .unwrap()
        .into_iter()
        .filter(|view| view.state == RunState::Stopped)
        .map(|view| view.run.id)
        .collect();
    assert_eq!(stopped.len(), 2, "{:?}", states(&store));
    assert!(stopped.contains(&running) && stopped.contains(&pending));
    for run in &stopped {
        store.ask(&Request::Extend { run: run.clone(), epochs: None }, "a test").unwrap();
    }
    let appliers: Vec<_> = (0..4)
        .map(|_| {
            let store = reopened(&store);
            std::thread::spawn(move || apply(&store).len())
        })
        .collect();
    let answered: usize = appliers.into_iter().map(|applier| applier.join().unwrap()).sum();
    let answered = answered + apply(&store).len();
    assert_eq!(answered, 2);
    let extended = reopened(&store).record().packs.iter().filter(|pack| !pack.extended.is_empty()).count();
    assert_eq!(extended, 1, "they share a pack");
    train(&reopened(&store));
    assert_eq!(states(&reopened(&store)), [RunState::Completed; 6]);
    assert_eq!(store.requests().unwrap().len(), 4);
}

/// Killed when something was done and nobody had written that it was.
#[test]
fn a_kill_before_the_answer_does_no_harm() {
    let root = scratch();
    let mut store = open(root.path(), &sweep(runs(2))).unwrap().store;
    let run = ids(&store)[0].clone();
    store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
    store.stop_idle_run(&run).unwrap().unwrap();
    apply(&store);
    store.ask(&Request::Extend { run: run.clone(), epochs: None }, "a test").unwrap();
    store.extend(&[run.clone()].into(), None, &[], &planner(4)).unwrap();
    apply(&store);
    store.reload().unwrap();
    let packs = store.record().packs.len();
    assert_eq!(packs, 2);
    assert!(answers(&store).iter().all(|(done, _)| *done), "{:?}", answers(&store));
    // Between the answer and the removal of the request.
    let answered = store.requests().unwrap().remove(0);
    let record = answered.request.unwrap();
    let left = store.layout().requests().join(format!("{}.json", answered.id));
    std::fs::write(&left, serde_json::to_vec(&record).unwrap()).unwrap();
    assert!(store.pending_requests().unwrap().is_empty());
    assert_eq!(apply(&store), []);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed; 2]);
    assert_eq!(store.requests().unwrap().len(), 2);
}

/// A worker that is killed between the record of a stop and its next checkpoint has the run in its checkpoint still.
#[test]
fn an_older_checkpoint_does_not_bring_a_stopped_run_back() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(2))).unwrap().store;
    let run = ids(&store)[1].clone();
    let stop = Stop::default();
    let mut halfway = StopAt { stop: stop.clone(), step: 12, events: Vec::new() };
    let end = work(&store, &options(), &mut MockExecutor::new(MockSettings::default()), &mut halfway, &stop).unwrap();
    assert_eq!(end, WorkerEnd::Interrupted);
    let pack = store.record().packs[0].id.clone();
    let checkpoints = [0, 1].map(|slot| {
        let path = store.layout().pack(&pack).checkpoint(slot);
        (path.clone(), std::fs::read(path).ok())
    });
    // In work and not: only a worker can read its state.
    store.ask(&Request::Stop { run: run.clone() }, "a test").unwrap();
    assert_eq!(apply(&store), []);
    let only: WorkerOptions = options();
    work(&store, &only, &mut MockExecutor::new(MockSettings::default()), &mut halfway, &Stop::default()).unwrap();
    let result = store.result(&run).unwrap().unwrap();
    assert!(result.is_stopped_on_request(), "{result:?}");
    // The other one is undone, and the checkpoint is the one before the stop.
    let other = ids(&store)[0].clone();
    std::fs::remove_file(store.layout().run(&other).result_json()).unwrap();
    for (path, contents) in checkpoints {
        if let Some(contents) = contents {
            std::fs::write(path, contents).unwrap();
        }
    }
    let events = train(&store);
    assert_eq!(store.result(&run).unwrap().unwrap(), result);
    let trained = events.iter().any(|event| matches!(event, Event::EpochFinished { run: of, .. } if *of == run));
    assert!(!trained, "it was trained in vain");
    assert_eq!(states(&store), [RunState::Completed, RunState::Stopped]);
}

/// Asks the worker to leave when a run has done so many steps.
struct StopAt {
    stop: Stop,
    step: usize,
    events: Vec<Event>,
}

impl Sink for StopAt {
    fn emit(&mut self, event: &Event) {
        self.events.push(event.clone());
        if matches!(event, Event::Progress { step, .. } if *step >= self.step) {
            self.stop.request(15);
        }
    }
}

#[test]
fn requests_of_one_run_do_not_overtake_each_other() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(2))).unwrap().store;
    let run = ids(&store)[0].clone();
    for request in [
        Request::Stop { run: run.clone() },
        Request::Extend { run: run.clone(), epochs: None },
        Request::Stop { run: run.clone() },
    ] {
        store.ask(&request, "a test").unwrap();
    }
    // The extension is planned at the end of a look, so what comes after it waits for the next one.
    assert_eq!(apply(&store).len(), 2);
    assert_eq!(apply(&store).len(), 1);
    assert!(answers(&store).iter().all(|(done, _)| *done), "{:?}", answers(&store));
    let store = reopened(&store);
    assert_eq!(states(&store), [RunState::Stopped, RunState::Pending]);
    assert_eq!(store.result(&run).unwrap().unwrap().stops, 2);
}

#[test]
fn an_answer_is_written_once() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    store.ask(&Request::Stop { run: ids(&store)[0].clone() }, "a test").unwrap();
    let pending = store.pending_requests().unwrap().remove(0);
    let done = || Answer::Done { what: "first".to_owned() };
    assert!(store.answer(&pending, done()).unwrap());
    assert!(!store.answer(&pending, Answer::Refused { reason: "second".to_owned() }).unwrap());
    assert_eq!(answers(&store), [(true, "first".to_owned())]);
}
