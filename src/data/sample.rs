//! A look at the columns that are not used.

use std::collections::HashSet;
use std::path::Path;

use super::columns::is_text_name;
use super::table::{ReadOptions, Table};

/// Rows that are looked at.
const ROWS: usize = 200;
/// Of a text, on average.
const WORDS: usize = 3;
/// Of a text in a script that puts no spaces between words, on average.
const CHARACTERS: usize = 12;

/// The columns beside those `taken`, by index, that look like text. A file that cannot be read has none: whoever reads its rows
/// says why.
pub(super) fn texts(path: &Path, options: &ReadOptions<'_>, columns: &[String], taken: &[usize]) -> Vec<usize> {
    let others: Vec<usize> = (0..columns.len()).filter(|index| !taken.contains(index)).collect();
    if others.is_empty() {
        return others;
    }
    let cells = match first_cells(path, options, &others) {
        Some(cells) => cells,
        // A column that cannot be read as text keeps no other from being looked at.
        None => others
            .iter()
            .map(|&index| first_cells(path, options, &[index]).and_then(|mut cells| cells.pop()).unwrap_or_default())
            .collect(),
    };
    let is_text = |(index, cells): &(&usize, Vec<String>)| looks_like_text(&columns[**index], cells);
    others.iter().zip(cells).filter(is_text).map(|(index, _)| *index).collect()
}

/// The cells of the first rows, by column, without empty ones.
fn first_cells(path: &Path, options: &ReadOptions<'_>, selected: &[usize]) -> Option<Vec<Vec<String>>> {
    let mut columns = vec![Vec::new(); selected.len()];
    for row in Table::open(path, options).ok()?.rows(selected).ok()?.take(ROWS) {
        for (column, cell) in columns.iter_mut().zip(row.ok()?.cells) {
            column.extend(cell.filter(|cell| !cell.trim().is_empty()));
        }
    }
    Some(columns)
}

/// Several words each, and mostly different ones. A column called as texts are called may have single words.
fn looks_like_text(name: &str, cells: &[String]) -> bool {
    let distinct: HashSet<&str> = cells.iter().map(String::as_str).collect();
    if cells.is_empty()
        || 2 * distinct.len() <= cells.len()
        || cells.iter().all(|cell| cell.trim().parse::<f64>().is_ok())
    {
        return false;
    }
    let words: usize = cells.iter().map(|cell| cell.split_whitespace().count()).sum();
    let other_script = |cell: &&String| !cell.is_ascii() && !cell.trim().contains(' ');
    let characters: usize = cells.iter().filter(other_script).map(|cell| cell.chars().count()).sum();
    is_text_name(name) || words >= WORDS * cells.len() || characters >= CHARACTERS * cells.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_look_like_text() {
        let looks = |name: &str, cells: &[&str]| {
            looks_like_text(name, &cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
        };
        assert!(looks("remark", &["a man plays a flute", "two dogs run", "rain"]));
        assert!(looks("備考", &["銀行は金利を引き上げたと発表した", "雨のち晴れ、北の風"]));
        assert!(looks("sentence2", &["rain", "sun"]));
        for (name, cells) in [
            ("date", ["2024-01-01 10:00", "2024-01-02 11:00"]),
            ("url", ["https://example.org/a-long-address-of-a-page", "https://example.org/b"]),
            ("author", ["Jane Doe", "John Roe"]),
            ("source", ["the evening news of today", "the evening news of today"]),
            ("title", ["1", "2"]),
        ] {
            assert!(!looks(name, &cells), "{name}");
        }
        assert!(!looks("text", &[]));
    }
}
