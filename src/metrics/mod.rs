//! Classification metrics and statistics on plain numbers; no tensors, no files.
//!
//! # Scores
//!
//! [`Confusion`] counts labels against predictions and gives [`Scores`] as scikit-learn does. [`example_values`] splits
//! a score into one value per example, so that F1, precision and recall can be compared like any mean over examples.
//!
//! # Recorded metrics
//!
//! A [`Metric`] is a member of the registry in `metric/`, which has its name, unit, direction, and how it is measured, once.
//!
//! # Is a difference real?
//!
//! A comparison is paired twice: a treatment and its baseline share their seeds and their evaluation examples.
//! [`PairedExamples`] holds one difference per seed and example, [`PairedSeeds`] one per seed (for metrics without
//! values per example), [`PairedTimes`] epochs until a goal is reached, which some runs never do. All give an [`Effect`]: estimate, 95 % interval, p-value.
//! An [`ExpectedEffect`] allows some effects and excludes the others; [`assess`] reads the [`Verdict`] off the interval.
//! [`Improvement`] is the probability that a run of one side beats a run of the other, [`TaskScores`] sums up several data sets.
//! [`correct`] applies Holm's correction across the claims of a sweep, [`correct_looks`] also where a claim is looked at
//! several times while its seeds come in; [`benjamini_hochberg`] is for comparisons that nobody claimed beforehand. [`Design`] predicts, before anything ran,
//! whether planned seeds and examples can settle a claim, and [`Prospect`] says what would.
//!
//! # Why this interval
//!
//! Two sources of noise add up: which seeds were drawn and which evaluation examples. With seeds and examples crossed
//! (every seed is evaluated on the same examples) the variance of the mean difference is a sum of two parts, one with
//! `seeds - 1` degrees of freedom and one with about `examples - 1` (the random-reader random-case design of Dorfman,
//! Berbaum and Metz, 1992, with seeds as readers and examples as cases). Banerjee (1960, Sankhya 22) showed for such
//! sums of independent parts that the half-width `sqrt(t_a^2 * part_a + t_b^2 * part_b)`, each t with the degrees of
//! freedom of its part, covers the truth at least as often as its level says. Satterthwaite's single t is narrower, but
//! in simulations with two seeds it missed the truth in 12 % of the cases instead of 5 % and with three in 8 %; resampling
//! three seeds (bootstrap) missed it in 17 %. `tests/metrics_calibration.rs` shows the rates of what is used here.

mod bootstrap;
mod confusion;
#[cfg(test)]
mod degenerate;
mod discovery;
mod distribution;
mod effect;
mod expected_effect;
mod holm;
mod improvement;
mod influence;
mod interval;
mod looks;
mod mcnemar;
mod metric;
mod paired;
mod paired_times;
mod pareto;
mod permutation;
mod pooled;
mod power;
mod probability;
mod prospect;
mod random;
mod several_tasks;
mod sign_test;
mod summary;
mod verdict;

pub use bootstrap::{Bootstrap, bootstrap_interval};
pub use confusion::{ClassScores, Confusion, ConfusionError, ScoreName, Scores};
pub use discovery::benjamini_hochberg;
pub(crate) use distribution::{normal_cdf, normal_quantile};
pub use effect::{Average, Basis, Effect};
pub use expected_effect::{Expectation, ExpectedEffect, MarginError, Scale};
pub use holm::holm;
pub use improvement::Improvement;
pub use influence::example_values;
pub use interval::{Interval, LEVEL, mean_interval, share_interval, wilson};
pub use looks::{Look, correct_looks, looks, speaking};
pub use mcnemar::McNemar;
pub use metric::{
    ByExample, Definition, Evaluated, Examples, Measured, Metric, MetricValues, Table, Titles, TrainingTotals,
};
pub use paired::{PairedExamples, PairedSeeds, PairingError};
pub use paired_times::{PairedTimes, TimeToReach};
pub use pareto::{Candidate, pareto_front};
pub use permutation::{SignFlip, sign_flip};
pub use pooled::Pooled;
pub use power::{DEFAULT_CORRELATION, DEFAULT_SEED_SD, DEFAULT_SHARED, Design, discordance};
pub use probability::{confidence, log_loss};
pub use prospect::{Needs, POWER, Prospect, Quantity};
pub(crate) use random::Stream;
pub use several_tasks::TaskScores;
pub use summary::{Direction, Summary};
pub use verdict::{ALPHA, Assessment, Joint, Verdict, all_of, assess, assess_at, correct};
