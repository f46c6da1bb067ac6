//! Creating a results folder, and opening it with a changed sweep.

use std::cell::Cell;

use sweep::execute::pack_of;
use sweep::spec::{PackPlan, PlannedRun, RunId, Segment};
use sweep::store::{ExecutorKind, PlanInput, PlannedSearch, Planner, RunState, Store, StoreError};

use crate::mock::MockSettings;
use crate::support::{
    YAML, claims, files, finished, open, open_with, options, planner, run, runs, scratch, sweep, timeless, work_with,
};

fn ids(runs: &[PlannedRun]) -> Vec<RunId> {
    runs.iter().map(|run| run.id.clone()).collect()
}

#[test]
fn the_plan_stands_before_anything_runs() {
    let root = scratch();
    let opened = open(root.path(), &sweep(runs(6))).unwrap();
    assert!(opened.created && opened.removed.is_empty() && opened.notices.is_empty());
    assert_eq!(opened.added, ids(&runs(6)));
    let record = Store::open(opened.store.layout().folder()).unwrap().record().clone();
    let planned: Vec<RunId> = record.runs.iter().map(|entry| entry.id.clone()).collect();
    assert_eq!(planned, ids(&runs(6)));
    assert_eq!(record.packs.iter().flat_map(|pack| pack.places.iter().flatten()).count(), 6);
    assert_eq!(record.command, ["sweep", "run"]);
    assert!(opened.store.runs().unwrap().iter().all(|view| view.state == RunState::Pending && view.pack.is_some()));
}

#[test]
fn the_same_sweep_again_changes_no_byte() {
    let root = scratch();
    let store = finished(root.path(), 5);
    let before = files(store.layout().folder());
    let opened = open(root.path(), &sweep(runs(5))).unwrap();
    assert!(!opened.created && opened.added.is_empty() && opened.removed.is_empty());
    assert_eq!(files(store.layout().folder()), before);
}

#[test]
fn completed_runs_are_not_done_again() {
    let root = scratch();
    let store = finished(root.path(), 5);
    let events = work_with(&store, MockSettings::default(), &options()).unwrap();
    assert_eq!(events, []);
}

#[test]
fn a_changed_sweep_adds_and_removes_by_id_and_touches_nobody_else() {
    let root = scratch();
    let store = finished(root.path(), 5);
    let before = timeless(&store.layout().folder().join("runs"));
    let mut changed = runs(5);
    let gone = changed.remove(3);
    let new = run("rank=64", 1, |spec| spec.rank = 64);
    changed.push(new.clone());
    let opened = open(root.path(), &sweep(changed)).unwrap();
    assert_eq!((&opened.added, &opened.removed), (&vec![new.id.clone()], &vec![gone.id.clone()]));
    let events = work_with(&opened.store, MockSettings::default(), &options()).unwrap();
    assert_eq!(finished_runs(&events), std::slice::from_ref(&new.id));

    let after = timeless(&store.layout().folder().join("runs"));
    assert!(before.iter().all(|(path, contents)| after.get(path) == Some(contents)));
    let views = opened.store.runs().unwrap();
    let removed: Vec<&RunId> = views.iter().filter(|view| view.removed).map(|view| &view.run.id).collect();
    assert_eq!(removed, [&gone.id]);
    let index = std::fs::read_to_string(store.layout().runs_csv()).unwrap();
    let line = index.lines().find(|line| line.starts_with(&gone.id.0)).unwrap();
    assert!(line.contains(",removed,"), "{line}");

    let back = open(root.path(), &sweep(runs(5))).unwrap();
    assert_eq!((back.added, back.removed), (vec![gone.id], vec![new.id]));
    let events = work_with(&back.store, MockSettings::default(), &options()).unwrap();
    assert_eq!(finished_runs(&events), Vec::<RunId>::new());
}

fn finished_runs(events: &[sweep::event::Event]) -> Vec<RunId> {
    let finished = |event: &sweep::event::Event| match event {
        sweep::event::Event::RunFinished { run, .. } => Some(run.clone()),
        _ => None,
    };
    events.iter().filter_map(finished).collect()
}

#[test]
fn packs_stay_as_they_were_planned_and_new_runs_get_new_ones() {
    let root = scratch();
    let before = open(root.path(), &sweep(runs(6))).unwrap().store.record().packs.clone();
    let after = open_with(root.path(), &sweep(runs(10)), 2).unwrap().store.record().packs.clone();
    assert_eq!(after[..before.len()], before);
    let new = &after[before.len()..];
    assert_eq!(new.iter().flat_map(|pack| pack.places.iter().flatten()).count(), 4);
    assert!(new.iter().all(|pack| pack.places.len() <= 2));
}

#[test]
fn the_planner_is_asked_only_about_selected_runs_without_a_pack_or_a_result() {
    let root = scratch();
    let sweep = sweep(runs(5));
    let command = [];
    let all = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &command,
        selected: None,
        until: Default::default(),
        claims: claims("planner"),
    };
    let two = sweep.runs[..2].iter().map(|run| run.id.clone()).collect();
    let asked = Cell::new(0);
    let counting = |runs: &[Segment]| {
        asked.set(asked.get() + runs.len());
        planner(4)(runs)
    };
    let opened =
        Store::create_or_open(root.path(), &PlanInput { selected: Some(&two), ..all.clone() }, &counting).unwrap();
    assert_eq!((asked.get(), opened.store.record().runs.len()), (2, 5));
    Store::create_or_open(root.path(), &all, &counting).unwrap();
    assert_eq!(asked.get(), 5);
    Store::create_or_open(root.path(), &all, &counting).unwrap();
    assert_eq!(asked.get(), 5);
}

#[test]
fn a_label_that_means_another_run_is_told_with_the_cause() {
    let root = scratch();
    finished(root.path(), 1);
    let same_label = |id: &str, epochs: usize| {
        let mut other = run("base", 1, |spec| spec.epochs = epochs);
        other.id = RunId(id.into());
        other
    };
    let opened = open(root.path(), &sweep(vec![same_label("aaaa00000000", 3)])).unwrap();
    insta::assert_snapshot!(opened.notices.join("\n"), @"run `base, seed=1` is not the one it was: the contents of its data or model changed. It is run aaaa00000000 now and starts anew; the results of run ad3fb9b07000 are kept");
    let opened = open(root.path(), &sweep(vec![same_label("bbbb00000000", 4)])).unwrap();
    insta::assert_snapshot!(opened.notices.join("\n"), @"run `base, seed=1` is not the one it was: epochs changed. It is run bbbb00000000 now and starts anew; the results of run aaaa00000000 are kept");
    assert_eq!(opened.store.runs().unwrap().len(), 3);
}

#[test]
fn a_run_removed_before_it_was_planned_leaves_no_trace() {
    let root = scratch();
    let both = sweep(runs(2));
    let only = [both.runs[0].id.clone()].into();
    let input = PlanInput {
        sweep: &both,
        search: PlannedSearch::named("design"),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: Some(&only),
        until: Default::default(),
        claims: claims("planner"),
    };
    Store::create_or_open(root.path(), &input, &planner(4)).unwrap();
    let opened = open(root.path(), &sweep(runs(1))).unwrap();
    assert_eq!(opened.store.record().runs.len(), 1);
}

#[test]
fn rehearsals_are_kept_apart() {
    let root = scratch();
    let sweep = sweep(runs(1));
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: YAML,
        rehearsal: true,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: Default::default(),
        claims: claims("planner"),
    };
    let rehearsal = Store::create_or_open(root.path(), &input, &planner(4)).unwrap().store;
    let real = open(root.path(), &sweep).unwrap().store;
    assert_ne!(rehearsal.layout(), real.layout());
    assert!(rehearsal.record().rehearsal && !real.record().rehearsal);
    std::fs::remove_dir_all(real.layout().folder()).unwrap();
    std::fs::rename(rehearsal.layout().folder(), real.layout().folder()).unwrap();
    let error = open(root.path(), &sweep).unwrap_err();
    assert!(matches!(error, StoreError::Rehearsal { .. }), "{error}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let root = scratch();
    for name in ["..", "a/b", "", ".hidden", "/elsewhere", "a\0b", &"x".repeat(300)] {
        let mut sweep = sweep(runs(1));
        sweep.name = name.to_owned();
        let error = open(root.path(), &sweep).unwrap_err();
        assert!(matches!(error, StoreError::Name { .. }), "{name:?}: {error}");
    }
    let mut sweep = sweep(runs(1));
    sweep.name = "Größe_1.2-b".into();
    open(root.path(), &sweep).unwrap();
}

#[test]
fn a_planner_that_loses_or_doubles_a_run_is_found_out() {
    let root = scratch();
    let sweep = sweep(runs(3));
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: Default::default(),
        claims: claims("planner"),
    };
    let loses = |runs: &[Segment]| vec![pack_of(vec![vec![runs[0].run.id.clone()], vec![runs[1].run.id.clone()]])];
    let doubles = |runs: &[Segment]| -> Vec<PackPlan> {
        runs.iter().chain(&runs[..1]).map(|segment| pack_of(vec![vec![segment.run.id.clone()]])).collect()
    };
    let empty = |runs: &[Segment]| {
        let mut places: Vec<Vec<RunId>> = runs.iter().map(|segment| vec![segment.run.id.clone()]).collect();
        places.push(Vec::new());
        vec![pack_of(places)]
    };
    let planners: [Planner<'_>; 3] = [&loses, &doubles, &empty];
    for planner in planners {
        let error = Store::create_or_open(root.path(), &input, planner).unwrap_err();
        assert!(matches!(error, StoreError::Plan { .. }), "{error}");
        assert!(!root.path().join("sample/sweep.json").exists());
    }
}

#[test]
fn a_reader_sees_a_plan_that_changed() {
    let root = scratch();
    let mut reader = open(root.path(), &sweep(runs(2))).unwrap().store;
    open(root.path(), &sweep(runs(3))).unwrap();
    assert_eq!(reader.record().runs.len(), 2);
    reader.reload().unwrap();
    assert_eq!(reader.record().runs.len(), 3);
}

#[test]
fn a_damaged_plan_is_made_anew_around_the_results() {
    let root = scratch();
    let store = finished(root.path(), 5);
    let before = timeless(store.layout().folder());
    let plan = store.layout().sweep_json();
    std::fs::write(&plan, "{").unwrap();
    let error = open(root.path(), &sweep(runs(5))).unwrap_err();
    assert!(error.to_string().contains("move it away and run the sweep again"), "{error}");
    std::fs::remove_file(&plan).unwrap();
    let opened = open(root.path(), &sweep(runs(6))).unwrap();
    let events = work_with(&opened.store, MockSettings::default(), &options()).unwrap();
    assert_eq!(finished_runs(&events), [runs(6)[5].id.clone()]);
    let after = timeless(store.layout().folder());
    for (path, contents) in before {
        if path.starts_with("runs") {
            assert_eq!(after.get(&path), Some(&contents), "{path:?}");
        }
    }
}
