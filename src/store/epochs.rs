//! `metrics.csv` of a run: one line per epoch.

use std::path::Path;

use crate::event::EpochRecord;
use crate::metrics::Scores;

use super::StoreError;
use super::durable::{read_if_there, write_atomically};

/// Columns of an epoch, in order.
pub const EPOCH_COLUMNS: [&str; 14] = [
    "epoch",
    "train_loss",
    "train_accuracy",
    "eval_loss",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "mean_confidence",
    "learning_rate",
    "seconds",
    "examples_per_second",
    "tokens_per_second",
    "train_eval_loss",
];

/// The first of them are all that older versions wrote.
const OLDER_COLUMNS: usize = 13;

/// An epoch's fields in the order of [`EPOCH_COLUMNS`]; numbers in their shortest form that reads back as the same, and nothing
/// for one that is not there.
pub(super) fn epoch_fields(record: &EpochRecord) -> [String; 14] {
    let Scores { accuracy, precision, recall, f1 } = record.scores;
    [
        record.epoch.to_string(),
        record.train_loss.to_string(),
        record.train_accuracy.to_string(),
        record.eval_loss.to_string(),
        accuracy.to_string(),
        precision.to_string(),
        recall.to_string(),
        f1.to_string(),
        record.mean_confidence.to_string(),
        record.learning_rate.to_string(),
        record.seconds.to_string(),
        record.examples_per_second.to_string(),
        record.tokens_per_second.to_string(),
        record.train_eval_loss.map_or_else(String::new, |loss| loss.to_string()),
    ]
}

/// Replaces a run's `metrics.csv`.
pub(super) fn write_epochs(path: &Path, records: &[EpochRecord]) -> Result<(), StoreError> {
    let mut table = Table::new(path, EPOCH_COLUMNS)?;
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
    if ![OLDER_COLUMNS, EPOCH_COLUMNS.len()].iter().any(|&count| header == EPOCH_COLUMNS[..count]) {
        return Err(StoreError::damaged(path, "its first line does not name the columns of an epoch"));
    }
    if contents.last() != Some(&b'\n') {
        return Err(StoreError::damaged(path, "its last line is cut off"));
    }
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| StoreError::damaged(path, error))?;
        let line = records.len() + 2;
        let record = parse_epoch(&row).map_err(|reason| StoreError::damaged(path, format!("line {line}: {reason}")))?;
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

fn parse_epoch(row: &csv::StringRecord) -> Result<EpochRecord, NoNumber> {
    let none = |column: usize| NoNumber { cell: row[column].to_owned(), column: EPOCH_COLUMNS[column] };
    let number = |column: usize| -> Result<f64, NoNumber> { row[column].parse().map_err(|_| none(column)) };
    Ok(EpochRecord {
        epoch: row[0].parse().map_err(|_| none(0))?,
        train_loss: number(1)?,
        train_accuracy: number(2)?,
        eval_loss: number(3)?,
        train_eval_loss: row
            .get(OLDER_COLUMNS)
            .filter(|cell| !cell.is_empty())
            .map(|_| number(OLDER_COLUMNS))
            .transpose()?,
        scores: Scores { accuracy: number(4)?, precision: number(5)?, recall: number(6)?, f1: number(7)? },
        mean_confidence: number(8)?,
        learning_rate: number(9)?,
        seconds: number(10)?,
        examples_per_second: number(11)?,
        tokens_per_second: number(12)?,
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
