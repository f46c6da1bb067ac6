//! What is sent to an MLflow server and read from it, as JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most characters of a parameter's value that servers take (6000 from 2.10 on).
const LONGEST_PARAMETER: usize = 6000;
/// Most characters of a tag's value (8000 from 2.22 on, 5000 before).
const LONGEST_TAG: usize = 5000;
const CUT: &str = "... (cut; run.json has all of it)";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

impl Tag {
    pub fn new(key: &str, value: impl Into<String>) -> Self {
        Self { key: key.to_owned(), value: cut(value.into(), LONGEST_TAG) }
    }
}

#[derive(Debug, Serialize)]
pub struct Param {
    key: String,
    value: String,
}

impl Param {
    pub fn new(key: String, value: &Value) -> Self {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self { key, value: cut(text, LONGEST_PARAMETER) }
    }
}

fn cut(text: String, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text;
    }
    text.chars().take(longest - CUT.len()).chain(CUT.chars()).collect()
}

#[derive(Debug, Serialize)]
pub struct MetricValue {
    key: String,
    value: Value,
    /// Milliseconds since 1970.
    timestamp: i64,
    step: usize,
}

impl MetricValue {
    pub fn new(key: impl Into<String>, value: f64, time: SystemTime, step: usize) -> Self {
        // As the JSON of protocol buffers has numbers that JSON lacks.
        let value = if value.is_finite() {
            json!(value)
        } else if value.is_nan() {
            json!("NaN")
        } else {
            json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
        };
        Self { key: key.into(), value, timestamp: milliseconds(time), step }
    }
}

#[derive(Debug, Serialize)]
pub struct Batch<'a> {
    pub run_id: &'a str,
    pub metrics: &'a [MetricValue],
    pub params: &'a [Param],
    pub tags: &'a [Tag],
}

#[derive(Debug, Deserialize)]
pub struct Found<T> {
    #[serde(alias = "experiment")]
    pub run: T,
}

#[derive(Debug, Deserialize)]
pub struct Experiment {
    pub experiment_id: String,
    #[serde(default)]
    pub lifecycle_stage: String,
}

#[derive(Debug, Deserialize)]
pub struct Created {
    pub experiment_id: String,
}

#[derive(Debug, Deserialize)]
pub struct FoundRuns {
    #[serde(default)]
    pub runs: Vec<Run>,
    #[serde(default)]
    pub next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Run {
    pub info: RunInfo,
    #[serde(default)]
    pub data: RunData,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RunInfo {
    pub run_id: String,
    #[serde(default)]
    pub artifact_uri: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct RunData {
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl Run {
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.data.tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
    }
}

pub fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_says_that_it_was_cut() {
        let long = Param::new("a".to_owned(), &json!("é".repeat(7000))).value;
        assert_eq!(long.chars().count(), LONGEST_PARAMETER);
        assert!(long.ends_with("run.json has all of it)"));
        assert_eq!(Param::new("a".to_owned(), &json!([1, 2])).value, "[1,2]");
    }

    #[test]
    fn what_is_no_number_has_the_names_of_protocol_buffers() {
        let of = |value| MetricValue::new("a", value, UNIX_EPOCH, 1).value;
        assert_eq!(
            [of(f64::NAN), of(f64::INFINITY), of(f64::NEG_INFINITY)],
            [json!("NaN"), json!("Infinity"), json!("-Infinity")]
        );
        assert_eq!(of(0.5), json!(0.5));
    }
}
