//! What is wrong with the inputs of runs, as one list.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::input_error::InputError;
use crate::cli::text::count;

/// Something wrong, and how many runs it concerns.
#[derive(Clone, Debug)]
pub struct InputFault {
    pub error: Arc<InputError>,
    pub runs: usize,
}

/// All that is wrong with what the runs of a sweep file read.
#[derive(Debug, thiserror::Error)]
#[error("{}", listed(file, faults))]
pub struct InputFaults {
    pub file: PathBuf,
    pub faults: Vec<InputFault>,
}

fn listed(file: &std::path::Path, faults: &[InputFault]) -> String {
    let mut text =
        format!("{}: {} in what its runs read; nothing was written", file.display(), count(faults.len(), "problem"));
    for fault in faults {
        let message = fault.error.to_string().replace('\n', "\n  ");
        text.push_str(&format!("\n  {message} ({})", count(fault.runs, "run")));
    }
    text
}

/// Counts the runs of each fault, which is known by its message; keeps the order in which faults came.
#[derive(Debug, Default)]
pub(super) struct Counted {
    faults: Vec<InputFault>,
    places: HashMap<String, usize>,
}

impl Counted {
    /// Adds what is wrong for one run.
    pub fn add<'a>(&mut self, errors: impl Iterator<Item = &'a Arc<InputError>>) {
        for error in errors {
            let faults = &mut self.faults;
            let place = *self.places.entry(error.to_string()).or_insert_with(|| {
                faults.push(InputFault { error: error.clone(), runs: 0 });
                faults.len() - 1
            });
            faults[place].runs += 1;
        }
    }

    pub fn into_faults(self) -> Vec<InputFault> {
        self.faults
    }
}
