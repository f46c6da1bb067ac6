//! A plan that grows, and what becomes of it when the sweep file changes or the plan is damaged.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sweep::spec::{PlannedRun, RunId, Sweep};
use sweep::store::{
    DecidingResult, ExecutorKind, Growth, Opened, PlanInput, PlannedSearch, RunState, Store, StoreError,
};

use crate::support::{YAML, claims, finished, open, planner, run, runs, scratch, sweep};

const FIRST: usize = 3;

fn open_for(root: &std::path::Path, sweep: &Sweep, search: &str) -> Opened {
    let input = PlanInput {
        sweep,
        search: PlannedSearch::named(search),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: Default::default(),
        claims: claims("planner"),
    };
    Store::create_or_open(root, &input, &planner(4)).unwrap()
}

fn results(runs: &[RunId]) -> Vec<DecidingResult> {
    let result = |(n, run): (usize, &RunId)| DecidingResult {
        run: run.clone(),
        value: Some(n as f64 / 3.0),
        paused_at: None,
        epochs: None,
    };
    runs.iter().enumerate().map(result).collect()
}

/// Runs that no design of these tests has.
fn further(count: usize) -> Vec<PlannedRun> {
    (0..count).map(|number| run("further", 1 + number as u64, |spec| spec.rank = 64)).collect()
}

fn grow(store: &mut Store, runs: &[PlannedRun]) -> Result<bool, StoreError> {
    store.reload().unwrap();
    let newest = store.record().runs_by_generation().pop().unwrap();
    let grown = store.grow(
        &Growth {
            search: "test",
            definition: None,
            tokens_per_second: None,
            points: &[],
            results: results(&newest),
            runs,
            until: BTreeMap::new(),
        },
        &planner(4),
    );
    store.reload().unwrap();
    grown
}

/// A design all of whose runs but the last pause after their first epoch.
fn paused(root: &std::path::Path) -> Store {
    let sweep = sweep(runs(FIRST));
    let until = sweep.runs[..FIRST - 1].iter().map(|run| (run.id.clone(), 1)).collect();
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("test"),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until,
        claims: claims("planner"),
    };
    Store::create_or_open(root, &input, &planner(4)).unwrap().store
}

/// Lets runs go on that are in the plan already; `until`: where they pause again.
fn go_on(store: &mut Store, runs: &[usize], until: Option<usize>) -> Result<bool, StoreError> {
    let runs: Vec<PlannedRun> = runs.iter().map(|&run| store.record().runs[run].planned()).collect();
    let until = until.iter().flat_map(|until| runs.iter().map(|run| (run.id.clone(), *until))).collect();
    let newest = store.record().runs_by_generation().pop().unwrap();
    let grown = store.grow(
        &Growth {
            search: "test",
            definition: None,
            tokens_per_second: None,
            points: &[],
            results: results(&newest),
            runs: &runs,
            until,
        },
        &planner(4),
    );
    store.reload().unwrap();
    grown
}

/// A finished design with a second generation.
fn grown(root: &std::path::Path) -> Store {
    let mut store = finished(root, FIRST);
    assert!(grow(&mut store, &further(2)).unwrap());
    store
}

#[test]
fn a_generation_comes_after_those_that_were_there() {
    let root = scratch();
    let mut store = grown(root.path());
    let states: Vec<RunState> = store.runs().unwrap().iter().map(|view| view.state).collect();
    assert_eq!(states, [[RunState::Completed; FIRST].as_slice(), &[RunState::Pending; 2]].concat());
    let changes = &store.record().runs[FIRST].changes;
    assert_eq!(changes.as_ref().unwrap().get("rank"), Some(&json!(64)), "compared with base");
    let third: Vec<PlannedRun> = further(5).split_off(2);
    assert!(grow(&mut store, &third).unwrap());
    let sizes: Vec<usize> = store.record().runs_by_generation().iter().map(Vec::len).collect();
    assert_eq!(sizes, [FIRST, 2, 3]);
    assert_eq!(Store::open(store.layout().folder()).unwrap().record(), store.record());
}

#[test]
fn who_saw_another_plan_adds_nothing() {
    let root = scratch();
    let mut store = finished(root.path(), FIRST);
    let seen = store.record().runs_by_generation().pop().unwrap();
    assert!(grow(&mut store, &further(2)).unwrap());
    let before = std::fs::read(store.layout().sweep_json()).unwrap();
    let late = Growth {
        search: "test",
        definition: None,
        tokens_per_second: None,
        points: &[],
        results: results(&seen),
        runs: &further(3),
        until: BTreeMap::new(),
    };
    assert!(!store.grow(&late, &planner(4)).unwrap());
    assert_eq!(std::fs::read(store.layout().sweep_json()).unwrap(), before);
}

/// Where the best configuration alone goes from rung to rung, generation after generation has the same runs.
#[test]
fn who_saw_an_earlier_generation_of_the_same_runs_adds_nothing() {
    let root = scratch();
    let mut store = paused(root.path());
    assert!(go_on(&mut store, &[0], Some(2)).unwrap());
    let late = Store::open(store.layout().folder()).unwrap();
    assert!(go_on(&mut store, &[0], Some(3)).unwrap());
    let before = std::fs::read(store.layout().sweep_json()).unwrap();
    let run = late.record().runs[0].planned();
    let growth = Growth {
        search: "test",
        definition: None,
        tokens_per_second: None,
        points: &[],
        results: results(std::slice::from_ref(&run.id)),
        until: BTreeMap::from([(run.id.clone(), 3)]),
        runs: &[run],
    };
    assert!(!late.grow(&growth, &planner(4)).unwrap());
    assert_eq!(std::fs::read(store.layout().sweep_json()).unwrap(), before);
}

#[test]
fn a_run_is_chosen_once() {
    let root = scratch();
    let mut store = grown(root.path());
    let error = grow(&mut store, &further(1)).unwrap_err();
    assert!(error.to_string().contains("the search `test` gave run"), "{error}");
    assert_eq!(store.record().generations.len(), 2);
}

#[test]
fn the_same_sweep_opened_again_keeps_its_generations() {
    let root = scratch();
    let store = grown(root.path());
    let opened = open_for(root.path(), &sweep(runs(FIRST)), "test");
    assert_eq!(opened.store.record(), store.record());
    assert!(opened.added.is_empty() && opened.removed.is_empty() && opened.notices.is_empty(), "{opened:?}");
}

/// A search may repeat a configuration with further seeds; that is no change of the seeds that the sweep file has.
#[test]
fn further_seeds_that_a_search_chose_are_no_change_of_the_sweep_file() {
    let root = scratch();
    let design = runs(7);
    let mut store = finished(root.path(), 7);
    let further: Vec<PlannedRun> = [8, 9].map(|seed| run("base", seed, |_| {})).to_vec();
    assert!(grow(&mut store, &further).unwrap());
    let opened = open_for(root.path(), &sweep(design), "test");
    assert!(opened.notices.is_empty() && opened.store.record().deciding.is_empty(), "{:?}", opened.notices);
    assert_eq!(opened.store.record(), store.record());
}

#[test]
fn other_first_runs_or_another_method_begin_anew() {
    for (first, search) in [(FIRST + 1, "test"), (FIRST - 1, "test"), (FIRST, "design")] {
        let root = scratch();
        let store = grown(root.path());
        let further = store.record().runs_by_generation().pop().unwrap();
        let opened = open_for(root.path(), &sweep(runs(first)), search);
        let record = opened.store.record();
        assert!(record.generations.is_empty());
        assert!(further.iter().all(|run| opened.removed.contains(run)));
        assert!(further.iter().all(|run| record.runs.iter().any(|entry| entry.id == *run && entry.removed)));
        insta::allow_duplicates! {
            insta::assert_snapshot!(opened.notices.join("\n"), @"the search begins anew, because its first runs, or what it chooses by, changed: 2 runs that it had chosen are no longer in the sweep, unless it chooses them again; results are kept");
        }
    }
}

#[test]
fn a_removed_run_may_be_chosen_again() {
    let root = scratch();
    let store = grown(root.path());
    let packs = store.record().packs.clone();
    let mut store = open(root.path(), &sweep(runs(FIRST))).unwrap().store;
    assert!(grow(&mut store, &further(2)).unwrap());
    assert_eq!(store.record().packs, packs, "they are in their packs already");
    assert!(store.record().runs.iter().all(|entry| !entry.removed));
}

#[test]
fn a_generation_that_was_changed_is_noticed() {
    let root = scratch();
    let store = grown(root.path());
    let path = store.layout().sweep_json();
    let whole: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let changes: [fn(&mut Value); 8] = [
        |plan| plan["generations"][1]["results"][0]["value"] = json!(0.25),
        |plan| plan["generations"][1]["search"] = json!("other"),
        |plan| drop(plan["generations"][1]["runs"].as_array_mut().unwrap().pop()),
        |plan| plan["generations"][0]["runs"].as_array_mut().unwrap().reverse(),
        |plan| drop(plan["generations"].as_array_mut().unwrap().remove(0)),
        |plan| drop(plan["generations"].as_array_mut().unwrap().pop()),
        |plan| plan["runs"][FIRST]["removed"] = json!(true),
        |plan| plan["generations"][1]["checksum"] = json!(""),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut plan = whole.clone();
        change(&mut plan);
        std::fs::write(&path, serde_json::to_vec(&plan).unwrap()).unwrap();
        let error = Store::open(store.layout().folder()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "change {number}: {error}");
        assert!(error.to_string().contains("generation"), "change {number}: {error}");
    }
    std::fs::write(&path, serde_json::to_vec(&whole).unwrap()).unwrap();
    assert_eq!(Store::open(store.layout().folder()).unwrap().record(), store.record());
}

/// The text that checksums of plans are made of.
#[test]
fn the_checksum_of_a_generation_is_pinned() {
    let root = scratch();
    let store = grown(root.path());
    let sums: Vec<&str> = store.record().generations.iter().map(|generation| &generation.checksum[..12]).collect();
    assert_eq!(sums, ["823325e82a79", "84a6c36e62c3"]);
}

#[test]
fn a_run_that_pauses_goes_on_in_a_later_generation() {
    let root = scratch();
    let mut store = paused(root.path());
    assert!(go_on(&mut store, &[0, 1], Some(2)).unwrap());
    assert!(go_on(&mut store, &[1], None).unwrap());
    let record = store.record();
    let ids: Vec<RunId> = record.runs.iter().map(|run| run.id.clone()).collect();
    assert_eq!(ids.len(), FIRST, "nobody is there twice");
    assert_eq!(record.runs_by_generation(), [ids.clone(), ids[..2].to_vec(), vec![ids[1].clone()]]);
    let pauses = |runs: &[RunId], epoch: usize| runs.iter().map(|run| (run.clone(), epoch)).collect();
    let expected: [BTreeMap<RunId, usize>; 3] = [pauses(&ids[..2], 1), pauses(&ids[..2], 2), BTreeMap::new()];
    assert_eq!(record.generations.iter().map(|generation| generation.until.clone()).collect::<Vec<_>>(), expected);
    let of = |run: &RunId| record.packs.iter().filter(|pack| pack.runs().any(|other| other == run)).count();
    assert_eq!(ids.iter().map(of).collect::<Vec<_>>(), [2, 3, 1]);
    assert_eq!(Store::open(store.layout().folder()).unwrap().record(), store.record());
    let opened = open_for(root.path(), &sweep(runs(FIRST)), "test");
    assert_eq!(opened.store.record().generations, store.record().generations);
    assert_eq!(opened.store.record().runs, store.record().runs);
}

#[test]
fn a_run_goes_on_only_from_a_pause_and_only_further() {
    let root = scratch();
    let mut store = paused(root.path());
    for (run, until) in [(2, None), (2, Some(2)), (0, Some(1))] {
        let error = go_on(&mut store, &[run], until).unwrap_err();
        assert!(error.to_string().contains("a second time"), "{error}");
    }
    assert!(go_on(&mut store, &[0], None).unwrap());
    let error = go_on(&mut store, &[0], None).unwrap_err();
    assert!(error.to_string().contains("a second time"), "{error}");
    assert_eq!(Store::open(store.layout().folder()).unwrap().record(), store.record());
}

/// What is done to a plan.
type Damage<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_plan_that_trains_an_epoch_twice_is_damaged() {
    let root = scratch();
    let mut store = paused(root.path());
    assert!(go_on(&mut store, &[0, 1], Some(2)).unwrap());
    let path = store.layout().sweep_json();
    let whole: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let first = store.record().runs[0].id.0.clone();
    let changes: [(Damage<'_>, &str); 4] = [
        (&|plan| plan["generations"][1]["until"][&first] = json!(3), "generation 2"),
        (&|plan| plan["packs"].as_array_mut().unwrap().reverse(), "two packs"),
        (&|plan| plan["packs"][1]["until"][&first] = json!(7), "cannot pause"),
        (&|plan| plan["packs"][0]["until"]["unknown"] = json!(1), "has it not"),
    ];
    for (change, expected) in changes {
        let mut plan = whole.clone();
        change(&mut plan);
        std::fs::write(&path, serde_json::to_vec(&plan).unwrap()).unwrap();
        let error = Store::open(store.layout().folder()).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}
