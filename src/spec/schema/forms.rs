//! JSON Schemas of plain values, and of mappings whose keys are in a table.

use serde_json::{Map, Value, json};

use crate::spec::fields::{Field, required_names};
use crate::spec::parameter::Domain;

use super::markdown::plain;

/// Text that is not empty.
pub(super) fn text() -> Value {
    json!({"type": "string", "pattern": "\\S"})
}

/// A whole number; `8.0` is one, too.
pub(super) fn whole(least: usize, most: usize) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

pub(super) fn seed() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": u64::MAX})
}

pub(super) fn number(domain: Domain) -> Value {
    match domain {
        Domain::Dropout => json!({"type": "number", "minimum": 0, "exclusiveMaximum": 1}),
        Domain::Share => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Domain::Rate => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        Domain::Positive => json!({"type": "number", "exclusiveMinimum": 0}),
    }
}

pub(super) fn at_least_zero() -> Value {
    json!({"type": "number", "minimum": 0})
}

pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"enum": names.into_iter().collect::<Vec<_>>()})
}

/// The names of a table of values.
pub(super) fn named<T>(names: &[(&'static str, T)]) -> Value {
    one_of(names.iter().map(|(name, _)| *name))
}

pub(super) fn any<const N: usize>(forms: [Value; N]) -> Value {
    json!({"anyOf": forms.to_vec()})
}

pub(super) fn or_null(form: Value) -> Value {
    any([form, json!({"type": "null"})])
}

/// A list with at least one item.
pub(super) fn list(item: Value) -> Value {
    json!({"type": "array", "minItems": 1, "items": item})
}

/// What is defined under this name.
pub(super) fn defined(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// A mapping with these keys and no others. A key of which `forms` says nothing may be anything; a test finds it.
pub(super) fn mapping<const N: usize>(fields: &[Field; N], forms: [(&str, Value); N]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let form = forms.iter().find(|(name, _)| *name == field.name).map(|(_, form)| form.clone());
            (field.name.to_owned(), described(form.unwrap_or_else(|| json!({})), field.meaning, field.default))
        })
        .collect();
    let required: Vec<&str> = required_names(fields).collect();
    let mut mapping = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        mapping["required"] = json!(required);
    }
    mapping
}

/// A mapping with those keys of a table of which a form is given.
pub(super) fn part_of(fields: &[Field], forms: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = forms
        .iter()
        .filter_map(|(name, form)| {
            let field = fields.iter().find(|field| field.name == *name)?;
            Some((field.name.to_owned(), described(form.clone(), field.meaning, field.default)))
        })
        .collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// A form with what it means and, where that is a plain value, its default.
pub(super) fn described(form: Value, meaning: &str, default: &str) -> Value {
    let mut described = Map::new();
    described.insert("description".to_owned(), sentence(meaning, default).into());
    if let Some(value) = default_value(default) {
        described.insert("default".to_owned(), value);
    }
    match form {
        // Beside a reference, validators look at nothing else.
        Value::Object(form) if form.contains_key("$ref") => {
            described.insert("allOf".to_owned(), json!([form]));
        }
        Value::Object(form) => described.extend(form),
        other => {
            described.insert("allOf".to_owned(), json!([other]));
        }
    }
    described.into()
}

fn sentence(meaning: &str, default: &str) -> String {
    let meaning = plain(meaning);
    let mut letters = meaning.chars();
    let upper: String = match letters.next() {
        Some(first) if !meaning.starts_with('`') => first.to_uppercase().chain(letters).collect(),
        _ => meaning,
    };
    if default.is_empty() { format!("{upper}.") } else { format!("{upper}. Default: {}.", plain(default)) }
}

/// The default as a value: a number, or what stands in backticks and nothing else.
pub(super) fn default_value(shown: &str) -> Option<Value> {
    let quoted = shown.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).filter(|inner| !inner.contains('`'));
    match quoted {
        Some(inner) => serde_yaml::from_str(inner).ok(),
        None => serde_yaml::from_str::<f64>(shown).ok().and_then(|_| serde_yaml::from_str(shown).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_values_where_they_are_plain() {
        assert_eq!(default_value("3e-5"), Some(json!(3e-5)));
        assert_eq!(default_value("16"), Some(json!(16)));
        assert_eq!(default_value("`cosine`"), Some(json!("cosine")));
        assert_eq!(default_value("`{test_size: 640, seed: 42}`"), Some(json!({"test_size": 640, "seed": 42})));
        for shown in ["", "none", "as `hidden_dropout`", "`,` (of TSV files a tab)", "base's `metric_for_best`"] {
            assert_eq!(default_value(shown), None, "{shown}");
        }
    }

    #[test]
    fn what_is_said_is_a_sentence() {
        assert_eq!(sentence("the [LoRA](x.md) rank", "16"), "The LoRA rank. Default: 16.");
        assert_eq!(sentence("`a` or `b`", ""), "`a` or `b`.");
    }
}
