//! The JSON Schema of the section `search`.

use serde_json::{Map, Value, json};

use crate::metrics::Metric;
use crate::spec::fields;
use crate::spec::parameter::Parameter;
use crate::spec::search::{
    GOALS, MOST_CONFIRMED, MOST_EPOCHS, MOST_HOURS, MOST_SAMPLES, MOST_TOKENS, has_distributions,
};

use super::forms::{any, defined, list, mapping, named, one_of, or_null, part_of, seed, whole};
use super::parameters::named_change;

/// `methods` are the names of those that there are.
pub(super) fn search(methods: &[&str]) -> Value {
    let metrics = Metric::by_name();
    mapping(
        &fields::SEARCH,
        [
            ("method", one_of(methods.iter().copied())),
            ("samples", whole(1, MOST_SAMPLES)),
            ("space", space()),
            ("batch", or_null(whole(1, MOST_SAMPLES))),
            ("seed", or_null(seed())),
            ("metric", or_null(one_of(metrics.iter().map(|(name, _)| *name)))),
            ("goal", or_null(named(&GOALS))),
            ("stop", or_null(stop())),
            ("confirm", or_null(confirm())),
            ("budget", or_null(budget())),
            ("initial", or_null(initial())),
        ],
    )
}

/// One of two.
fn budget() -> Value {
    let hours = json!({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_HOURS});
    let mut either = mapping(&fields::BUDGET, [("tokens", whole(1, MOST_TOKENS)), ("hours", hours)]);
    either["minProperties"] = json!(1);
    either["maxProperties"] = json!(1);
    either
}

fn confirm() -> Value {
    let count = || or_null(whole(1, MOST_CONFIRMED));
    any([json!({"const": false}), mapping(&fields::CONFIRM, [("top", count()), ("seeds", count())])])
}

fn stop() -> Value {
    let count = |least: usize| or_null(whole(least, MOST_EPOCHS));
    let method = |name: &str| ("method", json!({"const": name}));
    let asha = mapping(&fields::ASHA, [method("asha"), ("min_resource", count(1)), ("reduction_factor", count(2))]);
    let median = mapping(
        &fields::MEDIAN,
        [method("median"), ("n_startup_trials", count(1)), ("n_warmup_steps", count(0)), ("interval_steps", count(1))],
    );
    any([asha, median])
}

/// Seeds are not searched.
fn space() -> Value {
    let searched = |parameter: &Parameter| !matches!(parameter, Parameter::Seed | Parameter::SourceSeed(_));
    let dimensions: Map<String, Value> = Parameter::NAMES
        .into_iter()
        .filter(|(_, parameter)| searched(parameter))
        .map(|(name, parameter)| {
            let values = list(defined(name));
            (name.to_owned(), any([values.clone(), dimension(Some((name, parameter)), values)]))
        })
        .collect();
    let change = named_change();
    json!({
        "type": "object",
        "minProperties": 1,
        "properties": dimensions,
        "additionalProperties": any([list(defined("change")), dimension(None, change)]),
    })
}

/// A distribution, with the condition under which it applies.
fn dimension(parameter: Option<(&str, Parameter)>, values: Value) -> Value {
    let mut forms = Vec::new();
    if let Some((name, parameter)) = parameter.filter(|(_, parameter)| has_distributions(*parameter)) {
        let ends = json!({"type": "array", "minItems": 2, "maxItems": 2, "items": defined(name)});
        // The step is a number, and no value of the parameter.
        let step = json!({"type": "number", "exclusiveMinimum": 0});
        let steps =
            json!({"type": "array", "minItems": 3, "maxItems": 3, "items": [defined(name), defined(name), step]});
        if !matches!(parameter, Parameter::Count(_)) {
            forms.extend([("uniform", ends.clone()), ("log_uniform", ends.clone())]);
        }
        forms.extend([("int", ends.clone()), ("log_int", ends), ("quantized", steps)]);
    }
    forms.push(("choice", values));
    let one = forms.iter().map(|(kind, _)| json!({"required": [kind]})).collect::<Vec<_>>();
    forms.push(("when", defined("condition")));
    let mut dimension = part_of(&fields::DIMENSION, &forms);
    dimension["oneOf"] = one.into();
    dimension
}

fn initial() -> Value {
    let values: Map<String, Value> =
        Parameter::NAMES.into_iter().map(|(name, _)| (name.to_owned(), defined(name))).collect();
    json!({
        "type": "array",
        "items": {"type": "object", "properties": values, "additionalProperties": {"type": "string"}},
    })
}
