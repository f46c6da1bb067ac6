//! Records with numbers that can be recognized.

use sweep::event::EpochRecord;
use sweep::metrics::Metric;
use sweep::task::Targets;
use sweep::train::RunFacts;

pub fn epoch(number: usize, loss: f64) -> EpochRecord {
    EpochRecord {
        epoch: number,
        metrics: [
            (Metric::TRAIN_LOSS, loss),
            (Metric::TRAIN_ACCURACY, 0.75),
            (Metric::EVAL_LOSS, 2.0 * loss),
            (Metric::ACCURACY, 1.0 - loss),
            (Metric::PRECISION, 0.5),
            (Metric::RECALL, 0.25),
            (Metric::F1, 0.125),
            (Metric::MEAN_CONFIDENCE, 0.9),
        ]
        .into_iter()
        .collect(),
        train_eval_loss: Some(0.5 * loss),
        learning_rate: 0.001,
        seconds: 12.5,
        examples_per_second: 100.0,
        tokens_per_second: 5000.25,
    }
}

pub fn facts() -> RunFacts {
    RunFacts {
        trainable_parameters: 864_004,
        total_parameters: 125_512_712,
        train_examples: 240,
        eval_examples: 2,
        test_examples: Some(2),
        targets: Targets::of_classes(vec!["World".into(), "a \"quoted\", name".into()]),
        data: None,
        data_digest: "d".repeat(64),
        model_digest: "m".repeat(64),
        steps: 24,
        device: "cuda:0".into(),
        backend: None,
        token_lengths: None,
    }
}
