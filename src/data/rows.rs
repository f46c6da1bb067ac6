//! Texts and labels as they stand in the files of one split.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::spec::DatasetSpec;

use super::card::class_names_of_card;
use super::columns::{known_columns, label_column, other_labels, text_columns};
use super::error::{DataError, Position};
use super::examples::{Examples, joined};
use super::labels::{Classes, LabelForm, own_name};
use super::missing::{self, MissingLabels};
use super::overview::Columns;
use super::sample;
use super::table::{ReadOptions, Table};

/// How the files of a split are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub spec: &'a DatasetSpec,
    /// The data set card beside the files.
    pub card: &'a Path,
    /// The columns of the training source: taken where nothing is said and the file has them.
    pub known: Option<&'a Columns>,
}

/// The rows of one split. The first four have one entry per row that has a label.
#[derive(Debug, Default)]
pub(super) struct LabelledRows {
    texts: Vec<String>,
    labels: Vec<String>,
    places: Vec<Position>,
    /// Counted from 0 over all files, rows without a label included.
    numbers: Vec<usize>,
    read: usize,
    /// Each file with the number of rows with a label up to its end.
    files: Vec<(PathBuf, usize)>,
    /// Of the first file.
    pub columns: Columns,
    /// Columns that could be the label as well, where it was detected.
    pub other_labels: Vec<String>,
    /// Names of the classes that the files themselves give, or the card.
    pub class_names: Option<Vec<String>>,
    /// Whether a file was taken for one with the layout of the original AG News.
    pub news: bool,
    /// What was assumed about the files, a sentence each.
    pub notes: Vec<String>,
    pub missing: MissingLabels,
    /// Rows that say what the header says, in words.
    pub headers: Vec<String>,
    /// Files of which other columns were taken, in words.
    pub other_columns: Vec<String>,
}

impl LabelledRows {
    pub(super) fn read(files: &[PathBuf], request: Request<'_>) -> Result<Self, DataError> {
        let mut all = Self::default();
        for path in files {
            all.read_file(path, request)?;
            all.files.push((path.clone(), all.texts.len()));
        }
        if let Some(path) = files.first() {
            all.missing.check(path, all.read, request.spec.missing_label)?;
            if all.texts.is_empty() {
                return Err(DataError::NoRows { path: path.clone() });
            }
        }
        Ok(all)
    }

    fn read_file(&mut self, path: &Path, request: Request<'_>) -> Result<(), DataError> {
        let spec = request.spec;
        let named = spec.text.iter().chain(&spec.label).map(String::as_str).collect();
        let options = ReadOptions { reading: spec.reading, named };
        let mut table = Table::open(path, &options)?;
        self.notes.append(&mut table.notes);
        self.news |= table.news;
        let columns = table.columns.clone();
        let (label, text) = self.chosen(path, &columns, request, &options)?;
        self.take_class_names(path, table.class_names.remove(&columns[label]))?;
        let card = || class_names_of_card(request.card, &columns[label]);
        let class_names = self.class_names.clone().or_else(card).unwrap_or_default();
        let header = joined(text.iter().map(|&index| Some(columns[index].clone())));
        let selected: Vec<usize> = std::iter::once(label).chain(text).collect();
        for row in table.rows(&selected)? {
            let row = row?;
            let number = self.read;
            self.read += 1;
            let mut cells = row.cells.into_iter();
            let rule = request.spec.missing_label;
            let label = match missing::label(cells.next().flatten(), rule, &class_names) {
                Ok(label) => label,
                Err(cell) => {
                    self.missing.add(path, row.place, cell);
                    continue;
                }
            };
            let text = joined(cells);
            if text.trim().is_empty() {
                return Err(DataError::EmptyText { path: path.to_owned(), place: row.place });
            }
            if label == columns[selected[0]] && text == header {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.headers.push(format!("{name}, {}", row.place));
            }
            self.texts.push(text);
            self.labels.push(label);
            self.places.push(row.place);
            self.numbers.push(number);
        }
        Ok(())
    }

    /// The files of a split are one table: a number is the same class in all of them.
    fn take_class_names(&mut self, path: &Path, names: Option<Vec<String>>) -> Result<(), DataError> {
        match (&self.class_names, names) {
            (None, names) => self.class_names = names,
            (Some(first), Some(names)) if !first.starts_with(&names) => {
                return Err(DataError::OtherClassNames {
                    path: path.to_owned(),
                    names,
                    first: self.files.first().map_or_else(PathBuf::new, |(path, _)| path.clone()),
                    first_names: first.clone(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// The label column and the text columns of a file.
    fn chosen(
        &mut self,
        path: &Path,
        columns: &[String],
        request: Request<'_>,
        options: &ReadOptions<'_>,
    ) -> Result<(usize, Vec<usize>), DataError> {
        let spec = request.spec;
        let is_first = self.files.is_empty();
        let own = (!is_first).then(|| self.columns.clone());
        let known = request.known.or(own.as_ref());
        let as_known = |said: bool, names: &dyn Fn(&Columns) -> Vec<String>| {
            known.filter(|_| !said).and_then(|known| known_columns(columns, &names(known)))
        };
        let label = as_known(spec.label.is_some(), &|known| vec![known.label.clone()]);
        let label = match label.as_deref() {
            Some([label]) => *label,
            _ => label_column(path, columns, spec.label.as_deref())?,
        };
        let text = match as_known(!spec.text.is_empty(), &|known| known.text.clone()) {
            Some(text) => text,
            None => text_columns(path, columns, &spec.text, &[label])?,
        };
        let name = |index: usize| columns[index].clone();
        let found =
            Columns { text: text.iter().map(|&index| name(index)).collect(), label: name(label), ..Columns::default() };
        if let Some(known) = known
            && known_columns(columns, &known.text).as_ref() != Some(&text)
        {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            self.other_columns.push(format!(
                "{file} lacks the text column of the training rows, {}: {} was taken there.",
                super::shown::quoted(&known.text),
                super::shown::quoted(&found.text)
            ));
        }
        if is_first {
            let taken: Vec<usize> = text.iter().copied().chain([label]).collect();
            if spec.label.is_none() {
                self.other_labels = other_labels(columns, &taken).into_iter().map(name).collect();
            }
            self.columns = Columns {
                left_out: (0..columns.len()).filter(|index| !taken.contains(index)).map(name).collect(),
                texts_left_out: sample::texts(path, options, columns, &taken).into_iter().map(name).collect(),
                ..found
            };
        }
        Ok((label, text))
    }

    /// The labels that occur, without the white space around them.
    pub(super) fn distinct(&self) -> BTreeSet<&str> {
        self.labels.iter().map(|label| label.trim()).collect()
    }

    /// Labels with white space around them.
    pub(super) fn padded(&self) -> usize {
        self.labels.iter().filter(|label| label.trim() != label.as_str()).count()
    }

    pub(super) fn examples(self, classes: &Classes, form: &LabelForm) -> Result<Examples, DataError> {
        let labels = self.labels.iter().enumerate().map(|(row, label)| {
            classes.index(label, form).ok_or_else(|| {
                let (path, place) = self.place(row);
                let own = match form {
                    LabelForm::OwnNames(own) => own_name(own, label),
                    _ => None,
                };
                let label = own.unwrap_or(label).to_owned();
                DataError::UnknownLabel { path, place, label, known: classes.names().to_vec() }
            })
        });
        Ok(Examples { labels: labels.collect::<Result<_, _>>()?, rows: self.numbers, texts: self.texts })
    }

    fn place(&self, row: usize) -> (PathBuf, Position) {
        let file = self.files.iter().find(|(_, end)| row < *end);
        let path = file.map_or_else(PathBuf::new, |(path, _)| path.clone());
        (path, self.places[row])
    }
}
