//! From a [`DatasetSpec`] and local files to labelled training and evaluation examples.

use std::path::{Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation};

use super::card::class_names_of_card;
use super::classes::{Classes, Gaps};
use super::columns::{label_column, text_columns};
use super::digest::digest_of_contents;
use super::error::{DataError, Place};
use super::files::SourceFiles;
use super::split::held_out;
use super::table::{Asked, Table, is_separated};

/// Labelled texts. All three vectors have one entry per example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    pub texts: Vec<String>,
    /// Class numbers.
    pub labels: Vec<u32>,
    /// The example's row in its source, counted from 0: its ID in predictions.
    pub rows: Vec<usize>,
}

impl Examples {
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// What a run trains and is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub train: Examples,
    pub evaluation: Examples,
    /// By class number; at least two.
    pub class_names: Vec<String>,
    /// blake3 of texts, labels, row numbers and class names, as hexadecimal digits.
    pub digest: String,
}

/// Loads a data set. `location` is the file or folder on this machine that `spec.path` stands for.
///
/// Texts are taken as they are; several columns are joined by one space, missing and empty ones left out. The classes
/// are those of the whole training source, whatever `limit` keeps of it; the evaluation examples use the same. Rows that
/// are held out, and the remaining training rows, come in the order of Hugging Face `train_test_split`.
///
/// # Errors
///
/// A [`DataError`] that names the file, and the line or row where there is one.
pub fn load(spec: &DatasetSpec, location: &Path) -> Result<Dataset, DataError> {
    let files = SourceFiles::find(spec, location)?;
    check_reading(spec, &files)?;
    let mut source = read_rows(&files.train, spec)?;
    let names = source.class_names.take().or_else(|| class_names_of_card(&files.card, &source.label_column));
    let classes = Classes::learn(&source.labels, names)
        .map_err(|Gaps(found)| DataError::LabelGaps { path: files.train[0].clone(), found })?;
    let mut train = source.examples(&classes)?;
    let limited = spec.limit.is_some_and(|limit| limit < train.len());
    if let Some(limit) = spec.limit {
        train.texts.truncate(limit);
        train.labels.truncate(limit);
        train.rows.truncate(limit);
    }
    let (train, evaluation) = match (&spec.evaluation, &files.evaluation) {
        (Evaluation::HeldOut { size, seed }, _) => {
            let rows = held_out(train.len(), *size, *seed)?;
            let evaluation = taken(&mut train, &rows.evaluation);
            (taken(&mut train, &rows.train), evaluation)
        }
        (_, evaluation_files) => {
            let evaluation_files = evaluation_files.as_deref().unwrap_or_default();
            (train, read_rows(evaluation_files, spec)?.examples(&classes)?)
        }
    };
    check_classes(&train, &classes, &files.train[0], limited)?;
    let digest = digest_of_contents(&train, &evaluation, classes.names());
    Ok(Dataset { train, evaluation, class_names: classes.names().to_vec(), digest })
}

/// What is said of CSV and TSV files must have one to be true of.
fn check_reading(spec: &DatasetSpec, files: &SourceFiles) -> Result<(), DataError> {
    let mut all = files.train.iter().chain(files.evaluation.iter().flatten());
    if spec.reading.is_usual() || all.any(|path| is_separated(path)) {
        return Ok(());
    }
    Err(DataError::NotSeparated { path: files.train[0].clone() })
}

/// Texts and labels as they stand in the files of one split.
struct LabelledRows {
    texts: Vec<String>,
    labels: Vec<String>,
    places: Vec<Place>,
    /// Each file with the number of rows up to its end.
    files: Vec<(PathBuf, usize)>,
    label_column: String,
    class_names: Option<Vec<String>>,
}

impl LabelledRows {
    /// Leaves the texts' and labels' places empty.
    fn examples(self, classes: &Classes) -> Result<Examples, DataError> {
        let labels = self.labels.iter().enumerate().map(|(row, label)| {
            classes.index(label).ok_or_else(|| {
                let (path, place) = self.place(row);
                DataError::UnknownLabel { path, place, label: label.clone(), known: classes.names().to_vec() }
            })
        });
        Ok(Examples {
            labels: labels.collect::<Result<_, _>>()?,
            rows: (0..self.texts.len()).collect(),
            texts: self.texts,
        })
    }

    fn place(&self, row: usize) -> (PathBuf, Place) {
        let file = self.files.iter().find(|(_, end)| row < *end);
        let path = file.map_or_else(PathBuf::new, |(path, _)| path.clone());
        (path, self.places[row])
    }
}

fn read_rows(files: &[PathBuf], spec: &DatasetSpec) -> Result<LabelledRows, DataError> {
    let mut all = LabelledRows {
        texts: Vec::new(),
        labels: Vec::new(),
        places: Vec::new(),
        files: Vec::new(),
        label_column: String::new(),
        class_names: None,
    };
    for path in files {
        read_file(path, spec, &mut all)?;
        all.files.push((path.clone(), all.texts.len()));
    }
    match files.first() {
        Some(path) if all.texts.is_empty() => Err(DataError::NoRows { path: path.clone() }),
        _ => Ok(all),
    }
}

fn read_file(path: &Path, spec: &DatasetSpec, all: &mut LabelledRows) -> Result<(), DataError> {
    let named = spec.text.iter().chain(&spec.label).map(String::as_str).collect();
    let mut table = Table::open(path, &Asked { reading: spec.reading, named })?;
    let label = label_column(path, &table.columns, spec.label.as_deref())?;
    let mut selected = vec![label];
    selected.extend(text_columns(path, &table.columns, &spec.text, &[label])?);
    all.label_column.clone_from(&table.columns[label]);
    if all.class_names.is_none() {
        all.class_names = table.class_names.remove(&all.label_column);
    }
    for row in table.rows(&selected)? {
        let row = row?;
        let mut cells = row.cells.into_iter();
        let label = cells.next().flatten().filter(|label| !label.trim().is_empty());
        let text = joined(cells);
        let (path, place) = (path.to_owned(), row.place);
        let Some(label) = label else {
            return Err(DataError::EmptyLabel { path, place });
        };
        if text.trim().is_empty() {
            return Err(DataError::EmptyText { path, place });
        }
        all.texts.push(text);
        all.labels.push(label);
        all.places.push(place);
    }
    Ok(())
}

/// The text of a row: its columns joined by one space, missing and empty ones left out.
pub(super) fn joined(cells: impl Iterator<Item = Option<String>>) -> String {
    let mut text = String::new();
    for cell in cells.flatten().filter(|cell| !cell.is_empty()) {
        if text.is_empty() {
            text = cell;
        } else {
            text.push(' ');
            text.push_str(&cell);
        }
    }
    text
}

/// Moves these examples out, in this order.
fn taken(from: &mut Examples, rows: &[usize]) -> Examples {
    Examples {
        texts: rows.iter().map(|&row| std::mem::take(&mut from.texts[row])).collect(),
        labels: rows.iter().map(|&row| from.labels[row]).collect(),
        rows: rows.iter().map(|&row| from.rows[row]).collect(),
    }
}

fn check_classes(train: &Examples, classes: &Classes, path: &Path, limited: bool) -> Result<(), DataError> {
    let Some(&first) = train.labels.first() else {
        return Err(DataError::NoRows { path: path.to_owned() });
    };
    if train.labels.iter().all(|&label| label == first) {
        return Err(DataError::OneClass {
            path: path.to_owned(),
            label: classes.names()[first as usize].clone(),
            rows: train.len(),
            limited,
        });
    }
    Ok(())
}
