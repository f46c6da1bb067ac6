//! A recorded metric as the program passes it around.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::metrics::expected_effect::Scale;
use crate::metrics::summary::Direction;

use super::definition::{ByExample, Definition, Measured, Table, Titles};
use super::registry::METRICS;
use super::{probabilities, scores, training};

/// A recorded metric: a member of the registry. Ordered as columns of tables; serialized as its name.
#[derive(Clone, Copy)]
pub struct Metric(&'static Definition);

/// Those that the program itself speaks of.
impl Metric {
    pub const ACCURACY: Metric = Metric(&scores::ACCURACY);
    pub const PRECISION: Metric = Metric(&scores::PRECISION);
    pub const RECALL: Metric = Metric(&scores::RECALL);
    pub const F1: Metric = Metric(&scores::F1);
    pub const EVAL_LOSS: Metric = Metric(&probabilities::EVAL_LOSS);
    pub const MEAN_CONFIDENCE: Metric = Metric(&probabilities::MEAN_CONFIDENCE);
    pub const TRAIN_LOSS: Metric = Metric(&training::TRAIN_LOSS);
    pub const TRAIN_ACCURACY: Metric = Metric(&training::TRAIN_ACCURACY);
}

impl Metric {
    /// All, in the order of columns in files.
    pub fn all() -> impl ExactSizeIterator<Item = Metric> + Clone {
        METRICS.iter().map(|definition| Metric(definition))
    }

    /// All, in the order of tables.
    pub fn ranked() -> Vec<Metric> {
        let mut metrics: Vec<Metric> = Metric::all().collect();
        metrics.sort();
        metrics
    }

    /// Those that a table shows, in its order.
    pub fn shown_in(table: Table) -> Vec<Metric> {
        let mut metrics = Metric::ranked();
        metrics.retain(|metric| metric.0.shown.contains(&table));
        metrics
    }

    /// The metric of that name.
    pub fn named(name: &str) -> Option<Metric> {
        Metric::all().find(|metric| metric.name() == name)
    }

    /// All with their names, in the order of tables.
    pub fn by_name() -> Vec<(&'static str, Metric)> {
        Metric::ranked().into_iter().map(|metric| (metric.name(), metric)).collect()
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The names in charts and tables.
    pub fn titles(self) -> Titles {
        self.0.titles
    }

    /// The name in charts and tables, of the evaluation examples or the training.
    pub fn title(self) -> &'static str {
        self.0.titles.evaluation
    }

    pub fn scale(self) -> Scale {
        self.0.scale
    }

    /// Whether it is a share of 1: of the examples, or a probability.
    pub fn is_share(self) -> bool {
        self.0.scale == Scale::Share
    }

    pub fn direction(self) -> Direction {
        self.0.direction
    }

    pub fn lower_is_better(self) -> bool {
        self.0.direction == Direction::LowerIsBetter
    }

    /// See [`Definition::counts_examples`].
    pub fn counts_examples(self) -> bool {
        self.0.counts_examples
    }

    pub fn measured(self) -> Measured {
        self.0.measured
    }

    /// Whether it is taken while training, not of an evaluation.
    pub fn is_of_training(self) -> bool {
        matches!(self.0.measured, Measured::Training(_))
    }

    pub fn by_example(self) -> ByExample {
        match self.0.measured {
            Measured::Training(_) => ByExample::None,
            Measured::Evaluation { by_example, .. } => by_example,
        }
    }

    /// Its place in the registry.
    pub(super) fn index(self) -> usize {
        // A metric is only made of members of the registry, which a test compares with the constants above.
        METRICS.iter().position(|definition| std::ptr::eq(*definition, self.0)).unwrap_or(0)
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Metric {}

impl Hash for Metric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl Ord for Metric {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.rank, self.0.name).cmp(&(other.0.rank, other.0.name))
    }
}

impl PartialOrd for Metric {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Metric::named(&name).ok_or_else(|| {
            let known: Vec<&str> = Metric::ranked().into_iter().map(Metric::name).collect();
            de::Error::custom(format!("unknown metric `{name}`, expected one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_stand_for_their_metrics() {
        for metric in Metric::all() {
            assert_eq!(Metric::named(metric.name()), Some(metric));
            let json = serde_json::to_string(&metric).unwrap();
            assert_eq!(
                (json.as_str(), serde_json::from_str(&json).unwrap()),
                (&*format!("\"{}\"", metric.name()), metric)
            );
        }
        let error = serde_json::from_str::<Metric>("\"acuracy\"").unwrap_err().to_string();
        assert!(error.contains("unknown metric `acuracy`, expected one of accuracy, f1,"), "{error}");
    }

    #[test]
    fn those_that_the_program_speaks_of_are_registered() {
        let constants = [
            Metric::ACCURACY,
            Metric::PRECISION,
            Metric::RECALL,
            Metric::F1,
            Metric::EVAL_LOSS,
            Metric::MEAN_CONFIDENCE,
            Metric::TRAIN_LOSS,
            Metric::TRAIN_ACCURACY,
        ];
        assert!(constants.into_iter().all(|constant| Metric::all().any(|metric| metric == constant)));
    }

    #[test]
    fn losses_are_lower_where_they_are_better_and_no_shares() {
        for metric in [Metric::EVAL_LOSS, Metric::TRAIN_LOSS] {
            assert!(metric.lower_is_better() && !metric.is_share() && !metric.counts_examples());
        }
        assert!(!Metric::F1.lower_is_better() && Metric::F1.is_share());
        assert!(Metric::MEAN_CONFIDENCE.is_share() && !Metric::MEAN_CONFIDENCE.counts_examples());
    }
}
