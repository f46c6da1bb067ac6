//! Metrics and statistics against scikit-learn, scipy and statsmodels (`fixtures/metrics/generate.py`).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sweep::metrics::{
    Assessment, Bootstrap, Confusion, Design, Effect, Expectation, ExpectedEffect, Interval, LEVEL, McNemar,
    PairedExamples, PairedSeeds, Scale, ScoreName, assess, bootstrap_interval, example_values, holm, log_loss,
    mean_interval, sign_flip, wilson,
};

fn reference<T: DeserializeOwned>(section: &str) -> T {
    let text = include_str!("fixtures/metrics/reference.json");
    let mut all: serde_json::Value = serde_json::from_str(text).unwrap();
    serde_json::from_value(all[section].take()).unwrap()
}

#[track_caller]
fn assert_near(ours: f64, theirs: f64, tolerance: f64) {
    let scale = theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= tolerance * scale, "ours {ours}, theirs {theirs}");
}

/// Relative to the number itself, however small it is.
#[track_caller]
fn assert_same_digits(ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance * theirs.abs(), "ours {ours}, theirs {theirs}");
}

#[track_caller]
fn assert_interval(ours: Option<Interval>, theirs: [f64; 2], tolerance: f64) {
    let ours = ours.unwrap();
    assert_near(ours.low, theirs[0], tolerance);
    assert_near(ours.high, theirs[1], tolerance);
}

#[derive(Deserialize)]
struct ScoresCase {
    classes: usize,
    labels: Vec<u32>,
    predictions: Vec<u32>,
    accuracy: f64,
    weighted: [f64; 3],
    by_class: [Vec<f64>; 4],
    confusion: Vec<Vec<u64>>,
    jackknife: Option<Vec<f64>>,
}

#[test]
fn scores_are_those_of_scikit_learn() {
    for case in reference::<Vec<ScoresCase>>("scores") {
        let confusion = Confusion::of(case.classes, &case.labels, &case.predictions).unwrap();
        assert_eq!(confusion.rows().collect::<Vec<_>>(), case.confusion);
        let scores = confusion.scores().unwrap();
        assert_near(scores.accuracy, case.accuracy, 1e-12);
        for (ours, theirs) in [scores.precision, scores.recall, scores.f1].into_iter().zip(case.weighted) {
            assert_near(ours, theirs, 1e-12);
        }
        for (class, ours) in confusion.by_class().into_iter().enumerate() {
            let theirs = case.by_class.each_ref().map(|column| column[class]);
            for (ours, theirs) in [ours.precision, ours.recall, ours.f1, ours.support as f64].into_iter().zip(theirs) {
                assert_near(ours, theirs, 1e-12);
            }
        }
        if let Some(jackknife) = case.jackknife {
            let ours = example_values(case.classes, &case.labels, &case.predictions, ScoreName::F1).unwrap();
            for (ours, theirs) in ours.into_iter().zip(jackknife) {
                assert_near(ours, theirs, 1e-11);
            }
        }
    }
}

#[derive(Deserialize)]
struct Losses {
    probabilities: Vec<Vec<f32>>,
    labels: Vec<u32>,
    mean: f64,
}

#[test]
fn the_loss_is_that_of_scikit_learn() {
    let case: Losses = reference("losses");
    let losses: Vec<f64> =
        case.probabilities.iter().zip(&case.labels).map(|(p, &label)| log_loss(p, label).unwrap()).collect();
    // scikit-learn clips and takes logarithms in float32.
    assert_near(losses.iter().sum::<f64>() / losses.len() as f64, case.mean, 1e-6);
}

#[derive(Deserialize)]
struct WilsonCase {
    successes: u64,
    trials: u64,
    level: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct MeanCase {
    values: Vec<f64>,
    level: f64,
    interval: [f64; 2],
}

#[test]
fn intervals_are_those_of_statsmodels_and_scipy() {
    for case in reference::<Vec<WilsonCase>>("wilson") {
        assert_interval(wilson(case.successes, case.trials, case.level), case.interval, 1e-12);
    }
    for case in reference::<Vec<MeanCase>>("means") {
        assert_interval(mean_interval(&case.values, case.level), case.interval, 1e-9);
    }
}

#[derive(Deserialize)]
struct McNemarCase {
    b: u64,
    c: u64,
    p: f64,
}

#[test]
fn mcnemar_is_that_of_statsmodels() {
    for case in reference::<Vec<McNemarCase>>("mcnemar") {
        let ours = McNemar { only_treatment: case.b, only_baseline: case.c };
        assert_same_digits(ours.p_value(), case.p, 1e-10);
    }
}

#[derive(Deserialize)]
struct HolmCase {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[test]
fn holm_is_that_of_statsmodels() {
    for case in reference::<Vec<HolmCase>>("holm") {
        for (ours, theirs) in holm(&case.p).into_iter().zip(case.adjusted) {
            assert_near(ours, theirs, 1e-15);
        }
    }
}

#[derive(Deserialize)]
struct BySeedCase {
    treatment: Vec<f64>,
    baseline: Vec<f64>,
    margin: f64,
    interval: [f64; 2],
    p: f64,
    not_higher: f64,
    not_lower: f64,
    equivalent: f64,
    sign_flip: f64,
}

#[test]
fn tests_by_seed_are_those_of_scipy_and_statsmodels() {
    for case in reference::<Vec<BySeedCase>>("by_seed") {
        let paired = PairedSeeds::of(&case.treatment, &case.baseline, 0.0).unwrap();
        let effect = paired.effect();
        assert_interval(effect.interval(LEVEL), case.interval, 1e-10);
        assert_same_digits(effect.p_value(0.0).unwrap(), case.p, 1e-9);
        let one_sided = |expectation| {
            let claim = ExpectedEffect::new(expectation, Some(case.margin), Scale::Share).unwrap();
            assess(&effect, claim).one_sided_p_value().unwrap()
        };
        assert_same_digits(one_sided(Expectation::NotHigher), case.not_higher, 1e-9);
        assert_same_digits(one_sided(Expectation::NotLower), case.not_lower, 1e-9);
        assert_same_digits(one_sided(Expectation::Equivalent), case.equivalent, 1e-9);
        assert_near(sign_flip(paired.differences(), 0.0, 0).unwrap().p_value, case.sign_flip, 1e-12);
    }
}

#[derive(Deserialize)]
struct ByExampleCase {
    kind: String,
    treatment: Vec<Vec<f64>>,
    baseline: Vec<Vec<f64>>,
    estimate: f64,
    mean_squares: [Option<f64>; 3],
    interval: [f64; 2],
    p: f64,
}

impl ByExampleCase {
    fn paired(&self) -> PairedExamples {
        let right = |side: &[Vec<f64>]| -> Vec<Vec<bool>> {
            side.iter().map(|run| run.iter().map(|&value| value == 1.0).collect()).collect()
        };
        if self.kind == "correctness" {
            PairedExamples::of_correctness(&right(&self.treatment), &right(&self.baseline)).unwrap()
        } else {
            PairedExamples::of_measurements(&self.treatment, &self.baseline).unwrap()
        }
    }
}

#[test]
fn effects_by_seed_and_example_follow_the_analysis_of_variance() {
    for case in reference::<Vec<ByExampleCase>>("by_example") {
        let paired = case.paired();
        let effect: Effect = paired.effect();
        assert_near(effect.estimate, case.estimate, 1e-12);
        assert_interval(effect.interval(LEVEL), case.interval, 1e-9);
        assert_same_digits(effect.p_value(0.0).unwrap(), case.p, 1e-7);
        if let [Some(seed), Some(_), Some(residual)] = case.mean_squares {
            let design = Design::observed(&paired).unwrap();
            let between_seeds = ((seed - residual) / paired.examples() as f64).max(0.0);
            assert_near(design.seed_sd, between_seeds.sqrt(), 1e-9);
            let within = residual / design.example_variance;
            assert_near(design.shared, (1.0 - within).clamp(0.0, 1.0), 1e-9);
        }
    }
}

#[derive(Deserialize)]
struct BootstrapCase {
    differences: Vec<Vec<f64>>,
    interval: [f64; 2],
}

#[test]
fn the_bootstrap_comes_near_a_longer_one() {
    let case: BootstrapCase = reference("bootstrap");
    let nothing = vec![vec![0.0; case.differences[0].len()]; case.differences.len()];
    let paired = PairedExamples::of_measurements(&case.differences, &nothing).unwrap();
    let ours = bootstrap_interval(&paired, &Bootstrap { replicates: 20_000, ..Bootstrap::default() });
    // A quantile of 20,000 replicates has a standard error of about 1 % of the width.
    assert_interval(ours, case.interval, 0.03 * (case.interval[1] - case.interval[0]));
}

#[derive(Deserialize)]
struct PowerCase {
    seeds: usize,
    effect: f64,
    power: f64,
}

#[test]
fn power_by_seed_is_that_of_the_t_test() {
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).unwrap();
    for case in reference::<Vec<PowerCase>>("power") {
        let design = Design {
            seeds: case.seeds,
            examples: None,
            seed_sd: 1.0,
            example_variance: 0.0,
            shared: 0.0,
            claims: 1,
            last_look: 1.0,
        };
        assert_near(design.power(higher, case.effect), case.power, 2e-3);
    }
}

#[test]
fn an_assessment_says_what_it_rests_on() {
    let case = reference::<Vec<ByExampleCase>>("by_example").pop().unwrap();
    let higher = ExpectedEffect::new(Expectation::Higher, None, Scale::Share).unwrap();
    let Assessment { seeds, examples, p_value, .. } = assess(&case.paired().effect(), higher);
    assert_eq!((seeds, examples), (4, Some(60)));
    assert_same_digits(p_value.unwrap(), case.p, 1e-7);
}
