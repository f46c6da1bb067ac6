//! What a sweep file says: raw text -> validated -> resolved runs without options.
//!
//! ```text
//! text -> yaml (tree with lines) -> design (every value checked) -> expand (configurations)
//!      -> resolve (with the facts of models and data sets: runs, ids, hypotheses)
//! ```
//!
//! Reading collects problems instead of stopping at the first; see [`SpecErrors`].
//!
//! # The sweep file
//!
//! All sections may be left out; a file without variation is one run.
//!
//! * `name` (else the file's name), `description`.
//! * `base`: parameters of a run, named like the fields of [`RunSpec`]. What is left out has the paper's value.
//!   `dataset` is a path or `{path, split, text, label, limit, eval, header, quoting, separator, missing_label}`, where `eval` is a file's path, `{split: test}` or
//!   `{test_size: 640, seed: 42}`; single fields are named `dataset.limit` and so on, everywhere. `target_modules` is a
//!   full name, `{layers: [0, 5] | all | "0-3", modules: [query, output.dense] | all}`, or a list of both.
//! * `ablate`: parameter -> list of values, or name of our own -> mapping of parameters that change together, or list of
//!   such mappings (with an optional `name` each). One change of base per run; base itself is a run, too.
//! * `grid`: the same as axes of a product. `zip`: parameter -> list of values, all equally long, walked together; one
//!   more axis of the product.
//! * `runs`: list of mappings of parameters with an optional `name`.
//! * `seeds`: every configuration once per seed. `init_seed`, `order_seed` and `dropout_seed` follow a run's seed, `split_seed`
//!   the data set's, unless they are set: to a number, or relative to the run's seed (`seed`, `seed + 1000`).
//! * `search`: see [`SearchDesign`]; `{method, samples, space}` and more: a space whose configurations are chosen one batch after
//!   the other, by the results of those before.
//! * `exclude`: list of conditions, parameter -> value, list of values, or `{lt, le, gt, ge, ne}`; a run that meets all of
//!   a condition is left out.
//! * `looks`: numbers of seeds at which verdicts may be given; without it only when all seeds are in.
//! * `hypotheses`: see [`Hypothesis`]; `vary` is a parameter or a named change, `values` some of its values, `baseline` a
//!   configuration's label, `metric` one of `accuracy` (at the best epoch), `accuracy@last`, `accuracy@3`,
//!   `epochs_to(accuracy, 0.9)`, `generalization_gap`.
//! * `observations`: see [`Observation`]; statements about the runs of one configuration (base where none is named).
//! * `reference`: see [`ReferenceFigure`].
//!
//! `ablate`, `grid` x `zip` and `runs` are united; runs that compute the same are one, called as the first of them.
//! Relative paths are looked for beside the sweep file first, then where the program runs.

mod axis;
mod change;
mod contradiction;
mod cursor;
mod dataset;
mod described;
mod design;
mod draft;
mod early_stopping;
mod elsewhere;
mod encoding;
mod error;
mod exclude;
mod expand;
mod extends;
mod facts;
mod family_names;
mod fault;
mod fault_report;
mod fields;
mod file;
mod hypothesis;
mod hypothesis_draft;
mod identity;
mod intern;
mod label;
mod location;
mod looks;
mod metric;
mod module;
mod names;
mod nesting;
mod notice;
mod observation;
mod observation_draft;
mod pack;
mod parameter;
mod planned_configuration;
mod planned_run;
mod planning;
mod problem;
mod reading;
mod rehearsal;
mod rehearsing;
mod resolve;
mod resolved_observation;
mod run;
mod scaling;
mod schema;
mod search;
mod select;
mod setting;
mod source_seed;
mod sources;
mod sweep;
mod targets;
mod trained_alike;
mod treatment;
mod yaml;

pub use crate::metrics::{Expectation, Metric};
pub use change::NamedChange;
pub use early_stopping::EarlyStopping;
pub use elsewhere::{is_whole_number, parameter_called};
pub use error::{Problem, SpecErrors};
pub use extends::ExtendedFile;
pub use facts::{AdapterFacts, Facts, FactsError, Input, ModelFacts};
pub use family_names::{FamilyNames, ResidualDropout};
pub use file::SweepFile;
pub use hypothesis::{Hypothesis, HypothesisMetric, ReferenceFigure, Vary};
pub use module::{Module, layer_of};
pub(crate) use nesting::excess as yaml_excess;
pub use observation::{Against, Observation, Observed, Until};
pub use pack::{PackId, PackPlan, Segment};
pub use planned_run::PlannedRun;
pub use reading::{NoSeparator, Quoting, Reading, Separator};
pub use rehearsal::Rehearsal;
pub use run::{DatasetSpec, Evaluation, HeldOut, LrScheduler, MissingLabel, Precision, RunId, RunSpec};
pub use schema::{Reference, schema};
pub use search::{
    Confirm, Coordinate, Dimension, Distribution, FactsRecord, Point, Range, RecordedFacts, RecordedPoint,
    SearchBudget, SearchDesign, SearchRecord, SearchSettings, StopRule, TriedPoint,
};
pub use select::{SelectError, select};
pub use sweep::Sweep;
