//! A look at a data set of which little is known: which splits it has, and what is in them.

use crate::cli::CliError;
use crate::cli::downloads::DatasetFiles;
use crate::data::{self, DataError, Dataset};
use crate::hub::{Hub, HubError};
use crate::spec::{DatasetSpec, Evaluation, HeldOut};
use crate::task;

/// Names of the split that epochs are chosen on, and of the one that chooses nothing.
const VALIDATION: &str = "validation";
const TEST: &str = "test";
/// The share of the rows that is held out, and at most how many rows of a large data set.
const SHARE: f64 = 0.2;
const MOST_HELD_OUT: usize = 2000;

/// A data set with the parts that were chosen for it.
pub struct Look {
    pub spec: DatasetSpec,
    pub dataset: Dataset,
    /// Parts that were tried and cannot be used, with the reason: a sentence each.
    pub not_used: Vec<String>,
}

impl Look {
    /// Reads a data set. The splits `validation` and `test` are used where there are such with labels; otherwise rows are held out.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn at(hub: &Hub, spec: DatasetSpec) -> Result<Look, CliError> {
        let is_file = std::path::Path::new(&spec.path).is_file();
        let split = |name: &str| Evaluation::Split(name.to_owned());
        let held_out = || Evaluation::HeldOut { size: HeldOut::Fraction(SHARE), seed: 42 };
        let tried = [
            (split(VALIDATION), Some(split(TEST))),
            (split(VALIDATION), None),
            (held_out(), Some(split(TEST))),
            (held_out(), None),
        ];
        let mut not_used: Vec<String> = Vec::new();
        for (evaluation, test) in tried {
            let last = test.is_none() && matches!(evaluation, Evaluation::HeldOut { .. });
            if is_file && !last {
                continue;
            }
            let spec = DatasetSpec { evaluation, test, ..spec.clone() };
            match read(hub, &spec) {
                Ok(dataset) => return Ok(Look { spec: sized(spec, &dataset), dataset, not_used }),
                Err(error) if last || !is_of_the_parts(&error) => return Err(error),
                // A split that is not there is no news.
                Err(CliError::Data(error)) if !matches!(error, DataError::NoSplit { .. }) => {
                    not_used.push(error.to_string())
                }
                Err(_) => {}
            }
        }
        // The last way was tried and has returned.
        Err(HubError::NoPath { kind: crate::hub::Kind::Dataset, name: spec.path, hint: String::new() }.into())
    }
}

/// Whether other parts may do better.
fn is_of_the_parts(error: &CliError) -> bool {
    matches!(error, CliError::Data(_) | CliError::Hub(HubError::Unusable { .. }))
}

fn read(hub: &Hub, spec: &DatasetSpec) -> Result<Dataset, CliError> {
    let location = hub.dataset_with(&spec.path, &DatasetFiles(spec))?;
    Ok(data::load(spec, &location, task::DEFAULT.labels())?)
}

/// Of a large data set a smaller share is held out.
fn sized(mut spec: DatasetSpec, dataset: &Dataset) -> DatasetSpec {
    if let Evaluation::HeldOut { size, .. } = &mut spec.evaluation
        && dataset.evaluation.len() > MOST_HELD_OUT
    {
        *size = HeldOut::Examples(MOST_HELD_OUT);
    }
    spec
}
