//! Sweep files, data sets, models, adapters.

use std::path::{Path, PathBuf};

use sweep::data::{Classes, TextColumns, TextReader, Tokenizer};
use sweep::model::{Base, ModelConfig, SavedAdapter, family_named, family_names, tokenizer_class};
use sweep::spec::{AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, ModelFacts, Precision, SweepFile};
use tch::Device;

use crate::driver::fuzz;

/// In memory where that is possible.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// A model and data sets whose contents are known without reading them.
struct SomeFacts;

impl Facts for SomeFacts {
    fn families(&self) -> Vec<&'static FamilyNames> {
        family_names()
    }

    fn model(&self, _: &str) -> Result<ModelFacts, FactsError> {
        Ok(ModelFacts { family: family_named("bert").unwrap(), layers: 12, digest: "model".into() })
    }

    fn adapter(&self, _: &str, _: &str) -> Result<AdapterFacts, FactsError> {
        let target_modules = vec!["bert.encoder.layer.0.attention.self.query".into()];
        Ok(AdapterFacts { rank: 4, lora_alpha: 8.0, target_modules, digest: "adapter".into() })
    }

    fn dataset_digest(&self, _: &DatasetSpec) -> Result<String, FactsError> {
        Ok("data".into())
    }
}

#[test]
fn sweep_files() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let mut sound: Vec<Vec<u8>> = std::fs::read_dir(shipped)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    sound.sort();
    sound.push(SWEEP.into());
    let words = [
        "grid:\n  rank: [1, 2]\n",
        "ablate:",
        "exclude:\n- {rank: 2}\n",
        "seeds: [1, 2]\n",
        "hypotheses:",
        "baseline: ",
        "&anchor ",
        "*anchor",
        "<<: *anchor\n",
        "!!binary ",
        "base:",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "  ",
        "\t",
        "1..9",
        "goal",
        "claim",
        "reference:",
        "zip:",
        "paired",
        "target_modules: all-linear\n",
        "dataset: {path: a.csv}\n",
        "init_adapter: x\n",
        "? ",
        "| ",
        "> ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
    ];
    let folder = scratch();
    let path = folder.path().join("sweep.yaml");
    fuzz("sweep_files", &sound, &words, |input| {
        std::fs::write(&path, input).unwrap();
        let resolved = SweepFile::read(&path).and_then(|file| {
            let sweep = file.resolve(&SomeFacts)?;
            Ok((sweep.runs.len(), sweep.hypotheses.len()))
        });
        match resolved {
            Ok((runs, hypotheses)) => format!("{} {}", runs > 1, hypotheses > 0),
            Err(errors) => errors.to_string(),
        }
    });
}

const SWEEP: &str = "\
name: some
base:
  model: minilm
  dataset: {path: data.csv, text: [a, b], label: c, limit: 100, eval: {test_size: 0.2, seed: 1}}
  rank: 8
  learning_rate: 1.0e-4
grid:
  rank: [1, 2, 4]
  epochs: [1, 2]
ablate:
  lora_dropout: [0.0, 0.3]
exclude:
- {rank: 4, epochs: 2}
seeds: [1, 2, 3]
";

/// The runs of a sweep file.
pub fn planned() -> sweep::spec::Sweep {
    SweepFile::parse(SWEEP, Path::new("nowhere")).unwrap().resolve(&SomeFacts).unwrap()
}

/// The data set that a sweep file gives.
pub fn dataset(fields: &str) -> DatasetSpec {
    let text = format!("base: {{model: m, dataset: {{path: p, {fields}}}}}");
    let sweep = SweepFile::parse(&text, Path::new("nowhere")).unwrap().resolve(&SomeFacts).unwrap();
    sweep.runs[0].spec.dataset.clone()
}

/// Reads a file as a data set to train on, and as texts to predict on.
fn read_table(path: &Path) -> String {
    let held_out = "eval: {test_size: 1, seed: 1}";
    let guessed = match sweep::data::load(&dataset(held_out), path, Classes::learn) {
        Ok(data) => format!("{:?}", data.class_names.len()),
        Err(error) => error.to_string(),
    };
    let named =
        match sweep::data::load(&dataset(&format!("text: text, label: label, {held_out}")), path, Classes::learn) {
            Ok(data) => format!("{:?}", data.class_names.len()),
            Err(error) => error.to_string(),
        };
    let texts = TextReader::open(path, &TextColumns::default(), Default::default()).and_then(|mut reader| {
        let mut rows = 0;
        while let Some(chunk) = reader.next_chunk(3)? {
            rows += chunk.len();
        }
        Ok(rows)
    });
    let texts = texts.map_or_else(|error| error.to_string(), |rows| (rows > 0).to_string());
    format!("{guessed} | {named} | {texts}").replace(&*path.to_string_lossy(), "")
}

fn fuzz_table(kind: &'static str, file: &str, sound: &[Vec<u8>], words: &[&str]) {
    let folder = scratch();
    let path = folder.path().join(file);
    fuzz(kind, sound, words, |input| {
        std::fs::write(&path, input).unwrap();
        read_table(&path)
    });
}

#[test]
fn csv_files() {
    let sound = [
        "id,text,label\n1,the keeper saved it,sport\n2,\"shares, of the \"\"bank\"\" fell\",money\n3,\"a\nlate goal\",sport\n",
        "1,\"note 0\",\"the keeper\"\n2,\"note 1\",\"the bank\"\n3,\"note 2\",\"oil\"\n4,\"note 3\",\"code\"\n",
        "text\tlabel\na goal\t0\na bank\t1\na goal\t1\n",
        "text;label\r\na goal;0\r\na bank;1\r\n",
    ];
    let words = ["\"", "\"\"", ",", ";", "\t", "\n", "\r\n", "\n\"", ",,", "label", "text", "sport", "1.0", "NA"];
    fuzz_table("csv_files", "data.csv", &sound.map(|text| text.as_bytes().to_vec()), &words);
}

#[test]
fn json_files() {
    let sound = [
        "{\"text\": \"a goal\", \"label\": 0}\n{\"text\": \"a bank\", \"label\": 1}\n{\"text\": \"x\", \"label\": 1}\n",
        "{\"text\": \"a goal\", \"label\": \"sport\"}\n{\"text\": null, \"label\": \"money\"}\n",
        "{\"text\": \"a\\u0301\", \"label\": true, \"more\": {\"a\": [1, 2.5, {}]}}\n{\"text\": \"b\", \"label\": false}\n",
    ];
    let words = ["{", "}", "[", "]", "\"text\": ", "\"label\": ", "\\ud800", "1e400", "null", "true", ",", "\n"];
    fuzz_table("json_files", "data.jsonl", &sound.map(|text| text.as_bytes().to_vec()), &words);
}

#[test]
fn parquet_files() {
    let sound = ["data/class_label.parquet", "data/kinds.parquet"].map(read);
    fuzz_table("parquet_files", "data.parquet", &sound, &["PAR1", "huggingface", "{\"info\": {\"features\": "]);
}

const CARD: &str = "\
---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.csv
  - split: test
    path: [\"data/te?t-[0-9]*.csv\", \"**/more.csv\"]
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
# Some data
";

#[test]
fn data_set_cards() {
    let folder = scratch();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let names = ["README.md", "data/train-0.csv", "data/test-0.csv", "more.csv"].map(str::to_owned);
    for name in &names[1..] {
        std::fs::write(folder.path().join(name), "text,label\na goal,0\na bank,1\n").unwrap();
    }
    let spec = dataset("eval: {split: test}");
    let words =
        ["[", "]", "*", "**", "**/", "?", "!", "-", "[!a-z]", "configs:\n", "default: true\n", "names:", "---\n"];
    fuzz("data_set_cards", &[CARD.into()], &words, |input| {
        let card = String::from_utf8_lossy(input);
        let needed = sweep::data::needed_files(&spec, &names, Some(&card));
        std::fs::write(folder.path().join("README.md"), input).unwrap();
        let loaded = sweep::data::load(&spec, folder.path(), Classes::learn).map(|data| data.class_names.len());
        format!("{needed:?} | {}", loaded.map_or_else(|error| error.to_string(), |classes| classes.to_string()))
    });
}

/// A folder with the files of a fixture.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = scratch();
    for entry in std::fs::read_dir(fixture(name)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

#[test]
fn model_configurations() {
    let names = ["bert", "roberta", "distilbert", "xlm-roberta"];
    let sound = names.map(|name| read(&format!("reference/{name}/model/config.json")));
    let folder = copied("reference/bert/model");
    let words =
        ["null", "\"gelu\"", "\"relative_key\"", "\"hidden_size\": ", "{", "}", "[", "]", ", ", "\"id2label\": {"];
    fuzz("model_configurations", &sound, &words, |input| {
        std::fs::write(folder.path().join("config.json"), input).unwrap();
        let config = ModelConfig::read(folder.path());
        let tokenizer = Tokenizer::load(folder.path(), 16, tokenizer_class).map(|_| true);
        let base = Base::load(folder.path(), 3, Precision::Fp32, Device::Cpu).map(|base| base.parameters > 0);
        let config = config.map_or_else(|error| error.to_string(), |config| format!("{:?}", config.family));
        let tokenizer = tokenizer.map_or_else(|error| error.to_string(), |found| found.to_string());
        format!("{config} | {tokenizer} | {}", base.map_or_else(|error| error.to_string(), |found| found.to_string()))
            .replace(&*folder.path().to_string_lossy(), "")
    });
}

#[test]
fn tokenizer_files() {
    let folder = copied("data/bert");
    let roberta = copied("data/roberta");
    let sound = [read("data/bert/tokenizer.json"), read("data/roberta/tokenizer.json")];
    let words =
        ["null", "\"type\": ", "\"vocab\": {", "\"added_tokens\": [", "{", "}", "[", "]", "\"[CLS]\"", "\"<s>\""];
    let texts = ["a late goal \u{301}\0".to_owned(), String::new()];
    fuzz("tokenizer_files", &sound, &words, |input| {
        [&folder, &roberta]
            .map(|folder| {
                std::fs::write(folder.path().join("tokenizer.json"), input).unwrap();
                let encoded =
                    Tokenizer::load(folder.path(), 16, tokenizer_class).and_then(|tokenizer| tokenizer.encode(&texts));
                let told = encoded.map_or_else(|error| error.to_string(), |encoded| encoded.len().to_string());
                told.replace(&*folder.path().to_string_lossy(), "")
            })
            .join(" | ")
    });
}

#[test]
fn model_weights() {
    let folder = copied("reference/bert/model");
    let whole = read("reference/bert/model/model.safetensors");
    // The header is what is varied; the values follow it unchanged.
    let header = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let values = &whole[header..];
    let words = [
        "{",
        "}",
        "\"F32\"",
        "\"BF16\"",
        "\"I64\"",
        "\"F64\"",
        "\"BOOL\"",
        "[",
        "]",
        "\"shape\":",
        "\"__metadata__\":{",
    ];
    fuzz("model_weights", &[whole[..header].to_vec()], &words, |input| {
        // Most inputs tell the length that they have.
        let mut input = input.to_vec();
        if input.len() > 8 && input.len() % 8 != 0 {
            let length = (input.len() as u64 - 8).to_le_bytes();
            input[..8].copy_from_slice(&length);
        }
        std::fs::write(folder.path().join("model.safetensors"), [&input, values].concat()).unwrap();
        let base = Base::load(folder.path(), 3, Precision::Fp32, Device::Cpu);
        base.map_or_else(|error| error.to_string(), |base| base.head.len().to_string())
            .replace(&*folder.path().to_string_lossy(), "")
    });
}

#[test]
fn adapters() {
    let config = ModelConfig::read(&fixture("reference/bert/model")).unwrap();
    let base = Base::load(&fixture("reference/bert/model"), 3, Precision::Fp32, Device::Cpu).unwrap();
    let (file, weights) = ("adapter_config.json", "adapter_model.safetensors");
    let folders = ["rslora", "modules_to_save", "rank_pattern", "regex_targets", "all_bias"];
    // Configuration, a line of its own, weights.
    let join = |folder: &str| {
        let folder = format!("reference/bert/adapters/{folder}");
        let config: serde_json::Value = serde_json::from_slice(&read(&format!("{folder}/{file}"))).unwrap();
        [config.to_string().as_bytes(), b"\n", &read(&format!("{folder}/{weights}"))].concat()
    };
    let folder = scratch();
    let words = [
        "\"lora_A\"",
        ".lora_B.weight",
        "\"r\": ",
        "\"lora_alpha\": ",
        "\"use_rslora\": true, ",
        "\"rank_pattern\": {",
        "null",
        "\"target_modules\": \".*(a|b\", ",
        "(a+)+$",
        "\"F32\"",
        "\"BF16\"",
        "{",
        "}",
        "[",
        "]",
    ];
    fuzz("adapters", &folders.map(join), &words, |input| {
        let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        std::fs::write(folder.path().join(file), &input[..at]).unwrap();
        std::fs::write(folder.path().join(weights), input.get(at + 1..).unwrap_or_default()).unwrap();
        let adapter = SavedAdapter::read(folder.path(), &config).and_then(|saved| saved.adapter(&base, 1));
        adapter
            .map_or_else(|error| error.to_string(), |adapter| adapter.head.len().to_string())
            .replace(&*folder.path().to_string_lossy(), "")
    });
}
