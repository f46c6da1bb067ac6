//! What a search has found: samples with their results, the winner and how much of its lead was luck, which dimensions
//! matter, and what budgets buy.
//!
//! ```text
//! read          the plan and its runs -> Evidence
//! outcome       the winner by fresh seeds, and by how much its own mean shrank
//! compare       whether the confirmed ones can be told apart
//! importance    which dimensions matter (PED-ANOVA), and which only seem to
//! expected_best what budgets buy
//! words, snippet  the same for people
//! ```

mod compare;
mod density;
mod evidence;
mod expected_best;
mod found;
mod importance;
mod outcome;
mod read;
mod snippet;
mod standing;
mod words;

pub(super) use compare::tell_apart;
pub use evidence::{Evidence, Trial, TrialRun, TrialState};
pub(super) use expected_best::{Step, best_so_far, expected_best};
pub use found::Found;
pub use importance::{FEWEST, Importance, Importances};
pub use outcome::{Outcome, Shrinkage, Winner, outcome};
pub use read::of_views;
pub(super) use read::read;
pub(super) use snippet::base;
pub use standing::{ended, standing};
pub(super) use words::{caveat, conclusion, method, points, sample_values};
