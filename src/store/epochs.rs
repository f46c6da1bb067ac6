//! `metrics.csv` of a run: one line per epoch.

use std::path::Path;

use crate::event::EpochRecord;
use crate::metrics::{Metric, MetricValues};
use crate::task::TASKS;

use super::StoreError;
use super::durable::{read_if_there, write_atomically};

/// So many metrics stand before the other figures of an epoch; those that were registered later stand behind them.
const LEADING_METRICS: usize = 8;

/// Figures of an epoch that are no metrics.
const FIGURES: [&str; 5] = ["learning_rate", "seconds", "examples_per_second", "tokens_per_second", TRAIN_EVAL_LOSS];
/// Older versions did not write it.
const TRAIN_EVAL_LOSS: &str = "train_eval_loss";

/// Columns of an epoch, in order.
pub(super) fn epoch_columns() -> Vec<&'static str> {
    let names = || Metric::all().map(Metric::name);
    let (leading, later) = (names().take(LEADING_METRICS), names().skip(LEADING_METRICS));
    ["epoch"].into_iter().chain(leading).chain(FIGURES).chain(later).collect()
}

/// An epoch's fields in the order of [`epoch_columns`]; numbers in their shortest form that reads back as the same, and nothing
/// for one that is not there.
pub(super) fn epoch_fields(record: &EpochRecord) -> Vec<String> {
    let shown = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let values = || Metric::all().map(|metric| shown(record.metrics.get(metric)));
    let (leading, later) = (values().take(LEADING_METRICS), values().skip(LEADING_METRICS));
    let figures = [
        record.learning_rate.to_string(),
        record.seconds.to_string(),
        record.examples_per_second.to_string(),
        record.tokens_per_second.to_string(),
        shown(record.train_eval_loss),
    ];
    [record.epoch.to_string()].into_iter().chain(leading).chain(figures).chain(later).collect()
}

/// Replaces a run's `metrics.csv`.
pub(super) fn write_epochs(path: &Path, records: &[EpochRecord]) -> Result<(), StoreError> {
    let mut table = Table::new(path, epoch_columns())?;
    for record in records {
        table.row(epoch_fields(record))?;
    }
    table.write()
}

/// Reads a run's `metrics.csv`; no epochs where there is no file.
pub(super) fn read_epochs(path: &Path) -> Result<Vec<EpochRecord>, StoreError> {
    let Some(contents) = read_if_there(path)? else {
        return Ok(Vec::new());
    };
    let mut reader = csv::Reader::from_reader(contents.as_slice());
    let header = reader.headers().map_err(|error| StoreError::damaged(path, error))?;
    let columns: Vec<String> = header.iter().map(str::to_owned).collect();
    if !are_of_epoch(&columns) {
        return Err(StoreError::damaged(path, "its first line does not name the columns of an epoch"));
    }
    if contents.last() != Some(&b'\n') {
        return Err(StoreError::damaged(path, "its last line is cut off"));
    }
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| StoreError::damaged(path, error))?;
        let line = records.len() + 2;
        let record = parse_epoch(&columns, &row)
            .map_err(|reason| StoreError::damaged(path, format!("line {line}: {reason}")))?;
        if record.epoch != records.len() + 1 {
            let reason = format!("line {line}: epoch {} instead of {}", record.epoch, records.len() + 1);
            return Err(StoreError::damaged(path, reason));
        }
        records.push(record);
    }
    Ok(records)
}

/// A cell that is no number.
#[derive(Debug, thiserror::Error)]
#[error("`{cell}` in column {column} is no number")]
struct NoNumber {
    cell: String,
    column: &'static str,
}

/// The columns of this version in their order, or those of an older one: without what was added since.
fn are_of_epoch(columns: &[String]) -> bool {
    let known = epoch_columns();
    let oldest = 1 + LEADING_METRICS + FIGURES.len() - 1;
    columns.len() >= oldest && columns.len() <= known.len() && columns.iter().zip(&known).all(|(a, b)| a == b)
}

fn parse_epoch(columns: &[String], row: &csv::StringRecord) -> Result<EpochRecord, NoNumber> {
    let cell = |name: &str| columns.iter().position(|column| column == name).and_then(|place| row.get(place));
    let none = |column: &'static str, cell: &str| NoNumber { cell: cell.to_owned(), column };
    let number =
        |name: &'static str, text: &str| -> Result<f64, NoNumber> { text.parse().map_err(|_| none(name, text)) };
    let required = |name: &'static str| number(name, cell(name).unwrap_or_default());
    let optional =
        |name: &'static str| cell(name).filter(|text| !text.is_empty()).map(|text| number(name, text)).transpose();
    let mut metrics = MetricValues::NONE;
    for (place, metric) in Metric::all().enumerate() {
        // A task may lack one; those that came later are not in files of older versions.
        let is_there = place < LEADING_METRICS && TASKS.iter().all(|task| task.has(metric));
        let value = if is_there { Some(required(metric.name())?) } else { optional(metric.name())? };
        if let Some(value) = value {
            metrics.set(metric, value);
        }
    }
    let epoch = cell("epoch").unwrap_or_default();
    Ok(EpochRecord {
        epoch: epoch.parse().map_err(|_| none("epoch", epoch))?,
        metrics,
        train_eval_loss: optional(TRAIN_EVAL_LOSS)?,
        learning_rate: required("learning_rate")?,
        seconds: required("seconds")?,
        examples_per_second: required("examples_per_second")?,
        tokens_per_second: required("tokens_per_second")?,
    })
}

/// A CSV file being put together, to be written whole.
pub(super) struct Table<'a> {
    path: &'a Path,
    writer: csv::Writer<Vec<u8>>,
}

impl<'a> Table<'a> {
    pub(super) fn new<I, T>(path: &'a Path, columns: I) -> Result<Self, StoreError>
    where
        I: IntoIterator<Item = T>,
        T: AsRef<[u8]>,
    {
        let mut table = Self { path, writer: csv::Writer::from_writer(Vec::new()) };
        table.row(columns)?;
        Ok(table)
    }

    pub(super) fn row<I, T>(&mut self, fields: I) -> Result<(), StoreError>
    where
        I: IntoIterator<Item = T>,
        T: AsRef<[u8]>,
    {
        self.writer.write_record(fields).map_err(|error| StoreError::io(self.path, "write", error.into()))
    }

    pub(super) fn write(self) -> Result<(), StoreError> {
        let contents =
            self.writer.into_inner().map_err(|error| StoreError::io(self.path, "write", error.into_error()))?;
        write_atomically(self.path, &contents)
    }
}
