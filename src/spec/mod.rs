//! What a sweep file says: raw text -> validated -> resolved runs without options.

mod hypothesis;
mod pack;
mod run;

pub use hypothesis::{Expectation, Hypothesis, HypothesisMetric, ReferenceFigure, Vary};
pub use pack::{PackId, PackPlan};
pub use run::{
    DatasetSpec, Evaluation, HeldOut, LrScheduler, MetricName, PlannedRun, Precision, RunId, RunSpec, Sweep,
};
