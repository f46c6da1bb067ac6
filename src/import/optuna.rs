//! Optuna's search spaces: mappings of names to distributions, and journals of studies.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml::Value;

use super::error::ImportError;
use super::foreign::{Foreign, ForeignParameter, Method, Range, Values};
use super::scalar::{number, parse_yaml, shown, text};
use crate::words::counted;

pub(super) fn read(source: &str) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign { method: Some(Method::Tpe), ..Foreign::default() };
    if source.trim_start().starts_with('{') && source.lines().next().is_some_and(|line| line.contains("\"op_code\"")) {
        read_journal(source, &mut foreign);
    } else {
        let Value::Mapping(entries) = parse_yaml(source)? else {
            return Err(ImportError::Lacks {
                kind: "a search space of Optuna",
                what: "a mapping of names to distributions",
            });
        };
        for (name, value) in &entries {
            add(&shown_name(name), value, &mut foreign);
        }
    }
    if foreign.parameters.is_empty() && foreign.left_out.is_empty() {
        return Err(ImportError::Lacks { kind: "a search space of Optuna", what: "distributions" });
    }
    Ok(foreign)
}

fn shown_name(name: &Value) -> String {
    text(name).map_or_else(|| shown(name), str::to_owned)
}

fn add(name: &str, distribution: &Value, foreign: &mut Foreign) {
    match values(distribution) {
        Some(values) => foreign.parameters.push(ForeignParameter { name: name.to_owned(), values }),
        None => foreign.left_out.push(format!("`{name}`: {} is no distribution of Optuna", shown(distribution))),
    }
}

/// In any of the three forms: `{type, low, high, log, step, choices}`, `{name, attributes}`, or the latter as text.
fn values(distribution: &Value) -> Option<Values> {
    if let Value::String(json) = distribution {
        return values(&parse_yaml(json).ok()?).filter(|_| json.trim_start().starts_with('{'));
    }
    let (kind, fields) = match distribution.get("attributes") {
        Some(attributes) => (distribution.get("name")?.as_str()?, attributes),
        None => (distribution.get("type")?.as_str()?, distribution),
    };
    let get = |key: &str| fields.get(key).and_then(number);
    let is_log = fields.get("log").and_then(Value::as_bool).unwrap_or(kind.contains("Log"));
    let range = |whole: bool| {
        let step = get("step").or(get("q")).filter(|step| !(whole && *step == 1.0));
        Some(Values::Range(Range { low: get("low")?, high: get("high")?, log: is_log, step, whole }))
    };
    match kind {
        "categorical" | "CategoricalDistribution" => {
            Some(Values::Choices(fields.get("choices")?.as_sequence()?.clone()))
        }
        "int" | "IntDistribution" | "IntUniformDistribution" | "IntLogUniformDistribution" => range(true),
        "float" | "FloatDistribution" | "UniformDistribution" | "LogUniformDistribution" => range(false),
        "DiscreteUniformDistribution" => range(false),
        _ => None,
    }
}

/// The first study of a journal: its name, what it looks for, and every parameter that a trial has had.
fn read_journal(source: &str, foreign: &mut Foreign) {
    let mut studies = 0;
    let mut trials = 0;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut see = |name: &str, distribution: &Json, foreign: &mut Foreign| {
        let times = seen.entry(name.to_owned()).or_default();
        if let Some(distribution) = distribution.as_str().filter(|_| *times == 0) {
            add(name, &distribution.into(), foreign);
        }
        *times += 1;
    };
    for line in source.lines() {
        // The last line may be one that is being written.
        let Ok(operation) = serde_json::from_str::<Json>(line) else {
            continue;
        };
        match operation["op_code"].as_u64() {
            Some(0) => {
                studies += 1;
                if studies == 1 {
                    foreign.name = operation["study_name"].as_str().map(str::to_owned);
                    foreign.maximize = operation["directions"][0].as_u64().map(|direction| direction == 2);
                }
            }
            Some(3) if operation["study_id"] == 0 => {
                let metric = operation["system_attr"]["study:metric_names"][0].as_str();
                foreign.metric = foreign.metric.take().or(metric.map(str::to_owned));
            }
            Some(4) if operation["study_id"] == 0 => {
                trials += 1;
                for (name, distribution) in operation["distributions"].as_object().into_iter().flatten() {
                    see(name, distribution, foreign);
                }
            }
            // Trials of other studies stand among those of the first; only it is read where there are several.
            Some(5) if studies == 1 => {
                if let Some(name) = operation["param_name"].as_str() {
                    see(name, &operation["distribution"], foreign);
                }
            }
            _ => {}
        }
    }
    for (name, times) in seen.iter().filter(|(_, times)| studies == 1 && **times < trials) {
        let line = format!("where `{name}` applies: {times} of {trials} trials have it there; `when` says it here");
        foreign.left_out.push(line);
    }
    foreign.samples = Some(trials).filter(|trials| *trials > 0);
    if studies > 1 {
        foreign.left_out.push(format!("{} further studies of the journal: only the first is read", studies - 1));
    }
    if trials > 0 {
        foreign.left_out.push(format!("the results of {}: a search begins anew", counted(trials, "trial")));
    }
}
