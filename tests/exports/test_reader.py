"""The Python reader (src/python/reader.py) gives what the files say, as pandas and as polars; docs/results.md names all of it."""

import csv
import json
import re
import sys

import pytest

from conftest import BASE, DIVERGES, ROOT, Sweep

sys.path.insert(0, str(ROOT / "src/python"))
import reader

# Files of the program, whose contents are no interface.
OWN = {"search.json"}

SEARCH = dict(
    method="random",
    samples=4,
    batch=2,
    metric="eval_loss",
    space=dict(learning_rate=dict(log_uniform=[1e-5, 1e-2]), rank=[2, 4]),
)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    sweep = Sweep(tmp_path_factory.mktemp("searched"), "searched", search=SEARCH, grid={})
    sweep.run()
    return sweep


@pytest.fixture(params=["pandas", "polars"])
def loaded(request, finished):
    return reader.load(finished.results, request.param)


def rows(table):
    return table.to_dicts() if hasattr(table, "to_dicts") else table.to_dict("records")


def by(table, *names):
    found = {tuple(row[name] for name in names): row for row in rows(table)}
    assert len(found) == len(table)
    return found


def test_metrics_are_those_of_the_epochs(loaded, finished):
    theirs = by(finished.metrics, "run", "epoch")
    ours = by(loaded.metrics, "run", "epoch")
    assert ours.keys() == theirs.keys()
    for key, row in ours.items():
        for name, value in theirs[key].items():
            assert row[name] == value or row[name] == pytest.approx(value, nan_ok=True), (key, name)


def test_runs_have_settings_states_and_figures(loaded, finished):
    table = finished.runs
    ours = by(loaded.runs, "run")
    assert {run for (run,) in ours} == set(table.index)
    for (run,), row in ours.items():
        assert row["label"] == table.label[run] and row["status"] == table.status[run]
        assert row["rank"] == table["rank"][run] and row["learning_rate"] == table.learning_rate[run]
        assert row["dataset.path"] == BASE["dataset"]["path"]
        if row["status"] == "completed":
            assert row["best_accuracy"] == pytest.approx(table.best_accuracy[run])
            result = finished.record(run, "result.json")
            assert row["test_f1"] == pytest.approx(result["test"]["best"]["scores"]["f1"])
    assert loaded.invented and loaded.name == "tracked"


def test_predictions_give_the_recorded_figures(loaded, finished):
    for run in finished.runs.index[finished.runs.status == "completed"]:
        result = finished.record(run, "result.json")
        last = result["test"].get("last", result["test"]["best"])
        for part, epoch, figures in [
            ("evaluation", "best", result["best"]["scores"]),
            ("test", "best", result["test"]["best"]["scores"]),
            ("test", "last", last["scores"]),
        ]:
            table = rows(loaded.predictions(run, part=part, epoch=epoch))
            right = [row["label"] == row["predicted"] for row in table]
            assert sum(right) / len(right) == pytest.approx(figures["accuracy"])
            assert all(sum(value for name, value in row.items() if name.startswith("p_")) == pytest.approx(1) for row in table)
    # By label; of a run that diverged there are none.
    assert len(loaded.predictions("rank=2, seed=1")) == 160
    with pytest.raises(reader.ResultsError, match="predictions.csv: not there"):
        loaded.predictions(DIVERGES)
    with pytest.raises(reader.ResultsError, match="is several runs"):
        loaded.predictions("rank=2")
    with pytest.raises(reader.ResultsError, match="no run `rank=3`"):
        loaded.settings("rank=3")


@pytest.mark.parametrize("module", ["pandas", "polars"])
def test_generations_of_a_search(searched, module):
    sweep = reader.load(searched.results, module)
    table = rows(sweep.generations)
    plan = json.loads((searched.results / "sweep.json").read_text())
    assert [row["run"] for row in table] == [run for generation in plan["generations"] for run in generation["runs"]]
    numbers = {generation["number"] for generation in plan["generations"]}
    assert {row["generation"] for row in table} == numbers and len(numbers) > 1
    for row in table:
        assert float(row["point.learning_rate"]) == sweep.settings(row["run"])["learning_rate"]


def test_a_results_folder_with_one_sweep_is_that_sweep(finished, searched, tmp_path):
    assert reader.load(finished.folder / "results").name == "tracked"
    with pytest.raises(reader.ResultsError, match="sweeps here: none"):
        reader.load(tmp_path)


def test_a_version_that_is_not_known_is_refused(tmp_path):
    (tmp_path / "sweep.json").write_text(json.dumps(dict(format_version=2)))
    with pytest.raises(reader.ResultsError, match="format_version 2; this reader knows 1"):
        reader.load(tmp_path)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(reader.ResultsError, match="cannot be read"):
        reader.load(tmp_path)


def test_a_sweep_that_was_not_finished_gives_what_is_there(sweep):
    sweep.kill_after(3)
    loaded = reader.load(sweep.results, "pandas")
    assert set(loaded.runs.status) <= {"pending", "unfinished", "completed"}
    assert len(loaded.runs) == 4 and 3 <= len(loaded.metrics) < 12


def test_columns_have_one_type():
    assert reader._alike([1, 2.5, None]) == [1.0, 2.5, None]
    assert reader._alike([1, "a"]) == ["1", "a"]
    assert reader._alike([1, None]) == [1, None]


def fields(value):
    """The names of all fields in a record, but those that are names of something else (labels, classes, modules)."""
    if isinstance(value, list):
        return set().union(*map(fields, value))
    if isinstance(value, dict):
        return set(value) | set().union(set(), *map(fields, value.values()))
    return set()


def test_the_documentation_names_every_file_column_and_field(finished, searched):
    text = (ROOT / "docs/results.md").read_text()
    named = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S)))
    words = {word for span in named for word in span.replace("/", " ").replace(".", " . ").split()} | named
    for sweep in [finished, searched]:
        for path in sweep.results.rglob("*"):
            if path.is_dir() or path.suffix == ".lock" or path.parent.name == "adapter" or path.name in OWN:
                continue
            assert path.name in text, f"docs/results.md does not name {path.relative_to(sweep.results)}"
            if path.suffix == ".csv":
                header = next(csv.reader(path.open()))
                absent = {name for name in header if name not in named and not name.startswith("p_")}
                absent -= {f"best_{name}" for name in named}
                assert not absent, f"docs/results.md does not name {absent} of {path.name}"
            if path.suffix == ".json":
                record = json.loads(path.read_text())
                settings = {"spec", "changes", "point", "search"}
                for run in [record.get("run"), *record.get("runs", [])]:
                    if isinstance(run, dict):
                        run.pop("spec", None), run.pop("changes", None)
                for generation in record.get("generations", []):
                    for point in generation.get("points", []):
                        point.pop("point", None)
                record.pop("search", None) if path.name == "sweep.json" else None
                absent = fields(record) - words - settings
                assert not absent, f"docs/results.md does not name {absent} of {path.name}"


def test_the_notebook_runs(finished, monkeypatch):
    """Its cells, one after another, over this sweep; the last value of each is shown."""
    notebook = json.loads((ROOT / "src/python/quickstart.ipynb").read_text())
    monkeypatch.setenv("SWEEP_RESULTS", str(finished.results))
    monkeypatch.setenv("SWEEP_READER", str(ROOT / "src/python"))
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "the notebook is kept without outputs"
            exec("".join(cell["source"]), names)
    assert len(names["runs"]) == 4 and names["curves"].shape == (3, 2)
    assert names["best"].best_accuracy == finished.runs.best_accuracy.max()
    assert 0 < len(names["wrong"]) < 160
