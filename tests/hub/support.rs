//! A hub with a small BERT and a small Parquet data set, and a machine that knows nothing yet.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assert_cmd::Command;
use polars::prelude::{Column, DataFrame, ParquetWriter};
use sweep::hub::{Hub, Patience, Remote, Watch};

use crate::server::Server;

pub const MODEL: &str = "models/acme/tiny-bert";
pub const DATA: &str = "datasets/acme/tiny-news";

/// A machine of its own, and the hub.
pub struct Place {
    pub server: Server,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let place = Place { server: Server::start(), folder: tempfile::tempdir().unwrap() };
        for file in ["config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"] {
            place.server.put(MODEL, file, std::fs::read(fixture("bert").join(file)).unwrap());
        }
        place.server.put(MODEL, "pytorch_model.bin", "not needed");
        place.server.put(DATA, "data/train-00000-of-00002.parquet", parquet(0..40));
        place.server.put(DATA, "data/train-00001-of-00002.parquet", parquet(40..80));
        place.server.put(DATA, "data/test-00000-of-00001.parquet", parquet(80..100));
        place.server.put(DATA, "README.md", CARD);
        place.write("little.yaml", SWEEP);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Where the model's weights wait while they come.
    pub fn part(&self) -> PathBuf {
        let weights = std::fs::read(fixture("bert").join("model.safetensors")).unwrap();
        let name = format!("{}.part", crate::server::digest(&weights));
        self.cache().join(".sweep-downloads/models--acme--tiny-bert/blobs").join(name)
    }

    /// The cache, as the program below sees it.
    pub fn cache(&self) -> PathBuf {
        self.path("hf/hub")
    }

    pub fn sweep(&self, arguments: &[&str]) -> Command {
        Command::from_std(self.process(arguments))
    }

    pub fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("sweep"));
        command.args(arguments).current_dir(self.folder.path());
        for name in ["HF_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DOWNLOAD_TIMEOUT"] {
            command.env_remove(name);
        }
        command.env("HF_HOME", self.path("hf")).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("HF_ENDPOINT", self.server.address()).env("NO_COLOR", "1");
        command
    }

    pub fn hub(&self) -> Hub {
        let mut hub = Hub::at(self.cache(), self.path("no-package"), None);
        hub.remote = Some(remote(self.server.address()));
        hub
    }

    /// As [`Self::hub`], and it waits for a quarter of a second at most.
    pub fn impatient_hub(&self) -> Hub {
        let mut hub = self.hub();
        let soon = Duration::from_millis(250);
        if let Some(remote) = &mut hub.remote {
            remote.patience = Patience { answers: soon, downloads: soon, pause: soon / 25 };
        }
        hub
    }

    /// Every file of the cache, links included, relative to it and sorted.
    pub fn cached(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.cache().exists() {
            collect(&self.cache(), &self.cache(), &mut found);
        }
        found.sort();
        found
    }
}

pub fn remote(endpoint: &str) -> Remote {
    Remote::at(endpoint, Arc::new(Heard::default())).unwrap()
}

/// A watch that keeps nothing from anybody.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<String>>);

impl Watch for Heard {
    fn begin(&self, _: &str, file: &str, bytes: u64) {
        self.0.lock().unwrap().push(format!("{file} {bytes}"));
    }

    fn advance(&self, bytes: u64) {
        self.0.lock().unwrap().push(format!("+{bytes}"));
    }

    fn end(&self) {
        self.0.lock().unwrap().push("end".to_string());
    }

    fn waiting(&self, _: &str) {}

    fn retrying(&self, _: &str, reason: &str, _: Duration) {
        self.0.lock().unwrap().push(reason.to_string());
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_string());
        }
    }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(name).join("model")
}

const CARD: &str = "\
---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: data/test-*
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': Rates
          '1': Goals
---
# Tiny news
";

/// Trained for a moment: one run.
const SWEEP: &str = "\
name: little
base:
  model: acme/tiny-bert
  dataset: {path: acme/tiny-news, eval: {split: test}}
  target_modules: [bert.encoder.layer.2.attention.self.query]
  max_length: 24
  rank: 2
  epochs: 1
  batch_size: 20
";

fn parquet(rows: std::ops::Range<i64>) -> Vec<u8> {
    let text = |row: i64| {
        let topic = if row % 2 == 0 { "the bank raised its rate" } else { "a late goal won the match" };
        format!("{topic} on day {row}")
    };
    let texts: Vec<String> = rows.clone().map(text).collect();
    let labels: Vec<i64> = rows.map(|row| row % 2).collect();
    let columns = vec![Column::new("text".into(), texts), Column::new("label".into(), labels)];
    let mut frame = DataFrame::new(columns[0].len(), columns).unwrap();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
    bytes
}
