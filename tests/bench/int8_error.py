"""What int8 products of frozen weights would cost in accuracy: errors of outputs and of LoRA's gradients, against float32.

Run it with the environment of `make test-python`. The quickstart's model and rows; the adapters of the quickstart's modules are
made different from zero first. Products are computed in float32 of operands that are rounded as the format rounds them:

- bf16: both operands to bfloat16;
- int8: weights with a scale per output (forward) or per input (backward, a second copy), the other operand with a scale per row;
- int8, forward only: the backward pass multiplies float32.

docs/kernels.md has what it printed.
"""

import csv
import pathlib

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoTokenizer, BertForSequenceClassification

import subjects

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def bf16(values):
    return values.to(torch.bfloat16).float()


def int8(values):
    """Each row to 127 steps on both sides of zero."""
    scale = values.abs().amax(dim=-1, keepdim=True).clamp_min(1e-30) / 127
    return (values / scale).round() * scale


class Rounded(torch.autograd.Function):
    """`x @ weight.T` of a frozen weight; the gradient is rounded as well."""

    @staticmethod
    def forward(ctx, x, weight, forward, backward):
        ctx.weight, ctx.backward = weight, backward
        return forward(x) @ forward(weight).t()

    @staticmethod
    def backward(ctx, gradient):
        # Of the transposed weight, so that a scale is never part of the sum.
        return ctx.backward(gradient) @ ctx.backward(ctx.weight.t().contiguous()).t(), None, None, None


def rounding(model, forward, backward):
    """Makes the products of the encoder's frozen linear layers round their operands."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and ".encoder." in name and "lora_" not in name:
            module.forward = lambda x, module=module: Rounded.apply(x, module.weight, forward, backward) + module.bias


def gradients(model, batch):
    model.zero_grad()
    output = model(**batch)
    output.loss.backward()
    found = [p.grad.flatten() for name, p in model.named_parameters() if "lora_" in name and p.grad is not None]
    return output.logits.detach(), torch.cat(found)


def error(values, exact):
    return float((values - exact).norm() / exact.norm())


def main():
    torch.manual_seed(42)
    subject = subjects.minilm(ROOT / ".venv")
    tokenizer = AutoTokenizer.from_pretrained(subject.folder)
    with open(ROOT / "sweeps/data/newswire.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:256]
    labels = sorted({row["label"] for row in rows})
    batch = tokenizer([row["text"] for row in rows], padding=True, truncation=True, max_length=128, return_tensors="pt")
    batch["labels"] = torch.tensor([labels.index(row["label"]) for row in rows])
    base = BertForSequenceClassification.from_pretrained(subject.folder, num_labels=len(labels))
    targets = [target.removeprefix("bert.") for target in subject.targets]
    model = get_peft_model(base, LoraConfig(r=16, lora_alpha=32, target_modules=targets, modules_to_save=["classifier"]))
    model.eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    exact = gradients(model, batch)
    print("| operands of frozen products | error of logits | error of LoRA's gradients |\n|:--|--:|--:|")
    exactly = lambda values: values
    for name, forward, backward in [("bf16", bf16, bf16), ("int8", int8, int8), ("int8, forward only", int8, exactly)]:
        rounding(model, forward, backward)
        logits, gradient = gradients(model, batch)
        print(f"| {name} | {100 * error(logits, exact[0]):.2f} % | {100 * error(gradient, exact[1]):.2f} % |")


if __name__ == "__main__":
    main()
