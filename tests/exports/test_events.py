"""`--events` writes what docs/events.schema.json says, in a file that is gone on with, or on standard output."""

import json

import jsonschema
import pytest

from conftest import DIVERGES, ROOT

SCHEMA = json.loads((ROOT / "docs/events.schema.json").read_text())


def checked(text):
    """The events of a text, each held against the schema."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        validator.validate(event)
    return events


def test_every_event_fits_the_schema(sweep):
    sweep.run("--events", "events.jsonl", "--mock-fault", f"nan@20@{DIVERGES}", code=1)
    events = checked((sweep.folder / "events.jsonl").read_text())
    kinds = {event["event"] for event in events}
    assert kinds >= {
        "pack_started", "run_started", "progress", "evaluating", "epoch_finished", "tested", "run_finished",
        "checkpoint_saved", "pack_stopped",
    }  # fmt: skip
    outcomes = {event["run"]: event["outcome"]["status"] for event in events if event["event"] == "run_finished"}
    assert outcomes == sweep.runs.status.to_dict() and "diverged" in outcomes.values()
    accuracies = {
        (event["run"], event["record"]["epoch"]): event["record"]["scores"]["accuracy"]
        for event in events
        if event["event"] == "epoch_finished"
    }
    table = sweep.metrics.set_index(["run", "epoch"]).accuracy
    assert accuracies == pytest.approx(table.to_dict())
    assert {event["sweep"] for event in events} == {"tracked"}


def test_the_schema_refuses_what_is_none():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    head = dict(version=1, time="2026-01-02T03:04:05.678Z", sweep="a")
    assert validator.is_valid(head | dict(event="checkpoint_saved", pack="ab12"))
    for wrong in [
        head | dict(event="checkpoint_saved"),
        head | dict(event="unheard_of"),
        head | dict(event="evaluating", run="a", epoch=0),
        head | dict(event="run_finished", run="a", outcome=dict(status="completed")),
        head | dict(event="checkpoint_saved", pack="ab12", version=2),
    ]:
        assert not validator.is_valid(wrong), wrong


def test_standard_output_has_events_alone(sweep):
    done = sweep.run("--events", "-")
    events = checked(done.stdout)
    assert sum(event["event"] == "run_finished" for event in events) == 4
    assert "Next: sweep report" in done.stderr


def test_a_resumed_sweep_goes_on_in_the_file(sweep):
    sweep.kill_after(5, "--events", "events.jsonl")
    first = (sweep.folder / "events.jsonl").read_text()
    sweep.run("--events", "events.jsonl")
    whole = (sweep.folder / "events.jsonl").read_text()
    assert whole.startswith(first)
    # The kill may have cut a line.
    lines = whole.splitlines()
    cut = first.count("\n") if first and not first.endswith("\n") else None
    events = checked("\n".join(line for place, line in enumerate(lines) if place != cut))
    assert sum(event["event"] == "run_finished" for event in events) == 4


def test_a_file_that_cannot_be_written_is_told(sweep):
    done = sweep.run("--events", "nowhere/events.jsonl", code=2)
    assert "nowhere/events.jsonl: cannot write" in done.stderr
    done = sweep.run("--events", "/dev/full", code=1)
    assert "the file of events cannot be written: No space left" in done.stderr
    assert set(sweep.runs.status) == {"completed"}
