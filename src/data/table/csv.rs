//! CSV and TSV: a header line, then records; or the original AG News layout, which has no header.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::super::error::{DataError, Place};
use super::{Body, Row, Rows, Table};

/// The classes 1 to 4 of the original AG News files.
const AG_NEWS_CLASSES: [&str; 4] = ["World", "Sports", "Business", "Sci/Tech"];
const AG_NEWS_COLUMNS: [&str; 3] = ["label", "title", "description"];
const BUFFER: usize = 1 << 18;

pub(super) struct CsvBody {
    records: Records,
    layout: Layout,
}

enum Layout {
    Header,
    /// The first record, already read, is a row; the label's number stands for a class name.
    AgNews {
        first: ByteRecord,
    },
}

pub(super) fn open(path: &Path, delimiter: u8) -> Result<Table, DataError> {
    let mut records = Records::open(path, delimiter)?;
    let mut first = ByteRecord::new();
    if !records.read(&mut first)? {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    records.lines_end_in_crlf = records.is_inside_crlf();
    let (columns, class_names, layout) = if is_ag_news(&first) {
        let names = AG_NEWS_CLASSES.map(str::to_owned).to_vec();
        (
            AG_NEWS_COLUMNS.map(str::to_owned).to_vec(),
            BTreeMap::from([(AG_NEWS_COLUMNS[0].to_owned(), names)]),
            Layout::AgNews { first },
        )
    } else {
        let columns = (0..first.len())
            .map(|index| Ok(records.text(&first, index)?.trim().to_owned()))
            .collect::<Result<_, DataError>>()?;
        (columns, BTreeMap::new(), Layout::Header)
    };
    Ok(Table { columns, class_names, body: Body::Csv(CsvBody { records, layout }) })
}

/// Three fields of which the first is a class from 1 to 4: no header line looks like that.
fn is_ag_news(first: &ByteRecord) -> bool {
    first.len() == AG_NEWS_COLUMNS.len() && matches!(&first[0], b"1" | b"2" | b"3" | b"4")
}

impl CsvBody {
    pub(super) fn rows(self, selected: &[usize]) -> CsvRows {
        let (pending, ag_news) = match self.layout {
            Layout::Header => (None, false),
            Layout::AgNews { first } => (Some(first), true),
        };
        CsvRows {
            records: self.records,
            selected: selected.to_vec(),
            pending,
            ag_news,
            record: ByteRecord::new(),
            done: false,
        }
    }
}

pub(super) struct CsvRows {
    records: Records,
    selected: Vec<usize>,
    /// A record that was read ahead.
    pending: Option<ByteRecord>,
    ag_news: bool,
    /// Reused from record to record.
    record: ByteRecord,
    done: bool,
}

impl CsvRows {
    fn read(&mut self) -> Result<Option<Row>, DataError> {
        match self.pending.take() {
            Some(record) => self.record = record,
            None => {
                if !self.records.read(&mut self.record)? {
                    return Ok(None);
                }
            }
        }
        let cells = self.selected.iter().map(|&index| self.cell(index).map(Some)).collect::<Result<_, _>>()?;
        let place = self.records.place(self.record.position());
        Ok(Some(Row { place, cells }))
    }

    fn cell(&self, index: usize) -> Result<String, DataError> {
        let cell = self.records.text(&self.record, index)?;
        if self.ag_news && index == 0 {
            let class = cell.parse::<usize>().ok().and_then(|class| class.checked_sub(1));
            if let Some(name) = class.and_then(|class| AG_NEWS_CLASSES.get(class)) {
                return Ok((*name).to_owned());
            }
        }
        Ok(cell.to_owned())
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
        self.records.reader.position().byte() as f64 / self.records.size.max(1) as f64
    }
}

/// A file's records, all of the same length, with errors that say where.
struct Records {
    path: PathBuf,
    reader: Reader<File>,
    size: u64,
    lines_end_in_crlf: bool,
}

impl Records {
    fn open(path: &Path, delimiter: u8) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::io(path, "open"))?;
        let size = file.metadata().map_err(DataError::io(path, "read"))?.len();
        let reader =
            ReaderBuilder::new().has_headers(false).delimiter(delimiter).buffer_capacity(BUFFER).from_reader(file);
        Ok(Self { path: path.to_owned(), reader, size, lines_end_in_crlf: false })
    }

    /// Replaces `record` by the next one; false at the end.
    fn read(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        self.reader.read_byte_record(record).map_err(|error| self.failed(error))
    }

    /// Whether the last record ended between the two characters of a CR LF: the reader takes the CR for the end, and counts
    /// the LF's line only with the record after it.
    fn is_inside_crlf(&self) -> bool {
        let mut next = [0];
        let read = self.reader.get_ref().read_at(&mut next, self.reader.position().byte());
        read.is_ok_and(|read| read == 1) && next == *b"\n"
    }

    fn text<'a>(&self, record: &'a ByteRecord, index: usize) -> Result<&'a str, DataError> {
        std::str::from_utf8(&record[index])
            .map_err(|_| DataError::NotUtf8 { path: self.path.clone(), place: self.place(record.position()) })
    }

    fn place(&self, position: Option<&Position>) -> Place {
        let Some(position) = position else {
            return Place::Line(1);
        };
        let uncounted = self.lines_end_in_crlf && position.byte() > 0;
        Place::Line(position.line() + u64::from(uncounted))
    }

    fn failed(&self, error: csv::Error) -> DataError {
        let place = self.place(error.position());
        let path = self.path.clone();
        match error.into_kind() {
            ErrorKind::Io(source) => DataError::Io { path, action: "read", source },
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                DataError::Ragged { path, place, expected: expected_len, found: len }
            }
            other => DataError::Malformed { path, place, message: format!("{other:?}") },
        }
    }
}
