//! What users read when a file is wrong.

use std::path::Path;

use sweep::spec::{SpecErrors, SweepFile};

use crate::support::{FakeFacts, problems, sweep};

/// One of every kind of mistake.
const BAD: &str = "\
name: my sweep
descripton: a sweep with every mistake
epochs: 4
base:
  model: FacebookAI/roberta-base
  rank: 0
  rank: 8
  lora_droput: 0.1
  lr: 1e-4
  epochs: eight
  batch_size: 16.5
  warmup_ratio: 1.5
  learning_rate: .nan
  lr_scheduler: cosin
  hidden_dropout: 1
  seed: -1
  classifier_dropout: none
  dataset:
    path: data.csv
    limt: 100
    eval: {split: test, seed: 1}
  target_modules:
    - {layers: [0, 12], modules: [query]}
    - {layers: \"3-1\", modules: [querry]}
    - {layer: 3, modules: []}
    - roberta.encoder.layer.0.attention.self.querry
ablate:
  lora_dropuot: [0.1]
  lora_dropout: [0.1, '0.2', 2]
  epochs: 8
  max_grad_norm: []
  dropout:
    - {hidden_dropout: 0.1, atention_dropout: 0.1}
    - {name: 'a, b', hidden_dropout: 0.2}
  target_modules:
    - {layers: [12], modules: [query]}
    - bert.encoder.layer.0.attention.self.query
    - query
    - [roberta.encoder.layer.12.output.dense, roberta.encoder.layer.0.output.dens, pooler.dense]
grid:
  weight_decay: [0, 0.1]
zip:
  weight_decay: [0, 0.1]
  max_length: [64, 128, 256]
runs:
  - {epochs: 3, name: }
  - [3]
exclude:
  - {rnk: 4}
  - {rank: {lte: 4}}
  - {lr_scheduler: {lt: 4}}
  - {}
seeds: [1, two]
hypotheses:
  - {id: a, claim: c, vary: lora_dropout, metric: acuracy, expect: lower}
  - {id: b, claim: c, vary: weight_decay, metric: accuracy, expect: equivalent}
  - {id: b, claim: c, vary: weight_decay, values: [0.5], metric: accuracy, expect: bigger}
  - {id: c, claim: c, vary: weight_decay, metric: accuracy, expect: lower}
  - {id: d, claim: c, vary: weight_decay, metric: accuracy, expect: not_lower}
  - {id: e, claim: c, vary: weight_decay, values: [0.5], metric: accuracy, expect: lower}
  - {id: f, claim: c, vary: weight_dekay, metric: accuracy, expect: lower, margin: -1}
  - {claim: c}
reference:
  - {source: paper, metric: accuracy, value: 92.8}
  - {source: paper, metric: acc, value: 0.5, epoch: 0}
1: 2
";

#[test]
fn every_problem_of_a_very_bad_file() {
    insta::assert_snapshot!(problems(BAD));
}

/// What can only be found when everything else is right.
#[test]
fn problems_of_the_expansion() {
    let text = "\
base: {model: FacebookAI/roberta-large}
ablate:
  dataset:
    - {path: data.csv, limit: 500}
    - missing.csv
  model: [sentence-transformers/all-MiniLM-L6-v2]
";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn syntax_errors_give_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.yaml");
    std::fs::write(&path, "base:\n  rank: [1, 2\n  epochs: 3\n").unwrap();
    let message = SweepFile::read(&path).unwrap_err().to_string();
    assert!(message.contains("broken.yaml:3:9: "), "{message}");
    for (text, expected) in
        [("a: !x b\n", "tags"), ("a: *b\n", "unknown anchor"), ("--- a\n--- b\n", "more than one document")]
    {
        let error = SweepFile::parse(text, Path::new("")).unwrap_err();
        assert!(matches!(error, SpecErrors::Syntax { .. }), "{text}: {error}");
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
}

#[test]
fn unreadable_files_say_which() {
    let message = SweepFile::read(Path::new("no/such.yaml")).unwrap_err().to_string();
    assert!(message.starts_with("no/such.yaml: cannot read the sweep file: "), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.yaml");
    std::fs::write(&path, b"name: caf\xe9\n").unwrap();
    let message = SweepFile::read(&path).unwrap_err().to_string();
    assert!(message.ends_with("latin.yaml:1:10: the byte 0xE9 is not UTF-8; save the file as UTF-8"), "{message}");
}

#[test]
fn a_file_that_is_no_mapping() {
    for text in ["- a\n", "just text\n", "3\n"] {
        assert!(problems(text).contains("must be a mapping with the sections of a sweep file"), "{text}");
    }
}

#[test]
fn a_layer_beyond_the_model_is_told_with_its_place() {
    let file = "ablate:\n  target_modules:\n    - {layers: all, modules: [query]}\n    - {layers: [11, 12], modules: [query]}\n";
    let errors = crate::support::try_sweep(file).unwrap_err();
    let [problem] = errors.problems() else { panic!("{errors}") };
    assert_eq!(problem.path, "ablate.target_modules[1]");
    assert_eq!(problem.line, Some(4));
    assert_eq!(problem.message, "there is no layer 12: `FacebookAI/roberta-base` has 12 layers, counted from 0 to 11");
}

#[test]
fn the_default_targets_do_not_fit_every_model() {
    let text = "base: {model: sentence-transformers/all-MiniLM-L6-v2}";
    assert!(problems(text).contains("base.target_modules (the default, for 12 layers): there is no layer 10"));
}

/// A combination that is left out need not be possible.
#[test]
fn excluded_combinations_may_be_impossible() {
    let text = "\
grid:
  model: [FacebookAI/roberta-base, sentence-transformers/all-MiniLM-L6-v2]
  target_modules: [[{layers: [11], modules: query}], [{layers: [5], modules: query}]]
exclude: [{model: sentence-transformers/all-MiniLM-L6-v2, target_modules: [{layers: [11], modules: query}]}]
";
    assert_eq!(sweep(text).runs.len(), 3);
}

/// What is damaged stands at its default while the rest is checked; nothing is said of that.
#[test]
fn damage_makes_no_further_problems() {
    let text = "\
base:
  model: sentence-transformers/all-MiniLM-L6-v2
  target_modules: [{layers: [0], modules: [querry]}]
  dataset: {path: missing.csv, limit: x}
ablate: {rank: [x], epochs: [x]}
hypotheses: [{id: a, claim: c, vary: rank, values: [4], metric: accuracy, expect: lower}]
";
    let errors = crate::support::try_sweep(text).unwrap_err();
    let paths: Vec<&str> = errors.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        ["base.target_modules[0].modules[0]", "base.dataset.limit", "ablate.rank[0]", "ablate.epochs[0]"]
    );
}

#[test]
fn an_empty_file() {
    for text in ["", "# nothing but a comment\n", "---\n"] {
        assert!(problems(text).contains("the file is empty"), "{text}");
    }
}

#[test]
fn a_missing_model_is_told_once() {
    let file = SweepFile::parse("base: {model: nowhere}\ngrid: {rank: [1, 2, 3]}\n", Path::new("")).unwrap();
    let errors = file.resolve(&FakeFacts::default()).unwrap_err();
    assert_eq!(errors.to_string(), "sweep file: 1 problem\n  line 1, base.model: model `nowhere` is not here");
}
