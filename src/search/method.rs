//! The seam between what is searched and how.

use std::borrow::Cow;

use crate::spec::PlannedRun;

use super::generation::FinishedGeneration;

/// What a search chooses from, as the sweep file says it.
#[derive(Clone, Copy, Debug)]
pub struct Space<'s> {
    /// The runs that the sections of the file name one by one, in its order.
    pub design: &'s [PlannedRun],
}

/// A method of choosing runs.
///
/// It is asked anew for every generation, also after a restart and by several processes at once, so it keeps nothing
/// between two calls and looks at nothing but its arguments: no clock, no random numbers but those that follow from the
/// sweep file.
pub trait Search: Sync {
    /// As plans record it. A plan that one method grew is not grown further by another.
    fn name(&self) -> &'static str;

    /// The runs of the generation after those that have `finished`, all with ids that no earlier one has; none where the
    /// search has ended.
    fn next<'s>(&self, space: &Space<'s>, finished: &[FinishedGeneration<'_>]) -> Option<Cow<'s, [PlannedRun]>>;
}
