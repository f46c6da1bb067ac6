//! Rows of chosen columns out of a CSV, Parquet or JSON lines file of any size, one reader for training and prediction.

mod csv;
mod json_lines;
mod parquet;

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{DataError, Place};

/// The kinds of files that hold rows, the preferred first (types and class names survive in Parquet only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Parquet,
    Csv,
    Tsv,
    JsonLines,
}

impl Format {
    /// By the file name's extension.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// A row's cells in the order of the selected columns; a missing value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub place: Place,
    pub cells: Vec<Option<String>>,
}

/// The rows of a file in file order. After an error nothing more comes.
pub(super) trait Rows: Iterator<Item = Result<Row, DataError>> + Send {
    /// How much of the file was read, 0 to 1.
    fn share_read(&self) -> f64;
}

/// An opened file of which the columns are known.
pub(super) struct Table {
    pub columns: Vec<String>,
    /// Class names that the file itself gives, by label column.
    pub class_names: BTreeMap<String, Vec<String>>,
    body: Body,
}

enum Body {
    Csv(csv::CsvBody),
    Parquet(parquet::ParquetBody),
    JsonLines(json_lines::JsonLinesBody),
}

impl Table {
    /// Opens a file and reads as much of it as its columns need.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        match Format::of(path) {
            Some(Format::Csv) => csv::open(path, b','),
            Some(Format::Tsv) => csv::open(path, b'\t'),
            Some(Format::Parquet) => parquet::open(path),
            Some(Format::JsonLines) => json_lines::open(path),
            None => Err(DataError::UnknownFormat { path: path.to_owned() }),
        }
    }

    /// The rows, with the columns at these indices of [`Table::columns`].
    pub(super) fn rows(self, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        Ok(match self.body {
            Body::Csv(body) => Box::new(body.rows(selected)),
            Body::Parquet(body) => Box::new(body.rows(selected)?),
            Body::JsonLines(body) => Box::new(body.rows(selected)?),
        })
    }
}
