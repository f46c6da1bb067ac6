"""Small sweeps over the reference models, and what they leave, read back with pandas."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests/fixtures/reference"
NEWSWIRE = ROOT / "sweeps/data/newswire.csv"
CLASSES = ["Business", "Sci/Tech", "Sports", "World"]
MAX_LENGTH = 60


class Program:
    """The built `sweep`."""

    def __init__(self, folder):
        built = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/sweep"
        self.binary = ROOT / os.environ.get("SWEEP_BIN", built)
        self.folder = folder

    def run(self, *arguments, stdin=None, environment=None):
        """Calls it and returns what it printed and its exit code."""
        return subprocess.run(
            [self.binary, *map(str, arguments)],
            cwd=self.folder,
            env=os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache")} | (environment or {}),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    def __call__(self, *arguments, **options):
        """Calls it, expects success, returns its standard output."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, f"{' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}"
        return done.stdout


@dataclass(frozen=True)
class Case:
    """A sweep over a reference model: two ranks, dropout on."""

    name: str
    modules: tuple
    # The first rows of the corpus; None: all.
    limit: int | None
    # A number of examples or a fraction, and the seed of the split.
    test_size: int | float
    split_seed: int

    @property
    def model(self):
        return REFERENCE / self.name / "model"

    def sweep_file(self):
        dataset = dict(path=str(NEWSWIRE), eval=dict(test_size=self.test_size, seed=self.split_seed))
        if self.limit:
            dataset["limit"] = self.limit
        base = dict(
            model=str(self.model),
            dataset=dataset,
            max_length=MAX_LENGTH,
            lora_alpha=8,
            lora_dropout=0.1,
            hidden_dropout=0.1,
            attention_dropout=0.1,
            target_modules=dict(layers="all", modules=list(self.modules)),
            learning_rate=5e-3,
            batch_size=16,
            gradient_accumulation_steps=2,
            epochs=2,
        )
        # JSON is YAML.
        return json.dumps(dict(name=self.name, base=base, grid=dict(rank=[2, 5])))


# 0.11 of 305 rows is no whole number: datasets rounds up.
CASES = [
    Case("roberta", ("query", "value", "output.dense"), limit=None, test_size=64, split_seed=7),
    Case("bert", ("key", "attention.output.dense", "intermediate.dense"), limit=305, test_size=0.11, split_seed=42),
    Case("distilbert", ("query", "intermediate.dense"), limit=200, test_size=40, split_seed=1),
    Case("xlm-roberta", ("value", "attention.output.dense"), limit=200, test_size=0.25, split_seed=3),
]


@dataclass(frozen=True)
class Run:
    """One trained run."""

    folder: Path
    case: Case

    @cached_property
    def predictions(self):
        """`predictions.csv`, in the order of the source's rows."""
        table = pandas.read_csv(self.folder / "predictions.csv")
        return table.sort_values("example", ignore_index=True)

    @property
    def probabilities(self):
        """Recorded, `[examples, classes]`."""
        return self.predictions[[f"p_{name}" for name in CLASSES]].to_numpy()

    @property
    def texts(self):
        """Of the evaluation examples."""
        return pandas.read_csv(NEWSWIRE).text[self.predictions.example].tolist()

    @property
    def best_epoch(self):
        """The row of `metrics.csv` that `result.json` names."""
        epochs = pandas.read_csv(self.folder / "metrics.csv")
        best = json.loads((self.folder / "result.json").read_text())["best_epoch"]
        return epochs.set_index("epoch").loc[best]


@dataclass(frozen=True)
class Trained:
    case: Case
    runs: list


def train(sweep, case):
    path = sweep.folder / f"{case.name}.yaml"
    path.write_text(case.sweep_file())
    sweep("run", path, "--results", sweep.folder / "results", "--devices", "cpu")
    folders = sorted((sweep.folder / "results" / case.name / "runs").iterdir())
    return Trained(case, [Run(folder, case) for folder in folders])


def classifier(folder):
    """The model of a folder with a head for our classes."""
    return AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(CLASSES))


def logits(model, tokenizer, texts, max_length=MAX_LENGTH):
    """Without dropout, `[texts, classes]`."""
    inputs = tokenizer(texts, truncation=True, max_length=max_length, padding=True, return_tensors="pt")
    model.eval()
    with torch.no_grad():
        return model(**inputs).logits


def tokenizer_of(folder):
    return AutoTokenizer.from_pretrained(folder)
