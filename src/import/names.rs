//! What other tools' files call our parameters and metrics.

use crate::spec::{Metric, parameter_called};

/// Names of scripts' arguments, beside those that the sweep file's own messages know.
const ARGUMENTS: [(&str, &str); 16] = [
    ("model_name_or_path", "model"),
    ("model_name", "model"),
    ("base_model", "model"),
    ("train_file", "dataset.path"),
    ("dataset_name", "dataset.path"),
    ("lora_rank", "rank"),
    ("train_batch_size", "batch_size"),
    ("test_batch_size", "eval_batch_size"),
    ("max_epochs", "epochs"),
    ("n_epochs", "epochs"),
    ("gradient_clip_val", "max_grad_norm"),
    ("grad_clip", "max_grad_norm"),
    ("max_seq_len", "max_length"),
    ("scheduler_type", "lr_scheduler"),
    ("random_seed", "seed"),
    ("wd", "weight_decay"),
];

/// Our name for a parameter, by its whole name or by the last part of it (`optimizer.lr`, `--learning-rate`).
pub(super) fn parameter(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches('-').replace('-', "_");
    let called = |name: &str| {
        let own = ARGUMENTS.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
        parameter_called(name).or(own)
    };
    called(&name).or_else(|| called(name.rsplit(['.', '/']).next()?))
}

/// Our metric by another tool's name of it: `eval/accuracy`, `val_loss`.
pub(super) fn metric(name: &str) -> Option<Metric> {
    let name = name.to_ascii_lowercase().replace(['/', '.', '-'], "_");
    let bare = ["eval_", "val_", "valid_", "validation_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let is_of_training = name.starts_with("train_");
    match bare.unwrap_or(&name) {
        "acc" | "accuracy" => Some(Metric::ACCURACY),
        "loss" => Some(Metric::EVAL_LOSS),
        "train_acc" => Some(Metric::TRAIN_ACCURACY),
        other if bare.is_some() || is_of_training || Metric::named(&name).is_some() => Metric::named(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_name_is_of_a_parameter() {
        for (other, ours) in ARGUMENTS {
            assert_eq!(parameter(ours), Some(ours), "{other}");
            assert_eq!(parameter(other), Some(ours));
        }
        assert_eq!(parameter("optimizer.lr"), Some("learning_rate"));
        assert_eq!(parameter("--per-device-train-batch-size"), Some("batch_size"));
        // Similar is not the same.
        assert_eq!(parameter("learning_rates"), None);
    }

    #[test]
    fn metrics_have_prefixes() {
        assert_eq!(metric("eval/accuracy"), Some(Metric::ACCURACY));
        assert_eq!(metric("val_loss"), Some(Metric::EVAL_LOSS));
        assert_eq!(metric("train/loss"), Some(Metric::TRAIN_LOSS));
        assert_eq!(metric("f1"), Some(Metric::F1));
        assert_eq!(metric("bleu"), None);
    }
}
