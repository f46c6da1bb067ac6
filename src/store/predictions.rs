//! `predictions.csv` of a run, and those of its last epoch and of its test: one line per example.

use std::path::Path;

use crate::task::{Prediction, Targets};

use super::StoreError;
use super::durable::read_if_there;
use super::epochs::Table;

/// A run's predictions with what they are of.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    pub targets: Targets,
    pub rows: Vec<Prediction>,
}

/// Replaces a file of predictions.
pub(super) fn write_predictions(path: &Path, targets: &Targets, rows: &[Prediction]) -> Result<(), StoreError> {
    let mut table = Table::new(path, targets.header())?;
    for row in rows {
        table.row(targets.fields(row))?;
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
    let targets = Targets::of_header(&header.iter().collect::<Vec<_>>())
        .ok_or_else(|| StoreError::damaged(path, "its first line does not name the columns of predictions"))?;
    if contents.last() != Some(&b'\n') {
        return Err(StoreError::damaged(path, "its last line is cut off"));
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| StoreError::damaged(path, error))?;
        let prediction = targets
            .parse(&row.iter().collect::<Vec<_>>())
            .ok_or_else(|| StoreError::damaged(path, format!("line {} is no prediction", rows.len() + 2)))?;
        rows.push(prediction);
    }
    Ok(Some(Predictions { targets, rows }))
}
