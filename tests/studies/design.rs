//! The runs that an A/A study judges: configurations that differ in nothing but their random numbers.
//!
//! They come in families, as the runs of an ablation do: one base and [`TREATMENTS`] treatments, each with [`SEEDS`] seeds. No
//! two families share a run, a random number, or (where the split varies) a split.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// With each kind of split.
pub const FAMILIES: usize = 19;
pub const TREATMENTS: usize = 12;
pub const SEEDS: usize = 10;
/// Runs of a family with the same seed: they are trained together.
const PACK: usize = TREATMENTS + 1;
/// Between the random numbers of one treatment and the next; seeds stay below it.
const STRIDE: usize = 100_000;

/// Whether the rows that are held out are the same for all runs, or others for each seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    Same,
    BySeed,
}

impl Split {
    pub const ALL: [Split; 2] = [Split::Same, Split::BySeed];

    pub fn name(self) -> &'static str {
        match self {
            Split::Same => "same split",
            Split::BySeed => "split by seed",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Split::Same => "same",
            Split::BySeed => "by-seed",
        }
    }

    fn seed(self) -> &'static str {
        match self {
            Split::Same => "42",
            Split::BySeed => "seed",
        }
    }
}

/// A family of configurations.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub split: Split,
    pub number: usize,
}

impl Family {
    pub fn name(self) -> String {
        format!("aa-{}-{:02}", self.split.folder(), self.number)
    }

    /// Of its runs, in the order in which they join.
    pub fn seeds(self) -> Vec<u64> {
        (1..=SEEDS).map(|seed| (100 * self.number + seed) as u64).collect()
    }

    pub fn treatment(number: usize) -> String {
        format!("again=seed + {}", number * STRIDE)
    }

    /// Its sweep file, which holds as many claims as it has treatments.
    pub fn sweep_file(self) -> String {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
        let mut text = BASE
            .replace("NAME", &self.name())
            .replace("CORPUS", corpus.to_str().unwrap())
            .replace("SPLIT", self.split.seed());
        text.push_str("ablate:\n  again:\n");
        for number in 1..=TREATMENTS {
            let seed = format!("seed + {}", number * STRIDE);
            writeln!(text, "    - {{init_seed: {seed}, order_seed: {seed}, dropout_seed: {seed}}}").unwrap();
        }
        writeln!(text, "seeds: {:?}\nhypotheses:", self.seeds()).unwrap();
        for number in 1..=TREATMENTS {
            writeln!(
                text,
                "  - {{id: again-{number}, claim: Other random numbers are better., vary: again, \
                 values: [seed + {}], metric: accuracy, expect: higher}}",
                number * STRIDE
            )
            .unwrap();
        }
        text
    }

    /// Trains what is not trained yet, through the program; the folder of the results.
    pub fn train(self, program: &Path, results: &Path) -> PathBuf {
        std::fs::create_dir_all(results).unwrap();
        let file = results.join(format!("{}.yaml", self.name()));
        std::fs::write(&file, self.sweep_file()).unwrap();
        let mut command = Command::new(program);
        command.arg("run").arg(&file).arg("--results").arg(results).args(["--devices", "cpu"]);
        command.args(["--max-pack", &PACK.to_string()]).env("HF_HUB_OFFLINE", "1").env("NO_COLOR", "1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}: {}", self.name(), String::from_utf8_lossy(&output.stderr));
        results.join(self.name())
    }
}

/// What every run is: MiniLM with adapters on its last layer, some rows of the shipped corpus, a few words of each.
const BASE: &str = "\
name: NAME
description: A/A, configurations that differ in nothing but their random numbers.
base:
  model: sentence-transformers/all-MiniLM-L6-v2
  dataset: {path: CORPUS, limit: 240, eval: {test_size: 160, seed: 42}}
  split_seed: SPLIT
  max_length: 20
  target_modules: {layers: [5], modules: all}
  rank: 8
  lora_alpha: 16
  lora_dropout: 0
  hidden_dropout: 0.05
  attention_dropout: 0.05
  learning_rate: 4e-3
  batch_size: 8
  gradient_accumulation_steps: 1
  epochs: 3
  precision: bf16
";
