//! What was found of a data set.

use std::path::Path;

use crate::data::{Dataset, Examples, TokenLengths};
use crate::spec::DatasetSpec;

use super::read::{Data, Read};
use crate::cli::known::Sizes;

/// Rows of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRows {
    pub name: String,
    pub train: usize,
    pub evaluation: usize,
}

/// A data set as it was read.
#[derive(Clone, Debug)]
pub struct DataLook {
    pub path: String,
    /// None where it cannot be read.
    pub sizes: Option<Sizes>,
    /// In class order; empty where the rows were not read.
    pub classes: Vec<ClassRows>,
    /// With each model and maximal length.
    pub lengths: Vec<(String, TokenLengths)>,
}

impl DataLook {
    /// With paths as they are seen from a folder.
    pub fn seen_from(&self, folder: &Path) -> Self {
        let below = Path::new(&self.path).strip_prefix(folder).ok().and_then(Path::to_str);
        Self { path: below.unwrap_or(&self.path).to_owned(), ..self.clone() }
    }

    pub(super) fn new(spec: &DatasetSpec, data: &Data) -> Self {
        let sizes = data.as_ref().ok().map(Read::sizes);
        let classes = match data {
            Ok(Read::Whole(dataset)) => classes(dataset),
            _ => Vec::new(),
        };
        Self { path: spec.path.clone(), sizes, classes, lengths: Vec::new() }
    }
}

fn classes(dataset: &Dataset) -> Vec<ClassRows> {
    let rows = |examples: &Examples| {
        let mut rows = vec![0; dataset.class_names.len()];
        for &label in &examples.labels {
            if let Some(count) = rows.get_mut(label as usize) {
                *count += 1;
            }
        }
        rows
    };
    let (train, evaluation) = (rows(&dataset.train), rows(&dataset.evaluation));
    let counts = train.into_iter().zip(evaluation);
    let named = dataset.class_names.iter().cloned().zip(counts);
    named.map(|(name, (train, evaluation))| ClassRows { name, train, evaluation }).collect()
}
