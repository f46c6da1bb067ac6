"""Model folders and adapters at their edges: computed as transformers and peft do, or refused with what is wrong."""

import json
import shutil

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from sweeps import REFERENCE

TEXTS = ["The bank raised its rate again.", "A late goal decided the final."]
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """BERT and DistilBERT with a head for three classes, as transformers saves them."""
    torch.manual_seed(3)
    folders = {}
    for name in ["bert", "distilbert"]:
        folders[name] = folder = tmp_path_factory.mktemp(name)
        source = REFERENCE / name / "model"
        model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=3, ignore_mismatched_sizes=True)
        model.save_pretrained(folder)
        for file in ["vocab.txt", "tokenizer_config.json"]:
            shutil.copy(source / file, folder)
    return folders


@pytest.fixture
def copy(classifiers, tmp_path):
    """Copies a classifier with other fields in config.json and other weights."""

    def make(name="bert", weights=lambda tensors: tensors, **fields):
        folder = tmp_path / name
        shutil.copytree(classifiers[name], folder)
        config = json.loads((folder / "config.json").read_text()) | fields
        (folder / "config.json").write_text(json.dumps(config))
        tensors = weights(load_file(folder / WEIGHTS))
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / WEIGHTS, {"format": "pt"})
        return folder

    return make


def probabilities(sweep, folder, *arguments):
    texts = [argument for text in TEXTS for argument in ("--text", text)]
    lines = sweep("predict", "--run", folder, "--json", *texts, *arguments).splitlines()
    return [list(json.loads(line)["probabilities"].values()) for line in lines]


def refusal(sweep, folder, *arguments):
    done = sweep.run("predict", "--run", folder, "--text", TEXTS[0], *arguments)
    assert done.returncode == 2 and not done.stdout, (done.returncode, done.stdout, done.stderr)
    return done.stderr


def theirs(model, folder):
    inputs = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model.eval()(**inputs).logits.softmax(-1).tolist()


def with_value(name, value):
    def change(tensors):
        tensors[name].view(-1)[1] = value
        return tensors

    return change


def test_pooler_that_is_missing(copy, sweep):
    """M4: transformers makes a new one each time it loads the model."""
    folder = copy(weights=lambda tensors: {k: t for k, t in tensors.items() if "pooler" not in k})
    first = refusal(sweep, folder).splitlines()[0]
    assert "bert.pooler.dense.weight" in first and "save_pretrained" in first, first


@pytest.mark.parametrize("problem", ["multi_label_classification", "regression", "nonsense"])
def test_heads_for_other_problems(problem, copy, sweep):
    """P5: transformers' pipeline takes each output on its own."""
    assert f"problem_type is `{problem}`" in refusal(sweep, copy(problem_type=problem))


def test_adapters_on_heads_for_other_problems(copy, sweep, tmp_path):
    """P5"""
    folder = copy(problem_type="multi_label_classification")
    adapter(folder, tmp_path / "adapter")
    assert "multi_label_classification" in refusal(sweep, tmp_path / "adapter")


def test_head_with_one_output(copy, sweep):
    """P8"""
    cut = lambda tensors: tensors | {f"classifier.{part}": tensors[f"classifier.{part}"][:1] for part in ["weight", "bias"]}
    assert "one output (`classifier.weight`)" in refusal(sweep, copy(weights=cut))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["classifier.weight", "classifier.bias", "bert.encoder.layer.1.output.dense.weight"])
def test_weights_that_are_no_numbers(name, value, copy, sweep):
    """P6"""
    said = refusal(sweep, copy(weights=with_value(name, value)))
    assert f"`{name}` has values that are no finite numbers" in said, said


def test_logits_that_are_no_numbers(copy, sweep):
    """P6: finite weights whose products overflow."""
    scale = lambda tensors: {k: t * 1e30 if k.endswith("dense.weight") else t for k, t in tensors.items()}
    assert "NaN" in refusal(sweep, copy(weights=scale))


@pytest.mark.parametrize("part", ["lora_A", "lora_B", "classifier"])
def test_adapters_that_are_no_numbers(part, copy, sweep, tmp_path):
    """P6"""
    folder, saved = copy(), tmp_path / "adapter"
    adapter(folder, saved)
    tensors = load_file(saved / "adapter_model.safetensors")
    name = next(key for key in tensors if part in key)
    save_file(with_value(name, float("nan"))(tensors), saved / "adapter_model.safetensors", {"format": "pt"})
    said = refusal(sweep, saved)
    assert name in said and "no finite numbers" in said, said


@pytest.mark.parametrize(
    "fields, said",
    [
        (dict(num_hidden_layers=2_000_000_000), "num_hidden_layers is 2000000000"),
        (dict(num_hidden_layers=1000), "is missing"),
        (dict(hidden_size=2**62), "hidden_size is 4611686018427387904"),
        (dict(vocab_size=-1), "vocab_size is -1"),
        (dict(vocab_size=100_000_000), "word_embeddings.weight` has shape [640, 32] instead of [100000000, 32]"),
        (dict(intermediate_size=0), "intermediate_size is 0"),
    ],
)
def test_sizes_beyond_reason(fields, said, copy, sweep):
    """M6: told before memory is asked for."""
    assert said in refusal(sweep, copy(**fields))


def test_names_of_data_parallel(copy, sweep):
    """M7: transformers finds none of these and makes a new, random model."""
    said = refusal(sweep, copy(weights=lambda tensors: {f"module.{key}": t for key, t in tensors.items()}))
    assert "DataParallel" in said, said


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.int8])
def test_types_of_weights_that_are_not_supported(kind, copy, sweep):
    """M7"""
    said = refusal(sweep, copy(weights=lambda tensors: {key: t.to(kind) for key, t in tensors.items()}))
    assert "not supported" in said and "float32" in said, said


@pytest.mark.parametrize(
    "fields",
    [
        dict(layer_norm_eps=0.5),
        dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=6),
        dict(intermediate_size=8, hidden_act="gelu", type_vocab_size=2),
    ],
)
def test_distilbert_with_fields_of_bert(fields, copy, sweep):
    """M7"""
    folder = copy("distilbert", **fields)
    expected = theirs(AutoModelForSequenceClassification.from_pretrained(folder), folder)
    for ours, other in zip(probabilities(sweep, folder), expected, strict=True):
        assert ours == pytest.approx(other, abs=1e-6)


def test_distilbert_with_two_widths(copy, sweep):
    """M7"""
    assert "dim is 48, but hidden_size" in refusal(sweep, copy("distilbert", hidden_size=96))


def adapter(folder, saved, **fields):
    """A trained-looking adapter over the model in `folder`, with other fields in its configuration."""
    base = AutoModelForSequenceClassification.from_pretrained(folder)
    lora = LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=["query", "key"])
    model = get_peft_model(base, lora)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.3)
    model.save_pretrained(saved)
    config = json.loads((saved / "adapter_config.json").read_text()) | fields
    (saved / "adapter_config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        dict(lora_alpha=8.5),
        dict(lora_alpha=-8),
        dict(use_rslora=None),
        dict(alpha_pattern={r"layer\.(?!0).*query": 2}),
        dict(alpha_pattern={r"layer\.0.*(?<=query)": 2, "key": 3}),
        dict(alpha_pattern={r"(?P<name>q)uery": 2}),
        dict(alpha_pattern={"^bert.*query": 2}),
    ],
    ids=str,
)
def test_adapters_scale_as_in_peft(fields, copy, sweep, tmp_path):
    """M7"""
    folder, saved = copy(), tmp_path / "adapter"
    adapter(folder, saved, **fields)
    base = AutoModelForSequenceClassification.from_pretrained(folder)
    expected = theirs(PeftModel.from_pretrained(base, saved), folder)
    for ours, other in zip(probabilities(sweep, saved), expected, strict=True):
        assert ours == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize(
    "fields, said",
    [
        (dict(lora_dropout=None), "lora_dropout is null"),
        (dict(r=4.0), "r is 4.0"),
        (dict(lora_alpha="16"), 'lora_alpha is "16"'),
        (dict(r=8), "have rank 4, but the configuration says 8"),
        (dict(rank_pattern={"query": 2}), "have rank 4, but the configuration says 2"),
        (dict(alpha_pattern={"(": 2}), "alpha_pattern `(`"),
    ],
    ids=str,
)
def test_adapters_that_peft_fails_on(fields, said, copy, sweep, tmp_path):
    """M7"""
    folder, saved = copy(), tmp_path / "adapter"
    adapter(folder, saved, **fields)
    with pytest.raises(Exception):
        PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(folder), saved)
    assert said in refusal(sweep, saved)


LONG = " ".join(["the rate of the bank"] * 20) + " and a late goal"


def test_exports_know_the_length_of_the_run(sweep, tmp_path):
    """P7: texts that are longer than in training are cut by everyone who takes the folder."""
    from sweeps import NEWSWIRE

    length = 16
    base = dict(
        model=str(REFERENCE / "bert/model"),
        dataset=dict(path=str(NEWSWIRE), limit=80, eval=dict(test_size=20, seed=1)),
        max_length=length,
        rank=2,
        epochs=1,
        target_modules=dict(layers="all", modules=["query"]),
    )
    (tmp_path / "short.yaml").write_text(json.dumps(dict(name="short", base=base)))
    results = tmp_path / "results"
    sweep("run", tmp_path / "short.yaml", "--results", results, "--devices", "cpu")
    sweep("export", results / "short", "--merged", tmp_path / "merged", "--adapter", tmp_path / "adapter")

    def ours(folder):
        line = sweep("predict", "--run", folder, "--json", "--text", LONG, "--class-names", "a,b,c,d")
        return list(json.loads(line)["probabilities"].values())

    expected = ours(results / "short")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    assert len(tokenizer(LONG, truncation=True).input_ids) == length
    classify = pipeline("text-classification", str(tmp_path / "merged"), top_k=None)
    [scores] = classify([LONG], truncation=True)
    by_name = {score["label"]: score["score"] for score in scores}
    names = json.loads((tmp_path / "merged/config.json").read_text())["id2label"].values()
    # Rounding differs where the adapter is merged; a text that is cut elsewhere changes the second digit.
    assert [by_name[name] for name in names] == pytest.approx(expected, abs=1e-5)
    assert ours(tmp_path / "merged") == pytest.approx(expected, abs=1e-5)
    assert ours(tmp_path / "adapter") == pytest.approx(expected, abs=1e-6)
