//! Rows that a quoted field swallowed: syntactically sound, as a quote was left open in one row and another row has a
//! stray quote at a field's end.

use std::collections::HashSet;

use super::record::Record;

/// A column with more different values than this has no categories.
const CATEGORIES: usize = 64;
/// A longer cell is no category, number or identifier.
const LONGEST: usize = 40;

/// The values that each column has had, where they are few.
#[derive(Debug, Default)]
pub(super) struct Seen {
    columns: Vec<Column>,
}

#[derive(Debug, Default)]
struct Column {
    values: HashSet<Box<str>>,
    /// Too many values.
    free: bool,
}

impl Seen {
    pub fn add(&mut self, record: &Record) {
        self.columns.resize_with(record.len().max(self.columns.len()), Column::default);
        for (cell, column) in record.cells().zip(&mut self.columns).filter(|(_, column)| !column.free) {
            column.free = cell.len() > LONGEST || (column.values.len() == CATEGORIES && !column.values.contains(cell));
            if column.free {
                column.values = HashSet::new();
            } else if !column.values.contains(cell) {
                column.values.insert(cell.into());
            }
        }
    }

    /// Whether each line of a record that spans several is like a row: it has as many cells, and in at least one column beside
    /// the one with the line ends, all its cells are like those of rows (known values, or identifiers of the same shape).
    pub fn is_several_rows(&self, raw: &str, record: &Record, separator: u8) -> bool {
        let width = record.len();
        let broken: Vec<usize> = (0..width).filter(|&index| record.cell(index).contains(['\n', '\r'])).collect();
        let [broken] = broken[..] else {
            return false;
        };
        let mut alike: Vec<bool> = (0..width).map(|index| index != broken).collect();
        for line in raw.replace("\r\n", "\n").split(['\n', '\r']) {
            let cells: Vec<&str> = line.split(char::from(separator)).collect();
            if cells.len() != width {
                return false;
            }
            for (index, cell) in cells.iter().enumerate() {
                alike[index] &= self.is_like(index, record.cell(index), cell.trim_matches('"'));
            }
        }
        alike.contains(&true)
    }

    fn is_like(&self, column: usize, own: &str, other: &str) -> bool {
        let known = self.columns.get(column).is_some_and(|column| column.values.contains(other));
        (known && !other.is_empty()) || shape(own).is_some_and(|own| shape(other) == Some(own))
    }
}

/// A number's, date's or identifier's form: `k-12` and `ab-3` are `a-0`.
fn shape(cell: &str) -> Option<String> {
    if cell.len() > LONGEST || cell.contains(char::is_whitespace) {
        return None;
    }
    let mut shape = String::new();
    for character in cell.chars() {
        let class = match character {
            '0'..='9' => '0',
            letter if letter.is_alphabetic() => 'a',
            other => other,
        };
        if !(shape.ends_with(class) && matches!(class, '0' | 'a')) {
            shape.push(class);
        }
    }
    shape.contains('0').then_some(shape)
}
