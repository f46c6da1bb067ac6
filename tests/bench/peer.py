"""The recipe on Hugging Face Trainer and PEFT, timed: what a user would run instead. Prints one JSON line.

The first optimizer steps are not counted, nor is loading; nothing is evaluated.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    logging,
    set_seed,
)

class Clock(TrainerCallback):
    """Starts when the warm-up steps are done, or when somebody who waits for them says so."""

    def __init__(self, warm_up, wait):
        self.warm_up, self.wait = warm_up, wait

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.warm_up:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if self.wait:
                print("warm", flush=True)
                sys.stdin.readline()
            self.started = time.perf_counter()


class Counting(DataCollatorWithPadding):
    """Counts real tokens of each batch."""

    def __call__(self, features):
        self.batches.append(sum(len(feature["input_ids"]) for feature in features))
        return super().__call__(features)


def read(data, tokenizer, max_length):
    """The rows of a CSV with columns text and label as examples, and the number of classes."""
    with open(data, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    classes = sorted({row["label"] for row in rows})
    texts = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)
    labels = [classes.index(row["label"]) for row in rows]
    return Dataset.from_dict({**texts, "labels": labels}), len(classes)


def adapted(folder, classes, *, dropout, rank, alpha, lora_dropout, targets):
    """A classifier with LoRA on these modules."""
    config = AutoConfig.from_pretrained(
        folder,
        num_labels=classes,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    model = AutoModelForSequenceClassification.from_pretrained(folder, config=config)
    lora = LoraConfig(
        task_type="SEQ_CLS",
        r=rank,
        lora_alpha=alpha,
        lora_dropout=lora_dropout,
        target_modules=targets,
    )
    return get_peft_model(model, lora)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, help="CSV with columns text and label")
    parser.add_argument("--targets", required=True, help="comma-separated module names")
    parser.add_argument("--steps", type=int, required=True, help="optimizer steps that are timed")
    parser.add_argument("--warm-up", type=int, default=2, help="optimizer steps before those")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--accumulation", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32")
    parser.add_argument("--group-by-length", action="store_true")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--wait", action="store_true", help="print `warm` after the warm-up, and go on when a line is read")
    parser.add_argument("--cpu", action="store_true", help="even where a GPU is")
    args = parser.parse_args()

    logging.set_verbosity_error()
    set_seed(42)
    torch.backends.cuda.matmul.allow_tf32 = args.precision == "tf32"
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    examples, classes = read(args.data, tokenizer, args.max_length)
    model = adapted(
        args.model,
        classes,
        dropout=args.dropout,
        rank=args.rank,
        alpha=2 * args.rank,
        lora_dropout=0.05,
        targets=args.targets.split(","),
    )

    collator = Counting(tokenizer)
    collator.batches = []
    clock = Clock(args.warm_up, args.wait)
    options = {"train_sampling_strategy": "group_by_length"} if args.group_by_length else {}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            per_device_train_batch_size=args.batch,
            gradient_accumulation_steps=args.accumulation,
            max_steps=args.warm_up + args.steps,
            learning_rate=3e-5,
            weight_decay=0.1,
            lr_scheduler_type="cosine",
            warmup_steps=0.15,
            bf16=args.precision == "bf16",
            save_strategy="no",
            report_to=[],
            torch_compile=args.compile,
            use_cpu=args.cpu,
            disable_tqdm=True,
            seed=42,
            **options,
        )
        trainer = Trainer(model, arguments, train_dataset=examples, data_collator=collator, callbacks=[clock])
        trainer.train()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds = time.perf_counter() - clock.started
    first = args.warm_up * args.accumulation
    tokens = sum(collator.batches[first : first + args.steps * args.accumulation])
    print(json.dumps({"seconds": seconds, "tokens": tokens, "examples": args.steps * args.accumulation * args.batch}))


if __name__ == "__main__":
    main()
