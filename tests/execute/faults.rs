//! What can go wrong while training, and what happens then.

use std::fs;
use std::path::Path;

use sweep::event::{Event, Sink};
use sweep::execute::{Stop, WorkerOptions, work};
use sweep::spec::RunId;
use sweep::store::{ReplanReason, RunState, RunView, Store};

use crate::mock::{MockExecutor, MockFault, MockFaultKind, MockSettings};
use crate::support::{finished, notices, open, open_with, options, runs, scratch, sweep, timeless, work_with};

/// Six runs in packs of four places.
fn six(root: &Path) -> Store {
    open(root, &sweep(runs(6))).unwrap().store
}

fn id(store: &Store, number: usize) -> RunId {
    store.record().runs[number].id.clone()
}

fn with_fault(run: RunId, step: usize, kind: MockFaultKind) -> MockSettings {
    MockSettings { faults: vec![MockFault { run, step, kind }], ..MockSettings::default() }
}

fn view(store: &Store, run: &RunId) -> RunView {
    store.runs().unwrap().into_iter().find(|view| &view.run.id == run).unwrap()
}

/// All runs but one completed, with the results of an undisturbed sweep.
fn assert_others_are_untouched(store: &Store, but: &RunId) {
    let undisturbed = scratch();
    let undisturbed = finished(undisturbed.path(), 6);
    let expected = timeless(&undisturbed.layout().folder().join("runs"));
    let found = timeless(&store.layout().folder().join("runs"));
    let others = |path: &Path| !path.starts_with(&but.0);
    let keep = |files: std::collections::BTreeMap<std::path::PathBuf, String>| {
        files.into_iter().filter(|(path, _)| others(path)).collect::<Vec<_>>()
    };
    assert_eq!(keep(found), keep(expected));
}

fn packs_started(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::PackStarted { .. })).count()
}

#[test]
fn a_run_whose_loss_is_no_number_diverges_alone() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 0);
    work_with(&store, with_fault(struck.clone(), 10, MockFaultKind::NotANumber), &options()).unwrap();
    let view = view(&store, &struck);
    assert_eq!((view.state, view.epochs), (RunState::Diverged, 1));
    assert_eq!(view.best.unwrap().epoch, 1);
    insta::assert_snapshot!(view.reason.unwrap(), @"the loss was no finite number in epoch 2, step 11");
    assert_others_are_untouched(&store, &struck);
}

#[test]
fn a_run_that_fails_by_itself_does_not_stop_the_others() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 1);
    let kind = MockFaultKind::RunFails("no such layer".into());
    work_with(&store, with_fault(struck.clone(), 3, kind), &options()).unwrap();
    let view = view(&store, &struck);
    assert_eq!((view.state, view.reason.as_deref()), (RunState::Failed, Some("no such layer")));
    assert_others_are_untouched(&store, &struck);
}

#[test]
fn a_fault_of_the_device_is_tried_again_and_what_was_saved_is_not_done_twice() {
    let root = scratch();
    let store = six(root.path());
    let kind = MockFaultKind::Once {
        marker: root.path().join("marker"),
        kind: Box::new(MockFaultKind::Fails("the device fell off the bus".into())),
    };
    let events = work_with(&store, with_fault(id(&store, 0), 17, kind), &options()).unwrap();
    assert_eq!(packs_started(&events), store.record().packs.len() + 1);
    assert!(notices(&events).iter().any(|notice| notice.ends_with("had a fault: the device fell off the bus")));
    let log = store.log(&id(&store, 0)).unwrap().join("\n");
    assert!(log.contains("the device fell off the bus") && log.contains("resumed after step"), "{log}");
    assert_others_are_untouched(&store, &RunId("nobody".into()));
}

#[test]
fn the_run_at_fault_is_isolated_and_fails_while_the_others_complete() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 2);
    let kind = MockFaultKind::Fails("illegal memory access".into());
    work_with(&store, with_fault(struck.clone(), 12, kind), &options()).unwrap();
    let view = view(&store, &struck);
    assert_eq!((view.state, view.reason.as_deref()), (RunState::Failed, Some("illegal memory access")));
    assert_eq!(view.epochs, 1, "what it got to is kept");
    assert_others_are_untouched(&store, &struck);
    let part = store.packs().unwrap().packs.into_iter().find(|pack| pack.plan.places == [[struck.clone()]]).unwrap();
    assert_eq!(part.part_because, Some(ReplanReason::Faults));
    assert_eq!(store.faults(&part.plan.id).unwrap().len(), 1);
}

#[test]
fn attempts_are_bounded() {
    for attempts in [1, 3] {
        let root = scratch();
        let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
        let kind = MockFaultKind::Fails("always".into());
        let options = WorkerOptions { attempts, ..options() };
        let events = work_with(&store, with_fault(id(&store, 0), 0, kind), &options).unwrap();
        assert_eq!(packs_started(&events), attempts);
        assert_eq!(store.runs().unwrap()[0].state, RunState::Failed);
    }
}

#[test]
fn faults_with_progress_between_them_are_no_reason_to_give_up() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let run = id(&store, 0);
    // In each epoch once, and there are three: more than there are attempts.
    let fault = |step: usize| MockFault {
        run: run.clone(),
        step,
        kind: MockFaultKind::Once {
            marker: root.path().join(step.to_string()),
            kind: Box::new(MockFaultKind::Fails("now and then".into())),
        },
    };
    let settings = MockSettings { faults: vec![fault(3), fault(11), fault(19)], ..MockSettings::default() };
    work_with(&store, settings, &options()).unwrap();
    assert_eq!(store.runs().unwrap()[0].state, RunState::Completed);
}

/// Ends a worker when an attempt at a pack has ended.
struct OneAttempt(Stop);

impl Sink for OneAttempt {
    fn emit(&mut self, event: &Event) {
        if let Event::PackStopped { .. } = event {
            self.0.request(15);
        }
    }
}

#[test]
fn attempts_are_bounded_where_every_checkpoint_is_lost() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    let run = id(&store, 0);
    let kind = MockFaultKind::Fails("the worker died".into());
    let files = store.layout().pack(&store.record().packs[0].id);
    let options = WorkerOptions { attempts: 2, ..options() };
    let mut attempts = 0;
    while store.run_view(&run).unwrap().state != RunState::Failed {
        attempts += 1;
        assert!(attempts < 9, "attempts have no end");
        let stop = Stop::default();
        let settings = with_fault(run.clone(), 17, kind.clone());
        work(&store, &options, &mut MockExecutor::new(settings), &mut OneAttempt(stop.clone()), &stop).unwrap();
        for slot in [0, 1] {
            let checkpoint = files.checkpoint(slot);
            if checkpoint.exists() {
                fs::write(checkpoint, b"damaged").unwrap();
            }
        }
    }
    // The first one, and as often anew as there are attempts; then it is given up.
    assert_eq!(attempts, 1 + 2 + 1);
    assert_eq!(store.retry_failed(None).unwrap().runs, std::slice::from_ref(&run));
    work_with(&store, MockSettings::default(), &options).unwrap();
    assert_eq!(store.run_view(&run).unwrap().state, RunState::Completed);
}

#[test]
fn a_panic_is_a_fault_with_its_traceback_in_the_log() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 3);
    let kind = MockFaultKind::Panics("index out of bounds".into());
    work_with(&store, with_fault(struck.clone(), 5, kind), &options()).unwrap();
    let reason = view(&store, &struck).reason.unwrap();
    assert!(reason.starts_with("panicked at ") && reason.ends_with(": index out of bounds"), "{reason}");
    let log = store.log(&struck).unwrap();
    let traceback = log.iter().filter(|line| line.starts_with("    ")).count();
    assert!(traceback > 5, "{log:?}");
    assert_others_are_untouched(&store, &struck);
}

#[test]
fn a_failure_before_a_run_starts_is_in_its_log_too() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    struct NoModel;
    impl sweep::execute::Executor for NoModel {
        fn kind(&self) -> sweep::store::ExecutorKind {
            sweep::store::ExecutorKind::Mock
        }

        fn device(&self) -> String {
            "cpu".into()
        }
        fn execute(
            &mut self,
            _: &sweep::execute::PackJob,
            _: &mut dyn sweep::train::Recorder,
            _: &mut dyn sweep::event::Sink,
            _: &sweep::execute::Stop,
        ) -> Result<sweep::execute::PackEnd, sweep::execute::ExecuteError> {
            Err(sweep::execute::ExecuteError::Failed("models/mini: no such folder".into()))
        }
    }
    let mut events = crate::support::Events::default();
    sweep::execute::work(&store, &options(), &mut NoModel, &mut events, &Default::default()).unwrap();
    let view = &store.runs().unwrap()[0];
    assert_eq!((view.state, view.reason.as_deref()), (RunState::Failed, Some("models/mini: no such folder")));
    assert!(store.log(&view.run.id).unwrap()[0].contains("models/mini: no such folder"));
}

#[test]
fn an_executor_that_forgets_a_run_is_found_out() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(1)), 1).unwrap().store;
    struct Forgets;
    impl sweep::execute::Executor for Forgets {
        fn kind(&self) -> sweep::store::ExecutorKind {
            sweep::store::ExecutorKind::Mock
        }

        fn device(&self) -> String {
            "cpu".into()
        }
        fn execute(
            &mut self,
            _: &sweep::execute::PackJob,
            _: &mut dyn sweep::train::Recorder,
            _: &mut dyn sweep::event::Sink,
            _: &sweep::execute::Stop,
        ) -> Result<sweep::execute::PackEnd, sweep::execute::ExecuteError> {
            Ok(sweep::execute::PackEnd::Finished)
        }
    }
    let mut events = crate::support::Events::default();
    sweep::execute::work(&store, &options(), &mut Forgets, &mut events, &Default::default()).unwrap();
    let reason = store.runs().unwrap()[0].reason.clone().unwrap();
    assert!(reason.starts_with("the pack ended without a result of"), "{reason}");
}

#[test]
fn out_of_memory_halves_the_pack_costs_no_attempt_and_is_remembered() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(24)), 8).unwrap().store;
    let settings = MockSettings { memory_places: 3, ..MockSettings::default() };
    let options = WorkerOptions { attempts: 1, ..options() };
    let events = work_with(&store, settings, &options).unwrap();
    assert!(store.runs().unwrap().iter().all(|view| view.state == RunState::Completed));
    let memory = notices(&events).into_iter().filter(|notice| notice.contains("out of memory")).count();
    assert_eq!(memory, 2, "8 places to 4, 4 to 2, and then it is known: {:?}", notices(&events));
    let packs = store.packs().unwrap();
    assert!(packs.packs.iter().all(|pack| pack.plan.places.len() <= 2));
    assert!(packs.packs.iter().any(|pack| pack.part_because == Some(ReplanReason::Width)));

    let undisturbed = scratch();
    let undisturbed = finished(undisturbed.path(), 24);
    assert_eq!(timeless(store.layout().folder()), timeless(undisturbed.layout().folder()));
}

#[test]
fn out_of_memory_in_the_middle_keeps_what_was_done() {
    let root = scratch();
    let store = six(root.path());
    let kind = MockFaultKind::Once { marker: root.path().join("marker"), kind: Box::new(MockFaultKind::OutOfMemory) };
    let events = work_with(&store, with_fault(id(&store, 0), 17, kind), &options()).unwrap();
    let resumed = events.iter().any(|event| matches!(event, Event::RunStarted { step, .. } if *step >= 16));
    assert!(resumed, "{events:?}");
    assert_others_are_untouched(&store, &RunId("nobody".into()));
}

#[test]
fn one_run_that_does_not_fit_alone_fails() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(2)), 2).unwrap().store;
    work_with(&store, MockSettings { memory_places: 0, ..MockSettings::default() }, &options()).unwrap();
    for view in store.runs().unwrap() {
        assert_eq!(view.state, RunState::Failed);
        assert!(view.reason.unwrap().starts_with("out of memory on mock"));
    }
}

#[test]
fn failed_runs_are_tried_again_only_when_asked() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 2);
    let kind = MockFaultKind::Fails("illegal memory access".into());
    work_with(&store, with_fault(struck.clone(), 12, kind), &options()).unwrap();
    assert_eq!(work_with(&store, MockSettings::default(), &options()).unwrap(), []);

    let nobody = [id(&store, 0)].into();
    assert_eq!(store.retry_failed(Some(&nobody)).unwrap().runs, []);
    assert_eq!(store.retry_failed(None).unwrap().runs, std::slice::from_ref(&struck));
    let events = work_with(&store, MockSettings::default(), &options()).unwrap();
    assert_eq!(packs_started(&events), 1);
    assert_others_are_untouched(&store, &RunId("nobody".into()));
}

#[test]
fn a_run_that_failed_in_a_finished_pack_is_tried_again_without_its_neighbours() {
    let root = scratch();
    let store = six(root.path());
    let struck = id(&store, 1);
    let kind = MockFaultKind::RunFails("a passing trouble".into());
    work_with(&store, with_fault(struck.clone(), 3, kind), &options()).unwrap();
    assert_eq!(store.retry_failed(None).unwrap().runs, std::slice::from_ref(&struck));
    let events = work_with(&store, MockSettings::default(), &options()).unwrap();
    let started: Vec<&RunId> = events
        .iter()
        .filter_map(|event| match event {
            Event::RunStarted { run, .. } => Some(run),
            _ => None,
        })
        .collect();
    assert_eq!(started, [&struck]);
    assert_others_are_untouched(&store, &RunId("nobody".into()));
}

#[test]
fn fail_fast_ends_with_the_first_failed_run() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(6)), 1).unwrap().store;
    let first = store.record().packs[0].places[0][0].clone();
    let kind = MockFaultKind::RunFails("at once".into());
    let options = WorkerOptions { fail_fast: true, ..options() };
    work_with(&store, with_fault(first, 0, kind), &options).unwrap();
    let mut states: Vec<RunState> = store.runs().unwrap().iter().map(|view| view.state).collect();
    states.sort_unstable();
    assert_eq!(states, [[RunState::Pending; 5].as_slice(), &[RunState::Failed]].concat());
}

#[test]
fn packs_with_faults_come_after_the_others() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(runs(3)), 1).unwrap().store;
    let first = store.record().packs[0].clone();
    let kind =
        MockFaultKind::Once { marker: root.path().join("marker"), kind: Box::new(MockFaultKind::Fails("once".into())) };
    let events = work_with(&store, with_fault(first.places[0][0].clone(), 0, kind), &options()).unwrap();
    let order: Vec<bool> = events
        .iter()
        .filter_map(|event| match event {
            Event::PackStarted { pack, .. } => Some(*pack == first.id),
            _ => None,
        })
        .collect();
    assert_eq!(order, [true, false, false, true]);
}
