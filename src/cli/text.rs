//! Words, numbers and tables as people read them.

use std::time::Duration;

pub use crate::words::counted as count;

/// `0:07`, `12:30`, `3:05:00`.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `92.81 %`
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// `512 B`, `1.5 MiB`, `139.8 GiB`.
pub fn bytes(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Which side of a column its cells stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A table for the terminal: a header line, a rule, one line per row, columns two spaces apart.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(columns: [(&str, Align); N]) -> Self {
        Table::with_columns(columns.to_vec())
    }

    /// A table of as many columns as there are.
    pub fn with_columns(columns: Vec<(&str, Align)>) -> Self {
        let columns = columns.into_iter().map(|(name, align)| (name.to_string(), align));
        Table { columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the header's columns are left out, missing ones are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cell = |row: &'_ Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| console::measure_text_width(&cell(row, column)));
                cells.chain([console::measure_text_width(&self.columns[column].0)]).max().unwrap_or(0)
            })
            .collect();
        let line = |cells: Vec<String>| {
            let padded = cells.iter().zip(&self.columns).zip(&widths).map(|((text, (_, align)), &width)| {
                let side = match align {
                    Align::Left => console::Alignment::Left,
                    Align::Right => console::Alignment::Right,
                };
                console::pad_str(text, width, side, None).into_owned()
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_string()
        };
        writeln!(f, "{}", line(self.columns.iter().map(|(name, _)| name.clone()).collect()))?;
        writeln!(f, "{}", line(widths.iter().map(|&width| "─".repeat(width)).collect()))?;
        for row in &self.rows {
            writeln!(f, "{}", line((0..self.columns.len()).map(|column| cell(row, column)).collect()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(count(1, "run"), "1 run");
        assert_eq!(count(1240, "run"), "1,240 runs");
        assert_eq!(clock(Duration::from_secs(7)), "0:07");
        assert_eq!(clock(Duration::from_secs(750)), "12:30");
        assert_eq!(clock(Duration::from_secs(11_100)), "3:05:00");
        assert_eq!(percent(0.928_125), "92.81 %");
    }

    #[test]
    fn a_table_aligns_by_what_the_eye_sees() {
        let mut table = Table::new([("run", Align::Left), ("accuracy", Align::Right)]);
        table.row(["läuft über".to_string(), "9.00 %".to_string()]);
        table.row(["b".to_string(), "92.81 %".to_string()]);
        insta::assert_snapshot!(table.to_string(), @"
        run         accuracy
        ──────────  ────────
        läuft über    9.00 %
        b            92.81 %
        ");
    }
}
