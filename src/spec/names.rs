//! The names of values, as files and tables have them.

use std::fmt;

use super::{Expectation, HypothesisMetric, LrScheduler, Precision};

impl LrScheduler {
    pub const NAMES: [(&'static str, LrScheduler); 3] =
        [("cosine", LrScheduler::Cosine), ("linear", LrScheduler::Linear), ("constant", LrScheduler::Constant)];

    pub fn name(self) -> &'static str {
        match self {
            LrScheduler::Cosine => "cosine",
            LrScheduler::Linear => "linear",
            LrScheduler::Constant => "constant",
        }
    }
}

impl Precision {
    pub const NAMES: [(&'static str, Precision); 3] =
        [("fp32", Precision::Fp32), ("tf32", Precision::Tf32), ("bf16", Precision::Bf16)];

    pub fn name(self) -> &'static str {
        match self {
            Precision::Fp32 => "fp32",
            Precision::Tf32 => "tf32",
            Precision::Bf16 => "bf16",
        }
    }
}

impl Expectation {
    pub const NAMES: [(&'static str, Expectation); 5] = [
        ("lower", Expectation::Lower),
        ("higher", Expectation::Higher),
        ("not_higher", Expectation::NotHigher),
        ("not_lower", Expectation::NotLower),
        ("equivalent", Expectation::Equivalent),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Expectation::Lower => "lower",
            Expectation::Higher => "higher",
            Expectation::NotHigher => "not_higher",
            Expectation::NotLower => "not_lower",
            Expectation::Equivalent => "equivalent",
        }
    }
}

/// As sweep files have it: `accuracy`, `eval_loss@last`, `accuracy@3`, `epochs_to(accuracy, 0.9)`, `generalization_gap`.
impl fmt::Display for HypothesisMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HypothesisMetric::Best(metric) => f.write_str(metric.name()),
            HypothesisMetric::Last(metric) => write!(f, "{}@last", metric.name()),
            HypothesisMetric::AfterEpoch { metric, epoch } => {
                write!(f, "{}@{epoch}", metric.name())
            }
            HypothesisMetric::EpochsToReach { metric, value } => {
                write!(f, "epochs_to({}, {value})", metric.name())
            }
            HypothesisMetric::GeneralizationGap => f.write_str("generalization_gap"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Evaluation, HeldOut, Metric, MissingLabel, Quoting, Separator};
    use super::*;

    fn json(value: impl serde::Serialize) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn tables_names_and_serialized_forms_agree() {
        for (name, value) in LrScheduler::NAMES {
            assert_eq!((value.name(), json(value)), (name, format!("\"{name}\"")));
        }
        for (name, value) in Precision::NAMES {
            assert_eq!((value.name(), json(value)), (name, format!("\"{name}\"")));
        }
        for (name, value) in Expectation::NAMES {
            assert_eq!((value.name(), json(value)), (name, format!("\"{name}\"")));
        }
    }

    /// These texts are hashed into run ids and stand in every results folder. Whoever renames a variant keeps its text.
    #[test]
    fn names_in_ids_and_records_are_pinned() {
        let held_out = |size| Evaluation::HeldOut { size, seed: 7 };
        let found = [
            json(LrScheduler::NAMES.map(|(_, value)| value)),
            json(Precision::NAMES.map(|(_, value)| value)),
            json([Metric::ACCURACY, Metric::PRECISION, Metric::RECALL, Metric::F1]),
            json([Metric::EVAL_LOSS, Metric::MEAN_CONFIDENCE, Metric::TRAIN_LOSS, Metric::TRAIN_ACCURACY]),
            json(MissingLabel::NAMES.map(|(_, value)| value)),
            json(Quoting::NAMES.map(|(_, value)| value)),
            json([Separator::TAB, Separator::COMMA]),
            json(Evaluation::File("a.csv".to_owned())),
            json(Evaluation::Split("test".to_owned())),
            json(held_out(HeldOut::Examples(10))),
            json(held_out(HeldOut::Fraction(0.5))),
        ];
        let pinned = [
            r#"["cosine","linear","constant"]"#,
            r#"["fp32","tf32","bf16"]"#,
            r#"["accuracy","precision","recall","f1"]"#,
            r#"["eval_loss","mean_confidence","train_loss","train_accuracy"]"#,
            r#"["drop","keep"]"#,
            r#"["minimal","none"]"#,
            r#"["tab",","]"#,
            r#"{"file":"a.csv"}"#,
            r#"{"split":"test"}"#,
            r#"{"held_out":{"size":{"examples":10},"seed":7}}"#,
            r#"{"held_out":{"size":{"fraction":0.5},"seed":7}}"#,
        ];
        assert_eq!(found, pinned);
    }
}
