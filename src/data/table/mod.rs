//! Rows of chosen columns out of a CSV, Parquet or JSON file of any size, one reader for training and prediction.
//!
//! One rule for all formats: a missing value is none (CSV has none: an empty cell is an empty text); a table that has its columns and
//! no rows is a table without rows; a file in which there is nothing at all is an error; numbers are as they stand in the file.

mod csv;
mod json;
mod json_fields;
mod json_objects;
mod kind;
mod lines;
mod parquet;
mod record;
mod records;
mod swallowed;

use std::collections::BTreeMap;
use std::path::Path;

use crate::spec::{Reading, Separator};

use super::error::{DataError, Place};

pub use lines::TextLines;

/// The kinds of files that hold rows, the preferred first (types and class names survive in Parquet only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Parquet,
    Csv,
    Tsv,
    /// One object per line, or an array of objects.
    Json,
}

impl Format {
    /// By the file name's extension.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" | "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Whether [`Reading`] says anything of such files.
    pub(super) fn is_separated(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }
}

/// Whether a file is CSV or TSV, by its name.
pub fn is_separated(path: &Path) -> bool {
    Format::of(path).is_some_and(Format::is_separated)
}

/// What the reader of a file was told.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked<'a> {
    /// Of CSV and TSV files.
    pub reading: Reading,
    /// The columns that were named: a header must have them.
    pub named: Vec<&'a str>,
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
    /// What was assumed about the file, a sentence each.
    pub notes: Vec<String>,
    /// The file has no header line, and was taken for one with the layout of the original AG News: label, title, description.
    pub news: bool,
    body: Body,
}

enum Body {
    Csv(csv::CsvBody),
    Parquet(parquet::ParquetBody),
    Json(json::JsonBody),
}

impl Table {
    /// Opens a file and reads as much of it as its columns need.
    pub(super) fn open(path: &Path, asked: &Asked<'_>) -> Result<Self, DataError> {
        match Format::of(path) {
            Some(Format::Csv) => csv::open(path, asked, Separator::COMMA),
            Some(Format::Tsv) => csv::open(path, asked, Separator::TAB),
            Some(Format::Parquet) => parquet::open(path),
            Some(Format::Json) => json::open(path),
            None => Err(DataError::UnknownFormat { path: path.to_owned() }),
        }
    }

    /// The rows, with the columns at these indices of [`Table::columns`].
    pub(super) fn rows(self, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        Ok(match self.body {
            Body::Csv(body) => Box::new(body.rows(selected)),
            Body::Parquet(body) => Box::new(body.rows(selected)?),
            Body::Json(body) => Box::new(body.rows(selected)?),
        })
    }
}
