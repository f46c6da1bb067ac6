//! A hub with a small BERT and a small Parquet data set, and a machine that knows nothing yet.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use polars::prelude::{Column, DataFrame, ParquetWriter};
use sweep::hub::{Hub, Remote, Watch};

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

    /// The cache, as the program below sees it.
    pub fn cache(&self) -> PathBuf {
        self.path("hf/hub")
    }

    pub fn sweep(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("sweep").unwrap();
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("HF_HUB_CACHE").env_remove("HF_TOKEN").env_remove("HF_HUB_OFFLINE");
        command.env("HF_HOME", self.path("hf")).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("HF_ENDPOINT", self.server.address()).env("NO_COLOR", "1");
        command
    }

    pub fn hub(&self) -> Hub {
        let mut hub = Hub::at(self.cache(), self.path("no-package"), None);
        let endpoint = Some(self.server.address().to_string());
        hub.remote = Some(Remote { endpoint, token: None, watch: Arc::new(Heard::default()) });
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
