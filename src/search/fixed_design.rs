//! The runs that the sweep file names, and no others.

use super::generation::{FinishedGeneration, Generation};
use super::search::{Costs, Search, SearchError};

/// `ablate`, `grid`, `zip` and `runs`: one generation, whatever comes of it.
#[derive(Clone, Copy, Debug)]
pub struct FixedDesign;

impl Search for FixedDesign {
    fn name(&self) -> &str {
        "design"
    }

    fn next(&self, _finished: &[FinishedGeneration<'_>], _costs: Costs<'_>) -> Result<Option<Generation>, SearchError> {
        Ok(None)
    }
}
