//! Pretended evaluation: who gets which example right.
//!
//! A run classifies an example right when a standard normal *luck* stays below a threshold, so that the probability of
//! being right is the run's ability. Luck is a weighted sum of four normal numbers: of the example alone (its
//! difficulty, the same for all runs), of the example and the seed, of the example and the epoch, and of the example and
//! the run. So errors of two runs are correlated as those of real classifiers are, and every difference between runs has
//! a known expectation.

use statrs::distribution::{ContinuousCDF, Normal};

use sweep::event::Figures;
use sweep::metrics::{self, MetricValues, confidence, log_loss};
use sweep::spec::RunSpec;
use sweep::task::Prediction;

use super::random::{key_of_input, mix, normal};
use super::settings::MockSettings;

/// What an evaluation gives.
pub(super) struct Evaluated {
    pub figures: Figures,
    pub predictions: Vec<Prediction>,
}

/// On which examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Evaluation,
    Test,
}

/// Evaluates a run after an epoch (counted from 1).
pub(super) fn evaluate(settings: &MockSettings, spec: &RunSpec, run_key: u64, epoch: usize, part: Part) -> Evaluated {
    let ability = ability(settings, spec, run_key, epoch, part);
    let of_data = key_of_input(&spec.dataset.path);
    let (data, run_key, examples) = match part {
        Part::Evaluation => (of_data, run_key, settings.eval_examples),
        Part::Test => (mix(&[of_data, 17]), mix(&[run_key, 17]), settings.test_examples),
    };
    let threshold = Normal::standard().inverse_cdf(ability);
    let shared = settings.shared_difficulty.clamp(0.0, 1.0);
    let of_seed = settings.seed_difficulty.clamp(0.0, 1.0 - shared);
    let own = 1.0 - shared - of_seed;
    let classes = settings.class_names.len() as u64;
    let mut predictions = Vec::with_capacity(examples);
    for example in 0..examples {
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
        let clearness = (threshold - luck).abs();
        predictions.push(prediction(example, label, predicted, certainty(clearness, classes, epoch), classes));
    }
    summarize(predictions, classes)
}

/// Probability of being right after an epoch: rises from chance towards the run's ability, and sinks a little when the
/// run trains on for long.
fn ability(settings: &MockSettings, spec: &RunSpec, run_key: u64, epoch: usize, part: Part) -> f64 {
    let chance = 1.0 / settings.class_names.len() as f64;
    let of_seed = settings.seed_spread * normal(&[run_key, 16]);
    let of_part = settings.test_ability.as_ref().filter(|_| part == Part::Test).unwrap_or(&settings.ability);
    let full = of_part(spec) + of_seed;
    let learned = 1.0 - (-2.5 * epoch as f64).exp();
    let forgotten = 0.002 * (epoch as f64 - 5.0).max(0.0);
    (chance + (full - chance) * learned - forgotten).clamp(0.01, 0.99)
}

/// Probability given to the predicted class: the clearer the case and the longer the training, the higher.
fn certainty(clearness: f64, classes: u64, epoch: usize) -> f64 {
    let chance = 1.0 / classes as f64;
    let sharpness = 1.2 + 0.3 * epoch as f64;
    (chance + (1.0 - chance) * (1.0 - (-sharpness * clearness).exp())).clamp(chance + 1e-3, 1.0 - 1e-4)
}

fn prediction(example: usize, label: u64, predicted: u64, certainty: f64, classes: u64) -> Prediction {
    let rest = (1.0 - certainty) / (classes - 1).max(1) as f64;
    let probability = |class| {
        if class == predicted { certainty as f32 } else { rest as f32 }
    };
    Prediction {
        example,
        label: label as u32,
        predicted: predicted as u32,
        outputs: (0..classes).map(probability).collect(),
    }
}

fn summarize(predictions: Vec<Prediction>, classes: u64) -> Evaluated {
    let of = |class: fn(&Prediction) -> u32| predictions.iter().map(class).collect::<Vec<_>>();
    let losses: Vec<f64> = predictions.iter().filter_map(|row| log_loss(&row.outputs, row.label)).collect();
    let confidences: Vec<f64> = predictions.iter().filter_map(|row| confidence(&row.outputs)).collect();
    let examples = metrics::Examples {
        classes: classes as usize,
        labels: &of(|row| row.label),
        predicted: &of(|row| row.predicted),
        confidences: &confidences,
        losses: &losses,
    };
    // Labels and predictions are below `classes`.
    let evaluated = metrics::Evaluated::new(examples).map(|evaluated| MetricValues::of_evaluation(&evaluated));
    Evaluated { figures: Figures { metrics: evaluated.unwrap_or(MetricValues::NONE) }, predictions }
}
