//! The options of `sweep run`.

use std::path::PathBuf;

use crate::cli::numbers;
use crate::cli::tracking::Tracking;

use super::devices::Devices;
use super::launch_option::Launch;

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
  sweep run my.yaml --extend 'rank=8, seed=1' --epochs 6
  sweep run my.yaml --launch slurm --slurm partition=gpu --slurm gpus=1 --slurm time=4:00:00 --slurm workers=3
  sweep run my.yaml --launch ssh --hosts node1,node2:2

Exit codes:
  0        every chosen run is completed, or stopped as it was to be
  1        some run failed or diverged, or results or output could not be written
  2        bad input; nothing was run
  128 + n  interrupted by signal n with everything saved; the same command continues")]
pub struct Run {
    /// The sweep file (YAML).
    pub file: PathBuf,
    /// Where results go.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// Changes a parameter of `base`: `epochs=2`, `dataset.limit=1000`, `seeds=[1, 2]`. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Only these runs: the beginning of an id, part of a label, a label with * and ?, or conditions (`rank=8, seed=1`).
    /// May be given several times.
    #[arg(long, value_name = "PATTERN")]
    pub only: Vec<String>,
    /// Also trains these runs further, which have stopped before their last epoch: as --only names runs. Their early stopping
    /// is off from there on. May be given several times.
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["only", "dry_run"])]
    pub extend: Vec<String>,
    /// The epoch up to which --extend trains [default: the last one].
    #[arg(long, value_name = "N", requires = "extend", allow_negative_numbers = true, value_parser = numbers::epochs)]
    pub epochs: Option<usize>,
    /// Devices to train on, one worker process each: auto, cpu, or GPUs (`cuda:0,cuda:1`).
    #[arg(long, default_value = "auto", allow_negative_numbers = true)]
    pub devices: Devices,
    /// Most runs trained in one forward and backward pass [default: 4 on a processor, up to 16 where runs share layers; 16 on
    /// a GPU].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = numbers::pack)]
    pub max_pack: Option<usize>,
    /// Memory of a device in GiB: packs are planned to fit it [default: what this machine's devices have].
    #[arg(long, value_name = "GIB", allow_negative_numbers = true, value_parser = numbers::gibibytes)]
    pub device_memory: Option<f64>,
    /// Threads of a worker on the processor [default: all].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = numbers::threads)]
    pub threads: Option<usize>,
    /// Time between two checkpoints; there is one at the end of every epoch as well.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, allow_negative_numbers = true, value_parser = numbers::minutes)]
    pub checkpoint_minutes: f64,
    /// Shows the runs, what they will cost and which hypotheses they can settle (with `--launch`: the job script),
    /// and writes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Tries the whole design on a small model and corpus that are at hand; results are kept apart.
    #[arg(long)]
    pub rehearse: bool,
    /// Also does again what failed before, and completed runs whose files are damaged or missing.
    #[arg(long)]
    pub retry_failed: bool,
    /// Stops at the first run that fails.
    #[arg(long)]
    pub fail_fast: bool,
    #[command(flatten)]
    pub tracking: Tracking,
    /// Where to train: on this machine, or with tasks on others that share the results folder: a job array of Slurm, hosts that
    /// are reached by ssh, an Indexed Job of Kubernetes.
    #[arg(long, value_name = "WHERE", default_value = "local", value_parser = Launch::parser())]
    pub launch: Launch,
    /// The hosts of `--launch ssh`, with the number of tasks of those that get several: a,b:2; or @FILE, with one on each line.
    #[arg(long, value_name = "HOSTS")]
    pub hosts: Option<String>,
    /// How hosts are reached: `option` (an option of ssh: option=Port=2222), `config` (a configuration of ssh), `program` and
    /// `folder` (where they are there, if not as here), `line` (a shell command before the task), `connect-timeout`, `alive`
    /// (seconds). May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub ssh: Vec<String>,
    /// What pods are made of: `image`, `claim` and `mount` (the volume that all share) must be given; then `workers`, `gpus`,
    /// `cpus`, `memory`, `namespace`, `time`, `env` and more. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub kubernetes: Vec<String>,
    /// What to ask of Slurm: an option of sbatch (`partition`, `account`, `gpus`, `time` ...), `workers` (tasks of the
    /// array), `warning` (seconds before the time limit at which tasks save and requeue; 120), or `line` (a further line
    /// of the script). May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub slurm: Vec<String>,
}

impl Run {
    /// What was asked of a launcher.
    pub fn settings(&self, launcher: &str) -> Vec<String> {
        let hosts = self.hosts.iter().map(|hosts| format!("hosts={hosts}"));
        match launcher {
            "slurm" => self.slurm.clone(),
            "ssh" => hosts.chain(self.ssh.iter().cloned()).collect(),
            "kubernetes" => self.kubernetes.clone(),
            _ => Vec::new(),
        }
    }

    /// Bytes of a device's memory, where they are told.
    pub fn device_memory(&self) -> Option<u64> {
        self.device_memory.map(|gibibytes| (gibibytes * f64::from(1 << 30)) as u64)
    }
}
