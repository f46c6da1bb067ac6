//! The JSON Schema of sweep files, and the tables of the reference: both made of the tables that the reader has.
//!
//! A file that the reader takes is valid under the schema. Not every file that is valid is taken: what a model has, which
//! labels there are and which values go together is only known to the reader.

mod claims;
mod forms;
mod markdown;
mod parameters;
mod search;

use serde_json::{Value, json};

use super::fields;
use forms::{defined, list, mapping, or_null, text, whole};

pub use markdown::Reference;

/// Seeds at which verdicts are given.
const MOST_SEEDS: usize = 10_000;

/// The JSON Schema (draft 7, which editors understand best) of a sweep file; `methods` are the names of search methods.
pub fn schema(methods: &[&str]) -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Sweep file",
        "description": "Runs of a sweep: LoRA fine-tunings of a text classifier, what is varied, and what is claimed.",
    });
    let any_list = |item: Value| json!({"type": "array", "items": item});
    let sections = mapping(
        &fields::SECTIONS,
        [
            ("name", or_null(json!({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}))),
            ("description", or_null(text())),
            ("extends", forms::any([text(), list(text())])),
            ("base", or_null(defined("parameters"))),
            ("ablate", or_null(parameters::axes())),
            ("grid", or_null(parameters::axes())),
            ("zip", or_null(parameters::values())),
            ("runs", or_null(any_list(defined("run")))),
            ("search", or_null(search::search(methods))),
            ("exclude", or_null(any_list(defined("condition")))),
            ("seeds", or_null(list(forms::seed()))),
            ("looks", or_null(any_list(whole(2, MOST_SEEDS)))),
            ("hypotheses", or_null(any_list(claims::hypothesis()))),
            ("observations", or_null(any_list(claims::observation()))),
            ("reference", or_null(any_list(claims::reference()))),
        ],
    );
    for (key, value) in sections.as_object().into_iter().flatten() {
        schema[key] = value.clone();
    }
    schema["definitions"] = parameters::definitions().into();
    schema
}

#[cfg(test)]
mod tests;
