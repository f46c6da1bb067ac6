"""A report's journal is a study for the real Optuna, with the figures of our own files, and its dashboard shows it."""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna", reason="SKIPPED: optuna is not installed (`make test-python` installs it)")
pandas = pytest.importorskip("pandas", reason="SKIPPED: pandas is not installed (`make test-python` installs it)")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/sweep"
# The mock invents results; what becomes of them in a study does not depend on who made them.
MOCK = (ROOT / os.environ.get("SWEEP_BIN", BUILT)).with_name("sweep-mock")

BASE = dict(
    model=str(ROOT / "tests/fixtures/reference/bert/model"),
    dataset=dict(path=str(ROOT / "sweeps/data/newswire.csv"), limit=200, eval=dict(test_size=40, seed=1)),
    max_length=60,
    target_modules=dict(layers="all", modules=["query"]),
    epochs=9,
)
SEARCH = dict(
    method="tpe",
    samples=12,
    batch=4,
    metric="eval_loss",
    confirm=dict(top=1, seeds=2),
    stop=dict(method="asha", min_resource=1, reduction_factor=3),
    space=dict(
        learning_rate=dict(log_uniform=[1e-5, 1e-2]),
        rank=dict(log_int=[2, 64]),
        lora_alpha=[8, 16],
        lora_dropout=dict(quantized=[0, 0.3, 0.1]),
        lr_scheduler=["cosine", "linear"],
        warmup_ratio=dict(uniform=[0, 0.3], when=dict(lr_scheduler="cosine")),
    ),
)
SEEDS = [1, 2]


def mock(folder, *arguments):
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [MOCK, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr


class Exported:
    """A sweep with its journal."""

    def __init__(self, folder, sweep):
        (folder / "sweep.yaml").write_text(json.dumps(sweep))
        mock(folder, "run", "sweep.yaml")
        mock(folder, "report", "results", "--formats", "optuna", "--format", "svg")
        self.results = folder / "results" / sweep["name"]
        [self.journal] = (folder / "reports").glob("*/optuna-journal.log")

    def study(self, folder):
        """As Optuna loads it, from a copy: its backend leaves a lock beside the file."""
        copy = shutil.copy(self.journal, folder / "journal.log")
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(copy)))
        return optuna.load_study(study_name=None, storage=storage)

    def epochs(self, configuration):
        """Of the runs with the search's own seeds, means by epoch that all of them have reached."""
        table = pandas.read_csv(self.results / "metrics.csv")
        table = table[(table.configuration == configuration) & table.seed.isin(SEEDS)]
        return table.groupby("epoch").filter(lambda rows: len(rows) == len(SEEDS)).groupby("epoch")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    sweep = dict(name="searched", base=BASE, seeds=SEEDS, search=SEARCH)
    return Exported(tmp_path_factory.mktemp("search"), sweep)


@pytest.fixture(scope="module")
def gridded(tmp_path_factory):
    modules = [dict(layers=[0], modules=["query"]), dict(layers="all", modules=["query"])]
    grid = dict(rank=[4, 8], learning_rate=[1e-4, 3e-4], lr_scheduler=["cosine", "constant"], target_modules=modules)
    sweep = dict(name="gridded", base=BASE | dict(epochs=2), seeds=SEEDS, grid=grid)
    return Exported(tmp_path_factory.mktemp("grid"), sweep)


def test_a_search_is_a_study_with_its_figures(searched, tmp_path):
    study = searched.study(tmp_path)
    assert study.study_name.endswith("searched") and "INVENTED" in study.study_name
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert study.metric_names == ["eval_loss"]
    plan = json.loads((searched.results / "sweep.json").read_text())
    points = [point for generation in plan["generations"] for point in generation.get("points", [])]
    assert len(study.trials) == len(points) == SEARCH["samples"]
    states = pandas.read_csv(searched.results / "runs.csv").groupby("configuration").status.unique()
    for trial, point in zip(study.trials, points):
        assert trial.user_attrs["configuration"] == point["configuration"]
        numbers = {"lora_alpha": json.loads}
        expected = {name: numbers.get(name, lambda value: value)(value) for name, value in point["point"].items()}
        assert trial.params == expected
        for name, value in trial.params.items():
            distribution = trial.distributions[name]
            assert distribution._contains(distribution.to_internal_repr(value)), (name, value)
        by_epoch = searched.epochs(point["configuration"]).eval_loss.mean()
        assert trial.intermediate_values == pytest.approx(by_epoch.to_dict())
        stopped = "stopped" in states[point["configuration"]]
        assert trial.state == (TrialState.PRUNED if stopped else TrialState.COMPLETE)
        assert trial.user_attrs["seeds"] == SEEDS and len(trial.user_attrs["runs"]) == len(SEEDS)
        assert trial.datetime_start <= trial.datetime_complete
    assert {trial.state for trial in study.trials} == {TrialState.PRUNED, TrialState.COMPLETE}


def test_the_best_trial_is_the_one_with_the_best_mean(searched, tmp_path):
    study = searched.study(tmp_path)
    table = pandas.read_csv(searched.results / "runs.csv")
    table = table[table.seed.isin(SEEDS)].groupby("configuration")
    complete = table.filter(lambda rows: (rows.status == "completed").all() and len(rows) == len(SEEDS))
    means = complete.groupby("configuration").best_eval_loss.mean()
    assert study.best_value == pytest.approx(means.min())
    assert study.best_trial.user_attrs["configuration"] == means.idxmin()
    fresh = pandas.read_csv(searched.results / "runs.csv")
    fresh = fresh[(fresh.configuration == means.idxmin()) & ~fresh.seed.isin(SEEDS)]
    assert study.best_trial.user_attrs["fresh mean"] == pytest.approx(fresh.best_eval_loss.mean())


def test_distributions_are_those_of_the_space(searched, tmp_path):
    study = searched.study(tmp_path)
    cosine = next(trial for trial in study.trials if "warmup_ratio" in trial.params)
    assert cosine.distributions == dict(
        learning_rate=FloatDistribution(1e-5, 1e-2, log=True),
        rank=IntDistribution(2, 64, log=True),
        lora_alpha=CategoricalDistribution([8, 16]),
        lora_dropout=FloatDistribution(0, 0.3, step=0.1),
        lr_scheduler=CategoricalDistribution(["cosine", "linear"]),
        warmup_ratio=FloatDistribution(0, 0.3),
    )
    assert all(("warmup_ratio" in trial.params) == (trial.params["lr_scheduler"] == "cosine") for trial in study.trials)


def test_optuna_works_with_the_study(searched, tmp_path):
    study = searched.study(tmp_path)
    assert len(study.trials_dataframe()) == SEARCH["samples"]
    # It goes on from our samples.
    trial = study.ask()
    rate = trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True)
    study.tell(trial, 0.1)
    assert trial.number == SEARCH["samples"] and 1e-5 <= rate <= 1e-2


def test_a_grid_is_a_study_of_what_varies(gridded, tmp_path):
    study = gridded.study(tmp_path)
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE and len(study.trials) == 16
    for trial in study.trials:
        assert {"rank", "learning_rate", "lr_scheduler", "target_modules"} <= trial.params.keys()
        assert "seed" not in trial.params and "epochs" not in trial.params
        assert trial.state == TrialState.COMPLETE and len(trial.intermediate_values) == 2
        assert math.isfinite(trial.value)
    table = pandas.read_csv(gridded.results / "runs.csv")
    assert study.best_value == pytest.approx(table.groupby("configuration").best_accuracy.mean().max())
    importance = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator()
    )
    assert {"rank", "learning_rate", "lr_scheduler", "target_modules"} <= importance.keys()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fetch(url, patience=60):
    """The answer as JSON, once the server is there."""
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def test_the_dashboard_shows_the_study(searched, tmp_path):
    pytest.importorskip("optuna_dashboard", reason="SKIPPED: optuna-dashboard is not installed")
    journal = shutil.copy(searched.journal, tmp_path / "journal.log")
    port = free_port()
    program = Path(sys.executable).with_name("optuna-dashboard")
    arguments = [program, journal, "--storage-class", "JournalFileStorage", "--port", str(port)]
    server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        [summary] = fetch(f"http://127.0.0.1:{port}/api/studies")["study_summaries"]
        assert summary["study_name"].endswith("searched") and summary["directions"] == ["minimize"]
        detail = fetch(f"http://127.0.0.1:{port}/api/studies/{summary['study_id']}?after=0")
        assert len(detail["trials"]) == SEARCH["samples"]
        assert {trial["state"] for trial in detail["trials"]} == {"Complete", "Pruned"}
        complete = [trial["values"][0] for trial in detail["trials"] if trial["state"] == "Complete"]
        assert min(complete) == pytest.approx(searched.study(tmp_path).best_value)
    finally:
        server.terminate()
        server.wait(timeout=20)
