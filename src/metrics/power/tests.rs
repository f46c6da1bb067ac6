use super::*;

fn claim(expectation: Expectation, margin: Option<f64>) -> ExpectedEffect {
    ExpectedEffect::new(expectation, margin, Scale::Share).unwrap()
}

fn higher() -> ExpectedEffect {
    claim(Expectation::Higher, None)
}

/// The paper's evaluation set.
fn paper(seeds: usize) -> Design {
    Design::planned(seeds, 640, 0.928)
}

#[test]
fn more_seeds_examples_and_effect_give_more_power() {
    let power = |seeds, examples, effect| Design { examples: Some(examples), ..paper(seeds) }.power(higher(), effect);
    assert!(power(3, 640, 0.02) < power(5, 640, 0.02));
    assert!(power(3, 640, 0.02) < power(3, 7600, 0.02));
    assert!(power(3, 640, 0.02) < power(3, 640, 0.04));
    assert!(power(3, 640, 0.0) <= ALPHA / 2.0);
    assert!(power(3, 640, -0.02) < power(3, 640, 0.0));
}

#[test]
fn no_number_of_seeds_makes_up_for_examples() {
    // Half of the examples' noise is common to all seeds: its standard error is 0.0056, so half a point stays hidden.
    assert_eq!(paper(3).needed_seeds(higher(), 0.005, 0.8, 10_000), None);
    let examples = paper(5).needed_examples(higher(), 0.01, 0.8, 1_000_000).unwrap();
    assert!((1_000..20_000).contains(&examples), "{examples}");
}

#[test]
fn needed_numbers_are_the_smallest_that_suffice() {
    let seeds = paper(3).needed_seeds(higher(), 0.02, 0.8, 1000).unwrap();
    assert!(paper(seeds).power(higher(), 0.02) >= 0.8);
    assert!(paper(seeds - 1).power(higher(), 0.02) < 0.8);
    let effect = paper(4).detectable_effect(0.8).unwrap();
    assert!((paper(4).power(higher(), effect) - 0.8).abs() < 1e-3);
    assert!((paper(4).power(claim(Expectation::Lower, None), -effect) - 0.8).abs() < 1e-3);
    assert!((paper(4).power(claim(Expectation::NotHigher, Some(effect)), 0.0) - 0.8).abs() < 1e-3);
    let margin = paper(4).detectable_margin(0.8).unwrap();
    assert!((paper(4).power(claim(Expectation::Equivalent, Some(margin)), 0.0) - 0.8).abs() < 1e-3);
    assert!(margin > effect);
}

#[test]
fn a_design_without_evidence_has_no_power() {
    let nothing = Design { seeds: 1, examples: None, ..paper(1) };
    assert_eq!(nothing.power(higher(), 1.0), 0.0);
    assert_eq!((nothing.detectable_effect(0.8), nothing.detectable_margin(0.8)), (None, None));
    assert_eq!(nothing.needed_examples(higher(), 0.1, 0.8, 100), None);
    for design in [Design { seeds: 0, ..paper(0) }, Design { examples: Some(0), ..paper(1) }] {
        assert!(design.power(higher(), 0.1).is_finite());
    }
}

#[test]
fn without_noise_any_effect_shows() {
    let exact = Design { seed_sd: 0.0, example_variance: 0.0, ..paper(3) };
    assert_eq!((exact.power(higher(), 1e-9), exact.power(higher(), 0.0)), (1.0, 0.0));
}

#[test]
fn any_number_of_seeds_can_be_planned() {
    for seeds in [2, 100, 10_000, 1_000_000] {
        let power = paper(seeds).power(higher(), 0.02);
        assert!((0.0..=1.0).contains(&power), "{seeds}: {power}");
    }
}

#[test]
fn one_seed_has_no_power() {
    assert_eq!(paper(1).power(higher(), 0.5), 0.0);
    assert_eq!((paper(1).detectable_effect(0.8), paper(1).detectable_margin(0.8)), (None, None));
    assert!(paper(3).power(higher(), 0.5) > 0.9);
}

#[test]
fn recovers_the_variances_of_runs() {
    // Two seeds, differences that are all shared, plus a shift of the second seed.
    let run = |shift: f64| (0..100).map(|i| f64::from(i % 2) + shift).collect::<Vec<f64>>();
    let baseline = vec![vec![0.0; 100]; 2];
    let paired = PairedExamples::of_measurements(&[run(0.0), run(0.2)], &baseline).unwrap();
    let design = Design::observed(&paired).unwrap();
    assert!((design.seed_sd - 0.2 / 2f64.sqrt()).abs() < 1e-9);
    assert!((design.example_variance - 25.0 / 99.0).abs() < 1e-9);
    assert!((design.shared - 1.0).abs() < 1e-9);
    let single = PairedExamples::of_measurements(&[run(0.0)], &baseline[..1]).unwrap();
    assert_eq!(Design::observed(&single), None);
}
