use super::*;
use crate::spec::cursor::{Context, Cursor};
use crate::spec::draft::Draft;
use crate::spec::parameter::Parameter;
use crate::spec::problem::Problems;
use crate::spec::setting::Setting;
use crate::spec::yaml;

/// Every mapping of the schema, with where it stands.
fn walk(value: &Value, place: String, seen: &mut impl FnMut(&str, &Value)) {
    seen(&place, value);
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| walk(value, format!("{place}/{key}"), seen));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, value)| walk(value, format!("{place}/{number}"), seen));
        }
        _ => {}
    }
}

/// A key that the reader knows and of which no form is given here would be one that may be anything.
#[test]
fn every_key_of_the_reader_has_a_form_and_a_meaning() {
    let schema = schema(&["random"]);
    let mut keys = 0;
    walk(&schema, String::new(), &mut |place, value| {
        let Some(properties) = value.get("properties").and_then(Value::as_object) else { return };
        // What `if` and `then` look at is a part of what stands beside them.
        if place.ends_with("/if") || place.ends_with("/then") {
            return;
        }
        for (name, form) in properties {
            keys += 1;
            let says = |key: &str| form.get(key).is_some();
            let forms = ["type", "enum", "const", "anyOf", "allOf", "$ref"];
            assert!(forms.iter().any(|key| says(key)), "{place}: no form of `{name}`: {form}");
        }
    });
    assert!(keys > 200, "{keys}");
    for section in fields::names(&fields::SECTIONS) {
        assert!(schema["properties"][section]["description"].is_string(), "{section}");
    }
    for (name, _) in Parameter::NAMES {
        assert!(schema["definitions"][name]["description"].is_string(), "{name}");
    }
}

#[test]
fn references_lead_somewhere() {
    let schema = schema(&["random"]);
    let mut references = 0;
    walk(&schema, String::new(), &mut |place, value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            references += 1;
            let name = reference.strip_prefix("#/definitions/").unwrap();
            assert!(schema["definitions"].get(name).is_some(), "{place}: {reference}");
        }
    });
    assert!(references > 100, "{references}");
}

/// A default that is a plain value is what a run has of which nothing is said.
#[test]
fn defaults_are_what_is_taken() {
    let paper = Draft::paper();
    let mut plain = 0;
    for (name, parameter) in Parameter::NAMES {
        let shown = parameter.described().default;
        if forms::default_value(shown).is_none() {
            continue;
        }
        plain += 1;
        let node = yaml::parse(shown.trim_matches('`')).unwrap();
        let mut problems = Problems::default();
        let mut context = Context { problems: &mut problems, sources: None };
        let said = Setting::read(parameter, &Cursor::file(&node), &mut context);
        assert!(said.is_some(), "{name}: {shown}");
        // What nothing is said of in a data set is taken in its own way.
        if let Some(taken) = paper.get(parameter) {
            assert_eq!(said, Some(taken), "{name}");
        }
    }
    assert!(plain > 20, "{plain}");
}

/// The reader and the tables of other places say the same.
#[test]
fn tables_agree_with_the_reader() {
    let of = |fields: &[fields::Field]| fields::names(fields).collect::<Vec<_>>();
    let text = |body: &str| crate::spec::SweepFile::parse(body, std::path::Path::new("")).and_then(|file| file.check());
    for (table, file) in [
        (of(&fields::DIMENSION), "search: {method: tpe, samples: 1, space: {learning_rate: {KEY: [1, 2]}}}"),
        (of(&fields::COMPARISONS), "exclude: [{rank: {KEY: 8}}]"),
        (of(&fields::EVALUATION), "base: {dataset: {path: a, eval: {KEY: 1}}}"),
        (of(&fields::TARGETS), "base: {target_modules: {KEY: all}}"),
        (of(&fields::EARLY_STOPPING), "base: {early_stopping: {KEY: 1}}"),
        (of(&fields::HYPOTHESIS), "hypotheses: [{KEY: 1}]"),
        (of(&fields::OBSERVATION), "observations: [{KEY: 1}]"),
        (of(&fields::REFERENCE), "reference: [{KEY: 1}]"),
        (of(&fields::SEARCH), "search: {KEY: 1}"),
        (of(&fields::CONFIRM), "search: {confirm: {KEY: 1}}"),
        (of(&fields::BUDGET), "search: {budget: {KEY: 1}}"),
        (of(&fields::SECTIONS), "KEY: 1"),
    ] {
        let is_unknown = |key: &str| {
            let said = text(&file.replace("KEY", key)).err().map(|error| error.to_string()).unwrap_or_default();
            ["unknown key", "unknown comparison", "unknown distribution"].iter().any(|wrong| said.contains(wrong))
        };
        for key in table {
            assert!(!is_unknown(key), "the reader does not know `{key}`: {file}");
        }
        assert!(is_unknown("surely_not"), "{file}");
    }
}
