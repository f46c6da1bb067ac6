//! How a sweep comes to its runs: a generation of them after the other.
//!
//! A [`Search`] is a pure function of what the sweep file says ([`Space`]) and of the generations that have finished: it
//! gives the runs of the next one, or nothing more. The same file and the same results give the same runs, whoever asks,
//! how often, and after whatever was killed. What it decided, and by which results, is appended to the plan
//! (`store::GenerationRecord`); who asks is `execute::work_by_generations`.
//!
//! What the sections of a sweep file mean (`ablate`, `grid`, `zip`, `runs`) is `spec`'s: it expands them to resolved runs.
//! To a search those are the design that it is given.
//!
//! A method is a file here that implements [`Search`], and a line in [`SEARCHES`].

mod first_generation;
mod fixed_design;
mod generation;
mod method;

pub use first_generation::put_first_generation;
pub use fixed_design::FixedDesign;
pub use generation::{FinishedGeneration, FinishedRun};
pub use method::{Search, Space};

use crate::spec::Sweep;

/// All methods, the first for sweep files that name none.
pub const SEARCHES: &[&dyn Search] = &[&FixedDesign];

/// The method of a sweep. No section of a sweep file names one: all of them are the fixed design.
pub fn of_sweep(_sweep: &Sweep) -> &'static dyn Search {
    SEARCHES[0]
}
