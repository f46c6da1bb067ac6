"""Set-up of the tests of exports: what `sweep-mock` writes is read back with the real tools.

`make test-exports` runs them in an environment of their own (requirements.txt); `SWEEP_BIN` names another binary. The mock invents
results; what becomes of them elsewhere does not depend on who made them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

# Tests leave nothing in the tree.
sys.dont_write_bytecode = True

import pandas
import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/sweep"
MOCK = (ROOT / os.environ.get("SWEEP_BIN", BUILT)).with_name("sweep-mock")

BASE = dict(
    model=str(ROOT / "tests/fixtures/reference/bert/model"),
    dataset=dict(
        path=str(ROOT / "sweeps/data/newswire.csv"),
        limit=200,
        eval=dict(test_size=40, seed=1),
        test=dict(test_size=30, seed=2),
    ),
    max_length=60,
    target_modules=dict(layers="all", modules=["query"]),
    epochs=3,
)
DIVERGES = "rank=4, seed=2"


class Sweep:
    """A sweep in a folder, run by the mock."""

    def __init__(self, folder, name="tracked", **changes):
        self.folder = folder
        self.results = folder / "results" / name
        sweep = dict(name=name, base=BASE, seeds=[1, 2], grid=dict(rank=[2, 4])) | changes
        # JSON is YAML.
        (folder / "sweep.yaml").write_text(json.dumps(sweep))

    def command(self, *arguments):
        environment = os.environ | {"XDG_CACHE_HOME": str(self.folder / "cache"), "HF_HUB_OFFLINE": "1"}
        return dict(args=[str(MOCK), *map(str, arguments)], cwd=self.folder, env=environment, encoding="utf-8")

    def call(self, *arguments, code=0):
        done = subprocess.run(**self.command(*arguments), capture_output=True, timeout=120)
        assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
        return done

    def run(self, *options, code=0):
        return self.call("run", "sweep.yaml", *options, code=code)

    def start(self, *options):
        """In the background."""
        command = self.command("run", "sweep.yaml", *options)
        return subprocess.Popen(**command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def kill_after(self, epochs, *options):
        """Killed outright, as by a power cut, once so many epochs are recorded."""
        process = self.start(*options, "--mock-delay", "30")
        while process.poll() is None and self.recorded() < epochs:
            time.sleep(0.02)
        process.kill()
        process.communicate()

    def recorded(self):
        """Epochs of all runs."""
        return sum(len(path.read_text().splitlines()) - 1 for path in self.results.glob("runs/*/metrics.csv"))

    @property
    def runs(self):
        return pandas.read_csv(self.results / "runs.csv").set_index("id")

    @property
    def metrics(self):
        return pandas.read_csv(self.results / "metrics.csv")

    def record(self, run, name):
        return json.loads((self.results / "runs" / run / name).read_text())


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A sweep that is over; one of its runs diverged."""
    sweep = Sweep(tmp_path_factory.mktemp("finished"))
    sweep.run("--mock-fault", f"nan@20@{DIVERGES}", code=1)
    return sweep


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory):
    """The address of a real server over SQLite, which keeps artifacts."""
    folder = tmp_path_factory.mktemp("mlflow")
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
    # Without what it offers beside the tracking of runs, it starts sooner.
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen([*command, "--workers", "1"], stdout=log, stderr=log, cwd=folder, env=environment, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 240
    while True:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).read()
            break
        except OSError:
            assert server.poll() is None and time.monotonic() < end, (folder / "log.txt").read_text()
            time.sleep(0.3)
    yield address
    # With its workers; nothing of it is needed any more.
    os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=30)
