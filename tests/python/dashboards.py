"""A results folder with sweeps of the mock, and a server of its page."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/sweep"
# The mock invents results; what the page does with them does not depend on who made them.
MOCK = (ROOT / os.environ.get("SWEEP_BIN", BUILT)).with_name("sweep-mock")
TOKEN = "a-token-of-a-test-0123456789"
BASE = dict(
    model=str(ROOT / "tests/fixtures/reference/bert/model"),
    dataset=dict(path=str(ROOT / "sweeps/data/newswire.csv"), limit=200, eval=dict(test_size=40, seed=1)),
    max_length=60,
    target_modules=dict(layers="all", modules=["query"]),
)


class World:
    """A folder with results and what was started there."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | dict(
            XDG_CACHE_HOME=str(folder / "cache"), HF_HUB_OFFLINE="1", SWEEP_DASHBOARD_TOKEN=TOKEN
        )
        self.started = []
        self.server = None
        (folder / "results").mkdir()

    def start(self, *arguments, **options):
        command = [MOCK, *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stderr=subprocess.DEVNULL, encoding="utf-8", start_new_session=True, **options
        )
        self.started.append(process)
        return process

    def serve(self, port=0):
        self.server = self.start("dashboard", "results", "--port", port, stdout=subprocess.PIPE)
        self.url = self.server.stdout.readline().strip()
        assert self.url.endswith(f"?token={TOKEN}"), self.url
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def train(self, sweep, *more):
        file = f"{sweep['name']}.yaml"
        (self.folder / file).write_text(json.dumps(sweep))
        return self.start("run", file, *more, stdout=subprocess.DEVNULL)

    def kill_server(self):
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def end(self):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
