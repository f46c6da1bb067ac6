//! All hyperparameters with the values that were tried.

use serde_json::Value;

use crate::report::design;
use crate::report::model::Report;
use crate::store::parameters;

use super::Item;
use super::searched;

/// Values written one by one, at most; of more numbers the ends.
const WRITTEN: usize = 8;
/// What is told under other headings.
const ELSEWHERE: [&str; 6] = ["model", "seed", "init_seed", "order_seed", "dropout_seed", "metric_for_best"];

pub(super) fn items(report: &Report) -> Vec<Item> {
    let question = match report.search {
        Some(_) => "Which values had the hyperparameters?",
        None => "Which values had the hyperparameters, and within which bounds were they searched?",
    };
    let mut items = vec![Item::table(question, &["Parameter", "Baseline", "Values in the sweep"], table(report))];
    items.extend(report.search.as_ref().map(|found| searched::bounds(&found.evidence)));
    items.push(Item::said("How were the values chosen?", chosen(report)));
    items.push(Item::unknown(
        "What was tried before?",
        "why the baseline has its values, and runs outside this sweep that led to them",
    ));
    items
}

fn table(report: &Report) -> Vec<Vec<String>> {
    let all: Vec<Vec<(String, Value)>> = report.runs.iter().map(|run| parameters(&run.spec)).collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in all.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let baseline = report.baseline.and_then(|index| report.configurations[index].runs.first());
    let value = |of: &[(String, Value)], name: &str| {
        of.iter().find(|(other, _)| other == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let told = |name: &&&String| !ELSEWHERE.contains(&name.as_str()) && !name.starts_with("dataset.");
    names
        .iter()
        .filter(told)
        .map(|name| {
            let mut distinct: Vec<Value> = Vec::new();
            for value in all.iter().map(|of| value(of, name)) {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            }
            let base = baseline.and_then(|&run| all.get(run)).map(|of| long(&value(of, name)));
            vec![(*name).clone(), base.unwrap_or_else(|| "–".to_string()), tried(&distinct)]
        })
        .collect()
}

/// `0.1, 0.2, 0.4`; `12 values from 0.1 to 0.9`; `the same in all runs`.
fn tried(values: &[Value]) -> String {
    let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let mut sorted = values.to_vec();
    if numbers.is_some() {
        sorted.sort_by(|a, b| a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)));
    }
    match (sorted.as_slice(), numbers) {
        ([one], _) => format!("{} in all runs", short(one)),
        ([first, .., last], Some(_)) if sorted.len() > WRITTEN => {
            format!("{} values from {} to {}", sorted.len(), short(first), short(last))
        }
        (few, _) if few.len() <= WRITTEN => few.iter().map(short).collect::<Vec<_>>().join(", "),
        (many, _) => format!("{} values; the report's table of runs has them", many.len()),
    }
}

fn short(value: &Value) -> String {
    design::short(value)
}

/// Lists whole.
fn long(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        other => short(other),
    }
}

fn chosen(report: &Report) -> Vec<String> {
    let factors = design::factors(report);
    let mut said = match &report.search {
        Some(found) => searched::chosen(found),
        None => vec![
            "The sweep file lists them. The program chose none by the outcome of a run, and it reports every run of the plan."
                .to_string(),
        ],
    };
    if factors.is_empty() {
        said.push("Nothing varies but seeds.".to_string());
        return said;
    }
    let varied: Vec<String> = factors
        .iter()
        .map(|factor| match factor.levels.len() {
            few if few <= WRITTEN => format!("{} ({})", factor.name, factor.levels.join(" | ")),
            many => format!("{} ({many} values)", factor.name),
        })
        .collect();
    said.push(format!("Varied: {}.", varied.join("; ")));
    if report.search.is_some() {
        return said;
    }
    said.push(
        match design::shape(report, &factors) {
            design::Shape::OneAtATime => "One change from the baseline at a time.",
            design::Shape::TwoWay => "Combinations of two changes.",
            design::Shape::Single | design::Shape::Wide => "Combinations of several changes.",
        }
        .to_string(),
    );
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_are_those_of_the_values() {
        assert_eq!(tried(&[json!(0.2), json!(0.1)]), "0.1, 0.2");
        assert_eq!(tried(&[json!(5)]), "5 in all runs");
        let many: Vec<Value> = (0..12).rev().map(|i| json!(f64::from(i) / 2.0)).collect();
        assert_eq!(tried(&many), "12 values from 0 to 5.5");
        assert_eq!(tried(&[json!(["a", "b"]), json!(["a"])]), "2 modules, 1 module");
        assert_eq!(tried(&[Value::Null, json!("cosine")]), "none, cosine");
    }
}
