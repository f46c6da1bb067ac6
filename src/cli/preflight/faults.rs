//! What is wrong with the inputs of runs, as one list.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::cli::text::count;

/// Something wrong, and how many runs it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    pub runs: usize,
}

/// All that is wrong with what the runs of a sweep file read.
#[derive(Debug, thiserror::Error)]
#[error("{}", listed(file, faults))]
pub struct InputFaults {
    pub file: PathBuf,
    pub faults: Vec<Fault>,
}

fn listed(file: &std::path::Path, faults: &[Fault]) -> String {
    let mut text =
        format!("{}: {} in what its runs read; nothing was written", file.display(), count(faults.len(), "problem"));
    for fault in faults {
        let message = fault.message.replace('\n', "\n  ");
        text.push_str(&format!("\n  {message} ({})", count(fault.runs, "run")));
    }
    text
}

/// Counts the runs of each fault; keeps the order in which faults came.
#[derive(Debug, Default)]
pub(super) struct Counted<'a> {
    order: Vec<&'a str>,
    runs: HashMap<&'a str, usize>,
}

impl<'a> Counted<'a> {
    /// Adds what is wrong for one run.
    pub fn add(&mut self, messages: impl Iterator<Item = &'a String>) {
        for message in messages {
            let order = &mut self.order;
            *self.runs.entry(message).or_insert_with(|| {
                order.push(message);
                0
            }) += 1;
        }
    }

    pub fn into_faults(self) -> Vec<Fault> {
        let fault = |message: &&str| Fault {
            message: (*message).to_owned(),
            runs: self.runs.get(message).copied().unwrap_or_default(),
        };
        self.order.iter().map(fault).collect()
    }
}
