//! A run -> the bytes of its event file.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use serde_json::Value as Json;

use crate::tracking::Subject;
use crate::tracking::subject::figures;

use super::messages::{
    Dimension, Event, HParam, HParamValue, HParamsData, HParamsPluginData, Metadata, PluginData, SessionEndInfo,
    SessionStartInfo, Status, Summary, SummaryValue, Tensor, TensorShape, Value, What,
};
use super::records::append;

/// What readers of event files look for first.
const FILE_VERSION: &str = "brain.Event:2";
const PLUGIN: &str = "hparams";
const SESSION_START: &str = "_hparams_/session_start_info";
const SESSION_END: &str = "_hparams_/session_end_info";

/// The whole file of a run as it stands: what a run adds later only appends to it.
pub fn event_file(subject: &Subject) -> Vec<u8> {
    let mut file = Vec::new();
    let begun = seconds(subject.started);
    let mut put = |wall_time: f64, step: usize, what: What| {
        // Runs have fewer epochs than that.
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        append(&mut file, &Event { wall_time, step, what: Some(what) }.encode_to_vec());
    };
    put(begun, 0, What::FileVersion(FILE_VERSION.to_owned()));
    put(begun, 0, summary([plugin_value(SESSION_START, HParamsData::SessionStartInfo(session_start(subject)))]));
    for record in &subject.epochs {
        let values = figures(record).map(|(name, value)| scalar(tag(name), value));
        put(seconds(subject.time_after(record.epoch)), record.epoch, summary(values));
    }
    let Some(ended) = subject.ended() else {
        return file;
    };
    for (epoch, figures) in subject.tested() {
        let values =
            figures.metrics.iter().map(|(metric, value)| scalar(format!("test/{}", test_name(metric.name())), value));
        put(seconds(ended), epoch, summary(values));
    }
    put(seconds(ended), 0, summary([plugin_value(SESSION_END, HParamsData::SessionEndInfo(session_end(subject)))]));
    file
}

/// Metrics are grouped by what they are of: `train/loss`, `eval/accuracy`, `speed/tokens_per_second`.
fn tag(name: &str) -> String {
    let group = match name {
        "seconds" | "examples_per_second" | "tokens_per_second" => "speed",
        "learning_rate" | "train_eval_loss" => "train",
        _ if name.starts_with("train_") => "train",
        _ => "eval",
    };
    let bare = match name {
        "train_eval_loss" => "loss_without_dropout",
        _ => name.strip_prefix(&format!("{group}_")).unwrap_or(name),
    };
    format!("{group}/{bare}")
}

fn test_name(name: &str) -> &str {
    name.strip_prefix("eval_").unwrap_or(name)
}

fn summary(values: impl IntoIterator<Item = SummaryValue>) -> What {
    What::Summary(Summary { value: values.into_iter().collect() })
}

/// TensorBoard's scalars have single precision.
fn scalar(tag: String, value: f64) -> SummaryValue {
    SummaryValue { tag, metadata: None, value: Some(Value::Simple(value as f32)) }
}

fn plugin_value(tag: &str, data: HParamsData) -> SummaryValue {
    let content = HParamsPluginData { version: 0, data: Some(data) }.encode_to_vec();
    let plugin_data = Some(PluginData { plugin_name: PLUGIN.to_owned(), content });
    // The plug-in reads the metadata only, but a value there must be: an empty tensor of type `DT_FLOAT`.
    let nothing = Tensor { dtype: 1, shape: Some(TensorShape { dim: vec![Dimension { size: 0 }] }) };
    SummaryValue { tag: tag.to_owned(), metadata: Some(Metadata { plugin_data }), value: Some(Value::Tensor(nothing)) }
}

fn session_start(subject: &Subject) -> SessionStartInfo {
    let hparams: BTreeMap<String, HParam> =
        subject.parameters().into_iter().filter_map(|(name, value)| Some((name, hparam(value)?))).collect();
    SessionStartInfo { hparams, group_name: subject.configuration.clone(), start_time_secs: seconds(subject.started) }
}

fn session_end(subject: &Subject) -> SessionEndInfo {
    let status = if subject.is_unsuccessful() { Status::Failure } else { Status::Success };
    SessionEndInfo { status: status.into(), end_time_secs: subject.ended().map_or(0.0, seconds) }
}

/// None of what has no value. Lists are texts.
fn hparam(value: Json) -> Option<HParam> {
    let value = match value {
        Json::Null => return None,
        Json::Bool(truth) => HParamValue::Truth(truth),
        Json::String(text) => HParamValue::Text(text),
        Json::Number(number) => HParamValue::Number(number.as_f64()?),
        Json::Array(_) | Json::Object(_) => HParamValue::Text(value.to_string()),
    };
    Some(HParam { value: Some(value) })
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_grouped() {
        let names = ["train_loss", "train_eval_loss", "eval_loss", "accuracy", "learning_rate", "seconds"];
        let tags = [
            "train/loss",
            "train/loss_without_dropout",
            "eval/loss",
            "eval/accuracy",
            "train/learning_rate",
            "speed/seconds",
        ];
        assert_eq!(names.map(tag), tags);
    }

    #[test]
    fn a_value_of_zero_is_a_value() {
        let zero = scalar("a".to_owned(), 0.0).encode_to_vec();
        let one = scalar("a".to_owned(), 1.0).encode_to_vec();
        assert_eq!(zero.len(), one.len(), "records do not move when a value changes");
    }
}
