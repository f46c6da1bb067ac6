//! What begins anew has its attempts again, and what fails again and again does not.

use std::path::Path;

use sweep::event::{Event, Sink};
use sweep::execute::{Stop, WorkerEnd, WorkerOptions, work};
use sweep::spec::RunId;
use sweep::store::{RunState, Store};

use crate::mock::{MockExecutor, MockFault, MockFaultKind, MockSettings};
use crate::support::{open_with, options, runs, scratch, sweep, work_with};

/// The default of [`WorkerOptions::attempts`].
const ATTEMPTS: usize = 2;

/// A run of three epochs with eight steps each; checkpoints are saved at their ends.
fn one(root: &Path) -> (Store, RunId) {
    let store = open_with(root, &sweep(runs(1)), 1).unwrap().store;
    let run = store.record().runs[0].id.clone();
    (store, run)
}

/// Faults that strike once at each of these steps.
fn once(root: &Path, run: &RunId, steps: &[usize]) -> MockSettings {
    let fault = |&step: &usize| MockFault {
        run: run.clone(),
        step,
        kind: MockFaultKind::Once {
            marker: root.join(step.to_string()),
            kind: Box::new(MockFaultKind::Fails("now and then".into())),
        },
    };
    MockSettings { faults: steps.iter().map(fault).collect(), ..MockSettings::default() }
}

fn always(run: &RunId, step: usize) -> MockSettings {
    let kind = MockFaultKind::Fails("always".into());
    MockSettings { faults: vec![MockFault { run: run.clone(), step, kind }], ..MockSettings::default() }
}

/// Asks the worker to leave after so many faults.
struct LeaveAfterFaults {
    stop: Stop,
    left: usize,
}

impl Sink for LeaveAfterFaults {
    fn emit(&mut self, event: &Event) {
        if matches!(event, Event::Notice { message, .. } if message.contains("had a fault")) {
            self.left -= 1;
            if self.left == 0 {
                self.stop.request(15);
            }
        }
    }
}

/// Trains until that many faults have struck, and leaves the pack as it was then.
fn until_faults(store: &Store, settings: MockSettings, faults: usize) {
    let stop = Stop::default();
    let mut sink = LeaveAfterFaults { stop: stop.clone(), left: faults };
    let end = work(store, &options(), &mut MockExecutor::new(settings), &mut sink, &stop).unwrap();
    assert_eq!(end, WorkerEnd::Interrupted);
}

fn train(store: &Store, settings: MockSettings) -> usize {
    let events = work_with(store, settings, &options()).unwrap();
    events.iter().filter(|event| matches!(event, Event::PackStarted { .. })).count()
}

fn state(store: &Store) -> RunState {
    store.runs().unwrap()[0].state
}

/// What happens to the files of a run, or of the checkpoints of its pack.
type Damage = fn(&Store, &RunId);

fn lose_checkpoints(store: &Store, slots: &[usize], contents: &str) {
    let files = store.layout().pack(&store.record().packs[0].id);
    for slot in slots {
        assert!(files.checkpoint(*slot).exists());
        std::fs::write(files.checkpoint(*slot), contents).unwrap();
    }
}

#[test]
fn a_pack_that_lost_its_checkpoints_has_its_attempts_again() {
    let damages: [Damage; 3] = [
        |store, _| lose_checkpoints(store, &[0, 1], "SWEEPCKP"),
        |store, _| lose_checkpoints(store, &[0, 1], &"SWEEPCKP".repeat(9)),
        |store, run| std::fs::write(store.layout().run(run).run_json(), "{").unwrap(),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let root = scratch();
        let (store, run) = one(root.path());
        until_faults(&store, once(root.path(), &run, &[11, 19]), 2);
        damage(&store, &run);
        // One attempt fails before the first checkpoint, and one is left.
        assert_eq!(train(&store, once(root.path(), &run, &[3])), 2, "damage {number}");
        assert_eq!(state(&store), RunState::Completed, "damage {number}");
    }
}

#[test]
fn a_pack_that_lost_its_checkpoints_and_fails_again_and_again_has_failed() {
    for contents in ["SWEEPCKP", &"SWEEPCKP".repeat(9)] {
        let root = scratch();
        let (store, run) = one(root.path());
        until_faults(&store, once(root.path(), &run, &[11, 19]), 2);
        lose_checkpoints(&store, &[0, 1], contents);
        assert_eq!(train(&store, always(&run, 3)), ATTEMPTS);
        assert_eq!(state(&store), RunState::Failed);
        assert_eq!(train(&store, MockSettings::default()), 0, "it is tried again only where that is asked for");
    }
}

/// A fault at each of two checkpoints was overcome once, and the newer checkpoint is lost.
#[test]
fn a_pack_that_goes_on_from_the_checkpoint_before_has_an_attempt() {
    let root = scratch();
    let (store, run) = one(root.path());
    until_faults(&store, once(root.path(), &run, &[11, 19]), 2);
    let files = store.layout().pack(&store.record().packs[0].id);
    let sequence = |slot: usize| std::fs::read(files.checkpoint(slot)).unwrap()[12];
    let newest = if sequence(0) > sequence(1) { 0 } else { 1 };
    lose_checkpoints(&store, &[newest], "SWEEPCKP");
    assert_eq!(train(&store, MockSettings::default()), 1);
    assert_eq!(state(&store), RunState::Completed);
}

#[test]
fn a_run_that_is_to_be_done_again_has_its_attempts_again() {
    let damages: [Damage; 3] = [
        |store, run| std::fs::remove_dir_all(store.layout().run(run).folder()).unwrap(),
        |store, run| std::fs::write(store.layout().run(run).result_json(), "{").unwrap(),
        // As it was left by a version that noted nothing about faults that were overcome.
        |store, run| {
            std::fs::remove_file(store.layout().pack(&store.record().packs[0].id).overcome()).unwrap();
            std::fs::remove_dir_all(store.layout().run(run).folder()).unwrap();
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        let root = scratch();
        let (store, run) = one(root.path());
        train(&store, once(root.path(), &run, &[3, 11, 19]));
        assert_eq!(state(&store), RunState::Completed);
        assert_eq!(store.faults(&store.record().packs[0].id).unwrap().len(), 3, "they stay on record");
        damage(&store, &run);
        assert_eq!(train(&store, once(root.path(), &run, &[4, 12])), 3, "damage {number}");
        assert_eq!(state(&store), RunState::Completed, "damage {number}");
    }
}

#[test]
fn a_run_that_had_failed_and_whose_folder_was_deleted_has_its_attempts_again() {
    let root = scratch();
    let (store, run) = one(root.path());
    for _ in 0..2 {
        assert_eq!(train(&store, always(&run, 3)), ATTEMPTS);
        assert_eq!(state(&store), RunState::Failed);
        std::fs::remove_dir_all(store.layout().run(&run).folder()).unwrap();
    }
    let options = WorkerOptions { attempts: 1, ..options() };
    work_with(&store, MockSettings::default(), &options).unwrap();
    assert_eq!(state(&store), RunState::Completed);
}
