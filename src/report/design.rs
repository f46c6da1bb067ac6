//! Which parameters a sweep varies, and how.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::spec::RunSpec;
use crate::store::parameters;

use super::model::Report;

/// A parameter (or several that always change together) with at least two values in the sweep.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factor {
    pub(crate) name: String,
    /// The values as text, in ascending order where they are numbers, in the order of the sweep otherwise.
    pub(crate) levels: Vec<String>,
    /// For each configuration of the report its place in `levels`.
    pub(crate) of: Vec<usize>,
}

/// The factors of a sweep, in the order of parameters.
pub(crate) fn factors(report: &Report) -> Vec<Factor> {
    let specs: Vec<&RunSpec> = report
        .configurations
        .iter()
        .filter_map(|configuration| report.runs_of(configuration).next().map(|run| &run.spec))
        .collect();
    let flat: Vec<Vec<(String, Value)>> = specs.iter().map(|spec| parameters(spec)).collect();
    let names: Vec<String> = flat.first().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut factors: Vec<Factor> = Vec::new();
    for name in names.iter().filter(|name| *name != "seed") {
        let values: Vec<&Value> = flat
            .iter()
            .map(|all| all.iter().find(|(n, _)| n == name).map_or(&Value::Null, |(_, value)| value))
            .collect();
        let Some(factor) = factor(name, &values) else { continue };
        match factors.iter_mut().find(|known| same_partition(known, &factor)) {
            Some(known) => *known = merged(known, &factor),
            None => factors.push(factor),
        }
    }
    factors
}

fn factor(name: &str, values: &[&Value]) -> Option<Factor> {
    let mut distinct: Vec<&Value> = Vec::new();
    for value in values {
        if !distinct.contains(value) {
            distinct.push(value);
        }
    }
    if distinct.len() < 2 {
        return None;
    }
    if distinct.iter().all(|value| value.is_number()) {
        distinct.sort_by(|a, b| a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)));
    }
    let of = values.iter().map(|value| distinct.iter().position(|d| d == value).unwrap_or(0)).collect();
    Some(Factor { name: name.to_string(), levels: labels(&distinct), of })
}

/// The values as short texts that tell them apart.
fn labels(values: &[&Value]) -> Vec<String> {
    let short: Vec<String> = values.iter().map(|value| short(value)).collect();
    let unique = short.iter().collect::<BTreeSet<_>>().len() == short.len();
    if unique {
        return short;
    }
    short.iter().enumerate().map(|(i, text)| format!("{text} #{}", i + 1)).collect()
}

pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Null => "none".to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("{} modules", items.len()),
        Value::Object(_) => value.to_string(),
        other => other.to_string(),
    }
}

fn same_partition(a: &Factor, b: &Factor) -> bool {
    let pairs: BTreeSet<(usize, usize)> = a.of.iter().copied().zip(b.of.iter().copied()).collect();
    a.levels.len() == b.levels.len() && pairs.len() == a.levels.len()
}

/// Two parameters that always change together, as one; equal values are written once.
fn merged(a: &Factor, b: &Factor) -> Factor {
    let partner = |level: usize| a.of.iter().position(|&l| l == level).map_or(level, |i| b.of[i]);
    let levels = a
        .levels
        .iter()
        .enumerate()
        .map(|(level, text)| {
            let other = &b.levels[partner(level)];
            if text == other || text.starts_with(&format!("{other}, ")) {
                text.clone()
            } else {
                format!("{text}, {other}")
            }
        })
        .collect();
    Factor { name: format!("{}, {}", a.name, b.name), levels, of: a.of.clone() }
}

/// The shape of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Nothing varies but seeds.
    Single,
    /// Every configuration differs from the baseline in one factor at most.
    OneAtATime,
    /// Two factors, most of whose combinations were tried.
    TwoWay,
    /// Several factors at once.
    Wide,
}

pub(crate) fn shape(report: &Report, factors: &[Factor]) -> Shape {
    if factors.is_empty() {
        return Shape::Single;
    }
    if factors.len() == 1 {
        return Shape::OneAtATime;
    }
    let one_at_a_time = report.baseline.is_some_and(|baseline| {
        (0..report.configurations.len())
            .all(|i| factors.iter().filter(|factor| factor.of[i] != factor.of[baseline]).count() <= 1)
    });
    if one_at_a_time {
        return Shape::OneAtATime;
    }
    let cells = factors.iter().map(|factor| factor.levels.len()).product::<usize>();
    if factors.len() == 2 && 2 * report.configurations.len() >= cells { Shape::TwoWay } else { Shape::Wide }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(list: &[Value]) -> Vec<&Value> {
        list.iter().collect()
    }

    #[test]
    fn numbers_are_put_in_order_and_constant_parameters_are_no_factors() {
        let ranks = [json!(64), json!(4), json!(16), json!(4)];
        let factor = factor("rank", &values(&ranks)).unwrap();
        assert_eq!(factor.levels, ["4", "16", "64"]);
        assert_eq!(factor.of, [2, 0, 1, 0]);
        assert_eq!(super::factor("rank", &values(&[json!(4), json!(4)])), None);
    }

    #[test]
    fn parameters_that_change_together_are_one_factor() {
        let hidden = factor("hidden_dropout", &values(&[json!(0.2), json!(0.1), json!(0.3)])).unwrap();
        let attention = factor("attention_dropout", &values(&[json!(0.2), json!(0.1), json!(0.3)])).unwrap();
        let other = factor("rank", &values(&[json!(8), json!(8), json!(4)])).unwrap();
        assert!(same_partition(&hidden, &attention) && !same_partition(&hidden, &other));
        let both = merged(&hidden, &attention);
        assert_eq!((both.name.as_str(), both.levels), ("hidden_dropout, attention_dropout", hidden.levels));
    }

    #[test]
    fn lists_of_the_same_length_stay_apart() {
        let lists = [json!(["a", "b"]), json!(["a", "c"])];
        assert_eq!(factor("target_modules", &values(&lists)).unwrap().levels, ["2 modules #1", "2 modules #2"]);
    }
}
