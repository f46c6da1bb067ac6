//! Runs that stop before their last epoch: what they leave, how they stand, and how they go on.

use std::collections::BTreeMap;

use sweep::event::{Event, Outcome, StopReason};
use sweep::spec::{EarlyStopping, RunId};
use sweep::store::{RunProgress, RunState, Store, seconds_left};

use crate::mock::MockSettings;
use crate::support::{files, finished, go_on, options, planned, planner, runs, scratch, timeless, work_with};

/// Runs of these tests: of 3, 5, 3 and 3 epochs.
const RUNS: usize = 4;

fn train(store: &Store) -> Vec<Event> {
    work_with(store, MockSettings::default(), &options()).unwrap()
}

fn states(store: &Store) -> Vec<RunState> {
    store.runs().unwrap().iter().map(|view| view.state).collect()
}

#[test]
fn a_stopped_run_has_a_state_of_its_own_and_all_that_a_run_leaves() {
    let root = scratch();
    let store = planned(root.path(), runs(RUNS), &[(1, 2)]);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed, RunState::Stopped, RunState::Completed, RunState::Completed]);
    let view = &store.runs().unwrap()[1];
    assert_eq!(view.reason.as_deref(), Some("after epoch 2 of 5: it was planned no further"));
    assert_eq!((view.stopped_after, view.epochs), (Some(2), 2));
    assert!(view.state.is_final() && !view.state.is_settled());
    let result = store.result(&view.run.id).unwrap().unwrap();
    assert_eq!(result.outcome, Outcome::Stopped { epoch: 2, because: StopReason::Pause });
    assert!(!result.is_completed() && result.has_adapter());
    let values = store.values(&view.run.id).unwrap();
    assert_eq!(values.len(), 2);
    assert_eq!(result.best.unwrap().metric(view.run.spec.metric_for_best), values.iter().copied().fold(0.0, f64::max));
    assert_eq!(store.examine(&view.run.id).unwrap(), Vec::<String>::new());
    assert!(store.refresh_index().unwrap());
    let index = std::fs::read_to_string(store.layout().runs_csv()).unwrap();
    let line = index.lines().find(|line| line.starts_with(&view.run.id.0)).unwrap();
    assert!(line.contains(",stopped,") && line.contains("after epoch 2 of 5"), "{line}");
    let log = store.log(&view.run.id).unwrap().join("\n");
    assert!(log.contains("stopped after epoch 2, as planned"), "{log}");
}

/// A search tells no more than the next rung: what is beyond it is not planned, and most of it never will be.
#[test]
fn only_what_is_planned_counts_as_left() {
    let root = scratch();
    let store = planned(root.path(), runs(RUNS), &[(1, 2)]);
    let planned_epochs: Vec<usize> = store.runs().unwrap().iter().map(|view| view.planned_epochs).collect();
    assert_eq!(planned_epochs, [3, 2, 3, 3]);
    let mut views = store.runs().unwrap();
    let progress = RunProgress {
        epoch: 2,
        epochs: 3,
        step: 10,
        steps: 30,
        train_loss: None,
        examples_per_second: None,
        seconds_left: Some(2.0),
    };
    (views[0].state, views[0].progress) = (RunState::Running, Some(progress));
    (views[0].epochs, views[0].seconds) = (1, 1.0);
    // Two seconds of the one that runs, and two, three and three epochs of a second.
    assert_eq!(seconds_left(views.iter()), Some(10.0));
    train(&store);
    let view = &store.runs().unwrap()[1];
    assert_eq!((view.epochs, view.planned_epochs), (2, 2));
}

#[test]
fn a_stopped_run_is_not_trained_on_by_itself() {
    let root = scratch();
    let store = planned(root.path(), runs(RUNS), &[(1, 2)]);
    train(&store);
    let before = files(store.layout().folder());
    assert_eq!(train(&store), []);
    assert!(store.retry_failed(None).unwrap().runs.is_empty());
    assert_eq!(states(&store)[1], RunState::Stopped);
    let kept = |files: &BTreeMap<std::path::PathBuf, Vec<u8>>| {
        files
            .iter()
            .filter(|(path, _)| path.starts_with("runs"))
            .map(|(_, contents)| contents.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(&files(store.layout().folder())), kept(&before));
}

/// Stopped twice on the way, in packs with others: what comes of it is what comes of a run that is trained in one.
#[test]
fn runs_that_stop_on_the_way_come_to_the_same() {
    let (root, whole) = (scratch(), scratch());
    let whole = timeless(finished(whole.path(), RUNS).layout().folder());
    let mut store = planned(root.path(), runs(RUNS), &[(0, 1), (1, 1), (2, 2)]);
    train(&store);
    let stopped = [RunState::Stopped; 3];
    assert_eq!(states(&store), [&stopped[..], &[RunState::Completed]].concat());
    go_on(&mut store, &[0, 1], Some(2));
    assert_eq!(states(&store)[..3], [RunState::Waiting, RunState::Waiting, RunState::Stopped]);
    let events = train(&store);
    let resumed: Vec<bool> = events
        .iter()
        .filter_map(|event| match event {
            Event::RunStarted { step, .. } => Some(*step > 0),
            _ => None,
        })
        .collect();
    assert_eq!(resumed, [true, true], "nothing is trained twice");
    assert_eq!(states(&store), [&stopped[..], &[RunState::Completed]].concat());
    go_on(&mut store, &[1, 2, 0], None);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed; RUNS]);
    assert_eq!(timeless(store.layout().folder()), whole);
}

#[test]
fn where_the_sweep_file_no_longer_stops_them_they_come_to_their_end() {
    let (root, whole) = (scratch(), scratch());
    let whole = timeless(finished(whole.path(), RUNS).layout().folder());
    train(&planned(root.path(), runs(RUNS), &[(0, 1), (1, 2)]));
    let store = planned(root.path(), runs(RUNS), &[]);
    assert_eq!(states(&store)[..2], [RunState::Waiting; 2]);
    train(&store);
    assert_eq!(timeless(store.layout().folder()), whole);
}

/// A worker may die between any two writes. The records of the stop and the state that it is gone on from are written one
/// after the other, and either may be damaged later.
#[test]
fn a_lost_record_or_state_of_a_stop_costs_time_only() {
    let (root, whole) = (scratch(), scratch());
    let whole = timeless(finished(whole.path(), RUNS).layout().folder());
    type Damage = fn(&Store, &RunId);
    let damages: [Damage; 5] = [
        |store, run| std::fs::remove_file(store.layout().run(run).result_json()).unwrap(),
        |store, run| std::fs::write(store.layout().run(run).result_json(), "{").unwrap(),
        |store, run| std::fs::remove_file(store.layout().run(run).checkpoint()).unwrap(),
        |store, run| std::fs::write(store.layout().run(run).checkpoint(), "SWEEPCKP").unwrap(),
        |store, run| {
            std::fs::remove_file(store.layout().run(run).result_json()).unwrap();
            std::fs::remove_file(store.layout().run(run).checkpoint()).unwrap();
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        let place = root.path().join(number.to_string());
        let mut store = planned(&place, runs(RUNS), &[(0, 1), (1, 2)]);
        train(&store);
        go_on(&mut store, &[0, 1], None);
        for run in [0, 1] {
            damage(&store, &store.record().runs[run].id);
        }
        train(&store);
        assert_eq!(states(&store), [RunState::Completed; RUNS], "damage {number}");
        assert_eq!(timeless(store.layout().folder()), whole, "damage {number}");
    }
}

#[test]
fn early_stopping_ends_a_run_and_nothing_but_a_request_takes_it_further() {
    let (root, whole) = (scratch(), scratch());
    let mut planned_runs = runs(RUNS);
    // The mock's accuracies do not rise by this much.
    planned_runs[1].spec.early_stopping = Some(EarlyStopping { min_delta: 0.5, patience: 2 });
    let mut store = planned(root.path(), planned_runs.clone(), &[(1, 4)]);
    train(&store);
    let id = store.record().runs[1].id.clone();
    let view = store.runs().unwrap().swap_remove(1);
    assert_eq!(view.state, RunState::Stopped);
    assert_eq!(
        view.reason.as_deref(),
        Some(
            "after epoch 3 of 5, by its early_stopping: accuracy did not improve by more than 0.5 in 2 evaluations in a row"
        )
    );
    // Its search may let it go on; it has ended all the same.
    go_on(&mut store, &[1], None);
    assert_eq!(store.record().packs.iter().filter(|pack| pack.runs().any(|run| *run == id)).count(), 1);
    assert_eq!(train(&store), []);
    assert_eq!(states(&store)[1], RunState::Stopped);
    let alone = planned(whole.path(), planned_runs, &[]);
    train(&alone);
    assert_eq!(
        timeless(store.layout().folder()),
        timeless(alone.layout().folder()),
        "wherever its search would stop it"
    );
}

#[test]
fn who_asks_for_it_has_a_stopped_run_trained_further() {
    let (root, whole) = (scratch(), scratch());
    let whole = finished(whole.path(), RUNS);
    let mut planned_runs = runs(RUNS);
    planned_runs[1].spec.early_stopping = Some(EarlyStopping { min_delta: 0.5, patience: 2 });
    let mut store = planned(root.path(), planned_runs, &[(0, 1)]);
    train(&store);
    let ids: Vec<RunId> = store.record().runs.iter().map(|run| run.id.clone()).collect();
    let extend = |store: &mut Store, runs: &[usize], until| {
        let chosen = runs.iter().map(|&run| ids[run].clone()).collect();
        let extended = store.extend(&chosen, until, &["extend".to_owned()], &planner(4)).unwrap();
        store.reload().unwrap();
        extended
    };
    assert_eq!(extend(&mut store, &[2, 3], None), [], "they are completed");
    assert_eq!(extend(&mut store, &[1], Some(3)), [], "it was trained as far");
    assert_eq!(extend(&mut store, &[0, 1], Some(4)), ids[..2]);
    assert_eq!(extend(&mut store, &[0, 1], None), [], "they are planned further already");
    assert_eq!(states(&store)[..2], [RunState::Waiting; 2]);
    train(&store);
    let views = store.runs().unwrap();
    assert_eq!(states(&store)[..2], [RunState::Completed, RunState::Stopped]);
    assert_eq!(views[1].reason.as_deref(), Some("after epoch 4 of 5, to which it was extended"));
    assert_eq!(train(&store), [], "it goes no further by itself");
    assert_eq!(extend(&mut store, &[1], None), [ids[1].clone()]);
    train(&store);
    assert_eq!(states(&store), [RunState::Completed; RUNS]);
    let from = |run: usize| store.result(&ids[run]).unwrap().unwrap().extended_from;
    assert_eq!([from(0), from(1), from(2)], [Some(1), Some(3), None]);
    for run in &ids {
        let left = |store: &Store| {
            let files = store.layout().run(run);
            [files.adapter_weights(), files.predictions_csv()].map(|path| std::fs::read(path).unwrap())
        };
        assert_eq!(left(&store), left(&whole), "{run}");
        assert!(!store.layout().run(run).checkpoint().exists());
    }
    assert!(store.log(&ids[1]).unwrap().join("\n").contains("extended: it is to go on from epoch 3 to epoch 4"));
}
