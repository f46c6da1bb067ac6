"""Our searches against Optuna's samplers on standard test functions.

    python tests/python/search_peer.py [SAVED]  # needs optuna; an hour and a half on two cores

Same spaces, 100 samples, 300 seeds, one sample after the other and in batches of 4 and 16 (whose results come together:
Optuna is asked for a batch before it is told anything of it, with `constant_liar`). What is compared is the median over
the seeds of how far the best value is from the optimum. SAVED is a file that keeps Optuna's part for the next time.
"""

import json
import math
import os
import statistics
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# One process for each core.
os.environ["OMP_NUM_THREADS"] = "1"

import optuna

# Nothing in our search was chosen on these seeds; `tests/search/regret.rs` has the same.
SAMPLES, SEEDS, BATCHES = 100, range(100, 400), (1, 4, 16)
ROOT = Path(__file__).resolve().parents[2]

HARTMANN_A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
HARTMANN_P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def uniform(count, low, high):
    return lambda trial: [trial.suggest_float(f"x{i}", low, high) for i in range(count)]


def branin(x):
    inner = x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return -(inner**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


def hartmann6(x):
    alpha = [1.0, 1.2, 3.0, 3.2]
    inner = [sum(a * (v - p) ** 2 for a, v, p in zip(row, x, centre)) for row, centre in zip(HARTMANN_A, HARTMANN_P)]
    return sum(weight * math.exp(-value) for weight, value in zip(alpha, inner))


def rosenbrock(x):
    return -sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def levy(x):
    w = [1 + (v - 1) / 4 for v in x]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return -(math.sin(math.pi * w[0]) ** 2 + middle + last)


def training_space(trial):
    return [
        trial.suggest_float("learning_rate", 1e-6, 1e-1, log=True),
        trial.suggest_int("rank", 1, 256, log=True),
        trial.suggest_float("dropout", 0.0, 0.6),
        trial.suggest_float("warmup", 0.0, 0.5, step=0.05),
        trial.suggest_int("epochs", 1, 10),
        "abcd".index(trial.suggest_categorical("scheduler", list("abcd"))),
    ]


def training(x):
    rate, rank, dropout, warmup, epochs, scheduler = x
    off = (math.log10(rate) + 3 + 0.3 * (math.log2(rank) - 4)) / 0.6
    of_scheduler = [0.0, 0.03, 0.01, 0.06][scheduler]
    fit = 1 - math.exp(-0.5 * epochs) + math.exp(-5)
    return (
        1
        - 0.4 * (1 - math.exp(-0.5 * off * off))
        - 0.3 * (1 - fit)
        - 0.5 * (dropout - 0.1) ** 2
        - 0.2 * (warmup - 0.1) ** 2
        - of_scheduler
    )


FUNCTIONS = {
    "branin": (
        lambda trial: [trial.suggest_float("x0", -5, 10), trial.suggest_float("x1", 0, 15)],
        branin,
        -0.397887,
    ),
    "hartmann6": (uniform(6, 0.0, 1.0), hartmann6, 3.322368),
    "rosenbrock4": (uniform(4, -2.0, 2.0), rosenbrock, 0.0),
    "levy5": (uniform(5, -10.0, 10.0), levy, 0.0),
    "training": (training_space, training, 1.0),
}

SAMPLERS = {
    "random": lambda seed, liar: optuna.samplers.RandomSampler(seed=seed),
    "tpe": lambda seed, liar: optuna.samplers.TPESampler(
        seed=seed, constant_liar=liar, multivariate=True, group=True
    ),
}


def regret(task):
    function, sampler, batch, seed = task
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    import warnings

    warnings.simplefilter("ignore")
    space, value, best = FUNCTIONS[function]
    study = optuna.create_study(direction="maximize", sampler=SAMPLERS[sampler](seed, batch > 1))
    while len(study.trials) < SAMPLES:
        trials = [study.ask() for _ in range(min(batch, SAMPLES - len(study.trials)))]
        values = [value(space(trial)) for trial in trials]
        for trial, found in zip(trials, values):
            study.tell(trial, found)
    return best - study.best_value


def main():
    tasks = [
        (function, sampler, batch, seed)
        for function in FUNCTIONS
        for sampler in SAMPLERS
        for batch in BATCHES
        for seed in SEEDS
    ]
    saved = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if saved and saved.exists():
        theirs = json.loads(saved.read_text())
    else:
        with ProcessPoolExecutor() as pool:
            theirs = list(zip(tasks, pool.map(regret, tasks, chunksize=10)))
        if saved:
            saved.write_text(json.dumps(theirs))
    command = ["cargo", "test", "--test", "search", "prints_regrets", "--", "--ignored", "--nocapture"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    ours = [json.loads(line[line.index("{"):]) for line in printed.splitlines() if '{"function"' in line or '{"batch"' in line]
    medians = {}
    for (function, sampler, batch, _), found in theirs:
        medians.setdefault((function, batch), {}).setdefault(f"optuna {sampler}", []).append(found)
    for row in ours:
        medians[(row["function"], row["batch"])][f"sweep {row['method']}"] = row["regrets"]
    names = [f"optuna {name}" for name in SAMPLERS] + ["sweep random", "sweep sobol", "sweep tpe"]
    print(f"{'median regret':24}" + "".join(f"{name:>26}" for name in names) + f"{'tpe: ours / theirs':>22}")
    for (function, batch), found in medians.items():
        values = {name: statistics.median(found[name]) for name in names}
        ratio = values["sweep tpe"] / values["optuna tpe"]
        cells = "".join(f"{values[name]:26.4g}" for name in names)
        print(f"{function + ', batch ' + str(batch):24}{cells}{ratio:22.2f}")


if __name__ == "__main__":
    main()
