"""Training speed of `sweep` and of Hugging Face Trainer with PEFT, in turns on one machine, as ratios.

`make bench` and `make bench-gpu` run it. Both train the same model on the same rows, as long as those of AG News, with the
same recipe (dropout 0.2, batch 16, accumulation 2, rank 16); loading and the first steps are not counted. Unit: real
tokens, padding not counted, per second of all runs together. A share of the product rate is the arithmetic that is needed
(`Subject.flop_per_token`) over the time, in units of what libtorch's own product reaches on this device.

Where others use the machine it refuses to begin, and says at the end which figures they may have changed (`--busy` measures
all the same). Everything measured is kept as JSON (`--save`), and `--join` makes tables and the chart of several such files, so that a
long comparison can be measured in pieces.
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import torch

import peers
import subjects
import tables
from load import MOST, Load

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def run(command):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{result.stdout}{result.stderr}")
    return result.stdout


def ours(subject, options, precision, pack, extra=()):
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
        command = [options.sweep, "run", file, "--results", folder, "--max-pack", pack, "--devices", options.device]
        run([*command, *extra])
        results = pathlib.Path(folder) / "bench"
        record = json.loads(next(results.glob("runs/*/run.json")).read_text())
        subject.backend = record["facts"].get("backend", "a backend that it does not record")
        # Packs that follow each other would have their speeds added up.
        if len(list((results / "packs").iterdir())) != 1:
            return None
        with open(results / "metrics.csv", newline="") as metrics:
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


def peers_of(subject, options, precision):
    """What `sweep` is compared with, by name."""
    grouped = ["--group-by-length"]
    ways = {
        "peer": lambda: peers.speed(subject, options, precision),
        "peer, grouped": lambda: peers.speed(subject, options, precision, extra=grouped),
    }
    if options.compile:
        ways["peer, grouped, compiled"] = lambda: peers.speed(subject, options, precision, extra=[*grouped, "--compile"])
    for count in options.at_once:
        ways[f"peers, grouped, {count} at once"] = lambda count=count: peers.speed(subject, options, precision, count, grouped)
    return ways


def measure(subject, options, precision):
    """Repetitions in turns; prints each figure at once, for the case that what follows is cut short."""
    ways = {} if options.no_peer else peers_of(subject, options, precision)
    for pack in options.packs:
        ways[f"pack of {pack}"] = lambda pack=pack: ours(subject, options, precision, pack)
    piece = tables.Measured(subject.name, precision, "", subject.flop_per_token(), speeds={name: [] for name in ways})
    for _ in range(options.repetitions):
        for name, way in ways.items():
            others = Load()
            speed = way()
            piece.others.append(others.share())
            told = "does not fit the device's memory" if speed is None else f"{speed:,.0f} tokens/s"
            disturbed = f", while others took {100 * piece.others[-1]:.0f} %" if piece.others[-1] > MOST else ""
            print(f"{subject.name}, {precision}, {name}: {told}{disturbed}", file=sys.stderr, flush=True)
            piece.speeds[name].append(speed)
        piece.rates.append(product_rate(subject.config["hidden_size"], options.device, precision))
    piece.backend = subject.backend
    return piece


def machine(options):
    """What the figures depend on besides the program."""
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"device": device_name(options.device), "torch": torch.__version__, "commit": commit}


def check_quiet(options):
    """Leaves with a message where others use the machine."""
    others = Load()
    time.sleep(3)
    share = others.share()
    if share > MOST and not options.busy:
        sys.exit(
            f"others take {100 * share:.0f} % of the processor (load average {os.getloadavg()[0]:.1f}): what is measured now "
            "would say nothing. Try again when the machine is quiet, or measure all the same with --busy."
        )


def tell_disturbed(pieces):
    """Whether others changed what was measured; says so."""
    shares = [share for piece in pieces for share in piece.others]
    disturbed = sum(share > MOST for share in shares)
    if disturbed:
        print(f"\nIn {disturbed} of {len(shares)} measurements others took more than {100 * MOST:.0f} % of the processor, ", end="")
        print(f"{100 * max(shares):.0f} % at most: do not rely on these figures.")
    return bool(disturbed)


def processor(field):
    """What the kernel says of the processor's cores."""
    with open("/proc/cpuinfo") as file:
        lines = [line.split(":", 1) for line in file if ":" in line]
    return [value.strip() for name, value in lines if name.strip() == field]


def multiplies_bfloat16():
    """Where products in bfloat16 are faster than in float32: with AMX, and with AVX512_BF16 of AMD."""
    flags = set(" ".join(processor("flags")).split())
    return "amx_bf16" in flags or ("avx512_bf16" in flags and "AuthenticAMD" in processor("vendor_id"))


def device_name(device):
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    names = processor("model name")
    # Virtual machines may hide the rest of the name; the numbers tell the generation.
    numbers = ", ".join(f"{field} {processor(field)[0]}" for field in ("cpu family", "model") if processor(field))
    return f"{names[0] if names else platform.machine()}{numbers and f' ({numbers})'}, {os.cpu_count()} cores"


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
    models = "minilm, roberta, and roberta-qv, which adapts query and value of all layers; default: minilm,roberta"
    parser.add_argument("--models", default=["minilm", "roberta"], type=lambda text: text.split(","), help=models)
    parser.add_argument("--steps", type=int, help="optimizer steps of a measurement")
    parser.add_argument("--chart", help="PNG of the last model's speed against the number of runs in a pack")
    parser.add_argument("--save", default=ROOT / "target/bench.json", help="JSON of all that was measured")
    parser.add_argument("--join", nargs="+", metavar="FILE", help="show what such files hold instead of measuring")
    parser.add_argument("--busy", action="store_true", help="measure although others use the machine")
    parser.add_argument("--at-once", default=[], type=numbers, help="also so many processes of the peer side by side: 2,4")
    parser.add_argument("--compile", action="store_true", help="also the peer with torch.compile")
    parser.add_argument("--no-peer", action="store_true", help="measure `sweep` only")
    options = parser.parse_args()
    if options.join:
        here, pieces = tables.join(options.join)
        print(f"{here['device']}, torch {here['torch']}, commit {here['commit'][:9]}: median (range)")
        for piece in pieces:
            tables.show(piece)
    else:
        check_quiet(options)
        pieces = measure_and_save(options)
    if options.chart:
        tables.chart(pieces, options.chart)
    sys.exit(1 if tell_disturbed(pieces) and not options.busy else 0)


def measure_and_save(options):
    here, pieces = machine(options), []
    print(f"{here['device']}, torch {here['torch']}, {options.repetitions} repetitions in turns: median (range)")
    for piece in measure_all(options):
        pieces.append(piece)
        tables.show(piece)
        tables.save(options.save, here, pieces)
    return pieces


def measure_all(options):
    """One piece after the other, so that each can be kept when it is there."""
    precisions = options.precisions or (["fp32", "bf16"] if multiplies_bfloat16() else ["fp32"])
    with tempfile.TemporaryDirectory() as folder:
        if not options.data:
            options.data = pathlib.Path(folder) / "rows.csv"
            subjects.write_rows(ROOT / "sweeps/data/newswire.csv", options.data)
        for model in options.models:
            if model == "minilm":
                subject = subjects.minilm(options.packages)
            else:
                subject = subjects.roberta(folder, options.data, query_value=model == "roberta-qv")
            subject.steps = options.steps or subject.steps
            for precision in precisions:
                yield measure(subject, options, precision)


if __name__ == "__main__":
    main()
