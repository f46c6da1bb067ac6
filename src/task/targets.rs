//! A task together with the names of what there is to tell.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::columns::{LabelAs, cell};
use super::definition::Task;
use super::kind::{DEFAULT, SingleLabel, TASKS, named};
use super::prediction::Prediction;

/// The first column of recorded predictions.
const EXAMPLE: &str = "example";

/// What a run is trained to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    task: &'static dyn Task,
    names: Vec<String>,
}

impl Targets {
    pub fn new(task: &'static dyn Task, names: Vec<String>) -> Self {
        Self { task, names }
    }

    /// Classes of which an example has one.
    pub fn of_classes(names: Vec<String>) -> Self {
        Self::new(&SingleLabel, names)
    }

    pub fn task(&self) -> &'static dyn Task {
        self.task
    }

    /// Of the classes, in their order; empty where the task has none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many logits the head has for an example.
    pub fn outputs(&self) -> usize {
        self.task.outputs(&self.names)
    }

    /// The target as a text or a number.
    pub fn written(&self, target: u32, label_as: LabelAs) -> Value {
        self.task.written(target, label_as, &self.names)
    }

    /// The names of the columns with one value per output: none where the task has no such columns.
    pub fn output_columns(&self) -> Vec<String> {
        let of_outputs = |prefix| self.names.iter().map(move |name| format!("{prefix}{name}"));
        self.task.columns().outputs.map(|columns| of_outputs(columns.prefix).collect()).unwrap_or_default()
    }

    /// The header of recorded predictions.
    pub fn header(&self) -> Vec<String> {
        let columns = self.task.columns();
        let fixed = [EXAMPLE, columns.target, columns.predicted].map(str::to_owned);
        fixed.into_iter().chain(self.output_columns()).collect()
    }

    /// A recorded prediction, in the order of [`Self::header`].
    pub fn fields(&self, row: &Prediction) -> Vec<String> {
        let target = |target| cell(self.written(target, LabelAs::Index));
        let fixed = [row.example.to_string(), target(row.label), target(row.predicted)];
        let outputs = row.outputs.iter().filter(|_| self.task.columns().outputs.is_some());
        fixed.into_iter().chain(outputs.map(f32::to_string)).collect()
    }

    /// Whose header this is; none where it is no task's.
    pub fn of_header(header: &[&str]) -> Option<Self> {
        TASKS.iter().find_map(|task| Some(Self::new(*task, names_in_header(*task, header)?)))
    }

    /// Reads what [`Self::fields`] has written; none where it is no prediction of these targets.
    pub fn parse(&self, fields: &[&str]) -> Option<Prediction> {
        let [example, label, predicted, outputs @ ..] = fields else {
            return None;
        };
        let target = |cell: &str| self.task.parse(cell, &self.names);
        Some(Prediction {
            example: example.parse().ok()?,
            label: target(label)?,
            predicted: target(predicted)?,
            outputs: outputs.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
        })
    }

    /// The fields of the `config.json` of an exported model.
    pub fn config(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.task.config(&self.names);
        fields.push(("problem_type", self.task.problem_type().into()));
        fields
    }
}

fn names_in_header(task: &dyn Task, header: &[&str]) -> Option<Vec<String>> {
    let columns = task.columns();
    let [EXAMPLE, target, predicted, outputs @ ..] = header else {
        return None;
    };
    (*target == columns.target && *predicted == columns.predicted).then_some(())?;
    match columns.outputs {
        Some(columns) => outputs.iter().map(|name| name.strip_prefix(columns.prefix).map(str::to_owned)).collect(),
        None => outputs.is_empty().then(Vec::new),
    }
}

/// As fields of a record: the task is left out where it is the one of runs that name none.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    class_names: Vec<String>,
}

impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let task = (self.task != DEFAULT).then(|| self.task.name().to_owned());
        Written { task, class_names: self.names.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let task = match &written.task {
            None => DEFAULT,
            Some(name) => named(name).ok_or_else(|| {
                let known: Vec<&str> = TASKS.iter().map(|task| task.name()).collect();
                D::Error::custom(format!("unknown task `{name}`, expected one of {}", known.join(", ")))
            })?,
        };
        Ok(Self::new(task, written.class_names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Targets {
        Targets::of_classes(["no", "yes"].map(str::to_owned).to_vec())
    }

    #[test]
    fn records_have_the_names_and_only_another_task() {
        let json = r#"{"class_names":["no","yes"]}"#;
        assert_eq!(serde_json::to_string(&two()).unwrap(), json);
        assert_eq!(serde_json::from_str::<Targets>(json).unwrap(), two());
        let named = r#"{"task":"single_label_classification","class_names":["no","yes"]}"#;
        assert_eq!(serde_json::from_str::<Targets>(named).unwrap(), two());
        let error = serde_json::from_str::<Targets>(r#"{"task":"x","class_names":[]}"#).unwrap_err().to_string();
        assert!(error.contains("unknown task `x`, expected one of single_label_classification"), "{error}");
    }

    #[test]
    fn predictions_are_read_as_they_are_written() {
        let prediction = Prediction { example: 7, label: 1, predicted: 0, outputs: vec![0.9, 0.1] };
        assert_eq!(two().header(), ["example", "label", "predicted", "p_no", "p_yes"]);
        let fields = two().fields(&prediction);
        assert_eq!(fields, ["7", "1", "0", "0.9", "0.1"]);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        assert_eq!(two().parse(&fields), Some(prediction));
        let header = two().header();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        assert_eq!(Targets::of_header(&header), Some(two()));
        for wrong in
            [&["example", "label"][..], &["example", "label", "said"], &["example", "label", "predicted", "no"]]
        {
            assert_eq!(Targets::of_header(wrong), None, "{wrong:?}");
        }
        for wrong in [&["7", "1"][..], &["7", "2", "0", "0.9", "0.1"], &["7", "1", "x", "0.9", "0.1"]] {
            assert_eq!(two().parse(wrong), None, "{wrong:?}");
        }
    }
}
