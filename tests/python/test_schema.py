"""The JSON Schema of sweep files, with the real `jsonschema`: what the reader takes is valid, and what is wrong is not."""

import json
import re
from pathlib import Path

import pytest

jsonschema = pytest.importorskip("jsonschema", reason="SKIPPED: jsonschema is not installed (`make test-python` installs it)")
yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """YAML 1.2's numbers, as the program and editors have them: `3e-5` is one."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def load(text):
    return yaml.load(text, Loader)


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((ROOT / "docs/sweep.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_program_prints_the_committed_schema(sweep):
    assert sweep("schema") == (ROOT / "docs/sweep.schema.json").read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "sweeps").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_files_are_valid(validator, path):
    assert [error.message for error in validator.iter_errors(load(path.read_text()))] == []


EVERYTHING = """
name: all
description: Everything that a file may say.
extends: [one.yaml, two.yaml]
base: &base
  model: ./model
  dataset:
    path: a.csv
    split: train
    text: [title, body]
    label: topic
    limit: 1e3
    eval: {test_size: 0.2, seed: 1}
    test: {split: test}
    header: false
    quoting: none
    separator: tab
    missing_label: drop
  dataset.limit: 8.0
  target_modules: [full.name, {layers: [0, "2-3"], modules: all}, {layers: all, modules: [query, output.dense]}]
  init_adapter: null
  classifier_dropout: null
  init_seed: seed + 1000
  split_seed: 7
  early_stopping: {patience: 2, min_delta: 0.001}
ablate:
  epochs: [6, 8]
  dropout: [{hidden_dropout: 0.1, attention_dropout: 0.1}, {name: high, hidden_dropout: 0.5}]
  plain: {weight_decay: 0, <<: {lr_scheduler: linear}}
grid:
  dataset: [a.csv, {path: b.csv, eval: c.csv}]
  model: [one, two]
zip: {rank: [4, 8], lora_alpha: [8, 16]}
runs: [{name: mine, rank: 64}, {}]
exclude:
  - {rank: 16, epochs: {gt: 8, ne: [9, 10]}, lr_scheduler: {ne: cosine}, dataset.text: [title]}
seeds: [1, 18446744073709551615]
looks: [3, 5]
hypotheses:
  - {id: a, claim: A., vary: rank, values: [8], baseline: base, metric: accuracy@3, expect: equivalent, margin: 0.01}
  - {id: b, claim: B., vary: plain, metric: 'epochs_to(accuracy, 0.9)', expect: lower}
observations:
  - {id: c, claim: C., configuration: base, observe: 'rise(accuracy, 1, last)', against: 0.1, expect: higher}
  - {id: d, claim: D., observe: class_bias, against: 'spread(accuracy, f1)', expect: not_higher, margin: 0.1}
reference: [{source: paper, metric: total_parameters, value: 125, epoch: 2}]
search:
  method: tpe
  samples: 40
  batch: 4
  seed: 3
  metric: eval_loss
  goal: minimize
  budget: {tokens: 2e6}
  confirm: {top: 2}
  stop: {method: median, n_warmup_steps: 0}
  initial: [{learning_rate: 1e-3, change: high}]
  space:
    learning_rate: {log_uniform: [1e-5, 1e-2]}
    rank: {quantized: [2, 64, 2], when: {lr_scheduler: cosine}}
    lora_alpha: {int: [8, 64]}
    lr_scheduler: [cosine, constant]
    model: {choice: [a, b]}
    change: {choice: [{name: high, hidden_dropout: 0.5}, {name: low, hidden_dropout: 0.1}]}
grid2:
"""


def test_all_that_may_be_said_is_valid(validator):
    file = load(EVERYTHING)
    del file["grid2"]
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(file)] == []
    for empty in ["base:", "grid:\nname: x", "search:", "base: {}"]:
        assert validator.is_valid(load(empty)), empty


WRONG = [
    "rank: 16",
    "base: {rnak: 16}",
    "base: {rank: 0}",
    "base: {rank: 8.5}",
    "base: {rank: '8'}",
    "base: {rank: [8]}",
    "base: {lora_dropout: 1}",
    "base: {learning_rate: 0}",
    "base: {weight_decay: 2}",
    "base: {lr_scheduler: cosinus}",
    "base: {precision: fp16}",
    "base: {seed: -1}",
    "base: {init_seed: seed - 1}",
    "base: {model: ''}",
    "base: {model: null}",
    "base: {metric_for_best: acuracy}",
    "base: {dataset: {limit: 3}}",
    "base: {dataset: {path: a, evaluation: b}}",
    "base: {dataset: {path: a, eval: {split: test, test_size: 3}}}",
    "base: {dataset: {path: a, eval: {split: test, seed: 3}}}",
    "base: {dataset: {path: a, eval: {seed: 3}}}",
    "base: {dataset: {path: a, eval: {test_size: 0.0}}}",
    "base: {dataset: {path: a, separator: ab}}",
    "base: {dataset: {path: a, header: 'yes'}}",
    "base: {target_modules: []}",
    "base: {target_modules: {layers: all}}",
    "base: {target_modules: {layers: all, modules: [q_proj]}}",
    "base: {target_modules: {layers: first, modules: all}}",
    "base: {early_stopping: {min_delta: 0.1}}",
    "base: {early_stopping: 3}",
    "grid: {rank: 8}",
    "grid: {rank: []}",
    "grid: {rnak: [8]}",
    "grid: {rank: [8, nine]}",
    "grid: {mine: [{name: only}]}",
    "grid: {mine: {}}",
    "zip: {mine: [{rank: 8}]}",
    "runs: {rank: 8}",
    "runs: [{rank: [8]}]",
    "exclude: [{}]",
    "exclude: [{rank: {above: 8}}]",
    "exclude: [{lr_scheduler: {gt: 8}}]",
    "exclude: {rank: 8}",
    "seeds: []",
    "seeds: 42",
    "seeds: [1.5]",
    "looks: [1]",
    "name: a/b",
    "extends: 8",
    "extends: []",
    "name: 3",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: acuracy, expect: lower}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy@0, expect: lower}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy, expect: less}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy, expect: equivalent}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy, expect: equivalent, margin: 0}]",
    "hypotheses: [{id: a, claim: A., vary: rank, metric: accuracy, expect: lower, margin: -1}]",
    "observations: [{id: a, claim: A., observe: rise(accuracy), against: 1, expect: lower}]",
    "observations: [{id: a, claim: A., observe: accuracy, against: 1, expect: not_lower}]",
    "reference: [{source: a, metric: speed, value: 1}]",
    "search: {method: tpe, samples: 3}",
    "search: {method: grid, samples: 3, space: {rank: [1]}}",
    "search: {method: tpe, samples: 0, space: {rank: [1]}}",
    "search: {method: tpe, samples: 3, space: {}}",
    "search: {method: tpe, samples: 3, space: {seed: [1, 2]}}",
    "search: {method: tpe, samples: 3, space: {rank: {uniform: [1, 2]}}}",
    "search: {method: tpe, samples: 3, space: {rank: {int: [1, 2, 3]}}}",
    "search: {method: tpe, samples: 3, space: {rank: {int: [1, 2], choice: [3]}}}",
    "search: {method: tpe, samples: 3, space: {max_length: {int: [8, 16]}}}",
    "search: {method: tpe, samples: 3, space: {rank: {when: {epochs: 3}}}}",
    "search: {method: tpe, samples: 3, space: {rank: [1]}, confirm: true}",
    "search: {method: tpe, samples: 3, space: {rank: [1]}, stop: {method: asha, interval_steps: 2}}",
    "search: {method: tpe, samples: 3, space: {rank: [1]}, goal: max}",
    "[]",
    "text",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_not_valid(validator, text):
    assert not validator.is_valid(load(text))


def test_the_reader_refuses_the_same(sweep):
    """What the schema finds wrong the program finds wrong, too: the schema is no narrower than the reader."""
    for number, text in enumerate(WRONG):
        file = sweep.folder / f"wrong{number}.yaml"
        file.write_text(text)
        done = sweep.run("run", file, "--dry-run")
        assert done.returncode == 2, f"{text}: {done.stdout}"


def test_every_key_is_described(validator):
    """What an editor shows: each key of each section says what it means."""
    properties = validator.schema["properties"]
    assert all(said["description"].endswith(".") for said in properties.values())
    definitions = validator.schema["definitions"]
    assert "LoRA rank" in definitions["rank"]["description"]
    assert definitions["learning_rate"]["default"] == 3e-5
    assert not any("](" in json.dumps(said) for said in definitions.values())
