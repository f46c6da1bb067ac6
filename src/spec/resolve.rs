//! A design with the facts: the runs of a sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::design::Design;
use super::draft::Draft;
use super::facts::Facts;
use super::intern::Interner;
use super::planned_configuration::PlannedConfiguration;
use super::problem::{Place, Problems};
use super::{SearchDesign, Sweep};
use super::{change, contradiction, fault_report, planning, resolved_observation, trained_alike, treatment};
use crate::words::{counted, grouped};

/// A sweep file that means more runs than this means something else.
const MOST_RUNS: usize = 1_000_000;

/// Expands a design whose reading may have found problems; those of the expansion are added. None: there are problems.
pub(super) fn resolve(design: &Design, facts: &dyn Facts, problems: &mut Problems) -> Option<Sweep> {
    let candidates = treatment::candidates(design, problems);
    contradiction::report(design, &candidates, problems);
    let mut interner = Interner::new(facts);
    if !problems.is_empty() {
        fault_report::probe(design, &mut interner, problems);
        return None;
    }
    if design.size().is_none_or(|size| size > MOST_RUNS) {
        let size = design.size().map_or("far more runs".to_owned(), |size| counted(size, "run"));
        problems.add(Place::default(), format!("makes {size}; {} is the most", grouped(MOST_RUNS)));
        return None;
    }
    let planned = planning::configurations(design, &mut interner, problems);
    trained_alike::report(design, &planned, problems);
    if !problems.is_empty() {
        return None;
    }
    let search =
        design.search.as_ref().and_then(|draft| SearchDesign::new(design, draft, facts, problems)).map(Arc::new);
    if planned.is_empty() && design.search.is_none() {
        problems.add(Place { path: "exclude".to_owned(), node: None }, "leaves no run");
        return None;
    }
    let baseline = baseline(design, &planned, &mut interner);
    let most_seeds = planned.iter().map(|planned| planned.runs.len()).max().unwrap_or(0);
    let looks = design.looks.as_ref().map(|looks| looks.within(most_seeds, design.overridden, problems));
    let hypotheses = treatment::hypotheses(design, &candidates, &planned, baseline, &mut interner, problems);
    let observations =
        resolved_observation::resolve(&design.observations, &planned, baseline, design.overridden, problems);
    if !problems.is_empty() {
        return None;
    }
    Some(Sweep {
        name: design.name.clone(),
        description: design.description.clone(),
        baseline: baseline.map(|planned| planned.label.clone()),
        runs: planning::runs(&planned, design.varies_seed(), interner.contents()),
        search,
        changes: change::named(design, &planned),
        scaled: Vec::new(),
        originals: BTreeMap::new(),
        hypotheses,
        observations,
        looks: looks.unwrap_or_default(),
        reference: design.reference.clone(),
        extends: Vec::new(),
    })
}

/// The planned configuration that is the base itself. The base's model and data set are not asked for where no run has them: that
/// could be a download for nothing.
fn baseline<'a>(
    design: &Design,
    planned: &'a [PlannedConfiguration],
    interner: &mut Interner<'_>,
) -> Option<&'a PlannedConfiguration> {
    let base = &design.base;
    let names_both = |other: &Draft| other.model == base.model && other.dataset.path == base.dataset.path;
    if !planned.iter().any(|other| names_both(&other.draft)) {
        return None;
    }
    let key = interner.key(base).ok()?;
    planned.iter().find(|other| other.key == key)
}
