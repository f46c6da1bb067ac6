//! What a sweep file comes to: its runs, what was found of their data, and the time that they will take.

use std::path::Path;

use crate::cli::CliError;
use crate::cli::cost::Costs;
use crate::cli::facts::{Depth, LocalFacts};
use crate::cli::packing::Packing;
use crate::cli::preflight::{self, Checker, InputFaults, Preflight};
use crate::cli::run::Work;
use crate::execute::{DeviceKind, MOST_SHARING, cuda_devices};
use crate::hub::Hub;
use crate::spec::{PlannedRun, Segment, SweepFile};

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
        let segments: Vec<Segment> = sweep.runs.iter().cloned().map(Segment::whole).collect();
        let packing = Packing { kind, memory: None, max_pack: kind.default_max_pack(), most_sharing: MOST_SHARING };
        let runs: Vec<&PlannedRun> = sweep.runs.iter().collect();
        let work = Work::of_packs(&costs, &packing.packs(&inputs, &segments), &runs);
        let shown = preflight::full(&inputs.looks_from_here());
        Ok(Estimate { runs: sweep.runs.len(), shown, time: work.text(kind) })
    }
}
