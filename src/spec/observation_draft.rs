//! `observations` as the file has them, before it is known which runs they concern.

use std::collections::HashSet;

use super::Expectation;
use super::claim::{read_margin, report_unknown};
use super::cursor::{Context, Cursor};
use super::observation::{Against, Observation, Observed};
use super::parameter::Count;
use super::problem::{Place, Problems, did_you_mean, listed, quoted};
use super::resolve::Planned;
use super::yaml::Value;
use crate::words::counted;

/// An observation whose keys are sound.
#[derive(Clone, Debug)]
pub(super) struct ObservationDraft {
    id: String,
    claim: String,
    /// The label of a configuration; none: the sweep's baseline.
    configuration: Option<String>,
    observe: Observed,
    against: Against,
    expect: Expectation,
    margin: Option<f64>,
    whole: Place,
    at_configuration: Place,
    at_observe: Place,
}

impl ObservationDraft {
    const KEYS: [&'static str; 7] = ["id", "claim", "configuration", "observe", "against", "expect", "margin"];

    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<ObservationDraft> {
        let entries = cursor.entries(context, "a mapping with `id`, `claim`, `observe`, `against` and `expect`")?;
        report_unknown(&entries, &Self::KEYS, context);
        let get = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        for key in ["id", "claim", "observe", "against", "expect"] {
            if get(key).is_none() {
                cursor.problem(context, format!("lacks `{key}`"));
            }
        }
        let id = get("id").map(|value| value.text(context, "text"));
        let claim = get("claim").map(|value| value.text(context, "a sentence"));
        let configuration = get("configuration").map(|value| value.text(context, "a configuration's label"));
        let observe = get("observe").map(|value| read_observed(value, context));
        let against = get("against").map(|value| read_against(value, context));
        let expect = get("expect").map(|value| value.one_of(context, &Expectation::NAMES));
        let margin = get("margin").map(|value| read_margin(value, context));
        let place = |key: &str| get(key).map_or_else(|| cursor.place(), Cursor::place);
        let (expect, margin) = (expect??, margin.flatten());
        let directed = matches!(expect, Expectation::Higher | Expectation::Lower);
        if !directed && margin.is_none_or(|margin| margin == 0.0) {
            let message =
                format!("`expect: {}` needs a `margin` above 0: a difference that counts as none", expect.name());
            cursor.problem(context, message);
            return None;
        }
        Some(ObservationDraft {
            id: id??.to_owned(),
            claim: claim??.to_owned(),
            configuration: configuration.flatten().map(str::to_owned),
            observe: observe??,
            against: against??,
            expect,
            margin,
            whole: cursor.place(),
            at_configuration: place("configuration"),
            at_observe: place("observe"),
        })
    }

    /// With the configuration that it is about; `overridden`: options changed the base.
    fn resolved(
        &self,
        planned: &[Planned],
        baseline: Option<&Planned>,
        overridden: bool,
    ) -> Result<Observation, (Place, String)> {
        let found = match &self.configuration {
            Some(label) => planned.iter().find(|planned| planned.label == *label).ok_or_else(|| {
                let labels = || planned.iter().map(|planned| planned.label.as_str());
                let hint = did_you_mean(label, labels());
                format!("no configuration is called {}{hint} (there are {})", quoted(label), listed(labels()))
            }),
            None => baseline.ok_or_else(|| {
                "base itself is no run of this sweep: say with `configuration:` which runs are meant".to_owned()
            }),
        };
        let found = found.map_err(|message| (self.at_configuration.clone(), message))?;
        let epochs = found.draft.scalars.count(Count::Epochs);
        let against = match &self.against {
            Against::Quantity(observed) => observed.epoch(),
            Against::Value(_) => 0,
        };
        if self.observe.epoch().max(against) > epochs && !overridden {
            let message = format!("{} has only {}", quoted(&found.label), counted(epochs, "epoch"));
            return Err((self.at_observe.clone(), message));
        }
        Ok(Observation {
            id: self.id.clone(),
            claim: self.claim.clone(),
            configuration: found.label.clone(),
            observe: self.observe.clone(),
            against: self.against.clone(),
            expect: self.expect,
            margin: self.margin,
        })
    }
}

/// All observations of a file; what is wrong is reported and left out.
pub(super) fn resolve(
    drafts: &[ObservationDraft],
    planned: &[Planned],
    baseline: Option<&Planned>,
    overridden: bool,
    problems: &mut Problems,
) -> Vec<Observation> {
    let mut ids = HashSet::new();
    let mut resolved = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if !ids.insert(draft.id.as_str()) {
            problems.add(draft.whole.clone(), format!("another observation is called {}, too", quoted(&draft.id)));
        }
        match draft.resolved(planned, baseline, overridden) {
            Ok(observation) => resolved.push(observation),
            Err((place, message)) => problems.add(place, message),
        }
    }
    resolved
}

fn read_observed(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Observed> {
    let text = cursor.text(context, "a quantity of a run")?;
    Observed::parse(text).map_err(|message| cursor.problem(context, message)).ok()
}

/// A number or another quantity.
fn read_against(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Against> {
    match cursor.node.value {
        Value::Integer(_) | Value::Float(_) => cursor.number(context).map(Against::Value),
        _ => read_observed(cursor, context).map(Against::Quantity),
    }
}
