//! The runs that the sweep file names, and no others.

use std::borrow::Cow;

use crate::spec::PlannedRun;

use super::generation::FinishedGeneration;
use super::method::{Search, Space};

/// `ablate`, `grid`, `zip` and `runs`: one generation, whatever comes of it.
#[derive(Clone, Copy, Debug)]
pub struct FixedDesign;

impl Search for FixedDesign {
    fn name(&self) -> &'static str {
        "design"
    }

    fn next<'s>(&self, space: &Space<'s>, finished: &[FinishedGeneration<'_>]) -> Option<Cow<'s, [PlannedRun]>> {
        finished.is_empty().then_some(Cow::Borrowed(space.design))
    }
}
