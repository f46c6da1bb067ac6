//! Which parameters a sweep varies, and how.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::spec::{NamedChange, RunSpec};
use crate::store::parameters;

use crate::words::counted;

use super::model::Report;

/// A parameter (or several that always change together, or that the sweep file changes together under a name) with at least
/// two values in the sweep.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factor {
    pub(crate) name: String,
    /// The parameters that it consists of.
    pub(crate) parameters: Vec<String>,
    /// The sweep file gave it its name.
    pub(crate) named: bool,
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
    let labels: Vec<&str> = report.configurations.iter().map(|c| c.name.as_str()).collect();
    factors_of(&specs, &labels, &report.changes)
}

/// The factors of configurations with these labels, each told by one of its runs.
pub(crate) fn factors_of(specs: &[&RunSpec], labels: &[&str], changes: &[NamedChange]) -> Vec<Factor> {
    let flat: Vec<Vec<(String, Value)>> = specs.iter().map(|spec| parameters(spec)).collect();
    let names: Vec<String> = flat.first().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut factors: Vec<Factor> = Vec::new();
    for name in names.iter().filter(|name| *name != "seed") {
        let values: Vec<&Value> = flat
            .iter()
            .map(|all| all.iter().find(|(n, _)| n == name).map_or(&Value::Null, |(_, value)| value))
            .collect();
        let Some(factor) = factor(name, &values) else {
            continue;
        };
        match factors.iter_mut().find(|known| same_partition(known, &factor)) {
            Some(known) => *known = merged(known, &factor),
            None => factors.push(factor),
        }
    }
    for change in changes {
        name(&mut factors, change, labels);
    }
    factors
}

/// Puts a named change in the place of the parameters that nothing else varies. Where another part of the sweep varies them,
/// too, they stay beside it.
fn name(factors: &mut Vec<Factor>, change: &NamedChange, configurations: &[&str]) {
    let variants: Vec<Option<&String>> = configurations.iter().map(|label| change.variants.get(*label)).collect();
    let mut distinct: Vec<Option<&String>> = vec![None];
    for variant in variants.iter().filter(|variant| variant.is_some()) {
        if !distinct.contains(variant) {
            distinct.push(*variant);
        }
    }
    if distinct.len() == 1 {
        return;
    }
    let of: Vec<usize> =
        variants.iter().map(|variant| distinct.iter().position(|d| d == variant).unwrap_or(0)).collect();
    // Where the change has one level, such a factor has one level, too.
    let follows = |factor: &Factor| {
        let pairs: BTreeSet<(usize, usize)> = of.iter().copied().zip(factor.of.iter().copied()).collect();
        pairs.iter().map(|(level, _)| level).collect::<BTreeSet<_>>().len() == pairs.len()
    };
    let place = factors.iter().position(|factor| !factor.named && follows(factor));
    let (parts, others): (Vec<Factor>, Vec<Factor>) =
        std::mem::take(factors).into_iter().partition(|factor| !factor.named && follows(factor));
    *factors = others;
    let text = |level: usize| -> Option<String> {
        let example = of.iter().position(|&l| l == level)?;
        let mut texts: Vec<&str> = Vec::new();
        for text in parts.iter().map(|part| part.levels[part.of[example]].as_str()) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let levels = distinct.iter().enumerate().map(|(level, variant)| match variant {
        // Its only variant is called like the change itself: the values say more.
        Some(variant) if **variant != change.name => (*variant).clone(),
        Some(variant) => text(level).unwrap_or_else(|| (*variant).clone()),
        None => text(level).unwrap_or_else(|| "without".to_string()),
    });
    let factor = Factor {
        name: change.name.clone(),
        parameters: change.parameters.clone(),
        named: true,
        levels: levels.collect(),
        of,
    };
    factors.insert(place.unwrap_or(factors.len()).min(factors.len()), sorted(factor));
}

/// With its levels in ascending order where all of them are numbers.
fn sorted(factor: Factor) -> Factor {
    let numbers: Option<Vec<f64>> = factor.levels.iter().map(|level| level.parse().ok()).collect();
    let Some(numbers) = numbers else {
        return factor;
    };
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let place = |level: &usize| order.iter().position(|other| other == level).unwrap_or(*level);
    Factor {
        levels: order.iter().map(|&level| factor.levels[level].clone()).collect(),
        of: factor.of.iter().map(place).collect(),
        ..factor
    }
}

/// The factors in which a configuration differs from the baseline. Parameters that a named change sets are not told apart
/// from it.
pub(crate) fn changed(factors: &[Factor], configuration: usize, baseline: usize) -> Vec<&Factor> {
    let differs = |factor: &&Factor| factor.of[configuration] != factor.of[baseline];
    let all: Vec<&Factor> = factors.iter().filter(differs).collect();
    let by_name: BTreeSet<&String> = all.iter().filter(|f| f.named).flat_map(|f| &f.parameters).collect();
    all.into_iter().filter(|f| f.named || !f.parameters.iter().all(|name| by_name.contains(name))).collect()
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
    let parameters = vec![name.to_string()];
    Some(Factor { name: name.to_string(), parameters, named: false, levels: labels(&distinct), of })
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
        Value::Array(items) => counted(items.len(), "module"),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map(str::to_string).unwrap_or(text)
        }
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
    Factor {
        name: format!("{}, {}", a.name, b.name),
        parameters: a.parameters.iter().chain(&b.parameters).cloned().collect(),
        named: false,
        levels,
        of: a.of.clone(),
    }
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
    let one_at_a_time = report
        .baseline
        .is_some_and(|baseline| (0..report.configurations.len()).all(|i| changed(factors, i, baseline).len() <= 1));
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

    fn change(name: &str, variants: &[(&str, &str)]) -> NamedChange {
        let variants = variants.iter().map(|(label, shown)| (label.to_string(), shown.to_string())).collect();
        let parameters = ["hidden_dropout", "attention_dropout"].map(str::to_string).to_vec();
        NamedChange { name: name.to_string(), parameters, variants }
    }

    #[test]
    fn a_named_change_stands_for_its_parameters() {
        let configurations = ["base", "dropout=0.4", "dropout=0.1", "rank=4"];
        let dropout = json!(0.2);
        let hidden = factor("hidden_dropout", &[&dropout, &json!(0.4), &json!(0.1), &dropout]).unwrap();
        let attention = factor("attention_dropout", &[&dropout, &json!(0.4), &json!(0.1), &dropout]).unwrap();
        let rank = factor("rank", &values(&[json!(8), json!(8), json!(8), json!(4)])).unwrap();
        let mut factors = vec![rank, merged(&hidden, &attention)];
        name(&mut factors, &change("dropout", &[("dropout=0.4", "0.4"), ("dropout=0.1", "0.1")]), &configurations);
        let shown: Vec<(&str, &[String])> = factors.iter().map(|f| (f.name.as_str(), f.levels.as_slice())).collect();
        let levels = [["4", "8"].map(str::to_string).to_vec(), ["0.1", "0.2", "0.4"].map(str::to_string).to_vec()];
        assert_eq!(shown, [("rank", levels[0].as_slice()), ("dropout", levels[1].as_slice())]);
        assert_eq!(factors[1].of, [1, 2, 0, 1]);
    }

    #[test]
    fn a_change_with_one_variant_is_told_by_its_values() {
        let modules = [json!(["a", "b"]), json!(["a", "b", "c", "d"])];
        let mut factors = vec![factor("target_modules", &values(&modules)).unwrap()];
        name(&mut factors, &change("all_layers", &[("all_layers", "all_layers")]), &["base", "all_layers"]);
        assert_eq!((factors.len(), factors[0].name.as_str()), (1, "all_layers"));
        assert_eq!(factors[0].levels, ["2 modules", "4 modules"]);
    }

    /// One parameter of the change is varied by itself as well: the change keeps its name all the same.
    #[test]
    fn what_is_varied_elsewhere_does_not_hide_a_named_change() {
        let configurations = ["base", "dropout=0.4", "hidden_dropout=0.4"];
        let hidden = factor("hidden_dropout", &values(&[json!(0.2), json!(0.4), json!(0.4)])).unwrap();
        let attention = factor("attention_dropout", &values(&[json!(0.2), json!(0.4), json!(0.2)])).unwrap();
        let mut factors = vec![hidden, attention];
        name(&mut factors, &change("dropout", &[("dropout=0.4", "0.4")]), &configurations);
        let of = |configuration: usize| -> Vec<String> {
            changed(&factors, configuration, 0).into_iter().map(|factor| factor.name.clone()).collect()
        };
        assert_eq!((of(1), of(2)), (vec!["dropout".to_string()], vec!["hidden_dropout".to_string()]));
    }

    #[test]
    fn lists_of_the_same_length_stay_apart() {
        let lists = [json!(["a", "b"]), json!(["a", "c"])];
        assert_eq!(factor("target_modules", &values(&lists)).unwrap().levels, ["2 modules #1", "2 modules #2"]);
    }
}
