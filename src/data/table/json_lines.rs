//! JSON lines: one object per line. The first object's keys are the columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::error::{DataError, Place};
use super::{Body, Row, Rows, Table};

const BUFFER: usize = 1 << 18;

pub(super) struct JsonLinesBody {
    lines: Lines,
    first: Map<String, Value>,
    columns: Vec<String>,
}

/// The file's objects, one after the other.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    size: u64,
    /// Of the current line, counted from 1.
    number: u64,
    bytes: u64,
    /// Reused from line to line.
    line: Vec<u8>,
}

pub(super) fn open(path: &Path) -> Result<Table, DataError> {
    let file = File::open(path).map_err(DataError::io(path, "open"))?;
    let size = file.metadata().map_err(DataError::io(path, "read"))?.len();
    let mut lines = Lines {
        path: path.to_owned(),
        reader: BufReader::with_capacity(BUFFER, file),
        size,
        number: 0,
        bytes: 0,
        line: Vec::new(),
    };
    let Some(first) = lines.next_object()? else {
        return Err(DataError::NoRows { path: path.to_owned() });
    };
    let columns: Vec<String> = first.keys().cloned().collect();
    Ok(Table {
        columns: columns.clone(),
        class_names: BTreeMap::new(),
        body: Body::JsonLines(JsonLinesBody { lines, first, columns }),
    })
}

impl JsonLinesBody {
    pub(super) fn rows(self, selected: &[usize]) -> Result<JsonLinesRows, DataError> {
        let names: Vec<String> = selected.iter().map(|&index| self.columns[index].clone()).collect();
        Ok(JsonLinesRows { lines: self.lines, names, pending: Some(self.first), done: false })
    }
}

pub(super) struct JsonLinesRows {
    lines: Lines,
    names: Vec<String>,
    /// The first object, read ahead.
    pending: Option<Map<String, Value>>,
    done: bool,
}

impl JsonLinesRows {
    fn read(&mut self) -> Result<Option<Row>, DataError> {
        let object = match self.pending.take() {
            Some(object) => Some(object),
            None => self.lines.next_object()?,
        };
        let Some(object) = object else {
            return Ok(None);
        };
        let place = Place::Line(self.lines.number);
        let mut cells = Vec::with_capacity(self.names.len());
        for name in &self.names {
            cells.push(cell(object.get(name)).map_err(|kind| DataError::Malformed {
                path: self.lines.path.clone(),
                place,
                message: format!("`{name}` holds {kind}, not text or a number"),
            })?);
        }
        Ok(Some(Row { place, cells }))
    }
}

impl Iterator for JsonLinesRows {
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

impl Rows for JsonLinesRows {
    fn share_read(&self) -> f64 {
        self.lines.bytes as f64 / self.lines.size.max(1) as f64
    }
}

impl Lines {
    /// The next line's object, blank lines skipped; none at the end of the file.
    fn next_object(&mut self) -> Result<Option<Map<String, Value>>, DataError> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line);
            let read = read.map_err(DataError::io(&self.path, "read"))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.bytes += read as u64;
            let place = Place::Line(self.number);
            let text =
                std::str::from_utf8(&self.line).map_err(|_| DataError::NotUtf8 { path: self.path.clone(), place })?;
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                return self.object(text).map(Some);
            }
        }
    }

    fn object(&self, text: &str) -> Result<Map<String, Value>, DataError> {
        let malformed = |message: String| DataError::Malformed {
            path: self.path.clone(),
            place: Place::Line(self.number),
            message,
        };
        if self.number == 1 && text.starts_with('[') {
            return Err(malformed(
                "a JSON array, where one object per line is expected (`jq -c '.[]'` converts)".to_owned(),
            ));
        }
        serde_json::from_str(text).map_err(|error| {
            // serde_json counts lines within the text that it is given, which is one line.
            let whole = error.to_string();
            let (cause, _) = whole.split_once(" at line ").unwrap_or((&whole, ""));
            malformed(format!("not a JSON object: {cause} (column {})", error.column()))
        })
    }
}

/// Or what it is that cannot be a cell.
fn cell(value: Option<&Value>) -> Result<Option<String>, &'static str> {
    Ok(match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(truth)) => Some(truth.to_string()),
        Some(Value::Array(_)) => return Err("an array"),
        Some(Value::Object(_)) => return Err("an object"),
    })
}
