"""Reads what `sweep run` leaves (docs/results.md): tables as pandas or polars, whichever is installed.

    sweep = load("results/quickstart")
    sweep.runs                      # a row per run: settings, status, figures of the best epoch
    sweep.metrics                   # a row per run and epoch
    sweep.predictions(run)          # a row per evaluation example; part="test", epoch="last"
    sweep.settings(run)             # of a run, as a dictionary
    sweep.generations               # of a search: a row per run of each generation

Needs nothing but the standard library, and pandas or polars (`tables="polars"` chooses) once a table is asked for.
"""

import csv
import importlib
import json
from pathlib import Path

FORMAT_VERSION = 1


class ResultsError(Exception):
    """What stands there is no sweep, damaged, or of a version that this reader does not know."""


def load(path, tables=None):
    """The sweep in a folder, or the only one below a results folder."""
    path = Path(path)
    folders = [path] if (path / "sweep.json").is_file() else sorted(found.parent for found in path.glob("*/sweep.json"))
    if len(folders) != 1:
        names = ", ".join(folder.name for folder in folders) or "none"
        raise ResultsError(f"{path}: give the folder of one sweep (sweeps here: {names})")
    return Sweep(folders[0], tables)


class Sweep:
    """A sweep. Files are read when they are asked for, so one that is still running gives what is there."""

    def __init__(self, folder, tables=None):
        self.path = folder
        self.plan = _read_json(folder / "sweep.json")
        self.name = self.plan["name"]
        self.tables = tables
        self._runs = {run["id"]: run for run in self.plan["runs"] if not run["removed"]}

    @property
    def invented(self):
        """A mock made the results: nothing was trained."""
        return self.plan.get("executor", "torch") != "torch"

    def run_ids(self, name=None):
        """Of all runs, or of those with this id, label or configuration."""
        found = [id for id, run in self._runs.items() if name in (None, id, run["label"], run["configuration"])]
        if not found:
            raise ResultsError(f"{self.path}: no run `{name}`")
        return found

    def settings(self, run):
        """The settings of a run, by name; those of the data set as `dataset.path` and so on."""
        flat = {}
        for name, value in self._runs[self._one(run)]["spec"].items():
            flat |= {f"{name}.{part}": of for part, of in value.items()} if isinstance(value, dict) else {name: value}
        return flat

    @property
    def runs(self):
        return self._table(self.rows())

    def rows(self):
        """The table of runs, as dictionaries."""
        return [self._run(id) for id in self._runs]

    @property
    def metrics(self):
        rows = []
        for id, run in self._runs.items():
            who = dict(run=id, label=run["label"], configuration=run["configuration"], seed=run["spec"]["seed"])
            rows += [who | epoch for epoch in self.epochs(id)]
        return self._table(rows)

    def epochs(self, run):
        """The epochs of a run, as dictionaries."""
        return _read_csv(self.path / "runs" / self._one(run) / "metrics.csv")

    def predictions(self, run, part="evaluation", epoch="best"):
        """At a run's best or last epoch, on the evaluation or the test examples."""
        folder = self.path / "runs" / self._one(run)
        names = {"evaluation": "predictions.csv", "test": "test_predictions.csv"}
        # Where the last epoch is the best one there is one file.
        files = [folder / f"last_{names[part]}"] * (epoch == "last") + [folder / names[part]]
        there = [file for file in files if file.is_file()]
        if not there:
            raise ResultsError(f"{files[-1]}: not there; a run has it when it is completed, of a test where it has one")
        return self._table(_read_csv(there[0]))

    @property
    def generations(self):
        rows, points = [], {}
        for generation in self.plan.get("generations", []):
            points |= {point["configuration"]: point["point"] for point in generation.get("points", [])}
            for id in generation["runs"]:
                run = self._runs.get(id, {})
                row = dict(generation=generation["number"], run=id, configuration=run.get("configuration"))
                row |= dict(search=generation["search"], until=generation.get("until", {}).get(id))
                rows.append(row | {f"point.{name}": of for name, of in points.get(row["configuration"], {}).items()})
        return self._table(rows)

    def _one(self, name):
        found = self.run_ids(name)
        if len(found) > 1:
            raise ResultsError(f"{self.path}: `{name}` is several runs: {', '.join(found)}")
        return found[0]

    def _run(self, id):
        run, folder = self._runs[id], self.path / "runs" / id
        row = dict(run=id, label=run["label"], configuration=run["configuration"]) | self.settings(id)
        result = _read_json(folder / "result.json") if (folder / "result.json").is_file() else {}
        begun = "unfinished" if (folder / "run.json").is_file() else "pending"
        row |= dict(status=result.get("status", begun), reason=result.get("reason"))
        row |= {name: result.get(name) for name in ("epochs", "seconds", "trainable_parameters", "device", "finished")}
        row |= dict(epochs=run["spec"]["epochs"], epochs_recorded=result.get("epochs"))
        best, tested = result.get("best") or {}, (result.get("test") or {}).get("best") or {}
        row |= {f"best_{name}": of for name, of in _figures(best).items()}
        return row | {f"test_{name}": of for name, of in _figures(tested).items()}

    def _table(self, rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {name: _alike([_plain(row.get(name)) for row in rows]) for name in names}
        for module in [self.tables] if self.tables else ["pandas", "polars"]:
            try:
                table = importlib.import_module(module)
            except ImportError:
                continue
            return table.DataFrame(columns)
        raise ImportError("tables need pandas or polars: pip install pandas")


def _figures(record):
    """Of an epoch or an evaluation, by the names of columns."""
    flat = {name: of for name, of in record.items() if name not in ("scores", "further")}
    return flat | record.get("scores", {}) | record.get("further", {})


def _plain(value):
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _read_json(path):
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    if record.get("format_version") != FORMAT_VERSION:
        raise ResultsError(f"{path}: format_version {record.get('format_version')}; this reader knows {FORMAT_VERSION}")
    return record


def _read_csv(path):
    """Rows by column; numbers as such, nothing for an empty field. None of a file that is not there yet."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: _number(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or None


def _alike(values):
    """One type in a column: numbers with a fraction make all of them such, a text makes all of them texts."""
    for kind in (str, float):
        if any(isinstance(value, kind) for value in values):
            return [value if value is None else kind(value) for value in values]
    return values
