//! The seam between a plan and what makes it grow.

use crate::metrics::Metric;
use crate::spec::{Point, RunSpec, SearchRecord, SpecErrors};

use super::generation::{FinishedGeneration, Generation};

/// A search cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("a point of the search cannot be trained: {0}")]
    Point(#[from] SpecErrors),
    #[error("the plan has a point that is none of the search's space: {0}")]
    OtherSpace(String),
    #[error("the search has a budget of tokens, but how many tokens the training data has is not known")]
    Tokens,
    #[error(
        "the search has a budget of hours, but how fast its first runs were trained is not known: none of them recorded an epoch, \
         or how many tokens the training data has is not known"
    )]
    Speed,
    #[error("the search cannot try the point {0:?}: it leaves out a dimension that applies")]
    Incomplete(Point),
}

/// Training tokens of a run in one epoch; none where they are not known.
pub type TokensPerEpoch<'a> = &'a dyn Fn(&RunSpec) -> Option<u64>;

/// What budgets are reckoned with.
#[derive(Clone, Copy)]
pub struct Costs<'a> {
    pub tokens: TokensPerEpoch<'a>,
    /// Training tokens a second of one device, as measured in the first generation; none before it has ended, and where the
    /// search has no need of it.
    pub tokens_per_second: Option<f64>,
}

impl Costs<'static> {
    /// Where nothing is known.
    pub const UNKNOWN: Costs<'static> = Costs { tokens: &|_| None, tokens_per_second: None };
}

/// What makes a plan grow.
///
/// It is asked anew for every generation, also after a restart and by several processes at once, so it keeps nothing
/// between two calls and looks at nothing but its arguments: no clock, no random numbers but those that follow from the
/// sweep file.
pub trait Search {
    /// As plans record it.
    fn name(&self) -> &str;

    /// What the plan records of the search; none where the sweep file's own runs are all.
    fn record(&self) -> Option<SearchRecord> {
        None
    }

    /// What its choices depend on, beside the results, as a digest: a plan that another definition grew is not grown further by
    /// this one.
    fn definition(&self) -> Option<String> {
        None
    }

    /// What is searched for; none: each run's own `metric_for_best`.
    fn metric(&self) -> Option<Metric> {
        None
    }

    /// Whether it has to know how fast the first generation was trained.
    fn needs_speed(&self) -> bool {
        false
    }

    /// The generation after those that have `finished`; none where the search has ended. Of the first one it gives what is
    /// trained beside the runs that the sweep file names.
    ///
    /// # Errors
    /// The plan is none of this search.
    fn next(&self, finished: &[FinishedGeneration<'_>], costs: Costs<'_>) -> Result<Option<Generation>, SearchError>;
}
