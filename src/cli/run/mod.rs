//! `sweep run`: trains the runs of a sweep file.

mod devices;
mod dry_run;
mod launch;
mod prospects;
mod summary;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::hub::Hub;
use crate::spec::{RunId, Sweep, SweepFile, select};

use super::CliError;
use super::executor::ExecutorOptions;
use super::facts::LocalFacts;
use super::rehearsal;

use devices::Devices;

pub use devices::DeviceError;
pub use summary::counts;

/// Trains every run of a sweep file.
///
/// Runs that are completed are not done again; interrupted ones continue where they stopped. Results go into
/// RESULTS/<name of the sweep>/.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep run sweeps/quickstart.yaml
  sweep run sweeps/ablation.yaml --dry-run
  sweep run sweeps/ablation.yaml --rehearse
  sweep run my.yaml --set model=/models/roberta-base --set epochs=2 --set 'seeds=[1, 2, 3]'
  sweep run my.yaml --only 'rank=8, seed=1' --devices cuda:0,cuda:1

Exit codes:
  0        every chosen run is completed
  1        some run failed or diverged, or results could not be recorded
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
    #[arg(long, default_value = "auto")]
    devices: Devices,
    /// Most runs trained in one forward and backward pass [default: 4 on a processor, 16 on a GPU].
    #[arg(long, value_name = "N", value_parser = positive)]
    max_pack: Option<usize>,
    /// Threads of a worker on the processor [default: all].
    #[arg(long, value_name = "N", value_parser = positive)]
    threads: Option<usize>,
    /// Time between two checkpoints; there is one at the end of every epoch as well.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, value_parser = minutes)]
    checkpoint_minutes: f64,
    /// Shows the runs, what they will cost and which hypotheses they can settle, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Tries the whole design on a small model and corpus that are at hand; results are kept apart.
    #[arg(long)]
    rehearse: bool,
    /// Also does again what failed before.
    #[arg(long)]
    retry_failed: bool,
    /// Stops at the first run that fails.
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    executor: ExecutorOptions,
}

/// What is to be run.
struct Chosen {
    sweep: Sweep,
    /// The sweep file, byte for byte.
    yaml: String,
    /// None: all of them.
    only: Option<BTreeSet<RunId>>,
}

impl Chosen {
    fn contains(&self, run: &RunId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(run))
    }
}

impl Run {
    pub fn run(self) -> Result<ExitCode, CliError> {
        let hub = Hub::from_environment();
        let chosen = self.choose(&hub)?;
        if self.dry_run {
            super::print(&dry_run::table(&hub, &chosen, &self.results, self.rehearse)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        launch::launch(&self, &chosen)
    }

    fn choose(&self, hub: &Hub) -> Result<Chosen, CliError> {
        let mut file = SweepFile::read(&self.file)?;
        for assignment in &self.set {
            file.set(assignment)?;
        }
        let facts = LocalFacts::new(hub);
        let sweep = if self.rehearse {
            let mut sweep = file.rehearse(&rehearsal::rehearsal(hub)?, &facts)?;
            // The store marks a rehearsal in the folder's name itself.
            if let Some(name) = sweep.name.strip_suffix("-rehearsal") {
                sweep.name = name.to_string();
            }
            sweep
        } else {
            file.resolve(&facts)?
        };
        let only = match self.only.as_slice() {
            [] => None,
            patterns => Some(select(&sweep, patterns)?.into_iter().collect()),
        };
        Ok(Chosen { sweep, yaml: file.text().to_string(), only })
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must be a whole number of at least 1".to_string()),
        Ok(number) => Ok(number),
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 1e6 => Ok(minutes),
        _ => Err("must be a number of minutes above 0".to_string()),
    }
}
