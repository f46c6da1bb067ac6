use proptest::prelude::*;

use super::*;
use crate::metrics::{Basis, Interval, LEVEL};

fn correctness(seeds: usize, examples: usize) -> impl Strategy<Value = (Vec<Vec<bool>>, Vec<Vec<bool>>)> {
    let side = || prop::collection::vec(prop::collection::vec(any::<bool>(), examples), seeds);
    (side(), side())
}

fn any_correctness() -> impl Strategy<Value = (Vec<Vec<bool>>, Vec<Vec<bool>>)> {
    (1usize..6, 1usize..30).prop_flat_map(|(seeds, examples)| correctness(seeds, examples))
}

proptest! {
    #[test]
    fn intervals_contain_the_estimate_and_stay_possible((treatment, baseline) in any_correctness()) {
        let effect = PairedExamples::of_correctness(&treatment, &baseline).unwrap().effect();
        if let Some(interval) = effect.interval(LEVEL) {
            prop_assert!(interval.contains(effect.estimate));
            prop_assert!(interval.low >= -1.0 && interval.high <= 1.0);
            prop_assert!(interval.width() > 0.0);
        } else {
            prop_assert_eq!(effect.basis(), Basis::Nothing);
        }
    }

    #[test]
    fn exchanging_the_sides_turns_the_sign((treatment, baseline) in any_correctness()) {
        let there = PairedExamples::of_correctness(&treatment, &baseline).unwrap().effect();
        let back = PairedExamples::of_correctness(&baseline, &treatment).unwrap().effect();
        prop_assert!((there.estimate + back.estimate).abs() < 1e-12);
        if let (Some(a), Some(b)) = (there.interval(LEVEL), back.interval(LEVEL)) {
            prop_assert!((a.low + b.high).abs() < 1e-9);
            prop_assert!((there.p_value(0.0).unwrap() - back.p_value(0.0).unwrap()).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_seeds_and_examples_is_irrelevant((mut treatment, mut baseline) in correctness(3, 20)) {
        let before = PairedExamples::of_correctness(&treatment, &baseline).unwrap().effect();
        treatment.rotate_left(1);
        baseline.rotate_left(1);
        treatment.iter_mut().chain(&mut baseline).for_each(|run| run.reverse());
        let after = PairedExamples::of_correctness(&treatment, &baseline).unwrap().effect();
        prop_assert!((before.estimate - after.estimate).abs() < 1e-12);
        prop_assert!((before.standard_error().unwrap() - after.standard_error().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn agreement_on_few_examples_is_no_proof_of_equality() {
    let interval = |examples: usize| {
        let side = vec![vec![true; examples]; 3];
        PairedExamples::of_correctness(&side, &side).unwrap().effect().interval(LEVEL).unwrap()
    };
    // The rule of three: up to 3 disagreements in n examples go unseen with 5 % probability.
    assert!(interval(20).high > 0.1, "{:?}", interval(20));
    assert!(interval(1000).high < 0.003 && interval(1000).high > 0.002, "{:?}", interval(1000));
}

#[test]
fn equal_measurements_are_equal() {
    let side = vec![vec![0.25, 0.5]; 2];
    let effect = PairedExamples::of_measurements(&side, &side).unwrap().effect();
    assert_eq!(effect.interval(LEVEL), Some(Interval { low: 0.0, high: 0.0 }));
}

#[test]
fn says_what_the_interval_rests_on() {
    let basis = |seeds: usize, examples: usize| {
        let side = vec![vec![true; examples]; seeds];
        PairedExamples::of_correctness(&side, &side).unwrap().effect().basis()
    };
    assert_eq!(basis(3, 10), Basis::SeedsAndExamples);
    assert_eq!(basis(3, 1), Basis::Nothing);
    assert_eq!(basis(1, 10), Basis::Examples);
    assert_eq!(basis(1, 1), Basis::Nothing);
}

#[test]
fn whole_epochs_are_never_surer_than_their_rounding() {
    let p_value = |seeds: usize| {
        let paired = PairedSeeds::of(&vec![4.0; seeds], &vec![3.0; seeds], 1.0).unwrap();
        paired.effect().p_value(0.0)
    };
    assert_eq!(p_value(1), None);
    assert!(p_value(3).unwrap() > 0.05, "one epoch later with three seeds is chance once in 32 times and more");
    assert!(p_value(5).unwrap() < 0.01);
}

#[test]
fn refuses_what_is_not_paired() {
    let pair = |treatment: &[Vec<f64>], baseline: &[Vec<f64>]| {
        PairedExamples::of_measurements(treatment, baseline).unwrap_err()
    };
    assert_eq!(pair(&[], &[]), PairingError::Empty);
    assert_eq!(pair(&[vec![]], &[vec![]]), PairingError::Empty);
    assert_eq!(pair(&[vec![1.0]], &[]), PairingError::Seeds { treatment: 1, baseline: 0 });
    assert_eq!(
        pair(&[vec![1.0], vec![1.0]], &[vec![1.0], vec![1.0, 2.0]]),
        PairingError::Examples { pair: 1, found: 2, expected: 1 }
    );
    assert_eq!(pair(&[vec![f64::NAN]], &[vec![1.0]]), PairingError::NotFinite { pair: 0 });
    assert_eq!(PairedSeeds::of(&[], &[], 0.0).unwrap_err(), PairingError::Empty);
    assert_eq!(PairedSeeds::of(&[1.0], &[f64::INFINITY], 0.0).unwrap_err(), PairingError::NotFinite { pair: 0 });
}

#[test]
fn two_runs_are_tested_exactly() {
    let treatment = vec![vec![true, true, true, true, true, true, false, true]];
    let baseline = vec![vec![false, false, false, false, false, false, false, true]];
    let paired = PairedExamples::of_correctness(&treatment, &baseline).unwrap();
    assert_eq!(paired.two_runs(), Some(McNemar { only_treatment: 6, only_baseline: 0 }));
    assert!((paired.effect().p_value(0.0).unwrap() - 2.0 / 64.0).abs() < 1e-12);
    let twice = PairedExamples::of_correctness(
        &[treatment[0].clone(), treatment[0].clone()],
        &[baseline[0].clone(), baseline[0].clone()],
    );
    assert_eq!(twice.unwrap().two_runs(), None);
}
