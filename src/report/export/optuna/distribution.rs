//! What a parameter may be, as Optuna writes it.

use serde_json::{Value, json};

use crate::spec::Distribution;

/// A distribution in the form that Optuna's storages keep.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OptunaDistribution {
    Float { low: f64, high: f64, log: bool, step: Option<f64> },
    Int { low: i64, high: i64, log: bool },
    Categorical(Vec<Value>),
}

impl OptunaDistribution {
    pub(super) fn of(distribution: &Distribution) -> Self {
        match *distribution {
            Distribution::Uniform { low, high } => Self::Float { low, high, log: false, step: None },
            Distribution::LogUniform { low, high } => Self::Float { low, high, log: true, step: None },
            Distribution::Quantized { low, high, step } => Self::Float { low, high, log: false, step: Some(step) },
            Distribution::Int { low, high } => Self::Int { low, high, log: false },
            Distribution::LogInt { low, high } => Self::Int { low, high, log: true },
            Distribution::Choice(ref choices) => Self::Categorical(values(choices)),
        }
    }

    /// As text, as it stands in a journal.
    pub(super) fn to_json(&self) -> String {
        let (name, attributes) = match self {
            Self::Float { low, high, log, step } => {
                ("FloatDistribution", json!({"step": step, "low": low, "high": high, "log": log}))
            }
            Self::Int { low, high, log } => {
                ("IntDistribution", json!({"log": log, "step": 1, "low": low, "high": high}))
            }
            Self::Categorical(choices) => ("CategoricalDistribution", json!({"choices": choices})),
        };
        json!({"name": name, "attributes": attributes}).to_string()
    }
}

/// Choices that are numbers throughout are such for Optuna, too.
fn values(choices: &[String]) -> Vec<Value> {
    let number = |choice: &String| serde_json::from_str::<Value>(choice).ok().filter(Value::is_number);
    let numbers: Option<Vec<Value>> = choices.iter().map(number).collect();
    numbers.unwrap_or_else(|| choices.iter().map(|choice| choice.as_str().into()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_written_as_optuna_does() {
        let written = |distribution: Distribution| OptunaDistribution::of(&distribution).to_json();
        assert_eq!(
            written(Distribution::LogUniform { low: 1e-5, high: 1e-3 }),
            r#"{"name":"FloatDistribution","attributes":{"step":null,"low":0.00001,"high":0.001,"log":true}}"#
        );
        assert_eq!(
            written(Distribution::Quantized { low: 0.0, high: 0.3, step: 0.1 }),
            r#"{"name":"FloatDistribution","attributes":{"step":0.1,"low":0.0,"high":0.3,"log":false}}"#
        );
        assert_eq!(
            written(Distribution::LogInt { low: 2, high: 64 }),
            r#"{"name":"IntDistribution","attributes":{"log":true,"step":1,"low":2,"high":64}}"#
        );
        let choice = |choices: [&str; 2]| written(Distribution::Choice(choices.map(str::to_owned).to_vec()));
        assert_eq!(choice(["4", "8"]), r#"{"name":"CategoricalDistribution","attributes":{"choices":[4,8]}}"#);
        assert_eq!(choice(["4", "a"]), r#"{"name":"CategoricalDistribution","attributes":{"choices":["4","a"]}}"#);
    }
}
