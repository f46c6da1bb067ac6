//! The records of a CSV or TSV file, read strictly: where rows could be lost, it is an error.
//!
//! Compared with pandas 3.1 and the csv crate (which `datasets` and this program relied on before): blank lines are skipped
//! and quotes inside an unquoted field are characters, as there. A quote that is never closed is an error in pandas as
//! well; the csv crate takes the rest of the file for one field. Text after a closing quote is appended to the field by both:
//! here it is an error, as it is the trace of a quote that was closed by a later row's. Rows with fewer cells than the header
//! are filled up by pandas, and further cells of the first row make it shift the columns: both are errors here.

use std::fs::File;
use std::io::BufReader;

use super::super::error::{DataError, Position};
use super::lines::{LONGEST, Lines, without_end};
use super::record::Record;
use super::swallowed::Seen;

/// How records are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub separator: u8,
    /// Whether a double quote encloses a field.
    pub quotes: bool,
    /// Whether a quoted field is taken for a text even if its lines look like rows.
    pub trusting: bool,
}

pub(super) struct Records {
    pub lines: Lines<BufReader<File>>,
    pub cut: Cut,
    /// How many cells every record must have, and what may be said where one has not; none: any number.
    width: Option<(usize, &'static str)>,
    /// The record as it stands in the file.
    raw: String,
    /// A blank line that was skipped before the last record.
    blank: Option<u64>,
    seen: Seen,
}

impl Records {
    pub fn new(lines: Lines<BufReader<File>>, cut: Cut) -> Self {
        Self { lines, cut, width: None, raw: String::new(), blank: None, seen: Seen::default() }
    }

    /// From now on every record must have this many cells; where one has not, `hint` is added to the error.
    pub fn expect(&mut self, width: usize, hint: &'static str) {
        self.width = Some((width, hint));
    }

    /// The last record as it stands in the file, without its line end.
    pub fn raw(&self) -> &str {
        without_end(&self.raw)
    }

    /// Replaces `record` by the next one; false at the end.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, DataError> {
        record.clear();
        self.blank = None;
        loop {
            self.raw.clear();
            if !self.lines.append_to(&mut self.raw)? {
                return Ok(false);
            }
            if !self.raw().is_empty() {
                break;
            }
            self.blank.get_or_insert(self.lines.number);
        }
        record.lines = (self.lines.number, self.lines.number);
        let mut at = 0;
        loop {
            let quoted = self.cut.quotes && self.raw.as_bytes().get(at) == Some(&b'"');
            at = if quoted { self.quoted(record, at + 1)? } else { self.plain(record, at)? };
            record.ends.push(record.text.len());
            if self.raw.as_bytes().get(at) != Some(&self.cut.separator) {
                break;
            }
            at += 1;
        }
        record.lines.1 = self.lines.number;
        self.check(record)?;
        Ok(true)
    }

    /// Takes the unquoted field that begins at `at`; gives where it ends.
    fn plain(&self, record: &mut Record, at: usize) -> Result<usize, DataError> {
        let separator = self.cut.separator;
        let ends = |byte: &u8| *byte == separator || matches!(byte, b'\n' | b'\r');
        let field = &self.raw[at..];
        let length = field.bytes().position(|byte| ends(&byte)).unwrap_or(field.len());
        let rest = &field[length..];
        if rest.starts_with(['\r', '\n']) && !without_end(rest).is_empty() {
            let (seen, expected) = if self.lines.end == b'\n' { ("CR", "LF") } else { ("LF", "CR") };
            return Err(self.lines.malformed(format!(
                "a single {seen} stands in a field, where the file's lines end in {expected}: quote the field, or give all \
                 lines the same end"
            )));
        }
        record.text.push_str(&field[..length]);
        Ok(at + length)
    }

    /// Takes the rest of a quoted field, of which the text begins at `at`; gives where it ends.
    fn quoted(&mut self, record: &mut Record, mut at: usize) -> Result<usize, DataError> {
        let opened = self.lines.number;
        loop {
            let Some(length) = self.raw[at..].find('"') else {
                record.text.push_str(&self.raw[at..]);
                at = self.raw.len();
                if at > LONGEST || !self.lines.append_to(&mut self.raw)? {
                    return Err(self.unclosed(opened));
                }
                continue;
            };
            record.text.push_str(&self.raw[at..at + length]);
            at += length + 1;
            let rest = &self.raw[at..];
            match rest.bytes().next() {
                Some(b'"') => {
                    record.text.push('"');
                    at += 1;
                }
                Some(byte) if byte == self.cut.separator => return Ok(at),
                _ if without_end(rest).is_empty() => return Ok(at),
                _ => return Err(self.text_after_quote(opened, at)),
            }
        }
    }

    fn unclosed(&self, opened: u64) -> DataError {
        let end = self.lines.number;
        self.wrong_at(
            opened,
            format!(
                "the quote that opens a field here is not closed up to line {end}: close it, or say `quoting: none` if quotes \
                 are characters like any other"
            ),
        )
    }

    fn text_after_quote(&self, opened: u64, at: usize) -> DataError {
        const SHOWN: usize = 20;
        let rest = without_end(&self.raw[at..]);
        let after: String = rest.chars().take(SHOWN).collect();
        let more = if rest.chars().nth(SHOWN).is_some() { "…" } else { "" };
        let closed = self.lines.number;
        let place = if closed == opened { String::new() } else { format!(" in line {closed}") };
        let backslash = self.raw[..at - 1].ends_with('\\');
        let escape = if backslash { ", as a backslash does not escape it" } else { "" };
        self.wrong_at(
            opened,
            format!(
                "the quote that opens a field here is closed{place} before {}{escape}: inside a quoted field a quote is \
                 written twice; say `quoting: none` if quotes are characters like any other",
                quoted(&format!("{after}{more}"))
            ),
        )
    }

    fn wrong_at(&self, line: u64, message: String) -> DataError {
        DataError::Malformed { path: self.lines.path.clone(), place: Position::Line(line), message }
    }

    /// Whether the last record is a row of this file.
    pub fn check(&mut self, record: &Record) -> Result<(), DataError> {
        let Some((width, hint)) = self.width else {
            return Ok(());
        };
        let (first, last) = record.lines;
        if record.len() != width {
            let hint = match (first == last, record.len() > width) {
                (false, _) => {
                    format!("; a quoted field goes on to line {last}: is its quote closed where it should be?")
                }
                (true, _) if !hint.is_empty() => format!("; {hint}"),
                (true, true) => "; a text that holds the separator must be quoted".to_owned(),
                (true, false) => String::new(),
            };
            let (path, place, found) = (self.lines.path.clone(), record.place(), record.len() as u64);
            return Err(DataError::Ragged { path, place, expected: width as u64, found, hint });
        }
        if let (1, Some(blank)) = (width, self.blank) {
            let message = "a blank line between rows: with one column it may be an empty text, which is written `\"\"`, or \
                           nothing: write it so, or remove the line";
            return Err(self.wrong_at(blank, message.to_owned()));
        }
        if !self.cut.trusting {
            if first < last && self.seen.is_several_rows(self.raw(), record, self.cut.separator) {
                let message = format!(
                    "the quote that opens a field here is closed in line {last} only, and the lines between look like rows: \
                     close it where the field ends, or say `quoting: none` (quotes are characters like any other) or \
                     `quoting: minimal` (this is one text)"
                );
                return Err(self.wrong_at(first, message));
            }
            self.seen.add(record);
        }
        Ok(())
    }

    /// The blank line that was skipped before the last record.
    pub fn skipped_blank(&self) -> Option<u64> {
        self.blank
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}
