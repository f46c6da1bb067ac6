//! Labels that are not there: empty cells, and what tables write for no value.

use std::path::Path;

use crate::spec::MissingLabel;

use super::error::{DataError, Position};

/// What `pandas.read_csv` takes for a missing value (`na_values`, version 2), without the empty cell.
const MISSING: [&str; 18] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
];

/// Rows of an error that are named.
const NAMED: usize = 5;

/// Whether this stands for no value.
pub(super) fn stands_for_none(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty() || MISSING.contains(&cell)
}

/// The label in a cell; none where it is missing. `names` are the classes that the data set says it has: they are no missing
/// values, whatever they are called.
pub(super) fn label(
    cell: Option<String>,
    rule: Option<MissingLabel>,
    names: &[String],
) -> Result<String, Option<String>> {
    let Some(cell) = cell.filter(|cell| !cell.trim().is_empty()) else {
        return Err(None);
    };
    let is_name = rule == Some(MissingLabel::Keep) || names.iter().any(|name| name.trim() == cell.trim());
    if is_name || !stands_for_none(&cell) { Ok(cell) } else { Err(Some(cell)) }
}

/// The rows of a split whose labels are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MissingLabels {
    pub rows: usize,
    /// The first ones, in words.
    named: Vec<String>,
    /// Whether a label is not merely empty.
    written: bool,
}

impl MissingLabels {
    /// A row whose label cell has this text.
    pub(super) fn add(&mut self, path: &Path, place: Position, cell: Option<String>) {
        self.rows += 1;
        self.written |= cell.is_some();
        if self.named.len() < NAMED {
            let cell = cell.map_or_else(|| "no label".to_owned(), |cell| format!("`{}`", cell.trim()));
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            self.named.push(format!("{cell} in {file}, {place}"));
        }
    }

    /// Unless there are none, or they are to be left out.
    pub(super) fn check(&self, path: &Path, of: usize, rule: Option<MissingLabel>) -> Result<(), DataError> {
        if self.rows == 0 || rule == Some(MissingLabel::Drop) {
            return Ok(());
        }
        Err(DataError::MissingLabels {
            path: path.to_owned(),
            rows: self.rows,
            of,
            named: self.named.clone(),
            written: self.written,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tables_write_for_no_value_is_no_label() {
        let read = |cell: &str, rule, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            label(Some(cell.to_owned()), rule, &names).ok()
        };
        for cell in ["nan", "NaN", "NULL", "None", "NA", "N/A", "<NA>", "", "  ", " nan "] {
            assert_eq!(read(cell, None, &[]), None, "{cell}");
            assert_eq!(read(cell, Some(MissingLabel::Drop), &[]), None, "{cell}");
        }
        for cell in ["none", "NONE", "Nan", "0", "-", "na"] {
            assert_eq!(read(cell, None, &[]).as_deref(), Some(cell), "as pandas has it");
        }
        assert_eq!(read("None", Some(MissingLabel::Keep), &[]).as_deref(), Some("None"));
        assert_eq!(read(" ", Some(MissingLabel::Keep), &[]), None, "an empty cell is no name");
        assert_eq!(read("None", None, &["None", "Some"]).as_deref(), Some("None"), "a class of the card");
        assert_eq!(label(None, Some(MissingLabel::Keep), &[]), Err(None));
    }
}
