//! What the section `search` says without effect.

use crate::spec::design::Design;
use crate::spec::problem::{Place, quoted};
use crate::words::counted;

use super::draft::{DimensionDraft, SearchDraft, Values};

/// One sentence for each finding; `named` tells a place with its line.
pub(in crate::spec) fn notices(design: &Design, named: &dyn Fn(&Place) -> String) -> Vec<String> {
    let Some(search) = &design.search else {
        return Vec::new();
    };
    let mut notices: Vec<String> =
        search.dimensions.iter().filter_map(|dimension| idle_dimension(design, search, dimension, named)).collect();
    notices.extend(initial_beyond(search, named));
    notices.extend(idle_stop(design, search, named));
    notices
}

/// A dimension that varies nothing.
fn idle_dimension(
    design: &Design,
    search: &SearchDraft,
    dimension: &DimensionDraft,
    named: &dyn Fn(&Place) -> String,
) -> Option<String> {
    let place = named(&dimension.place);
    if dimension.when.as_ref().is_some_and(|when| !search.may_meet(design, when)) {
        return Some(format!("{place} is never varied: no point of the space meets its `when`"));
    }
    match &dimension.values {
        Values::Choices(axis) if axis.choices.len() == 1 && dimension.when.is_none() => {
            let shown = quoted(&axis.choices[0].shown);
            Some(format!("{place} has one value, {shown}, so it varies nothing"))
        }
        _ => None,
    }
}

/// Points that the file names beyond the number of samples.
fn initial_beyond(search: &SearchDraft, named: &dyn Fn(&Place) -> String) -> Option<String> {
    let (given, samples) = (search.initial.len(), search.samples);
    (given > samples).then(|| {
        let place = named(&search.places.initial);
        format!("{place} has {}, of which `samples: {samples}` tries the first {samples} only", counted(given, "point"))
    })
}

/// A rule of stopping without a rung.
fn idle_stop(design: &Design, search: &SearchDraft, named: &dyn Fn(&Place) -> String) -> Option<String> {
    let epochs = search.most_epochs(&design.base);
    let is_idle = search.stop.as_ref()?.rungs(epochs).is_empty();
    is_idle.then(|| {
        let (place, epochs) = (named(&search.places.stop), counted(epochs, "epoch"));
        format!("{place} stops nothing: its first rung is not before the end of runs of {epochs}")
    })
}
