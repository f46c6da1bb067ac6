//! Observations with the configurations that they are about.

use std::collections::HashSet;

use super::label;
use super::observation::{Against, Observation};
use super::observation_draft::ObservationDraft;
use super::parameter::Count;
use super::planned_configuration::PlannedConfiguration;
use super::problem::{Place, Problems, quoted};
use crate::words::counted;

/// All observations of a file; what is wrong is reported and left out.
pub(super) fn resolve(
    drafts: &[ObservationDraft],
    planned: &[PlannedConfiguration],
    baseline: Option<&PlannedConfiguration>,
    overridden: bool,
    problems: &mut Problems,
) -> Vec<Observation> {
    let mut ids = HashSet::new();
    let mut observations = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if !ids.insert(draft.id.as_str()) {
            problems.add(draft.whole.clone(), format!("another observation is called {}, too", quoted(&draft.id)));
        }
        match resolved(draft, planned, baseline, overridden) {
            Ok(observation) => observations.push(observation),
            Err((place, message)) => problems.add(place, message),
        }
    }
    observations
}

/// With the configuration that it is about; `overridden`: options changed the base.
fn resolved(
    draft: &ObservationDraft,
    planned: &[PlannedConfiguration],
    baseline: Option<&PlannedConfiguration>,
    overridden: bool,
) -> Result<Observation, (Place, String)> {
    let found = match &draft.configuration {
        Some(label) => label::find(label, planned),
        None => baseline.ok_or_else(|| {
            "base itself is no run of this sweep: say with `configuration:` which runs are meant".to_owned()
        }),
    };
    let found = found.map_err(|message| (draft.at_configuration.clone(), message))?;
    let epochs = found.draft.scalars.count(Count::Epochs);
    let against = match &draft.against {
        Against::Quantity(observed) => observed.epoch(),
        Against::Value(_) => 0,
    };
    if draft.observe.epoch().max(against) > epochs && !overridden {
        let message = format!("{} has only {}", quoted(&found.label), counted(epochs, "epoch"));
        return Err((draft.at_observe.clone(), message));
    }
    Ok(Observation {
        id: draft.id.clone(),
        claim: draft.claim.clone(),
        configuration: found.label.clone(),
        observe: draft.observe.clone(),
        against: draft.against.clone(),
        expect: draft.expect,
        margin: draft.margin,
    })
}
