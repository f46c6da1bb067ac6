//! What a sweep file comes to: its runs, what was found of their data, and the time that they will take.

use std::path::Path;

use crate::cli::CliError;
use crate::cli::cost::Costs;
use crate::cli::facts::{Depth, LocalFacts};
use crate::cli::preflight::{self, Checker, InputFaults, Preflight};
use crate::cli::run::Work;
use crate::execute::{DeviceKind, cuda_devices};
use crate::hub::Hub;
use crate::spec::SweepFile;

/// What a dry run says.
pub struct Estimate {
    pub runs: usize,
    /// Of the data set, in lines.
    pub shown: String,
    /// A line or two; empty where too little is known.
    pub time: String,
}

impl Estimate {
    /// Checks the file as `sweep run --dry-run` does. `path`: where it is going to be, for messages.
    ///
    /// # Errors
    /// Something is wrong with the file or with what its runs read.
    pub fn of(hub: &Hub, file: &SweepFile, path: &Path) -> Result<Estimate, CliError> {
        let facts = LocalFacts::new(hub, Depth::Look);
        let sweep = file.resolve(&facts)?;
        let found = facts.into_found();
        let inputs = Preflight::check(&Checker { hub, found: &found, weights: false }, sweep.runs.iter());
        let faults = inputs.faults(sweep.runs.iter());
        if !faults.is_empty() {
            return Err(InputFaults { file: path.to_owned(), faults }.into());
        }
        let kind = if cuda_devices() > 0 { DeviceKind::Cuda } else { DeviceKind::Cpu };
        let costs = Costs::new(&inputs, kind);
        let mut work = Work::default();
        for run in &sweep.runs {
            let cost = costs.estimate(&run.spec);
            let assumed = cost.is_some_and(|cost| cost.tokens.is_none());
            work.add(cost.and_then(|cost| cost.operations), run.spec.precision, assumed);
        }
        let shown = preflight::full(&inputs.looks_from_here());
        Ok(Estimate { runs: sweep.runs.len(), shown, time: work.text(kind) })
    }
}
