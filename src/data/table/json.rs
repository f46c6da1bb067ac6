//! JSON: an object per row. The columns are the keys of all objects.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::error::{DataError, Position};
use super::json_fields::{Fields, NoFields, cell, characters};
use super::json_objects::{Object, Objects};
use super::table_rows::{Body, Row, Rows, Table};

pub(super) struct JsonBody {
    objects: Objects,
    columns: Vec<String>,
}

/// Reads all of the file once, for its keys.
pub(super) fn open(path: &Path) -> Result<Table, DataError> {
    let mut objects = Objects::open(path)?;
    let mut keys = Keys::default();
    while let Some(object) = objects.next()? {
        keys.add(path, &object)?;
    }
    if keys.rows == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    let columns = keys.names;
    Ok(Table {
        columns: columns.clone(),
        class_names: BTreeMap::new(),
        notes: Vec::new(),
        news: false,
        body: Box::new(JsonBody { objects: objects.again()?, columns }),
    })
}

/// The keys of all objects in the order in which they first occur.
#[derive(Default)]
struct Keys {
    names: Vec<String>,
    distinct: HashSet<String>,
    /// By key as it stands in the file: the number of the last row that has it.
    known: HashMap<String, usize>,
    rows: usize,
}

impl Keys {
    fn add(&mut self, path: &Path, object: &Object<'_>) -> Result<(), DataError> {
        self.rows += 1;
        for (key, _) in fields(path, object)? {
            let twice = match self.known.get_mut(key) {
                Some(row) => std::mem::replace(row, self.rows) == self.rows,
                None => {
                    self.known.insert(key.to_owned(), self.rows);
                    let name =
                        characters(key).map_err(|kind| wrong(path, object.line, format!("a key holds {kind}")))?;
                    if self.distinct.insert(name.clone()) {
                        self.names.push(name);
                    }
                    false
                }
            };
            if twice {
                return Err(wrong(path, object.line, format!("the key {key} occurs twice in one object")));
            }
        }
        Ok(())
    }
}

fn fields<'a>(path: &Path, object: &Object<'a>) -> Result<Fields<'a>, DataError> {
    Fields::parse(object.text).map_err(|error| match error {
        NoFields::OtherValue(kind) => wrong(path, object.line, format!("{kind}, where an object is expected")),
        NoFields::Syntax { cause, line, column } => {
            let number = object.line + line.saturating_sub(1) as u64;
            let unknown =
                object.text.lines().nth(line.saturating_sub(1)).and_then(|text| text.get(column.saturating_sub(1)..));
            let is_nan = unknown
                .is_some_and(|text| ["NaN", "Infinity", "aN", "nfinity"].iter().any(|nan| text.starts_with(nan)));
            let hint = if is_nan { "; `NaN` and `Infinity` are no JSON: write `null`" } else { "" };
            wrong(path, number, format!("not a JSON object: {cause} (column {column}){hint}"))
        }
    })
}

fn wrong(path: &Path, line: u64, message: String) -> DataError {
    DataError::Malformed { path: path.to_owned(), place: Position::Line(line), message }
}

impl Body for JsonBody {
    fn rows(self: Box<Self>, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        let names: Vec<String> = selected.iter().map(|&index| self.columns[index].clone()).collect();
        let path = self.objects.lines.path.clone();
        Ok(Box::new(JsonRows { path, objects: self.objects, names, done: false }))
    }
}

pub(super) struct JsonRows {
    path: PathBuf,
    objects: Objects,
    names: Vec<String>,
    done: bool,
}

impl JsonRows {
    fn read(&mut self) -> Result<Option<Row>, DataError> {
        let Some(object) = self.objects.next()? else {
            return Ok(None);
        };
        let mut cells = vec![None; self.names.len()];
        for (key, value) in fields(&self.path, &object)? {
            let key = characters(key).map_err(|kind| wrong(&self.path, object.line, format!("a key holds {kind}")))?;
            for (name, place) in self.names.iter().zip(&mut cells).filter(|(name, _)| **name == key) {
                let wrong = |kind| wrong(&self.path, object.line, format!("`{name}` holds {kind}"));
                *place = cell(value).map_err(wrong)?;
            }
        }
        Ok(Some(Row { place: Position::Line(object.line), cells }))
    }
}

impl Iterator for JsonRows {
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

impl Rows for JsonRows {
    fn share_read(&self) -> f64 {
        (self.objects.lines.bytes as f64 / self.objects.size.max(1) as f64).min(1.0)
    }
}
