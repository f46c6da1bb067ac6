//! JSON Schemas of hypotheses, observations and reported figures.

use serde_json::{Value, json};

use crate::spec::fields;
use crate::spec::hypothesis_draft::reported_names;
use crate::spec::{Expectation, Metric};

use super::forms::{any, at_least_zero, mapping, named, one_of, text, whole};

const MOST_EPOCHS: usize = 10_000;

pub(super) fn hypothesis() -> Value {
    let mut hypothesis = mapping(
        &fields::HYPOTHESIS,
        [
            ("id", text()),
            ("claim", text()),
            ("vary", text()),
            ("values", json!({"type": "array", "minItems": 1})),
            ("baseline", text()),
            ("metric", metric()),
            ("expect", named(&Expectation::NAMES)),
            ("margin", at_least_zero()),
        ],
    );
    hypothesis["if"] = expects(&[Expectation::Equivalent]);
    hypothesis["then"] = margin_above_zero();
    hypothesis
}

pub(super) fn observation() -> Value {
    let mut observation = mapping(
        &fields::OBSERVATION,
        [
            ("id", text()),
            ("claim", text()),
            ("configuration", text()),
            ("observe", observed()),
            ("against", any([json!({"type": "number"}), observed()])),
            ("expect", named(&Expectation::NAMES)),
            ("margin", at_least_zero()),
        ],
    );
    observation["if"] = expects(&[Expectation::Equivalent, Expectation::NotHigher, Expectation::NotLower]);
    observation["then"] = margin_above_zero();
    observation
}

pub(super) fn reference() -> Value {
    mapping(
        &fields::REFERENCE,
        [
            ("source", text()),
            ("metric", one_of(reported_names())),
            ("value", at_least_zero()),
            ("epoch", whole(1, MOST_EPOCHS)),
        ],
    )
}

fn expects(these: &[Expectation]) -> Value {
    let names: Vec<&str> = these.iter().map(|expect| expect.name()).collect();
    json!({"required": ["expect"], "properties": {"expect": {"enum": names}}})
}

fn margin_above_zero() -> Value {
    json!({"required": ["margin"], "properties": {"margin": {"exclusiveMinimum": 0}}})
}

fn recorded() -> Vec<&'static str> {
    Metric::ranked().into_iter().map(Metric::name).collect()
}

/// As hypotheses have it.
fn metric() -> Value {
    any([one_of(recorded().into_iter().chain(["generalization_gap"])), metric_at()])
}

/// A metric at some epoch, or the epochs to a value of it.
fn metric_at() -> Value {
    let name = format!("({})", recorded().join("|"));
    let pattern = format!(r"^\s*({name}\s*@\s*(best|last|[1-9][0-9]*)|epochs_to\s*\(\s*{name}\s*,[^,()]+\))\s*$");
    json!({"type": "string", "pattern": pattern})
}

fn observed() -> Value {
    let names = recorded().into_iter().chain(["generalization_gap", "class_bias", "trainable_share"]);
    let name = format!("({})", recorded().join("|"));
    let calls = format!(
        r"^\s*(rise\s*\(\s*{name}\s*,\s*[1-9][0-9]*\s*,\s*([1-9][0-9]*|last)\s*\)|correlation\s*\(\s*{name}\s*,\s*{name}\s*\)|spread\s*\(\s*{name}(\s*,\s*{name})+\s*\))\s*$"
    );
    any([one_of(names), metric_at(), json!({"type": "string", "pattern": calls})])
}
