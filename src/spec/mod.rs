//! What a sweep file says: raw text -> validated -> resolved runs without options.
//!
//! ```text
//! text -> yaml (tree with lines) -> design (every value checked) -> expand (configurations)
//!      -> resolve (with the facts of models and data sets: runs, ids, hypotheses)
//! ```
//!
//! Reading collects problems instead of stopping at the first; see [`SpecErrors`].

mod architecture;
mod axis;
mod claim;
mod contradiction;
mod cursor;
mod dataset;
mod design;
mod draft;
mod exclude;
mod expand;
mod facts;
mod fault;
mod file;
mod hypothesis;
mod identity;
mod intern;
mod metric;
mod names;
mod pack;
mod parameter;
mod problem;
mod rehearsal;
mod resolve;
mod run;
mod select;
mod setting;
mod targets;
mod treatment;
mod yaml;

pub use architecture::{Architecture, Module};
pub use facts::{Facts, ModelFacts};
pub use file::SweepFile;
pub use hypothesis::{Expectation, Hypothesis, HypothesisMetric, ReferenceFigure, Vary};
pub use pack::{PackId, PackPlan};
pub use problem::{Problem, SpecErrors};
pub use rehearsal::Rehearsal;
pub use run::{
    DatasetSpec, Evaluation, HeldOut, LrScheduler, MetricName, PlannedRun, Precision, RunId, RunSpec, Sweep,
};
pub use select::{SelectError, select};
