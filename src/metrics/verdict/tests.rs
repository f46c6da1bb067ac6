use proptest::prelude::*;

use super::*;
use crate::metrics::expected_effect::{Expectation, Scale};
use crate::metrics::paired::{PairedExamples, PairedSeeds};

const EXPECTATIONS: [Expectation; 5] =
    [Expectation::Lower, Expectation::Higher, Expectation::NotHigher, Expectation::NotLower, Expectation::Equivalent];

fn claim(expectation: Expectation, margin: f64) -> ExpectedEffect {
    ExpectedEffect::new(expectation, Some(margin), Scale::Loss).unwrap()
}

fn by_seed(differences: &[f64]) -> Effect {
    PairedSeeds::of(differences, &vec![0.0; differences.len()], 0.0).unwrap().effect()
}

fn verdicts(differences: &[f64], margin: f64) -> [Verdict; 5] {
    EXPECTATIONS.map(|expectation| assess(&by_seed(differences), claim(expectation, margin)).verdict)
}

#[test]
fn reads_each_expectation_off_the_interval() {
    use Verdict::{Inconclusive, Refuted, Supported};
    // Lower, Higher, NotHigher, NotLower, Equivalent
    let clearly_higher = verdicts(&[0.49, 0.5, 0.51], 0.1);
    assert_eq!(clearly_higher, [Refuted, Supported, Refuted, Supported, Refuted]);
    let clearly_lower = verdicts(&[-0.49, -0.5, -0.51], 0.1);
    assert_eq!(clearly_lower, [Supported, Refuted, Supported, Refuted, Refuted]);
    let clearly_small = verdicts(&[0.01, 0.0, -0.01], 0.1);
    assert_eq!(clearly_small, [Refuted, Refuted, Supported, Supported, Supported]);
    let noise = verdicts(&[0.5, -0.4, 0.1], 0.1);
    assert_eq!(noise, [Inconclusive; 5]);
}

#[test]
fn no_difference_refutes_no_direction() {
    let effect = by_seed(&[0.01, 0.0, -0.01]);
    for expectation in [Expectation::Higher, Expectation::Lower] {
        let claim = ExpectedEffect::new(expectation, None, Scale::Share).unwrap();
        assert_eq!(assess(&effect, claim).verdict, Verdict::Inconclusive);
    }
}

#[test]
fn one_seed_says_that_it_knows_nothing_of_seeds() {
    let one = assess(&by_seed(&[0.5]), claim(Expectation::Higher, 0.1));
    assert_eq!(
        (one.verdict, one.basis, one.interval, one.p_value),
        (Verdict::Inconclusive, Basis::Nothing, None, None)
    );

    let paired = PairedExamples::of_correctness(&[vec![true; 40]], &[vec![false; 40]]).unwrap();
    let mut examples = [assess(&paired.effect(), claim(Expectation::Higher, 0.1)); 2];
    examples[1] = assess(&by_seed(&[0.49, 0.5, 0.51]), claim(Expectation::Higher, 0.1));
    let alone = examples[1].p_value;
    correct(&mut examples);
    let [one, several] = examples;
    assert_eq!((one.verdict, one.basis, one.seeds), (Verdict::Inconclusive, Basis::Examples, 1));
    // What its two models show is still said, but it is no test of the family.
    assert!(one.interval.is_some() && one.p_value.unwrap() < 1e-9 && one.adjusted_p_value.is_none());
    assert_eq!(several.adjusted_p_value, alone);
}

#[test]
fn correction_can_only_take_verdicts_back() {
    let mut claims: Vec<Assessment> = [[0.1, 0.2, 0.3], [0.28, 0.3, 0.33], [0.05, 0.3, 0.1]]
        .iter()
        .map(|differences| {
            assess(&by_seed(differences), ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).unwrap())
        })
        .collect();
    claims.push(assess(&by_seed(&[0.5]), claims[0].claim));
    let before: Vec<Verdict> = claims.iter().map(|claim| claim.verdict).collect();
    correct(&mut claims);
    assert_eq!(before[1], Verdict::Supported);
    assert_eq!(claims[1].verdict, Verdict::Supported);
    assert!((claims[1].adjusted_p_value.unwrap() - 3.0 * claims[1].p_value.unwrap()).abs() < 1e-12);
    assert_eq!(claims[3].adjusted_p_value, None);
}

#[test]
fn all_treatments_must_hold_and_one_can_refute() {
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).unwrap();
    let strong = assess(&by_seed(&[0.49, 0.5, 0.51]), higher);
    let weak = assess(&by_seed(&[0.4, 0.5, 0.6]), higher);
    let contrary = assess(&by_seed(&[-0.49, -0.5, -0.51]), higher);
    let noise = assess(&by_seed(&[0.9, -0.8, 0.1]), higher);

    let both = all_of(&[strong, weak]).unwrap();
    assert_eq!((both.treatment, both.assessment), (1, weak));
    assert_eq!(all_of(&[strong, noise]).unwrap().assessment.verdict, Verdict::Inconclusive);
    let refuted = all_of(&[strong, weak, contrary]).unwrap();
    assert_eq!((refuted.treatment, refuted.assessment.verdict), (2, Verdict::Refuted));
    assert!((refuted.assessment.p_value.unwrap() - 3.0 * contrary.p_value.unwrap()).abs() < 1e-12);
    assert_eq!(all_of(&[]), None);
    let unknown = assess(&by_seed(&[0.5]), higher);
    assert_eq!(all_of(&[strong, unknown]).unwrap().assessment.verdict, Verdict::Inconclusive);
}

#[test]
fn is_written_in_the_words_of_a_sweep_file() {
    let mut assessment = assess(&by_seed(&[0.0, 0.0, 0.0]), claim(Expectation::NotHigher, 0.5));
    assessment.interval = Some(Interval { low: 0.125, high: 0.375 });
    let expected = serde_json::json!({
        "claim": {"expectation": "not_higher", "margin": 0.5},
        "effect": 0.0,
        "average": "mean",
        "interval": {"low": 0.125, "high": 0.375},
        "share": 1.0,
        "p_value": 0.0,
        "adjusted_p_value": 0.0,
        "verdict": "supported",
        "basis": "seeds",
        "seeds": 3,
        "examples": null,
    });
    assert_eq!(serde_json::to_value(assessment).unwrap(), expected);
}

/// The exact p-value of two runs must never find more than the interval shows.
#[test]
fn a_significant_difference_of_two_runs_has_an_interval_without_zero() {
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Share).unwrap();
    for (only_treatment, only_baseline) in (1..40).flat_map(|b| (0..b).map(move |c| (b, c))) {
        for both in [0, 5, 600] {
            let run =
                |first, second| [vec![first; only_treatment], vec![second; only_baseline], vec![true; both]].concat();
            let paired = PairedExamples::of_correctness(&[run(true, false)], &[run(false, true)]).unwrap();
            let assessment = assess(&paired.effect(), higher);
            if assessment.p_value.is_some_and(|p| p <= ALPHA) {
                let interval = assessment.interval.unwrap();
                assert!(interval.low > 0.0, "{only_treatment} {only_baseline} {both}: {interval:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn the_verdict_is_the_place_of_the_interval(differences in prop::collection::vec(-1.0f64..1.0, 2..6), margin in 0.01f64..1.0) {
        let effect = by_seed(&differences);
        for expectation in EXPECTATIONS {
            let assessment = assess(&effect, claim(expectation, margin));
            let (low, high) = assessment.claim.range();
            let interval = assessment.interval.unwrap();
            let expected = if low <= interval.low && interval.high <= high {
                Verdict::Supported
            } else if interval.high <= low || high <= interval.low {
                Verdict::Refuted
            } else {
                Verdict::Inconclusive
            };
            prop_assert_eq!(assessment.verdict, expected);
        }
    }

    #[test]
    fn not_higher_is_what_higher_denies(differences in prop::collection::vec(-1.0f64..1.0, 2..6), margin in 0.01f64..1.0) {
        let effect = by_seed(&differences);
        let higher = assess(&effect, claim(Expectation::Higher, margin));
        let not_higher = assess(&effect, claim(Expectation::NotHigher, margin));
        prop_assert_eq!(higher.verdict == Verdict::Supported, not_higher.verdict == Verdict::Refuted);
        prop_assert_eq!(higher.verdict == Verdict::Refuted, not_higher.verdict == Verdict::Supported);
        let both = higher.one_sided_p_value().unwrap() + not_higher.one_sided_p_value().unwrap();
        prop_assert!((both - 1.0).abs() < 1e-9);
    }
}
