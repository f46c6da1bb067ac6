//! Which runs of which sweep are to be run.

use std::collections::BTreeSet;

use crate::cli::CliError;
use crate::cli::facts::{Depth, Found, LocalFacts};
use crate::cli::numbers;
use crate::cli::rehearsal;
use crate::cli::streams::tell;
use crate::execute::{ExecutorSource, WorkerOptions};
use crate::hub::Hub;
use crate::search::{self, Costs, Generation, Search};
use crate::spec::{PlannedRun, RunId, Sweep, SweepFile, select};

use super::asked_seeds::AskedSeeds;
use super::options::Run;

/// What is to be run.
pub struct Chosen<'a> {
    /// With the runs of its first generation.
    pub sweep: Sweep,
    pub search: Box<dyn Search>,
    /// What the search begins with; its runs are among those of the sweep.
    pub first: Generation,
    /// The sweep file, byte for byte.
    pub yaml: String,
    /// What it takes from files that it extends, a line each.
    pub taken: Vec<String>,
    /// None: all of them.
    pub only: Option<BTreeSet<RunId>>,
    /// Those that had stopped and are to be trained further; none at first.
    pub extended: BTreeSet<RunId>,
    /// Seeds that are not those of the file.
    pub asked: AskedSeeds,
    /// Where the models are, and what was not read.
    pub found: Found,
    /// What it is run with.
    pub executors: &'a dyn ExecutorSource,
}

impl Chosen<'_> {
    /// Runs that together read all that the search can choose.
    ///
    /// # Errors
    /// A point that cannot be trained.
    pub fn probes(&self) -> Result<Vec<PlannedRun>, CliError> {
        Ok(self.sweep.search.as_ref().map_or(Ok(Vec::new()), |search| search.probes())?)
    }

    pub fn runs(&self) -> impl Iterator<Item = &PlannedRun> {
        self.sweep.runs.iter().filter(|run| self.contains(&run.id))
    }

    pub fn contains(&self, run: &RunId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(run))
    }

    /// How workers go about it.
    pub fn worker_options(&self, options: &Run) -> WorkerOptions {
        WorkerOptions {
            checkpoint_every: numbers::minutes_to_duration(options.checkpoint_minutes),
            fail_fast: options.fail_fast,
            only: self.only.clone(),
            ..WorkerOptions::default()
        }
    }
}

impl<'a> Chosen<'a> {
    /// What the options choose.
    ///
    /// # Errors
    /// A sweep file that cannot be used, or inputs that cannot be read.
    pub fn new(options: &Run, hub: &Hub, executors: &'a dyn ExecutorSource) -> Result<Self, CliError> {
        let mut file = SweepFile::read(&options.file)?;
        for assignment in &options.set {
            file.set(assignment)?;
        }
        let mut asked = AskedSeeds::of(options, &file)?;
        let file = asked.added_to(file);
        let (mut sweep, found) = resolve(options, &file, hub)?;
        file.notices(&sweep).iter().for_each(tell);
        let mut first = search::of_sweep(&sweep).next(&[], Costs::UNKNOWN)?.unwrap_or_default();
        let named: BTreeSet<RunId> = sweep.runs.iter().map(|run| run.id.clone()).collect();
        // What the file names is trained to its end, also where it is a sample of the search.
        first.until.retain(|run, _| !named.contains(run));
        sweep.runs.extend(first.runs.iter().filter(|run| !named.contains(&run.id)).cloned());
        let only = match options.only.as_slice() {
            [] => None,
            patterns => Some(select(&sweep, patterns)?.into_iter().collect()),
        };
        // Patterns may name places as the file does, so they come first.
        let sweep = sweep.with_absolute_paths().map_err(CliError::CurrentFolder)?;
        // Its later runs have absolute paths, too.
        let search = search::of_sweep(&sweep);
        let (yaml, taken) = (file.text().to_string(), file.taken());
        Ok(Chosen { sweep, search, first, yaml, taken, only, extended: BTreeSet::new(), asked, found, executors })
    }
}

/// What is wrong with the file is told before anything large is downloaded; a dry run does without the weights.
fn resolve(options: &Run, file: &SweepFile, hub: &Hub) -> Result<(Sweep, Found), CliError> {
    let facts = LocalFacts::new(hub, if options.dry_run { Depth::Look } else { Depth::All });
    if options.rehearse {
        let sweep = file.rehearse(&rehearsal::rehearsal(hub)?, &facts)?;
        return Ok((sweep, facts.into_found()));
    }
    if hub.can_download() {
        let shape = LocalFacts::new(hub, Depth::Shape);
        let sweep = file.resolve(&shape)?;
        let found = shape.into_found();
        if found.is_exact() {
            return Ok((sweep, found));
        }
    }
    let sweep = file.resolve(&facts)?;
    Ok((sweep, facts.into_found()))
}
