//! From a [`DatasetSpec`] and local files to labelled training, evaluation and test examples.

use std::path::{Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation};

use super::card::class_names_of_card;
use super::digest::digest_of_contents;
use super::error::DataError;
use super::examples::Examples;
use super::files::SourceFiles;
use super::finding::Finding;
use super::labels::{Classes, Gaps, LabelForm, LearnLabels};
use super::overview::{ClassRows, Overview};
use super::rows::{LabelledRows, Request};
use super::split::held_out_for;
use super::suspicions::Suspects;
use super::table::is_separated;

/// What a run is trained, evaluated and tested on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pub train: Examples,
    pub evaluation: Examples,
    /// Examples that choose nothing. None: there is no test.
    pub test: Option<Examples>,
    /// By class number; at least two.
    pub class_names: Vec<String>,
    /// blake3 of texts, labels, row numbers and class names, as hexadecimal digits.
    pub digest: String,
    /// What was found, assumed and suspected.
    pub overview: Overview,
}

/// Loads a data set. `location` is the file or folder on this machine that `spec.path` stands for; `learn` is how labels become
/// targets ([`Classes::learn`] for classes).
///
/// Texts are taken as they are; several columns are joined by one space, missing and empty ones left out. White space around
/// labels is no part of them. The classes are those of the whole training source, whatever `limit` keeps of it; the evaluation
/// and test examples use the same, and the same columns where nothing is said and their file has them. Rows that are held out, and
/// the remaining training rows, come in the order of Hugging Face `train_test_split`; a test that is held out is so first, and
/// the evaluation out of what it leaves.
///
/// # Errors
///
/// A [`DataError`] that names the file, and the line or row where there is one.
pub fn load(spec: &DatasetSpec, location: &Path, learn: LearnLabels) -> Result<Dataset, DataError> {
    let files = SourceFiles::find(spec, location)?;
    check_reading(spec, &files)?;
    let card = files.card.as_path();
    let source = LabelledRows::read(&files.train, Request { spec, card, known: None })?;
    let given = source.class_names.clone().or_else(|| class_names_of_card(card, &source.columns.label));
    let classes = learn(&source.distinct(), given.clone(), source.news)
        .map_err(|Gaps(found)| DataError::LabelGaps { path: files.train[0].clone(), found })?;
    let mut finding = Finding::for_training(&source, &classes, given.is_some());
    let columns = source.columns.clone();
    let headers = source.headers.clone();
    let form = classes.form(&source.distinct(), false).unwrap_or(LabelForm::AsLearned);
    let mut train = source.examples(&classes, &form)?;
    let limited = spec.limit.is_some_and(|limit| limit < train.len());
    if let Some(limit) = spec.limit {
        train.texts.truncate(limit);
        train.labels.truncate(limit);
        train.rows.truncate(limit);
    }
    let mut apart = |name: &'static str, part: &Evaluation, files: Option<&[PathBuf]>| match part {
        Evaluation::HeldOut { size, seed } => {
            let rows = held_out_for(name, train.len(), *size, *seed)?;
            let held_out = taken(&mut train, &rows.evaluation);
            train = taken(&mut train, &rows.train);
            Ok(held_out)
        }
        _ => {
            let request = Request { spec, card, known: Some(&columns) };
            let rows = LabelledRows::read(files.unwrap_or_default(), request)?;
            finding.evaluated(name, rows, &classes)
        }
    };
    let test = spec.test.as_ref().map(|test| apart("test", test, files.test.as_deref())).transpose()?;
    let evaluation = apart("evaluation", &spec.evaluation, files.evaluation.as_deref())?;
    check_classes(&train, &classes, &files.train[0], limited)?;
    let digest = digest_of_contents(&train, &evaluation, test.as_ref(), classes.names());
    let rows = class_rows(&classes, &train, &evaluation, test.as_ref());
    let suspects = Suspects {
        columns: &columns,
        text_detected: spec.text.is_empty(),
        headers: &headers,
        classes: &rows,
        train: &train,
        evaluation: &evaluation,
        test: test.as_ref(),
    };
    let mut warnings = suspects.warnings();
    warnings.splice(0..0, finding.warnings);
    let (assumed, dropped) = (finding.assumed, finding.dropped);
    let overview = Overview { columns, coding: classes.coding(), classes: rows, dropped, assumed, warnings };
    Ok(Dataset { train, evaluation, test, class_names: classes.names().to_vec(), digest, overview })
}

/// What is said of CSV and TSV files must have one to be true of.
fn check_reading(spec: &DatasetSpec, files: &SourceFiles) -> Result<(), DataError> {
    if spec.reading.is_usual() || files.all().any(|path| is_separated(path)) {
        return Ok(());
    }
    Err(DataError::NotSeparated { path: files.train[0].clone() })
}

/// Rows of each class.
fn class_rows(classes: &Classes, train: &Examples, evaluation: &Examples, test: Option<&Examples>) -> Vec<ClassRows> {
    let none = |name: &String| ClassRows { name: name.clone(), train: 0, evaluation: 0, test: 0 };
    let mut rows: Vec<ClassRows> = classes.names().iter().map(none).collect();
    let mut count = |labels: &[u32], counted: fn(&mut ClassRows)| {
        // Targets that are no classes are in no row.
        labels.iter().for_each(|&label| rows.get_mut(label as usize).map_or((), counted));
    };
    count(&train.labels, |row| row.train += 1);
    count(&evaluation.labels, |row| row.evaluation += 1);
    count(test.map_or(&[], |test| &test.labels), |row| row.test += 1);
    rows
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
