//! What was found of a data set.

use std::path::Path;

use crate::data::{ClassRows, Overview, TokenLengths};
use crate::spec::DatasetSpec;

use super::read::{Data, Read};
use crate::cli::known::Sizes;

/// A data set as it was read.
#[derive(Clone, Debug)]
pub struct DataLook {
    pub path: String,
    /// Which rows are held out, where that alone tells it from another one.
    pub split_seed: Option<u64>,
    /// None where it cannot be read.
    pub sizes: Option<Sizes>,
    /// None where the rows were not read.
    pub overview: Option<Overview>,
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
        let overview = match data {
            Ok(Read::Whole(dataset)) => Some(dataset.overview.clone()),
            _ => None,
        };
        Self { path: spec.path.clone(), split_seed: None, sizes, overview, lengths: Vec::new() }
    }

    /// In class order; empty where the rows were not read.
    pub fn classes(&self) -> &[ClassRows] {
        self.overview.as_ref().map_or(&[], |overview| &overview.classes)
    }
}
