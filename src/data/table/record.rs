//! One record of a CSV or TSV file.

use super::super::error::Position;

/// A row's cells. Reused from row to row.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The cells end to end.
    pub text: String,
    /// Where each cell ends in it.
    pub ends: Vec<usize>,
    /// Where it begins and ends.
    pub lines: (u64, u64),
}

impl Record {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Of a column that there is.
    pub fn cell(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }

    pub fn place(&self) -> Position {
        Position::Line(self.lines.0)
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}
