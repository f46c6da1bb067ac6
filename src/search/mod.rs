//! How a sweep comes to its runs: a generation of them after the other.
//!
//! ```text
//! Search          what the plan asks: the generations that have finished -> the next one, or none
//!   FixedDesign     the runs that the sweep file names: no further generation
//!   SampledSearch   the section `search`: batches of points, rungs, the confirmation of the best
//!     Method          which point is tried next: random, sobol, tpe
//! ```
//!
//! All of them are pure functions of the sweep file and of the generations that have finished. The same file and the same
//! results give the same runs, whoever asks, how often, and after whatever was killed. What was decided, and by which results,
//! is appended to the plan (`store::GenerationRecord`); who asks is `execute::work_by_generations`.
//!
//! What the sections of a sweep file mean is `spec`'s: it resolves points to runs.
//!
//! A method is a file in `method/` that implements [`Method`], and a line in [`METHODS`].

mod fixed_design;
mod generation;
mod method;
mod sampled;
#[expect(clippy::module_inception)]
mod search;
mod space;

pub use fixed_design::FixedDesign;
pub use generation::{FinishedGeneration, FinishedRun, Generation};
pub use method::{METHODS, Method, Question, Random, Sample, Sobol, Tpe};
pub use sampled::SampledSearch;
pub use search::{Costs, Search, SearchError, TokensPerEpoch};
pub use space::Space;

use crate::spec::Sweep;

/// The names of all methods, as sweep files have them.
pub fn method_names() -> Vec<&'static str> {
    METHODS.iter().map(|method| method.name()).collect()
}

/// What makes a sweep's plan grow.
pub fn of_sweep(sweep: &Sweep) -> Box<dyn Search> {
    match sweep.search.clone().and_then(SampledSearch::new) {
        Some(search) => Box::new(search),
        None => Box::new(FixedDesign),
    }
}
