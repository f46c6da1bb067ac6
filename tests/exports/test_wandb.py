"""The importer writes offline runs with the real `wandb` package; its log is read back with the package's own messages."""

import json
import struct
import subprocess
import sys

import pytest
from wandb.proto import wandb_internal_pb2

from conftest import DIVERGES, ROOT

IMPORTER = ROOT / "src/python/wandb_import.py"
BLOCK = 32768


def records(path):
    """What `wandb sync` reads: the records of a run's log, which is framed as LevelDB frames its logs."""
    data = path.read_bytes()
    assert data[:4] == b":W&B"
    at, whole, found = 7, b"", []
    while at + 7 <= len(data):
        if (room := BLOCK - at % BLOCK) < 7:
            at += room
            continue
        _, length, kind = struct.unpack("<IHB", data[at : at + 7])
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        # The only or the last part of a record.
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            found.append(record)
            whole = b""
    return found


def of_kind(found, kind):
    return [getattr(record, kind) for record in found if record.WhichOneof("record_type") == kind]


def values(items):
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


@pytest.fixture(scope="module")
def imported(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wandb")
    command = [sys.executable, IMPORTER, finished.results, "--project", "news", "--dir", folder]
    call = lambda: subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True).stdout
    assert "4 runs written" in call()
    # And nothing a second time.
    assert "0 runs written" in call()
    return {path.stem.removeprefix("run-"): records(path) for path in folder.glob("wandb/offline-run-*/*.wandb")}


def test_every_run_has_its_settings_figures_and_end(finished, imported):
    table, runs = finished.metrics, finished.runs
    assert set(imported) == set(runs.index)
    for id, found in imported.items():
        run = of_kind(found, "run")[0]
        assert (run.run_id, run.display_name, run.run_group) == (id, runs.label[id], runs.configuration[id])
        assert run.project == "news" and "INVENTED" in run.tags
        config = {item.key: json.loads(item.value_json) for item in run.config.update}
        spec = finished.record(id, "run.json")["run"]["spec"]
        assert config["rank"] == spec["rank"] and config["target_modules"] == spec["target_modules"]
        assert config["dataset.path"] == spec["dataset"]["path"]
        epochs = table[table.run == id].set_index("epoch")
        history = [values(step.item) for step in of_kind(found, "history")]
        assert [step["_step"] for step in history] == epochs.index.tolist()
        for name in ["train_loss", "accuracy", "learning_rate"]:
            assert [step[name] for step in history] == pytest.approx(epochs[name].tolist(), nan_ok=True)
        [end] = of_kind(found, "exit")
        assert end.exit_code == (1 if runs.label[id] == DIVERGES else 0)
        summary = {}
        for part in of_kind(found, "summary"):
            summary |= values(part.update)
        assert summary["status"] == runs.status[id]
        if runs.status[id] == "completed":
            tested = finished.record(id, "result.json")["test"]["best"]["scores"]["accuracy"]
            assert summary["test_accuracy"] == pytest.approx(tested)
            assert summary["best_accuracy"] == pytest.approx(runs.best_accuracy[id])
