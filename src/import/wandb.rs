//! W&B's sweep files.

use serde_yaml::{Mapping, Value};

use super::error::ImportError;
use super::foreign::{Foreign, ForeignParameter, Halving, Method, Range, Values};
use super::scalar::{count, number, parse_yaml, shown, text};

/// Keys of a sweep file that say how W&B itself is to run it.
const OF_WANDB: [&str; 9] =
    ["program", "command", "project", "entity", "controller", "job", "imageuri", "queue", "description_url"];

pub(super) fn read(source: &str) -> Result<Foreign, ImportError> {
    let Value::Mapping(entries) = parse_yaml(source)? else {
        return Err(ImportError::Lacks { kind: "a W&B sweep", what: "a mapping" });
    };
    let Some(Value::Mapping(parameters)) = entries.get("parameters") else {
        return Err(ImportError::Lacks { kind: "a W&B sweep", what: "`parameters`" });
    };
    let mut foreign = Foreign::default();
    for (key, value) in &entries {
        let key = shown(key);
        match key.as_str() {
            "parameters" => {}
            "name" => foreign.name = text(value).map(str::to_owned),
            "description" => foreign.description = text(value).map(str::to_owned),
            "method" => read_method(value, &mut foreign),
            "metric" => read_metric(value, &mut foreign),
            "run_cap" => foreign.samples = count(value),
            "early_terminate" => read_stop(value, &mut foreign),
            key if OF_WANDB.contains(&key) => {
                foreign.left_out.push(format!("`{key}`: training is done by `sweep` itself, not by a script"));
            }
            key => foreign.left_out.push(format!("`{key}`: W&B's own setting has no counterpart")),
        }
    }
    read_parameters("", parameters, &mut foreign);
    Ok(foreign)
}

fn read_method(value: &Value, foreign: &mut Foreign) {
    foreign.method = match text(value) {
        Some("grid") => Some(Method::Grid),
        Some("random") => Some(Method::Random),
        Some("bayes") => {
            foreign.remarks.push("`method: bayes` is W&B's Gaussian process; here it is `tpe`".to_owned());
            Some(Method::Tpe)
        }
        _ => {
            foreign.left_out.push(format!("`method: {}`: there are grid, random and bayes", shown(value)));
            None
        }
    };
}

fn read_metric(value: &Value, foreign: &mut Foreign) {
    foreign.metric = value.get("name").and_then(text).map(str::to_owned);
    // W&B's own goal where none is named.
    foreign.maximize = Some(value.get("goal").and_then(text) == Some("maximize"));
    if let Some(target) = value.get("target") {
        foreign.left_out.push(format!("`metric.target: {}`: a search does not end at a value", shown(target)));
    }
}

fn read_stop(value: &Value, foreign: &mut Foreign) {
    let get = |key: &str| value.get(key).and_then(count);
    if value.get("type").and_then(text) != Some("hyperband") {
        foreign.left_out.push("`early_terminate`: only `type: hyperband` is known".to_owned());
        return;
    }
    let eta = get("eta").unwrap_or(3).max(2);
    let brackets = u32::try_from(get("s").unwrap_or(1)).unwrap_or(u32::MAX);
    let least = get("min_iter").or_else(|| {
        // The brackets are max_iter / eta, max_iter / eta^2 and so on, `s` of them.
        Some(get("max_iter")? / eta.checked_pow(brackets)?)
    });
    let Some(least) = least else {
        foreign.left_out.push("`early_terminate`: it has neither `min_iter` nor `max_iter`".to_owned());
        return;
    };
    foreign.stop = Some(Halving { min_resource: least.max(1), reduction_factor: eta });
    let remark =
        "`early_terminate` counts W&B's logged steps; `stop` here counts epochs and is successive halving (asha)";
    foreign.remarks.push(remark.to_owned());
}

fn read_parameters(above: &str, parameters: &Mapping, foreign: &mut Foreign) {
    for (name, value) in parameters {
        let name = format!("{above}{}", text(name).map_or_else(|| shown(name), str::to_owned));
        match value {
            Value::Mapping(fields) => match fields.get("parameters") {
                Some(Value::Mapping(nested)) => read_parameters(&format!("{name}."), nested, foreign),
                _ => match read_values(&name, fields, foreign) {
                    Ok(values) => foreign.parameters.push(ForeignParameter { name, values }),
                    Err(reason) => foreign.left_out.push(format!("`{name}`: {reason}")),
                },
            },
            other => foreign.parameters.push(ForeignParameter { name, values: Values::Fixed(other.clone()) }),
        }
    }
}

/// Why a parameter's values cannot be carried over.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("its values are spread as `{0}`, which has no ends")]
    NoEnds(String),
    #[error("`{0}` is no distribution that is known")]
    Distribution(String),
    #[error("it has neither `value` nor `values` nor `min` and `max`")]
    NoValues,
}

fn read_values(name: &str, fields: &Mapping, foreign: &mut Foreign) -> Result<Values, Unfit> {
    if fields.contains_key("probabilities") {
        foreign.left_out.push(format!("`{name}.probabilities`: all choices are equally likely here"));
    }
    if let Some(value) = fields.get("value") {
        return Ok(Values::Fixed(value.clone()));
    }
    if let Some(Value::Sequence(values)) = fields.get("values") {
        return Ok(Values::Choices(values.clone()));
    }
    let distribution = fields.get("distribution").and_then(text);
    let get = |key: &str| fields.get(key).and_then(number);
    if let Some(distribution) = distribution.filter(|name| name.contains("normal") || *name == "beta") {
        return Err(Unfit::NoEnds(distribution.to_owned()));
    }
    let (Some(low), Some(high)) = (get("min"), get("max")) else {
        return Err(Unfit::NoValues);
    };
    let step = get("q").unwrap_or(1.0);
    let range = Range { low, high, log: false, step: None, whole: false };
    let is_whole = |key: &str| fields.get(key).is_some_and(|value| value.is_i64() || value.is_u64());
    let range = match distribution {
        None if is_whole("min") && is_whole("max") => Range { whole: true, ..range },
        None | Some("uniform") => range,
        Some("int_uniform") => Range { whole: true, ..range },
        Some("q_uniform") => Range { step: Some(step), ..range },
        Some("log_uniform_values") => Range { log: true, ..range },
        Some("q_log_uniform_values") => Range { log: true, step: Some(step), ..range },
        Some("log_uniform") => Range { low: low.exp(), high: high.exp(), log: true, ..range },
        Some("q_log_uniform") => Range { low: low.exp(), high: high.exp(), log: true, step: Some(step), ..range },
        Some(other) => return Err(Unfit::Distribution(other.to_owned())),
    };
    Ok(Values::Range(range))
}
