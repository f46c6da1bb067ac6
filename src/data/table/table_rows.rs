//! A table: its columns, and the rows of some of them.

use std::collections::BTreeMap;

use crate::spec::Reading;

use super::super::error::{DataError, Position};

/// What the reader of a file was told.
#[derive(Clone, Debug, Default)]
pub(in crate::data) struct ReadOptions<'a> {
    /// Of CSV and TSV files.
    pub reading: Reading,
    /// The columns that were named: a header must have them.
    pub named: Vec<&'a str>,
}

/// A row's cells in the order of the selected columns; a missing value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) struct Row {
    pub place: Position,
    pub cells: Vec<Option<String>>,
}

/// The rows of a file in file order. After an error nothing more comes.
pub(in crate::data) trait Rows: Iterator<Item = Result<Row, DataError>> + Send {
    /// How much of the file was read, 0 to 1.
    fn share_read(&self) -> f64;
}

/// An opened file of which the columns are known.
pub(in crate::data) struct Table {
    pub columns: Vec<String>,
    /// Class names that the file itself gives, by label column.
    pub class_names: BTreeMap<String, Vec<String>>,
    /// What was assumed about the file, a sentence each.
    pub notes: Vec<String>,
    /// The file has no header line, and was taken for one with the layout of the original AG News: label, title, description.
    pub news: bool,
    pub body: Box<dyn Body>,
}

/// What reads the rows of an opened file.
pub(in crate::data) trait Body {
    /// The rows, with the columns at these indices of [`Table::columns`].
    fn rows(self: Box<Self>, selected: &[usize]) -> Result<Box<dyn Rows>, DataError>;
}

impl Table {
    /// The rows, with the columns at these indices of [`Table::columns`].
    pub(in crate::data) fn rows(self, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        self.body.rows(selected)
    }
}
