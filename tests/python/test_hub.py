"""What sweep downloads is what Python finds in the cache, and the other way round."""

import os
import subprocess
import sys
import threading

import pandas
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from huggingface_hub import scan_cache_dir, snapshot_download
from transformers import AutoModel, AutoTokenizer

import hub_server
from sweeps import CLASSES, NEWSWIRE, REFERENCE

SWEEP = """
name: from-the-hub
base:
  model: acme/{model}
  dataset: {{path: acme/newswire, limit: 120, eval: {{split: test}}}}
  target_modules: {{layers: all, modules: [query]}}
  max_length: 40
  rank: 2
  epochs: 1
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Serves two models and the corpus as `datasets` would push it: Parquet, with class names in its metadata."""
    folder = tmp_path_factory.mktemp("newswire")
    rows = pandas.read_csv(NEWSWIRE)[["text", "label"]].sample(frac=1, random_state=1)
    features = Features(text=Value("string"), label=ClassLabel(names=CLASSES))
    rows["label"] = rows.label.map(CLASSES.index)
    split = DatasetDict(
        train=Dataset.from_pandas(rows[:400], features=features, preserve_index=False),
        test=Dataset.from_pandas(rows[400:460], features=features, preserve_index=False),
    )
    (folder / "data").mkdir()
    for name, part in split.items():
        part.to_parquet(folder / f"data/{name}-00000-of-00001.parquet")
    models = {f"acme/{name}": REFERENCE / name / "model" for name in ["roberta", "xlm-roberta"]}
    models["acme/alone"] = REFERENCE / "bert/adapter_final"
    server = hub_server.server(models, {"acme/newswire": folder})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.endpoint
    server.shutdown()


def online(hub, home):
    return dict(HF_ENDPOINT=hub, HF_HOME=str(home), HF_HUB_OFFLINE="0")


@pytest.mark.parametrize("model", ["roberta", "xlm-roberta"])
def test_python_finds_what_sweep_downloaded(model, hub, sweep, tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP.format(model=model))
    home = tmp_path / "hf"
    printed = sweep("fetch", file, environment=online(hub, home))
    assert f"model acme/{model} in {home}" in printed
    cache = home / "hub"
    snapshot = snapshot_download(f"acme/{model}", cache_dir=cache, local_files_only=True)
    assert AutoModel.from_pretrained(snapshot).config.num_hidden_layers > 1
    assert AutoTokenizer.from_pretrained(snapshot)("Rates rise.")["input_ids"]
    report = scan_cache_dir(cache)
    assert {repo.repo_id for repo in report.repos} == {f"acme/{model}", "acme/newswire"}
    assert not report.warnings

    # And again from the cache alone.
    offline = dict(HF_HOME=str(home), HF_HUB_OFFLINE="1")
    sweep("run", file, "--results", tmp_path / "results", "--devices", "cpu", environment=offline)
    [run] = (tmp_path / "results/from-the-hub/runs").iterdir()
    predictions = pandas.read_csv(run / "predictions.csv")
    assert len(predictions) == 60
    assert list(predictions.columns[3:]) == [f"p_{name}" for name in CLASSES]


def test_an_adapter_comes_with_what_is_said_beside_it(hub, sweep, tmp_path):
    trained = tmp_path / "sweep.yaml"
    trained.write_text(SWEEP.format(model="roberta"))
    sweep("run", trained, "--results", tmp_path / "results", "--devices", "cpu", environment=online(hub, tmp_path / "hf"))
    exported = tmp_path / "exported"
    [run] = (tmp_path / "results/from-the-hub/runs").iterdir()
    sweep("export", run, "--adapter", exported, environment=online(hub, tmp_path / "hf"))
    server = hub_server.server({"acme/ad": exported, "acme/roberta": REFERENCE / "roberta/model"}, {})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = " ".join(["The bank raised its rate again."] * 9)
    try:
        for begun in ["by sweep", "by Python"]:
            home = tmp_path / begun
            if begun == "by Python":
                # The adapter alone is in the cache, as peft downloads it.
                download("acme/ad", "model", server.endpoint, home / "hub", allow_patterns=["adapter_*"])
            environment = online(server.endpoint, home)
            predict = ["predict", "--json", "--text", text, "--run"]
            by_name = sweep(*predict, "acme/ad", environment=environment)
            assert by_name == sweep(*predict, exported, environment=environment)
            assert all(f'"{name}":' in by_name for name in CLASSES)
            [snapshot] = (home / "hub/models--acme--ad/snapshots").iterdir()
            assert {"config.json", "tokenizer_config.json"} <= {path.name for path in snapshot.iterdir()}
            offline = dict(HF_HOME=str(home), HF_HUB_OFFLINE="1")
            assert sweep(*predict, "acme/ad", environment=offline) == by_name
            assert not scan_cache_dir(home / "hub").warnings
    finally:
        server.shutdown()


def test_what_an_adapter_lacks_is_asked_for_once(hub, sweep, tmp_path):
    home = tmp_path / "hf"
    predict = ["predict", "--run", "acme/alone", "--model", REFERENCE / "bert/model", "--json", "--text", "Rates rise."]
    first = sweep(*predict, environment=online(hub, home))
    [snapshot] = (home / "hub/models--acme--alone/snapshots").iterdir()
    absent = home / "hub/models--acme--alone/.no_exist" / snapshot.name
    assert {path.name for path in absent.iterdir()} == {"config.json", "tokenizer_config.json"}
    # No hub is there, and none is needed.
    assert sweep(*predict, environment=online("http://127.0.0.1:9", home)) == first


def test_sweep_finds_what_python_downloaded(hub, sweep, tmp_path):
    home = tmp_path / "hf"
    for name, kind in [("roberta", "model"), ("newswire", "dataset")]:
        download(f"acme/{name}", kind, hub, home / "hub")
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP.format(model="roberta"))
    offline = dict(HF_HOME=str(home), HF_HUB_OFFLINE="1")
    assert "1 run to train" in sweep("run", file, "--dry-run", environment=offline)


def download(name, kind, endpoint, cache, **options):
    """`snapshot_download`, in a process of its own: this one is offline for good."""
    options |= dict(repo_type=kind, cache_dir=str(cache))
    call = f"from huggingface_hub import snapshot_download as d; d({name!r}, **{options!r})"
    environment = os.environ | dict(HF_HUB_OFFLINE="0", HF_ENDPOINT=endpoint, HF_HUB_DISABLE_XET="1")
    subprocess.run([sys.executable, "-c", call], check=True, env=environment, capture_output=True, timeout=60)
