//! Interrupted or not, one worker or several: the same results.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use sweep::event::{Event, Sink};
use sweep::execute::{Stop, WhenBusy, WorkerEnd, WorkerOptions, work};
use sweep::spec::Evaluation;
use sweep::store::{ClaimOptions, RunState, Store};

use crate::mock::{MockExecutor, MockSettings};
use crate::support::{
    Events, claimed_recorder, claims, finished, open, options, runs, scratch, sweep, timeless, work_with,
};

/// Asks to stop after so many events.
struct StopAfter {
    stop: Stop,
    left: usize,
}

impl Sink for StopAfter {
    fn emit(&mut self, _: &Event) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.stop.request(15);
        }
    }
}

fn work_for(store: &Store, events: usize, options: &WorkerOptions) -> WorkerEnd {
    let stop = Stop::default();
    let mut sink = StopAfter { stop: stop.clone(), left: events };
    work(store, options, &mut MockExecutor::new(MockSettings::default()), &mut sink, &stop).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stopped_anywhere_any_number_of_times_the_result_is_the_same(
        pieces in prop::collection::vec(1..150_usize, 1..20), tested: bool,
    ) {
        let (whole, piecewise) = (scratch(), scratch());
        let mut planned = runs(6);
        for run in planned.iter_mut().filter(|_| tested) {
            run.spec.dataset.test = Some(Evaluation::Split("test".to_owned()));
        }
        let whole = open(whole.path(), &sweep(planned.clone())).unwrap().store;
        work_with(&whole, MockSettings::default(), &options()).unwrap();
        let results = timeless(whole.layout().folder());
        let tests = results.keys().filter(|path| path.ends_with("test_predictions.csv")).count();
        prop_assert_eq!(tests, if tested { 6 } else { 0 });
        let store = open(piecewise.path(), &sweep(planned)).unwrap().store;
        for events in pieces {
            if work_for(&store, events, &options()) == WorkerEnd::NothingLeft {
                break;
            }
        }
        work_with(&store, MockSettings::default(), &options()).unwrap();
        prop_assert_eq!(timeless(store.layout().folder()), results);
    }
}

#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    assert_eq!(work_for(&store, 60, &options()), WorkerEnd::Interrupted);
    let states: Vec<RunState> = store.runs().unwrap().iter().map(|view| view.state).collect();
    assert_eq!(states, [RunState::Interrupted; 4]);
    let events = work_with(&store, MockSettings::default(), &options()).unwrap();
    let resumed = events.iter().filter_map(|event| match event {
        Event::RunStarted { step, .. } => Some(*step),
        _ => None,
    });
    assert!(resumed.clone().count() == 4 && resumed.clone().all(|step| step > 3), "{:?}", resumed.collect::<Vec<_>>());
}

#[test]
fn a_run_in_work_is_running_for_who_looks_with_its_progress() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(2))).unwrap().store;
    struct Looks {
        store: Store,
        seen: Vec<(RunState, Option<String>, bool)>,
        events: usize,
    }
    impl Sink for Looks {
        fn emit(&mut self, event: &Event) {
            self.events += usize::from(matches!(event, Event::Progress { .. }));
            if self.events == 30 {
                let look = |view: sweep::store::RunView| (view.state, view.device, view.progress.is_some());
                self.seen = self.store.runs().unwrap().into_iter().map(look).collect();
            }
        }
    }
    let mut looks = Looks { store: store.clone(), seen: Vec::new(), events: 0 };
    let worker = Store::open_with(store.layout().folder(), claims("worker")).unwrap();
    work(&worker, &options(), &mut MockExecutor::new(MockSettings::default()), &mut looks, &Stop::default()).unwrap();
    assert_eq!(looks.seen, vec![(RunState::Running, Some("mock".to_owned()), true); 2]);
}

#[test]
fn two_workers_at_once_never_train_the_same_pack() {
    let (one, two) = (scratch(), scratch());
    let alone = finished(one.path(), 20);
    let store = open(two.path(), &sweep(runs(20))).unwrap().store;
    let settings = MockSettings { step_delay: Duration::from_micros(200), ..MockSettings::default() };
    let options = WorkerOptions { when_busy: WhenBusy::Wait, ..options() };
    let mut started = std::thread::scope(|scope| {
        let worker = |name: &'static str| {
            let (store, settings, options) = (store.clone(), settings.clone(), options.clone());
            scope.spawn(move || {
                let store = Store::open_with(store.layout().folder(), claims(name)).unwrap();
                work_with(&store, settings, &options).unwrap()
            })
        };
        let workers = ["a", "b", "c"].map(worker);
        let events = workers.into_iter().map(|worker| worker.join().unwrap());
        let by_worker: Vec<Vec<Event>> = events.collect();
        assert!(by_worker.iter().filter(|events| !events.is_empty()).count() > 1, "one did it all");
        by_worker.concat()
    });
    started.retain(|event| matches!(event, Event::PackStarted { .. }));
    assert_eq!(started.len(), store.record().packs.len());
    assert_eq!(timeless(store.layout().folder()), timeless(alone.layout().folder()));
}

#[test]
fn a_worker_waits_for_what_others_have_or_leaves_it_as_asked() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let other = claimed_recorder(&store, 0);
    assert_eq!(work_with(&store, MockSettings::default(), &options()).unwrap(), []);
    let waiter = std::thread::spawn({
        let store = store.clone();
        move || {
            let options = WorkerOptions { when_busy: WhenBusy::Wait, ..options() };
            work_with(&store, MockSettings::default(), &options).unwrap()
        }
    });
    std::thread::sleep(Duration::from_millis(100));
    assert!(!waiter.is_finished());
    other.release().unwrap();
    let events = waiter.join().unwrap();
    assert!(crate::support::notices(&events)[0].starts_with("waiting for planner"), "{events:?}");
    assert_eq!(store.runs().unwrap()[0].state, RunState::Completed);
}

/// A claim on the first pack that seems to be another machine's, with its file.
fn claim_from_elsewhere(store: &Store) -> PathBuf {
    let recorder = claimed_recorder(store, 0);
    let mut record = recorder.claim().record().clone();
    let path = store.layout().pack(&recorder.plan().id).claim();
    recorder.release().unwrap();
    record.owner.host = "elsewhere".into();
    std::fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
    path
}

#[test]
fn who_leaves_what_others_have_makes_sure_that_they_live() {
    let root = scratch();
    open(root.path(), &sweep(runs(1))).unwrap();
    let claims = ClaimOptions { expiry: Duration::from_secs(2), ..claims("worker") };
    let store = Store::open_with(&root.path().join("sample"), claims).unwrap();
    let leave = WorkerOptions { when_busy: WhenBusy::Leave, ..options() };

    let path = claim_from_elsewhere(&store);
    let beating = Arc::new(AtomicBool::new(true));
    let heart = std::thread::spawn({
        let (path, beating) = (path.clone(), beating.clone());
        move || {
            while beating.load(Ordering::SeqCst) {
                let file = std::fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(std::time::SystemTime::now()).unwrap();
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    });
    let events = work_with(&store, MockSettings::default(), &leave).unwrap();
    assert!(!events.iter().any(|event| matches!(event, Event::PackStarted { .. })), "{events:?}");

    // The heart stands still: what the dead one leaves is taken over.
    beating.store(false, Ordering::SeqCst);
    heart.join().unwrap();
    work_with(&store, MockSettings::default(), &leave).unwrap();
    assert_eq!(store.runs().unwrap()[0].state, RunState::Completed);
}

#[test]
fn only_what_was_asked_for_is_trained_and_the_rest_later() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    let wanted = store.record().runs[1].id.clone();
    let only = WorkerOptions { only: Some([wanted.clone()].into()), ..options() };
    work_with(&store, MockSettings::default(), &only).unwrap();
    for view in store.runs().unwrap() {
        let expected = if view.run.id == wanted { RunState::Completed } else { RunState::Pending };
        assert_eq!(view.state, expected);
        assert!(view.pack.is_some());
    }
    work_with(&store, MockSettings::default(), &options()).unwrap();
    assert!(store.runs().unwrap().iter().all(|view| view.state == RunState::Completed));
}

#[test]
fn a_worker_that_lost_its_claim_stops_writing_and_takes_the_next_pack() {
    let root = scratch();
    let store = sweep::store::Store::clone(&crate::support::open_with(root.path(), &sweep(runs(2)), 1).unwrap().store);
    struct Robs {
        store: Store,
        done: bool,
    }
    impl Sink for Robs {
        fn emit(&mut self, event: &Event) {
            if let (Event::RunStarted { .. }, false) = (event, self.done) {
                self.done = true;
                for pack in &self.store.record().packs {
                    std::fs::remove_file(self.store.layout().pack(&pack.id).claim()).ok();
                }
            }
        }
    }
    let mut both = Both(Events::default(), Robs { store: store.clone(), done: false });
    work(&store, &options(), &mut MockExecutor::new(MockSettings::default()), &mut both, &Stop::default()).unwrap();
    let notices = crate::support::notices(&both.0.0);
    assert!(notices.iter().any(|notice| notice.contains("is left to its new owner")), "{notices:?}");
    assert!(store.runs().unwrap().iter().all(|view| view.state == RunState::Completed));
}

struct Both<A, B>(A, B);

impl<A: Sink, B: Sink> Sink for Both<A, B> {
    fn emit(&mut self, event: &Event) {
        self.0.emit(event);
        self.1.emit(event);
    }
}

#[test]
fn a_run_whose_folder_was_deleted_is_done_again_without_its_neighbours() {
    let root = scratch();
    let store = finished(root.path(), 4);
    let before = timeless(store.layout().folder());
    let deleted = store.record().runs[2].id.clone();
    std::fs::remove_dir_all(store.layout().run(&deleted).folder()).unwrap();
    let events = work_with(&store, MockSettings::default(), &options()).unwrap();
    let done: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::RunFinished { run, .. } => Some(run.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(done, [deleted]);
    assert_eq!(timeless(store.layout().folder()), before);
}

/// A sweep of six runs, and the same without one that shares a pack with others.
fn with_and_without(number: usize) -> (sweep::spec::Sweep, sweep::spec::Sweep) {
    let whole = runs(6);
    let mut less = whole.clone();
    less.remove(number);
    (sweep(whole), sweep(less))
}

fn started(events: &[Event]) -> Vec<(sweep::spec::RunId, usize)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::RunStarted { run, step, .. } => Some((run.clone(), *step)),
            _ => None,
        })
        .collect()
}

/// R3: what was taken out of the sweep is not trained although it shares a pack, and goes on when it is put back; the
/// bytes are those of a sweep that nobody disturbed.
#[test]
fn a_run_taken_out_of_an_interrupted_sweep_is_not_trained_and_goes_on_when_it_is_put_back() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 6);
    let (all, less) = with_and_without(1);
    let removed = all.runs[1].id.clone();
    let store = open(root.path(), &all).unwrap().store;
    assert_eq!(work_for(&store, 60, &options()), WorkerEnd::Interrupted);

    let opened = open(root.path(), &less).unwrap();
    assert_eq!(opened.removed, std::slice::from_ref(&removed));
    let first = started(&work_with(&opened.store, MockSettings::default(), &options()).unwrap());
    assert!(first.iter().all(|(run, _)| *run != removed), "{first:?}");
    assert!(first.iter().any(|(_, step)| *step > 3), "nothing went on from the checkpoint: {first:?}");
    let states = opened.store.runs().unwrap();
    let state = |run: &sweep::spec::RunId| states.iter().find(|view| view.run.id == *run).unwrap().state;
    assert!(less.runs.iter().all(|run| state(&run.id) == RunState::Completed));
    assert_eq!(state(&removed), RunState::Interrupted);

    let store = open(root.path(), &all).unwrap().store;
    let last = started(&work_with(&store, MockSettings::default(), &options()).unwrap());
    assert!(matches!(last.as_slice(), [(run, step)] if *run == removed && *step > 3), "{last:?}");
    assert_eq!(timeless(store.layout().folder()), timeless(whole.layout().folder()));
}

/// R3: the same before anything was begun. (The part that is left must not be forgotten.)
#[test]
fn a_run_taken_out_before_anything_was_begun_is_trained_when_it_is_put_back() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 6);
    let (all, less) = with_and_without(1);
    open(root.path(), &all).unwrap();
    let store = open(root.path(), &less).unwrap().store;
    work_with(&store, MockSettings::default(), &options()).unwrap();
    let store = open(root.path(), &all).unwrap().store;
    let last = started(&work_with(&store, MockSettings::default(), &options()).unwrap());
    assert_eq!(last, [(all.runs[1].id.clone(), 0)]);
    assert_eq!(timeless(store.layout().folder()), timeless(whole.layout().folder()));
}

/// R3: `--only` on an interrupted pack.
#[test]
fn of_an_interrupted_pack_only_what_was_asked_for_goes_on_and_the_rest_later() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), 4);
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    assert_eq!(work_for(&store, 60, &options()), WorkerEnd::Interrupted);
    let wanted = store.record().runs[2].id.clone();
    let only = WorkerOptions { only: Some([wanted.clone()].into()), ..options() };
    let first = started(&work_with(&store, MockSettings::default(), &only).unwrap());
    assert!(matches!(first.as_slice(), [(run, step)] if *run == wanted && *step > 3), "{first:?}");
    let rest = started(&work_with(&store, MockSettings::default(), &options()).unwrap());
    assert!(rest.len() == 3 && rest.iter().all(|(run, step)| *run != wanted && *step > 3), "{rest:?}");
    assert_eq!(timeless(store.layout().folder()), timeless(whole.layout().folder()));
}

/// R3: runs that failed before their pack was taken apart can still be tried again.
#[test]
fn what_failed_in_a_pack_that_was_taken_apart_is_tried_again() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(4))).unwrap().store;
    let failed = store.record().runs[0].id.clone();
    let fault = crate::mock::MockFault {
        run: failed.clone(),
        step: 2,
        kind: crate::mock::MockFaultKind::RunFails("a passing trouble".into()),
    };
    let settings = MockSettings { faults: vec![fault], ..MockSettings::default() };
    let stop = Stop::default();
    let mut sink = StopAfter { stop: stop.clone(), left: 60 };
    work(&store, &options(), &mut MockExecutor::new(settings), &mut sink, &stop).unwrap();
    let only = WorkerOptions { only: Some([store.record().runs[2].id.clone()].into()), ..options() };
    work_with(&store, MockSettings::default(), &only).unwrap();
    assert_eq!(store.retry_failed(None).unwrap().runs, [failed]);
    work_with(&store, MockSettings::default(), &options()).unwrap();
    let whole = scratch();
    let whole = finished(whole.path(), 4);
    assert_eq!(timeless(store.layout().folder()), timeless(whole.layout().folder()));
}
