"""What `sweep export --push` puts into a hub is what the real client puts there and gets from it; model cards say what was done."""

import json
import os
import subprocess
import sys
import threading

import pandas
import pytest
import torch
from huggingface_hub import ModelCard
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

import hub_server
from sweeps import CLASSES, MAX_LENGTH, Case, Program, classifier, logits, tokenizer_of, train

CASE = Case("bert", ("query", "value"), limit=80, test_size=24, split_seed=3)
TOKEN = "hf_" + "a" * 30


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """In a folder of its own."""
    return Program(tmp_path_factory.mktemp("push"))


@pytest.fixture(scope="module")
def run(sweep):
    """A run of a very small sweep."""
    return train(sweep, CASE).runs[0]


@pytest.fixture
def hub(tmp_path):
    server = hub_server.server({}, {}, writable=tmp_path / "hub", token=TOKEN)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def online(hub, home, token=TOKEN):
    return dict(HF_ENDPOINT=hub.endpoint, HF_HOME=str(home), HF_HUB_OFFLINE="0", HF_TOKEN=token)


def client(hub, home, call):
    """A call of the real client, in a process of its own: this one is offline for good."""
    environment = os.environ | online(hub, home) | dict(HF_HUB_DISABLE_XET="1")
    code = f"from huggingface_hub import HfApi; api = HfApi(); print({call})"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_merged_model_is_what_the_client_gets(sweep, run, hub, tmp_path):
    printed = sweep("export", run.folder, "--merged", "--push", "acme/news", environment=online(hub, tmp_path))
    assert f"as a merged model in {hub.endpoint}/acme/news" in printed and "new private repository" in printed
    assert hub.private == {"acme/news": True}
    # In parts: the weights are larger than one.
    assert any(part > 1 for _, part in hub.parts)
    folder = client(hub, tmp_path / "client", "api.snapshot_download('acme/news')")
    own = tmp_path / "own"
    sweep("export", run.folder, "--merged", own)
    assert {file.name: file.read_bytes() for file in own.iterdir()} == {
        name: open(f"{folder}/{name}", "rb").read() for name in os.listdir(folder)
    }
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    given = logits(model, tokenizer_of(folder), run.texts[:16]).softmax(-1)
    assert torch.allclose(given, torch.tensor(run.probabilities[:16], dtype=given.dtype), atol=1e-4)


def test_an_adapter_into_a_repository_that_is_there(sweep, run, hub, tmp_path):
    (tmp_path / "readme").mkdir()
    (tmp_path / "readme/NOTES.md").write_text("ours")
    client(hub, tmp_path / "client", "api.create_repo('acme/adapter', private=False)")
    client(hub, tmp_path / "client", f"api.upload_folder(repo_id='acme/adapter', folder_path={str(tmp_path / 'readme')!r})")
    printed = sweep("export", run.folder, "--adapter", "--push", "acme/adapter", environment=online(hub, tmp_path))
    assert "new" not in printed and hub.private == {"acme/adapter": False}
    folder = client(hub, tmp_path / "client", "api.snapshot_download('acme/adapter')")
    assert "NOTES.md" in os.listdir(folder)
    model = PeftModel.from_pretrained(classifier(run.case.model), folder)
    given = logits(model, tokenizer_of(folder), run.texts[:16]).softmax(-1)
    assert torch.allclose(given, torch.tensor(run.probabilities[:16], dtype=given.dtype), atol=1e-4)


def test_our_push_and_the_clients_give_the_same_repository(sweep, run, hub, tmp_path):
    own = tmp_path / "own"
    sweep("export", run.folder, "--merged", own, "--push", "acme/ours", "--public", environment=online(hub, tmp_path))
    client(hub, tmp_path / "client", "api.create_repo('acme/theirs')")
    client(hub, tmp_path / "client", f"api.upload_folder(repo_id='acme/theirs', folder_path={str(own)!r})")
    ours, theirs = (hub.repositories[f"models/acme/{name}"] for name in ["ours", "theirs"])
    assert ours.digests == {name: digest for name, digest in theirs.digests.items() if name != ".gitattributes"}


def test_what_keeps_a_push_from_being_done(sweep, run, hub, tmp_path):
    export = lambda *options, **variables: sweep.run(
        "export", run.folder, *options, environment=online(hub, tmp_path) | variables
    )
    for options, variables, code, words in [
        (["--merged", "--push", "acme/x"], dict(HF_TOKEN=""), 2, "without a token that may write"),
        (["--merged", "--push", "acme/x"], dict(HF_TOKEN="hf_wrong"), 1, "the token may not write there"),
        (["--merged", "--push", "stranger/x"], {}, 1, "the token may not write there"),
        (["--merged", "--push", "acme/x"], dict(HF_HUB_OFFLINE="1"), 2, "HF_HUB_OFFLINE is set"),
        (["--merged", "--push", "x"], {}, 2, "is no name of a repository"),
        (["--merged", "--adapter", "--push", "acme/x"], {}, 2, "one thing into a repository"),
        (["--merged"], {}, 2, "needs the folder"),
    ]:
        done = export(*options, **variables)
        assert done.returncode == code and words in done.stderr, (options, done.stderr)
        assert TOKEN not in done.stderr and "hf_wrong" not in done.stderr
    assert not hub.private


def test_the_card_says_what_was_done(sweep, run, tmp_path):
    for option, library in [("--merged", "transformers"), ("--adapter", "peft")]:
        folder = tmp_path / library
        sweep("export", run.folder, option, folder)
        card = ModelCard.load(folder / "README.md")
        assert card.data.library_name == library and card.data.pipeline_tag == "text-classification"
        [result] = [result for result in card.data.eval_results if result.metric_type == "accuracy"]
        best = run.best_epoch
        assert result.metric_value == pytest.approx(best.accuracy)
        text = card.text
        # No folders of this machine.
        assert "newswire.csv" in text and str(run.folder.parents[3]) not in text and "/fixtures/" not in text
        accuracy = next(line for line in text.splitlines() if line.startswith("| accuracy"))
        low, high = (float(part.split()[0]) / 100 for part in accuracy.split("|")[3].split(" to "))
        assert low < best.accuracy < high
        examples = len(pandas.read_csv(run.folder / "predictions.csv"))
        assert f"On {examples} evaluation examples" in text
        spec = json.loads((run.folder / "run.json").read_text())["run"]["spec"]
        assert f"| rank | {spec['rank']} |" in text and f"cut at {MAX_LENGTH} tokens" in text
        for caveat in ["chosen among 2 on the same examples", "one of 2 completed runs", "One seed was trained"]:
            assert caveat in text
        assert all(name in text for name in CLASSES)
