//! The runs that a sweep begins with.

use std::borrow::Cow;

use crate::spec::{PlannedRun, Sweep};

use super::method::{Search, Space};

/// Gives a resolved sweep the runs of the search's first generation. Returns the design, which further generations are
/// chosen from, where it is another than those runs.
pub fn put_first_generation(search: &dyn Search, sweep: &mut Sweep) -> Option<Vec<PlannedRun>> {
    let first = match search.next(&Space { design: &sweep.runs }, &[]) {
        // A design may have very many runs.
        Some(Cow::Borrowed(runs)) if runs.len() == sweep.runs.len() => return None,
        first => first.map_or_else(Vec::new, Cow::into_owned),
    };
    Some(std::mem::replace(&mut sweep.runs, first))
}
