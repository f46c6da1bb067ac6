"""A real MLflow server is told of runs, while they are trained and afterwards; one that is away harms nothing."""

import http.server
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from mlflow.tracking import MlflowClient

from conftest import DIVERGES, Sweep, free_port

PARENT = "mlflow.parentRunId"


@pytest.fixture
def named(tmp_path, request):
    """A sweep with a name, and so an experiment, of its own."""
    return Sweep(tmp_path, name=re.sub(r"\W+", "-", request.node.name)[:60].strip("-"))


def runs_of(server, sweep):
    """The parent run, and the nested ones by id."""
    client = MlflowClient(server)
    experiment = client.get_experiment_by_name(sweep.results.name)
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    parents = [run for run in found if PARENT not in run.data.tags]
    assert len(parents) == 1
    nested = [run for run in found if PARENT in run.data.tags]
    assert {run.data.tags[PARENT] for run in nested} == {parents[0].info.run_id}
    by_id = {run.data.tags["sweep.run"]: run for run in nested}
    assert len(by_id) == len(nested), "a run is there twice"
    return client, parents[0], by_id


def check(server, sweep):
    """All that is in results is there, once."""
    client, parent, nested = runs_of(server, sweep)
    table, runs = sweep.metrics, sweep.runs
    assert set(nested) == set(runs.index)
    for run, found in nested.items():
        epochs = table[table.run == run].set_index("epoch")
        for name in ["train_loss", "eval_loss", "accuracy", "f1", "learning_rate", "tokens_per_second", "train_eval_loss"]:
            history = sorted(client.get_metric_history(found.info.run_id, name), key=lambda metric: metric.step)
            assert [metric.step for metric in history] == epochs.index.tolist(), (run, name)
            assert [metric.value for metric in history] == pytest.approx(epochs[name].tolist(), nan_ok=True)
            times = [metric.timestamp for metric in history]
            assert times == sorted(times) and times[0] >= found.info.start_time
        spec = sweep.record(run, "run.json")["run"]["spec"]
        assert found.data.params["rank"] == str(spec["rank"]) and found.data.params["dataset.path"] == spec["dataset"]["path"]
        assert found.info.run_name == runs.label[run]
        assert found.info.status == ("FINISHED" if runs.status[run] == "completed" else "FAILED")
        result = sweep.record(run, "result.json")
        assert found.data.tags["sweep.outcome"] == result["status"]
        assert found.info.end_time >= found.info.start_time
        assert {file.path for file in client.list_artifacts(found.info.run_id)} == {"run.json", "result.json", "metrics.csv"}
        if result["status"] == "completed":
            last = result["test"].get("last", result["test"]["best"])
            assert found.data.metrics["test_accuracy"] == pytest.approx(last["scores"]["accuracy"])
    assert parent.info.status == ("FINISHED" if set(runs.status) == {"completed"} else "FAILED")
    assert [file.path for file in client.list_artifacts(parent.info.run_id)] == ["sweep.yaml"]
    assert "INVENTED" in parent.data.tags["mlflow.note.content"]


def test_afterwards_and_again(mlflow_server, finished, tmp_path):
    for _ in range(2):
        printed = finished.call("send", "results", "--mlflow", mlflow_server).stdout
        assert "4 runs sent to MLflow" in printed
        check(mlflow_server, finished)
    client, _, nested = runs_of(mlflow_server, finished)
    [run] = [run for run in nested.values() if run.info.run_name == DIVERGES]
    path = client.download_artifacts(run.info.run_id, "metrics.csv", str(tmp_path))
    own = finished.results / "runs" / run.data.tags["sweep.run"] / "metrics.csv"
    assert open(path).read() == own.read_text()


def test_as_runs_are_trained(mlflow_server, named):
    done = named.run("--mlflow", mlflow_server, "--mock-fault", f"nan@20@{DIVERGES}", code=1)
    assert "was not told" not in done.stderr
    check(mlflow_server, named)


def test_killed_and_resumed(mlflow_server, named):
    for epochs in [3, 6]:
        named.kill_after(epochs, "--mlflow", mlflow_server)
    named.run("--mlflow", mlflow_server)
    check(mlflow_server, named)


def test_a_server_that_is_down_harms_nothing(mlflow_server, named):
    begun = time.monotonic()
    done = named.run("--mlflow", f"http://127.0.0.1:{free_port()}")
    assert time.monotonic() - begun < 20
    assert set(named.runs.status) == {"completed"}
    assert "MLflow cannot be written" in done.stderr
    assert "MLflow was not told of 4 runs" in done.stderr
    command = re.search(r"^  sweep (send .*)$", done.stderr, re.M)[1]
    # Once the server is there, that command sends what is missing.
    words = re.sub(r"http://\S+", mlflow_server, command).split()
    named.call(*words)
    check(mlflow_server, named)
    assert named.call("send", "results", "--mlflow", f"http://127.0.0.1:{free_port()}", code=1).stderr.startswith("error: http://")


def test_a_server_that_answers_nothing_holds_up_nothing(named):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        begun = time.monotonic()
        done = named.run("--mlflow", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - begun < 20
    assert set(named.runs.status) == {"completed"}
    assert "MLflow was not told of 4 runs (there was no time)" in done.stderr


def test_a_server_that_fails_now_and_then_is_told_all(mlflow_server, named):
    """Every eleventh request is refused; what was refused is sent again."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        count = 0

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            Proxy.count += 1
            if Proxy.count % 11 == 0:
                return self.reply(503, b'{"message": "busy"}')
            kind = {"Content-Type": self.headers["Content-Type"]}
            request = urllib.request.Request(mlflow_server + self.path, data=body or None, headers=kind, method=self.command)
            try:
                with urllib.request.urlopen(request) as answer:
                    self.reply(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self.reply(error.code, error.read())

        def reply(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = forward

        def log_message(self, *_):
            pass

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_port}"
    named.run("--mlflow", address)
    for _ in range(20):
        command = named.command("send", "results", "--mlflow", address)
        done = subprocess.run(**command, capture_output=True, timeout=60)
        assert done.returncode == 0 or "status 503: busy" in done.stderr
        if done.returncode == 0:
            break
    proxy.shutdown()
    check(mlflow_server, named)


@pytest.mark.parametrize("wrong", ["sqlite:///mlflow.db", "file:mlruns", "127.0.0.1:5000"])
def test_what_is_no_server_is_refused(named, wrong):
    done = named.run("--mlflow", wrong, code=2)
    assert "server" in done.stderr and not named.results.exists()
