//! What can be relied on in the mock's figures.

use std::sync::Arc;

use crate::mock::MockSettings;
use sweep::event::Event;
use sweep::metrics::Metric;
use sweep::spec::{PlannedRun, RunSpec};
use sweep::store::{Predictions, Store};

use crate::support::{open_with, options, run, scratch, sweep, timeless, work_with};

fn of_ability(ability: f64) -> MockSettings {
    MockSettings {
        eval_examples: 2000,
        ability: Arc::new(move |_: &RunSpec| ability),
        seed_spread: 0.0,
        ..MockSettings::default()
    }
}

fn seeds(count: u64) -> Vec<PlannedRun> {
    (0..count).map(|seed| run("base", seed, |spec| spec.epochs = 2)).collect()
}

fn predictions(store: &Store) -> Vec<Predictions> {
    let of = |run: &PlannedRun| store.predictions(&run.id).unwrap().unwrap();
    store.record().runs.iter().map(|entry| of(&entry.planned())).collect()
}

#[test]
fn packed_or_alone_a_run_gives_the_same() {
    let (packed, alone) = (scratch(), scratch());
    let runs = crate::support::runs(7);
    let packed = open_with(packed.path(), &sweep(runs.clone()), 4).unwrap().store;
    let alone = open_with(alone.path(), &sweep(runs), 1).unwrap().store;
    for store in [&packed, &alone] {
        work_with(store, MockSettings::default(), &options()).unwrap();
    }
    assert_eq!(timeless(packed.layout().folder()), timeless(alone.layout().folder()));
}

#[test]
fn accuracy_is_the_ability_on_average() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(seeds(12)), 4).unwrap().store;
    work_with(&store, of_ability(0.9), &options()).unwrap();
    let accuracies: Vec<f64> =
        store.runs().unwrap().iter().map(|view| view.best.as_ref().unwrap().metric(Metric::ACCURACY)).collect();
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    // After two epochs all but exp(-5) of the way from chance is learned. The examples are the same for all runs, so
    // their standard error (0.0067) is not averaged away.
    let expected = 0.25 + 0.65 * (1.0 - (-5.0_f64).exp());
    assert!((mean - expected).abs() < 0.02, "{mean} instead of {expected}");
}

#[test]
fn errors_of_two_runs_are_correlated_but_not_the_same() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(seeds(2)), 2).unwrap().store;
    work_with(&store, of_ability(0.85), &options()).unwrap();
    let wrong: Vec<Vec<bool>> = predictions(&store)
        .iter()
        .map(|predictions| predictions.rows.iter().map(|row| row.label != row.predicted).collect())
        .collect();
    let share = |of: &dyn Fn(usize) -> bool| (0..2000).filter(|&example| of(example)).count() as f64 / 2000.0;
    let (one, other) = (share(&|example| wrong[0][example]), share(&|example| wrong[1][example]));
    let both = share(&|example| wrong[0][example] && wrong[1][example]);
    assert!(both > 2.0 * one * other, "{both} of {one} and {other}");
    assert!(both < 0.95 * one.min(other), "{both} of {one} and {other}");
}

#[test]
fn probabilities_belong_to_the_predictions() {
    let root = scratch();
    let store = open_with(root.path(), &sweep(seeds(1)), 1).unwrap().store;
    work_with(&store, of_ability(0.8), &options()).unwrap();
    for row in &predictions(&store)[0].rows {
        let total: f32 = row.outputs.iter().sum();
        assert!((total - 1.0).abs() < 1e-5);
        let largest = row.outputs.iter().copied().fold(0.0, f32::max);
        assert_eq!(row.outputs[row.predicted as usize], largest);
    }
}

#[test]
fn better_parameters_give_better_curves() {
    let root = scratch();
    let runs = vec![run("base", 1, |_| {}), run("bad", 1, |spec| spec.learning_rate = 1e-6)];
    let store = open_with(root.path(), &sweep(runs), 2).unwrap().store;
    let events =
        work_with(&store, MockSettings { eval_examples: 2000, ..MockSettings::default() }, &options()).unwrap();
    let views = store.runs().unwrap();
    let accuracy = |view: usize| views[view].best.as_ref().unwrap().metric(Metric::ACCURACY);
    assert!(accuracy(0) > accuracy(1) + 0.03);
    let losses: Vec<f64> =
        store.epochs(&views[0].run.id).unwrap().iter().map(|epoch| epoch.metric(Metric::TRAIN_LOSS)).collect();
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Progress { .. })));
}
