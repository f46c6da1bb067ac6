"""The mistakes that the live page shows have the texts of the data that the run was trained on."""

import json
import os
import re
import subprocess
import urllib.request

import pandas

import sweeps

TOKEN = "a-token-of-a-test-0123456789"


def test_mistakes_have_the_texts_of_their_rows(sweep, trained):
    results = trained.runs[0].folder.parents[1]
    environment = os.environ | dict(XDG_CACHE_HOME=str(sweep.folder / "cache"), SWEEP_DASHBOARD_TOKEN=TOKEN)
    command = [sweep.binary, "dashboard", results, "--port", "0"]
    server = subprocess.Popen(
        command, cwd=sweep.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    try:
        port = re.search(r":(\d+)/", server.stdout.readline()).group(1)

        def ask(path):
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/{path}", headers={"Authorization": f"Bearer {TOKEN}"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)

        while not ask("state")["is_read"]:
            pass
        texts = pandas.read_csv(sweeps.NEWSWIRE).text
        for run in trained.runs:
            told = ask(f"sweeps/{trained.case.name}/runs/{run.folder.name}/predictions?count=200")
            wrong = run.predictions[run.predictions.label != run.predictions.predicted]
            assert told["no_texts"] is None and told["classes"] == sweeps.CLASSES
            assert told["total"] == len(wrong) > 0
            shown = pandas.DataFrame(told["rows"], columns=["example", "label", "predicted", "confidence", "text"])
            assert sorted(shown.example) == sorted(wrong.example)[: len(shown)] or len(wrong) > 200
            assert (shown.text == texts[shown.example].tolist()).all()
    finally:
        server.kill()
        server.wait()
