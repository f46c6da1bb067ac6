//! Seeds and looks as they were planned before results could be seen.

use std::collections::{BTreeMap, BTreeSet};

use sweep::execute::WorkerOptions;
use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric, PlannedRun, RunId, Sweep, Vary};
use sweep::store::{Opened, Store};

use crate::mock::MockSettings;
use crate::support::{open, options, run, scratch, sweep, work_with};

/// Two configurations with these seeds.
fn seeds(seeds: &[u64]) -> Vec<PlannedRun> {
    let of = |seed: &u64| [run("base", *seed, |_| {}), run("rank=2", *seed, |spec| spec.rank = 2)];
    seeds.iter().flat_map(of).collect()
}

fn with_looks(runs: Vec<PlannedRun>, looks: &[usize]) -> Sweep {
    Sweep { looks: looks.to_vec(), ..sweep(runs) }
}

fn deciding(opened: &Opened) -> BTreeMap<String, Vec<u64>> {
    opened.store.record().deciding.clone()
}

fn both(seeds: &[u64]) -> BTreeMap<String, Vec<u64>> {
    ["base", "rank=2"].map(|name| (name.to_owned(), seeds.to_vec())).into()
}

fn train(store: &Store, seeds: &[u64]) {
    let only: BTreeSet<RunId> = self::seeds(seeds).into_iter().map(|run| run.id).collect();
    work_with(store, MockSettings::default(), &WorkerOptions { only: Some(only), ..options() }).unwrap();
}

#[test]
fn seeds_that_come_after_results_decide_nothing() {
    let root = scratch();
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]))).unwrap();
    let plan = std::fs::read_to_string(opened.store.layout().sweep_json()).unwrap();
    assert!(!plan.contains("deciding") && !plan.contains("looks"), "a plan without looks is as it was");
    train(&opened.store, &[1, 2, 3]);
    // More of them, other ones, and fewer.
    for later in [&[1, 2, 3, 4, 5][..], &[4, 5, 6], &[1, 2], &[1, 2, 3, 4]] {
        let opened = open(root.path(), &sweep(seeds(later))).unwrap();
        assert_eq!(deciding(&opened), both(&[1, 2, 3]), "{later:?}");
        let notice = opened.notices.join("\n");
        assert!(notice.contains("the seeds of `base` and 1 other configuration changed after results"), "{notice}");
        assert!(notice.contains("(seed 1, 2, 3)"), "{notice}");
    }
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]))).unwrap();
    assert!(deciding(&opened).is_empty() && opened.notices.is_empty());
}

#[test]
fn a_plan_may_change_while_nothing_can_be_seen() {
    let root = scratch();
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]))).unwrap();
    assert!(deciding(&open(root.path(), &with_looks(seeds(&[1, 2]), &[2])).unwrap()).is_empty());
    // One seed tells nothing of the noise.
    train(&opened.store, &[1]);
    let opened = open(root.path(), &with_looks(seeds(&[1, 2, 3, 4]), &[2, 3])).unwrap();
    assert!(deciding(&opened).is_empty() && opened.notices.is_empty(), "{:?}", opened.notices);
    assert_eq!(opened.store.record().looks, [2, 3]);
    train(&opened.store, &[2]);
    let opened = open(root.path(), &with_looks(seeds(&[1, 2, 3, 4, 5]), &[2, 3])).unwrap();
    assert_eq!(deciding(&opened), both(&[1, 2, 3, 4]));
}

#[test]
fn looks_are_declared_before_results() {
    let root = scratch();
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]))).unwrap();
    train(&opened.store, &[1, 2]);
    let opened = open(root.path(), &with_looks(seeds(&[1, 2, 3]), &[2])).unwrap();
    assert!(opened.store.record().looks.is_empty());
    assert!(opened.notices[0].contains("`looks` changed after results were there (none before, [2] now)"));
}

#[test]
fn a_configuration_is_the_same_under_another_name_and_another_one_with_other_data() {
    let root = scratch();
    let opened = open(root.path(), &sweep(seeds(&[1, 2]))).unwrap();
    train(&opened.store, &[1, 2]);
    let renamed = |run: PlannedRun| PlannedRun { configuration: format!("new {}", run.configuration), ..run };
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]).into_iter().map(renamed).collect())).unwrap();
    assert_eq!(opened.store.record().deciding["new base"], [1, 2]);
    let other = |run: PlannedRun| PlannedRun { id: RunId(run.id.0.chars().rev().collect()), ..run };
    let opened = open(root.path(), &sweep(seeds(&[1, 2, 3]).into_iter().map(other).collect())).unwrap();
    assert!(deciding(&opened).is_empty(), "{:?}", deciding(&opened));
}

fn hypothesis(id: &str, margin: f64) -> Hypothesis {
    let (treatments, metric) = (vec!["rank=2".to_owned()], HypothesisMetric::Best(Metric::ACCURACY));
    let vary = Vary { parameter: "rank".to_owned(), treatments, baseline: "base".to_owned() };
    let claim = format!("Claim {id}.");
    Hypothesis { id: id.to_owned(), claim, vary, metric, expect: Expectation::Higher, margin: Some(margin) }
}

#[test]
fn hypotheses_that_come_or_go_after_results_are_known() {
    let root = scratch();
    let with = |hypotheses: &[(&str, f64)]| Sweep {
        hypotheses: hypotheses.iter().map(|(id, margin)| hypothesis(id, *margin)).collect(),
        ..sweep(seeds(&[1, 2]))
    };
    let known = |hypotheses: &[(&str, f64)]| {
        let record = open(root.path(), &with(hypotheses)).unwrap().store.record().clone();
        (record.late, record.dropped)
    };
    open(root.path(), &with(&[("z", 0.0)])).unwrap();
    let nothing: (Vec<String>, Vec<String>) = (vec![], vec![]);
    assert_eq!(known(&[("a", 0.0), ("b", 0.0)]), nothing);
    train(&open(root.path(), &with(&[("a", 0.0), ("b", 0.0)])).unwrap().store, &[1, 2]);
    assert_eq!(known(&[("a", 0.0), ("b", 0.0)]), nothing);
    let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<String>>();
    assert_eq!(known(&[("a", 0.01), ("c", 0.0)]), (ids(&["a", "c"]), ids(&["b"])));
    // What came late stays so, and what is put back is no more gone.
    assert_eq!(known(&[("a", 0.01), ("b", 0.0)]), (ids(&["a"]), ids(&["c"])));
}
