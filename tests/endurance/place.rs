//! A folder with a tiny pre-trained model, a data set and a sweep file, and the program run inside it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use sweep::store::Store;

use crate::comparing::scratch;

/// Six runs of different lengths, for packs of two: some wait for the place of another. All have a test at their end.
pub const SWEEP: &str = "\
name: little
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 32, seed: 1}, test: {test_size: 24, seed: 2}}
  target_modules: {layers: all, modules: [query, value]}
  rank: 4
  lora_alpha: 8
  max_length: 64
  epochs: 3
  batch_size: 4
  learning_rate: 1.0e-3
ablate:
  epochs: [5]
  rank: [8]
seeds: [1, 2]
";

/// Rows of the corpus that is shipped, taken as data.
const ROWS: usize = 184;

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// In memory where that can be had.
    pub fn new() -> Self {
        Self::within(scratch())
    }

    /// With runs that take several times as long.
    pub fn long() -> Self {
        let place = Self::new();
        place.write("little.yaml", &SWEEP.replace("epochs: 3", "epochs: 16").replace("epochs: [5]", "epochs: [28]"));
        place
    }

    fn within(folder: tempfile::TempDir) -> Self {
        let place = Place { folder };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = root.join("tests/fixtures/reference/bert/model");
        std::fs::create_dir(place.path("model")).unwrap();
        for file in std::fs::read_dir(model).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), place.path("model").join(file.file_name())).unwrap();
        }
        let corpus = std::fs::read_to_string(root.join("sweeps/data/newswire.csv")).unwrap();
        let rows: Vec<&str> = corpus.lines().take(1 + ROWS).collect();
        place.write("data.csv", &(rows.join("\n") + "\n"));
        place.write("little.yaml", SWEEP);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The folder of the sweep's results.
    pub fn results(&self) -> PathBuf {
        self.path("results/little")
    }

    pub fn store(&self) -> Store {
        Store::open(&self.results()).unwrap()
    }

    /// The program with the folder as its own world: current folder, home, caches.
    pub fn sweep(&self, arguments: &[&str]) -> Command {
        self.program("sweep", arguments)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin(name));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, folder) in [("HOME", "home"), ("XDG_CACHE_HOME", "home/cache"), ("HF_HOME", "home/hf")] {
            command.env(name, self.path(folder));
        }
        command.env("NO_COLOR", "1").env_remove("HF_HUB_CACHE");
        command
    }

    /// `sweep run little.yaml` on the processor with one thread, in packs of two, with many checkpoints.
    pub fn training(&self, more: &[&str]) -> Command {
        self.training_with("sweep", more)
    }

    /// The same with the mock executor.
    pub fn mock(&self, more: &[&str]) -> Command {
        self.training_with("sweep-mock", more)
    }

    fn training_with(&self, program: &str, more: &[&str]) -> Command {
        let usual = ["run", "little.yaml", "--devices", "cpu", "--threads", "1", "--max-pack", "2"];
        let mut command = self.program(program, &usual);
        command.args(["--checkpoint-minutes", "0.001"]).args(more);
        command
    }

    /// Trains the sweep to its end and gives what was said.
    pub fn finish(&self) -> Output {
        let output = self.training(&[]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        output
    }

    /// Starts training; [`Place::said`] has what it says.
    pub fn start(&self) -> Child {
        let file = std::fs::File::create(self.path("said")).unwrap();
        self.training(&[]).stdout(Stdio::null()).stderr(file).spawn().unwrap()
    }

    /// What the training that was started last has said of problems.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.path("said")).unwrap_or_default()
    }
}

/// Everything a program said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
