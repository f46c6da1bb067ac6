"""How the speed of `sweep` grows with threads on one processor, and what share of the work one thread does alone.

Runs with 1, 2, 4, ... threads, in turns. The serial share is what explains the speed (Karp and Flatt, 1990): with a speed-up S of
p threads it is (1/S - 1/p) / (1 - 1/p). Where it grows with p, threads wait for memory or for each other, and not for serial
work. `make bench-threads` runs it.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

import compare
import subjects


def serial_share(speed_up, threads):
    return (1 / speed_up - 1 / threads) / (1 - 1 / threads)


def counts(most):
    """Powers of two, and all."""
    return sorted({1 << power for power in range(most.bit_length()) if 1 << power <= most} | {most})


def measure(subject, options, threads):
    speeds = {count: [] for count in threads}
    for _ in range(options.repetitions):
        for count in threads:
            speeds[count].append(compare.ours(subject, options, options.precision, options.pack, ["--threads", count]))
            print(f"{subject.name}, {count} threads: {speeds[count][-1]:,.0f} tokens/s", file=sys.stderr, flush=True)
    return speeds


def show(subject, options, speeds):
    print(f"\n{subject.name}, {options.precision}, pack of {options.pack}, {subject.backend}\n")
    print("| threads | tokens/s | speed-up | serial share |\n|--:|--:|--:|--:|")
    for count, measured in speeds.items():
        ups = [speed / alone for speed, alone in zip(measured, speeds[1])]
        told = f"{statistics.median(ups):.2f} ({min(ups):.2f}-{max(ups):.2f})"
        share = f"{100 * serial_share(statistics.median(ups), count):.1f} %" if count > 1 else ""
        print(f"| {count} | {statistics.median(measured):,.0f} | {told} | {share} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", default=compare.ROOT / "target/debug/sweep", help="the program")
    parser.add_argument("--packages", default=compare.ROOT / ".venv", help="the environment that holds MiniLM")
    parser.add_argument("--models", default=["minilm", "roberta"], type=lambda text: text.split(","))
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--pack", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--busy", action="store_true", help="measure although others use the machine")
    options = parser.parse_args()
    options.device = "cpu"
    compare.check_quiet(options)
    with tempfile.TemporaryDirectory() as folder:
        options.data = pathlib.Path(folder) / "rows.csv"
        subjects.write_rows(compare.ROOT / "sweeps/data/newswire.csv", options.data)
        for model in options.models:
            subject = subjects.minilm(options.packages) if model == "minilm" else subjects.roberta(folder, options.data)
            show(subject, options, measure(subject, options, counts(len(os.sched_getaffinity(0)))))


if __name__ == "__main__":
    main()
