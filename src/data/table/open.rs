//! Opening a file by its format.

use std::path::Path;

use crate::spec::Separator;

use super::super::error::DataError;
use super::format::Format;
use super::table_rows::{ReadOptions, Table};
use super::{csv, json, parquet};

impl Table {
    /// Opens a file and reads as much of it as its columns need.
    pub(in crate::data) fn open(path: &Path, options: &ReadOptions<'_>) -> Result<Self, DataError> {
        match Format::from_path(path) {
            Some(Format::Csv) => csv::open(path, options, Separator::COMMA),
            Some(Format::Tsv) => csv::open(path, options, Separator::TAB),
            Some(Format::Parquet) => parquet::open(path),
            Some(Format::Json) => json::open(path),
            None => Err(DataError::UnknownFormat { path: path.to_owned() }),
        }
    }
}
