//! `predictions.csv` of a run, and those of its last epoch and of its test: one line per example.

use std::path::Path;

use crate::train::Prediction;

use super::StoreError;
use super::durable::read_if_there;
use super::epochs::Table;

const FIXED_COLUMNS: [&str; 3] = ["example", "label", "predicted"];
const PROBABILITY_PREFIX: &str = "p_";

/// A run's predictions with the names of the classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    pub class_names: Vec<String>,
    pub rows: Vec<Prediction>,
}

/// Replaces a file of predictions.
pub(super) fn write_predictions(path: &Path, class_names: &[String], rows: &[Prediction]) -> Result<(), StoreError> {
    let classes = class_names.iter().map(|name| format!("{PROBABILITY_PREFIX}{name}"));
    let mut table = Table::new(path, FIXED_COLUMNS.into_iter().map(String::from).chain(classes))?;
    for row in rows {
        let fixed = [row.example.to_string(), row.label.to_string(), row.predicted.to_string()];
        table.row(fixed.into_iter().chain(row.probabilities.iter().map(f32::to_string)))?;
    }
    table.write()
}

/// Reads a file of predictions; none where there is no file.
pub(super) fn read_predictions(path: &Path) -> Result<Option<Predictions>, StoreError> {
    let Some(contents) = read_if_there(path)? else {
        return Ok(None);
    };
    let mut reader = csv::Reader::from_reader(contents.as_slice());
    let header = reader.headers().map_err(|error| StoreError::damaged(path, error))?;
    let class_names = class_names(header)
        .ok_or_else(|| StoreError::damaged(path, "its first line does not name the columns of predictions"))?;
    if contents.last() != Some(&b'\n') {
        return Err(StoreError::damaged(path, "its last line is cut off"));
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| StoreError::damaged(path, error))?;
        let prediction = parse_prediction(&row, class_names.len())
            .ok_or_else(|| StoreError::damaged(path, format!("line {} is no prediction", rows.len() + 2)))?;
        rows.push(prediction);
    }
    Ok(Some(Predictions { class_names, rows }))
}

fn class_names(header: &csv::StringRecord) -> Option<Vec<String>> {
    let mut columns = header.iter();
    FIXED_COLUMNS.iter().all(|fixed| columns.next() == Some(fixed)).then_some(())?;
    columns.map(|name| name.strip_prefix(PROBABILITY_PREFIX).map(String::from)).collect()
}

fn parse_prediction(row: &csv::StringRecord, classes: usize) -> Option<Prediction> {
    let class = |column: usize| row[column].parse().ok().filter(|class| (*class as usize) < classes);
    Some(Prediction {
        example: row[0].parse().ok()?,
        label: class(1)?,
        predicted: class(2)?,
        probabilities: row.iter().skip(FIXED_COLUMNS.len()).map(|text| text.parse().ok()).collect::<Option<_>>()?,
    })
}
