//! CSV and TSV: a header line, then records; or, where that is said or plain to see, no header.

use std::collections::BTreeMap;
use std::path::Path;

use crate::spec::{Quoting, Separator};

use super::super::columns::is_known_name;
use super::super::error::{DataError, Position};
use super::lines::Lines;
use super::record::Record;
use super::records::{Cut, Records};
use super::table_rows::{Body, ReadOptions, Row, Rows, Table};

const AG_NEWS_COLUMNS: [&str; 3] = ["label", "title", "description"];
/// What the column of a file without a header is called, if it is the only one.
const ONLY_COLUMN: &str = "text";
/// Separators that a file may have instead of the one it is read with.
const SEPARATORS: [Separator; 4] = [Separator::SEMICOLON, Separator::TAB, Separator::BAR, Separator::COMMA];

pub(super) struct CsvBody {
    records: Records,
    size: u64,
    /// Rows that were read to tell the columns.
    pending: Vec<Record>,
}

/// What the first line is.
enum Layout {
    Header,
    /// A row of a file without a header.
    Row,
    /// A row, as in the original AG News files: label, title, description.
    AgNews,
}

pub(super) fn open(path: &Path, options: &ReadOptions<'_>, usual: Separator) -> Result<Table, DataError> {
    let (lines, size) = Lines::open(path)?;
    let reading = options.reading;
    let cut = Cut {
        separator: reading.separator.unwrap_or(usual).byte(),
        quotes: reading.quoting != Some(Quoting::None),
        trusting: reading.quoting == Some(Quoting::Minimal),
    };
    let mut records = Records::new(lines, cut);
    let mut notes = Vec::new();
    let (mut first, mut second) = (Record::default(), Record::default());
    read_first(path, &mut records, &mut first)?;
    if let Some(separator) = separator_line(records.raw()) {
        let used = reading.separator.unwrap_or(separator);
        records.cut.separator = used.byte();
        notes.push(format!(
            "{}, {}: `sep={separator}` is no row; cells are separated by `{used}`",
            path.display(),
            first.place()
        ));
        read_first(path, &mut records, &mut first)?;
    }
    let blank = records.skipped_blank();
    let beginning = records.raw().to_owned();
    let has_second = records.read(&mut second)?;
    let head = Head {
        path,
        options,
        first: &first,
        beginning: &beginning,
        second: has_second.then(|| (&second, records.raw())),
    };
    if reading.separator.is_none() {
        head.refuse_other_separator(records.cut.separator)?;
    }
    let layout = head.layout(&mut notes)?;
    let (columns, hint): (Vec<String>, _) = match layout {
        Layout::Header => (first.cells().map(|cell| cell.trim().to_owned()).collect(), head.hint()),
        Layout::Row if first.len() == 1 => (vec![ONLY_COLUMN.to_owned()], ""),
        Layout::Row => ((1..=first.len()).map(|number| format!("column_{number}")).collect(), ""),
        Layout::AgNews => (AG_NEWS_COLUMNS.map(str::to_owned).to_vec(), ""),
    };
    let is_row = !matches!(layout, Layout::Header);
    if let (true, 1, Some(blank)) = (is_row, columns.len(), blank) {
        let message =
            "the first line is blank, in a file without a header: remove it, or write `\"\"` for an empty text";
        let place = Position::Line(blank);
        return Err(DataError::Malformed { path: path.to_owned(), place, message: message.to_owned() });
    }
    records.expect(columns.len(), hint);
    let news = matches!(layout, Layout::AgNews);
    let mut pending = Vec::new();
    if has_second {
        records.check(&second)?;
        pending.push(second);
    }
    if is_row {
        pending.push(first);
    }
    let class_names = BTreeMap::new();
    Ok(Table { columns, class_names, notes, news, body: Box::new(CsvBody { records, size, pending }) })
}

/// The next record, of a file that must have one.
fn read_first(path: &Path, records: &mut Records, first: &mut Record) -> Result<(), DataError> {
    if records.read(first)? { Ok(()) } else { Err(DataError::NoRows { path: path.to_owned() }) }
}

/// `sep=;`, a line that tells spreadsheet programs how cells are separated.
fn separator_line(line: &str) -> Option<Separator> {
    let line = line.trim_matches('"');
    let is_said = line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("sep="));
    is_said.then(|| line[4..].parse().ok()).flatten()
}

/// How a file begins.
struct Head<'a> {
    path: &'a Path,
    options: &'a ReadOptions<'a>,
    first: &'a Record,
    /// The first record as it stands in the file.
    beginning: &'a str,
    /// The second record, and as it stands in the file.
    second: Option<(&'a Record, &'a str)>,
}

impl Head<'_> {
    /// A file whose lines are one cell, but several with another separator.
    fn refuse_other_separator(&self, used: u8) -> Result<(), DataError> {
        if self.first.len() != 1 {
            return Ok(());
        }
        let count = |text: &str, separator: Separator| text.bytes().filter(|&byte| byte == separator.byte()).count();
        for separator in SEPARATORS.into_iter().filter(|separator| separator.byte() != used) {
            let found = count(self.beginning, separator);
            let mut names =
                self.beginning.split(char::from(separator.byte())).map(|name| name.trim_matches(['"', ' ']));
            let is_header = names.any(|name| is_known_name(name) || self.options.named.contains(&name));
            let is_alike = self.second.is_some_and(|(_, raw)| count(raw, separator) == found);
            if found > 0 && (is_header || is_alike) {
                let (separator, cells) = (separator.to_string(), found + 1);
                return Err(DataError::OtherSeparator {
                    path: self.path.to_owned(),
                    place: self.first.place(),
                    separator,
                    cells,
                });
            }
        }
        Ok(())
    }

    fn layout(&self, notes: &mut Vec<String>) -> Result<Layout, DataError> {
        let first = self.first;
        match self.options.reading.header {
            Some(true) => return Ok(Layout::Header),
            Some(false) => return Ok(Layout::Row),
            None => {}
        }
        let has_other_length = self.second.is_none_or(|(second, _)| second.len() != first.len());
        if self.beginning.starts_with('#') && (first.len() == 1 || has_other_length) {
            let message =
                "begins with `#`: CSV has no comments, remove the line, or say `header: true` if it names the columns";
            return Err(self.malformed(message.to_owned()));
        }
        if is_ag_news(first) {
            return Ok(Layout::AgNews);
        }
        if first.len() > 1 {
            return Ok(Layout::Header);
        }
        let name = first.cell(0).trim();
        if is_known_name(name) || !self.options.named.is_empty() {
            return Ok(Layout::Header);
        }
        if is_like_a_name(name) {
            let message = format!(
                "cannot tell whether `{name}` is the name of the only column or its first text: say `header: true` or \
                 `header: false`"
            );
            return Err(self.malformed(message));
        }
        let place = self.first.place();
        notes.push(format!("{}, {place}: taken for a text, not for the name of the only column", self.path.display()));
        Ok(Layout::Row)
    }

    /// What to say where a row has another number of cells than the header.
    fn hint(&self) -> &'static str {
        match self.beginning.as_bytes().first() {
            Some(b'#') => "that line begins with `#`: remove it if it is a comment",
            _ if self.first.len() == 1 => "remove that line if it is no header",
            _ => "",
        }
    }

    fn malformed(&self, message: String) -> DataError {
        DataError::Malformed { path: self.path.to_owned(), place: self.first.place(), message }
    }
}

/// Three fields of which the first is a class from 1 to 4: no header line looks like that.
fn is_ag_news(first: &Record) -> bool {
    first.len() == AG_NEWS_COLUMNS.len() && matches!(first.cell(0), "1" | "2" | "3" | "4")
}

/// A few words without punctuation. It may be a text, too.
fn is_like_a_name(cell: &str) -> bool {
    const LONGEST: usize = 40;
    const WORDS: usize = 3;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '(' | ')');
    cell.chars().count() <= LONGEST && cell.split_whitespace().count() <= WORDS && cell.chars().all(plain)
}

impl Body for CsvBody {
    fn rows(self: Box<Self>, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        Ok(Box::new(CsvRows {
            records: self.records,
            size: self.size,
            selected: selected.to_vec(),
            pending: self.pending,
            record: Record::default(),
            done: false,
        }))
    }
}

pub(super) struct CsvRows {
    records: Records,
    size: u64,
    selected: Vec<usize>,
    /// Records that were read ahead, the next one last.
    pending: Vec<Record>,
    /// Reused from record to record.
    record: Record,
    done: bool,
}

impl CsvRows {
    fn read(&mut self) -> Result<Option<Row>, DataError> {
        match self.pending.pop() {
            Some(record) => self.record = record,
            None => {
                if !self.records.read(&mut self.record)? {
                    return Ok(None);
                }
            }
        }
        let cells = self.selected.iter().map(|&index| Some(self.record.cell(index).to_owned())).collect();
        Ok(Some(Row { place: self.record.place(), cells }))
    }
}

impl Iterator for CsvRows {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let row = self.read().transpose();
        self.done = !matches!(row, Some(Ok(_)));
        row
    }
}

impl Rows for CsvRows {
    fn share_read(&self) -> f64 {
        (self.records.lines.bytes as f64 / self.size.max(1) as f64).min(1.0)
    }
}
