//! Files of other tools become sweep files, and what could not be carried over is said.

use std::path::Path;

use sweep::import::{Dialect, ImportError, Imported, import};
use sweep::spec::SweepFile;

fn read(text: &str) -> Imported {
    let imported = import(text, "theirs", None).unwrap();
    SweepFile::parse(&imported.text, Path::new("")).unwrap().check().unwrap_or_else(|error| panic!("{error}"));
    imported
}

#[track_caller]
fn has(imported: &Imported, lines: &[&str]) {
    for line in lines {
        assert!(imported.text.lines().any(|own| own == *line), "no line `{line}` in\n{}", imported.text);
    }
}

#[track_caller]
fn is_left_out(imported: &Imported, beginnings: &[&str]) {
    for beginning in beginnings {
        let found = imported.left_out.iter().any(|line| line.starts_with(beginning));
        assert!(found, "`{beginning}` is not left out: {:#?}", imported.left_out);
    }
    assert_eq!(imported.left_out.len(), beginnings.len(), "{:#?}", imported.left_out);
}

const WANDB: &str = "\
program: train.py
command: [python, train.py]
name: my sweep
method: bayes
metric: {name: eval/accuracy, goal: maximize}
run_cap: 30
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  model_name_or_path: {value: sentence-transformers/all-MiniLM-L6-v2}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-2}
  lora_r: {values: [4, 8, 16]}
  lora_dropout: {min: 0.0, max: 0.3}
  per_device_train_batch_size: {distribution: q_uniform, min: 8, max: 64, q: 8}
  num_train_epochs: {distribution: int_uniform, min: 2, max: 6}
  lr_scheduler_type: {values: [cosine, linear, polynomial], probabilities: [0.5, 0.3, 0.2]}
  weight_decay: {distribution: normal, mu: 0, sigma: 0.1}
  optimizer:
    parameters:
      warmup_ratio: {min: 0.0, max: 0.2}
      beta1: {value: 0.9}
  seed: {values: [1, 2, 3]}
";

#[test]
fn a_wandb_sweep() {
    let imported = read(WANDB);
    assert_eq!((imported.dialect, imported.recognised_by), (Dialect::Wandb, Some("it has `parameters`")));
    insta::assert_snapshot!(imported.text);
    is_left_out(
        &imported,
        &[
            "`program`: ",
            "`command`: ",
            "`lr_scheduler_type.probabilities`: ",
            "`weight_decay`: its values are spread as `normal`, which has no ends",
            "`lr_scheduler_type`: polynomial: ",
            "`optimizer.beta1`: no parameter of a run is called so",
        ],
    );
}

#[test]
fn a_grid_of_wandb_stays_a_grid() {
    let text = "\
method: grid
metric: {name: val_loss, goal: minimize}
parameters:
  learning_rate: {values: ['1e-4', 3e-4]}
  rank: {distribution: int_uniform, min: 2, max: 4}
  lora_dropout: {min: 0.0, max: 0.3}
  batch_size: 16
";
    let imported = read(text);
    has(&imported, &["base:", "  batch_size: 16", "grid:", "  rank: [2, 3, 4]"]);
    assert!(!imported.text.contains("search:"));
    // A text is no number, wherever it comes from.
    is_left_out(&imported, &["`learning_rate`: \"1e-4\": ", "`lora_dropout`: a grid needs", "the metric `val_loss`: "]);
    has(&imported, &["  learning_rate: 0.0003"]);
}

#[test]
fn brackets_of_wandb_are_rungs_of_epochs() {
    let text = "\
method: random
run_cap: 5
early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3}
parameters: {lr: {distribution: log_uniform, min: -9.21, max: -4.6}, epochs: {value: 9}}
";
    let imported = read(text);
    has(
        &imported,
        &["  method: random", "  samples: 5", "  stop: {method: asha, min_resource: 3, reduction_factor: 3}"],
    );
    let line = imported.text.lines().find(|line| line.contains("log_uniform")).unwrap();
    assert!(line.contains("0.0001000") || line.contains("9.99"), "{line}");
}

#[test]
fn a_command_line_of_hydra() {
    let text = "python train.py -m 'lr=choice(1e-4, 1e-3)' model.lora_r=4,8 +num_epochs=range(2,5) seed=1,2 \\\n  hydra.launcher.n_jobs=4 path=glob(*)\n";
    let imported = read(text);
    assert_eq!(imported.dialect, Dialect::Hydra);
    has(
        &imported,
        &[
            "seeds: [1, 2]",
            "grid:",
            "  learning_rate: [0.0001, 0.001]  # lr",
            "  rank: [4, 8]  # model.lora_r",
            "  epochs: [2, 3, 4]  # num_epochs",
        ],
    );
    is_left_out(&imported, &["`hydra.launcher.n_jobs=4`", "`path=glob(*)`", "`python train.py`"]);
}

#[test]
fn prefixes_of_hydras_overrides() {
    let imported = read("python train.py -m lr=1e-4,1e-3 +epochs=3 ++batch_size=8,16 ~rank=32 ~optimizer");
    has(&imported, &["  epochs: 3", "  learning_rate: [0.0001, 0.001]  # lr", "  batch_size: [8, 16]"]);
    assert!(!imported.text.contains("  rank:"), "{}", imported.text);
    is_left_out(&imported, &["`~rank=32`: it deletes", "`~optimizer`: it deletes", "`python train.py`: "]);
    let imported = read("hydra: {sweeper: {params: {lr: '1e-4,1e-3', ~rank: 32}}}\nbatch_size: 8");
    is_left_out(&imported, &["`~rank=32`: it deletes"]);
}

#[test]
fn a_configuration_of_hydra_with_optuna() {
    let text = "\
defaults:
  - override hydra/sweeper: optuna
hydra:
  sweeper:
    sampler: {_target_: optuna.samplers.TPESampler, seed: 7}
    direction: minimize
    n_trials: 20
    params:
      lr: tag(log, interval(1e-5, 1e-2))
      lora.r: int(interval(2, 64))
      lora.dropout: range(0, 0.3, 0.1)
      weight_decay: 0.01
lora: {r: 8, alpha: 16}
";
    let imported = read(text);
    has(
        &imported,
        &[
            "  lora_alpha: 16  # lora.alpha",
            "  weight_decay: 0.01",
            "  method: tpe",
            "  samples: 20",
            "  seed: 7",
            "    learning_rate: {log_uniform: [1e-5, 0.01]}  # lr",
            "    rank: {int: [2, 64]}  # lora.r",
        ],
    );
    let remaining = read("hydra: {sweeper: {params: {lr: '1e-4,1e-3'}}}\nbatch_size: 8\nepochs: 2");
    assert!(remaining.text.contains("base:\n  batch_size: 8\n  epochs: 2\n"), "in their order: {}", remaining.text);
    assert!(!imported.text.contains("rank: 8"), "an override stands: {}", imported.text);
    is_left_out(&imported, &["`lora.dropout`: no parameter", "the goal to minimize: "]);
}

#[test]
fn distributions_of_optuna() {
    let text = r#"{
      "lr": {"type": "float", "low": 1e-5, "high": 1e-2, "log": true},
      "rank": {"type": "int", "low": 4, "high": 64, "step": 4},
      "lora_alpha": {"name": "CategoricalDistribution", "attributes": {"choices": [8, 16]}},
      "warmup_ratio": "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 0.3, \"step\": 0.1, \"log\": false}}",
      "epochs": {"type": "complex"}
    }"#;
    let imported = read(text);
    has(
        &imported,
        &[
            "  method: tpe",
            "  samples: 40",
            "    learning_rate: {log_uniform: [1e-5, 0.01]}  # lr",
            "    rank: {quantized: [4, 64, 4]}",
            "    lora_alpha: [8, 16]",
            "    warmup_ratio: {quantized: [0, 0.3, 0.1]}",
        ],
    );
    is_left_out(&imported, &["`epochs`: "]);
    assert!(imported.remarks.iter().any(|line| line.contains("40 is a guess")), "{:?}", imported.remarks);
}

#[test]
fn a_journal_of_optuna() {
    let text = r#"{"op_code":0,"worker_id":"a","study_name":"s","directions":[1]}
{"op_code":3,"worker_id":"a","study_id":0,"system_attr":{"study:metric_names":["eval_loss"]}}
{"op_code":4,"worker_id":"a","study_id":0,"datetime_start":"2026-01-01T00:00:00"}
{"op_code":5,"worker_id":"a","trial_id":0,"param_name":"rank","param_value_internal":4.0,"distribution":"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": true, \"step\": 1, \"low\": 2, \"high\": 64}}"}
{"op_code":4,"worker_id":"a","study_id":0,"datetime_start":"2026-01-01T00:00:00"}
{"op_code":6,"worker_id":"a","tri"#;
    let imported = read(text);
    has(&imported, &["name: \"s\"", "  samples: 2", "  metric: eval_loss", "    rank: {log_int: [2, 64]}"]);
    is_left_out(&imported, &["where `rank` applies: 1 of 2 trials have it there", "the results of 2 trials"]);
}

#[test]
fn what_a_run_does_not_take_is_left_out_with_the_reason() {
    let imported = read("method: random\nparameters: {lr: {min: 0, max: 3}, rank: {values: [0, 8]}}");
    is_left_out(&imported, &["`lr`: {int: [0, 3]}: ", "`rank`: 0: "]);
    has(&imported, &["  rank: 8"]);
}

#[test]
fn what_is_no_such_file_is_refused() {
    let refused = |text: &str| import(text, "theirs", None).unwrap_err();
    assert!(matches!(refused(" \n"), ImportError::Empty));
    assert!(matches!(refused("a: 1"), ImportError::Unknown));
    assert!(matches!(refused("some words"), ImportError::Unknown));
    let nothing = refused("parameters: {x: {value: 1}}");
    assert!(nothing.to_string().contains("`x`: no parameter"), "{nothing}");
    let error = import("a: 1", "theirs", Some(Dialect::Wandb)).unwrap_err();
    assert!(error.to_string().contains("lacks `parameters`"), "{error}");
    assert!(matches!(import("a: [1", "theirs", Some(Dialect::Wandb)), Err(ImportError::Yaml(_))));
}
