"""Adapters and models go both ways between sweep and peft/transformers."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from sweeps import CASES, CLASSES, REFERENCE, Run, classifier, logits, tokenizer_of

# Single precision, summed in another order.
PROBABILITY_TOLERANCE = 1e-5
LOGIT_TOLERANCE = 2e-5

ADAPTERS = sorted(REFERENCE.glob("*/adapters/*")) + sorted(REFERENCE.glob("*/adapter_final"))
# What an error must name.
REFUSED = {"dora": "DoRA", "ia3": "IA3", "lora_bias": "lora_bias", "all_linear": "bert.pooler.dense"}


def adapter_name(folder):
    return str(folder.relative_to(REFERENCE))


def softmax(values):
    return torch.softmax(values, -1).numpy()


def load_with_peft(run):
    return PeftModel.from_pretrained(classifier(run.case.model), run.folder / "adapter")


def test_peft_loads_the_adapter_of_a_run_and_predicts_the_same(trained):
    assert len(trained.runs) == 2
    tokenizer = tokenizer_of(trained.case.model)
    for run in trained.runs:
        theirs = softmax(logits(load_with_peft(run), tokenizer, run.texts))
        np.testing.assert_allclose(run.probabilities, theirs, rtol=0, atol=PROBABILITY_TOLERANCE)
        np.testing.assert_array_equal(run.predictions.predicted, theirs.argmax(-1))


def test_the_adapter_of_a_run_is_trained(trained):
    for run in trained.runs:
        adapted = load_with_peft(run)
        changed = [parameter for name, parameter in adapted.named_parameters() if "lora_B" in name]
        modules_per_layer = len(trained.case.modules)
        assert len(changed) == modules_per_layer * adapted.config.num_hidden_layers
        assert all(parameter.abs().max() > 0 for parameter in changed)


def test_an_exported_model_is_the_run(trained, sweep, tmp_path):
    run = trained.runs[-1]
    sweep("export", run.folder, "--merged", tmp_path / "merged")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "merged")
    assert model.config.id2label == dict(enumerate(CLASSES))
    assert model.config.label2id == {name: index for index, name in enumerate(CLASSES)}
    tokenizer = tokenizer_of(tmp_path / "merged")
    assert tokenizer(run.texts)["input_ids"] == tokenizer_of(trained.case.model)(run.texts)["input_ids"]
    ours = logits(model, tokenizer, run.texts)
    theirs = logits(load_with_peft(run), tokenizer, run.texts)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LOGIT_TOLERANCE)
    np.testing.assert_allclose(run.probabilities, softmax(ours), rtol=0, atol=PROBABILITY_TOLERANCE)


def local_adapter(folder, target):
    """A copy of a committed adapter that names its base model by a path that holds anywhere."""
    target.mkdir()
    for file in folder.glob("adapter_*"):
        (target / file.name).write_bytes(file.read_bytes())
    config = json.loads((target / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(REFERENCE / folder.relative_to(REFERENCE).parts[0] / "model")
    (target / "adapter_config.json").write_text(json.dumps(config))
    return target


@pytest.mark.parametrize("folder", ADAPTERS, ids=adapter_name)
def test_sweep_predicts_with_an_adapter_of_peft(folder, sweep, tmp_path):
    reference = REFERENCE / folder.relative_to(REFERENCE).parts[0]
    batches = json.loads((reference / "batches.json").read_text())
    texts, max_length = batches["texts"][:8], batches["max_length"]
    adapter = local_adapter(folder, tmp_path / "adapter")
    printed = sweep(
        "predict", "--run", adapter, "--json", "--max-length", max_length, stdin="\n".join(texts) + "\n"
    )
    ours = [list(json.loads(line)["probabilities"].values()) for line in printed.splitlines()]
    model = PeftModel.from_pretrained(classifier(reference / "model"), adapter)
    theirs = softmax(logits(model, tokenizer_of(reference / "model"), texts, max_length))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=PROBABILITY_TOLERANCE)


# One of each way in which an adapter is more than plain LoRA and a head.
CONTINUED = ["all_bias", "lora_only_bias", "rank_pattern", "rslora_patterns", "modules_to_save"]


@pytest.mark.parametrize("name", CONTINUED)
def test_sweep_goes_on_from_an_adapter_of_peft_and_peft_loads_what_comes_of_it(name, sweep, tmp_path):
    case = replace(CASES[1], name=f"from-{name}", limit=100, test_size=20)
    started = json.loads(case.sweep_file())
    base = {key: value for key, value in started["base"].items() if key not in ["target_modules", "lora_alpha"]}
    base |= dict(model=str(REFERENCE / "bert/model"), init_adapter=str(REFERENCE / "bert/adapters" / name), epochs=1)
    (tmp_path / "sweep.yaml").write_text(json.dumps(dict(name=case.name, base=base)))
    sweep("run", tmp_path / "sweep.yaml", "--results", tmp_path / "results", "--devices", "cpu")
    [folder] = (tmp_path / "results" / case.name / "runs").iterdir()
    run = Run(folder, case)
    before = PeftModel.from_pretrained(classifier(REFERENCE / "bert/model"), base["init_adapter"])
    after = PeftModel.from_pretrained(classifier(REFERENCE / "bert/model"), folder / "adapter")
    tokenizer = tokenizer_of(REFERENCE / "bert/model")
    theirs = softmax(logits(after, tokenizer, run.texts))
    np.testing.assert_allclose(run.probabilities, theirs, rtol=0, atol=PROBABILITY_TOLERANCE)
    # Trained a little: near where it began, and not there.
    moved = np.abs(theirs - softmax(logits(before, tokenizer, run.texts))).max()
    assert 1e-4 < moved < 0.9
    assert (after.peft_config["default"].bias or "none") == before.peft_config["default"].bias


@pytest.mark.parametrize("folder", ADAPTERS[:4], ids=adapter_name)
def test_an_adapter_of_peft_is_exported_merged(folder, sweep, tmp_path):
    reference = REFERENCE / folder.relative_to(REFERENCE).parts[0]
    batches = json.loads((reference / "batches.json").read_text())
    adapter = local_adapter(folder, tmp_path / "adapter")
    sweep("export", adapter, "--merged", tmp_path / "merged")
    inputs = tokenizer_of(tmp_path / "merged"), batches["texts"][:8], batches["max_length"]
    ours = logits(AutoModelForSequenceClassification.from_pretrained(tmp_path / "merged"), *inputs)
    theirs = logits(PeftModel.from_pretrained(classifier(reference / "model"), adapter), *inputs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LOGIT_TOLERANCE)


@pytest.mark.parametrize("kind", REFUSED)
def test_an_adapter_of_another_kind_is_refused_by_name(kind, sweep, tmp_path):
    adapter = local_adapter(REFERENCE / "bert/refused" / kind, tmp_path / "adapter")
    done = sweep.run("predict", "--run", adapter, "--text", "Rates rise again.")
    assert done.returncode == 2, done.stderr
    assert REFUSED[kind] in done.stderr
    assert done.stdout == ""
