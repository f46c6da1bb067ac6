//! `observations` as the file has them, before it is known which runs they concern.

use super::Expectation;
use super::cursor::{Context, Cursor};
use super::fields::{OBSERVATION, required_names};
use super::hypothesis_draft::{read_margin, report_unknown};
use super::observation::{Against, Observed};
use super::problem::Place;
use super::yaml::Value;

/// An observation whose keys are sound.
#[derive(Clone, Debug)]
pub(super) struct ObservationDraft {
    pub id: String,
    pub claim: String,
    /// The label of a configuration; none: the sweep's baseline.
    pub configuration: Option<String>,
    pub observe: Observed,
    pub against: Against,
    pub expect: Expectation,
    pub margin: Option<f64>,
    pub whole: Place,
    pub at_configuration: Place,
    pub at_observe: Place,
}

impl ObservationDraft {
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<ObservationDraft> {
        let entries = cursor.entries(context, "a mapping with `id`, `claim`, `observe`, `against` and `expect`")?;
        report_unknown(&entries, &OBSERVATION, context);
        let get = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        for key in required_names(&OBSERVATION) {
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
}

fn read_observed(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Observed> {
    let text = cursor.text(context, "a quantity of a run")?;
    Observed::parse(text).map_err(|error| cursor.problem(context, error.to_string())).ok()
}

/// A number or another quantity.
fn read_against(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Against> {
    match cursor.node.value {
        Value::Integer(_) | Value::Float(_) => cursor.number(context).map(Against::Value),
        _ => read_observed(cursor, context).map(Against::Quantity),
    }
}
