//! A folder with a small trained sweep in it: two runs over the reference BERT, on rows of the shipped corpus.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;

pub struct Place {
    folder: tempfile::TempDir,
}

/// A folder of the caller's own, whose `results` are those of a sweep that was trained once for all tests.
pub fn trained() -> Place {
    static TRAINED: OnceLock<Place> = OnceLock::new();
    let trained = TRAINED.get_or_init(|| {
        let place = Place::new();
        let output = place.sweep(&["run", "little.yaml", "--devices", "cpu"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        place
    });
    let place = Place::new();
    std::os::unix::fs::symlink(trained.path("results"), place.path("results")).unwrap();
    place
}

impl Place {
    pub fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        let model = root().join("tests/fixtures/reference/bert/model");
        let corpus = root().join("sweeps/data/newswire.csv");
        let sweep = SWEEP.replace("MODEL", model.to_str().unwrap()).replace("CORPUS", corpus.to_str().unwrap());
        place.write("little.yaml", &sweep);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn sweep(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("sweep").unwrap();
        command.args(arguments).current_dir(self.folder.path());
        command.env("HF_HUB_OFFLINE", "1").env("HF_HOME", self.path("hf")).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("NO_COLOR", "1").env_remove("HF_HUB_CACHE");
        command
    }

    /// Standard output of a call that must succeed.
    pub fn output(&self, arguments: &[&str]) -> String {
        let output = self.sweep(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a call says that must refuse.
    pub fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.sweep(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    /// The folder of the run with this label.
    pub fn run(&self, label: &str) -> PathBuf {
        let runs = std::fs::read_dir(self.path("results/little/runs")).unwrap().map(|entry| entry.unwrap().path());
        let record = |run: &Path| std::fs::read_to_string(run.join("run.json")).unwrap();
        let labelled = format!("\"label\": \"{label}\"");
        runs.into_iter().find(|run| record(run).contains(&labelled)).unwrap()
    }
}

/// Rows of the corpus with their numbers, as `text` and `label`.
pub fn corpus() -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(root().join("sweeps/data/newswire.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    let (text, label) = (column("text"), column("label"));
    reader.records().map(|row| row.unwrap()).map(|row| (row[text].to_string(), row[label].to_string())).collect()
}

/// The recorded predictions of a run: row of the corpus, predicted class, probabilities.
pub fn recorded(run: &Path) -> Vec<(usize, usize, Vec<f32>)> {
    let mut reader = csv::Reader::from_path(run.join("predictions.csv")).unwrap();
    let row = |row: csv::StringRecord| {
        let probabilities = row.iter().skip(3).map(|value| value.parse().unwrap()).collect();
        (row[0].parse().unwrap(), row[2].parse().unwrap(), probabilities)
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub const CLASSES: [&str; 4] = ["Business", "Sci/Tech", "Sports", "World"];

const SWEEP: &str = "\
name: little
base:
  model: MODEL
  dataset: {path: CORPUS, limit: 200, eval: {test_size: 40, seed: 1}}
  target_modules: {layers: all, modules: [query, output.dense]}
  max_length: 60
  rank: 4
  lora_alpha: 8
  learning_rate: 5.0e-3
  epochs: 2
ablate:
  learning_rate: [1.0e-9]
";
