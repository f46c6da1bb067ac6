//! The right labels in a file that is predicted on: read as the run learned to read them, one way for the whole file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::columns::column;
use super::error::DataError;
use super::labels::{Classes, LabelForm, own_name};
use super::missing;
use super::shown::quoted;
use super::table::{ReadOptions, Table};
use crate::spec::Reading;

/// More distinct labels than this name no classes.
const MOST: usize = 10_000;

/// How the labels of one column of a file name classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    classes: Classes,
    form: LabelForm,
    /// Rows without a label.
    pub unlabelled: usize,
}

impl Truth {
    /// Looks at all labels of a column. `reading` says how CSV and TSV files are read.
    ///
    /// # Errors
    /// A file that cannot be read, a column that is not there, or labels that do not fit these classes.
    pub fn read(path: &Path, name: &str, classes: &Classes, reading: Reading) -> Result<Self, DataError> {
        let mut table = Table::open(path, &ReadOptions { reading, named: vec![name] })?;
        let index = column(path, &table.columns, name)?;
        let news = table.news;
        let own = table.class_names.remove(&table.columns[index]);
        // With the first row that has each.
        let mut labels: BTreeMap<String, usize> = BTreeMap::new();
        let mut unlabelled = 0;
        for (number, row) in table.rows(&[index])?.enumerate() {
            match missing::label(row?.cells.pop().flatten(), None, classes.names()) {
                Ok(label) if labels.len() <= MOST => {
                    labels.entry(label.trim().to_owned()).or_insert(number);
                }
                Ok(_) => {}
                Err(_) => unlabelled += 1,
            }
        }
        let distinct: BTreeSet<&str> = labels.keys().map(String::as_str).collect();
        let form = match own {
            Some(own) => classes.form_of_named(&distinct, own, !classes.are_numbers()),
            None => classes.form(&distinct, news),
        };
        match form {
            Ok(form) => Ok(Self { classes: classes.clone(), form, unlabelled }),
            Err(misfit) => {
                let row_of = |label: &String| labels.get(label).copied().unwrap_or_default();
                let mut unknown = misfit.unknown;
                unknown.sort_by_key(row_of);
                let row = unknown.first().map(row_of).unwrap_or_default();
                if let LabelForm::OwnNames(own) = &misfit.form {
                    unknown.iter_mut().for_each(|label| *label = own_name(own, label).unwrap_or(label).to_owned());
                }
                Err(DataError::LabelsDoNotFit {
                    path: path.to_owned(),
                    column: name.to_owned(),
                    row,
                    unknown,
                    known: classes.in_words(),
                })
            }
        }
    }

    /// The class of a label in that column; none where it is missing.
    pub fn class(&self, label: Option<&str>) -> Option<u32> {
        let label = label.filter(|label| !label.trim().is_empty())?;
        self.classes.index(label, &self.form)
    }

    /// How the column was read, in words.
    pub fn in_words(&self) -> String {
        let form = match &self.form {
            LabelForm::AsLearned => "",
            LabelForm::Floats => ", here written as 1.0 for 1",
            LabelForm::Booleans => ", here in other case",
            LabelForm::News => ", here by the numbers 1 to 4 of AG News",
            LabelForm::OwnNames(own) => {
                return format!("numbers that stand for {} in this file, and are taken by name", quoted(own));
            }
        };
        format!("{}{form}", self.classes.in_words())
    }
}
