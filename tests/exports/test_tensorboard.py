"""Event files as the real TensorBoard reads them: scalars, and the HParams plug-in."""

import json

import pandas
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata

from conftest import DIVERGES

TAGS = {
    "train/loss": "train_loss",
    "eval/loss": "eval_loss",
    "eval/accuracy": "accuracy",
    "eval/f1": "f1",
    "train/learning_rate": "learning_rate",
    "speed/tokens_per_second": "tokens_per_second",
    "train/loss_without_dropout": "train_eval_loss",
}


def read(folder):
    """What TensorBoard has of each run, by the run's id."""
    found = {}
    for file in sorted(folder.rglob("*tfevents*")):
        accumulator = EventAccumulator(str(file.parent))
        accumulator.Reload()
        found[file.parent.name.rsplit("[", 1)[1].rstrip("]")] = accumulator
    return found


def check(sweep, runs):
    """Every figure of every epoch, each step once."""
    table = sweep.metrics
    assert set(runs) == set(table.run)
    for run, accumulator in runs.items():
        epochs = table[table.run == run].set_index("epoch")
        for tag, column in TAGS.items():
            events = accumulator.Scalars(tag)
            assert [event.step for event in events] == epochs.index.tolist(), (run, tag)
            values = [event.value for event in events]
            assert values == pytest.approx(epochs[column].tolist(), rel=1e-6, nan_ok=True), (run, tag)
        times = [event.wall_time for event in accumulator.Scalars("eval/loss")]
        assert times == sorted(times)


def test_a_report_has_event_files(finished):
    finished.call("report", "results", "--formats", "tensorboard", "--format", "svg")
    runs = read(finished.folder / "reports")
    check(finished, runs)
    for run, accumulator in runs.items():
        result = finished.record(run, "result.json")
        if result["status"] == "completed":
            [best, *_] = accumulator.Scalars("test/accuracy")
            assert best.step == result["best_epoch"]
            assert best.value == pytest.approx(result["test"]["best"]["scores"]["accuracy"], rel=1e-6)


def test_settings_are_those_of_the_hparams_plug_in(finished, tmp_path):
    finished.call("send", "results", "--tensorboard", tmp_path)
    for run, accumulator in read(tmp_path).items():
        content = accumulator.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        start = metadata.parse_session_start_info_plugin_data(content)
        spec = finished.record(run, "run.json")["run"]["spec"]
        values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
        for name in ["rank", "learning_rate", "lr_scheduler", "seed", "epochs", "model"]:
            assert values[name] == spec[name], name
        assert json.loads(values["target_modules"]) == spec["target_modules"]
        assert values["dataset.path"] == spec["dataset"]["path"]
        # Seeds of a configuration are one group.
        assert start.group_name == finished.runs.configuration[run]
        content = accumulator.SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
        end = metadata.parse_session_end_info_plugin_data(content)
        failed = finished.runs.status[run] == "diverged"
        assert end.status == (2 if failed else 1)


def test_the_hparams_plug_in_lists_sessions(finished, tmp_path):
    """As its page asks for them."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    finished.call("send", "results", "--tensorboard", tmp_path)
    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    experiment = context.experiment_from_metadata(
        RequestContext(), "", True, context.hparams_metadata(RequestContext(), ""), []
    )
    assert {info.name for info in experiment.hparam_infos} >= {"rank", "seed", "learning_rate"}
    assert {info.name.tag for info in experiment.metric_infos} >= set(TAGS)
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=100, allowed_statuses=[0, 1, 2, 3], aggregation_type=api_pb2.AGGREGATION_AVG
    )
    request.col_params.add(metric=api_pb2.MetricName(tag="eval/accuracy"))
    groups = list_session_groups.Handler(RequestContext(), context, "", request).run().session_groups
    assert {group.name: len(group.sessions) for group in groups} == {"rank=2": 2, "rank=4": 2}


def test_a_sweep_that_is_killed_and_resumed_has_every_step_once(sweep):
    for epochs in [3, 6]:
        sweep.kill_after(epochs, "--tensorboard", "tb")
    sweep.run("--tensorboard", "tb")
    check(sweep, read(sweep.folder / "tb"))
    # What was written on the way is what would be written now.
    sweep.call("send", "results", "--tensorboard", "again")
    for file in (sweep.folder / "tb").rglob("*tfevents*"):
        again = sweep.folder / "again" / file.relative_to(sweep.folder / "tb")
        assert file.read_bytes() == again.read_bytes()


def test_a_damaged_file_is_put_right(sweep):
    sweep.run("--tensorboard", "tb", "--mock-fault", f"nan@20@{DIVERGES}", code=1)
    files = sorted((sweep.folder / "tb").rglob("*tfevents*"))
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[:-7] + b"x" * 40)
    files[1].unlink()
    sweep.call("send", "results", "--tensorboard", "tb")
    assert files[0].read_bytes() == whole
    check(sweep, read(sweep.folder / "tb"))


def test_live_files_grow_while_runs_train(sweep):
    process = sweep.start("--tensorboard", "tb", "--mock-delay", "120")
    try:
        seen = pandas.Series(dtype=int)
        while process.poll() is None:
            steps = {run: len(a.Scalars("eval/loss")) for run, a in read(sweep.folder / "tb").items() if "eval/loss" in a.Tags()["scalars"]}
            if any(0 < count < 3 for count in steps.values()):
                seen = pandas.Series(steps)
                break
        assert len(seen), "no epoch was seen before the sweep was over"
    finally:
        process.kill()
        process.communicate()
