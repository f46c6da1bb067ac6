//! R1: whatever numbers come, every function of this module ends, and what it says is a probability, a range, or nothing.

use proptest::prelude::*;

use super::*;

fn any_number() -> impl Strategy<Value = f64> {
    let edges =
        vec![0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324, 1e-300];
    prop_oneof![proptest::sample::select(edges), proptest::num::f64::ANY, -1.0f64..1.0]
}

fn any_count() -> impl Strategy<Value = usize> {
    prop_oneof![proptest::sample::select(vec![0, 1, 2, 3, 1_000_000, 1 << 40, usize::MAX]), 0usize..100]
}

fn claims() -> Vec<(ExpectedEffect, Scale)> {
    use Expectation::{Equivalent, Higher, Lower, NotHigher, NotLower};
    let mut claims = Vec::new();
    for scale in [Scale::Share, Scale::Loss, Scale::Epochs] {
        for expectation in [Lower, Higher, NotHigher, NotLower, Equivalent] {
            for margin in [None, Some(5e-324), Some(f64::MAX)] {
                claims.push((ExpectedEffect::new(expectation, margin, scale).unwrap(), scale));
            }
        }
    }
    claims
}

fn check(effect: &Effect) -> Result<(), TestCaseError> {
    for level in [0.0, 1e-300, 0.95, 1.0 - 1e-16, 1.0, f64::NAN] {
        if let Some(interval) = effect.interval(level) {
            prop_assert!(
                interval.low <= interval.high || interval.low.is_nan() || interval.high.is_nan(),
                "{interval:?} of {effect:?}"
            );
        }
    }
    for (claim, _) in claims() {
        let assessment = assess(effect, claim);
        let p = assessment.p_value.unwrap_or(1.0);
        prop_assert!((0.0..=1.0).contains(&p), "{assessment:?}");
        prop_assert!(all_of(&[assessment, assessment]).is_some());
        correct(&mut [assessment, assessment]);
    }
    Ok(())
}

/// Values of two sides, by seed and example; often all the same.
fn sides() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<Vec<f64>>)> {
    let values = |seeds: usize, examples: usize| {
        let row = prop_oneof![
            any_number().prop_map(move |value| vec![value; examples]),
            prop::collection::vec(any_number(), examples),
            prop::collection::vec(0u8..2, examples).prop_map(|row| row.into_iter().map(f64::from).collect()),
        ];
        prop_oneof![row.clone().prop_map(move |row| vec![row; seeds]), prop::collection::vec(row, seeds)]
    };
    (0usize..4, 0usize..6).prop_flat_map(move |(seeds, examples)| (values(seeds, examples), values(seeds, examples)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_values_can_be_compared((treatment, baseline) in sides(), resolution in any_number()) {
        for paired in [
            PairedExamples::of_measurements(&treatment, &baseline),
            PairedExamples::of_scores(&treatment, &baseline),
        ].into_iter().flatten() {
            check(&paired.effect())?;
            let _ = bootstrap_interval(&paired, &Bootstrap { replicates: 20, ..Bootstrap::default() });
            if let Some(design) = Design::observed(&paired) {
                prop_assert!(design.detectable_effect(POWER).is_none_or(|effect| effect >= 0.0 || effect.is_nan()));
            }
        }
        for (treated, base) in treatment.iter().zip(&baseline) {
            if let Ok(paired) = PairedSeeds::of(treated, base, resolution) {
                check(&paired.effect())?;
            }
        }
        let correct = |side: &[Vec<f64>]| -> Vec<Vec<bool>> {
            side.iter().map(|row| row.iter().map(|value| *value > 0.0).collect()).collect()
        };
        if let Ok(paired) = PairedExamples::of_correctness(&correct(&treatment), &correct(&baseline)) {
            check(&paired.effect())?;
            let _ = paired.two_runs().map(|two_runs| two_runs.p_value());
        }
    }

    #[test]
    fn any_list_of_numbers_is_summed_up(
        values in prop::collection::vec(any_number(), 0..6), more in any_number(), level in any_number(),
    ) {
        let _ = Summary::of(&values);
        let _ = (mean_interval(&values, level), share_interval(&values, more, level));
        prop_assert_eq!(holm(&values).len(), values.len());
        if let Some(test) = sign_flip(&values, more, 1) {
            prop_assert!(test.p_value > 0.0 && test.p_value <= 1.0, "{test:?}");
        }
        let candidates: Vec<Candidate> =
            values.iter().zip(values.iter().rev()).map(|(&cost, &score)| Candidate { cost, score }).collect();
        prop_assert!(pareto_front(&candidates).len() <= values.len());
        let probabilities: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        let _ = (confidence(&probabilities), log_loss(&probabilities, 1));
        let _ = wilson(more as u64, values.len() as u64, level);
        let _ = wilson(more as u64, u64::MAX, level);
        let _ = McNemar { only_treatment: more as u64 / 2, only_baseline: values.len() as u64 }.p_value();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_plan_can_be_weighed(
        (seeds, examples, count) in (any_count(), prop::option::of(any_count()), any_count()),
        (seed_sd, example_variance, shared) in (any_number(), any_number(), any_number()),
        (effect, power) in (any_number(), any_number()),
        which in 0usize..45,
    ) {
        let design = Design { seeds, examples, seed_sd, example_variance, shared, claims: count, last_look: effect };
        let (claim, scale) = claims()[which];
        let probability = design.power(claim, effect);
        prop_assert!(probability.is_nan() || (0.0..=1.0 + 1e-9).contains(&probability), "{probability}");
        for found in [design.detectable_effect(power), design.detectable_margin(power)] {
            prop_assert!(found.is_none_or(|value| value >= 0.0), "{found:?}");
        }
        let _ = design.needed_seeds(claim, effect, power, count);
        let _ = design.needed_examples(claim, effect, power, count);
        let _ = Prospect::of(&design, claim, count, scale);
        for quantity in [Quantity::Score { accuracy: shared }, Quantity::Confidence, Quantity::Loss, Quantity::Epochs] {
            let design = quantity.design(seeds, examples.unwrap_or(0), seeds % 2 == 0, count);
            let _ = Prospect::of(&design, claim, 2, quantity.scale());
        }
    }
}

/// The case itself: two seeds, two configurations that answer every example alike.
#[test]
fn equal_answers_show_no_noise_and_settle_nothing() {
    let answers = vec![vec![true, true, false, true]; 2];
    let paired = PairedExamples::of_correctness(&answers, &answers).unwrap();
    assert_eq!(Design::observed(&paired), None);
    assert!(!paired.effect().noise_seen());
    let noiseless = Design { seed_sd: 0.0, example_variance: 0.0, ..Design::planned(2, 4, 0.9) };
    assert_eq!((noiseless.detectable_effect(POWER), noiseless.detectable_margin(POWER)), (Some(0.0), Some(0.0)));
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Share).unwrap();
    assert_eq!(assess(&paired.effect(), higher).verdict, Verdict::Inconclusive);
}

/// Two seeds that agree to the last digit are no evidence that every seed would.
#[test]
fn a_difference_without_noise_supports_nothing() {
    let effect = PairedSeeds::of(&[0.3, 0.3], &[0.1, 0.1], 0.0).unwrap().effect();
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).unwrap();
    let assessment = assess(&effect, higher);
    assert_eq!((assessment.verdict, assessment.interval, assessment.p_value), (Verdict::Inconclusive, None, None));
    // One example of twenty, twice: the smallest step that the metric has.
    let coarse = PairedSeeds::of(&[0.95, 0.95], &[0.9, 0.9], 0.05).unwrap().effect();
    assert_eq!(assess(&coarse, higher).verdict, Verdict::Inconclusive);
    // Nothing at all differs: then the two are the same in what was measured.
    let same = PairedSeeds::of(&[0.3, 0.3], &[0.3, 0.3], 0.0).unwrap().effect();
    let equivalent = ExpectedEffect::new(Expectation::Equivalent, Some(0.01), Scale::Loss).unwrap();
    assert_eq!(assess(&same, equivalent).verdict, Verdict::Supported);
}
