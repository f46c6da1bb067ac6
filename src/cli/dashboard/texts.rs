//! The texts of examples, read from the data on this machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::downloads::DatasetFiles;
use crate::dashboard::{NoTexts, Texts};
use crate::data::{self, Dataset, Examples};
use crate::hub::Hub;
use crate::spec::RunSpec;
use crate::task;

/// Texts of one part of a data set by their rows.
type ByRow = Arc<HashMap<usize, String>>;

/// Reads data sets that are at hand; nothing is downloaded. The one that was read last is kept.
pub struct LocalTexts {
    hub: Hub,
    last: Mutex<Option<Kept>>,
}

struct Kept {
    digest: String,
    evaluation: ByRow,
    test: ByRow,
}

impl LocalTexts {
    pub fn new(hub: Hub) -> Self {
        Self { hub, last: Mutex::new(None) }
    }

    fn read(&self, spec: &RunSpec, digest: &str) -> Result<Kept, NoTexts> {
        let name = &spec.dataset.path;
        let not_here =
            || NoTexts(format!("the data set {name} is not on this machine, or not readable from this folder"));
        let place = self.hub.dataset_at_hand(name, &DatasetFiles(&spec.dataset)).ok_or_else(not_here)?;
        let read = data::load(&spec.dataset, &place, task::DEFAULT.labels());
        let dataset: Dataset = read.map_err(|error| NoTexts(format!("the data set cannot be read: {error}")))?;
        if dataset.digest != digest {
            return Err(NoTexts(format!(
                "{name} is not what the run was trained on any more, so its texts are not shown"
            )));
        }
        let by_row = |examples: Examples| Arc::new(examples.rows.into_iter().zip(examples.texts).collect());
        Ok(Kept {
            digest: digest.to_owned(),
            evaluation: by_row(dataset.evaluation),
            test: by_row(dataset.test.unwrap_or_default()),
        })
    }
}

impl Texts for LocalTexts {
    fn texts(&self, spec: &RunSpec, digest: &str, test: bool) -> Result<ByRow, NoTexts> {
        // What was kept is whole.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|kept| kept.digest != digest) {
            *last = Some(self.read(spec, digest)?);
        }
        let part = |kept: &Kept| Arc::clone(if test { &kept.test } else { &kept.evaluation });
        Ok(last.as_ref().map(part).unwrap_or_default())
    }
}
