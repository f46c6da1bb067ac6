//! Adapters after three optimizer steps of each family, in packs of two runs, and what they began with.
//!
//! Bytes of results depend on the processor: our own products are those of its instruction set, and what libtorch computes
//! depends on the manufacturer, too. Elsewhere than on the kind of processor that is recorded, sums and norms are compared.

use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;
use safetensors::SafeTensors;
use serde_json::Value;

use super::{Line, hash, hash_of_floats, needs};

/// Names of the reference models, and what the names of their modules begin with.
pub const FAMILIES: [(&str, &str); 4] =
    [("bert", "bert"), ("roberta", "roberta"), ("xlm-roberta", "roberta"), ("distilbert", "distilbert")];

pub fn lines() -> Vec<Line> {
    let mut lines = vec![("processor".to_string(), processor())];
    for (family, _) in FAMILIES {
        for precision in ["fp32", "bf16"] {
            lines.extend(trained(family, precision, "2e-3"));
        }
        // A rate that changes no parameter but zeros: what the runs began with.
        lines.extend(trained(family, "fp32", "1e-30"));
    }
    lines
}

/// Two runs in one pack that differ in all that a pack allows; three steps each.
fn sweep(family: &str, precision: &str, rate: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (model, data) =
        (root.join("tests/fixtures/reference").join(family).join("model"), root.join("sweeps/data/newswire.csv"));
    format!(
        "name: golden
base:
  model: {}
  dataset: {{path: {}, limit: 64, eval: {{test_size: 16, seed: 42}}}}
  max_length: 40
  precision: {precision}
  learning_rate: {rate}
  warmup_ratio: 0
  lora_alpha: 12
  lora_dropout: 0.1
  hidden_dropout: 0.2
  attention_dropout: 0.2
  classifier_dropout: 0.2
  extra_dropout: 0.1
  weight_decay: 0.1
  epochs: 1
runs:
  - {{seed: 1, rank: 4, batch_size: 16, gradient_accumulation_steps: 1, target_modules: {{layers: all, modules: all}}}}
  - {{seed: 2, rank: 2, batch_size: 8, gradient_accumulation_steps: 2, attention_dropout: 0,
     target_modules: {{layers: [1], modules: [query, output.dense]}}}}
",
        model.display(),
        data.display()
    )
}

fn trained(family: &str, precision: &str, rate: &str) -> Vec<Line> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("golden.yaml"), sweep(family, precision, rate)).unwrap();
    let mut command = Command::cargo_bin("sweep").unwrap();
    command.args(["run", "golden.yaml", "--devices", "cpu", "--threads", "2"]).current_dir(folder.path());
    let output = command.env("HF_HUB_OFFLINE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(output.status.success(), "{family}: {}", String::from_utf8_lossy(&output.stderr));
    let runs = folder.path().join("results/golden/runs");
    let mut folders: Vec<_> = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert_eq!(folders.len(), 2);
    let mut lines = Vec::new();
    for run in folders {
        let written: Value = serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_string();
        let (facts, seed) = (&written["facts"], &written["run"]["spec"]["seed"]);
        let backend = text(&facts["backend"]);
        assert!(backend.starts_with("cpu: ") || backend.starts_with("plain: "), "what computed is recorded: {backend}");
        let name = format!("{family} {precision} {rate} seed {seed}");
        lines.push((format!("id {name}"), text(&written["run"]["id"])));
        lines.push((
            format!("digests {name}"),
            format!("{} {}", text(&facts["data_digest"]), text(&facts["model_digest"])),
        ));
        let bytes = std::fs::read(run.join("adapter/adapter_model.safetensors")).unwrap();
        lines.push((format!("adapter {name}: file"), format!("{} 0 0", hash(&bytes))));
        lines.extend(parameters(&name, &bytes));
    }
    lines
}

/// Of each parameter its hash, sum and norm.
fn parameters(name: &str, bytes: &[u8]) -> Vec<Line> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors = BTreeMap::new();
    for (parameter, view) in file.tensors() {
        tensors.insert(parameter, floats(view.data()));
    }
    let line = |(parameter, values): (String, Vec<f32>)| (format!("adapter {name}: {parameter}"), numbers(&values));
    tensors.into_iter().map(line).collect()
}

/// Of all parameters in a run's folder, in the order of their names.
pub fn adapter_of(run: &Path) -> String {
    let bytes = std::fs::read(run.join("adapter/adapter_model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: BTreeMap<String, Vec<f32>> =
        file.tensors().into_iter().map(|(name, view)| (name, floats(view.data()))).collect();
    numbers(&tensors.into_values().flatten().collect::<Vec<f32>>())
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Hash, sum and norm.
pub fn numbers(values: &[f32]) -> String {
    let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
    let norm = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    format!("{} {sum:.6e} {norm:.6e}", hash_of_floats(values))
}

/// Maker and instruction sets that bytes depend on.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(": "));
    let flags: Vec<&str> = field("flags").map(|(_, flags)| flags.split_whitespace().collect()).unwrap_or_default();
    let sets = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"].into_iter().filter(|set| flags.contains(set));
    let maker = field("vendor_id").map_or("unknown", |(_, maker)| maker);
    std::iter::once(maker).chain(sets).collect::<Vec<_>>().join(" ")
}

/// Whether bytes can be compared; says so where not.
pub fn same_processor(recorded: &[Line]) -> bool {
    let here = processor();
    let there = recorded.iter().find(|(name, _)| name == "processor").map(|(_, value)| value.clone()).unwrap();
    if here == there {
        return true;
    }
    let reason = format!("this is {here}, bytes of adapters are of {there}; sums and norms are compared");
    needs::skip("recorded_processor", &reason);
    false
}

/// Whether sums and norms agree, as shares of the norm. The steps of AdamW follow the sign of a gradient, which rounding turns
/// where the gradient is near 0: that leaves norms as they are, and moves sums by twice a step each time.
pub fn close(name: &str, value: &str, recorded: &str) -> bool {
    let numbers =
        |text: &str| text.split(' ').skip(1).map(|number| number.parse::<f64>().unwrap()).collect::<Vec<f64>>();
    let (value, recorded) = (numbers(value), numbers(recorded));
    let tolerance = if name.contains(" bf16 ") { 0.2 } else { 0.02 };
    let differences = [0, 1].map(|index| (value[index] - recorded[index]).abs() / recorded[1].max(f64::MIN_POSITIVE));
    differences[0] <= 1.0 && differences[1] <= tolerance
}
