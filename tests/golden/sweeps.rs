//! Ids of the runs of every shipped sweep, as its dry run lists them, and of sweeps with every optional field; digests of their
//! data.

use std::path::Path;

use assert_cmd::Command;
use sweep::data::digest_of_files;
use sweep::spec::{DatasetSpec, Evaluation, HeldOut};

use super::Line;

/// Each a run that has what the others leave out.
const OPTIONAL: [(&str, &str); 12] = [
    ("evaluation file", "dataset: {path: rows.csv, eval: others.csv}"),
    ("evaluation split", "dataset: {path: splits, eval: {split: test}}"),
    ("share held out", "dataset: {path: rows.csv, eval: {test_size: 0.25, seed: 3}}"),
    ("test held out", "dataset: {path: rows.csv, eval: {test_size: 9, seed: 3}, test: {test_size: 8, seed: 4}}"),
    ("test file", "dataset: {path: rows.csv, eval: {test_size: 9, seed: 3}, test: others.csv}"),
    ("test split", "dataset: {path: splits, eval: {test_size: 9, seed: 3}, test: {split: test}}"),
    (
        "columns and limit",
        "dataset: {path: rows.csv, text: [text, label], label: label, limit: 40, eval: {test_size: 9, seed: 3}}",
    ),
    (
        "reading",
        "dataset: {path: plain.csv, header: true, quoting: none, separator: ';', missing_label: drop, eval: {test_size: 9, seed: 3}}",
    ),
    ("labels kept", "dataset: {path: rows.csv, quoting: minimal, missing_label: keep, eval: {test_size: 9, seed: 3}}"),
    ("adapter to begin with", "dataset: {path: rows.csv, eval: {test_size: 9, seed: 3}}, init_adapter: ADAPTER"),
    (
        "seeds of sources",
        "dataset: {path: rows.csv, eval: {test_size: 9, seed: 3}}, init_seed: 5, dropout_seed: 6, order_seed: 7, split_seed: 8",
    ),
    (
        "all numbers",
        "dataset: {path: rows.csv, eval: {test_size: 9, seed: 3}}, max_length: 30, rank: 3, lora_alpha: 5, lora_dropout: 0.15, \
         hidden_dropout: 0.25, attention_dropout: 0.35, classifier_dropout: 0.45, extra_dropout: 0.05, learning_rate: 1e-4, \
         weight_decay: 0.2, lr_scheduler: linear, warmup_ratio: 0.3, batch_size: 7, eval_batch_size: 9, \
         gradient_accumulation_steps: 3, max_grad_norm: 2, epochs: 4, precision: tf32, metric_for_best: f1",
    ),
];

pub fn lines() -> Vec<Line> {
    let mut lines = shipped();
    lines.extend(digests());
    lines.extend(optional());
    lines
}

/// Of the data of the shipped sweep that is shipped itself; that of the others is the hub's, and this corpus in a rehearsal.
fn digests() -> Vec<Line> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
    let parts = [
        ("as in quickstart.yaml", Evaluation::HeldOut { size: HeldOut::Fraction(0.3), seed: 42 }, None),
        ("640 held out", Evaluation::HeldOut { size: HeldOut::Examples(640), seed: 42 }, None),
        (
            "with a test",
            Evaluation::HeldOut { size: HeldOut::Fraction(0.3), seed: 42 },
            Some(Evaluation::HeldOut { size: HeldOut::Examples(100), seed: 1 }),
        ),
    ];
    let line = |(name, evaluation, test)| {
        let spec = DatasetSpec { evaluation, test, ..DatasetSpec::at("newswire.csv") };
        (format!("digest of newswire.csv, {name}"), digest_of_files(&spec, &corpus).unwrap())
    };
    parts.map(line).into()
}

/// Ids of runs with what is optional.
fn optional() -> Vec<Line> {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bert = root.join("tests/fixtures/reference/bert");
    let corpus = std::fs::read_to_string(root.join("sweeps/data/newswire.csv")).unwrap();
    let lines: Vec<&str> = corpus.lines().collect();
    let table = |rows: &[&str]| [&lines[..1], rows].concat().join("\n") + "\n";
    let (rows, others) = (table(&lines[1..81]), table(&lines[81..121]));
    let plain = (0..40).map(|row| format!("row {row} of class {};{}\n", row % 4, row % 4)).collect::<String>();
    let plain = format!("text;label\n{plain}");
    std::fs::create_dir(folder.path().join("splits")).unwrap();
    for (file, text) in [
        ("rows.csv", &rows),
        ("others.csv", &others),
        ("plain.csv", &plain),
        ("splits/train.csv", &rows),
        ("splits/test.csv", &others),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let line = |(name, base): (&str, &str)| {
        let base = base.replace("ADAPTER", bert.join("adapter_init").to_str().unwrap());
        let length = if base.contains("max_length") { "" } else { "max_length: 40, " };
        let text = format!("name: optional\nbase: {{model: {}, {length}{base}}}\n", bert.join("model").display());
        std::fs::write(folder.path().join("optional.yaml"), text).unwrap();
        let targets = "target_modules={layers: [1], modules: [query]}";
        let set: &[&str] = if name == "adapter to begin with" { &[] } else { &["--set", targets] };
        let ids = ids(&folder.path().join("optional.yaml"), set);
        assert_eq!(ids.len(), 1, "{name}");
        (format!("id with {name}"), ids.concat())
    };
    OPTIONAL.map(line).into()
}

/// Of each shipped sweep the ids of its runs.
fn shipped() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let mut lines = Vec::new();
    // The others read what cannot be had everywhere; in a rehearsal all of them are of the embedded model and corpus.
    for (file, options) in [
        ("quickstart.yaml", &[][..]),
        ("quickstart.yaml", &["--set", "init_seed=3", "--set", "dropout_seed=4", "--set", "order_seed=seed + 1"]),
        (
            "quickstart.yaml",
            &["--set", "metric_for_best=eval_loss", "--set", "precision=bf16", "--set", "extra_dropout=0.1"],
        ),
        ("ablation.yaml", &["--rehearse"]),
        ("ablation-settled.yaml", &["--rehearse"]),
    ] {
        let ids = ids(&folder.join(file), options);
        assert!(ids.len() > 5, "{file}");
        lines.push((format!("ids of {}", [&[file], options].concat().join(" ")), ids.join(" ")));
    }
    lines
}

/// The ids of a sweep file's runs, as a dry run lists them.
fn ids(file: &Path, options: &[&str]) -> Vec<String> {
    let mut command = Command::cargo_bin("sweep").unwrap();
    command.arg("run").arg(file).args(options).args(["--dry-run", "--devices", "cpu"]);
    let output = command.env("HF_HUB_OFFLINE", "1").env("NO_COLOR", "1").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{} {options:?}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    let is_id = |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    shown.lines().filter_map(|line| line.split_whitespace().find(is_id)).map(str::to_owned).collect()
}
