//! The lines of Optuna's journal storage: an operation each, in JSON as Python reads it.

use serde_json::{Map, Value, json};

use crate::metrics::Metric;

use super::trial::{State, Trial};

/// Who has written the lines. Optuna compares it with its own names only.
const WRITER: &str = "sweep";

/// Codes of Optuna's operations, of those that are written here.
#[derive(Clone, Copy)]
enum Operation {
    CreateStudy = 0,
    SetStudyUserAttribute = 2,
    SetStudySystemAttribute = 3,
    CreateTrial = 4,
    SetTrialStateValues = 6,
    SetTrialIntermediateValue = 7,
}

pub(super) struct Study {
    pub name: String,
    pub metric: Metric,
    pub maximize: bool,
    pub attributes: Vec<(&'static str, Value)>,
    pub trials: Vec<Trial>,
}

/// The whole file.
pub(super) fn lines(study: &Study) -> String {
    let mut journal = Journal(String::new());
    let direction = if study.maximize { 2 } else { 1 };
    journal.add(Operation::CreateStudy, json!({"study_name": study.name, "directions": [direction]}));
    journal.add(
        Operation::SetStudySystemAttribute,
        json!({"study_id": 0, "system_attr": {"study:metric_names": [study.metric.name()]}}),
    );
    for (name, value) in &study.attributes {
        journal.add(Operation::SetStudyUserAttribute, json!({"study_id": 0, "user_attr": {*name: value}}));
    }
    for (id, trial) in study.trials.iter().enumerate() {
        add_trial(&mut journal, id, trial);
    }
    journal.0
}

/// Optuna takes no changes of a trial that has finished, so its end comes last.
fn add_trial(journal: &mut Journal, id: usize, trial: &Trial) {
    let at_first = if trial.state.is_finished() { State::Running } else { trial.state };
    let started = trial.started.as_deref().filter(|_| at_first != State::Waiting).map(python_time);
    let parameters = || trial.parameters.iter();
    let distributions: Map<String, Value> =
        parameters().map(|one| (one.name.clone(), one.distribution.to_json().into())).collect();
    let values: Map<String, Value> = parameters().map(|one| (one.name.clone(), one.internal.into())).collect();
    let attributes: Map<String, Value> =
        trial.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    journal.add(
        Operation::CreateTrial,
        json!({
            "study_id": 0,
            "datetime_start": started,
            "state": at_first as u8,
            "value": null,
            "values": null,
            "distributions": distributions,
            "params": values,
            "user_attrs": attributes,
            "system_attrs": {},
            "intermediate_values": {},
        }),
    );
    for &(epoch, value) in &trial.intermediate {
        journal.add_number(
            Operation::SetTrialIntermediateValue,
            json!({"trial_id": id, "step": epoch}),
            "intermediate_value",
            value,
        );
    }
    if trial.state.is_finished() {
        // A trial that failed has no value for Optuna.
        let values = trial.value.filter(|_| trial.state != State::Fail).map(|value| [value]);
        let ended = trial.ended.as_deref().or(trial.started.as_deref()).map(python_time);
        let fields = json!({
            "trial_id": id,
            "state": trial.state as u8,
            "values": values,
            "datetime_complete": ended.unwrap_or_else(|| python_time(UNKNOWN_TIME)),
        });
        journal.add(Operation::SetTrialStateValues, fields);
    }
}

/// Where records do not tell a time, which Optuna must have.
const UNKNOWN_TIME: &str = "1970-01-01T00:00:00Z";

struct Journal(String);

impl Journal {
    fn add(&mut self, operation: Operation, fields: Value) {
        self.0.push_str(&line(operation, fields));
        self.0.push('\n');
    }

    /// With a field that may be no number, which JSON has no word for and Python has.
    fn add_number(&mut self, operation: Operation, fields: Value, name: &str, value: f64) {
        let mut line = line(operation, fields);
        line.pop();
        self.0.push_str(&format!("{line},\"{name}\":{}}}\n", python_number(value)));
    }
}

fn line(operation: Operation, fields: Value) -> String {
    let mut all = Map::new();
    all.insert("op_code".to_owned(), (operation as u8).into());
    all.insert("worker_id".to_owned(), WRITER.into());
    if let Value::Object(fields) = fields {
        all.extend(fields);
    }
    Value::Object(all).to_string()
}

fn python_number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        json!(value).to_string()
    }
}

/// Versions of Python that Optuna still runs on do not know the letter for UTC.
fn python_time(time: &str) -> String {
    match time.strip_suffix('Z') {
        Some(time) => format!("{time}+00:00"),
        None => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(state: State, value: Option<f64>) -> Trial {
        Trial {
            state,
            parameters: Vec::new(),
            value,
            intermediate: vec![(1, 0.5), (2, f64::NAN), (3, f64::INFINITY)],
            started: Some("2026-01-02T03:04:05Z".to_owned()),
            ended: None,
            attributes: Vec::new(),
        }
    }

    #[test]
    fn what_is_no_number_is_written_as_python_does() {
        let study = Study {
            name: "a".to_owned(),
            metric: Metric::EVAL_LOSS,
            maximize: false,
            attributes: Vec::new(),
            trials: vec![trial(State::Fail, Some(0.5)), trial(State::Waiting, None)],
        };
        let text = lines(&study);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], r#"{"op_code":0,"worker_id":"sweep","study_name":"a","directions":[1]}"#);
        assert_eq!(lines[4], r#"{"op_code":7,"worker_id":"sweep","trial_id":0,"step":2,"intermediate_value":NaN}"#);
        assert!(lines[5].ends_with(r#""step":3,"intermediate_value":Infinity}"#), "{}", lines[5]);
        assert_eq!(
            lines[6],
            r#"{"op_code":6,"worker_id":"sweep","trial_id":0,"state":3,"values":null,"datetime_complete":"2026-01-02T03:04:05+00:00"}"#
        );
        assert!(lines[7].contains(r#""datetime_start":null,"state":4"#), "{}", lines[7]);
    }
}
