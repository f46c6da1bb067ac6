"""Takes what the report of the sweep `paper` gave into this folder, and prints the README's table.

    sweep report results/paper
    python reports/paper/make.py reports-folder/paper
"""

import csv
import pathlib
import shutil
import sys

KEPT = [
    "summary.csv",
    "summary.md",
    "hypotheses.csv",
    "observations.csv",
    "differences.csv",
    "checklist.md",
    "figure_1_loss.png",
    "figure_2_accuracy.png",
    "hypotheses.png",
    "effects.png",
    "intervals.png",
    "confusion.png",
]


def number(text, share):
    value = 100 * float(text) if share else float(text)
    return (f"{value:+.1f}" if share else f"{value:+.3f}").replace("-", "\u2212")


def line(row):
    share = not row["metric"].lower().startswith(("validation minus", "validation loss", "loss"))
    unit = " points" if share else ""
    found = "not measured"
    if row["effect"]:
        found = number(row["effect"], share) + unit
        if row["low"]:
            found += f" [{number(row['low'], share)}, {number(row['high'], share)}]"
    return f"| {row['claim']} | **{row['verdict']}** | {row['treatment']}: {found} |"


def main():
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    for name in KEPT:
        shutil.copyfile(source / name, target / name)
    print("| The paper says | Verdict | Measured (treatment minus base, 95 % interval) |\n|:--|:--|:--|")
    for row in csv.DictReader((source / "hypotheses.csv").open()):
        print(line(row))


if __name__ == "__main__":
    main()
