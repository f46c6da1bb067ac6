//! What the section `search` says beside its space.

use serde::{Deserialize, Serialize};

use crate::metrics::{Direction, Metric};

use super::point::{Dimension, RecordedPoint};

/// A search as plans have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRecord {
    pub settings: SearchSettings,
    pub space: Vec<Dimension>,
}

/// How a space is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSettings {
    /// The name of a method.
    pub method: String,
    /// Configurations that are tried, at most.
    pub samples: usize,
    /// Configurations that are chosen together, by the results of those before.
    pub batch: usize,
    pub seed: u64,
    /// What is searched for, at a run's best epoch.
    pub metric: Metric,
    /// Of every configuration, before its confirmation.
    pub seeds: Vec<u64>,
    /// Tried first, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub initial: Vec<RecordedPoint>,
    /// None: the best are not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// None: every run is trained to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopRule>,
    /// At most; what the runs that confirm take is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<SearchBudget>,
}

impl SearchSettings {
    pub fn direction(&self) -> Direction {
        self.metric.direction()
    }
}

/// What the runs of a search may take together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SearchBudget {
    /// Training tokens.
    Tokens(u64),
    /// Hours of one device, at the speed at which it trained the first generation.
    Hours { hours: f64 },
}

impl SearchBudget {
    /// The same in training tokens; none for hours where nothing is known of the speed (training tokens a second).
    pub fn tokens(self, speed: Option<f64>) -> Option<u64> {
        match self {
            SearchBudget::Tokens(tokens) => Some(tokens),
            // Saturates.
            SearchBudget::Hours { hours } => speed.map(|speed| (hours * 3600.0 * speed) as u64),
        }
    }
}

/// The best configurations are trained again with seeds that the search has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    pub top: usize,
    pub seeds: usize,
}

/// Which runs are stopped before their last epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum StopRule {
    /// Asynchronous successive halving (Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020): of the
    /// configurations that reached a rung, the best in `reduction_factor` go on to the next.
    Asha {
        /// Epochs to the first rung.
        min_resource: usize,
        reduction_factor: usize,
    },
    /// A configuration stops that is worse, after an epoch, than the median of the others after it (Golovin et al., "Google
    /// Vizier", 2017).
    Median {
        /// Configurations that have reached an epoch before anything is stopped there.
        startup: usize,
        /// Epochs after which nothing is stopped.
        warmup: usize,
        /// Epochs between two decisions.
        interval: usize,
    },
}

impl StopRule {
    /// The epochs of a run after which is decided whether it goes on, ascending.
    pub fn rungs(&self, epochs: usize) -> Vec<usize> {
        match *self {
            StopRule::Asha { min_resource, reduction_factor } => {
                let next = |rung: &usize| rung.checked_mul(reduction_factor);
                std::iter::successors(Some(min_resource), next).take_while(|rung| *rung < epochs).collect()
            }
            StopRule::Median { warmup, interval, .. } => (warmup.max(1)..epochs).step_by(interval.max(1)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_before_the_last_epoch() {
        let asha = StopRule::Asha { min_resource: 1, reduction_factor: 3 };
        assert_eq!(asha.rungs(9), [1, 3]);
        assert_eq!(asha.rungs(10), [1, 3, 9]);
        assert_eq!(asha.rungs(1), [0; 0]);
        let median = StopRule::Median { startup: 5, warmup: 2, interval: 2 };
        assert_eq!(median.rungs(7), [2, 4, 6]);
    }
}
