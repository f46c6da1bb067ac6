"""Writes the runs of a sweep as offline runs of W&B, with the real `wandb` package; `wandb sync` sends them.

    python wandb_import.py results/quickstart --project news
    wandb sync wandb/offline-run-*

Each run becomes one run of W&B: its id, its label as the name, its settings as the configuration, its configuration as the group,
every metric by epoch, the figures of the best epoch and of the test as the summary. A run that was written before is not written
again (its id is noted in DIR/wandb/sweep-imported.txt); runs that have not ended are left for later. `wandb sync` of a run that the
server has already changes nothing, as the id is the same.
"""

import argparse
import os
from pathlib import Path

try:
    from .reader import ResultsError, load
except ImportError:
    from reader import ResultsError, load

ENDED = ("completed", "stopped", "diverged", "failed")
# Ids of runs that were written, one a line.
NOTED = "sweep-imported.txt"


def ended_runs(sweep):
    """The rows of the runs that have ended, by id."""
    return {row["run"]: row for row in sweep.rows() if row["status"] in ENDED}


def write(sweep, project, folder, entity=None):
    """Writes the runs that were not written before; returns their ids."""
    import wandb

    noted = Path(folder) / "wandb" / NOTED
    done = set(noted.read_text().split()) if noted.is_file() else set()
    written = []
    for id, row in ended_runs(sweep).items():
        if id in done:
            continue
        tags = ["sweep"] + ["INVENTED"] * sweep.invented + ["rehearsal"] * sweep.plan["rehearsal"]
        run = wandb.init(
            mode="offline",
            project=project,
            entity=entity,
            dir=str(folder),
            id=id,
            name=row["label"],
            group=row["configuration"],
            job_type=sweep.name,
            config=sweep.settings(id),
            tags=tags,
            notes=row["reason"] or sweep.plan["description"] or None,
            settings=wandb.Settings(console="off", silent=True, x_disable_stats=True, x_disable_meta=True, save_code=False),
        )
        run.define_metric("epoch")
        run.define_metric("*", step_metric="epoch")
        for epoch in sweep.epochs(id):
            run.log({name: value for name, value in epoch.items() if value is not None}, step=epoch["epoch"])
        summary = {name: value for name, value in row.items() if name.startswith(("best_", "test_")) and value is not None}
        run.summary.update(summary | {"status": row["status"]})
        run.finish(exit_code=0 if row["status"] in ("completed", "stopped") else 1)
        written.append(id)
        noted.parent.mkdir(parents=True, exist_ok=True)
        with noted.open("a") as file:
            file.write(f"{id}\n")
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep", help="the folder of a sweep in results")
    parser.add_argument("--project", help="the project at W&B [default: the name of the sweep]")
    parser.add_argument("--entity", help="the user or team at W&B")
    parser.add_argument("--dir", default=".", help="where the folder wandb/ is made")
    arguments = parser.parse_args()
    try:
        sweep = load(arguments.sweep)
        os.makedirs(arguments.dir, exist_ok=True)
        written = write(sweep, arguments.project or sweep.path.name, arguments.dir, arguments.entity)
    except ResultsError as error:
        raise SystemExit(f"error: {error}") from error
    print(f"{len(written)} runs written to {Path(arguments.dir) / 'wandb'}")
    if written:
        print(f"  wandb sync {Path(arguments.dir) / 'wandb'}/offline-run-*")


if __name__ == "__main__":
    main()
