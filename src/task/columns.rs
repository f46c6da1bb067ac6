//! How predictions are written.

use serde_json::Value;

/// The columns of a task's predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Of the target.
    pub target: &'static str,
    /// Of the answer.
    pub predicted: &'static str,
    /// None where the answer is all that there is.
    pub outputs: Option<OutputColumns>,
}

/// One value for each of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputColumns {
    /// Of a column of CSV, before the name.
    pub prefix: &'static str,
    /// The field of a JSON line that has them all.
    pub field: &'static str,
}

/// How a class is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelAs {
    Name,
    /// Counted from 0.
    Index,
}

/// A value as a cell of CSV.
pub fn cell(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
