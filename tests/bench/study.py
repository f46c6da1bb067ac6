"""A search with Optuna, Trainer and PEFT, as somebody without `sweep` would write it: one trial after the other, each pruned by
what it reports after an epoch. Prints one JSON line.

The space is that of `search_clock.py`, which starts this.
"""

import argparse
import json
import os
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import optuna
import torch
from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments, logging, set_seed

import peer

PRUNERS = {
    "halving": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1, interval_steps=1),
    "none": optuna.pruners.NopPruner,
}


class Report(TrainerCallback):
    """Tells the trial what an epoch gave, and ends it where it is pruned."""

    def __init__(self, trial):
        self.trial, self.accuracies = trial, []

    def on_evaluate(self, args, state, control, metrics, **kwargs):
        self.accuracies.append(metrics["eval_accuracy"])
        self.trial.report(self.accuracies[-1], len(self.accuracies))
        if len(self.accuracies) < args.num_train_epochs and self.trial.should_prune():
            control.should_training_stop = True


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


class Objective:
    """Accuracy at the best epoch of a run with the trial's settings."""

    def __init__(self, options):
        self.options = options
        self.tokenizer = AutoTokenizer.from_pretrained(options.model)
        examples, self.classes = peer.read(options.data, self.tokenizer, options.max_length)
        self.parts = examples.train_test_split(test_size=options.test_size, seed=42)
        self.epochs = 0

    def __call__(self, trial):
        options = self.options
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        rank = trial.suggest_categorical("rank", [4, 8, 16, 32])
        lora_dropout = trial.suggest_float("lora_dropout", 0.0, 0.3)
        scheduler = trial.suggest_categorical("lr_scheduler", ["cosine", "linear"])
        warmup = trial.suggest_float("warmup_ratio", 0.0, 0.3, step=0.05)
        set_seed(1)
        model = peer.adapted(
            options.model,
            self.classes,
            dropout=options.dropout,
            rank=rank,
            alpha=options.alpha,
            lora_dropout=lora_dropout,
            targets=["query", "value"],
        )
        report = Report(trial)
        grouped = {"train_sampling_strategy": "group_by_length"} if options.group_by_length else {}
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                folder,
                per_device_train_batch_size=options.batch,
                per_device_eval_batch_size=options.eval_batch,
                num_train_epochs=options.epochs,
                learning_rate=rate,
                weight_decay=options.weight_decay,
                lr_scheduler_type=scheduler,
                warmup_steps=warmup,
                eval_strategy="epoch",
                save_strategy="no",
                report_to=[],
                use_cpu=True,
                disable_tqdm=True,
                seed=1,
                **grouped,
            )
            trainer = Trainer(
                model,
                arguments,
                train_dataset=self.parts["train"],
                eval_dataset=self.parts["test"],
                data_collator=DataCollatorWithPadding(self.tokenizer),
                compute_metrics=accuracy,
                callbacks=[report],
            )
            trainer.train()
        self.epochs += len(report.accuracies)
        if len(report.accuracies) < options.epochs:
            raise optuna.TrialPruned
        return max(report.accuracies)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, help="CSV with columns text and label")
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of the sampler")
    parser.add_argument("--test-size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--eval-batch", type=int, required=True)
    parser.add_argument("--dropout", type=float, required=True)
    parser.add_argument("--alpha", type=float, required=True)
    parser.add_argument("--weight-decay", type=float, required=True)
    parser.add_argument("--max-length", type=int, required=True)
    parser.add_argument("--pruner", choices=PRUNERS, required=True)
    parser.add_argument("--group-by-length", action="store_true")
    options = parser.parse_args()

    logging.set_verbosity_error()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    torch.set_num_threads(os.cpu_count())
    objective = Objective(options)
    sampler = optuna.samplers.TPESampler(seed=options.seed, multivariate=True, group=True)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=PRUNERS[options.pruner]())
    started = time.perf_counter()
    study.optimize(objective, n_trials=options.samples)
    found = {
        "seconds_of_trials": time.perf_counter() - started,
        "epochs": objective.epochs,
        "completed": sum(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials),
        "best": study.best_params,
        "accuracy": study.best_value,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
