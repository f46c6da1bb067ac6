"""Training speed of `sweep` and of Hugging Face Trainer with PEFT, in turns on one machine, as ratios.

`make bench` and `make bench-gpu` run it. Both train the same model on the same rows, as long as those of AG News, with the
same recipe (dropout 0.2, batch 16, accumulation 2, rank 16); loading and the first steps are not counted. Unit: real
tokens, padding not counted, per second of all runs together. A share of the product rate is the arithmetic that is needed
(`Subject.flop_per_token`) over the time, in units of what libtorch's own product reaches on this device.
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import torch

import subjects

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(command):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{result.stdout}{result.stderr}")
    return result.stdout


def peer(subject, options, precision, extra=()):
    command = [sys.executable, HERE / "peer.py", "--model", subject.folder, "--data", options.data]
    command += ["--targets", ",".join(subject.targets), "--steps", subject.steps, "--precision", precision, *extra]
    if options.device == "cpu":
        command.append("--cpu")
    else:
        # As long as ours, whose first epoch does not count: a GPU loads each kernel when it is first used.
        command += ["--warm-up", subject.steps]
    line = json.loads(run(command).splitlines()[-1])
    return line["tokens"] / line["seconds"]


def ours(subject, options, precision, pack):
    """A sweep of as many runs as the pack has places; the second of two epochs counts. None where they do not fit."""
    rows = subject.steps * 32
    sweep = {
        "name": "bench",
        "base": {
            "model": str(subject.folder),
            "dataset": {"path": str(options.data), "limit": rows + 4, "eval": {"test_size": 4, "seed": 42}},
            "max_length": 256,
            "target_modules": subject.targets,
            "hidden_dropout": 0.2,
            "attention_dropout": 0.2,
            "epochs": 2,
            "precision": precision,
        },
        # Other seeds: nothing is shared between runs but the frozen weights.
        "seeds": list(range(pack)),
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "bench.yaml"
        file.write_text(json.dumps(sweep))
        run([options.sweep, "run", file, "--results", folder, "--max-pack", pack, "--devices", options.device])
        # Packs that follow each other would have their speeds added up.
        packs = len(list((pathlib.Path(folder) / "bench" / "packs").iterdir()))
        if packs != 1:
            return None
        with open(pathlib.Path(folder) / "bench" / "metrics.csv", newline="") as metrics:
            epochs = [row for row in csv.DictReader(metrics) if row["epoch"] == "2"]
    return sum(float(row["tokens_per_second"]) for row in epochs)


def product_rate(width, device, precision):
    """What libtorch's product of the model's size reaches, in GFLOP/s."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    rows = 1024 if device == "cpu" else 16384
    x, weight = (torch.randn(n, width, device=device, dtype=kind) for n in (rows, 4 * width))
    # On a GPU several in a row, so that launching them takes none of the time.
    wait, products = (lambda: None, 1) if device == "cpu" else (torch.cuda.synchronize, 20)
    best = float("inf")
    for _ in range(12):
        wait()
        started = time.perf_counter()
        for _ in range(products):
            x @ weight.t()
        wait()
        best = min(best, (time.perf_counter() - started) / products)
    return 2 * rows * width * 4 * width / best / 1e9


def spread(values, unit=""):
    return f"{statistics.median(values):.3g}{unit} ({min(values):.3g}-{max(values):.3g})"


def measure(subject, options, precision):
    """Prints a table; the speeds by pack."""
    columns = {"peer": [], "peer, grouped": []} | {pack: [] for pack in options.packs}
    rates = []

    def note(name, speed):
        # Also where what follows is cut short.
        told = "does not fit the device's memory" if speed is None else f"{speed:,.0f} tokens/s"
        print(f"{subject.name}, {precision}, {name}: {told}", file=sys.stderr, flush=True)
        columns[name].append(speed)

    for _ in range(options.repetitions):
        note("peer", peer(subject, options, precision))
        note("peer, grouped", peer(subject, options, precision, ["--group-by-length"]))
        for pack in options.packs:
            note(pack, ours(subject, options, precision, pack))
        rates.append(product_rate(subject.config["hidden_size"], options.device, precision))
    columns = {name: speeds for name, speeds in columns.items() if None not in speeds}
    print(f"\n{subject.name}, {precision}: product rate {spread(rates, ' GFLOP/s')}, ", end="")
    print(f"{subject.flop_per_token() / 1e6:.0f} MFLOP needed per token\n")
    print("| | tokens/s | ratio to peer | ratio to peer, grouped by length | share of product rate |")
    print("|:--|--:|--:|--:|--:|")
    for name, speeds in columns.items():
        ratios = [spread([x / y for x, y in zip(speeds, columns[base])]) for base in ("peer", "peer, grouped")]
        shares = [100 * speed * subject.flop_per_token() / rate / 1e9 for speed, rate in zip(speeds, rates)]
        name = f"pack of {name}" if name in options.packs else name
        print(f"| {name} | {spread(speeds)} | {ratios[0]} | {ratios[1]} | {spread(shares, ' %')} |", flush=True)
    return columns


def chart(measured, options):
    """Speed against the number of runs in a pack, one line per precision, as PNG."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), dpi=150, layout="constrained")
    for precision, columns in measured.items():
        packs = [pack for pack in options.packs if pack in columns]
        medians = [statistics.median(columns[pack]) for pack in packs]
        (line,) = axes.plot(packs, medians, marker="o", label=precision)
        axes.axhline(statistics.median(columns["peer"]), color=line.get_color(), linestyle=":")
    axes.set_xscale("log", base=2)
    axes.set_xticks(options.packs, [str(pack) for pack in options.packs])
    axes.set(xlabel="runs in a pack", ylabel="real tokens/s of all runs", ylim=(0, None))
    axes.set_title("Trainer + PEFT, one run at a time: dotted", fontsize=9)
    axes.legend()
    figure.savefig(options.chart)


def processor(field):
    """What the kernel says of the processor's cores."""
    with open("/proc/cpuinfo") as file:
        return [line.split(":", 1)[1].strip() for line in file if line.startswith(field)]


def multiplies_bfloat16():
    return any("avx512_bf16" in flags.split() for flags in processor("flags"))


def device_name(device):
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    names = processor("model name")
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(number) for number in text.split(",")]  # noqa: E731
    parser.add_argument("--sweep", default=ROOT / "target/debug/sweep", help="the program")
    parser.add_argument("--packages", default=ROOT / ".venv", help="the environment that holds MiniLM")
    parser.add_argument("--data", help="CSV with columns text and label, instead of rows made from the quickstart's")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precisions", type=lambda text: text.split(","), help="fp32, and bf16 where it is fast")
    parser.add_argument("--packs", default=[1, 4], type=numbers)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--models", default=["minilm", "roberta"], type=lambda text: text.split(","))
    parser.add_argument("--steps", type=int, help="optimizer steps of a measurement")
    parser.add_argument("--chart", help="PNG of the last model's speed against the number of runs in a pack")
    parser.add_argument("--save", help="JSON of the last model's speeds: by precision, then by what ran")
    options = parser.parse_args()
    options.precisions = options.precisions or (["fp32", "bf16"] if multiplies_bfloat16() else ["fp32"])
    print(f"{device_name(options.device)}, {options.repetitions} repetitions in turns: median (range)")
    with tempfile.TemporaryDirectory() as folder:
        if not options.data:
            options.data = pathlib.Path(folder) / "rows.csv"
            subjects.write_rows(ROOT / "sweeps/data/newswire.csv", options.data)
        for model in options.models:
            minilm = model == "minilm"
            subject = subjects.minilm(options.packages) if minilm else subjects.roberta(folder, options.data)
            subject.steps = options.steps or subject.steps
            measured = {precision: measure(subject, options, precision) for precision in options.precisions}
        if options.chart:
            chart(measured, options)
        if options.save:
            pathlib.Path(options.save).write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
