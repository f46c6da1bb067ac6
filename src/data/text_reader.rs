//! Texts to predict on, out of files of any size in bounded memory.

use std::path::Path;

use crate::spec::Reading;

use super::columns::{IDS, column, detected, known_columns, label_column, text_columns};
use super::error::DataError;
use super::examples::joined;
use super::table::{ReadOptions, Rows, Table};

/// Which columns are what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextColumns {
    /// Joined by one space; empty: detect as for training.
    pub text: Vec<String>,
    /// The text columns that training took: taken where `text` is empty and the file has all of them.
    pub known: Vec<String>,
    /// None: a column called `id` where there is one, or else the row number is the ID.
    pub id: Option<String>,
    /// None: labels are not read.
    pub label: Option<String>,
}

/// A text to predict on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// Counted from 0.
    pub row: usize,
    /// The cell of the ID column as it stands in the file (empty where the row has none); the row number where there is no such
    /// column.
    pub id: String,
    /// May be empty: every row gets its prediction.
    pub text: String,
    /// As it stands in the file ([`super::Truth`] finds its class); none where it is missing or labels are not read.
    pub label: Option<String>,
}

/// Reads the texts of a CSV, TSV, Parquet or JSON lines file, a chunk at a time.
pub struct TextReader {
    rows: Box<dyn Rows>,
    columns: TextColumns,
    notes: Vec<String>,
    next_row: usize,
}

impl TextReader {
    /// `reading` says how CSV and TSV files are read.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or a column is not there or cannot be detected.
    pub fn open(path: &Path, wanted: &TextColumns, reading: Reading) -> Result<Self, DataError> {
        let named = wanted.text.iter().chain(&wanted.id).chain(&wanted.label).map(String::as_str).collect();
        let mut table = Table::open(path, &ReadOptions { reading, named })?;
        let label = match &wanted.label {
            Some(name) => Some(column(path, &table.columns, name)?),
            None => None,
        };
        let id = match &wanted.id {
            Some(name) => Some(column(path, &table.columns, name)?),
            None => detected(&table.columns, &IDS),
        };
        let likely_label = label.or_else(|| label_column(path, &table.columns, None).ok());
        let others: Vec<usize> = [id, likely_label].into_iter().flatten().collect();
        let known = known_columns(&table.columns, &wanted.known);
        let text = match known.filter(|known| wanted.text.is_empty() && !known.is_empty()) {
            Some(known) => known,
            None => text_columns(path, &table.columns, &wanted.text, &others)?,
        };
        let name = |index: usize| table.columns[index].clone();
        let columns = TextColumns {
            text: text.iter().map(|&index| name(index)).collect(),
            known: Vec::new(),
            id: id.map(name),
            label: label.map(name),
        };
        let selected: Vec<usize> = [id, label].into_iter().flatten().chain(text).collect();
        let notes = std::mem::take(&mut table.notes);
        Ok(Self { rows: table.rows(&selected)?, columns, notes, next_row: 0 })
    }

    /// The columns that are read, detected ones included.
    pub fn columns(&self) -> &TextColumns {
        &self.columns
    }

    /// What was assumed about the file, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The next rows, at most `count` (at least 1) of them, in the order of the file; none when all were read.
    ///
    /// # Errors
    ///
    /// When a row cannot be read. Nothing more comes after that.
    pub fn next_chunk(&mut self, count: usize) -> Result<Option<Vec<TextRow>>, DataError> {
        let mut chunk = Vec::with_capacity(count.min(1 << 16));
        while chunk.len() < count.max(1)
            && let Some(row) = self.rows.next()
        {
            let mut cells = row?.cells.into_iter();
            let mut cell_of = |column: &Option<String>| column.as_ref().and_then(|_| cells.next().flatten());
            let id = cell_of(&self.columns.id);
            let label = cell_of(&self.columns.label);
            chunk.push(TextRow {
                row: self.next_row,
                id: match self.columns.id {
                    Some(_) => id.unwrap_or_default(),
                    None => self.next_row.to_string(),
                },
                text: joined(cells),
                label,
            });
            self.next_row += 1;
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// How much of the file was read, 0 to 1.
    pub fn share_read(&self) -> f64 {
        self.rows.share_read()
    }
}
