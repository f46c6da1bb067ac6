//! Metrics of hypotheses and references, as sweep files write them.

use super::problem::{did_you_mean, listed, quoted};
use super::{HypothesisMetric, Metric};

const GENERALIZATION_GAP: &str = "generalization_gap";
const EPOCHS_TO: &str = "epochs_to";

/// No metric, or none that can have a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum MetricError {
    #[error("{} must name a metric and a value: `epochs_to(accuracy, 0.9)`", quoted(given))]
    EpochsTo { given: String },
    #[error("after `@` comes `best`, `last` or an epoch counted from 1, found {}", quoted(given))]
    When { given: String },
    #[error(
        "unknown metric {}{} (there are {}; also `accuracy@last`, `accuracy@3`)",
        quoted(given),
        hint(given),
        all()
    )]
    Unknown { given: String },
    #[error("{name} is a share from 0 to 1, not a percentage: write {:.4}", value / 100.0)]
    Percentage { name: &'static str, value: f64 },
    #[error("{name} is {range}")]
    Range { name: &'static str, range: &'static str },
}

fn names() -> impl Iterator<Item = &'static str> + Clone {
    let names: Vec<&str> = Metric::ranked().into_iter().map(Metric::name).collect();
    names.into_iter().chain([GENERALIZATION_GAP])
}

fn hint(given: &str) -> String {
    did_you_mean(given, names())
}

fn all() -> String {
    listed(names().chain(["epochs_to(accuracy, 0.9)"]))
}

/// Reads `accuracy` (at the best epoch), `accuracy@best`, `eval_loss@last`, `accuracy@3`, `epochs_to(accuracy, 0.9)` or
/// `generalization_gap`.
pub(super) fn parse(text: &str) -> Result<HypothesisMetric, MetricError> {
    let text = text.trim();
    if text == GENERALIZATION_GAP {
        return Ok(HypothesisMetric::GeneralizationGap);
    }
    if let Some(arguments) = text.strip_prefix(EPOCHS_TO) {
        return parse_epochs_to(arguments).ok_or_else(|| MetricError::EpochsTo { given: text.to_owned() })?;
    }
    let Some((name, when)) = text.split_once('@') else {
        return recorded(text).map(HypothesisMetric::Best);
    };
    let metric = recorded(name.trim())?;
    match (when.trim(), when.trim().parse()) {
        ("best", _) => Ok(HypothesisMetric::Best(metric)),
        ("last", _) => Ok(HypothesisMetric::Last(metric)),
        (_, Ok(epoch)) if epoch > 0 => Ok(HypothesisMetric::AfterEpoch { metric, epoch }),
        (when, _) => Err(MetricError::When { given: when.to_owned() }),
    }
}

/// The arguments with their parentheses. None: no such form.
fn parse_epochs_to(arguments: &str) -> Option<Result<HypothesisMetric, MetricError>> {
    let arguments = arguments.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (name, value) = arguments.split_once(',')?;
    let value: f64 = value.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
    let read = recorded(name.trim()).and_then(|metric| {
        check_value(metric, value)?;
        Ok(HypothesisMetric::EpochsToReach { metric, value })
    });
    Some(read)
}

/// The recorded metric of that name.
pub(super) fn recorded(name: &str) -> Result<Metric, MetricError> {
    Metric::named(name).ok_or_else(|| MetricError::Unknown { given: name.to_owned() })
}

/// Whether a metric can have a value; if not, why.
pub(super) fn check_value(metric: Metric, value: f64) -> Result<(), MetricError> {
    let name = metric.name();
    if metric.is_share() && value > 1.0 && value <= 100.0 {
        return Err(MetricError::Percentage { name, value });
    }
    if value < 0.0 || metric.is_share() && value > 1.0 {
        let range = if metric.is_share() { "from 0 to 1" } else { "at least 0" };
        return Err(MetricError::Range { name, range });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_shown_the_same() {
        for text in ["accuracy", "eval_loss@last", "accuracy@3", "epochs_to(accuracy, 0.9)", "generalization_gap"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("f1@best"), Ok(HypothesisMetric::Best(Metric::F1)));
        assert_eq!(parse("epochs_to( eval_loss ,2)").unwrap().to_string(), "epochs_to(eval_loss, 2)");
    }

    #[test]
    fn wrong_metrics_say_what_would_be_right() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(message("acuracy").contains("did you mean `accuracy`"));
        assert!(message("accuracy@0").contains("counted from 1"));
        assert!(message("accuracy@").contains("counted from 1"));
        assert!(message("epochs_to(accuracy, 92)").contains("write 0.9200"));
        assert!(message("epochs_to(accuracy)").contains("epochs_to(accuracy, 0.9)"));
        assert!(message("epochs_to(accuracy, inf)").contains("epochs_to(accuracy, 0.9)"));
        assert!(message("").contains("unknown metric"));
    }
}
