//! Parquet, a slice of rows at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::error::{PolarsResult, polars_bail};
use polars::prelude::{ArrowDataType, DataFrame, DataType, FileMetadataRef, ParquetReader, SerReader};

use super::super::card;
use super::super::error::{DataError, Position};
use super::kind::refuse_other;
use super::table_rows::{Body, Row, Rows, Table};

/// Rows decoded at once.
const SLICE: usize = 16_384;
/// Where Arrow's own schema is kept. Without it a dictionary-encoded text column is plain text, which is all we want.
const ARROW_SCHEMA_KEY: &str = "ARROW:schema";
const HUGGING_FACE_KEY: &str = "huggingface";

pub(super) struct ParquetBody {
    path: PathBuf,
    file: File,
    metadata: FileMetadataRef,
    columns: Vec<(String, ArrowDataType)>,
}

pub(super) fn open(path: &Path) -> Result<Table, DataError> {
    let file = File::open(path).map_err(DataError::io(path, "open"))?;
    let mut head = [0; 64];
    let read = file.read_at(&mut head, 0).map_err(DataError::io(path, "read"))?;
    if read == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    refuse_other(path, &head[..read], true)?;
    let handle = file.try_clone().map_err(DataError::io(path, "open"))?;
    let mut class_names = BTreeMap::new();
    let (metadata, columns) = guarded(path, || {
        let mut reader = ParquetReader::new(handle);
        let mut metadata = reader.get_metadata()?.as_ref().clone();
        let in_groups = metadata.row_groups.iter().map(|group| group.num_rows()).try_fold(0, usize::checked_add);
        if in_groups != Some(metadata.num_rows) {
            polars_bail!(ComputeError: "its row groups do not have the {} rows that are announced", metadata.num_rows);
        }
        let mut pairs = metadata.key_value_metadata.take().unwrap_or_default();
        if let Some(features) = pairs.iter().find(|pair| pair.key == HUGGING_FACE_KEY) {
            class_names = card::class_names_of_features(features.value.as_deref().unwrap_or_default());
        }
        pairs.retain(|pair| pair.key != ARROW_SCHEMA_KEY);
        metadata.key_value_metadata = Some(pairs);
        let metadata = Arc::new(metadata);
        reader.set_metadata(metadata.clone());
        let columns: Vec<(String, ArrowDataType)> =
            reader.schema()?.iter().map(|(name, field)| (name.to_string(), field.dtype.clone())).collect();
        Ok((metadata, columns))
    })?;
    Ok(Table {
        columns: columns.iter().map(|(name, _)| name.clone()).collect(),
        class_names,
        notes: Vec::new(),
        news: false,
        body: Box::new(ParquetBody { path: path.to_owned(), file, metadata, columns }),
    })
}

/// The reader trusts what a file says of itself in places and panics where that is wrong.
fn guarded<T>(path: &Path, read: impl FnOnce() -> PolarsResult<T>) -> Result<T, DataError> {
    let message = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its contents contradict each other".to_owned(),
    };
    Err(DataError::Parquet { path: path.to_owned(), message })
}

impl Body for ParquetBody {
    fn rows(self: Box<Self>, selected: &[usize]) -> Result<Box<dyn Rows>, DataError> {
        let mut names = Vec::with_capacity(selected.len());
        for &index in selected {
            let (name, kind) = &self.columns[index];
            if !is_plain(kind) {
                return Err(DataError::NotText { path: self.path, column: name.clone(), kind: shown(kind) });
            }
            names.push(name.clone());
        }
        Ok(Box::new(ParquetRows {
            path: self.path,
            file: self.file,
            metadata: self.metadata,
            names,
            row: 0,
            slice: Vec::new(),
            slice_end: 0,
        }))
    }
}

/// What can be read as text.
fn is_plain(kind: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(
        kind,
        T::Utf8
            | T::LargeUtf8
            | T::Utf8View
            | T::Boolean
            | T::Int32
            | T::Int64
            | T::UInt32
            | T::UInt64
            | T::Float32
            | T::Float64
            | T::Null
    )
}

fn shown(kind: &ArrowDataType) -> String {
    use ArrowDataType as T;
    if matches!(kind, T::Int8 | T::Int16 | T::UInt8 | T::UInt16) {
        // Our build of the reader has no arrays of these.
        return format!("{kind:?} (write it as Int32 or Int64)");
    }
    let whole = format!("{kind:?}");
    let name = whole.split(['(', ' ']).next().unwrap_or(&whole).to_owned();
    let is_written_as_text =
        matches!(kind, T::Date32 | T::Date64 | T::Timestamp(..) | T::Decimal(..) | T::Decimal256(..));
    if is_written_as_text { format!("{name} (write it as text)") } else { name }
}

pub(super) struct ParquetRows {
    path: PathBuf,
    file: File,
    metadata: FileMetadataRef,
    names: Vec<String>,
    /// The next row.
    row: usize,
    /// The decoded rows from `row` up to `slice_end`, by column.
    slice: Vec<std::vec::IntoIter<Option<String>>>,
    slice_end: usize,
}

impl ParquetRows {
    fn decode(&mut self) -> Result<(), DataError> {
        let rows = SLICE.min(self.metadata.num_rows - self.row);
        let file = self.file.try_clone().map_err(DataError::io(&self.path, "open"))?;
        self.slice = guarded(&self.path, || {
            let mut reader =
                ParquetReader::new(file).with_columns(Some(self.distinct_names())).with_slice(Some((self.row, rows)));
            reader.set_metadata(self.metadata.clone());
            let frame = reader.finish()?;
            if frame.height() != rows {
                polars_bail!(ComputeError: "{} rows where {rows} are announced", frame.height());
            }
            self.names.iter().map(|name| texts(&frame, name)).collect()
        })?;
        self.slice_end = self.row + rows;
        Ok(())
    }

    /// A column may be selected twice (as ID and as text).
    fn distinct_names(&self) -> Vec<String> {
        let mut names = self.names.clone();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn texts(frame: &DataFrame, name: &str) -> PolarsResult<std::vec::IntoIter<Option<String>>> {
    let column = frame.column(name)?.cast(&DataType::String)?;
    let texts: Vec<Option<String>> = column.str()?.iter().map(|cell| cell.map(str::to_owned)).collect();
    Ok(texts.into_iter())
}

impl Iterator for ParquetRows {
    type Item = Result<Row, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.row >= self.metadata.num_rows {
            return None;
        }
        if self.row == self.slice_end
            && let Err(error) = self.decode()
        {
            self.row = self.metadata.num_rows;
            return Some(Err(error));
        }
        let place = Position::Row(self.row);
        self.row += 1;
        let cells = self.slice.iter_mut().map(|column| column.next().flatten()).collect();
        Some(Ok(Row { place, cells }))
    }
}

impl Rows for ParquetRows {
    fn share_read(&self) -> f64 {
        self.row as f64 / self.metadata.num_rows.max(1) as f64
    }
}
