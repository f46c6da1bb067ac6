"""Wall-clock time of a search by `sweep` and of the same search with Optuna, Trainer and PEFT, one after the other on one machine.

    .venv/bin/python tests/bench/search_clock.py            # MiniLM, 300 rows, 12 samples of up to 9 epochs; about 20 minutes

Both search the same space with a tree-structured Parzen estimator, the same number of samples, and successive halving (after one and
after three of nine epochs the best third goes on; `--stop median` compares the median rules). Both train the same model on the same
rows, hold out the same ones, evaluate them after every epoch, and judge a sample by its best epoch. Time is that of the whole command,
with its start, loading and evaluations. What they try differs: their random numbers do, and Optuna decides on each trial alone, when it
has reported, where `sweep` decides on a batch together. So the epochs that they trained differ, and the time per trained epoch is told
beside the time of all. Confirming is left out: Optuna has none.

Where others use the machine it refuses to begin (`--busy` measures all the same). Everything is kept as JSON (`--save`).
"""

import argparse
import csv
import json
import os
import pathlib
import sys
import tempfile
import time

import compare
import subjects
from load import Load

#: What is the same for both: options of `study.py`, with the names that sweep files have for them.
RECIPE = {
    "epochs": ("epochs", 9),
    "batch": ("batch_size", 8),
    "eval-batch": ("eval_batch_size", 32),
    "dropout": ("hidden_dropout", 0.1),
    "alpha": ("lora_alpha", 32),
    "weight-decay": ("weight_decay", 0.01),
    "max-length": ("max_length", 128),
}
STOPS = {
    "halving": {"method": "asha", "min_resource": 1, "reduction_factor": 3},
    "median": {"method": "median", "n_startup_trials": 5, "n_warmup_steps": 1, "interval_steps": 1},
    "none": None,
}
#: As in `study.py`.
SPACE = {
    "learning_rate": {"log_uniform": [1e-4, 1e-2]},
    "rank": {"choice": [4, 8, 16, 32]},
    "lora_dropout": {"uniform": [0, 0.3]},
    "lr_scheduler": ["cosine", "linear"],
    "warmup_ratio": {"quantized": [0, 0.3, 0.05]},
}


def timed(command):
    """What a command printed, and what it took: seconds, and the share of the processor that others had meanwhile."""
    others, started = Load(), time.perf_counter()
    printed = compare.run(command)
    return printed, {"seconds": time.perf_counter() - started, "others": others.share()}


def ours(model, options):
    base = {name: value for name, value in RECIPE.values()}
    sweep = {
        "name": "clock",
        "base": {
            "model": str(model),
            "dataset": {"path": str(options.data), "eval": {"test_size": options.test_size, "seed": 42}},
            "target_modules": {"layers": "all", "modules": ["query", "value"]},
            "attention_dropout": base["hidden_dropout"],
            "gradient_accumulation_steps": 1,
            **base,
        },
        "seeds": [1],
        "search": {
            "method": "tpe",
            "samples": options.samples,
            "batch": options.batch,
            "seed": options.seed,
            "space": SPACE,
            "stop": STOPS[options.stop],
            "confirm": False,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "clock.yaml"
        file.write_text(json.dumps(sweep))
        _, took = timed([options.sweep, "run", file, "--results", folder, "--devices", "cpu"])
        results = pathlib.Path(folder) / "clock"
        with open(results / "metrics.csv", newline="") as metrics:
            epochs = len(list(csv.DictReader(metrics)))
        with open(results / "runs.csv", newline="") as runs:
            completed = [row for row in csv.DictReader(runs) if row["status"] == "completed"]
        record = json.loads(next(results.glob("runs/*/run.json")).read_text())
    best = max(completed, key=lambda row: float(row["best_accuracy"]))
    return {
        **took,
        "epochs": epochs,
        "completed": len(completed),
        "best": {name: best[name] for name in SPACE},
        "accuracy": float(best["best_accuracy"]),
        "backend": record["facts"].get("backend"),
    }


def peer(model, options, extra=()):
    command = [sys.executable, compare.HERE / "study.py", "--model", model, "--data", options.data]
    command += ["--samples", options.samples, "--seed", options.seed, "--test-size", options.test_size, "--pruner", options.stop]
    for name, (_, value) in RECIPE.items():
        command += [f"--{name}", value]
    printed, took = timed([*command, *extra])
    return {**json.loads(printed.splitlines()[-1]), **took}


def show(name, found, base):
    epochs, seconds = found["epochs"], found["seconds"]
    print(f"{name}: {seconds:.0f} s for {epochs} epochs, {seconds / epochs:.2f} s per epoch; {found['completed']} samples trained to their end")
    print(f"  best: accuracy {100 * found['accuracy']:.2f} %, {', '.join(f'{key}={value}' for key, value in found['best'].items())}")
    if base is not found:
        ratio, per_epoch = seconds / base["seconds"], (seconds / epochs) / (base["seconds"] / base["epochs"])
        print(f"  {ratio:.2f} times as long as `sweep`; per trained epoch {per_epoch:.2f} times")
    if found["others"] > compare.MOST:
        print(f"  others took {100 * found['others']:.0f} % of the processor meanwhile: do not rely on this figure")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", default=compare.ROOT / "target/debug/sweep", help="the program")
    parser.add_argument("--packages", default=compare.ROOT / ".venv", help="the environment that holds MiniLM")
    parser.add_argument("--data", help="CSV with columns text and label, instead of rows made from the quickstart's")
    parser.add_argument("--rows", type=int, default=300, help="of those made; a third is held out")
    parser.add_argument("--test-size", type=int, help="how many rows are held out, where it is not a third")
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--batch", type=int, default=6, help="samples that `sweep` chooses together")
    parser.add_argument("--seed", type=int, default=0, help="of both searches")
    parser.add_argument("--stop", choices=STOPS, default="halving")
    parser.add_argument("--grouped", action="store_true", help="also a Trainer that groups by length")
    parser.add_argument("--save", default=compare.ROOT / "target/search_clock.json", help="JSON of all that was measured")
    parser.add_argument("--busy", action="store_true", help="measure although others use the machine")
    options = parser.parse_args()
    options.device = "cpu"
    compare.check_quiet(options)
    model = subjects.minilm(options.packages).folder
    with tempfile.TemporaryDirectory() as folder:
        if not options.data:
            options.data = pathlib.Path(folder) / "rows.csv"
            subjects.write_rows(compare.ROOT / "sweeps/data/newswire.csv", options.data, options.rows)
        with open(options.data, newline="", encoding="utf-8") as file:
            rows = len(list(csv.DictReader(file)))
        options.test_size = options.test_size or rows // 3
        here = compare.machine(options)
        print(f"{here['device']}, torch {here['torch']}: {options.samples} samples, {rows} rows of which {options.test_size} held out, stop: {options.stop}")
        ways = {"sweep": lambda: ours(model, options), "Optuna, Trainer and PEFT": lambda: peer(model, options)}
        if options.grouped:
            ways["the same, grouped by length"] = lambda: peer(model, options, ["--group-by-length"])
        found = {}
        for name, way in ways.items():
            found[name] = way()
            show(name, found[name], found["sweep"])
    asked = {"rows": rows, "test_size": options.test_size, "samples": options.samples, "batch": options.batch, "seed": options.seed, "stop": options.stop}
    kept = {"format_version": 1, "machine": {**here, "cores": os.cpu_count()}, "asked": asked, "found": found}
    path = pathlib.Path(options.save)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")
    sys.exit(1 if any(one["others"] > compare.MOST for one in found.values()) and not options.busy else 0)


if __name__ == "__main__":
    main()
