//! Pretended evaluation: who gets which example right.
//!
//! A run classifies an example right when a standard normal *luck* stays below a threshold, so that the probability of
//! being right is the run's ability. Luck is a weighted sum of four normal numbers: of the example alone (its
//! difficulty, the same for all runs), of the example and the seed, of the example and the epoch, and of the example and
//! the run. So errors of two runs are correlated as those of real classifiers are, and every difference between runs has
//! a known expectation.

use crate::metrics::Scores;
use crate::spec::RunSpec;
use crate::train::Prediction;

use super::random::{key_of, mix, normal};
use super::settings::MockSettings;

/// What an evaluation gives.
pub(super) struct Evaluated {
    pub eval_loss: f64,
    pub scores: Scores,
    pub mean_confidence: f64,
    pub predictions: Vec<Prediction>,
}

/// Evaluates a run after an epoch (counted from 1).
pub(super) fn evaluate(settings: &MockSettings, spec: &RunSpec, run_key: u64, epoch: usize) -> Evaluated {
    let data = key_of(&spec.dataset.path);
    let ability = ability(settings, spec, run_key, epoch);
    let threshold = normal_quantile(ability);
    let shared = settings.shared_difficulty.clamp(0.0, 1.0);
    let of_seed = settings.seed_difficulty.clamp(0.0, 1.0 - shared);
    let own = 1.0 - shared - of_seed;
    let classes = settings.class_names.len() as u64;
    let mut predictions = Vec::with_capacity(settings.eval_examples);
    for example in 0..settings.eval_examples {
        let number = example as u64;
        let luck = shared.sqrt() * normal(&[data, 10, number])
            + of_seed.sqrt() * normal(&[data, 11, number, spec.seed])
            // Mostly the same examples are wrong epoch after epoch.
            + (0.7 * own).sqrt() * normal(&[run_key, 12, number])
            + (0.3 * own).sqrt() * normal(&[run_key, 13, number, epoch as u64]);
        let label = mix(&[data, 14, number]) % classes;
        let right = luck < threshold;
        let wrong = (label + 1 + mix(&[data, 15, number]) % (classes - 1).max(1)) % classes;
        let predicted = if right { label } else { wrong };
        let confidence = confidence((threshold - luck).abs(), classes, epoch);
        predictions.push(prediction(example, label, predicted, confidence, classes));
    }
    summarize(predictions, classes)
}

/// Probability of being right after an epoch: rises from chance towards the run's ability, and sinks a little when the
/// run trains on for long.
fn ability(settings: &MockSettings, spec: &RunSpec, run_key: u64, epoch: usize) -> f64 {
    let chance = 1.0 / settings.class_names.len() as f64;
    let of_seed = settings.seed_spread * normal(&[run_key, 16]);
    let full = (settings.ability)(spec) + of_seed;
    let learned = 1.0 - (-2.5 * epoch as f64).exp();
    let forgotten = 0.002 * (epoch as f64 - 5.0).max(0.0);
    (chance + (full - chance) * learned - forgotten).clamp(0.01, 0.99)
}

/// Probability given to the predicted class: the clearer the case and the longer the training, the higher.
fn confidence(clearness: f64, classes: u64, epoch: usize) -> f64 {
    let chance = 1.0 / classes as f64;
    let sharpness = 1.2 + 0.3 * epoch as f64;
    (chance + (1.0 - chance) * (1.0 - (-sharpness * clearness).exp())).clamp(chance + 1e-3, 1.0 - 1e-4)
}

fn prediction(example: usize, label: u64, predicted: u64, confidence: f64, classes: u64) -> Prediction {
    let rest = (1.0 - confidence) / (classes - 1).max(1) as f64;
    let probability = |class| if class == predicted { confidence as f32 } else { rest as f32 };
    Prediction {
        example,
        label: label as u32,
        predicted: predicted as u32,
        probabilities: (0..classes).map(probability).collect(),
    }
}

fn summarize(predictions: Vec<Prediction>, classes: u64) -> Evaluated {
    let count = predictions.len().max(1) as f64;
    let probability = |prediction: &Prediction, class: u32| f64::from(prediction.probabilities[class as usize]);
    let eval_loss = predictions.iter().map(|of| -probability(of, of.label).ln()).sum::<f64>() / count;
    let mean_confidence = predictions.iter().map(|of| probability(of, of.predicted)).sum::<f64>() / count;
    Evaluated { eval_loss, scores: scores(&predictions, classes as usize), mean_confidence, predictions }
}

/// Scores weighted by the number of examples of each class.
fn scores(predictions: &[Prediction], classes: usize) -> Scores {
    let mut matrix = vec![vec![0.0_f64; classes]; classes];
    for of in predictions {
        matrix[of.label as usize][of.predicted as usize] += 1.0;
    }
    let total = predictions.len().max(1) as f64;
    let ratio = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
    let mut scores = Scores { accuracy: 0.0, precision: 0.0, recall: 0.0, f1: 0.0 };
    for class in 0..classes {
        let hits = matrix[class][class];
        let labelled: f64 = matrix[class].iter().sum();
        let predicted: f64 = matrix.iter().map(|row| row[class]).sum();
        let weight = labelled / total;
        scores.accuracy += hits / total;
        scores.precision += weight * ratio(hits, predicted);
        scores.recall += weight * ratio(hits, labelled);
        scores.f1 += weight * ratio(2.0 * hits, labelled + predicted);
    }
    scores
}

/// The value below which a standard normal number stays with this probability, by bisection of [`normal_cdf`].
fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle) < probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Standard normal distribution function (Abramowitz and Stegun 1964, 26.2.17; error below 7.5e-8).
fn normal_cdf(value: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * value.abs());
    let polynomial =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-0.5 * value * value).exp() / std::f64::consts::TAU.sqrt() * polynomial;
    if value < 0.0 { tail } else { 1.0 - tail }
}
