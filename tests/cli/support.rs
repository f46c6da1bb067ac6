//! A folder with a tiny model, a data set and a sweep file, and the program run inside it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Three configurations with two seeds.
pub const SWEEP: &str = "\
name: little
base:
  model: ./model
  dataset: {path: data.csv, eval: {test_size: 8, seed: 1}}
  target_modules: [bert.encoder.layer.0.attention.self.query]
  rank: 2
  lora_alpha: 4
  epochs: 2
  batch_size: 4
ablate:
  rank: [4]
  learning_rate: [1.0e-3]
seeds: [1, 2]
";

const WORDS: &str = "[PAD] [UNK] [CLS] [SEP] [MASK] the a goal bank vote chip match bond poll code team rate";

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.model("model", 2);
        place.write("data.csv", &rows(40));
        place.write("little.yaml", SWEEP);
        place
    }

    /// Writes a model that can be planned with; its weights are all 0.
    pub fn model(&self, name: &str, layers: usize) {
        std::fs::create_dir(self.path(name)).unwrap();
        self.write(&format!("{name}/config.json"), &config(layers));
        std::fs::write(self.path(&format!("{name}/model.safetensors")), weights(layers)).unwrap();
        self.write(&format!("{name}/vocab.txt"), &WORDS.replace(' ', "\n"));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The program with the folder as its own world: current folder, home, caches, the packaged model.
    pub fn sweep(&self, arguments: &[&str]) -> Command {
        self.program("sweep", arguments)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin(name).unwrap();
        command.args(arguments).current_dir(self.folder.path());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.path("home")),
            ("XDG_CACHE_HOME", self.path("home/cache")),
            ("HF_HOME", self.path("home/hf")),
            ("HF_HUB_CACHE", self.path("home/hf/hub")),
            ("HF_HUB_OFFLINE", "1".into()),
            ("SWEEP_MINILM", self.path("model")),
            ("NO_COLOR", "1".into()),
        ]
    }

    /// `sweep run little.yaml` with the mock executor.
    pub fn mock(&self, more: &[&str]) -> Command {
        let mut arguments = vec!["run", "little.yaml"];
        arguments.extend(more);
        self.sweep_mock(&arguments)
    }

    /// `sweep` with the mock executor.
    pub fn sweep_mock(&self, arguments: &[&str]) -> Command {
        self.program("sweep-mock", arguments)
    }

    /// The program's output without what differs from machine to machine.
    pub fn plain(&self, text: &[u8]) -> String {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let real = self.folder.path().canonicalize().unwrap();
        let text = text.replace(real.to_str().unwrap(), "HERE").replace(self.folder.path().to_str().unwrap(), "HERE");
        let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
        trimmed.join("\n")
    }

    /// Every file below a folder, relative to it, sorted.
    pub fn files(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.path(name), &self.path(name), &mut found);
        found.sort();
        found
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

fn config(layers: usize) -> String {
    let layers = format!(r#""num_hidden_layers": {layers}"#);
    let fields = [
        r#""model_type": "bert""#,
        r#""vocab_size": 17"#,
        r#""hidden_size": 8"#,
        layers.as_str(),
        r#""num_attention_heads": 2"#,
        r#""intermediate_size": 16"#,
        r#""max_position_embeddings": 512"#,
        r#""type_vocab_size": 2"#,
    ];
    format!("{{{}}}", fields.join(", "))
}

/// A file of weights that are 0, as the configuration wants them.
fn weights(layers: usize) -> Vec<u8> {
    let mut weights: Vec<(String, Vec<usize>)> = Vec::new();
    for (table, rows) in [("word", 17), ("position", 512), ("token_type", 2)] {
        weights.push((format!("bert.embeddings.{table}_embeddings.weight"), vec![rows, 8]));
    }
    let mut linear = |name: String, output: usize, input: Option<usize>| {
        weights.push((format!("{name}.weight"), [Some(output), input].into_iter().flatten().collect()));
        weights.push((format!("{name}.bias"), vec![output]));
    };
    linear("bert.embeddings.LayerNorm".to_string(), 8, None);
    linear("bert.pooler.dense".to_string(), 8, Some(8));
    for layer in 0..layers {
        let name = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            linear(name(&format!("attention.{part}")), 8, Some(8));
        }
        linear(name("attention.output.LayerNorm"), 8, None);
        linear(name("intermediate.dense"), 16, Some(8));
        linear(name("output.dense"), 8, Some(16));
        linear(name("output.LayerNorm"), 8, None);
    }
    let (mut head, mut end) = (serde_json::Map::new(), 0);
    for (name, shape) in weights {
        let begin = end;
        end += 4 * shape.iter().product::<usize>();
        head.insert(name, serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}));
    }
    let head = serde_json::Value::Object(head).to_string();
    let length = (head.len() as u64).to_le_bytes();
    [&length, head.as_bytes(), &vec![0; end]].concat()
}

/// Rows in four classes.
pub fn rows(number: usize) -> String {
    let classes = [
        ("World", "vote poll"),
        ("Sports", "goal match team"),
        ("Business", "bank bond rate"),
        ("Sci/Tech", "chip code"),
    ];
    let rows = (0..number).map(|row| {
        let (label, words) = classes[row % 4];
        format!("the {words}{},{label}\n", " a".repeat(row / 8 % 5))
    });
    std::iter::once("text,label\n".to_string()).chain(rows).collect()
}
