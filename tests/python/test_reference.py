"""The committed reference folders are what their script makes, and what peft computes now."""

import importlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from peft import PeftModel
from safetensors.numpy import load_file

from sweeps import REFERENCE, classifier, logits, tokenizer_of

OPTION_ADAPTERS = sorted(REFERENCE.glob("*/adapters/*")) + sorted(REFERENCE.glob("*/refused/*"))


def read(path):
    return json.loads(path.read_text())


@pytest.mark.parametrize("folder", OPTION_ADAPTERS, ids=lambda folder: str(folder.relative_to(REFERENCE)))
def test_peft_computes_the_committed_logits(folder):
    reference = REFERENCE / folder.relative_to(REFERENCE).parts[0]
    batches = read(reference / "batches.json")
    model = PeftModel.from_pretrained(classifier(reference / "model"), folder)
    tokenizer = tokenizer_of(reference / "model")
    computed = logits(model, tokenizer, batches["texts"][:8], batches["max_length"])
    np.testing.assert_allclose(computed, read(folder / "logits.json")["logits"], rtol=0, atol=1e-5)


def assert_same(made, committed):
    """Equal but for float rounding on another processor, and for where the folder is."""
    if committed.suffix == ".safetensors":
        made, committed = load_file(made), load_file(committed)
        assert made.keys() == committed.keys()
        for name, values in committed.items():
            np.testing.assert_allclose(made[name], values, rtol=0, atol=1e-5, err_msg=name)
    elif committed.name == "adapter_config.json":
        place = {"base_model_name_or_path": None}
        assert read(made) | place == read(committed) | place
    elif committed.suffix == ".json":
        assert_close(read(made), read(committed))
    else:
        assert made.read_bytes() == committed.read_bytes()


def assert_close(made, committed):
    """Numbers within a tolerance, at any depth; everything else equal."""
    if isinstance(committed, dict):
        assert made.keys() == committed.keys()
        for key in committed:
            assert_close(made[key], committed[key])
    elif isinstance(committed, list):
        assert len(made) == len(committed)
        for pair in zip(made, committed):
            assert_close(*pair)
    elif isinstance(committed, float):
        assert made == pytest.approx(committed, rel=1e-4, abs=1e-5)
    else:
        assert made == committed


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folders made again, where the same packages are installed."""
    versions = read(REFERENCE / "bert/batches.json")["versions"]
    other = [f"{package} {version(package)}" for package in versions if version(package) != versions[package]]
    if other:
        pytest.skip(f"the committed folders were made by other versions than {', '.join(other)}")
    folder = tmp_path_factory.mktemp("reference")
    script = [sys.executable, "-B", REFERENCE / "generate.py", "--out", folder]
    ended = subprocess.run(script, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize("name", ["roberta", "bert", "distilbert", "xlm-roberta"])
def test_the_script_makes_the_committed_folder(name, made):
    files = {path.relative_to(REFERENCE) for path in (REFERENCE / name).rglob("*") if path.is_file()}
    # Of another script: the test below.
    files.remove(Path(name) / "dropout.json")
    assert {path.relative_to(made) for path in (made / name).rglob("*") if path.is_file()} == files
    for path in sorted(files):
        assert_same(made / path, REFERENCE / path)


@pytest.mark.parametrize("name", ["roberta", "bert", "distilbert", "xlm-roberta"])
def test_hidden_dropout_makes_logits_vary_as_committed(name, monkeypatch):
    monkeypatch.syspath_prepend(REFERENCE)
    dropout = importlib.import_module("dropout")
    monkeypatch.setattr(dropout, "PASSES", 300)
    computed, committed = dropout.noise(REFERENCE / name, "hidden"), read(REFERENCE / name / "dropout.json")["hidden"]
    assert abs(computed["variance"] - committed["variance"]) < 4 * (computed["error"] + committed["error"])
