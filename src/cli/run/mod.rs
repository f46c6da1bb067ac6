//! `sweep run`: trains the runs of a sweep file.

mod devices;
mod dry_run;
mod duration;
mod inputs;
mod local;
mod plan;
mod prospects;
mod slurm;
mod summary;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::execute::{ExecutorSource, WorkerOptions};
use crate::hub::Hub;
use crate::search::{self, Search, Space};
use crate::spec::{PlannedRun, RunId, Sweep, SweepFile, select};

use super::CliError;
use super::downloads;
use super::facts::{Depth, Found, LocalFacts};
use super::numbers;
use super::rehearsal;
use super::streams::tell;

pub use devices::{DeviceError, Devices};
pub use summary::counts;

/// Trains every run of a sweep file.
///
/// Runs that are completed are not done again; interrupted ones continue where they stopped. Results go into
/// RESULTS/NAME/, where NAME is the name of the sweep.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep run sweeps/quickstart.yaml
  sweep run sweeps/ablation.yaml --dry-run
  sweep run sweeps/ablation.yaml --rehearse
  sweep run my.yaml --set model=/models/roberta-base --set epochs=2 --set 'seeds=[1, 2, 3]'
  sweep run my.yaml --only 'rank=8, seed=1' --devices cuda:0,cuda:1
  sweep run my.yaml --launch slurm --slurm partition=gpu --slurm gpus=1 --slurm time=4:00:00 --slurm workers=3

Exit codes:
  0        every chosen run is completed
  1        some run failed or diverged, or results or output could not be written
  2        bad input; nothing was run
  128 + n  interrupted by signal n with everything saved; the same command continues")]
pub struct Run {
    /// The sweep file (YAML).
    file: PathBuf,
    /// Where results go.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Changes a parameter of `base`: `epochs=2`, `dataset.limit=1000`, `seeds=[1, 2]`. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Only these runs: the beginning of an id, part of a label, a label with * and ?, or conditions (`rank=8, seed=1`).
    /// May be given several times.
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Devices to train on, one worker process each: auto, cpu, or GPUs (`cuda:0,cuda:1`).
    #[arg(long, default_value = "auto", allow_negative_numbers = true)]
    devices: Devices,
    /// Most runs trained in one forward and backward pass [default: 4 on a processor, 16 on a GPU].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = numbers::pack)]
    max_pack: Option<usize>,
    /// Memory of a device in GiB: packs are planned to fit it [default: what this machine's devices have].
    #[arg(long, value_name = "GIB", allow_negative_numbers = true, value_parser = numbers::gibibytes)]
    device_memory: Option<f64>,
    /// Threads of a worker on the processor [default: all].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = numbers::threads)]
    threads: Option<usize>,
    /// Time between two checkpoints; there is one at the end of every epoch as well.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, allow_negative_numbers = true, value_parser = numbers::minutes)]
    checkpoint_minutes: f64,
    /// Shows the runs, what they will cost and which hypotheses they can settle (with `--launch slurm`: the job script),
    /// and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Tries the whole design on a small model and corpus that are at hand; results are kept apart.
    #[arg(long)]
    rehearse: bool,
    /// Also does again what failed before, and completed runs whose files are damaged or missing.
    #[arg(long)]
    retry_failed: bool,
    /// Stops at the first run that fails.
    #[arg(long)]
    fail_fast: bool,
    /// Where to train: on this machine, or as a job array of Slurm whose tasks share the results folder.
    #[arg(long, value_enum, default_value_t = Launch::Local)]
    launch: Launch,
    /// What to ask of Slurm: an option of sbatch (`partition`, `account`, `gpus`, `time` ...), `workers` (tasks of the
    /// array), `warning` (seconds before the time limit at which tasks save and requeue; 120), or `line` (a further line
    /// of the script). May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    slurm: Vec<String>,
}

/// Where to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Launch {
    Local,
    Slurm,
}

/// What is to be run.
struct Chosen<'a> {
    /// With the runs of its first generation.
    sweep: Sweep,
    search: &'static dyn Search,
    /// What further generations are chosen from; none where that is the first one.
    design: Option<Vec<PlannedRun>>,
    /// The sweep file, byte for byte.
    yaml: String,
    /// None: all of them.
    only: Option<BTreeSet<RunId>>,
    /// Where the models are, and what was not read.
    found: Found,
    /// What it is run with.
    executors: &'a dyn ExecutorSource,
}

impl Chosen<'_> {
    fn space(&self) -> Space<'_> {
        Space { design: self.design.as_deref().unwrap_or(&self.sweep.runs) }
    }

    fn runs(&self) -> impl Iterator<Item = &PlannedRun> {
        self.sweep.runs.iter().filter(|run| self.contains(&run.id))
    }

    fn contains(&self, run: &RunId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(run))
    }
}

impl Run {
    pub fn run(self, executors: &dyn ExecutorSource) -> Result<ExitCode, CliError> {
        if self.launch == Launch::Local && !self.slurm.is_empty() {
            return Err(CliError::NotSlurm);
        }
        // A rehearsal makes do with what is at hand; workers find what is downloaded here.
        let hub = if self.rehearse { Hub::from_environment() } else { downloads::hub()? };
        let chosen = self.choose(&hub, executors)?;
        match (self.launch, self.dry_run) {
            (Launch::Local, false) => local::train(&self, &hub, &chosen),
            (Launch::Slurm, false) => slurm::launch(&self, &hub, &chosen),
            (launch, true) => {
                let shown = match launch {
                    Launch::Local => dry_run::table(&self, &hub, &chosen)?,
                    Launch::Slurm => slurm::script(&self, &hub, &chosen)?,
                };
                super::print(&shown)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    /// Bytes of a device's memory, where they are told.
    fn device_memory(&self) -> Option<u64> {
        self.device_memory.map(|gibibytes| (gibibytes * f64::from(1 << 30)) as u64)
    }

    fn worker_options(&self, chosen: &Chosen<'_>) -> WorkerOptions {
        WorkerOptions {
            checkpoint_every: numbers::of_minutes(self.checkpoint_minutes),
            fail_fast: self.fail_fast,
            only: chosen.only.clone(),
            ..WorkerOptions::default()
        }
    }

    fn choose<'a>(&self, hub: &Hub, executors: &'a dyn ExecutorSource) -> Result<Chosen<'a>, CliError> {
        let mut file = SweepFile::read(&self.file)?;
        for assignment in &self.set {
            file.set(assignment)?;
        }
        let (mut sweep, found) = self.resolve(&file, hub)?;
        file.notices(&sweep).iter().for_each(tell);
        let search = search::of_sweep(&sweep);
        let design = search::put_first_generation(search, &mut sweep);
        let only = match self.only.as_slice() {
            [] => None,
            patterns => Some(select(&sweep, patterns)?.into_iter().collect()),
        };
        // Patterns may name places as the file does, so they come first.
        let sweep = sweep.with_absolute_paths().map_err(CliError::CurrentFolder)?;
        Ok(Chosen { sweep, search, design, yaml: file.text().to_string(), only, found, executors })
    }

    /// What is wrong with the file is told before anything large is downloaded; a dry run does without the weights.
    fn resolve(&self, file: &SweepFile, hub: &Hub) -> Result<(Sweep, Found), CliError> {
        let facts = LocalFacts::new(hub, if self.dry_run { Depth::Look } else { Depth::All });
        if self.rehearse {
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
}
