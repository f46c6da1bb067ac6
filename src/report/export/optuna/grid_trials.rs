//! The configurations of a sweep that names all of them, as trials.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::model::{Configuration, Report, Run};
use crate::store::parameters;

use super::distribution::OptunaDistribution;
use super::trial::{Parameter, State, Trial, ended, means_by_epoch, started};

/// In the order of the plan.
pub(super) fn trials(report: &Report) -> Vec<Trial> {
    let varied = Varied::of(report);
    report.configurations.iter().map(|configuration| trial(report, configuration, &varied)).collect()
}

fn trial(report: &Report, configuration: &Configuration, varied: &Varied) -> Trial {
    let metric = report.metric_for_best();
    let runs: Vec<&Run> = report.runs_of(configuration).collect();
    let values: Option<Vec<f64>> = runs.iter().map(|run| value(run, report)).collect();
    let value = values.as_ref().map(|values| values.iter().sum::<f64>() / values.len() as f64);
    let state = state(&runs, value);
    let mut attributes = vec![
        ("configuration", configuration.name.as_str().into()),
        ("seeds", runs.iter().map(|run| run.spec.seed).collect::<Vec<_>>().into()),
        ("runs", runs.iter().map(|run| run.id.0.clone()).collect::<Vec<_>>().into()),
    ];
    let summary = values.as_deref().and_then(crate::metrics::Summary::of);
    attributes.extend(summary.map(|summary| ("standard deviation", summary.sd.into())));
    Trial {
        state,
        parameters: runs.first().map(|run| varied.parameters(run)).unwrap_or_default(),
        value: value.filter(|_| state == State::Complete),
        intermediate: means_by_epoch(&runs, metric),
        started: started(&runs),
        ended: ended(&runs).filter(|_| state.is_finished()),
        attributes,
    }
}

/// At the best epoch of a run that has ended by itself: completed, or stopped by its own rule.
fn value(run: &Run, report: &Report) -> Option<f64> {
    let best = run.best_epoch().filter(|_| run.ended_by_itself())?;
    Some(best.metric(report.metric_for_best())).filter(|value| value.is_finite())
}

fn state(runs: &[&Run], value: Option<f64>) -> State {
    if runs.iter().any(|run| !run.sound()) {
        State::Fail
    } else if runs.iter().any(|run| !run.state.is_final()) {
        State::of_open(runs)
    } else if value.is_some() {
        State::Complete
    } else if runs.iter().any(|run| !run.ended_by_itself()) {
        State::Pruned
    } else {
        State::Fail
    }
}

/// What differs between configurations, and is the same for all runs of each.
struct Varied(Vec<(String, OptunaDistribution)>);

impl Varied {
    fn of(report: &Report) -> Varied {
        let mut values: BTreeMap<usize, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
        let mut names: Vec<String> = Vec::new();
        for run in &report.runs {
            let own = values.entry(run.configuration).or_default();
            for (name, value) in parameters(&run.spec) {
                if !names.contains(&name) {
                    names.push(name.clone());
                }
                let seen = own.entry(name).or_default();
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
        }
        let spread = |name: String| {
            // A field that is left out has its usual value, which records write as nothing.
            let of_configuration = |own: &BTreeMap<String, Vec<Value>>| match own.get(&name).map(Vec::as_slice) {
                None => Some(Value::Null),
                Some([value]) => Some(value.clone()),
                Some(_) => None,
            };
            let all: Vec<Value> = values.values().map(of_configuration).collect::<Option<_>>()?;
            let mut different: Vec<Value> = Vec::new();
            for value in all {
                if !different.contains(&value) {
                    different.push(value);
                }
            }
            (different.len() > 1).then(|| (name, distribution(&different)))
        };
        Varied(names.into_iter().filter_map(spread).collect())
    }

    fn parameters(&self, run: &Run) -> Vec<Parameter> {
        let own: BTreeMap<String, Value> = parameters(&run.spec).into_iter().collect();
        let parameter = |(name, distribution): &(String, OptunaDistribution)| {
            let value = own.get(name).unwrap_or(&Value::Null);
            let internal = match distribution {
                OptunaDistribution::Categorical(choices) => {
                    choices.iter().position(|choice| *choice == plain(value))? as f64
                }
                _ => value.as_f64()?,
            };
            Some(Parameter { name: name.clone(), distribution: distribution.clone(), internal })
        };
        self.0.iter().filter_map(parameter).collect()
    }
}

/// Numbers have a range, everything else is one of several.
fn distribution(values: &[Value]) -> OptunaDistribution {
    let whole: Option<Vec<i64>> = values.iter().map(Value::as_i64).collect();
    let real: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    match (whole, real) {
        (Some(whole), _) => {
            let (low, high) = whole.iter().fold((i64::MAX, i64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
            OptunaDistribution::Int { low, high, log: false }
        }
        (None, Some(real)) => {
            let low = real.iter().copied().fold(f64::INFINITY, f64::min);
            let high = real.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            OptunaDistribution::Float { low, high, log: false, step: None }
        }
        (None, None) => OptunaDistribution::Categorical(values.iter().map(plain).collect()),
    }
}

/// Optuna's choices are texts, numbers, truth values or nothing; a list is a text.
fn plain(value: &Value) -> Value {
    if value.is_array() || value.is_object() { value.to_string().into() } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_have_a_range_and_the_rest_is_one_of_several() {
        let of = |values: Value| distribution(values.as_array().unwrap());
        assert_eq!(of(json!([8, 2])), OptunaDistribution::Int { low: 2, high: 8, log: false });
        assert_eq!(of(json!([0.5, 2])), OptunaDistribution::Float { low: 0.5, high: 2.0, log: false, step: None });
        assert_eq!(of(json!([null, 2])), OptunaDistribution::Categorical(vec![Value::Null, json!(2)]));
        assert_eq!(
            of(json!([["a", "b"], "c"])),
            OptunaDistribution::Categorical(vec![json!(r#"["a","b"]"#), json!("c")])
        );
    }
}
